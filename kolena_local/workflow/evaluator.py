"""Evaluators that are classes, and the metrics and configurations of all evaluators."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from kolena_local.directions import HigherIsBetter, LowerIsBetter
from kolena_local.errors import InputValidationError
from kolena_local.serialization.data_object import DataObject
from kolena_local.serialization.write import write
from kolena_local.workflow import plot
from kolena_local.workflow.arguments import check_list, check_type, storable
from kolena_local.workflow.plot import *  # noqa: F403 - scripts import plots from here, too
from kolena_local.workflow.plot import Plot
from kolena_local.workflow.test_case import TestCase
from kolena_local.workflow.test_sample import TestSample
from kolena_local.workflow.test_suite import TestSuite
from kolena_local.workflow.type_rules import (
    check_metrics_test_case,
    check_metrics_test_sample,
    check_metrics_test_suite,
)

__all__ = [
    "Evaluator",
    "EvaluatorConfiguration",
    "HigherIsBetter",
    "LowerIsBetter",
    "MetricsTestCase",
    "MetricsTestSample",
    "MetricsTestSuite",
]
__all__ += plot.__all__


class MetricsTestSample(DataObject):
    """Metrics of one test sample; subclass it with the fields you compute.

    Fields may be scalars, annotations, assets and lists of these; others are refused when the
    subclass is defined. A value may be missing (None) or NaN whatever its field's type.

    Write the type of a bool or number as ``HigherIsBetter[bool]``, ``LowerIsBetter[float]`` or
    ``LowerIsBetter[Optional[float]]`` to declare its direction, so that a comparison of two models
    can say which is better. The direction is stored with the results. Metrics of test cases and
    test suites may be declared in the same way.
    """

    _is_loose: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        check_metrics_test_sample(cls)


class MetricsTestCase(DataObject):
    """Metrics of one test case; subclass it with the fields you compute.

    Fields may be scalars and lists of other ``MetricsTestCase`` classes, one level deep; others are
    refused when the subclass is defined. A value may be missing (None) or NaN whatever its field's
    type.
    """

    _is_loose: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        check_metrics_test_case(cls, MetricsTestCase)


class MetricsTestSuite(DataObject):
    """Metrics of a whole test suite; subclass it with the fields you compute.

    Fields may be scalars; others are refused when the subclass is defined. A value may be missing
    (None) or NaN whatever its field's type.
    """

    _is_loose: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        check_metrics_test_suite(cls)


class EvaluatorConfiguration(DataObject, metaclass=ABCMeta):
    """Settings under which an evaluator computes, such as a threshold.

    Subclasses return their name from ``display_name``. Two are equal if all their attributes are.
    """

    @abstractmethod
    def display_name(self) -> str:
        """Return the name under which results of this configuration are stored."""

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), self.display_name()))


#: Triples of test sample, ground truth and inference; subclasses may annotate their own types.
Triples = list[tuple[Any, Any, Any]]


class Evaluator(metaclass=ABCMeta):
    """Computes metrics from ground truths and inferences, test case by test case.

    Args:
        configurations: the configurations to compute metrics under, one after another; None means
            that there are none.

    Raises:
        InputValidationError: the list is empty, or two have the same display name.
    """

    configurations: list[EvaluatorConfiguration]

    def __init__(self, configurations: list[EvaluatorConfiguration] | None = None) -> None:
        given = check_list(configurations, "configurations must be a list")
        if configurations is not None and not given:
            raise InputValidationError(
                f"{type(self).__name__} was given an empty list of configurations; pass None or at"
                " least one."
            )
        check_configurations(given)
        self.configurations = given

    def display_name(self) -> str:
        """Return the name under which results of this evaluator are stored: the class name."""
        return type(self).__name__

    @abstractmethod
    def compute_test_sample_metrics(
        self, test_case: TestCase, inferences: Triples, configuration: Any = None
    ) -> Sequence[tuple[TestSample, MetricsTestSample]]:
        """Compute per-sample metrics of a test case.

        Args:
            test_case: the test case.
            inferences: its test samples, their ground truths and the model's inferences.
            configuration: one of this evaluator's configurations, None if it has none.

        Returns:
            A pair of test sample and metrics for each test sample.
        """

    @abstractmethod
    def compute_test_case_metrics(
        self,
        test_case: TestCase,
        inferences: Triples,
        metrics: list[Any],
        configuration: Any = None,
    ) -> MetricsTestCase:
        """Compute metrics of a whole test case.

        Args:
            test_case: the test case.
            inferences: its test samples, their ground truths and the model's inferences.
            metrics: the metrics that :meth:`compute_test_sample_metrics` returned, in that order.
            configuration: one of this evaluator's configurations, None if it has none.

        Returns:
            The metrics of the test case.
        """

    def compute_test_case_plots(
        self,
        test_case: TestCase,
        inferences: Triples,
        metrics: list[Any],
        configuration: Any = None,
    ) -> Sequence[Plot] | None:
        """Make plots of a test case; override it if you want any.

        Args:
            test_case: the test case.
            inferences: its test samples, their ground truths and the model's inferences.
            metrics: the metrics that :meth:`compute_test_sample_metrics` returned, in that order.
            configuration: one of this evaluator's configurations, None if it has none.
        """
        return None

    def compute_test_suite_metrics(
        self, test_suite: TestSuite, metrics: list[tuple[Any, Any]], configuration: Any = None
    ) -> MetricsTestSuite | None:
        """Compute metrics of the whole test suite; override it if you want any.

        Args:
            test_suite: the test suite.
            metrics: pairs of test case and its metrics.
            configuration: one of this evaluator's configurations, None if it has none.

        Returns:
            The metrics of the test suite, or None.
        """
        return None


def check_configurations(configurations: list[Any]) -> None:
    """Check that configurations can be stored and have different names.

    Raises:
        InputValidationError: one is not an EvaluatorConfiguration or cannot be stored, or two have
            the same display name.
    """
    names: set[str] = set()
    for configuration in configurations:
        check_type("A configuration", configuration, EvaluatorConfiguration)
        write(configuration)
        name = kept_name(configuration)
        if name in names:
            raise InputValidationError(
                f"Two configurations have the display name {name!r}; results are stored under that"
                " name, so it must be unique."
            )
        names.add(name)


def kept_name(named: Evaluator | EvaluatorConfiguration) -> str:
    """Return the name under which results of an evaluator or a configuration are stored.

    Raises:
        InputValidationError: its display name is blank, or not text that can be stored.
    """
    what = f"{type(named).__name__}.display_name()"
    name = named.display_name()
    # Results without a configuration are stored under a blank name.
    if not isinstance(name, str) or not name.strip():
        raise InputValidationError(f"{what} must return text that is not blank, not {name!r:.80}.")
    return storable(str.__str__(name), what)


def name_in_code(evaluator: Any) -> Any:
    """Return the name of an evaluator's class or function; what has no name is returned itself."""
    named = type(evaluator) if isinstance(evaluator, Evaluator) else evaluator
    return getattr(named, "__name__", named)
