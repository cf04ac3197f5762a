"""Data frames as CSV, Parquet and JSON, with objects in their cells."""

import io
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any, List

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kolena_local.workflow.io
from kolena_local.annotation import BoundingBox, Label, LabeledBoundingBox, ScoredLabel
from kolena_local.asset import ImageAsset
from kolena_local.errors import InputValidationError
from kolena_local.io import (
    DataObjectJSONEncoder,
    dataframe_from_csv,
    dataframe_from_json,
    dataframe_from_parquet,
    dataframe_to_csv,
    dataframe_to_parquet,
)


def column(*cells: Any) -> pd.Series:
    return pd.Series(list(cells), dtype=object)


def frame(*cells: Any) -> pd.DataFrame:
    return pd.DataFrame({"cell": column(*cells), "row": range(len(cells))})


def through_csv(df: pd.DataFrame) -> pd.DataFrame:
    return dataframe_from_csv(io.StringIO(dataframe_to_csv(df, index=False)))


def through_parquet(df: pd.DataFrame) -> pd.DataFrame:
    return dataframe_from_parquet(io.BytesIO(dataframe_to_parquet(df)))


def through_json(df: pd.DataFrame) -> pd.DataFrame:
    return dataframe_from_json(io.StringIO(df.to_json()))


OBJECTS = [
    BoundingBox((0, 1), (2, 3), frame_id=4),
    [Label("a"), ImageAsset("i.png")],
    {"deep": {"er": [ScoredLabel("a", 0.5)]}, "number": 3},
    [],
    {},
]
formats = pytest.mark.parametrize("through", [through_csv, through_parquet, through_json])


@formats
class TestEveryFormat:
    def test_objects_come_back_as_their_base_class(self, through: Any) -> None:
        boxes = [LabeledBoundingBox((0, 1), (2, 3), "car"), ScoredLabel("a", 0.5), None]
        box, label, none = through(frame(*boxes))["cell"]
        assert (box, box.label) == (BoundingBox((0, 1), (2, 3)), "car")
        assert (label, label.score) == (Label("a"), 0.5)
        assert type(box) is BoundingBox
        assert none is None

    def test_lists_and_dicts_come_back_with_their_objects(self, through: Any) -> None:
        back = through(frame(*OBJECTS))
        expected = [*OBJECTS]
        expected[2] = {"deep": {"er": [Label("a")]}, "number": 3}
        assert back["cell"].tolist() == expected
        assert back["cell"][0].frame_id == 4
        assert back["row"].tolist() == [0, 1, 2, 3, 4]
        assert back["row"].dtype == "int64"

    def test_objects_of_unknown_type_stay_whole(self, through: Any) -> None:
        unknown = {"data_type": "ANNOTATION/SPIRAL", "turns": 3}
        assert through(frame(unknown, [unknown]))["cell"].tolist() == [unknown, [unknown]]

    def test_the_frame_that_is_written_stays_as_it_is(self, through: Any) -> None:
        df = frame(*OBJECTS)
        through(df)
        assert df["cell"].tolist() == OBJECTS
        assert df.attrs == {}

    def test_a_frame_without_rows_or_columns(self, through: Any) -> None:
        assert list(through(frame()).columns) == ["cell", "row"]
        if through is not through_csv:  # pandas itself does not read such CSV
            assert through(pd.DataFrame()).empty


class TestCsv:
    @pytest.mark.parametrize(
        ("text", "cell"),
        [
            ("", None),
            ("NaN", None),
            ("null", None),
            ("true", True),
            ("FALSE", False),
            ("007", 7),
            ("-3", -3),
            (" 4 ", 4),
            ("2.50", 2.5),
            (".5", 0.5),
            ("inf", math.inf),
            ("-Infinity", -math.inf),
            (str(2**70), 2**70),
            ("1e5", "1e5"),
            ("3e2abc", "3e2abc"),
            ("-1.5E-3", "-1.5E-3"),
            ("1_000", "1_000"),
            ("12 monkeys", "12 monkeys"),
            ("[1, 2", "[1, 2"),
            ("{a}", "{a}"),
            ("[1, null]", [1, None]),
            ("'5'", "5"),
            ('"five"', "five"),
            ("'", "'"),
            ("don't", "don't"),
        ],
    )
    def test_cells_are_guessed(self, text: str, cell: Any) -> None:
        csv = dataframe_to_csv(frame(text, "other"), index=False)
        back = dataframe_from_csv(io.StringIO(csv), keep_default_na=False)["cell"]
        assert (back[0], type(back[0])) == (cell, type(cell))

    def test_objects_are_written_with_derived_fields_and_type(self) -> None:
        text = dataframe_to_csv(frame(BoundingBox((0, 0), (1, 2))), index=False)
        shown = json.loads(pd.read_csv(io.StringIO(text))["cell"][0])
        assert shown["area"] == 2.0
        assert list(shown)[-1] == "data_type"

    def test_columns_of_numbers_are_left_to_pandas(self) -> None:
        df = pd.DataFrame({"a": [1.0, math.nan], "b": [True, False]})
        pd.testing.assert_frame_equal(through_csv(df), df)

    def test_arguments_go_to_pandas(self, tmp_path: Path) -> None:
        path = tmp_path / "cells.csv"
        assert dataframe_to_csv(frame([1]), path, index=False, sep=";") is None
        assert dataframe_from_csv(path, sep=";")["cell"].tolist() == [[1]]

    def test_columns_may_have_one_name(self) -> None:
        df = pd.concat([frame([1]), frame([2])], axis=1)
        assert dataframe_to_csv(df, index=False) == "cell,row,cell,row\n[1],0,[2],0\n"

    def test_tuples_and_arrays_are_written_as_lists(self) -> None:
        assert through_csv(frame((1, 2), np.array([1, 2])))["cell"].tolist() == [[1, 2], [1, 2]]


