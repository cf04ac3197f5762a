"""Data frames of models and of metrics, and the tables that notebooks show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, List, Optional, Union

import pandas as pd
import pytest

from kolena_local.errors import InputValidationError, NotFoundError
from kolena_local.frames import store_frames
from kolena_local.workflow import (
    EvaluationResults,
    Evaluator,
    Image,
    MetricsTestCase,
    MetricsTestSample,
    TestRun,
    define_workflow,
    test,
)
from kolena_local.workflow.annotation import (
    BoundingBox,
    ClassificationLabel,
    LabeledBoundingBox,
    ScoredClassificationLabel,
)
from tests.frames.inferred import Answer, Boxed, inferred
from tests.workflow.types import (
    Animal,
    Guess,
    Judge,
    Model,
    TestCase,
    TestSuite,
    Threshold,
    cat,
    pairs,
    photo,
)


def test_metrics_of_a_run() -> None:
    _, suite = inferred("a", "b")
    model = Model("model")
    run = TestRun(model, suite, Judge([Threshold(0.5), Threshold(2.0)]))
    assert run.metrics_dataframe().shape[0] == 0
    run.run()
    cases = run.metrics_dataframe()
    assert list(cases["configuration"]) == ["threshold 0.5", "threshold 2.0"]
    assert list(cases["test_case"]) == ["case", "case"]
    assert list(cases["metrics.accuracy"]) == [1.0, 0.0]
    samples = run.metrics_dataframe(level="sample")
    assert list(samples["sample.locator"]) == ["a.png", "b.png"] * 2
    assert samples["metrics.correct"].dtype == "bool"
    assert list(run.metrics_dataframe("suite")["metrics.worst"]) == [1.0, 0.0]
    with pytest.raises(InputValidationError, match="level must be sample, case or suite, not 'x'"):
        run.metrics_dataframe("x")


def test_results_that_are_replaced_meanwhile_are_in_no_frame_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, suite = inferred("a", "b")
    run = TestRun(Model("model"), suite, Judge([Threshold(0.5), Threshold(2.0)]))
    run.run()
    parse = store_frames._parse

    def parse_while_somebody_runs(texts: List[str]) -> Any:
        TestRun(Model("model"), suite, Judge([Threshold(0.5), Threshold(2.0)])).run()
        return parse(texts)

    monkeypatch.setattr(store_frames, "_PAGE", 1)
    monkeypatch.setattr(store_frames, "_parse", parse_while_somebody_runs)
    samples = run.metrics_dataframe(level="sample")
    assert list(samples["sample.locator"]) == ["a.png", "b.png"] * 2


def test_models_as_a_frame() -> None:
    Model("b", metadata={"seed": 1}, tags={"y", "x"})
    Model("a", metadata={"rate": {"first": 0.5}})
    frame = Model.list_dataframe()
    assert list(frame["name"]) == ["b", "a"]
    assert frame["tags"][0] == ["x", "y"]
    assert frame["metadata.seed"][0] == 1 and frame["metadata.seed"].isna()[1]
    assert frame["metadata.rate.first"][1] == 0.5
    assert str(frame["created_at"].dt.tz) == "UTC"
    assert list(Model.list_dataframe(tags={"x"})["name"]) == ["b"]
    assert len(Model.list_dataframe(tags={"nobody"})) == 0


def test_results_of_models_on_a_suite() -> None:
    suite = TestSuite("suite", test_cases=[TestCase("case", test_samples=pairs("a", "b"))])
    one, two = Model("one", infer=cat), Model("two", infer=lambda _: Guess("dog"))
    for model in (one, two):
        test(model, suite, Judge())
    frame = suite.results_dataframe()
    table = frame[frame["metric"] == "accuracy"].pivot(
        index="test_case", columns="model", values="value"
    )
    assert table.to_dict() == {"one": {"case": 1.0}, "two": {"case": 0.0}}
    assert frame["test_case"].isna().sum() == 2
    assert set(suite.results_dataframe(["two"])["model"]) == {"two"}
    assert set(suite.results_dataframe([one])["model"]) == {"one"}


@dataclass(frozen=True)
class Anything(MetricsTestSample):
    value: Union[bool, int, float, str, None]


@dataclass(frozen=True)
class OfClass(MetricsTestCase):
    label: str
    recall: float


@dataclass(frozen=True)
class AnythingOfCase(MetricsTestCase):
    value: Union[bool, int, float, str, None]
    large: int
    per_class: list[OfClass]


class Answers(Evaluator):
    def compute_test_sample_metrics(
        self, test_case: Any, inferences: Any, configuration: Any = None
    ) -> Any:
        return [(sample, Anything(VALUES[int(sample.locator[:-4])])) for sample, *_ in inferences]

    def compute_test_case_metrics(
        self, test_case: Any, inferences: Any, metrics: Any, configuration: Any = None
    ) -> Any:
        large = 10**400 if test_case.name == "1" else 2
        classes = [OfClass("cat", 0.5), OfClass("dog", 0.75)]
        return AnythingOfCase(metrics[0].value, large, classes)


LARGE = [2**53 + 1, 10**400, 2**63, -(2**64), 2**53]
VALUES = [*LARGE, 1, 0.5, True, None, math.nan, math.inf, "text"]


@pytest.mark.parametrize("count", [1, 5, len(VALUES)])
def test_numbers_of_any_size_and_kind_are_in_every_frame_as_they_are(count: int) -> None:
    cases = [
        TestCase(str(index), test_samples=[(photo(str(index), n=VALUES[index]), Animal("cat"))])
        for index in range(count)
    ]
    suite = TestSuite("suite", test_cases=cases)
    model = Model("model", infer=cat, metadata={"n": LARGE[1]})
    run = TestRun(model, suite, Answers())
    run.run()

    def same(cells: Any, values: Any) -> bool:
        # pandas shows what is missing in its own ways.
        shown = [None if cell is None or cell is pd.NA else cell for cell in cells]
        return repr(shown) == repr(list(values))

    values = VALUES[:count]
    assert same(run.metrics_dataframe("sample")["metrics.value"].tolist(), values)
    assert same(run.metrics_dataframe("case")["metrics.value"].tolist(), values)
    assert same(model.to_dataframe(suite)["metadata.n"].tolist(), values)
    assert Model.list_dataframe()["metadata.n"].tolist() == [LARGE[1]]
    frame = suite.results_dataframe()
    assert frame.loc[frame["metric"] == "large", "value"].tolist()[:2] == [2, LARGE[1]][:count]
    of_classes = {"per_class[cat].recall": 0.5, "per_class[dog].recall": 0.75}
    assert of_classes.items() <= dict(zip(frame["metric"], frame["value"], strict=True)).items()
    numbers = [value for value in values if isinstance(value, (int, float))]
    found = frame.loc[frame["metric"] == "value", "value"].tolist()
    assert [(one, type(one)) for one in found if one == one] == [
        (one, int if one in LARGE[:4] and one not in (2**63, -(2**64)) else float)
        for one in numbers
        if one == one
    ]
    assert sum(one != one for one in found) == sum(one != one for one in numbers)


def test_results_of_a_model_that_was_not_tested() -> None:
    _, suite = inferred("a")
    with pytest.raises(NotFoundError, match="did you mean 'model'"):
        suite.results_dataframe(["modle"])
    Model("new")
    with pytest.raises(NotFoundError, match="was never tested on the test suite 'suite@1'"):
        suite.results_dataframe(["new"])
    with pytest.raises(InputValidationError, match="models must be a list of models"):
        suite.results_dataframe("new")
    assert list(suite.results_dataframe([])["value"]) == []


def test_notebooks_show_tables_in_which_everything_is_escaped() -> None:
    bad = "<script>alert(1)</script>"
    case = TestCase(bad, description=bad, test_samples=pairs("a"))
    suite = TestSuite(bad, description=bad, test_cases=[case], tags={bad})
    model = Model(bad, infer=cat, metadata={bad: [bad]}, tags={bad})
    run = TestRun(model, suite, Judge())
    run.run()
    for entity in (model, case, suite, run):
        shown = entity._repr_html_()
        assert shown.startswith("<table>") and "&lt;script&gt;" in shown
        assert "<script" not in shown
    assert "accuracy: 1" in run._repr_html_()


@dataclass(frozen=True)
class Tagged(Image):
    tag: Optional[ClassificationLabel] = None


@dataclass(frozen=True)
class Detailed(Tagged):
    more: int = 1


@dataclass(frozen=True)
class OfBoxes(MetricsTestSample):
    box: BoundingBox
    boxes: List[BoundingBox]


@dataclass(frozen=True)
class Part(MetricsTestCase):
    n: int


@dataclass(frozen=True)
class NamedPart(Part):
    name: str = "a"


@dataclass(frozen=True)
class OfParts(MetricsTestCase):
    parts: List[Part]


def test_no_frame_shows_the_classes_by_which_the_store_tells_objects_apart() -> None:
    _, case_type, suite_type, model_type = define_workflow("w", Tagged, Boxed, Answer)
    box = BoundingBox((1, 2), (3, 4))
    labeled = LabeledBoundingBox((1, 2), (3, 4), "a")
    samples = [
        (Tagged("a", tag=ScoredClassificationLabel("x", 0.5)), Boxed(labeled, [box, labeled])),
        (Detailed("b"), Boxed(box, [labeled])),
    ]
    case = case_type("c", test_samples=samples)
    suite, model = suite_type("s", test_cases=[case]), model_type("m", infer=lambda _: Answer())

    def evaluator(samples: Any, truths: Any, *_: Any) -> EvaluationResults:
        return EvaluationResults(
            [(one, OfBoxes(it.box, it.others)) for one, it in zip(samples, truths, strict=True)],
            [(case, OfParts([Part(1), NamedPart(2)]))],
        )

    test(model, suite, evaluator)
    run = TestRun(model, suite, evaluator)
    frames = [run.metrics_dataframe(level=level) for level in ("sample", "case", "suite")]
    frames += [model.to_dataframe(case), model.to_dataframe(suite)]
    for frame in frames:
        assert "$class" not in frame.to_json(default_handler=str)
    assert list(frames[0]["sample.more"]) == [pd.NA, 1]
    assert frames[0]["sample.tag.score"][0] == 0.5
    assert frames[1]["metrics.parts"][0] == [{"n": 1}, {"n": 2, "name": "a"}]
