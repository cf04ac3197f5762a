"""Datasets: what identifies rows, what is refused, filters, and what goes with a dataset."""

from __future__ import annotations

import sqlite3
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
    download_dataset_embeddings,
    download_results,
    get_dataset_embedding_keys,
    list_datasets,
    upload_dataset,
    upload_dataset_embeddings,
    upload_results,
)
from kolena_local.dataset.dataset import (
    DatapointType,
    _fetch_dataset_history,
    _infer_datatype,
    _load_dataset_metadata,
)
from kolena_local.errors import (
    DuplicateDatapointIdError,
    IncorrectUsageError,
    InputValidationError,
    KolenaWarning,
    NameConflictError,
    NotFoundError,
    StoreDamagedError,
)
from kolena_local.repository import close_store, open_store
from kolena_local.workflow import GroundTruth, Image, Inference, define_workflow


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
    changed = upload_dataset("images", images.assign(id=range(5)), id_fields=["id"])
    assert changed.id_fields == ["id"]
    frame, results = download_results("images", "model")
    assert (frame.empty, results) == (True, [])
    # Results are there again with the fields that they were uploaded for.
    upload_dataset("images", images, id_fields=["locator"])
    _, [(_, again)] = download_results("images", "model")
    assert again["ok"].tolist() == [True] * 5
    with open_store().read() as unit:
        (run,) = unit.test_runs.list(test_suite="images")
        assert run.test_suite_version == unit.test_suites.get("images").version


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

    def chosen(**fields: GeneralFieldFilter) -> List[int]:
        filters = Filters({name.replace("_", "."): one for name, one in fields.items()})
        found = download_dataset("table", filters=filters)
        return [] if found.empty else found["id"].tolist()  # type: ignore[no-any-return]

    assert chosen(truth_label=GeneralFieldFilter(value_in=["cat", "dog"])) == [1, 4]
    assert chosen(truth_label=GeneralFieldFilter(null_value=True)) == [2, 3]
    assert chosen(truth_label=GeneralFieldFilter(["cat"], True)) == [1, 2, 3]
    assert chosen(a_b=GeneralFieldFilter([True])) == [3]
    both = GeneralFieldFilter(["x", "y"])
    assert chosen(a_b=both, truth_label=GeneralFieldFilter(null_value=True)) == [2]
    assert chosen(nothing_here=GeneralFieldFilter(value_in=[])) == []
    for wrong in ({}, {"value_in": "cat"}, {"null_value": False}):
        with pytest.raises(InputValidationError):
            GeneralFieldFilter(**wrong)  # type: ignore[arg-type]
    with pytest.raises(InputValidationError):
        Filters({"id": "1"})  # type: ignore[dict-item]


def test_the_ids_of_datapoints_stay_while_their_content_does(images: pd.DataFrame) -> None:
    before = download_dataset("images", include_datapoint_id=True)
    upload_dataset("images", images.iloc[::-1])
    after = download_dataset("images", include_datapoint_id=True)
    assert [*after] == ["kolena_datapoint_id", *images]
    assert after["kolena_datapoint_id"].tolist() == before["kolena_datapoint_id"].tolist()[::-1]


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


def test_a_dataset_goes_with_all_that_belongs_to_it(images: pd.DataFrame) -> None:
    upload_results("images", "model", images[["locator"]].assign(ok=True))
    upload_dataset_embeddings("images", "clip", images[["locator"]].assign(embedding=[[1.0]] * 5))
    upload_dataset("twin", images)
    delete_dataset("images")
    assert list_datasets() == ["twin"]
    assert download_dataset("twin").equals(images)
    with open_store().read() as unit:
        assert [model.name for model in unit.models.list()] == ["model"]
        (counts,) = unit.query(
            "SELECT (SELECT count(*) FROM dataset_embedding), (SELECT count(*) FROM test_run),"
            " (SELECT count(*) FROM test_case), (SELECT count(*) FROM test_sample)",
            {},
        ).rows
    assert counts == (0, 0, 1, 5)
    upload_dataset("images", images)
    assert _fetch_dataset_history("images")[0] == 1


def test_a_dataset_has_neither_the_name_of_a_test_suite_nor_its_test_case(
    images: pd.DataFrame,
) -> None:
    _, Case, Suite, _ = define_workflow("Other", Image, GroundTruth, Inference)
    case = Case("taken")
    with pytest.raises(NameConflictError, match="'taken' belongs to a test case of the workflow"):
        upload_dataset("taken", images)
    assert list_datasets() == ["images"]
    Suite("both", test_cases=[case])
    with open_store().write() as unit:
        shared = unit.datasets.get("images").test_case_id
        suite = unit.test_suites.add(unit.workflows.ensure("Dataset").id, "slices", "", [])
        unit.test_suites.replace_test_cases(suite.id, 0, [(shared, 1)])
    with pytest.raises(IncorrectUsageError, match="used by the test suite 'slices'"):
        delete_dataset("images")
    assert list_datasets() == ["images"]


