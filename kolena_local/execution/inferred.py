"""A model's inferences as objects, and the ids of their samples in the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from kolena_local.collector import collector_paused
from kolena_local.errors import IncorrectUsageError, InputValidationError
from kolena_local.payload import digests_of
from kolena_local.plurals import agreeing, counted
from kolena_local.repository.paging import pages_by_key
from kolena_local.serialization.codec import Codec
from kolena_local.warn import warn

if TYPE_CHECKING:
    from kolena_local.repository.held import HeldStore
    from kolena_local.repository.records import TestCaseRecord
    from kolena_local.repository.rows import Row

Triple = tuple[Any, Any, Any]

_PAGE = 1000


class CaseData(NamedTuple):
    """A test case, and its samples that have an inference, with ground truths and inferences."""

    case: TestCaseRecord
    sample_ids: SampleIds
    triples: list[Triple]


class SuiteData(NamedTuple):
    """The unique samples of a suite, their ground truths and inferences, as parallel lists."""

    samples: list[Any]
    ground_truths: list[Any]
    inferences: list[Any]


@dataclass(frozen=True)
class Inferred:
    """Loads a model's inferences.

    Args:
        store: the store.
        codec: the codec of the workflow.
        model_id: the id of the model in the store.
        model: the name of the model.
    """

    store: HeldStore
    codec: Codec
    model_id: int
    model: str

    def pages(
        self, test_case_id: int, version: int, test_case: str, waiting: bool | None = None
    ) -> Iterator[tuple[Sequence[int], list[Triple]]]:
        """Iterate over the samples of a test case that have an inference, one page in memory.

        Yields:
            For each page, the ids of the samples in the store, and the samples with their ground
            truths and inferences.
        """

        def read(after: int) -> list[Row]:
            with self.store.read() as unit:
                return unit.inferences.rows(
                    self.model_id, test_case_id, version, after=after, limit=_PAGE, waiting=waiting
                )

        test_data = f"the test case {test_case!r}"
        for rows in pages_by_key(read, itemgetter(0)):
            with collector_paused(), self.codec.reading(test_data, self.model):
                _, ids, *texts, _ = zip(*rows, strict=True)
                triples = list(zip(*self._read(*texts), strict=True))
            yield ids, triples

    @collector_paused(for_good=True)
    def load_case(self, case: TestCaseRecord) -> CaseData:
        """Load the samples of a test case that have an inference, and warn if others have none."""
        ids: list[int] = []
        triples: list[Triple] = []
        for more_ids, more_triples in self.pages(case.id, case.version, case.name):
            ids += more_ids
            triples += more_triples
        missing = case.sample_count - len(ids)
        if missing > 0:
            warn(
                f"{missing} of {counted(case.sample_count, 'sample')} of the test case"
                f" {case.name!r} {agreeing(missing, 'has', 'have')} no inference of the model"
                f" {self.model!r} and {agreeing(missing, 'is', 'are')} not evaluated; run test()"
                " with a model that has infer, or upload the rest."
            )
        samples = (sample for sample, _, _ in triples)
        return CaseData(case, SampleIds(self.codec, zip(samples, ids, strict=True)), triples)

    @collector_paused(for_good=True)
    def load_suite(
        self, test_suite_id: int, version: int, test_suite: str
    ) -> tuple[SampleIds, SuiteData]:
        """Load all samples of a test suite, each once.

        Raises:
            IncorrectUsageError: a sample has no inference.
        """
        data, missing = SuiteData([], [], []), 0
        with self.store.read() as unit:
            ids = unit.suite_samples.ids(test_suite_id, version)
        for start in range(0, len(ids), _PAGE):
            with self.store.read() as unit:
                rows = unit.inferences.suite_rows(
                    self.model_id, test_suite_id, version, ids[start : start + _PAGE]
                )
            _, *texts, _ = zip(*rows, strict=True)
            missing += texts[-1].count(None)
            if missing:
                continue
            with self.codec.reading(f"the test suite {test_suite!r}", self.model):
                for objects, more in zip(data, self._read(*texts), strict=True):
                    objects.extend(more)
        if missing:
            raise IncorrectUsageError(
                f"{missing} of {counted(len(ids), 'sample')} of the test suite"
                f" {agreeing(missing, 'has', 'have')} no inference, and an evaluator function needs"
                " all of them; run test() with a model that has infer to add the rest."
            )
        return SampleIds(self.codec, zip(data.samples, ids, strict=True)), data

    def _read(
        self,
        payloads: Sequence[str],
        metadata: Sequence[str],
        truths: Sequence[str],
        inferences: Sequence[str],
    ) -> SuiteData:
        return SuiteData(
            self.codec.read_samples(payloads, metadata),
            self.codec.read_ground_truths(truths),
            self.codec.read_inferences(inferences),
        )


class SampleIds:
    """Finds the id of a sample that an evaluator returned.

    Args:
        codec: the codec of the workflow.
        numbered: the samples that the evaluator was given, with their ids.
    """

    def __init__(self, codec: Codec, numbered: Iterable[tuple[Any, int]]) -> None:
        self._codec = codec
        self._numbered = list(numbered)
        self._by_identity = {id(sample): number for sample, number in self._numbered}
        self._by_digest: dict[bytes, int] = {}

    def __call__(self, sample: Any) -> int:
        """Return the id of a sample.

        Raises:
            InputValidationError: it is not equal to any sample that the evaluator was given.
        """
        number = self._by_identity.get(id(sample))
        if number is not None:
            return number
        # Not the same object: evaluators may create equal ones, so the content decides.
        if not self._by_digest:
            samples = [known for known, _ in self._numbered]
            numbers = [number for _, number in self._numbered]
            self._by_digest = dict(zip(self._digests(samples), numbers, strict=True))
        try:
            return self._by_digest[self._digests([sample])[0]]
        except KeyError:
            raise InputValidationError(
                f"The evaluator returned the test sample {sample!r:.200}, which is not one of those"
                " that it was given; return only these."
            ) from None

    def _digests(self, samples: list[Any]) -> list[bytes]:
        return digests_of(self._codec.write_samples(samples))
