"""The values that the repository returns and takes: frozen records of names, numbers and texts.

Mapped classes and sessions never leave the repository, and user classes never enter it. Names of
parents (a model's workflow, a run's test suite) are resolved, so that a listing needs no second
query. Times are texts: UTC, ISO 8601, milliseconds, ``Z``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, NamedTuple, get_args, get_type_hints

from kolena_local.errors import StoreDamagedError
from kolena_local.payload import Json
from kolena_local.repository.names import local_minute

Facts = dict[str, Json]
"""What code and environment were, as :mod:`kolena_local.provenance` captured them."""

_COLUMN_TYPES: Final = frozenset({int, str, NoneType})


class HeldRow(NamedTuple):
    """A row that an object in memory was made from.

    Args:
        noun: what it is; of test cases and test suites it is a version.
        name: its name, for messages.
        id: its id, which another row may get when this one is deleted or the file replaced.
        uid: a random number that no other row has.
        version: of a test case or test suite.
    """

    noun: str
    name: str
    id: int
    uid: int
    version: int | None = None


class StoredRecord:
    """A record of a row; in a damaged or crafted file, any value may have any type.

    Raises:
        StoreDamagedError: a value does not have the type of its field.
    """

    def __post_init__(self) -> None:
        for name, types in _checked_fields(type(self)):  # type: ignore[arg-type]  # its objects have a hash
            value = getattr(self, name)
            if not isinstance(value, types):
                raise StoreDamagedError(
                    f"The store is damaged ({name.replace('_', ' ')} of a"
                    f" {type(self).__name__.removesuffix('Record')} is {value!r:.80}); restore a"
                    " backup."
                )


@cache
def _checked_fields(cls: Any) -> list[tuple[str, tuple[type, ...]]]:
    """Return the fields that hold what SQLite returned, not what was made of it."""
    hints = get_type_hints(cls)
    fields = {
        name: get_args(hint) if isinstance(hint, UnionType) else (hint,)
        for name, hint in hints.items()
    }
    return [(name, types) for name, types in fields.items() if _COLUMN_TYPES.issuperset(types)]


@dataclass(frozen=True)
class WorkflowRecord(StoredRecord):
    """A workflow: the name under which models, test cases and test suites belong together."""

    id: int
    name: str
    created_at: str


class WorkflowSchemas(NamedTuple):
    """What payloads of a workflow look like: JSON schemas, as JSON texts."""

    test_sample: str
    ground_truth: str
    inference: str


@dataclass(frozen=True)
class ModelRecord(StoredRecord):
    """A registered model; ``workflow`` is its workflow's name."""

    id: int
    uid: int
    workflow: str
    name: str
    metadata: dict[str, Json]
    tags: frozenset[str]
    created_at: str
    updated_at: str


@dataclass(frozen=True)
class TestCaseRecord(StoredRecord):
    """One version of a test case, with the description that this version had."""

    __test__ = False

    id: int
    uid: int
    workflow: str
    name: str
    version: int
    description: str
    sample_count: int
    created_at: str
    updated_at: str


@dataclass(frozen=True)
class TestSuiteRecord(StoredRecord):
    """One version of a test suite, with the test case versions that it pins, in order."""

    __test__ = False

    id: int
    uid: int
    workflow: str
    name: str
    version: int
    description: str
    tags: frozenset[str]
    test_cases: tuple[TestCaseRecord, ...]
    created_at: str
    updated_at: str


class Freshness:
    """What a record of results knows about the data that they were computed from.

    ``stale_reason`` says what happened to that data, None if nothing did. ``stale_since`` says
    when; it is None beside a reason if the results are of unknown age.
    """

    stale_reason: str | None
    stale_since: str | None

    @property
    def is_stale(self) -> bool | None:
        """Whether the data has changed since the results were computed; None: not known."""
        if self.stale_since is not None:
            return True
        return False if self.stale_reason is None else None

    @property
    def staleness(self) -> str:
        """Since when, and why, the results are stale; an empty string if they are fresh."""
        if self.stale_reason is None:
            return ""
        since = self.stale_since
        age = "of unknown age" if since is None else f"stale since {local_minute(since)}"
        return f"{age}: {self.stale_reason}"


@dataclass(frozen=True)
class TestRunRecord(StoredRecord, Freshness):
    """The test of a model on one version of a test suite, by one evaluator.

    ``status`` is ``created``, ``running``, ``completed`` or ``crashed``; ``error`` is the text of
    the crash. ``is_interrupted``: its status is running, but its process is known to have ended.
    ``superseded_at``: when other results replaced these; None for the current run.
    """

    __test__ = False

    id: int
    uid: int
    workflow: str
    model: str
    test_suite: str
    test_suite_version: int
    evaluator: str | None
    status: str
    error: str | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    superseded_at: str | None
    stale_reason: str | None
    stale_since: str | None
    is_interrupted: bool = False


