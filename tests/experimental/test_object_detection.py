"""The pre-built detection workflows: through ``test``, against scikit-learn and pycocotools."""

from __future__ import annotations

import json
from typing import Any, Iterator, List, Optional

import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve, precision_recall_fscore_support

from kolena_local._experimental import instance_segmentation as segmentation
from kolena_local._experimental.object_detection import (
    GroundTruth,
    Inference,
    Model,
    ObjectDetectionEvaluator,
    TestCase,
    TestSample,
    TestSuite,
    ThresholdConfiguration,
)
from kolena_local._experimental.object_detection.evaluator_multiclass import (
    MulticlassObjectDetectionEvaluator,
)
from kolena_local._experimental.object_detection.evaluator_single_class import (
    SingleClassObjectDetectionEvaluator,
)
from kolena_local._experimental.object_detection.utils import (
    compute_average_precision,
    compute_confusion_matrix_plot,
    compute_f1_plot,
    compute_optimal_f1_threshold,
    compute_optimal_f1_threshold_multiclass,
    compute_pr_curve,
    compute_pr_plot,
    filter_inferences,
)
from kolena_local.annotation import (
    LabeledBoundingBox,
    LabeledPolygon,
    ScoredLabeledBoundingBox,
    ScoredLabeledPolygon,
)
from kolena_local.errors import InputValidationError
from kolena_local.metrics import InferenceMatches, match_inferences, match_inferences_multiclass
from kolena_local.metrics.detection_curves import Detections
from kolena_local.workflow import test
from tests.conftest import long_only
from tests.experimental.coco_values import FILE, IOU_THRESHOLDS, SEEDS
from tests.experimental.scenes import Scene, scenes
from tests.test_imports import modules_after
from tests.workflow.results import case_metrics, plots, sample_metrics, suite_metrics

OPTIMAL = ThresholdConfiguration()


def truth(left: float, label: str = "a") -> LabeledBoundingBox:
    return LabeledBoundingBox((left, 0), (left + 10, 10), label)


def found(left: float, score: float, label: str = "a") -> ScoredLabeledBoundingBox:
    return ScoredLabeledBoundingBox((left, 0), (left + 10, 10), label, score)


def suite_of(images: List[Scene], name: str = "s") -> Any:
    samples = [
        (TestSample(f"{index}.png"), GroundTruth(scene.objects))
        for index, scene in enumerate(images)
    ]
    cases = [
        TestCase(f"{name} all", test_samples=samples),
        TestCase(f"{name} half", test_samples=samples[::2]),
    ]
    return TestSuite(name, test_cases=cases)


def model_of(name: str, images: List[Scene], factor: float = 1.0) -> Any:
    def infer(sample: TestSample) -> Inference:
        detections = images[int(sample.locator[:-4])].detections
        return Inference([found_again(one, factor) for one in detections])

    return Model(name, infer=infer)


def found_again(one: Any, factor: float) -> ScoredLabeledBoundingBox:
    return ScoredLabeledBoundingBox(one.top_left, one.bottom_right, one.label, one.score * factor)


@pytest.fixture(scope="module")
def images() -> Iterator[List[Scene]]:
    yield scenes(seed=1)


@long_only
def test_one_evaluator_judges_two_models_as_two_evaluators_would(images: List[Scene]) -> None:
    suite, evaluator = suite_of(images), ObjectDetectionEvaluator([OPTIMAL])
    name = OPTIMAL.display_name()
    test(model_of("m", images), suite, evaluator)
    test(model_of("half as sure", images, 0.5), suite, evaluator)
    (first, second) = (case_metrics(run) for run in (0, 1))
    for case in ("s all", "s half"):
        by_class = [one.pop("PerClass") for one in (first[name, case], second[name, case])]
        assert first[name, case] == second[name, case]
        for one, other in zip(*by_class, strict=True):
            assert other.pop("Threshold") == pytest.approx(one.pop("Threshold") / 2)
            assert one == other
    assert first[name, "s all"]["Objects"] == sum(len(scene.objects) for scene in images)
    assert suite_metrics()[name]["n_images"] == len(images)
    titles = [payload["title"] for _, case, _, payload in plots() if case == "s all"]
    assert titles == [
        "F1-Score vs. Confidence Threshold Per Class",
        "Precision vs. Recall Per Class",
        "Confusion Matrix",
    ]


