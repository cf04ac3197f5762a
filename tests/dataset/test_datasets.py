"""Datasets: what identifies rows, what is refused, and filters."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Iterator, List

import numpy as np
import pandas as pd
import pytest

import kolena_local
from kolena_local.dataset import (
    DatasetEntity,
    Filters,
    GeneralFieldFilter,
    delete_dataset,
    download_dataset,
    download_results,
    get_models,
    list_datasets,
    upload_dataset,
    upload_dataset_embeddings,
    upload_results,
)
from kolena_local.dataset.dataset import _fetch_dataset_history, _load_dataset_metadata
from kolena_local.errors import (
    DuplicateDatapointIdError,
    InputValidationError,
    KolenaWarning,
    NameConflictError,
    NotFoundError,
    StoreDamagedError,
)
from kolena_local.repository import close_store, open_store
from kolena_local.repository.health.checks import check


@pytest.mark.parametrize(
    ("columns", "fields"),
    [
        (["id", "a_id", "locator"], ["id"]),
        (["b_id", "locator", "id_a", "userid"], ["b_id", "id_a"]),
        (["userid", "text", "locator"], ["locator"]),
        (["ID", "text"], ["text"]),
    ],
)
def test_the_names_of_columns_say_which_identify_a_row(
    columns: List[str], fields: List[str]
) -> None:
    made = upload_dataset("table", pd.DataFrame({name: ["a", "b"] for name in columns}))
    assert made == DatasetEntity(made.id, "table", "", fields)
    assert _load_dataset_metadata("table") == made


def test_what_identifies_rows_is_given_then_known_then_inferred(images: pd.DataFrame) -> None:
    assert upload_dataset("images", images.assign(id=range(5))).id_fields == ["locator"]
    upload_results("images", "model", images[["locator"]].assign(ok=True))
    with pytest.warns(KolenaWarning, match="results of the model 'model' do not belong to any"):
        changed = upload_dataset("images", images.assign(id=range(5)), id_fields=["id"])
    assert changed.id_fields == ["id"]
    frame, results = download_results("images", "model")
    assert (frame.empty, results) == (True, [])
    # Results are there again with the fields that they were uploaded for.
    with pytest.warns(KolenaWarning, match="lack the column 'id'"):
        upload_dataset("images", images, id_fields=["locator"])
    _, [(_, again)] = download_results("images", "model")
    assert again["ok"].tolist() == [True] * 5
    with open_store().read() as unit:
        (run,) = unit.test_runs.list(test_suite="images")
        assert run.test_suite_version == unit.test_suites.get("images").version


@pytest.mark.filterwarnings("ignore:.* computed before the change")
def test_rows_are_not_added_under_other_id_fields() -> None:
    frame = pd.DataFrame({"a_id": [1, 2], "b_id": [1, 1], "x": [1, 2]})
    upload_dataset("table", frame)
    upload_results("table", "model", frame[["a_id", "b_id"]].assign(ok=True))
    with pytest.raises(InputValidationError, match="identified by a_id and b_id; to identify"):
        upload_dataset("table", frame, id_fields=["a_id"], append_only=True)
    same = upload_dataset("table", frame.assign(x=3), id_fields=["b_id", "a_id"], append_only=True)
    assert same.id_fields == ["a_id", "b_id"]
    assert download_dataset("table")["x"].tolist() == [3, 3]
    _, [(_, results)] = download_results("table", "model")
    assert results["ok"].tolist() == [True, True]


def endless() -> List[Any]:
    value: List[Any] = []
    value.append({"again": value})
    return value


def duplicates() -> pd.DataFrame:
    return pd.DataFrame({"id": [number // 2 for number in range(30)]})


@pytest.mark.parametrize(
    ("frames", "options", "message"),
    [
        (pd.DataFrame({"id": []}), {}, "has no rows"),
        (iter([]), {}, "has no rows"),
        (pd.DataFrame({"x": [1]}), {}, "No column identifies the rows"),
        (pd.DataFrame({"x": [1]}), {"id_fields": ["y"]}, "no column 'y'"),
        (pd.DataFrame({"x": [1]}), {"id_fields": []}, "id_fields is empty"),
        (pd.DataFrame({"id": [[1]]}), {}, "must identify rows, and has \\[1\\]"),
        (pd.DataFrame([[1, 2]], columns=["id", "id"]), {}, "several columns called 'id'"),
        (pd.DataFrame([[1, 2]], columns=["1", 1]), {"id_fields": ["1"]}, "called '1'"),
        (pd.DataFrame([[1, 2]], columns=pd.Index(["id", None], dtype=object)), {}, "not a name"),
        (pd.DataFrame([[1, 2]], columns=pd.Index(["id", pd.NaT], dtype=object)), {}, "not a name"),
        (pd.DataFrame([[1, 2]], columns=["id", b"x"]), {}, "called b'x', which is not a name"),
        (
            pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("id", 1), ("id", 2)])),
            {},
            "several",
        ),
        ([{"id": 1}], {}, "is needed, not dict"),
        (7, {}, "is needed, not int"),
        (pd.DataFrame({"id": [1], "x": [endless()]}), {}, "'x' cannot be stored: x: .* too deeply"),
        (pd.DataFrame({"id": [1]}), {"dataset_tags": 5}, "dataset_tags must be a list of strings"),
        (pd.DataFrame({"id": [1]}), {"commit_tags": [" "]}, "commit_tags must be"),
        # Every frame is checked, not only the first.
        (iter([pd.DataFrame({"id": [1]}), pd.DataFrame({"x": [1]})]), {}, "no column 'id'"),
        (iter([pd.DataFrame({"id": [1]}), pd.DataFrame({"id": [{}]})]), {}, "must identify rows"),
    ],
)
def test_a_wrong_upload_says_why_and_leaves_nothing(
    frames: Any, options: Any, message: str
) -> None:
    with pytest.raises(InputValidationError, match=message):
        upload_dataset("table", frames, **options)
    for name in ("", " \n", None):
        with pytest.raises(InputValidationError, match="not blank"):
            upload_dataset(name, pd.DataFrame({"id": [1]}))  # type: ignore[arg-type]
    assert list_datasets() == []


def test_the_first_ten_ids_that_occur_twice_are_named() -> None:
    frames = iter([duplicates().drop_duplicates(), pd.DataFrame({"id": [99]}), duplicates()])
    for given in (duplicates(), frames):
        with pytest.raises(
            DuplicateDatapointIdError, match="id, which must identify a row: 0, 1, 2"
        ) as e:
            upload_dataset("table", given)
        assert e.value.duplicate_ids == [{"id": number} for number in range(10)]
    pairs = pd.DataFrame({"a_id": [np.nan, np.nan, 1], "b_id": ["x", "x", "x"]})
    with pytest.raises(DuplicateDatapointIdError, match=r"\(nan, 'x'\)"):
        upload_dataset("table", pairs)
    distinct = pd.Series([None, "", np.nan, 0, False], dtype=object)
    upload_dataset("table", pd.DataFrame({"id": distinct}))
    assert len(download_dataset("table")) == 5


def test_frames_of_an_iterator_are_read_before_the_store_is_locked() -> None:
    def frames() -> Iterator[pd.DataFrame]:
        for number in range(3):
            # A writer of its own, which would wait forever for a store that is locked.
            upload_dataset(f"other {number}", pd.DataFrame({"id": [number]}))
            yield pd.DataFrame({"id": [number], f"x{number}": [True]})

    upload_dataset("table", frames())
    got = download_dataset("table")
    assert [*got] == ["id", "x0", "x1", "x2"]
    assert got["x1"].tolist() == [None, True, None]

    def failing() -> Iterator[pd.DataFrame]:
        yield pd.DataFrame({"id": [7]})
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        upload_dataset("table", failing())
    assert len(download_dataset("table")) == 3


def test_rows_prepared_under_other_id_fields_than_the_present_ones_are_refused() -> None:
    frame = pd.DataFrame({"id": [1, 2], "word": ["a", "b"]})

    def interrupted() -> Iterator[pd.DataFrame]:
        yield frame.head(1)
        upload_dataset("table", frame, id_fields=["word"])  # as another process might
        yield frame.tail(1)

    def vectors(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(embedding=[[1.0]])

    for upload in (
        lambda: upload_dataset("table", interrupted(), append_only=True),
        lambda: upload_results("table", "model", interrupted()),
        lambda: upload_dataset_embeddings("table", "key", map(vectors, interrupted())),
    ):
        upload_dataset("table", frame, id_fields=["id"])
        with pytest.raises(NameConflictError, match="with the id fields word while others were"):
            upload()
        assert download_dataset("table").equals(frame.astype(object))
    assert get_models("table") == []


def test_an_upload_that_changes_nothing_makes_no_commit(images: pd.DataFrame) -> None:
    upload_dataset("images", images, commit_tags=["a"], dataset_tags=["b"], description="other")
    upload_dataset("images", images.head(2), append_only=True)
    assert _fetch_dataset_history("images")[0] == 1
    entity = _load_dataset_metadata("images")
    assert entity is not None
    assert entity.description == "other"
    upload_dataset("images", images[["box", "weather", "locator"]])
    count, (newest, oldest) = _fetch_dataset_history("images", descending=True)
    assert (count, newest.n_added, newest.n_removed, oldest.n_added) == (2, 0, 0, 5)
    assert [*download_dataset("images")] == ["box", "weather", "locator"]
    assert [*download_dataset("images", commit=oldest.commit[:12])] == [*images]
    assert _fetch_dataset_history("images", limit=1)[1] == [oldest]


def test_filters_choose_datapoints_by_values_inside_objects_and_by_null() -> None:
    frame = pd.DataFrame(
        {
            "id": [1, 2, 3, 4],
            "truth": [{"label": "cat"}, {"label": None}, None, {"label": "dog", "is_sure": True}],
            "a.b": ["x", "y", True, None],
        }
    )
    upload_dataset("table", frame)

    def chosen(table: str = "table", **fields: GeneralFieldFilter) -> List[int]:
        filters = Filters({name.replace("_", "."): one for name, one in fields.items()})
        found = download_dataset(table, filters=filters)
        return [] if found.empty else found["id"].tolist()  # type: ignore[no-any-return]

    assert chosen(truth_label=GeneralFieldFilter(value_in=["cat", "dog"])) == [1, 4]
    assert chosen(truth_label=GeneralFieldFilter(null_value=True)) == [2, 3]
    assert chosen(truth_label=GeneralFieldFilter(["cat"], True)) == [1, 2, 3]
    assert chosen(a_b=GeneralFieldFilter([True])) == [3]
    both = GeneralFieldFilter(["x", "y"])
    assert chosen(a_b=both, truth_label=GeneralFieldFilter(null_value=True)) == [2]
    assert chosen(nothing_here=GeneralFieldFilter(value_in=[])) == []
    upload_dataset(
        "odd", pd.DataFrame({"id": [1, 2, 3], "a.b": [True, 1, float("nan")]}, dtype=object)
    )
    assert chosen("odd", a_b=GeneralFieldFilter([np.True_])) == [1]
    assert chosen("odd", a_b=GeneralFieldFilter([np.float32(1)])) == [2]
    assert chosen("odd", a_b=GeneralFieldFilter([float("nan")])) == [3]
    for wrong in (
        *({}, {"value_in": "cat"}, {"null_value": False}, {"null_value": 1}),
        *({"value_in": [one]} for one in (None, [1], np.array([1, 2]), pd.Timestamp(0), pd.NA)),
    ):
        with pytest.raises(InputValidationError):
            GeneralFieldFilter(**wrong)  # type: ignore[arg-type]
    with pytest.raises(InputValidationError):
        Filters({"id": "1"})  # type: ignore[dict-item]
    with pytest.raises(InputValidationError):
        Filters({1: both})  # type: ignore[dict-item]


def test_the_ids_of_datapoints_stay_while_their_content_does(images: pd.DataFrame) -> None:
    before = download_dataset("images", include_datapoint_id=True)
    upload_dataset("images", images.iloc[::-1])
    after = download_dataset("images", include_datapoint_id=True)
    assert [*after] == ["kolena_datapoint_id", *images]
    assert after["kolena_datapoint_id"].tolist() == before["kolena_datapoint_id"].tolist()[::-1]
    upload_dataset("images", after)
    assert download_dataset("images").equals(after)
    with pytest.raises(InputValidationError, match="has a column 'kolena_datapoint_id' of its own"):
        download_dataset("images", include_datapoint_id=True)


def test_what_does_not_exist_is_named(images: pd.DataFrame) -> None:
    with pytest.raises(NotFoundError, match="no dataset 'image'; did you mean 'images'"):
        download_dataset("image")
    with pytest.raises(NotFoundError, match="'images' has no commit 'abc'"):
        download_dataset("images", commit="abc")
    with pytest.raises(NotFoundError, match="'images' has no commit '5'"):
        download_dataset("images", commit=5)  # type: ignore[arg-type]
    with pytest.raises(NotFoundError, match="no dataset 'image'"):
        delete_dataset("image")
    assert _load_dataset_metadata("image", raise_error_if_not_found=False) is None
    with pytest.warns(KolenaWarning, match="extracts no properties"):
        download_dataset("images", include_extracted_properties=True)


def test_a_damaged_datapoint_or_commit_is_said_to_be_damaged() -> None:
    upload_dataset("photos", pd.DataFrame({"id": [1, 2]}))
    path = open_store().location
    close_store(path)
    changes = (
        "UPDATE test_sample SET payload = '5'",
        "UPDATE dataset_commit SET test_case_version = 99",
    )
    for change in changes:
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            connection.execute(change)
        connection.close()
        with pytest.raises(StoreDamagedError):
            download_dataset("photos")
        close_store(path)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("id_fields", "[]"),
        ("id_fields", "[1]"),
        ("id_fields", '["id","id"]'),
        ("id_fields", '["other"]'),
        ("columns", "[[1]]"),
        ("columns", '["id",null]'),
        ("tags", "[5]"),
        ("tags", '[{"a":"b"}]'),
    ],
)
def test_names_that_no_upload_wrote_are_damage_to_readers_checks_and_imports(
    tmp_path: Path, column: str, text: str
) -> None:
    upload_dataset("photos", pd.DataFrame({"id": [1, 2]}), commit_tags=["first"])
    path = open_store().location
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE dataset_commit SET {column} = ?", (text,))
    for call in (download_dataset, _fetch_dataset_history, delete_dataset):
        with pytest.raises(StoreDamagedError, match="restore a backup"):
            call("photos")
    (found,) = [one for one in check(path) if one.severity == "error"]
    assert 'commit 1 of the dataset "photos"' in found.text
    with open_store().read() as unit:
        lines = [line.encode() for line in unit.dump.lines()]
    with (
        kolena_local.session(db=tmp_path / "other.db"),
        pytest.raises(InputValidationError, match=r"[Ll]ine .* commit 1 of the dataset"),
        open_store().write() as unit,
    ):
        unit.dump.read(lines)
