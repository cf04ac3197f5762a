"""``ObjectDetectionEvaluator``: detections with one or several classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from kolena_local._experimental.object_detection import multiclass, single_class
from kolena_local._experimental.object_detection.case_matches import CaseMatches, Scene
from kolena_local._experimental.object_detection.multiclass import Thresholds
from kolena_local._experimental.object_detection.utils import compute_confusion_matrix_plot, plot
from kolena_local._experimental.object_detection.workflow import (
    TestCaseMetrics,
    TestCaseMetricsSingleClass,
    TestSampleMetrics,
    TestSampleMetricsSingleClass,
    TestSuiteMetrics,
    ThresholdConfiguration,
)
from kolena_local.workflow import Evaluator, Plot, TestCase, TestSample, TestSuite
from kolena_local.workflow.evaluator import Triples


@dataclass
class _Run:
    """What is kept between the test cases of one run under one configuration."""

    test_cases: set[str] = field(default_factory=set)
    locators: set[str] = field(default_factory=set)
    #: By whether there are several classes.
    thresholds: dict[bool, Thresholds] = field(default_factory=dict)
    latest: CaseMatches | None = None


class ObjectDetectionEvaluator(Evaluator):
    """Matches detected objects with the objects that are there.

    Every configuration is a :class:`~.workflow.ThresholdConfiguration`, and at least one is
    needed. Under ``"F1-Optimal"``, the confidence thresholds are computed on the first test case of
    the test suite, and used for all of its test cases: make the first one complete.

    An evaluator may be used for any number of runs; nothing of one run counts in another.

    Args:
        configurations: the configurations to compute metrics under.

    Raises:
        InputValidationError: the list is empty, or two have the same display name.
        AssertionError: when it computes: there is no configuration.
    """

    def __init__(self, configurations: list[Any] | None = None) -> None:
        super().__init__(configurations)
        self._runs: dict[str, _Run] = {}

    def compute_test_sample_metrics(
        self, test_case: TestCase, inferences: Triples, configuration: Any = None
    ) -> Sequence[tuple[TestSample, TestSampleMetrics | TestSampleMetricsSingleClass]]:
        """Match the objects of each image."""
        name = _checked(configuration).display_name()
        run = self._runs.setdefault(name, _Run())
        if test_case.name in run.test_cases:  # a run that did not come to its end
            run = self._runs[name] = _Run()
        run.test_cases.add(test_case.name)
        run.locators.update(str(getattr(one, "locator", one)) for one, _, _ in inferences)
        case = run.latest = self._matches(inferences, configuration)
        thresholds = run.thresholds.setdefault(case.is_multiclass, case.thresholds())
        return [
            (
                sample,
                multiclass.sample_metrics(matches, thresholds)
                if case.is_multiclass
                else single_class.sample_metrics(matches, thresholds.default),
            )
            for (sample, *_), matches in zip(inferences, case.by_image, strict=True)
        ]

    def compute_test_case_metrics(
        self,
        test_case: TestCase,
        inferences: Triples,
        metrics: list[Any],
        configuration: Any = None,
    ) -> TestCaseMetrics | TestCaseMetricsSingleClass:
        """Count the objects of a test case, and compute average precision."""
        case, thresholds = self._case(inferences, configuration)
        if not case.is_multiclass:
            return single_class.case_metrics(metrics, case.detections.average_precision())
        classes = multiclass.class_metrics(case.labels, case.matches, case.by_label, thresholds)
        return multiclass.case_metrics(classes, metrics)

    def compute_test_case_plots(
        self,
        test_case: TestCase,
        inferences: Triples,
        metrics: list[Any],
        configuration: Any = None,
    ) -> list[Plot]:
        """Draw curves and, for several classes, a confusion matrix."""
        case, thresholds = self._case(inferences, configuration)
        plots: list[Plot | None]
        if case.is_multiclass:
            counted = multiclass.above(case.matches, thresholds)
            plots = [
                plot(case.by_label, "f1", " Per Class"),
                plot(case.by_label, "pr", " Per Class"),
                compute_confusion_matrix_plot(counted),
            ]
        else:
            plots = [plot({None: case.detections}, kind) for kind in ("pr", "f1")]
        return [one for one in plots if one is not None]

    def compute_test_suite_metrics(
        self, test_suite: TestSuite, metrics: list[tuple[Any, Any]], configuration: Any = None
    ) -> TestSuiteMetrics:
        """Average over the test cases."""
        run = self._runs.pop(_checked(configuration).display_name(), _Run())
        found = [one.mean_AP if isinstance(one, TestCaseMetrics) else one.AP for _, one in metrics]
        several = True in run.thresholds or not run.thresholds
        return TestSuiteMetrics(
            n_images=len(run.locators),
            mean_AP=sum(found) / max(len(found), 1),
            threshold=None if several else run.thresholds[False].default,
        )

    def _scene(self, ground_truth: Any, inference: Any) -> Scene:
        """Return what is compared in an image."""
        return Scene(
            ground_truth.bboxes, ground_truth.ignored_bboxes, inference.bboxes, inference.ignored
        )

    def _case(
        self, inferences: Triples, configuration: ThresholdConfiguration
    ) -> tuple[CaseMatches, Thresholds]:
        run = self._runs.get(_checked(configuration).display_name(), _Run())
        case = run.latest
        if case is None or not case.is_of([inference for _, _, inference in inferences]):
            case = self._matches(inferences, configuration)
        return case, run.thresholds.get(case.is_multiclass) or case.thresholds()

    def _matches(self, inferences: Triples, configuration: ThresholdConfiguration) -> CaseMatches:
        scenes = [self._scene(truth, inference) for _, truth, inference in inferences]
        given = [inference for _, _, inference in inferences]
        return CaseMatches(given, scenes, configuration, self._wants_classes(configuration))

    def _wants_classes(self, configuration: ThresholdConfiguration) -> bool | None:
        """Return whether labels must agree; None to decide by the labels of each test case."""
        return configuration.multiclass


def _checked(configuration: ThresholdConfiguration | None) -> ThresholdConfiguration:
    assert configuration is not None, (
        "The detection evaluators need a configuration; pass a list of them when you make one."
    )
    return configuration
