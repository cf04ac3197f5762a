"""Data frames as CSV, Parquet and JSON, with objects in their cells."""

import io
import json
import sys
from typing import Any

import pandas as pd
import pyarrow
import pytest

from kolena_local.annotation import BoundingBox, Label, LabeledBoundingBox, ScoredLabel
from kolena_local.asset import ImageAsset
from kolena_local.errors import InputValidationError
from kolena_local.io import (
    dataframe_from_csv,
    dataframe_from_json,
    dataframe_from_parquet,
    dataframe_to_csv,
    dataframe_to_parquet,
)
from tests.round_trips import frame, through_csv, through_json, through_parquet

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


BOXES = [BoundingBox((0, 1), (2, 3), frame_id=4), None, BoundingBox((0, 0), (1, 1))]
LISTS = [[1, 2], None, []]
BINARY = pytest.mark.parametrize("through", [through_csv, through_parquet])


class TestColumnsOfAnyType:
    @BINARY
    @pytest.mark.parametrize("cells", [BOXES, LISTS, [Label("a"), Label("b"), Label("a")]])
    def test_objects_of_a_categorical_column_come_back(self, through: Any, cells: Any) -> None:
        if cells is LISTS:  # pandas keeps only what has a hash in categories
            cells = [(1, 2), None, ()]
        df = pd.DataFrame({"cell": pd.Categorical(cells), "text": pd.Categorical(["a", "b", "a"])})
        back = through(df)
        assert back["cell"].tolist() == (LISTS if cells[-1] == () else cells)
        assert back["text"].tolist() == ["a", "b", "a"]
        assert df["cell"].dtype == "category"

    @BINARY
    def test_lists_and_structs_of_arrow_come_back(self, through: Any) -> None:
        number = pyarrow.int64()
        lists, structs = pyarrow.list_(number), pyarrow.struct([("a", number)])
        df = pd.DataFrame(
            {
                "list": pd.array(LISTS, dtype=pd.ArrowDtype(lists)),
                "struct": pd.array([{"a": 1}, None, {"a": None}], dtype=pd.ArrowDtype(structs)),
            }
        )
        back = through(df)
        assert back["list"].tolist() == LISTS
        assert back["struct"].tolist() == [{"a": 1}, None, {"a": None}]

    @BINARY
    def test_other_columns_are_left_to_pandas(self, through: Any) -> None:
        df = pd.DataFrame(
            {
                "Int64": pd.array([1, None], dtype="Int64"),
                "bool": [True, False],
                "date": pd.to_datetime(["2020-01-01", "2020-01-02"]),
                "zoned": pd.to_datetime(["2020-01-01", None], utc=True),
                "period": pd.period_range("2020", periods=2),
                "number": pd.Categorical([1, 2]),
                "string": pd.array(["a", None], dtype="string"),
                "arrow": pd.array(["a", None], dtype=pd.ArrowDtype(pyarrow.string())),
            }
        )
        own = io.StringIO(df.to_csv(index=False)) if through is through_csv else None
        if own:
            assert dataframe_to_csv(df, index=False) == own.getvalue()
        else:
            expected = pd.read_parquet(io.BytesIO(df.to_parquet()))
            pd.testing.assert_frame_equal(through(df), expected)

    @pytest.mark.parametrize("cells", [[1, "a", None, 1], [2**70, -(2**64), None, 1]])
    def test_categories_that_parquet_has_no_type_for_come_back(self, cells: Any) -> None:
        df = pd.DataFrame({"cell": pd.Categorical(cells)}, index=pd.Index(cells, dtype=object))
        assert through_parquet(df)["cell"].tolist() == cells
        assert through_parquet(df).index.tolist() == cells

    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"dtype": str},
            {"dtype": "string"},
            {"dtype": "category"},
            {"dtype": "string[pyarrow]"},
            {"dtype_backend": "pyarrow"},
            {"dtype_backend": "numpy_nullable"},
            {"engine": "python"},
        ],
        ids=str,
    )
    def test_options_of_pandas_do_not_hide_objects(self, options: Any) -> None:
        df = pd.DataFrame({"box": BOXES, "list": LISTS, "text": ["a", None, "b"], "n": [1, 2, 3]})
        back = dataframe_from_csv(io.StringIO(dataframe_to_csv(df, index=False)), **options)
        assert back["box"].tolist() == BOXES
        assert back["list"].tolist() == LISTS
        assert back["n"].tolist() == [1, 2, 3]
        asked = options.get("dtype", options.get("dtype_backend", "object"))
        assert (back["text"].dtype == object) is (asked in ("object", str))
        assert back["text"].astype(object).where(back["text"].notna(), None).tolist() == [
            "a", None, "b",
        ]  # fmt: skip

    @pytest.mark.parametrize("backend", ["pyarrow", "numpy_nullable"])
    def test_backends_of_pandas_do_not_hide_objects_in_parquet_and_json(self, backend: str) -> None:
        df = pd.DataFrame({"box": BOXES, "n": [1, 2, 3]})
        parquet = io.BytesIO(dataframe_to_parquet(df))
        foreign = df.assign(
            box=[None if box is None else json.dumps(box._to_dict()) for box in BOXES]
        )
        for back in (
            dataframe_from_parquet(parquet, dtype_backend=backend),
            dataframe_from_parquet(io.BytesIO(foreign.to_parquet()), dtype_backend=backend),
            dataframe_from_json(io.StringIO(df.to_json()), dtype_backend=backend),
        ):
            assert back["box"].tolist() == BOXES
            assert back["n"].dtype == ("int64[pyarrow]" if backend == "pyarrow" else "Int64")