def test_embeddings_are_those_of_rows_whatever_else_changes(images: pd.DataFrame) -> None:
    vectors = [np.arange(3.0) + number for number in range(4)]
    given = images.head(4)[["locator"]].assign(embedding=vectors)
    kept = given.copy(deep=True)
    upload_dataset_embeddings("images", "clip", given)
    assert given.equals(kept)
    assert get_dataset_embedding_keys("images") == ["clip"]
    upload_dataset("images", images.assign(weather="sun"))
    outside = pd.DataFrame(
        {"locator": ["s3://no.png", images["locator"][4]], "embedding": [[1, 2, 3], [7, 8, 9]]}
    )
    with pytest.warns(KolenaWarning, match="1 of 2 embeddings was not stored"):
        upload_dataset_embeddings("images", "clip", outside)
    got = download_dataset_embeddings("images", "clip")
    assert got["locator"].tolist() == images["locator"].tolist()
    assert {vector.dtype for vector in got["embedding"]} == {np.dtype("float32")}
    assert [vector.tolist() for vector in got["embedding"]] == [
        *([*map(float, vector)] for vector in vectors),
        [7.0, 8.0, 9.0],
    ]
    # Of another length: the earlier ones cannot be searched together with these.
    upload_dataset_embeddings("images", "clip", given.head(1).assign(embedding=[[1.0]]))
    assert len(download_dataset_embeddings("images", "clip")) == 1
    with pytest.raises(NotFoundError, match="no embeddings with the key 'x'; it has 'clip'"):
        download_dataset_embeddings("images", "x")
    for frame, message in (
        (given.drop(columns="embedding"), "no column 'embedding'"),
        (given.drop(columns="locator"), "no column 'locator'"),
        (given.assign(embedding=[[1.0], [1.0, 2.0]] * 2), "not equally long"),
        (given.assign(embedding=[[1e300, np.nan]] * 4), "end at 3.4e38, and one has 1e\\+300"),
        (given.assign(embedding=[["a"]] * 4), "must be an array of numbers"),
        (pd.concat([given, given]), "Several rows have the same locator"),
    ):
        with pytest.raises(InputValidationError, match=message):
            upload_dataset_embeddings("images", "clip", frame)


def test_the_kind_of_data_follows_from_locator_extension_and_text() -> None:
    kinds = {
        "s3://a/b.PNG?x=1#y": DatapointType.IMAGE,
        "https://a.org/b.txt": DatapointType.DOCUMENT,
        "b.pdf": DatapointType.DOCUMENT,
        "b.mp4": DatapointType.VIDEO,
        "b.wav": DatapointType.AUDIO,
        "b.opus": DatapointType.AUDIO,
        "b.pcd": DatapointType.POINT_CLOUD,
        "b.PCD": DatapointType.TABULAR,
        "b": DatapointType.TABULAR,
    }
    frame = pd.DataFrame({"locator": [*kinds]})
    assert _infer_datatype(frame) == [kind.value for kind in kinds.values()]
    assert set(_infer_datatype(frame.assign(file_extension="flac"))) == {"DATAPOINT/AUDIO"}
    assert _infer_datatype(pd.DataFrame({"text": ["a"]})) == ["DATAPOINT/TEXT"]
    assert _infer_datatype(pd.DataFrame({"x": ["a"]})) == ["DATAPOINT/TABULAR"]


def test_an_export_carries_datasets_with_their_history_over(
    images: pd.DataFrame, tmp_path: Any
) -> None:
    upload_dataset("images", images.head(3), commit_tags=["v2"])
    upload_results("images", "model", images[["locator"]].head(2).assign(ok=[True, False]))
    upload_dataset_embeddings(
        "images", "clip", images[["locator"]].head(2).assign(embedding=[[1.0]] * 2)
    )
    with open_store().read() as unit:
        lines = [line.encode() for line in unit.dump.lines()]
    with kolena_local.session(db=tmp_path / "other.db"):
        for _ in range(2):  # the second time, all of it is there already
            with open_store().write() as unit:
                unit.dump.read(lines)
        with open_store().read() as unit:
            assert [line.encode() for line in unit.dump.lines()] == lines
        assert download_dataset("images").equals(images.head(3))
        _, [(_, results)] = download_results("images", "model")
        assert results["ok"].tolist() == [True, False, None]
    # Both go on by themselves, and differ then.
    upload_dataset("images", images.tail(1))
    with open_store().read() as unit:
        lines = [line.encode() for line in unit.dump.lines()]
    with kolena_local.session(db=tmp_path / "other.db"):
        upload_dataset("images", images.head(1))
        with pytest.raises(NameConflictError, match="images"), open_store().write() as unit:
            unit.dump.read(lines)
        with open_store().write() as unit:
            unit.dump.read(lines, "keep")
        assert download_dataset("images").equals(images.head(1))
        with open_store().write() as unit:
            unit.dump.read(lines, "rename")
        assert list_datasets() == ["images", "images (2)"]
        assert download_dataset("images (2)")["locator"].tolist() == ["s3://images/4.png"]
        with open_store().write() as unit:
            unit.dump.read(lines, "take")
        assert download_dataset("images")["locator"].tolist() == ["s3://images/4.png"]
        assert _fetch_dataset_history("images")[0] == 3
        assert get_dataset_embedding_keys("images") == ["clip"]


def test_a_dataset_is_renamed_with_its_test_case_and_deleted_as_a_dataset() -> None:
    upload_dataset("photos", pd.DataFrame({"id": [1, 2]}))
    with open_store().write() as unit:
        unit.test_suites.rename("photos", "pictures")
    upload_dataset("photos", pd.DataFrame({"id": [3]}))  # the name is free again
    assert list_datasets() == ["pictures", "photos"]
    with (
        pytest.raises(IncorrectUsageError, match="'pictures' is a dataset; delete it with delete_"),
        open_store().write() as unit,
    ):
        unit.test_suites.delete(["pictures"])
    assert list(download_dataset("pictures")["id"]) == [1, 2]
    delete_dataset("pictures")
    upload_dataset("pictures", pd.DataFrame({"id": [4]}))
    assert list(download_dataset("pictures")["id"]) == [4]


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
