"""Data frames as JSON, CSV and Parquet: what is special in each of them."""

import io
import json
import math
import sys
from datetime import date, datetime, time, timezone
from decimal import Decimal
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, List

import numpy as np
import pandas as pd
import pyarrow
import pytest
from hypothesis import example, given
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
from tests.round_trips import column, frame, through_csv, through_json, through_parquet


class TestJson:
    def test_texts_stay_texts_and_floats_floats(self) -> None:
        df = pd.DataFrame({"text": ["007", "8"], "float": [1.0, 2.0], "int": [1, 2]})
        back = through_json(df)
        assert back["text"].tolist() == ["007", "8"]
        assert (back["float"].dtype, back["int"].dtype) == ("float64", "int64")
        assert dataframe_from_json(io.StringIO(df.to_json()), dtype=True)["text"].tolist() == [7, 8]
        table = dataframe_from_json(io.StringIO(df.to_json(orient="table")), orient="table")
        assert table["text"].tolist() == ["007", "8"]


class TestFloats:
    @given(st.lists(st.floats(allow_nan=False), min_size=1))
    @example([1e-30])
    def test_floats_of_csv_come_back_to_the_last_digit(self, floats: List[float]) -> None:
        text = dataframe_to_csv(pd.DataFrame({"float": floats, "row": 1}), index=False)
        assert dataframe_from_csv(io.StringIO(text))["float"].tolist() == floats
        mixed = dataframe_from_csv(io.StringIO(f"{text}text,1\n"))["float"].tolist()[:-1]
        # As ids may look like them, powers stay text beside text.
        assert [float(cell) for cell in mixed] == floats
        text = dataframe_to_csv(pd.DataFrame({"row": 1}, index=floats), index_label="float")
        assert dataframe_from_csv(io.StringIO(text), index_col="float").index.tolist() == floats

    @given(st.lists(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)))
    @example([1e-30])
    def test_floats_of_json_come_back_to_the_last_digit(self, floats: List[float]) -> None:
        text = json.dumps([{"cell": [one], "float": one} for one in [0.5, *floats]])
        back = dataframe_from_json(io.StringIO(text))
        assert back["float"].tolist() == [cell for (cell,) in back["cell"]] == [0.5, *floats]

    def test_options_without_an_exact_form_are_read_all_the_same(self) -> None:
        tiny = io.StringIO('[{"a": 5e-324}]')
        assert dataframe_from_json(tiny)["a"].tolist() == pytest.approx([0])
        with NamedTemporaryFile(suffix=".json") as file:
            file.write(b'[{"a": 5e-324}]')
            file.seek(0)
            assert dataframe_from_json(file)["a"].tolist() == pytest.approx([0])
        for options in ({"engine": "python"}, {"sep": None, "engine": "python"}):
            back = dataframe_from_csv(io.StringIO("a;b\n1.5;x\n"), **{"sep": ";", **options})
            assert back.to_dict("list") == {"a": [1.5], "b": ["x"]}
        with pytest.raises(ValueError, match=r"Trailing data|Unexpected|Expected"):
            dataframe_from_json(io.StringIO("[1] 2"))


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

    @pytest.mark.parametrize(
        "cell",
        [1j, np.complex64(1j), b"x", {1}, [1j], "a\ud800", Path("a\udcff"), 10**5000],
        ids=lambda cell: type(cell).__name__,
    )
    def test_a_cell_that_cannot_be_written_is_refused_before_there_is_a_file(
        self, tmp_path: Path, cell: Any
    ) -> None:
        path = tmp_path / "cells.csv"
        for df, place in (
            (frame("a", cell), "Column 'cell', row 1: "),
            (frame("a", "b").set_index(column("a", cell)), "The index, row 1: "),
        ):
            with pytest.raises(InputValidationError, match=place):
                dataframe_to_csv(df, path)
            assert not path.exists()

    def test_numbers_and_names_that_cannot_be_written_are_refused(self) -> None:
        df = pd.DataFrame({"a": [1j, 2], "b": [1, 2]})
        with pytest.raises(InputValidationError, match=r"Column 'a', row 0: .* complex"):
            dataframe_to_csv(df)
        assert dataframe_to_csv(df, columns=["b"], index=False) == "b\n1\n2\n"
        with pytest.raises(InputValidationError, match=r"The name '\\ud800': "):
            dataframe_to_csv(pd.DataFrame([[1]], columns=pd.Index(["\ud800"], dtype=object)))

    def test_the_encoding_and_its_errors_are_those_of_the_call(self, tmp_path: Path) -> None:
        path = tmp_path / "cells.csv"
        with pytest.raises(InputValidationError, match=r"Column 'cell', row 0: .*latin-1"):
            dataframe_to_csv(frame("\u20ac"), path, encoding="latin-1")
        assert not path.exists()
        dataframe_to_csv(frame("a\ud800"), path, index=False, errors="surrogatepass")
        back = dataframe_from_csv(path, encoding_errors="surrogatepass", dtype=object)
        assert back["cell"].tolist() == ["a\ud800"]

    def test_a_carriage_return_does_not_begin_a_row(self) -> None:
        df = frame("a\rb", "c", 1, None).rename(columns={"row": "r\rw"})
        back = through_csv(df)
        assert back["cell"].tolist() == ["a\rb", "c", 1, None]
        assert back["r\rw"].tolist() == [0, 1, 2, 3]
        arrow = pd.Series(["a\rb", "c"], dtype=pd.ArrowDtype(pyarrow.string()))
        assert through_csv(pd.DataFrame({"a": arrow}))["a"].tolist() == ["a\rb", "c"]

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

    @pytest.mark.parametrize(
        ("cells", "place"),
        [
            ([Decimal(1), Decimal("1e400")], ", row 1"),
            ([Decimal("1e60"), None, Decimal("1e-60")], ", row 2"),
            ([Decimal(1), Decimal("Infinity")], ", row 1"),
            ([datetime(2020, 1, 1), datetime(2020, 1, 1, tzinfo=timezone.utc)], ", row 0"),
            ([time(1, tzinfo=timezone.utc)], ", row 0"),
            (pd.Series([1j, 2]), ""),
            (pd.Series(pd.Categorical(pd.interval_range(0, 2))), ""),
            (pd.Series(["a", "b\ud800"], dtype="string[python]"), ", row 1"),
        ],
        ids=str,
    )
    def test_what_parquet_cannot_hold_is_refused_before_there_is_a_file(
        self, tmp_path: Path, cells: Any, place: str
    ) -> None:
        path = tmp_path / "cells.parquet"
        cells = cells if isinstance(cells, pd.Series) else column(*cells)
        with pytest.raises(InputValidationError, match=f"Column 'cell'{place}: .*; use "):
            dataframe_to_parquet(pd.DataFrame({"other": cells.isna(), "cell": cells}), path)
        assert not path.exists()

    def test_an_index_names_and_attributes_that_parquet_cannot_hold_are_refused(self) -> None:
        aware = [time(1, tzinfo=timezone.utc)]
        wrong = pd.DataFrame({"a": [1]})
        wrong.attrs = {"a": 1j}
        for df, place in (
            (pd.DataFrame({"a": [1]}, index=column(*aware)), "The index, row 0: "),
            (pd.DataFrame([[1]], columns=pd.period_range("2020", periods=1)), "Column Period"),
            (pd.DataFrame([[1]], columns=pd.Index(["\ud800"], dtype=object)), "Column '"),
            (wrong, r"DataFrame\.attrs: "),
        ):
            with pytest.raises(InputValidationError, match=place):
                dataframe_to_parquet(df)

    def test_an_index_that_is_not_written_may_be_anything(self) -> None:
        df = pd.DataFrame({"a": [1, 2]}, index=pd.Categorical(pd.interval_range(0, 2)))
        back = dataframe_from_parquet(io.BytesIO(dataframe_to_parquet(df, index=False)))
        assert back.to_dict("list") == {"a": [1, 2]}

    def test_other_errors_of_pandas_stay_what_they_are(self, tmp_path: Path) -> None:
        with pytest.raises(OSError, match="directory"):
            dataframe_to_parquet(frame(1), tmp_path / "none" / "cells.parquet")
        with pytest.raises(ValueError, match="engine"):
            dataframe_to_parquet(frame(1), tmp_path / "cells.parquet", engine="none")

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
