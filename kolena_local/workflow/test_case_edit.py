"""Editing a test case: collect changes in order, then store them in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from kolena_local.collector import collector_paused
from kolena_local.errors import InputValidationError
from kolena_local.plurals import agreeing, counted
from kolena_local.repository.records import MemberChange, NewGroundTruth, NewSample, TestCaseRecord
from kolena_local.warn import warn
from kolena_local.workflow.arguments import (
    check_description,
    check_list,
    check_pairs,
    check_type,
    write_all,
)
from kolena_local.workflow.ground_truth import GroundTruth
from kolena_local.workflow.test_sample import Composite, TestSample
from kolena_local.workflow.workflow import Workflow

if TYPE_CHECKING:
    from kolena_local.repository import Store, Unit


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
            InputValidationError: a value cannot be stored, and the message has its position and
                path; or a sample occurs twice with different ground truths.
        """
        for sample, truth in write_all(self._write, pairs, "test_samples"):
            earlier = self._changes.get(sample.digest)
            if earlier is not None and earlier.ground_truth != truth:
                raise InputValidationError(
                    f"test_samples has {sample.payload:.200} twice, with different ground truths; a"
                    " test case has one for each sample, so pass only the right one."
                )
            self._add(sample, truth)

    def _write(self, pairs: Sequence[tuple[Any, Any]]) -> list[tuple[NewSample, tuple[bytes, str]]]:
        codec = self._workflow._codec
        _warn_of_inner_metadata(sample for sample, _ in pairs)
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


def differences(unit: Unit, record: TestCaseRecord, changes: Sequence[Change]) -> str:
    """Return in words how samples differ from those of a test case; empty if only in their order.

    Args:
        unit: a read in progress.
        record: the version of the test case.
        changes: the samples, as additions to it.
    """
    # Late: importing the workflow must not import the database library.
    from kolena_local.repository.test_samples import merged

    stored = {
        sample: (truth, metadata)
        for sample, truth, metadata in unit.test_cases.contents(record.id, record.version)
    }
    passed = {change.sample.digest: change for change in changes}
    both = [(passed[digest], *stored[digest]) for digest in passed.keys() & stored.keys()]
    counts = {
        "new": len(passed.keys() - stored.keys()),
        "left out": len(stored.keys() - passed.keys()),
        "with another ground truth": sum(
            change.ground_truth is not None and change.ground_truth[0] != truth
            for change, truth, _ in both
        ),
        "with other metadata": sum(
            merged(metadata, change.sample.metadata) != metadata for change, _, metadata in both
        ),
    }
    return ", ".join(f"{number} {how}" for how, number in counts.items() if number)


def warn_of_repeated(name: str, given: Sequence[object], changes: Sequence[Change]) -> None:
    """Warn if some of the samples passed for a test case were the same.

    Args:
        name: the name of the test case.
        given: the samples as they were passed.
        changes: each sample once.
    """
    number = len(given) - len(changes)
    if number:
        warn(
            f"{number} of {counted(len(given), 'test sample')} passed for the test case {name!r}"
            f" {agreeing(number, 'repeats an earlier one', 'repeat earlier ones')}; each sample is"
            " stored once. Pass each sample once."
        )


def warn_of_shared_metadata(
    store: Store,
    workflow: Workflow,
    name: str,
    own: int | None,
    changes: Sequence[Change],
) -> None:
    """Warn if samples are about to get other metadata that also belong to other test cases.

    Args:
        store: the store.
        workflow: the workflow of the test case.
        name: the name of the test case.
        own: the id of the test case; None if it is new.
        changes: the effect of the edit on each sample.
    """
    samples = [one.sample for one in changes if one.sample.metadata and one.ground_truth]
    if not samples:
        return
    with store.read() as unit:
        found = unit.test_samples.shared_changes(workflow.name, samples, own)
    if found is not None:
        number, sample, other = found
        warn(
            f"The metadata passed for the test case {name!r} also change those of"
            f" {counted(number, 'sample')} of other test cases, such as {sample:.200} of {other!r}:"
            " a sample has the same metadata in all test cases. What depends on the test case"
            " belongs in the ground truth."
        )


def _warn_of_inner_metadata(samples: Iterable[TestSample]) -> None:
    composites = (sample for sample in samples if isinstance(sample, Composite))
    fields = {name for composite in composites for name in composite._fields_with_metadata()}
    for name in sorted(fields):
        warn(
            f"The metadata of {name} is not stored, because only that of the composite is; pass it"
            " as metadata of the composite."
        )
