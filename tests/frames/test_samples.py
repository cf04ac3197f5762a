"""Data frames of samples with what a model says of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolena_local.errors import InputValidationError, WorkflowMismatchError
from kolena_local.frames.columns import Columns
from kolena_local.workflow import Image, Inference, TestRun, define_workflow, test
from kolena_local.workflow.annotation import (
    BoundingBox,
    ClassificationLabel,
    ScoredClassificationLabel,
)
from tests.frames.inferred import Answer, Boxed, inferred
from tests.workflow.types import (
    Animal,
    Guess,
    Model,
    OtherTestCase,
    Photo,
    TestCase,
    TestSuite,
    cat,
    pairs,
    photo,
)

_, BoxCase, _, BoxModel = define_workflow("boxes", Image, Boxed, Answer)


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


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)


@given(st.lists(st.lists(st.dictionaries(st.sampled_from("ab\ud800"), json_values), max_size=4)))
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
