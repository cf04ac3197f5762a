"""Storing inferences that were made elsewhere: checked and written first, then stored at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kolena_local.collector import collector_paused
from kolena_local.errors import InputValidationError
from kolena_local.workflow.arguments import check_list, check_pairs, written
from kolena_local.workflow.test_suite import TestSuite

if TYPE_CHECKING:
    from kolena_local.repository import Store


@collector_paused()
def upload(
    store: Store, model_id: int, test_suite: TestSuite, inferences: Any, *, replace: bool
) -> None:
    """Store a model's inferences of samples of a test suite: all of them, or none.

    Args:
        store: the store.
        model_id: the model's number in the store.
        test_suite: the test suite.
        inferences: what the user gave as pairs of test sample and inference.
        replace: whether inferences that the model has already are overwritten.

    Raises:
        TypeError: a sample is of another type than the workflow's.
        InputValidationError: it is no list of pairs, a sample is not in the test suite, or a value
            cannot be stored.
        RemoteError: a sample has an inference already, and ``replace`` is False.
    """
    codec = test_suite.workflow._codec
    pairs = check_list(inferences, "inferences must be a list of pairs")
    kinds = {"test sample": codec.test_sample_type, "inference": object}
    check_pairs("inferences", pairs, kinds, TypeError)
    if not pairs:
        return
    samples = [sample for sample, _ in pairs]
    sample_payloads = codec.write_samples(samples)
    payloads = written(codec.write_inferences, [answer for _, answer in pairs], "inferences")
    with store.write() as unit:
        ids = unit.suite_samples.find(test_suite._id, test_suite.version, sample_payloads)
        found = [id_ for id_ in ids if id_ is not None]
        if len(found) != len(ids):
            raise InputValidationError(
                f"{samples[ids.index(None)]!r:.200} is not in the test suite {test_suite.name!r};"
                " add it to one of its test cases first."
            )
        unit.inferences.put(model_id, found, payloads, replace=replace)
