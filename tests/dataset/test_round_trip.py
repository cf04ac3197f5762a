"""What is uploaded is what is downloaded, at every commit."""

from __future__ import annotations

import datetime
import math
import pathlib
import uuid
from contextlib import suppress
from typing import Any, Dict, List, Tuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kolena_local
from kolena_local.annotation import BoundingBox, Label, LabeledBoundingBox
from kolena_local.asset import ImageAsset
from kolena_local.dataset import (
    download_dataset,
    download_results,
    frames,
    list_datasets,
    staged,
    upload_dataset,
    upload_results,
)
from kolena_local.dataset.dataset import _fetch_dataset_history
from kolena_local.errors import DuplicateDatapointIdError, InputValidationError
from kolena_local.repository import open_store
from kolena_local.repository.health.invariants import RULES, LastIds, digest_problem
from tests.conftest import few_examples

OBJECTS = st.sampled_from(
    [
        BoundingBox((0.0, 0.5), (1.0, 2.0)),
        Label("cat"),
        ImageAsset("s3://a/b.png"),
    ]
)
TEXT = st.text(max_size=5) | st.sampled_from(
    ["", "$", "\ud800", "null", "NaN", '{"$": "nan"}', "é🌙"]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | TEXT
    | st.sampled_from([-0.0, 1e16, 5e-324, 0.05, 2.0**53])
)
CELLS = st.recursive(
    SCALARS | OBJECTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
# pandas refuses unpaired surrogates in names.
NAMES = TEXT.filter(lambda name: name != "id" and "\ud800" not in name) | st.sampled_from(
    ["data_type", "my_data_type", "locator", "$class", "a.b", "100%s", "kolena"]
)


def same(left: Any, right: Any) -> bool:
    """Return whether two values are the same, of the same types; NaN is itself."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return math.isnan(left) == math.isnan(right) and (math.isnan(left) or left == right)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return [*left] == [*right] and all(map(same, left.values(), right.values()))
    return bool(left == right)


def assert_sound() -> None:
    """Assert what ``db check`` asserts: digests are those of the content, and all rules hold."""
    with open_store().read() as unit:
        sql = unit.datasets._sql
        for table in ("test_sample", "ground_truth"):
            for payload, stored in sql.fetch(f"SELECT payload, digest FROM {table}"):
                assert digest_problem(payload, stored) is None, payload
        for rule in RULES:
            assert not [*rule.broken(sql.driver, LastIds())]


KINDS = (st.floats(), st.integers(-9, 9), st.booleans(), TEXT, TEXT | st.none(), CELLS)
#: Types of columns in which all cells are equal to what they were.
DTYPES = {
    float: ["float64"],
    int: ["int64", "Int64", "int8", "category"],
    bool: ["bool", "boolean", "category"],
    str: ["category", "string"],
}


@few_examples
@given(
    st.dictionaries(
        NAMES, st.one_of([st.lists(kind, min_size=3, max_size=3) for kind in KINDS]), max_size=4
    ),
    st.integers(0, 9),
)
def test_every_cell_comes_back_as_it_was(columns: Dict[str, List[Any]], choice: int) -> None:
    cells = {"id": [3, 1, 2], **columns}
    frame = pd.DataFrame({name: pd.Series(cell, dtype=object) for name, cell in cells.items()})
    for name, column in columns.items():
        kinds = set(map(type, column))
        if str in kinds:
            kinds.discard(type(None))
        dtypes: List[Any] = [object]
        if len(kinds) == 1:
            dtypes += DTYPES.get(kinds.pop(), [])
        # Strings of Arrow cannot have unpaired surrogates.
        with suppress(UnicodeEncodeError):
            frame[name] = frame[name].astype(dtypes[choice % len(dtypes)])
    with kolena_local.session(db=":memory:"):
        upload_dataset("table", frame, id_fields=["id"])
        upload_results("table", "model", frame.assign(ok=True))
        got = download_dataset("table")
        assert list(got) == list(cells)
        assert set(got.dtypes) == {np.dtype(object)}
        _, [(config, results)] = download_results("table", "model")
        assert config is None
        assert same(results["ok"].tolist(), [True] * 3)
        for name, column in cells.items():
            assert same(got[name].tolist(), column), name
            assert same(results[name].tolist(), column), name
        assert_sound()


UPLOADS = st.lists(
    st.tuples(
        st.booleans(),
        st.lists(
            st.tuples(st.integers(0, 5), st.integers(0, 2)),
            min_size=1,
            max_size=6,
            unique_by=lambda row: row[0],
        ),
    ),
    min_size=1,
    max_size=5,
)


@pytest.mark.filterwarnings("ignore:.* computed before the change")
@few_examples
@given(UPLOADS, st.integers(0, 4))
def test_each_commit_keeps_its_rows_in_order_and_results_follow_the_ids(
    uploads: List[Tuple[bool, List[Tuple[int, int]]]], results_after: int
) -> None:
    rows: Dict[int, int] = {}
    snapshots: List[Dict[int, int]] = []
    added, removed, of_ids = [], [], None
    with kolena_local.session(db=":memory:"):
        for number, (append_only, given_rows) in enumerate(uploads):
            before = rows
            rows = {**(rows if append_only else {}), **dict(given_rows)}
            frame = pd.DataFrame(given_rows, columns=["id", "x"])
            upload_dataset("table", frame, append_only=append_only)
            if [*rows.items()] != [*before.items()]:
                snapshots.append(rows)
                added.append(len(rows.items() - before.items()))
                removed.append(len(before.items() - rows.items()))
            if number == results_after:
                of_ids = {id_: 10 * id_ for id_ in rows}
                frame = pd.DataFrame([*of_ids.items()], columns=["id", "y"])
                upload_results("table", "model", frame)
        count, commits = _fetch_dataset_history("table")
        assert count == len(commits) == len(snapshots)
        assert [one.n_added for one in commits] == added
        assert [one.n_removed for one in commits] == removed
        for commit, snapshot in zip(commits, snapshots, strict=True):
            got = download_dataset("table", commit=commit.commit)
            assert [*zip(got["id"], got["x"], strict=True)] == [*snapshot.items()]
            if of_ids is not None:
                got, [(_, results)] = download_results("table", "model", commit.commit)
                assert got["id"].tolist() == results["id"].tolist() == [*snapshot]
                assert results["y"].tolist() == [of_ids.get(id_) for id_ in snapshot]
        assert_sound()


def test_what_json_does_not_have_comes_back_as_the_readme_says() -> None:
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5)
    names = {
        "tuple": ((1, 2), [1, 2]),
        "set": ({"b", "a"}, ["a", "b"]),
        "array": (np.array([[1.5], [2.5]]), [[1.5], [2.5]]),
        "scalar": (np.float32(0.5), 0.5),
        "timestamp": (pd.Timestamp(moment), "2026-01-02T03:04:05"),
        "datetime64": (np.datetime64(moment), "2026-01-02T03:04:05"),
        "date": (moment.date(), "2026-01-02"),
        "duration": (pd.Timedelta(seconds=90), "P0DT0H1M30S"),
        "uuid": (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        "path": (pathlib.PurePosixPath("a/b.png"), "a/b.png"),
        "missing": (pd.NA, None),
        "no time": (pd.NaT, None),
        "in a list": (
            [{"boxes": (Label("a"), {moment.date()})}],
            [{"boxes": [Label("a"), ["2026-01-02"]]}],
        ),
        "subclass": (
            LabeledBoundingBox((0, 0), (1, 1), "a"),
            BoundingBox((0, 0), (1, 1), label="a"),
        ),  # type: ignore[call-arg]
    }
    frame = pd.DataFrame({"id": [1], 7: [8]})
    for name, (cell, _) in names.items():
        frame[name] = pd.Series([cell], dtype=object)
    frame["times"] = pd.to_datetime([moment])
    frame["numbers"] = pd.array([None], dtype="Int64")
    frame["words"] = pd.array([None], dtype="string")
    frame["kinds"] = pd.Categorical(["a"])
    frame["no kind"] = pd.Categorical([None], categories=["a"])
    frame["no number"] = pd.Categorical([None], categories=[0.5])
    frame["narrow"] = np.array([0.5], dtype=np.float16)
    frame["wide"] = np.array([0.5], dtype=np.longdouble)
    upload_dataset("table", frame)
    got = download_dataset("table").iloc[0]
    for name, (_, expected) in names.items():
        assert got[name] == expected, name
        assert type(got[name]) is type(expected), name
    assert got[["narrow", "wide"]].tolist() == [0.5, 0.5]
    assert math.isnan(got["no number"])
    assert got[["7", "times", "numbers", "words", "no kind", "kinds"]].tolist() == [
        8,
        "2026-01-02T03:04:05",
        None,
        None,
        None,
        "a",
    ]


@pytest.mark.parametrize("cell", [b"bytes", 1j, object(), {1, object()}, {"a": [b""]}])
def test_a_cell_without_a_json_form_is_refused_by_name(cell: Any) -> None:
    frame = pd.DataFrame({"id": [1], "odd": pd.Series([cell], dtype=object)})
    with pytest.raises(InputValidationError, match="The column 'odd' cannot be stored"):
        upload_dataset("table", frame)
    assert list_datasets() == []


def test_rows_that_do_not_fit_into_memory_wait_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staged, "_BYTES_IN_MEMORY", 100)
    monkeypatch.setattr(frames, "_ROWS_AT_ONCE", 2)
    frame = pd.DataFrame({"id": range(7), "x": [f"text {number}" for number in range(7)]})
    frame = frame.astype(object)
    upload_dataset("table", iter([frame.head(3), frame.tail(4)]))
    upload_results("table", "model", frame.iloc[::-1])
    got, [(_, results)] = download_results("table", "model")
    assert got.equals(frame)
    assert results.equals(frame)
    with pytest.raises(DuplicateDatapointIdError, match=": 3, 4, 5, 6;"):
        upload_dataset("table", [frame, frame.tail(4)])
    assert_sound()
