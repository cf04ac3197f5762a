"""Evaluation: pass stored inferences to an evaluator of either kind, and save its results.

All results of a configuration are saved in one transaction, so readers see either the old results
or the new ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from kolena_local.collector import existing_objects_spared
from kolena_local.errors import InputValidationError
from kolena_local.execution.inferred import CaseData, Inferred, SampleIds
from kolena_local.execution.result_buffer import ResultBuffer
from kolena_local.payload import dumps
from kolena_local.plurals import agreeing, counted, enumerated
from kolena_local.repository.result_records import Results
from kolena_local.serialization.write import write
from kolena_local.warn import warn
from kolena_local.workflow.arguments import check_pairs, check_type
from kolena_local.workflow.evaluator import (
    Evaluator,
    EvaluatorConfiguration,
    MetricsTestCase,
    MetricsTestSample,
    MetricsTestSuite,
    kept_name,
    name_in_code,
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
        IncorrectUsageError: the evaluator is a function and a sample has no inference.
    """
    if not _has_samples(run):
        return
    for configuration, results in compute_results(run):
        _save(run, configuration, results)


def compute_results(
    run: TestRun, test_case_ids: Collection[int] | None = None
) -> Iterator[tuple[EvaluatorConfiguration | None, Results]]:
    """Yield the results of a run under each configuration; nothing is stored.

    Args:
        run: the run.
        test_case_ids: only results of these test cases, and none of the suite; None means all. An
            evaluator function is given the whole suite and returns all.
    """
    model = run.model
    inferred = Inferred(run._store(), model.workflow._codec, model._id, model.name)
    if isinstance(run.evaluator, Evaluator):
        return _by_case(run, inferred, run.evaluator, test_case_ids)
    return _at_once(run, inferred, run.evaluator)


def _has_samples(run: TestRun) -> bool:
    """Return whether there is anything to evaluate; warn of test cases without samples."""
    suite = run.test_suite
    with run._store().read() as unit:
        cases = unit.test_suites.at(suite._id, suite.version).test_cases
    empty = [repr(case.name) for case in cases if not case.sample_count]
    if empty:
        warn(
            f"{agreeing(len(empty), 'The test case', 'The test cases')} {enumerated(empty)} of the"
            f" test suite {suite.name!r} {agreeing(len(empty), 'has', 'have')} no samples and"
            f" {agreeing(len(empty), 'was', 'were')} not evaluated; add samples with edit()."
        )
    return len(empty) < len(cases)


def _by_case(
    run: TestRun, inferred: Inferred, evaluator: Evaluator, test_case_ids: Collection[int] | None
) -> Iterator[tuple[Any, Results]]:
    """Evaluate test case by test case, each under every configuration, then the suite."""
    suite = run.test_suite
    with inferred.store.read() as unit:
        cases = unit.test_suites.at(suite._id, suite.version).test_cases
    configurations: Sequence[Any] = evaluator.configurations or [None]
    buffers = [ResultBuffer() for _ in configurations]
    for case, test_case in zip(cases, suite.test_cases, strict=True):
        if not case.sample_count or case.id not in (test_case_ids or [case.id]):
            continue
        data = inferred.load_case(case)
        with existing_objects_spared():
            for configuration, results in zip(configurations, buffers, strict=True):
                _evaluate_case(evaluator, test_case, data, configuration, results)
    for configuration, results in zip(configurations, buffers, strict=True):
        of_suite = None
        if test_case_ids is None:
            of_suite = evaluator.compute_test_suite_metrics(suite, results.of_cases, configuration)
        if of_suite is not None:
            place = f"{evaluator.display_name()}.compute_test_suite_metrics()"
            check_type(place, of_suite, MetricsTestSuite)
        yield configuration, results.with_suite(of_suite)


def _evaluate_case(
    evaluator: Evaluator,
    test_case: TestCase,
    data: CaseData,
    configuration: Any,
    results: ResultBuffer,
) -> None:
    """Add the results of one test case under one configuration."""
    method, case, triples = f"{evaluator.display_name()}.compute_test", data.case, data.triples
    pairs = evaluator.compute_test_sample_metrics(test_case, triples, configuration)
    kinds = {"test sample": TestSample, "metrics": MetricsTestSample}
    check_pairs(f"{method}_sample_metrics()", pairs, kinds)
    results.add_samples(case.id, data.sample_ids, pairs)
    _warn_of_missing(evaluator, len(triples) - len(pairs), len(triples), "sample", case.name)
    arguments = (test_case, triples, [metrics for _, metrics in pairs], configuration)
    of_case = evaluator.compute_test_case_metrics(*arguments)
    check_type(f"{method}_case_metrics()", of_case, MetricsTestCase)
    results.add_case(case.id, test_case, of_case)
    plots = evaluator.compute_test_case_plots(*arguments)
    if plots is not None:
        check_plots(f"{method}_case_plots()", plots)
        results.add_plots(case.id, plots)


