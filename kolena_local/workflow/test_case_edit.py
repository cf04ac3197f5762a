"""Editing a test case: collect changes in order, then store them in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from kolena_local.collector import collector_paused
from kolena_local.repository.records import MemberChange, NewGroundTruth, NewSample, TestCaseRecord
from kolena_local.workflow.arguments import (
    check_description,
    check_list,
    check_pairs,
    check_type,
    write_all,
)
from kolena_local.workflow.ground_truth import GroundTruth
from kolena_local.workflow.test_sample import TestSample
from kolena_local.workflow.workflow import Workflow

if TYPE_CHECKING:
    from kolena_local.repository import Unit


class Change(NamedTuple):
    """The effect of an edit on one sample; without a ground truth, the sample is removed."""

    sample: NewSample
    ground_truth: tuple[bytes, str] | None
    to_end: bool


class TestCaseEditor:
    """Collects changes of a test case; ``TestCase.edit()`` yields it and stores the changes.

    Args:
        workflow: the workflow of the test case.
        description: its present description.
        reset: whether to start without samples.
    """

    __test__ = False

    def __init__(self, workflow: Workflow, description: str, reset: bool) -> None:
        self._workflow = workflow
        self._before = description
        self._reset = reset
        self._changes: dict[bytes, Change] = {}
        self.wanted_description = description

    def description(self, description: str) -> None:
        """Set the description of the test case.

        Raises:
            InputValidationError: it is not text.
        """
        self.wanted_description = check_description(description) or ""

    def add(self, test_sample: TestSample, ground_truth: GroundTruth) -> None:
        """Add a sample, or change the ground truth of one that is already there.

        Args:
            test_sample: an instance of the workflow's type.
            ground_truth: an instance of the workflow's type.

        Raises:
            TypeError: one of them has another type.
            InputValidationError: a value cannot be stored; the message has its path.
        """
        pairs = check_samples(self._workflow, [(test_sample, ground_truth)])
        ((sample, truth),) = self._write(pairs)
        self._add(sample, truth)

    @collector_paused()
    def add_all(self, pairs: Sequence[tuple[TestSample, GroundTruth]]) -> None:
        """Add samples that :func:`check_samples` has checked.

        Raises:
            InputValidationError: a value cannot be stored; the message has its position and path.
        """
        for sample, truth in write_all(self._write, pairs, "test_samples"):
            self._add(sample, truth)

    def _write(self, pairs: Sequence[tuple[Any, Any]]) -> list[tuple[NewSample, tuple[bytes, str]]]:
        codec = self._workflow._codec
        samples = codec.write_new_samples([sample for sample, _ in pairs])
        truths = codec.write_ground_truths([truth for _, truth in pairs])
        return list(zip(map(NewSample._make, samples), truths, strict=True))

    def _add(self, sample: NewSample, truth: tuple[bytes, str]) -> None:
        earlier = self._changes.get(sample.digest)
        to_end = False
        if earlier is not None:
            removed = earlier.ground_truth is None
            to_end = removed or earlier.to_end
            if removed:
                del self._changes[sample.digest]  # it is added again at the end
        self._changes[sample.digest] = Change(sample, truth, to_end)

    def remove(self, test_sample: TestSample) -> None:
        """Remove a sample, if it is there.

        Raises:
            TypeError: it is not an instance of the workflow's type.
        """
        check_type("the sample", test_sample, self._workflow.test_sample_type, TypeError)
        sample = NewSample(*self._workflow._codec.write_new_samples([test_sample])[0])
        self._changes[sample.digest] = Change(sample, None, to_end=False)

    @property
    def is_untouched(self) -> bool:
        """Whether nothing was changed."""
        return not (self._reset or self._changes or self.wanted_description != self._before)

    def changes(self) -> list[Change]:
        """Return one change for each sample, in the order in which they take effect."""
        return list(self._changes.values())


def check_samples(workflow: Workflow, test_samples: Any) -> list[tuple[Any, Any]]:
    """Check that samples and ground truths are instances of the workflow's types.

    Args:
        workflow: the workflow.
        test_samples: the argument; None is an empty list.

    Returns:
        The pairs as a list.

    Raises:
        InputValidationError: it is not a list, or an element is not a pair.
        TypeError: a sample or ground truth has another type; the message has its position.
    """
    pairs = check_list(test_samples, "test_samples must be a list of pairs")
    kinds = {"test sample": workflow.test_sample_type, "ground truth": workflow.ground_truth_type}
    check_pairs("test_samples", pairs, kinds, TypeError)
    return pairs


@collector_paused()
def write_edit(
    unit: Unit,
    record: TestCaseRecord,
    description: str | None,
    changes: Sequence[Change],
    *,
    reset: bool,
) -> TestCaseRecord:
    """Store an edit of a test case.

    Args:
        unit: a write in progress.
        record: the version that the edit is based on.
        description: the new description; None keeps the one it has.
        changes: the effect of the edit on each sample.
        reset: whether the added samples replace the content.

    Returns:
        The new version, or the present one if nothing has changed.

    Raises:
        NameConflictError: ``record`` is no longer the latest version.
    """
    workflow_id = unit.workflows.ensure(record.workflow).id
    additions = [change for change in changes if change.ground_truth is not None]
    removals = [change.sample.digest for change in changes if change.ground_truth is None]
    sample_ids = unit.test_samples.put(workflow_id, [change.sample for change in additions])
    truth_ids = unit.ground_truths.put(
        [
            NewGroundTruth(sample_id, *change.ground_truth)
            for sample_id, change in zip(sample_ids, additions, strict=True)
            if change.ground_truth is not None
        ]
    )
    put = {
        change.sample.digest: MemberChange(sample_id, truth_id, change.to_end)
        for change, sample_id, truth_id in zip(additions, sample_ids, truth_ids, strict=True)
    }
    known = zip(removals, unit.test_samples.find_ids(workflow_id, removals), strict=True)
    put.update(
        {digest: MemberChange(found, None, False) for digest, found in known if found is not None}
    )
    return unit.test_cases.edit(
        record.id,
        record.version,
        description=description,
        reset=reset,
        changes=[put[change.sample.digest] for change in changes if change.sample.digest in put],
    )