def test_an_image_by_hand() -> None:
    scene = Scene(
        [truth(0), truth(20, "b"), truth(40)],
        [found(0, 0.9), found(21, 0.8), found(40, 0.3), found(60, 0.6, "b")],
    )
    test(
        model_of("m", [scene]),
        suite_of([scene]),
        ObjectDetectionEvaluator([ThresholdConfiguration(0.5, multiclass=True)]),
    )
    metrics = sample_metrics()[0][2]
    counts = {key: value for key, value in metrics.items() if key.startswith("count")}
    assert counts == {"count_TP": 1, "count_FP": 2, "count_FN": 2, "count_Confused": 1}
    assert (metrics["max_confidence_above_t"], metrics["min_confidence_above_t"]) == (0.9, 0.6)
    assert [(one["label"], one["score"]) for one in metrics["thresholds"]] == [
        ("a", 0.5),
        ("b", 0.5),
    ]
    (_, case), *_ = case_metrics().items()
    assert (case["TP"], case["FP"], case["FN"], case["micro_Precision"]) == (1, 2, 2, 1 / 3)
    precisions = {one["Class"]: one["AP"] for one in case["PerClass"]}
    assert precisions == pytest.approx({"a": 5 / 6, "b": 0})


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("iou", IOU_THRESHOLDS)
def test_average_precision_is_that_of_pycocotools(seed: int, iou: float) -> None:
    expected = json.loads(FILE.read_text())[f"{seed} {iou}"]
    images = [
        (TestSample(str(i)), GroundTruth(one.objects), Inference(one.detections))
        for i, one in enumerate(scenes(seed))
    ]
    configuration = ThresholdConfiguration(iou_threshold=iou)
    evaluator: Any = ObjectDetectionEvaluator([configuration])
    metrics = evaluator.compute_test_case_metrics(None, images, [], configuration)
    assert {one.Class: one.AP for one in metrics.PerClass} == pytest.approx(expected)


@pytest.fixture(scope="module")
def matches(images: List[Scene]) -> Iterator[List[InferenceMatches[Any, Any]]]:
    yield [match_inferences(one.objects, one.detections) for one in images]


def arrays(matches: List[Any]) -> Any:
    is_right, scores = [], []
    for one in matches:
        for given, score in (
            *((1, inference.score) for _, inference in one.matched),
            *((1, -1) for _ in one.unmatched_gt),
            *((0, inference.score) for inference in one.unmatched_inf),
        ):
            is_right.append(given)
            scores.append(score)
    return np.array(is_right), np.array(scores)


def test_curves_and_the_best_threshold_are_those_of_scikit_learn(matches: Any) -> None:
    is_right, scores = arrays(matches)
    p, r, at = precision_recall_curve(is_right, scores)
    f1 = np.nan_to_num(2 * p * r / (p + r))[:-1][at >= 0]
    assert compute_optimal_f1_threshold(matches) == at[at >= 0][f1.argmax()]

    plot = compute_f1_plot(matches, "it")
    assert plot is not None
    (curve,) = plot.curves
    assert curve.extra is not None
    for threshold, f1_score, precision, recall in list(
        zip(curve.x, curve.y, curve.extra["Precision"], curve.extra["Recall"], strict=True)
    )[::9]:
        expected = precision_recall_fscore_support(
            is_right, scores >= threshold, average="binary", zero_division=0
        )
        assert (precision, recall, f1_score) == pytest.approx(expected[:3])

    whole = compute_pr_curve(matches)
    assert whole is not None and whole.x[-1] == 0 and len(set(whole.x)) == len(whole.x)
    best = {x: max(p[r == x]) for x in set(r[:-1][at >= 0])}
    assert dict(zip(whole.x[:-1], whole.y[:-1], strict=True)) == pytest.approx(best)


def test_many_scores_are_sampled_in_plots_but_not_for_average_precision() -> None:
    scores = np.random.default_rng(0).permutation(2000) / 2000
    pairs = [(truth(0), found(0, score)) for score in scores[:1000]]
    many = [InferenceMatches(pairs, [truth(0)], [found(0, score) for score in scores[1000:]])]
    curve = compute_pr_curve(many)
    assert curve is not None and len(curve.x) <= 502
    exact = precision_recall_curve(*arrays(many))
    precision, recall = (values[1:-1] for values in exact[:2])
    expected = compute_average_precision(precision.tolist(), recall.tolist())
    assert Detections.read(many).average_precision() == pytest.approx(expected)


def test_without_points_there_are_no_curves() -> None:
    nothing: List[Any] = [InferenceMatches([], [], [])]
    missed: List[Any] = [InferenceMatches([], [truth(0)], [])]
    wrong: List[Any] = [InferenceMatches([], [], [found(0, 0.5), found(0, 0.7)])]
    for matches in ([], nothing, missed, wrong):
        assert compute_pr_plot(matches) is compute_f1_plot(matches) is None
        assert compute_optimal_f1_threshold(matches) == 0
    assert compute_average_precision([], []) == 0
    with pytest.raises(ValueError, match="2 precisions and 1 recalls"):
        compute_average_precision([1, 0], [1])
    one = match_inferences_multiclass([truth(0)], [found(0, 0.5)])
    assert compute_confusion_matrix_plot([one]) is None
    assert compute_optimal_f1_threshold_multiclass([one]) == {"a": 0.5}
    three = [found(0, score, label) for score, label in ((0.5, "a"), (0.2, "a"), (0.9, "b"))]
    assert filter_inferences(three, 0.5, {"a"}) == three[:1]
    assert filter_inferences(three) == filter_inferences(three, 0.0) == three


