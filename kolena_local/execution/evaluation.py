"""Hand stored inferences to an evaluator and save what it finds.

All results of one configuration are saved in one write: whoever reads meanwhile sees the old ones
or the new ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from kolena_local.collector import collector_paused, existing_objects_spared
from kolena_local.errors import IncorrectUsageError, InputValidationError
from kolena_local.execution.collected import Collected
from kolena_local.log import logger
from kolena_local.payload import digests_of, dumps
from kolena_local.repository.records import Results
from kolena_local.serialization.codec import Codec
from kolena_local.serialization.write import write
from kolena_local.wording import agreeing, counted

if TYPE_CHECKING:
    from kolena_local.repository import Store

Triple = tuple[Any, Any, Any]

_PAGE = 1000


class Case(NamedTuple):
    """A test case under evaluation.

    Args:
        id: its number in the store.
        version: the version that the suite pins.
        sample_count: how many samples that version has.
        test_case: the object that the evaluator is given.
    """

    id: int
    version: int
    sample_count: int
    test_case: Any


class Configuration(NamedTuple):
    """A configuration under evaluation; both are None for an evaluator that has none."""

    display_name: str | None
    value: Any


class CaseEvaluator(NamedTuple):
    """An evaluator that works test case by test case, as four callables."""

    sample_metrics: Callable[[Any, list[Triple], Any], list[tuple[Any, Any]]]
    case_metrics: Callable[[Any, list[Triple], list[Any], Any], Any]
    case_plots: Callable[[Any, list[Triple], list[Any], Any], Sequence[Any]]
    suite_metrics: Callable[[list[tuple[Any, Any]], Any], Any]


class Found(NamedTuple):
    """What an evaluator that sees the whole suite at once found under one configuration."""

    sample_metrics: Sequence[tuple[Any, Any]]
    case_metrics: Sequence[tuple[Any, Any]]
    plots: Sequence[tuple[Any, Sequence[Any]]]
    suite_metrics: Any


class SuiteData(NamedTuple):
    """The unique samples of a suite with what belongs to each, as parallel lists."""

    samples: list[Any]
    ground_truths: list[Any]
    inferences: list[Any]


@dataclass(frozen=True)
class Evaluation:
    """One run's evaluation.

    Args:
        store: the store.
        codec: the workflow's.
        run_id: the run's number in the store.
        model_id: the model's.
        model: the model's name.
        cases: the suite's test cases, in order.
    """

    store: Store
    codec: Codec
    run_id: int
    model_id: int
    model: str
    cases: Sequence[Case]

    def by_case(self, evaluator: CaseEvaluator, configurations: Sequence[Configuration]) -> None:
        """Evaluate test case by test case, each under every configuration, then the suite.

        Args:
            evaluator: the evaluator.
            configurations: at least one.
        """
        collected = [Collected() for _ in configurations]
        for case in self.cases:
            keys, triples = self._load(case)
            with existing_objects_spared():
                for configuration, results in zip(configurations, collected, strict=True):
                    given = configuration.value
                    pairs = evaluator.sample_metrics(case.test_case, triples, given)
                    _warn_of_the_rest(case, len(triples) - len(pairs))
                    results.add_samples(case.id, keys, pairs)
                    metrics = [metric for _, metric in pairs]
                    found = evaluator.case_metrics(case.test_case, triples, metrics, given)
                    results.add_case(case.id, case.test_case, found)
                    plots = evaluator.case_plots(case.test_case, triples, metrics, given)
                    results.add_plots(case.id, plots)
        for configuration, results in zip(configurations, collected, strict=True):
            suite_metrics = evaluator.suite_metrics(results.of_cases, configuration.value)
            self._save(configuration, results.with_suite(suite_metrics))

    def at_once(
        self,
        suite_id: int,
        suite_version: int,
        evaluate: Callable[[SuiteData, Keys, Any], Found | None],
        configurations: Sequence[Configuration],
    ) -> None:
        """Give an evaluator the whole suite, once for each configuration.

        Args:
            suite_id: the suite's number in the store.
            suite_version: its version.
            evaluate: the evaluator; it returns None to skip a configuration.
            configurations: at least one.

        Raises:
            IncorrectUsageError: a sample has no inference by the model.
        """
        keys, data = self._load_suite(suite_id, suite_version)
        cases = {case.test_case.name: case for case in self.cases}
        for configuration in configurations:
            with existing_objects_spared():
                found = evaluate(data, keys, configuration.value)
                if found is None:
                    continue
                results = Collected()
                results.add_samples(None, keys, found.sample_metrics)
                for test_case, metrics in found.case_metrics:
                    case = _named(cases, test_case)
                    results.add_case(case.id, case.test_case, metrics)
                for test_case, plots in found.plots:
                    results.add_plots(_named(cases, test_case).id, plots)
                self._save(configuration, results.with_suite(found.suite_metrics))

    @collector_paused(for_good=True)
    def _load(self, case: Case) -> tuple[Keys, list[Triple]]:
        ids: list[int] = []
        triples: list[Triple] = []
        after = -1
        while True:
            with self.store.read() as unit:
                rows = unit.inferences.rows(
                    self.model_id, case.id, case.version, after=after, limit=_PAGE
                )
            if not rows:
                break
            after = rows[-1][0]
            _, page, *texts = zip(*rows, strict=True)
            ids += page
            with self.codec.reading(f"the model {self.model!r}"):
                triples += self.codec.read_triples(*texts)
        missing = case.sample_count - len(ids)
        if missing > 0:
            logger.warning(
                "%d of %s of the test case %r %s no inference and %s not evaluated",
                missing,
                counted(case.sample_count, "sample"),
                case.test_case.name,
                agreeing(missing, "has", "have"),
                agreeing(missing, "is", "are"),
            )
        samples = (sample for sample, _, _ in triples)
        return Keys(self.codec, zip(samples, ids, strict=True)), triples

    @collector_paused(for_good=True)
    def _load_suite(self, suite_id: int, suite_version: int) -> tuple[Keys, SuiteData]:
        data, missing = SuiteData([], [], []), 0
        with self.store.read() as unit:
            ids = unit.suite_samples.ids(suite_id, suite_version)
        for start in range(0, len(ids), _PAGE):
            with self.store.read() as unit:
                rows = unit.inferences.suite_rows(
                    self.model_id, suite_id, suite_version, ids[start : start + _PAGE]
                )
            _, payloads, metadata, truths, inferences = zip(*rows, strict=True)
            missing += inferences.count(None)
            if missing:
                continue
            with self.codec.reading(f"the model {self.model!r}"):
                data.samples.extend(self.codec.read_samples(payloads, metadata))
                data.ground_truths.extend(self.codec.read_ground_truths(truths))
                data.inferences.extend(self.codec.read_inferences(inferences))
        if missing:
            raise IncorrectUsageError(
                f"{missing} of {counted(len(ids), 'sample')} of the test suite"
                f" {agreeing(missing, 'has', 'have')} no inference, and an evaluator function needs"
                " all of them; run test() with a model that has infer to make the rest."
            )
        return Keys(self.codec, zip(data.samples, ids, strict=True)), data

    def _save(self, configuration: Configuration, results: Results) -> None:
        payload = None if configuration.value is None else dumps(write(configuration.value))
        with self.store.write() as unit:
            record = unit.test_runs.ensure_configuration(
                self.run_id, configuration.display_name, payload
            )
            unit.test_runs.replace_results(record.id, results)


def _warn_of_the_rest(case: Case, count: int) -> None:
    if count > 0:
        logger.warning(
            "the evaluator returned no metrics of %d of %s of the test case %r",
            count,
            counted(case.sample_count, "sample"),
            case.test_case.name,
        )


def _named(cases: dict[str, Case], test_case: Any) -> Case:
    try:
        return cases[test_case.name]
    except KeyError:
        raise InputValidationError(
            f"The evaluator returned results of the test case {test_case.name!r}, which is not in"
            " the test suite."
        ) from None


class Keys:
    """Finds a sample's number in the store again, when an evaluator gives the sample back.

    Args:
        codec: the workflow's.
        numbered: the samples that were handed out, with their numbers.
    """

    def __init__(self, codec: Codec, numbered: Iterable[tuple[Any, int]]) -> None:
        self._codec = codec
        self._numbered = list(numbered)
        self._by_identity = {id(sample): number for sample, number in self._numbered}
        self._by_digest: dict[bytes, int] = {}

    def __call__(self, sample: Any) -> int:
        """Return the number of a sample.

        Raises:
            InputValidationError: it is none of those handed out, nor equal to one.
        """
        number = self._by_identity.get(id(sample))
        if number is not None:
            return number
        # A copy: evaluators may build new objects, so their content decides.
        if not self._by_digest:
            samples = [known for known, _ in self._numbered]
            numbers = [number for _, number in self._numbered]
            self._by_digest = dict(zip(self._digests(samples), numbers, strict=True))
        try:
            return self._by_digest[self._digests([sample])[0]]
        except KeyError:
            raise InputValidationError(
                f"The evaluator gave back the test sample {sample!r:.200}, which is none of those"
                " that it was given; let it return only these."
            ) from None

    def _digests(self, samples: list[Any]) -> list[bytes]:
        return digests_of(self._codec.write_samples(samples))
