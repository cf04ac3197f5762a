"""Evaluators that are classes, and the metrics and configurations that every evaluator deals in."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from kolena_local.errors import InputValidationError
from kolena_local.serialization.data_object import DataObject
from kolena_local.serialization.type_rules import (
    check_metrics_test_case,
    check_metrics_test_sample,
    check_metrics_test_suite,
)
from kolena_local.serialization.write import write
from kolena_local.workflow import plot
from kolena_local.workflow.arguments import check_list, check_type, storable
from kolena_local.workflow.plot import *  # noqa: F403 - scripts import plots from here, too
from kolena_local.workflow.plot import Plot
from kolena_local.workflow.test_case import TestCase
from kolena_local.workflow.test_sample import TestSample
from kolena_local.workflow.test_suite import TestSuite

__all__ = [
    "Evaluator",
    "EvaluatorConfiguration",
    "MetricsTestCase",
    "MetricsTestSample",
    "MetricsTestSuite",
]
__all__ += plot.__all__


class MetricsTestSample(DataObject):
    """Metrics of one test sample; subclass it with the fields you compute.

    Fields may be scalars, annotations, assets and lists of these; others are refused when the
    subclass is defined. A value may be missing (None) or NaN whatever its field's type.
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

    Subclasses say by ``display_name`` what they are called. Two are equal when everything in them
    is.
    """

    @abstractmethod
    def display_name(self) -> str:
        """Return the name under which results of this configuration are kept."""

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), self.display_name()))


#: Test sample, ground truth and inference of a workflow's own types, which subclasses may name.
Triples = list[tuple[Any, Any, Any]]


class Evaluator(metaclass=ABCMeta):
    """Computes metrics from ground truths and inferences, test case by test case.

    Args:
        configurations: settings to compute under, each in turn; None means that there are none.

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
        """Return the name under which results of this evaluator are kept: the class's."""
        return type(self).__name__

    @abstractmethod
    def compute_test_sample_metrics(
        self,
        test_case: TestCase,
        inferences: Triples,
        configuration: Any = None,
    ) -> Sequence[tuple[TestSample, MetricsTestSample]]:
        """Compute metrics of each test sample of a test case.

        Args:
            test_case: the test case.
            inferences: its test samples, their ground truths and the model's inferences.
            configuration: one of this evaluator's, None if it has none.

        Returns:
            A pair for each test sample.
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
            metrics: what :meth:`compute_test_sample_metrics` returned, in that order.
            configuration: one of this evaluator's, None if it has none.
        """

    def compute_test_case_plots(
        self,
        test_case: TestCase,
        inferences: Triples,
        metrics: list[Any],
        configuration: Any = None,
    ) -> Sequence[Plot] | None:
        """Draw plots for a test case; there are none unless this is overridden.

        Args:
            test_case: the test case.
            inferences: its test samples, their ground truths and the model's inferences.
            metrics: what :meth:`compute_test_sample_metrics` returned, in that order.
            configuration: one of this evaluator's, None if it has none.
        """
        return None

    def compute_test_suite_metrics(
        self,
        test_suite: TestSuite,
        metrics: list[tuple[Any, Any]],
        configuration: Any = None,
    ) -> MetricsTestSuite | None:
        """Compute metrics of the whole test suite; there are none unless this is overridden.

        Args:
            test_suite: the test suite.
            metrics: the metrics of each of its test cases.
            configuration: one of this evaluator's, None if it has none.
        """
        return None


def check_configurations(configurations: list[Any]) -> None:
    """Refuse configurations that are none, or that could not be told apart in the store.

    Raises:
        InputValidationError: one is not an EvaluatorConfiguration, cannot be stored, or has no
            display name of its own.
    """
    names: set[str] = set()
    for configuration in configurations:
        check_type("A configuration", configuration, EvaluatorConfiguration)
        write(configuration)
        name = kept_name(configuration)
        if name in names:
            raise InputValidationError(
                f"Two configurations have the display name {name!r}; results are kept by that name."
            )
        names.add(name)


def kept_name(named: Evaluator | EvaluatorConfiguration) -> str:
    """Return the name under which results of an evaluator or a configuration are kept.

    Raises:
        InputValidationError: its display name is blank, or no text that the store can hold.
    """
    what = f"{type(named).__name__}.display_name()"
    name = named.display_name()
    # Blank is the name under which results without any configuration are kept.
    if not isinstance(name, str) or not name.strip():
        raise InputValidationError(f"{what} must return text that is not blank, not {name!r:.80}.")
    return storable(str.__str__(name), what)
