"""Storing inferences that were made elsewhere: checked and written first, then stored at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kolena_local.collector import collector_paused
from kolena_local.errors import InputValidationError
from kolena_local.serialization.codec import Codec
from kolena_local.wording import sentence
from kolena_local.workflow.arguments import check_list
from kolena_local.workflow.test_suite import TestSuite

if TYPE_CHECKING:
    from kolena_local.repository import Store
    from kolena_local.repository.unit import Unit


_SEQUENCES = frozenset({tuple, list})
_PAIR = frozenset({2})


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
    samples, answers = _checked(codec, inferences)
    if not samples:
        return
    sample_payloads = codec.write_samples(samples)
    payloads = _written(codec, answers)
    with store.write() as unit:
        found = _found(unit, test_suite, samples, sample_payloads)
        unit.inferences.put(model_id, found, payloads, replace=replace)


def _found(unit: Unit, test_suite: TestSuite, samples: list[Any], payloads: list[str]) -> list[int]:
    ids: list[Any] = unit.suite_samples.find(test_suite._id, test_suite.version, payloads)
    if None in ids:
        raise InputValidationError(
            f"{samples[ids.index(None)]!r:.200} is not in the test suite {test_suite.name!r}; add"
            " it to one of its test cases first."
        )
    return ids


def _written(codec: Codec, answers: list[Any]) -> list[str]:
    try:
        return codec.write_inferences(answers)
    except InputValidationError:
        # They were written all at once; now look for the one at fault.
        for index, answer in enumerate(answers):
            try:
                codec.write_inferences([answer])
            except InputValidationError as error:
                raise InputValidationError(f"inferences[{index}]: {sentence(error)}") from None
        raise


def _checked(codec: Codec, inferences: Any) -> tuple[list[Any], list[Any]]:
    pairs = check_list(inferences, "inferences must be a list of pairs")
    if _SEQUENCES.issuperset(map(type, pairs)) and _PAIR.issuperset(map(len, pairs)):
        samples = [sample for sample, _ in pairs]
        if {codec.test_sample_type}.issuperset(map(type, samples)):
            return samples, [answer for _, answer in pairs]
    return _checked_one_by_one(codec, pairs)


def _checked_one_by_one(codec: Codec, pairs: list[Any]) -> tuple[list[Any], list[Any]]:
    samples: list[Any] = []
    answers: list[Any] = []
    for index, pair in enumerate(pairs):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise InputValidationError(
                f"inferences[{index}] must be a pair of test sample and inference, not"
                f" {pair!r:.80}."
            )
        sample, answer = pair
        if not isinstance(sample, codec.test_sample_type):
            raise TypeError(
                f"A test sample must be a {codec.test_sample_type.__name__}, not {sample!r:.80}."
            )
        samples.append(sample)
        answers.append(answer)
    return samples, answers
