"""Which kind of evaluator is this, and does it return what it should?

The two kinds meet ``execution`` here, which knows neither: it gets plain callables, with every
result checked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kolena_local.errors import InputValidationError
from kolena_local.execution.evaluation import (
    Case,
    CaseEvaluator,
    Configuration,
    Evaluation,
    Found,
    Keys,
    SuiteData,
)
from kolena_local.log import logger
from kolena_local.workflow.evaluator import (
    Evaluator,
    EvaluatorConfiguration,
    MetricsTestCase,
    MetricsTestSample,
    MetricsTestSuite,
    kept_name,
)
from kolena_local.workflow.evaluator_function import (
    EvaluationResults,
    TestCases,
    takes_configuration,
)
from kolena_local.workflow.model import Model
from kolena_local.workflow.plot import Plot
from kolena_local.workflow.test_sample import TestSample
from kolena_local.workflow.test_suite import TestSuite

if TYPE_CHECKING:
    from kolena_local.repository import Store

_WITHOUT = Configuration(None, None)


def evaluate_run(
    store: Store,
    run_id: int,
    model: Model,
    test_suite: TestSuite,
    evaluator: Any,
    configurations: Sequence[EvaluatorConfiguration],
) -> None:
    """Evaluate a run with either kind of evaluator.

    Args:
        store: the store.
        run_id: the run's number in the store.
        model: the model.
        test_suite: the test suite.
        evaluator: an ``Evaluator`` or a function.
        configurations: settings for a function that takes one.

    Raises:
        InputValidationError: the evaluator returned something that is no result.
        IncorrectUsageError: a function is to see all samples and some have no inference.
    """
    with store.read() as unit:
        record = unit.test_suites.get(test_suite.name, test_suite.version)
    counts = {case.name: case.sample_count for case in record.test_cases}
    cases = [
        Case(case._id, case.version, counts[case.name], case) for case in test_suite.test_cases
    ]
    evaluation = Evaluation(store, model.workflow._codec, run_id, model._id, model.name, cases)
    if isinstance(evaluator, Evaluator):
        evaluation.by_case(
            _checked(evaluator, test_suite), _named(evaluator.configurations) or [_WITHOUT]
        )
        return
    _warn_of_disagreement(store, test_suite)
    named = _named(configurations) if takes_configuration(evaluator) else [_WITHOUT]
    with store.read() as unit:
        members = [
            (case.test_case, unit.test_cases.sample_ids(case.id, case.version)) for case in cases
        ]

    def evaluate(data: SuiteData, keys: Keys, configuration: Any) -> Found | None:
        samples = {keys(sample): sample for sample in data.samples}
        arguments = [*data, TestCases(members, keys, samples)]
        if configuration is not None:
            arguments.append(configuration)
        return _found(evaluator(*arguments))

    evaluation.at_once(test_suite._id, test_suite.version, evaluate, named)


def _named(configurations: Sequence[EvaluatorConfiguration]) -> list[Configuration]:
    return [Configuration(kept_name(value), value) for value in configurations]


def _warn_of_disagreement(store: Store, test_suite: TestSuite) -> None:
    with store.read() as unit:
        sample_id = unit.suite_samples.disagreeing(test_suite._id, test_suite.version)
        if sample_id is None:
            return
        (row,) = unit.test_samples.rows([sample_id])
    logger.warning(
        "test cases of the test suite %r disagree about the ground truth of samples (%s is one);"
        " the evaluator function is given the first test case's",
        test_suite.name,
        row.payload,
    )


def _checked(evaluator: Evaluator, test_suite: TestSuite) -> CaseEvaluator:
    """Return an evaluator's methods, each checking what it returns."""

    def sample_metrics(
        test_case: Any, triples: list[Any], configuration: Any
    ) -> list[tuple[Any, Any]]:
        pairs = evaluator.compute_test_sample_metrics(test_case, triples, configuration)
        place = f"{evaluator.display_name()}.compute_test_sample_metrics()"
        for index, pair in enumerate(_sequence(pairs, place)):
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                raise InputValidationError(f"{place} must return pairs, not {pair!r:.80}.")
            sample, metrics = pair
            # The place is put into words only for a pair that is wrong.
            if not (isinstance(sample, TestSample) and isinstance(metrics, MetricsTestSample)):
                _check(sample, TestSample, f"{place}[{index}][0]")
                _check(metrics, MetricsTestSample, f"{place}[{index}][1]")
        return list(pairs)

    def case_metrics(
        test_case: Any, triples: list[Any], metrics: list[Any], configuration: Any
    ) -> Any:
        found = evaluator.compute_test_case_metrics(test_case, triples, metrics, configuration)
        place = f"{evaluator.display_name()}.compute_test_case_metrics()"
        return _check(found, MetricsTestCase, place)

    def case_plots(
        test_case: Any, triples: list[Any], metrics: list[Any], configuration: Any
    ) -> Sequence[Any]:
        plots = evaluator.compute_test_case_plots(test_case, triples, metrics, configuration)
        if plots is None:
            return []
        place = f"{evaluator.display_name()}.compute_test_case_plots()"
        for index, plot in enumerate(_sequence(plots, place)):
            _check(plot, Plot, f"{place}[{index}]")
        return plots

    def suite_metrics(of_cases: list[tuple[Any, Any]], configuration: Any) -> Any:
        found = evaluator.compute_test_suite_metrics(test_suite, of_cases, configuration)
        place = f"{evaluator.display_name()}.compute_test_suite_metrics()"
        return None if found is None else _check(found, MetricsTestSuite, place)

    return CaseEvaluator(sample_metrics, case_metrics, case_plots, suite_metrics)


def _found(results: Any) -> Found | None:
    if results is None:
        return None
    _check(results, EvaluationResults, "the evaluator's result")
    return Found(
        results.metrics_test_sample,
        results.metrics_test_case,
        results.plots_test_case,
        results.metrics_test_suite,
    )


def _sequence(value: Any, place: str) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)):
        raise InputValidationError(f"{place} must return a list, not {value!r:.80}.")
    return value


def _check(value: Any, expected: type, place: str) -> Any:
    if not isinstance(value, expected):
        raise InputValidationError(f"{place} must be a {expected.__name__}, not {value!r:.80}.")
    return value