@pytest.mark.parametrize(
    ("given", "kept"), [(1, 1.0), ("0.3", 0.3), (0, 0.0), ("F1-Optimal", "F1-Optimal")]
)
def test_a_whole_number_is_a_threshold(given: Any, kept: Any) -> None:
    configuration = ThresholdConfiguration(given)
    assert configuration.threshold_strategy == kept
    assert configuration.display_name() == (
        f"Confidence Threshold: {kept}, IoU: 0.5, min confidence ≥ 0.0"
    )
    assert ThresholdConfiguration(given, multiclass=True).display_name().startswith("Multiclass, ")
    with pytest.raises(InputValidationError, match="threshold_strategy"):
        ThresholdConfiguration("best")  # type: ignore[arg-type]


def triples(*scene: Scene, ignored: Optional[int] = None) -> Any:
    return [
        (
            TestSample(str(i)),
            GroundTruth(it.objects),
            Inference(it.detections, ignored=i == ignored),
        )
        for i, it in enumerate(scene)
    ]


def test_classes_count_as_configured_and_ignored_images_do_not() -> None:
    given = triples(Scene([truth(0)], [found(0, 0.9)]), Scene([truth(0)], []), ignored=1)
    case: Any = TestCase("c", test_samples=[(sample, it) for sample, it, _ in given])
    single: Any = ObjectDetectionEvaluator([OPTIMAL])
    metrics = [it for _, it in single.compute_test_sample_metrics(case, given, OPTIMAL)]
    assert [it.ignored for it in metrics] == [False, True]
    found_metrics = single.compute_test_case_metrics(case, given, metrics, OPTIMAL)
    assert (found_metrics.AP, found_metrics.FN, found_metrics.nIgnored) == (1, 0, 1)
    whole = single.compute_test_suite_metrics(None, [(case, found_metrics)], OPTIMAL)
    assert (whole.n_images, whole.mean_AP, whole.threshold) == (2, 1, 0.9)

    confused = triples(Scene([truth(0)], [found(0, 0.9, "b")]))
    for evaluator, right in (
        (SingleClassObjectDetectionEvaluator([OPTIMAL]), 1),
        (MulticlassObjectDetectionEvaluator([OPTIMAL]), 0),
        (ObjectDetectionEvaluator([OPTIMAL]), 0),
    ):
        ((_, one),) = evaluator.compute_test_sample_metrics(case, confused, OPTIMAL)
        assert one.count_TP == right
    with pytest.raises(AssertionError, match="need a configuration"):
        single.compute_test_sample_metrics(case, confused)


def test_a_run_that_failed_leaves_nothing_to_the_next() -> None:
    evaluator: Any = ObjectDetectionEvaluator([OPTIMAL])
    case: Any = TestCase("c")
    for score in (0.9, 0.4):  # the first run never comes to its test suite
        given = triples(Scene([truth(0)], [found(0, score)]))
        ((_, metrics),) = evaluator.compute_test_sample_metrics(case, given, OPTIMAL)
        assert metrics.thresholds == score


def test_polygons_are_matched_through_test() -> None:
    square = [(0, 0), (10, 0), (10, 10), (0, 10)]
    truth_ = segmentation.GroundTruth([LabeledPolygon(square, "a")], n_polygons=7)
    assert truth_.n_polygons == 1
    case = segmentation.TestCase("c", test_samples=[(segmentation.TestSample("a.png"), truth_)])
    model = segmentation.Model(
        "m", infer=lambda _: segmentation.Inference([ScoredLabeledPolygon(square, "a", 0.5)])
    )
    configuration = segmentation.EvaluatorConfiguration()
    suite = segmentation.TestSuite("s", test_cases=[case])
    test(model, suite, segmentation.InstanceSegmentationEvaluator([configuration]))
    assert case_metrics()[configuration.display_name(), "c"]["AP"] == 1
    ((_, loaded),) = [(it[0], it[1]) for it in case.load_test_samples()]
    assert loaded == truth_


@long_only
def test_importing_the_helpers_needs_no_scikit_learn() -> None:
    code = (
        "import kolena_local.evaluators\n"
        "import kolena_local._experimental.object_detection.utils\n"
        "import kolena_local._experimental.instance_segmentation\n"
        "import kolena_local._experimental.classification.utils"
    )
    assert not modules_after(code) & {"sklearn", "scipy", "shapely", "pandas"}