def _at_once(run: TestRun, inferred: Inferred, evaluator: Any) -> Iterator[tuple[Any, Results]]:
    """Give an evaluator function the whole suite, once for each configuration."""
    suite = run.test_suite
    _warn_of_disagreement(inferred.store, suite)
    with inferred.store.read() as unit:
        members = [
            (test_case, unit.test_cases.sample_ids(test_case._id, test_case.version))
            for test_case in suite.test_cases
        ]
    sample_ids, data = inferred.load_suite(suite._id, suite.version, suite.name)
    samples = {sample_ids(sample): sample for sample in data.samples}
    takes_one = takes_configuration(evaluator)
    for configuration in (run.configurations or []) if takes_one else [None]:
        with existing_objects_spared():
            arguments = [*data, TestCases(members, sample_ids, samples)]
            found = evaluator(*arguments, *([configuration] if takes_one else []))
            if found is not None:
                check_type("The evaluator's result", found, EvaluationResults)
                results = _collected(found, sample_ids, suite)
                _warn_of_missing_in(found, evaluator, suite, len(data.samples), members)
        if found is not None:
            yield configuration, results


def _warn_of_missing_in(
    found: EvaluationResults,
    evaluator: Any,
    suite: TestSuite,
    samples: int,
    members: Sequence[tuple[TestCase, Sequence[int]]],
) -> None:
    missing = samples - len(found.metrics_test_sample)
    _warn_of_missing(evaluator, missing, samples, "sample", suite.name, "suite")
    if found.metrics_test_case:  # a function may compute none at all
        cases = sum(1 for _, ids in members if ids)
        missing = cases - len(found.metrics_test_case)
        _warn_of_missing(evaluator, missing, cases, "test case", suite.name, "suite")


def _warn_of_missing(
    evaluator: Any, missing: int, given: int, what: str, name: str, kind: str = "case"
) -> None:
    if missing > 0:
        warn(
            f"The evaluator {name_in_code(evaluator)} returned no metrics for {missing} of"
            f" {counted(given, what)} of the test {kind} {name!r}, which are missing from results"
            " and comparisons; return metrics for each."
        )


def _collected(found: EvaluationResults, sample_ids: SampleIds, suite: TestSuite) -> Results:
    # Not by name: it may have been renamed since one of the objects was loaded.
    members = {(test_case._location, test_case._id) for test_case in suite.test_cases}
    results = ResultBuffer()
    results.add_samples(None, sample_ids, found.metrics_test_sample)
    for test_case, metrics in found.metrics_test_case:
        results.add_case(_id_in(members, test_case), test_case, metrics)
    for test_case, plots in found.plots_test_case:
        results.add_plots(_id_in(members, test_case), plots)
    return results.with_suite(found.metrics_test_suite)


def _save(run: TestRun, configuration: EvaluatorConfiguration | None, results: Results) -> None:
    name = payload = None
    if configuration is not None:
        name, payload = kept_name(configuration), dumps(write(configuration))
    with run._store().write() as unit:
        record = unit.test_runs.ensure_configuration(
            run._id, name, payload, results.directions, run._fingerprint, run._provenance
        )
        unit.test_runs.replace_results(record.id, results)


def _id_in(members: set[tuple[str, int]], test_case: TestCase) -> int:
    if (test_case._location, test_case._id) not in members:
        raise InputValidationError(
            f"The evaluator returned results of the test case {test_case.name!r}, which is not in"
            " the test suite."
        )
    return test_case._id


def _warn_of_disagreement(store: HeldStore, suite: TestSuite) -> None:
    with store.read() as unit:
        sample_id = unit.suite_samples.disagreeing(suite._id, suite.version)
        if sample_id is None:
            return
        (row,) = unit.test_samples.rows([sample_id])
    warn(
        f"Test cases of the test suite {suite.name!r} have different ground truths for the same"
        f" sample, such as {row.payload:.200}; the evaluator function is given the first test"
        " case's. An Evaluator class is given each test case's own."
    )