class TestIndex:
    @pytest.mark.parametrize(
        "index",
        [
            pd.Index([Label("a"), Label("b")], name="key"),
            pd.CategoricalIndex([Label("a"), Label("b")]),
            pd.Index([(1, ("a", 2)), ()], tupleize_cols=False),
            pd.Index([1, "a"]),
            pd.MultiIndex.from_tuples([(1, Label("a")), (2, Label("a"))], names=["n", None]),
        ],
        ids=lambda index: type(index).__name__,
    )
    def test_objects_of_an_index_come_back(self, index: Any) -> None:
        df = pd.DataFrame({"cell": [[1], Label("c")]}, index=index)
        text = dataframe_to_csv(df)
        from_csv = dataframe_from_csv(io.StringIO(text), index_col=list(range(index.nlevels)))
        for back in (through_parquet(df), from_csv):
            assert back["cell"].tolist() == [[1], Label("c")]
            if index.tolist() != [1, "a"] or back is not from_csv:  # what CSV cannot tell
                assert back.index.tolist() == index.tolist()
        assert through_parquet(df).index.names == index.names
        assert df.index is index

    @BINARY
    def test_an_index_of_texts_stays_as_it_is(self, through: Any) -> None:
        df = frame([1], [2]).set_index(pd.Index(["007", "[x"], name="key"))
        pd.testing.assert_index_equal(
            through_parquet(df).index, pd.read_parquet(io.BytesIO(df[["row"]].to_parquet())).index
        )
        back = dataframe_from_csv(io.StringIO(dataframe_to_csv(df)), index_col="key")
        assert back.index.tolist() == ["007", "[x"]


class TestColumnNames:
    @pytest.mark.parametrize("names", [["a", "a"], [1, "1"]], ids=str)
    def test_parquet_refuses_two_columns_of_one_name(self, names: Any) -> None:
        df = pd.DataFrame([[[1], 2]], columns=names)
        with pytest.raises(InputValidationError, match=r"Several columns are called '[1a]'"):
            dataframe_to_parquet(df)

    def test_names_of_several_levels_come_back(self) -> None:
        names = pd.MultiIndex.from_tuples([("a", "b"), ("a", "c"), ("d", "e")])
        df = pd.DataFrame([[[1], "x", Label("a")]], columns=names)
        text = dataframe_to_csv(df, index=False)
        for back in (
            through_parquet(df),
            through_json(df),
            dataframe_from_csv(io.StringIO(text), header=[0, 1]),
        ):
            assert back.iloc[0].tolist() == [[1], "x", Label("a")]
        assert through_parquet(df).columns.equals(names)


DIGITS = "1" * 5000


class TestLongNumbers:
    @formats
    @pytest.mark.parametrize("text", [DIGITS, f"-{DIGITS}", f"{DIGITS}.5", f"[{DIGITS}]"])
    def test_a_text_of_thousands_of_digits_is_a_text(self, through: Any, text: str) -> None:
        for cells in ([text, text], [text, {"a": text}], [text, "b"]):
            if cells[1] == f"{DIGITS}.5" and through is through_csv:
                continue  # a column of nothing but numbers is left to pandas
            assert through(frame(*cells))["cell"].tolist() == cells

    def test_digits_stay_text_if_python_is_told_to_read_fewer_or_more(self) -> None:
        usual = sys.get_int_max_str_digits()
        for limit in (640, 0):
            sys.set_int_max_str_digits(limit)
            try:
                long = through_csv(frame(DIGITS, "9" * 1000, "a"))["cell"].tolist()
            finally:
                sys.set_int_max_str_digits(usual)
            assert long == [DIGITS, "9" * 1000 if limit else int("9" * 1000), "a"]

    def test_large_numbers_come_back(self) -> None:
        cells = [10**400, [10**400, {"a": 2**63}], 2**64, "x"]
        assert through_csv(frame(*cells))["cell"].tolist() == cells
        assert through_parquet(frame(*cells))["cell"].tolist() == cells

    @pytest.mark.parametrize("write", [dataframe_to_csv, dataframe_to_parquet])
    def test_what_cannot_be_written_is_refused_with_its_place(self, write: Any) -> None:
        nested: Any = []
        for _ in range(100_000):
            nested = [nested]
        for cell in ([10**5000], nested):
            with pytest.raises(InputValidationError, match=r"Column 'cell', row 1: .*; use "):
                write(frame(1, cell))
        with pytest.raises(InputValidationError, match="The index, row 0: "):
            write(pd.DataFrame({"a": [1]}, index=pd.Index([(10**5000,)], tupleize_cols=False)))

    def test_deep_brackets_are_a_text(self) -> None:
        deep = "[" * 100_000
        assert through_csv(frame(deep, "a"))["cell"].tolist() == [deep, "a"]
        foreign = io.BytesIO(pd.DataFrame({"cell": [deep, "a"]}).to_parquet())
        assert dataframe_from_parquet(foreign)["cell"].tolist() == [deep, "a"]
