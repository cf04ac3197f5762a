"""Datasets are found, exported, renamed and deleted with all that belongs to them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, List

import numpy as np
import pandas as pd
import pytest

import kolena_local
from kolena_local.dataset import (
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
from kolena_local.dataset.dataset import DatapointType, _fetch_dataset_history, _infer_datatype
from kolena_local.errors import (
    IncorrectUsageError,
    InputValidationError,
    KolenaWarning,
    NameConflictError,
    NotFoundError,
)
from kolena_local.repository import close_stores, open_store
from kolena_local.repository.health.repairs import repair
from kolena_local.workflow import GroundTruth, Image, Inference, define_workflow
from tests.repository.test_checks import errors


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


def dumped() -> List[bytes]:
    with open_store().read() as unit:
        return [line.encode() for line in unit.dump.lines()]


@pytest.mark.filterwarnings("ignore:.* computed before the change")
def test_a_dataset_goes_on_after_a_merge_of_its_later_commit(
    images: pd.DataFrame, tmp_path: Path
) -> None:
    upload_results("images", "model", images[["locator"]].assign(ok=True))
    first = dumped()
    with kolena_local.session(db=tmp_path / "other.db"), open_store().write() as unit:
        unit.dump.read(first)
    with kolena_local.session(db=tmp_path / "other.db"):
        upload_dataset("images", images.head(2))
        upload_results("images", "model", images[["locator"]].head(1).assign(ok=False))
        second = dumped()
    with open_store().write() as unit:
        unit.dump.read(second)
    # Of the results of both commits, the later ones are those of the next commit.
    upload_dataset("images", images.tail(4).assign(weather="sun"), append_only=True)
    _, [(_, results)] = download_results("images", "model")
    assert results["ok"].tolist() == [False, True, True, True, True]


def test_a_dataset_with_other_tags_is_imported_under_another_name_as_a_whole(
    images: pd.DataFrame,
) -> None:
    lines = dumped()
    upload_dataset("images", images, dataset_tags=["new"])
    with open_store().write() as unit:
        plan = unit.dump.read(lines, "rename")
    assert plan.different == 2  # the test suite and its test case
    assert list_datasets() == ["images", "images (2)"]
    delete_dataset("images")
    assert download_dataset("images (2)").equals(images)


def test_the_rows_of_a_dataset_are_changed_by_uploads_alone(images: pd.DataFrame) -> None:
    with open_store().write() as unit:
        suite = unit.test_suites.get("images")
        (case,) = suite.test_cases
        with pytest.raises(IncorrectUsageError, match="belongs to the dataset 'images'"):
            unit.test_cases.edit(case.id, case.version, description=None, reset=True, changes=[])
        with pytest.raises(IncorrectUsageError, match="with its rows cannot be removed"):
            unit.test_suites.replace_test_cases(suite.id, suite.version, [])
        with pytest.raises(IncorrectUsageError, match="used by the test suite 'images'"):
            unit.test_cases.delete(["images"])
        slice_of_it = unit.test_cases.add(unit.workflows.ensure("Dataset").id, "rain", "")
        pins = [(case.id, case.version), (slice_of_it.id, slice_of_it.version)]
        unit.test_suites.replace_test_cases(suite.id, suite.version, pins)
    upload_dataset("images", images.head(1))
    assert download_dataset("images").equals(images.head(1))
    with open_store().read() as unit:
        assert [one.name for one in unit.test_suites.get("images").test_cases] == ["images", "rain"]


def test_whatever_an_upload_takes_can_be_exported_and_imported(tmp_path: Path) -> None:
    rows = pd.DataFrame({"id": [1, 2], "": [1, 2], "$": ["a\0", "b"], "c\0d": [None, [{}]]})
    upload_dataset("table", rows, commit_tags=["'\n"], description="\u202e")
    scores = rows[["id"]].assign(**{"": [0.5, 1], "$": pd.Series([10**400, -1], dtype=object)})
    upload_results(
        "table",
        "model",
        [({"": float("nan")}, scores)],
        metadata={"\0": "\ud800", "": float("inf")},
        higher_is_better={"": True, "$": False},
    )
    lines = dumped()
    with kolena_local.session(db=tmp_path / "other.db"):
        with open_store().write() as unit:
            unit.dump.read(lines)
        assert dumped() == lines
        assert download_dataset("table").equals(rows.astype(object))
    for wrong in (
        lambda: upload_dataset("a\0", rows),
        lambda: upload_dataset("table", rows, commit_tags=["a\0"], dataset_tags=["a\0"]),
        lambda: upload_dataset("table", rows, description="a\0"),
        lambda: upload_results("table", "a\0", rows),
        lambda: upload_results("table", "model", rows, tags=["a\0"]),
        lambda: upload_dataset_embeddings("table", "a\0", rows.assign(embedding=[[1.0]] * 2)),
    ):
        with pytest.raises(InputValidationError, match="NUL"):
            wrong()
    assert dumped() == lines


def test_wrong_counts_of_commits_are_found_repaired_and_not_imported(tmp_path: Path) -> None:
    rows = pd.DataFrame({"id": [1, 2, 3, 4], "a": [1, 2, 3, 4], "b": 0})
    uploads = [
        rows,
        rows.head(3),
        rows.head(3)[["b", "id", "a"]],  # nothing comes or goes
        rows.iloc[[2, 0, 1]][["b", "id", "a"]],  # only the order changes
        rows.iloc[[3, 0, 1]].replace({"a": {1: 9}})[["b", "id", "a"]],
        rows[["id"]],
    ]
    for upload in uploads[:-1]:
        upload_dataset("table", upload, id_fields=["id"])
    with pytest.warns(KolenaWarning, match="lack the columns"):
        upload_dataset("table", uploads[-1], id_fields=["id"])
    path = open_store().location
    with open_store().read() as unit:
        right = unit.query("SELECT number, n_added, n_removed FROM dataset_commit", {}).rows
        lines = [line.encode() for line in unit.dump.lines()]
    assert [row[1:] for row in right] == [(4, 0), (0, 1), (0, 0), (0, 0), (2, 2), (4, 3)]
    assert errors(path) == []
    close_stores()
    for number, *counts in right:
        with closing(sqlite3.connect(path)) as raw, raw:
            raw.execute("UPDATE dataset_commit SET n_added = 7 WHERE number = ?", (number,))
        (found,) = errors(path)
        said = f"says that it added 7 and removed {counts[1]} datapoints, but it added {counts[0]}"
        assert found.rule == "datapoint counts" and said in found.text
        repair(path)
        assert errors(path) == []
    with open_store().read() as unit:
        assert unit.query("SELECT number, n_added, n_removed FROM dataset_commit", {}).rows == right
    wrong = [line.replace(b'"n_removed":2', b'"n_removed":1') for line in lines]
    with (
        pytest.raises(
            InputValidationError, match=r"[Ll]ine \d+.* commit 5 of the dataset \"table\""
        ),
        open_store(str(tmp_path / "other.db")).write() as other,
    ):
        other.dump.read(wrong)
