"""Evaluators that are functions: their arguments besides the data, and their results."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any

from kolena_local.errors import InputValidationError
from kolena_local.serialization.type_shapes import shape_of
from kolena_local.workflow.arguments import check_pairs, check_type
from kolena_local.workflow.evaluator import (
    EvaluatorConfiguration,
    MetricsTestCase,
    MetricsTestSample,
    MetricsTestSuite,
)
from kolena_local.workflow.ground_truth import GroundTruth
from kolena_local.workflow.inference import Inference
from kolena_local.workflow.plot import Plot
from kolena_local.workflow.test_case import TestCase
from kolena_local.workflow.test_sample import TestSample

# Scripts import the types of arguments from here, too.
__all__ = [
    "BasicEvaluatorFunction",
    "EvaluationResults",
    "GroundTruth",
    "Inference",
    "MetricsTestSample",
    "TestCases",
    "TestSample",
    "no_op_evaluator",
]

Quintuple = tuple[
    TestCase, list[TestSample], list[GroundTruth], list[Inference], list[MetricsTestSample]
]


class TestCases:
    """The test cases of the test suite that is evaluated.

    Args:
        members: each test case with the ids of its test samples, in order.
        id_of: returns the id of a test sample.
        samples: the suite's test samples by id.
    """

    __test__ = False

    def __init__(
        self,
        members: Sequence[tuple[TestCase, Sequence[int]]],
        id_of: Callable[[TestSample], int],
        samples: Mapping[int, TestSample],
    ) -> None:
        self._members = members
        self._samples = samples
        self._id_of = id_of

    def iter(
        self,
        test_samples: Sequence[TestSample],
        ground_truths: Sequence[GroundTruth],
        inferences: Sequence[Inference],
        metrics_test_sample: Sequence[MetricsTestSample],
    ) -> Iterator[Quintuple]:
        """Iterate over the test cases with the data of each.

        The test samples are those of the suite, with metadata, even if copies are passed.

        Args:
            test_samples: the test samples of the suite, in any order.
            ground_truths: the ground truth of each test sample.
            inferences: the inference for each test sample.
            metrics_test_sample: the metrics of each test sample.

        Yields:
            A test case that has samples, and the lists of its test samples, ground truths,
            inferences and metrics.

        Raises:
            InputValidationError: the four have different lengths, or a sample is not in the test
                suite.
            KeyError: a sample of a test case is missing.
        """
        given = (test_samples, ground_truths, inferences, metrics_test_sample)
        if len({len(column) for column in given}) != 1:
            raise InputValidationError(
                "TestCases.iter() needs as many ground truths, inferences and metrics as test"
                f" samples, not {', '.join(str(len(column)) for column in given)}."
            )
        by_id = {self._id_of(row[0]): row for row in zip(*given, strict=True)}
        for test_case, ids in self._members:
            if not ids:
                continue  # as for an evaluator class
            absent = next((id_ for id_ in ids if id_ not in by_id), None)
            if absent is not None:
                raise KeyError(
                    f"TestCases.iter() was not given {self._samples.get(absent)!r:.200}, a sample"
                    f" of the test case {test_case.name!r}."
                )
            rows = [by_id[id_] for id_ in ids]
            yield (
                test_case,
                [self._samples[id_] for id_ in ids],
                [truth for _, truth, _, _ in rows],
                [inference for _, _, inference, _ in rows],
                [metrics for _, _, _, metrics in rows],
            )


@dataclass(frozen=True)
class EvaluationResults:
    """What an evaluator function returns.

    Args:
        metrics_test_sample: a pair of test sample and metrics for each test sample.
        metrics_test_case: a pair of test case and metrics for each test case.
        plots_test_case: a pair of test case and plots for each test case that has plots.
        metrics_test_suite: the metrics of the whole test suite, if any.

    Raises:
        InputValidationError: an element is not a pair or has another type; the message has its
            position.
    """

    metrics_test_sample: list[tuple[TestSample, MetricsTestSample]]
    metrics_test_case: list[tuple[TestCase, MetricsTestCase]]
    plots_test_case: list[tuple[TestCase, list[Plot]]] = field(default_factory=list)
    metrics_test_suite: MetricsTestSuite | None = None

    def __post_init__(self) -> None:
        metrics_of_sample = {"test sample": TestSample, "metrics": MetricsTestSample}
        check_pairs("metrics_test_sample", self.metrics_test_sample, metrics_of_sample)
        metrics_of_case = {"test case": TestCase, "metrics": MetricsTestCase}
        check_pairs("metrics_test_case", self.metrics_test_case, metrics_of_case)
        check_pairs(
            "plots_test_case", self.plots_test_case, {"test case": TestCase, "plots": object}
        )
        for index, (_, plots) in enumerate(self.plots_test_case):
            check_plots(f"plots_test_case[{index}][1]", plots)
        if self.metrics_test_suite is not None:
            check_type("metrics_test_suite", self.metrics_test_suite, MetricsTestSuite)


#: A function with the positional parameters test samples, ground truths, inferences and test cases.
#: If it has a fifth parameter, it is called once for each configuration. If it returns None, no
#: results are stored.
BasicEvaluatorFunction = (
    Callable[[list[Any], list[Any], list[Any], TestCases, Any], EvaluationResults | None]
    | Callable[[list[Any], list[Any], list[Any], TestCases], EvaluationResults | None]
)


def no_op_evaluator(
    test_samples: list[TestSample],
    ground_truths: list[GroundTruth],
    inferences: list[Inference],
    test_cases: TestCases,
) -> EvaluationResults:
    """Return empty metrics for every sample and test case, to only run a model over a suite.

    Args:
        test_samples: the samples of the suite.
        ground_truths: their ground truths.
        inferences: the model's inferences.
        test_cases: the test cases of the suite.

    Returns:
        The empty results.
    """
    nothing = [MetricsTestSample() for _ in test_samples]
    return EvaluationResults(
        metrics_test_sample=list(zip(test_samples, nothing, strict=True)),
        metrics_test_case=[
            (test_case, MetricsTestCase())
            for test_case, *_ in test_cases.iter(test_samples, ground_truths, inferences, nothing)
        ],
    )


def takes_configuration(evaluator: Callable[..., Any]) -> bool:
    """Return whether an evaluator function takes a configuration as its fifth parameter.

    Args:
        evaluator: any callable.

    Returns:
        Whether it has exactly five parameters, the last of which is annotated as an
        EvaluatorConfiguration (optionally ``Optional`` or in quotes).

    Raises:
        InputValidationError: the annotation has a name that is not defined.
    """
    try:
        parameters = list(inspect.signature(evaluator).parameters.values())
    except (TypeError, ValueError):
        return False
    if len(parameters) != 5:
        return False
    hint = parameters[4].annotation
    if hint is inspect.Parameter.empty:
        return False
    alone = SimpleNamespace(__annotations__={"hint": hint})
    try:
        hint = typing.get_type_hints(alone, globalns=_names_seen_by(evaluator))["hint"]
    except NameError as error:
        raise InputValidationError(
            f"The annotation {hint!r} of {getattr(evaluator, '__name__', evaluator)} names"
            f" {error.name!r}, which cannot be found; move it to the top level of its module."
        ) from None
    return any(issubclass(it.cls, EvaluatorConfiguration) for it in shape_of(hint).objects())


def _names_seen_by(evaluator: Any) -> dict[str, Any]:
    while isinstance(evaluator, partial):
        evaluator = evaluator.func
    function = evaluator if inspect.isroutine(evaluator) else type(evaluator).__call__
    names: dict[str, Any] = getattr(inspect.unwrap(function), "__globals__", {})
    return names


def check_plots(place: str, plots: Any) -> None:
    """Check that a value is a list of plots.

    Args:
        place: the argument or result, for the message.
        plots: the argument or result.

    Raises:
        InputValidationError: it is not a list, or an item is not a plot.
    """
    if not isinstance(plots, (list, tuple)):
        raise InputValidationError(f"{place} must be a list of plots, not {plots!r:.80}.")
    for index, plot in enumerate(plots):
        check_type(f"{place}[{index}]", plot, Plot)