@dataclass(frozen=True)
class ConfigurationRecord(StoredRecord, Freshness):
    """A configuration of a run's evaluator; a run without any has one whose name is None.

    ``fingerprint`` is the digest of the evaluator's code and settings, None if it is not known.
    """

    id: int
    test_run_id: int
    display_name: str | None
    payload: str | None
    #: JSON text: the directions that the metrics declare; None if they declare none.
    directions: str | None
    fingerprint: str | None = None
    evaluated_at: str | None = None
    stale_reason: str | None = None
    stale_since: str | None = None


class NewSample(NamedTuple):
    """A test sample to be stored: its identity, its payload without metadata, and its metadata."""

    digest: bytes
    payload: str
    metadata: dict[str, Json]


class NewGroundTruth(NamedTuple):
    """A ground truth to be stored for a test sample that is in the store."""

    test_sample_id: int
    digest: bytes
    payload: str


class MemberChange(NamedTuple):
    """The outcome of an edit for one sample of a test case; no ground truth removes the sample."""

    test_sample_id: int
    ground_truth_id: int | None
    to_end: bool


class SampleRow(NamedTuple):
    """A stored test sample; payload and metadata are JSON texts."""

    id: int
    payload: str
    metadata: str


class PairRow(NamedTuple):
    """A member of a test case version: a test sample and its ground truth, as JSON texts."""

    position: int
    test_sample_id: int
    payload: str
    metadata: str
    ground_truth: str


class FoundSample(NamedTuple):
    """A sample of a test case or test suite with one of its ground truths, found by conditions.

    ``place`` orders them, and is never the same for two. The last four are JSON texts; the
    inference is the chosen model's, None if there is none or it waits to be done again.
    """

    place: int
    test_sample_id: int
    ground_truth_id: int
    sample: str
    metadata: str
    ground_truth: str
    inference: str | None


class SuiteSampleRow(NamedTuple):
    """A sample of a test suite, once, with the ground truth of the first test case that has it.

    ``is_waiting``: whether the inference is to be done again, 1 or 0; None if there is none.
    """

    test_sample_id: int
    payload: str
    metadata: str
    ground_truth: str
    inference: str | None
    is_waiting: int | None


class ExportRow(NamedTuple):
    """A model's inference with its sample, and the ground truth if there is one; JSON texts."""

    test_sample: str
    ground_truth: str | None
    inference: str


class NewInference(NamedTuple):
    """A line of a file to be imported.

    Attributes:
        line: its number.
        key: what it says of its sample, as the canonical JSON of an object with its columns.
        digest: the digest of the sample that it describes wholly; None if it says only a part.
        payload: the inference.
    """

    line: int
    key: str
    digest: bytes | None
    payload: str


class ImportCounts(NamedTuple):
    """How many lines of a file to be imported are of some kind.

    Attributes:
        lines: all.
        unmatched: those without a sample of their own.
        known: those whose sample has an inference already.
        respelled: those that spell a sample otherwise than the store does.
    """

    lines: int
    unmatched: int
    known: int
    respelled: int


class ImportProblem(NamedTuple):
    """A line that cannot be stored as it is.

    ``kind`` is ``missing`` (no sample is found by the key), ``ambiguous`` (``other`` samples are),
    ``duplicate`` (the line ``other`` is about the same sample) or ``known`` (the sample has an
    inference).
    """

    line: int
    kind: str
    key: str
    other: int | None


@dataclass(frozen=True)
class Coverage(StoredRecord):
    """How many of a test suite's samples a model has inferences for."""

    test_suite: str
    version: int
    samples: int
    inferences: int


class Deletion(NamedTuple):
    """A model, test case or test suite to be deleted, and how many rows of each kind go with it."""

    name: str
    workflow: str
    counts: dict[str, int]


class RunDeletion(NamedTuple):
    """What is deleted with a test run: how many metrics and plots, of all configurations."""

    run: TestRunRecord
    results: int


class SampleChange(NamedTuple):
    """A sample in which two versions of a test case differ.

    ``payload`` is the sample's JSON text; ``before`` and ``after`` are its ground truths', None in
    the version that does not have it.
    """

    test_sample_id: int
    payload: str
    before: str | None
    after: str | None


class CaseChange(NamedTuple):
    """A test case in which two versions of a test suite differ; None: it is not in that version."""

    test_case: str
    before: int | None
    after: int | None


class QueryResult(NamedTuple):
    """The answer to a question in SQL; ``more``: there are more rows than were asked for."""

    columns: list[str]
    rows: list[tuple[Any, ...]]
    more: bool