json_scalars = st.none() | st.booleans() | st.integers() | st.floats()
json_scalars |= st.text(st.characters(codec=None, exclude_categories=()))
json_values = st.recursive(
    json_scalars,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


class TestParquet:
    @given(st.lists(json_values, min_size=1))
    def test_any_cells_come_back(self, cells: List[Any]) -> None:
        back = through_parquet(frame(*cells))["cell"]
        assert back.dtype == object
        assert repr(back.tolist()) == repr(cells)

    @pytest.mark.parametrize("text", ["007", 'a"b', "é", '"quoted"', "null", "[1]", "1e5", "", " "])
    def test_texts_stay_texts(self, text: str) -> None:
        assert through_parquet(frame(text))["cell"].tolist() == [text]
        texts = pd.DataFrame({"texts": [text, "other"]})
        pd.testing.assert_frame_equal(through_parquet(texts), texts)

    def test_numpy_numbers_come_back_as_numbers(self) -> None:
        cells = [np.int64(3), np.float32(0.5), np.bool_(True), np.array([1, 2]), pd.NA]
        assert through_parquet(frame(*cells))["cell"].tolist() == [3, 0.5, True, [1, 2], None]

    def test_index_and_attributes_come_back(self) -> None:
        df = frame([1], [2]).set_index(pd.Index(["a", "b"], name="key"))
        df.attrs = {"made by": "us"}
        back = through_parquet(df)
        pd.testing.assert_frame_equal(back, df)
        assert back.attrs == df.attrs

    def test_some_columns_may_be_read(self) -> None:
        file = io.BytesIO(dataframe_to_parquet(frame(Label("a"))))
        assert dataframe_from_parquet(file, columns=["cell"])["cell"].tolist() == [Label("a")]

    def test_files_of_others_are_guessed(self) -> None:
        cells = ['{"label": "a", "data_type": "ANNOTATION/LABEL"}', '"text"', "12", "abc", None]
        file = io.BytesIO(frame(*cells).assign(lists=[[1], [2], [], [3], [4]]).to_parquet())
        back = dataframe_from_parquet(file)
        assert back["cell"].tolist() == [Label("a"), "text", 12, "abc", None]
        assert back["lists"].tolist() == [[1], [2], [], [3], [4]]

    @pytest.mark.parametrize("cell", [{1, 2}, b"x", pd.Timestamp("2020-01-01"), [1j]])
    def test_what_json_cannot_hold_is_refused_with_its_place(self, cell: Any) -> None:
        with pytest.raises(InputValidationError, match="Column 'cell', row 1"):
            dataframe_to_parquet(frame(1, cell))

    def test_without_pyarrow_the_error_says_what_to_install(self) -> None:
        script = (
            "import sys; sys.modules.update(pyarrow=None, fastparquet=None)\n"
            "import pandas as pd; from kolena_local import io\n"
            "try: io.dataframe_to_parquet(pd.DataFrame({'a': [[1]]}))\n"
            "except ImportError as error: print(error)"
        )
        said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        assert "pip install 'kolena-local[parquet]'" in said.stdout, said.stderr


class TestEncoder:
    def test_writes_objects_wherever_they_are(self) -> None:
        text = json.dumps({"a": [Label("b"), np.int64(3)]}, cls=DataObjectJSONEncoder)
        label = {"label": "b", "data_type": "ANNOTATION/LABEL"}
        assert json.loads(text) == {"a": [label, 3]}

    def test_refuses_the_rest_as_json_does(self) -> None:
        with pytest.raises(TypeError, match="set"):
            json.dumps({1}, cls=DataObjectJSONEncoder)


def test_workflow_path_has_no_parquet() -> None:
    names = ["dataframe_from_csv", "dataframe_from_json", "dataframe_to_csv"]
    assert kolena_local.workflow.io.__all__ == names
    assert kolena_local.workflow.io.dataframe_to_csv is dataframe_to_csv
