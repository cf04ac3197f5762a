"""Data frames of what is in the store."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Union

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolena_local.errors import InputValidationError, NotFoundError, WorkflowMismatchError
from kolena_local.frames import store_frames
from kolena_local.frames.columns import Columns
from kolena_local.workflow import (
    EvaluationResults,
    Evaluator,
    GroundTruth,
    Image,
    Inference,
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
from tests.workflow.types import (
    Animal,
    Guess,
    Judge,
    Model,
    OtherTestCase,
    Photo,
    TestCase,
    TestSuite,
    Threshold,
    cat,
    pairs,
    photo,
)


@dataclass(frozen=True)
class Boxed(GroundTruth):
    box: BoundingBox
    others: List[BoundingBox] = field(default_factory=list)


@dataclass(frozen=True)
class Answer(Inference):
    label: Optional[ScoredClassificationLabel] = None
    twice: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "twice", 2 * (self.label.score if self.label else 0.0))


_, BoxCase, _, BoxModel = define_workflow("boxes", Image, Boxed, Answer)


def inferred(*names: str) -> Any:
    suite = TestSuite("suite", test_cases=[TestCase("case", test_samples=pairs(*names))])
    model = Model("model", infer=cat)
    test(model, suite)
    return model, suite


def test_a_row_for_each_sample_in_order_with_typed_columns() -> None:
    samples = [
        (photo("b", seed=1, night=True, gain=0.5, city="Oslo"), Animal("cat")),
        (photo("a", seed=2, night=False, gain=math.nan, city="Rome"), Animal("dog")),
    ]
    case = TestCase("case", test_samples=samples)
    model = Model("model", infer=cat)
    test(model, TestSuite("suite", test_cases=[case]))
    frame = model.to_dataframe(case)
    assert list(frame.columns) == [
        "sample.locator",
        "metadata.seed",
        "metadata.night",
        "metadata.gain",
        "metadata.city",
        "ground_truth.label",
        "inference.label",
        "inference.score",
        "is_waiting",
    ]
    assert list(frame["sample.locator"]) == ["b.png", "a.png"]
    assert [str(frame[f"metadata.{name}"].dtype) for name in ("seed", "night", "gain")] == [
        "int64",
        "bool",
        "float64",
    ]
    assert list(frame["inference.score"]) == [1.0, 1.0]
    assert list(frame.index) == [0, 1]


def test_what_is_missing_is_na_also_a_whole_inference() -> None:
    model, suite = inferred("a")
    with suite.test_cases[0].edit() as editor:
        editor.add(photo("b", seed=3, fine=True, city="Oslo"), Animal("dog"))
    frame = model.to_dataframe(TestCase.load("case"))
    assert list(frame["sample.locator"]) == ["a.png", "b.png"]
    assert list(frame["inference.label"].isna()) == [False, True]
    assert frame["inference.score"].dtype == "Float64"
    assert frame["metadata.seed"].dtype == "Int64"
    assert frame["metadata.fine"].dtype == "boolean"
    assert frame["metadata.seed"][1] == 3 and frame["metadata.seed"].isna()[0]
    assert frame["metadata.city"][0] is pd.NA


def test_objects_come_back_as_they_were() -> None:
    model, suite = inferred("a", "b")
    frame = model.to_dataframe(suite, objects=True)
    assert list(frame.columns) == ["sample", "ground_truth", "inference", "is_waiting"]
    assert list(frame["sample"]) == [photo("a"), photo("b")]
    assert list(frame["ground_truth"]) == [Animal("cat")] * 2
    assert list(frame["inference"]) == [Guess("cat")] * 2


def test_a_suite_has_each_sample_once() -> None:
    suite = TestSuite(
        "suite",
        test_cases=[
            TestCase("one", test_samples=pairs("a", "b")),
            TestCase("two", test_samples=pairs("b", "c", label="dog")),
        ],
    )
    frame = Model("model").to_dataframe(suite)
    assert list(frame["sample.locator"]) == ["a.png", "b.png", "c.png"]
    assert list(frame["ground_truth.label"]) == ["cat", "cat", "dog"]
    assert frame["inference.label"].isna().all()


def test_derived_fields_come_back() -> None:
    box = BoundingBox((0.0, 0.0), (4.0, 2.0))
    case = BoxCase("case", test_samples=[(Image("a"), Boxed(box, [box]))])
    model = BoxModel("model")
    suite = define_workflow("boxes", Image, Boxed, Answer)[2]("suite", test_cases=[case])
    TestRun(model, suite).upload_inferences(
        [(Image("a"), Answer(ScoredClassificationLabel("cat", 0.25)))]
    )
    (row,) = model.to_dataframe(case).to_dict("records")
    assert row["ground_truth.box.width"] == 4.0
    assert row["ground_truth.box.area"] == 8.0
    assert row["ground_truth.others"][0]["height"] == 2.0
    assert (row["inference.label.score"], row["inference.twice"]) == (0.25, 0.5)
    assert not [name for name in row if name.endswith("data_type")]


def test_nothing_to_show_still_has_columns() -> None:
    case = TestCase("empty")
    frame = Model("model").to_dataframe(case)
    assert frame.shape == (0, 5)
    assert Model("model").to_dataframe(case, objects=True).shape == (0, 4)


@pytest.mark.parametrize("rows", [1, 1999, 2000, 4001])
def test_pages_are_put_together(rows: int) -> None:
    samples = [
        (photo(str(n), **({"late": float(n)} if n > 1998 else {})), Animal("cat"))
        for n in range(rows)
    ]
    frame = Model("model").to_dataframe(TestCase("case", test_samples=samples))
    assert list(frame["sample.locator"]) == [f"{n}.png" for n in range(rows)]
    if rows > 1999:
        assert frame["metadata.late"].isna().sum() == 1999
        assert frame["metadata.late"].iloc[-1] == rows - 1


def test_what_is_no_test_case_is_refused_in_a_sentence() -> None:
    model = Model("model")
    with pytest.raises(InputValidationError, match="A test case or test suite is needed, not 'x'"):
        model.to_dataframe("x")
    with pytest.raises(WorkflowMismatchError):
        model.to_dataframe(OtherTestCase("other"))


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
class AnythingOfCase(MetricsTestCase):
    value: Union[bool, int, float, str, None]
    large: int


class Answers(Evaluator):
    def compute_test_sample_metrics(
        self, test_case: Any, inferences: Any, configuration: Any = None
    ) -> Any:
        return [(sample, Anything(VALUES[int(sample.locator[:-4])])) for sample, *_ in inferences]

    def compute_test_case_metrics(
        self, test_case: Any, inferences: Any, metrics: Any, configuration: Any = None
    ) -> Any:
        return AnythingOfCase(metrics[0].value, 10**400 if test_case.name == "1" else 2)


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


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)


@given(st.lists(st.lists(st.dictionaries(st.sampled_from("abc"), json_values), max_size=4)))
def test_every_value_is_in_the_cell_of_its_path(pages: List[List[Dict[str, Any]]]) -> None:
    columns = Columns()
    for page in pages:
        columns.add(("x",), page)
        columns.end_page(len(page))
    rows = [row for page in pages for row in page]
    frame = columns.frame()
    assert len(frame) == len(rows)
    for place, row in enumerate(rows):
        for key, value in row.items():
            name = f"x.{key}"
            if isinstance(value, dict):
                continue
            if value is None:
                assert name not in frame or bool(pd.isna([frame[name][place]])[0])
                continue
            found = frame[name][place]
            if value != value:
                assert pd.isna(found)
            else:
                assert found == value
                assert isinstance(value, bool) == (str(type(found)).find("bool") >= 0)


@pytest.mark.parametrize("keys", [["a.b", "a"], ["a", "a.b"]])
def test_keys_with_dots_have_columns_of_their_own(keys: List[str]) -> None:
    metadata = {"a.b": 1, "a": {"b": 2}}
    Model("model", metadata={key: metadata[key] for key in keys})
    (row,) = Model.list_dataframe().to_dict("records")
    assert (row['metadata."a.b"'], row["metadata.a.b"]) == (1, 2)


def test_photos_keep_metadata_in_objects() -> None:
    case = TestCase("case", test_samples=[(photo("a", seed=1), Animal("cat"))])
    (sample,) = Model("model").to_dataframe(case, objects=True)["sample"]
    assert sample == Photo("a.png", {"seed": 1})
    assert sample.metadata == {"seed": 1}


@dataclass(frozen=True)
class Scored(Inference):
    score: float
    tags: List[str] = field(default_factory=list)


@dataclass(frozen=True)
class Spelled(Inference):
    score: str


@dataclass(frozen=True)
class Ranked(Inference):
    score: float
    rank: int = 7


@dataclass(frozen=True)
class Untagged(Inference):
    score: Optional[float]


def test_a_frame_shows_what_is_loaded_when_the_type_has_changed_since() -> None:
    _, case_type, suite_type, model_type = define_workflow("scores", Image, Boxed, Scored)
    case = case_type("all", test_samples=[(Image("a"), Boxed(BoundingBox((0, 0), (1, 1))))])
    test(model_type("m", infer=lambda _: Scored(0.5)), suite_type("s", test_cases=[case]))
    for changed in (Scored, Ranked, Untagged):
        _, case_type, _, model_type = define_workflow("scores", Image, Boxed, changed)
        model, case = model_type.load("m"), case_type.load("all")
        ((_, _, loaded),) = model.load_inferences(case)
        row = model.to_dataframe(case).iloc[0]
        shown = {name.partition(".")[2]: row[name] for name in row.index if "inference." in name}
        assert shown == dict(loaded._to_dict()), changed
    _, case_type, _, model_type = define_workflow("scores", Image, Boxed, Spelled)
    with pytest.raises(InputValidationError, match=r"model 'm' in the workflow 'scores'.*score"):
        model_type.load("m").to_dataframe(case_type.load("all"))


@dataclass(frozen=True)
class Branch(ClassificationLabel):
    inner: Optional[Branch] = None


@dataclass(frozen=True)
class Tree(Inference):
    root: Branch


def test_a_frame_of_objects_that_hold_objects_of_their_own_kind() -> None:
    _, case_type, suite_type, model_type = define_workflow("trees", Image, Boxed, Tree)
    case = case_type("trees", test_samples=[(Image("a"), Boxed(BoundingBox((0, 0), (1, 1))))])
    tree = Tree(Branch("outer", Branch("inner")))
    test(model_type("t", infer=lambda _: tree), suite_type("trees", test_cases=[case]))
    row = model_type.load("t").to_dataframe(case).iloc[0]
    assert row["inference.root.inner.label"] == "inner"


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
