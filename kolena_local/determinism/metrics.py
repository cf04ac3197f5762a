"""``verify_metrics``: compute stored metrics again from stored inferences, and compare."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from kolena_local.determinism.answers import Leaf, Tolerance, check_tolerance, differing, worst
from kolena_local.determinism.check import _locator, _whole
from kolena_local.errors import InputValidationError, NotFoundError
from kolena_local.execution.model_calls import noting
from kolena_local.payload import Json, loads
from kolena_local.repository.result_records import Results
from kolena_local.workflow.evaluator import Evaluator, kept_name
from kolena_local.workflow.run_arguments import check_arguments, display_name
from kolena_local.workflow.run_evaluation import compute_results
from kolena_local.workflow.test_run import TestRun

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.workflow import Model, TestSuite


class MetricDifference(NamedTuple):
    """Stored metrics that are not what the evaluator computes now.

    Attributes:
        configuration: the display name of the evaluator's configuration; None without one.
        test_case: the test case; None for metrics that do not depend on it.
        sample: the locator of the sample, or its fields as JSON; None for metrics of test cases.
        path: the field that differs the most.
        stored: its stored value; None if it is missing.
        again: its value now.
        difference: the absolute difference of the two; None if they are not both numbers.
    """

    configuration: str | None
    test_case: str | None
    sample: str | None
    path: str
    stored: Json
    again: Json
    difference: float | None


@dataclass(frozen=True)
class MetricsCheck:
    """What became of stored metrics when they were computed again.

    Attributes:
        model: the name of the model.
        test_suite: the name of the test suite.
        test_suite_version: its version.
        evaluator: the name of the evaluator.
        test_run_id: the test run whose metrics were computed again.
        test_cases: the names of the chosen test cases.
        n: how many metrics were compared: of samples and of test cases, in each configuration.
        differences: those that differ by more than the tolerance.
    """

    model: str
    test_suite: str
    test_suite_version: int
    evaluator: str | None
    test_run_id: int
    test_cases: tuple[str, ...]
    n: int
    differences: tuple[MetricDifference, ...]

    def entry(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        return {**asdict(self), "differences": [one._asdict() for one in self.differences]}


def verify_metrics(
    model: Model,
    test_suite: TestSuite,
    evaluator: Evaluator | Any,
    n: int = 60,
    seed: int = 0,
    tolerance: float | None = None,
    configurations: list[Any] | None = None,
) -> MetricsCheck:
    """Compute the metrics of a random sample of test cases again, from stored inferences.

    Nothing is stored. Metrics of samples and of test cases are compared as answers are by
    :func:`kolena_local.determinism.check_determinism`. Metrics of the suite and plots are not.

    Args:
        model: the model.
        test_suite: a test suite that the model was tested on, in this version.
        evaluator: the evaluator, of which there are stored metrics.
        n: the largest number of test cases.
        seed: the seed of the random sample.
        tolerance: as for ``check_determinism``.
        configurations: the settings for an evaluator function that takes a configuration.

    Raises:
        NotFoundError: there are no metrics of this evaluator; or model or test suite was deleted.
        InputValidationError: an argument is invalid, or ``evaluator`` is None.
        WorkflowMismatchError: model and test suite belong to different workflows.
        IncorrectUsageError: the evaluator is a function, and a sample has no inference.
    """
    check_arguments(model, test_suite, evaluator, configurations or [])
    number, seed = _whole("n", n, 1), _whole("seed", seed, 0)
    allowed, store = check_tolerance(tolerance), test_suite._store(model)
    if evaluator is None:
        raise InputValidationError("To compute metrics again, pass the evaluator.")
    with store.read() as unit:
        (record,) = unit.test_runs.latest(
            unit.models.get(model.name).name,
            test_suite.name,
            test_suite.version,
            display_name(evaluator) or "",
        )
        cases = unit.test_suites.at(test_suite._id, test_suite.version).test_cases
        names = {case.id: case.name for case in cases if case.sample_count}
    chosen = random.Random(seed).sample([*names], min(number, len(names)))
    run = TestRun._mirroring(
        store.store,
        record,
        model=model,
        test_suite=test_suite,
        evaluator=evaluator,
        configurations=configurations,
        reset=False,
        _fingerprint=None,
        _provenance=None,
    )
    compared, differences, found = 0, [], False
    for name, again in _computed(run, chosen, names):
        found = True
        with store.read() as unit:
            stored = _Metrics.stored(unit, record.id, name, names)
            for case, sample_id, leaf in _compared(stored, again, chosen, allowed):
                compared += 1
                if leaf is not None:
                    sample = None
                    if sample_id is not None:
                        sample = _locator(unit.test_samples.rows([sample_id])[0].payload)
                    test_case = None if case is None else names[case]
                    differences.append(MetricDifference(name, test_case, sample, *leaf[:4]))
    if not found or not compared:
        raise NotFoundError(
            f"The model {model.name!r} has no stored metrics of the evaluator"
            f" {display_name(evaluator)!r} on {test_suite.name!r}; run test() with it first."
        )
    return MetricsCheck(
        model.name,
        test_suite.name,
        test_suite.version,
        display_name(evaluator),
        record.id,
        tuple(names[id_] for id_ in chosen),
        compared,
        tuple(differences),
    )


class _Metrics(NamedTuple):
    """Metrics by test case and sample, where None is the test case's own, or of no test case."""

    by_place: dict[tuple[int | None, int | None], Json]

    @classmethod
    def computed(cls, results: Results, names: dict[int, str]) -> _Metrics:
        found: dict[tuple[int | None, int | None], Json] = {
            (one.test_case_id, None): loads(one.payload) for one in results.case_metrics
        }
        for page in results.sample_metrics:
            for case, sample, text in zip(*page, strict=True):
                found[case, sample] = loads(text)
        return cls(found)

    @classmethod
    def stored(
        cls, unit: Unit, run_id: int, configuration: str | None, names: dict[int, str]
    ) -> _Metrics:
        ids = {name: id_ for id_, name in names.items()}
        found: dict[tuple[int | None, int | None], Json] = {
            (ids[one.test_case], None): {**one.metrics}
            for one in unit.test_runs.case_metrics(run_id)
            if one.configuration == configuration and one.test_case in ids
        }
        for made in unit.test_runs.configurations(run_id):
            if made.display_name == configuration:
                for case in (None, *names):
                    for row in unit.test_runs.sample_scores(made.id, case):
                        found[case, row.test_sample_id] = loads(row.payload)
        return cls(found)


def _computed(
    run: TestRun, chosen: list[int], names: dict[int, str]
) -> Iterator[tuple[str | None, _Metrics]]:
    with noting(f"computing metrics by the evaluator {display_name(run.evaluator)!r}"):
        for configuration, results in compute_results(run, chosen):
            name = None if configuration is None else kept_name(configuration)
            yield name, _Metrics.computed(results, names)


def _compared(
    stored: _Metrics, again: _Metrics, chosen: list[int], tolerance: Tolerance
) -> Iterator[tuple[int | None, int | None, Leaf | None]]:
    left, right = stored.by_place, again.by_place
    for place in sorted(left.keys() | right.keys(), key=lambda one: (one[0] or 0, one[1] or 0)):
        case, sample = place
        if case is None or case in chosen:
            leaves = [
                one
                for one in differing(left.get(place), right.get(place), tolerance)
                if not one.is_allowed
            ]
            yield case, sample, worst(leaves) if leaves else None
