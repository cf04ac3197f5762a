"""Evaluation: pass stored inferences to an evaluator of either kind, and save its results.

All results of a configuration are saved in one transaction, so that readers see either the old or
the new ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kolena_local.collector import existing_objects_spared
from kolena_local.errors import InputValidationError
from kolena_local.execution.inferred import Inferred
from kolena_local.execution.result_buffer import ResultBuffer
from kolena_local.log import logger
from kolena_local.payload import dumps
from kolena_local.plurals import counted
from kolena_local.repository.records import Results, TestCaseRecord
from kolena_local.serialization.write import write
from kolena_local.workflow.arguments import check_pairs, check_type
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
    check_plots,
    takes_configuration,
)
from kolena_local.workflow.test_case import TestCase
from kolena_local.workflow.test_sample import TestSample
from kolena_local.workflow.test_suite import TestSuite

if TYPE_CHECKING:
    from kolena_local.repository.held import HeldStore
    from kolena_local.workflow.test_run import TestRun


def evaluate_run(run: TestRun) -> None:
    """Evaluate a run with either kind of evaluator.

    Raises:
        InputValidationError: the evaluator returned something that is not a result.
        IncorrectUsageError: the evaluator is a function and samples have no inference.
    """
    model = run.model
    inferred = Inferred(run._store(), model.workflow._codec, model._id, model.name)
    if isinstance(run.evaluator, Evaluator):
        _evaluate_by_case(run, inferred, run.evaluator)
    else:
        _evaluate_at_once(run, inferred, run.evaluator)


def _evaluate_by_case(run: TestRun, inferred: Inferred, evaluator: Evaluator) -> None:
    """Evaluate test case by test case, each under every configuration, then the suite."""
    suite, store = run.test_suite, inferred.store
    with store.read() as unit:
        cases = unit.test_suites.at(suite._id, suite.version).test_cases
    configurations: Sequence[Any] = evaluator.configurations or [None]
    method = f"{evaluator.display_name()}.compute_test"
    collected = [ResultBuffer() for _ in configurations]
    for case, test_case in zip(cases, suite.test_cases, strict=True):
        keys, triples = inferred.load_case(case)
        with existing_objects_spared():
            for given, results in zip(configurations, collected, strict=True):
                pairs = evaluator.compute_test_sample_metrics(test_case, triples, given)
                kinds = {"test sample": TestSample, "metrics": MetricsTestSample}
                check_pairs(f"{method}_sample_metrics()", pairs, kinds)
                _warn_of_the_rest(case, len(triples) - len(pairs))
                results.add_samples(case.id, keys, pairs)
                of_samples = [metrics for _, metrics in pairs]
                of_case = evaluator.compute_test_case_metrics(test_case, triples, of_samples, given)
                check_type(f"{method}_case_metrics()", of_case, MetricsTestCase)
                results.add_case(case.id, test_case, of_case)
                plots = evaluator.compute_test_case_plots(test_case, triples, of_samples, given)
                if plots is not None:
                    check_plots(f"{method}_case_plots()", plots)
                    results.add_plots(case.id, plots)
    for given, results in zip(configurations, collected, strict=True):
        of_suite = evaluator.compute_test_suite_metrics(suite, results.of_cases, given)
        if of_suite is not None:
            check_type(f"{method}_suite_metrics()", of_suite, MetricsTestSuite)
        _save(store, run._id, given, results.with_suite(of_suite))


def _evaluate_at_once(run: TestRun, inferred: Inferred, evaluator: Any) -> None:
    """Give an evaluator function the whole suite, once for each configuration."""
    suite, store = run.test_suite, inferred.store
    _warn_of_disagreement(store, suite)
    with store.read() as unit:
        members = [
            (test_case, unit.test_cases.sample_ids(test_case._id, test_case.version))
            for test_case in suite.test_cases
        ]
    keys, data = inferred.load_suite(suite._id, suite.version)
    case_ids = {test_case.name: test_case._id for test_case in suite.test_cases}
    configurations: Sequence[Any] = run.configurations or []
    for configuration in configurations if takes_configuration(evaluator) else [None]:
        with existing_objects_spared():
            samples = {keys(sample): sample for sample in data.samples}
            arguments = [*data, TestCases(members, keys, samples)]
            if configuration is not None:
                arguments.append(configuration)
            found = evaluator(*arguments)
            if found is None:
                continue
            check_type("The evaluator's result", found, EvaluationResults)
            results = ResultBuffer()
            results.add_samples(None, keys, found.metrics_test_sample)
            for test_case, metrics in found.metrics_test_case:
                results.add_case(_id_of(test_case, case_ids), test_case, metrics)
            for test_case, plots in found.plots_test_case:
                results.add_plots(_id_of(test_case, case_ids), plots)
            _save(store, run._id, configuration, results.with_suite(found.metrics_test_suite))


def _save(
    store: HeldStore, run_id: int, configuration: EvaluatorConfiguration | None, results: Results
) -> None:
    name = payload = None
    if configuration is not None:
        name, payload = kept_name(configuration), dumps(write(configuration))
    with store.write() as unit:
        record = unit.test_runs.ensure_configuration(run_id, name, payload)
        unit.test_runs.replace_results(record.id, results)


def _id_of(test_case: TestCase, case_ids: dict[str, int]) -> int:
    try:
        return case_ids[test_case.name]
    except KeyError:
        raise InputValidationError(
            f"The evaluator returned results of the test case {test_case.name!r}, which is not in"
            " the test suite."
        ) from None


def _warn_of_disagreement(store: HeldStore, suite: TestSuite) -> None:
    with store.read() as unit:
        sample_id = unit.suite_samples.disagreeing(suite._id, suite.version)
        if sample_id is None:
            return
        (row,) = unit.test_samples.rows([sample_id])
    logger.warning(
        "test cases of the test suite %r disagree about the ground truth of samples (%s is one);"
        " the evaluator function is given the first test case's",
        suite.name,
        row.payload,
    )


def _warn_of_the_rest(case: TestCaseRecord, count: int) -> None:
    if count > 0:
        logger.warning(
            "the evaluator returned no metrics of %d of %s of the test case %r",
            count,
            counted(case.sample_count, "sample"),
            case.name,
        )
