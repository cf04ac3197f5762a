"""Data frames as JSON, CSV and Parquet: what is special in each of them."""

import io
import json
import math
import sys
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, List

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kolena_local.workflow.io
from kolena_local.annotation import BoundingBox, Label
from kolena_local.errors import InputValidationError
from kolena_local.io import (
    DataObjectJSONEncoder,
    dataframe_from_csv,
    dataframe_from_json,
    dataframe_from_parquet,
    dataframe_to_csv,
    dataframe_to_parquet,
)
from tests.round_trips import frame, through_csv, through_json, through_parquet


class TestJson:
    def test_texts_stay_texts_and_floats_floats(self) -> None:
        df = pd.DataFrame({"text": ["007", "8"], "float": [1.0, 2.0], "int": [1, 2]})
        back = through_json(df)
        assert back["text"].tolist() == ["007", "8"]
        assert (back["float"].dtype, back["int"].dtype) == ("float64", "int64")
        assert dataframe_from_json(io.StringIO(df.to_json()), dtype=True)["text"].tolist() == [7, 8]
        table = dataframe_from_json(io.StringIO(df.to_json(orient="table")), orient="table")
        assert table["text"].tolist() == ["007", "8"]


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

    def test_decimals_dates_and_times_stay_what_they_are(self, tmp_path: Path) -> None:
        columns = {
            "decimal": [Decimal("0.50"), None],
            "date": [date(2026, 11, 27), None],
            "time": [time(13, 2), None],
            "moment": pd.Series([datetime(2026, 11, 27, 13, 2), None], dtype=object),
        }
        pd.DataFrame(columns).to_parquet(tmp_path / "theirs.parquet")
        theirs = dataframe_from_parquet(tmp_path / "theirs.parquet")
        assert theirs["decimal"].tolist() == columns["decimal"]
        pd.testing.assert_frame_equal(through_parquet(theirs), theirs)

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

    def test_without_pyarrow_the_error_says_what_to_install(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("pyarrow", "fastparquet"):
            monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(ImportError, match=r"pip install 'kolena-local\[parquet\]'"):
            dataframe_to_parquet(frame([1]))


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
