"""What a user easily gets wrong with files of datapoints and results is said in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from kolena_local.dataset import download_dataset, download_results
from tests.cli.conftest import Invoke
from tests.cli.test_dataset_files import files, upload

__all__ = ["files"]  # the fixture

pytestmark = pytest.mark.filterwarnings("always::kolena_local.errors.KolenaWarning")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_model_that_gives_no_answer_where_it_is_wrong_is_not_better(invoke: Invoke) -> None:
    Path("animals.csv").write_text("id,label\na,cat\nb,dog\nc,\nd,\n")
    Path("predicted.csv").write_text("id,prediction\na,cat\nb,\nc,dog\nd,\n")
    invoke("datasets", "upload", "animals.csv")
    invoke("datasets", "results", "animals", "m", "predicted.csv", "--correct", "label=prediction")
    _, [(_, results)] = download_results("animals", "m")
    assert results["correct"].tolist() == [True, False, None, None]


def test_labels_such_as_None_and_NA_are_labels_and_not_missing(invoke: Invoke) -> None:
    Path("scans.csv").write_text(
        "id,label,size,ok\na,None,1.5,true\nb,NA,nan,NA\nc,,NA,\nd,tumor,inf,true\ne,nan,,true\n"
    )
    Path("predicted.csv").write_text("id,prediction\na,None\nb,NA\nc,NA\nd,cyst\ne,NA\n")
    invoke("datasets", "upload", "scans.csv")
    scans = download_dataset("scans")
    assert scans["label"].tolist() == ["None", "NA", None, "tumor", None]
    assert [str(size) for size in scans["size"]] == ["1.5", "nan", "nan", "inf", "nan"]
    assert scans["ok"].tolist() == [True, None, None, True, True]
    invoke("datasets", "results", "scans", "m", "predicted.csv", "--correct", "label=prediction")
    _, [(_, results)] = download_results("scans", "m")
    assert results["correct"].tolist() == [True, True, None, False, None]


def test_predictions_that_are_uploaded_as_the_dataset_say_which_columns_vanish(
    invoke: Invoke,
) -> None:
    Path("animals.csv").write_text("id,city,label\na,rome,cat\n")
    Path("predicted.csv").write_text("id,prediction\na,cat\n")
    invoke("datasets", "upload", "animals.csv")
    done = invoke("datasets", "upload", "predicted.csv", "--name", "animals")
    assert done.exit_code == 0
    assert done.stderr.startswith(
        "Warning: The uploaded datapoints lack the columns 'city' and 'label', which the dataset"
        " 'animals' had, and have no values there now;"
    )
    assert list(download_dataset("animals")) == ["id", "prediction"]


def test_results_from_before_labels_were_corrected_are_counted(invoke: Invoke) -> None:
    rows = "id,label\na,cat\nb,dog\nc,dog\nd,dog\n"
    Path("animals.csv").write_text(rows)
    Path("predicted.csv").write_text("id,prediction\na,cat\nb,dog\n")
    invoke("datasets", "upload", "animals.csv")
    for name in ("m4", "m1", "m2", "m3"):
        invoke("datasets", "results", "animals", name, "predicted.csv")

    def warnings_of(content: str, *options: str) -> list[str]:
        Path("animals.csv").write_text(content)
        done = invoke("datasets", "upload", "animals.csv", *options)
        assert done.exit_code == 0
        return [line for line in done.stderr.splitlines() if line.startswith("Warning")]

    # A new row, rows in another order, a changed one without results, and rows that go.
    assert warnings_of(rows + "e,cat\n") == []
    assert warnings_of("id,label\nb,dog\na,cat\nc,eel\n") == []
    assert warnings_of("id,label\na,dog\nb,eel\nc,dog\n") == [
        "Warning: 2 changed datapoints of the dataset 'animals' have results of the models 'm1',"
        " 'm2', 'm3' and 1 more that were computed before the change; upload these results again if"
        " they depend on what changed."
    ]
    (one,) = warnings_of("id,label\na,cat\nf,cat\n", "--append")
    assert one.startswith("Warning: 1 changed datapoint of the dataset 'animals' has results of")


def test_an_import_of_inferences_of_a_dataset_names_the_command_for_its_results(
    invoke: Invoke,
) -> None:
    Path("animals.csv").write_text("id,label\na,cat\n")
    invoke("datasets", "upload", "animals.csv")
    invoke("models", "create", "m", "-w", "Dataset")
    refused = invoke("inferences", "import", "m", "animals.csv")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "`kolena-local datasets results DATASET MODEL FILE`" in refused.stderr


def test_datapoints_that_no_file_of_results_had_are_counted(invoke: Invoke) -> None:
    Path("animals.csv").write_text("id,label\na,cat\nb,cat\nc,dog\nd,dog\n")
    invoke("datasets", "upload", "animals.csv")
    said = []
    for ids in ("a", "ab", "cd"):
        lines = [f"{one},true" for one in ids]
        Path("predicted.csv").write_text("\n".join(["id,correct", *lines]))
        said.append(invoke("datasets", "results", "animals", "m", "predicted.csv").stderr)
    assert [text.splitlines()[1:] for text in said] == [
        ["3 of 4 datapoints have no results of m yet."],
        ["2 of 4 datapoints have no results of m yet."],
        [],
    ]


def test_a_column_cannot_be_better_when_higher_and_when_lower(invoke: Invoke) -> None:
    Path("animals.csv").write_text("id,seconds\na,1\n")
    invoke("datasets", "upload", "animals.csv")
    both = ("--higher-is-better", "seconds", "--lower-is-better", "seconds")
    refused = invoke("datasets", "results", "animals", "m", "animals.csv", *both)
    assert refused.exit_code == 2
    assert "both name 'seconds'; leave out one of them." in refused.stderr


def test_results_of_datapoints_that_had_other_ids_are_said_to_be_lost(invoke: Invoke) -> None:
    Path("animals.csv").write_text("id,file,label\na,a.png,cat\nb,b.png,dog\n")
    Path("predicted.csv").write_text("id,file,prediction\na,a.png,cat\nb,b.png,cat\n")
    invoke("datasets", "upload", "animals.csv")
    invoke("datasets", "results", "animals", "m", "predicted.csv")
    warning, _ = invoke("datasets", "upload", "animals.csv", "--id", "file").stderr.splitlines()
    assert warning == (
        "Warning: The datapoints of the dataset 'animals' are now identified by 'file' instead"
        " of 'id', so the results of the model 'm' do not belong to any of them; upload these"
        " results again."
    )
    invoke("datasets", "results", "animals", "m", "predicted.csv")
    assert len(download_results("animals", "m")[1]) == 1
    # Those by the earlier id are there again.
    assert "Warning" not in invoke("datasets", "upload", "animals.csv", "--id", "id").stderr


def test_slices_that_keep_datapoints_which_are_gone_are_named_and_can_be_made_again(
    invoke: Invoke,
) -> None:
    Path("animals.csv").write_text("id,label\na,cat\nb,cat\nc,dog\nd,dog\n")
    Path("predicted.csv").write_text("id,correct\na,true\nb,false\nc,true\nd,true\n")
    invoke("datasets", "upload", "animals.csv")
    invoke("test-cases", "create", "by", "--from", "animals", "--stratify", "sample.label")
    add = ("test-suites", "edit", "animals", "--add", "by: label = cat")
    invoke(*add, "--add", "by: label = dog")
    for name in "mn":
        invoke("datasets", "results", "animals", name, "predicted.csv")
    assert "no longer has" not in invoke("compare", "m", "n", "-s", "animals").stdout
    Path("animals.csv").write_text("id,label\na,cat\nc,dog\nd,dog\n")
    warning, _ = invoke("datasets", "upload", "animals.csv").stderr.splitlines()
    assert warning == (
        "Warning: The test case 'by: label = cat' in the test suite 'animals' has datapoints that"
        " were changed or removed but still count in comparisons. To rebuild a test case NAME, run"
        " `kolena-local test-cases create NAME --reset` and `kolena-local test-suites edit"
        " animals --add NAME`, then upload the results again."
    )
    remark = (
        "Datapoints that the dataset 'animals' no longer has are compared in 'by: label = cat'."
        " To rebuild such a test case NAME, run `kolena-local test-cases create NAME --reset` and"
        " `kolena-local test-suites edit animals --add NAME`."
    )
    compared = ("compare", "m", "n", "-s", "animals")
    for command in (compared, ("leaderboard", "animals")):
        assert remark in invoke(*command).stdout
    again = invoke("test-cases", "create", "by: label = cat", "--reset")
    assert again.stderr.endswith("'by: label = cat' (version 2, 1 sample).\n")
    invoke(*add)
    invoke("datasets", "results", "animals", "m", "predicted.csv")
    assert "by: label = cat        1        1" in invoke("results", "m", "animals").stdout
    Path("animals.csv").write_text("id,label\na,cat\nc,dog\nd,dog\ne,dog\n")
    assert "Warning" not in invoke("datasets", "upload", "animals.csv").stderr


def test_results_without_the_metric_of_the_other_model_say_how_to_store_it(
    invoke: Invoke, files: Path
) -> None:
    upload(invoke)
    invoke("datasets", "results", "animals", "third", "first.csv")
    command = "`kolena-local datasets results animals third FILE --correct FIELD=COLUMN`"
    refused = invoke("compare", "third", "first", "-s", "animals", "--metric", "correct")
    assert (refused.exit_code, command in refused.stderr) == (1, True)
    unnamed = invoke("compare", "first", "third", "-s", "animals")
    assert f"'third' has no metric 'correct'; store the results of 'third' again ({command})" in (
        unnamed.stdout
    )


@pytest.mark.parametrize(
    ("metric", "needed"),
    [
        (
            'kind = "object-detection"\ntp_field = "seconds"\nfp_field = "seconds"\n'
            'fn_field = "seconds"',
            "objects",
        ),
        (
            'kind = "thresholded-objects"\nthreshold = 0.5\nthresholded_object_field = "seconds"',
            "counts by threshold",
        ),
    ],
)
def test_numbers_where_a_quality_standard_needs_lists_are_refused(
    invoke: Invoke, files: Path, metric: str, needed: str
) -> None:
    upload(invoke)
    group = f'[[metric_groups]]\nname = "g"\n[[metric_groups.metrics]]\n{metric}'
    text = f'name = "s"\n{group}\nlabel = "found"\naggregator = "precision"\n'
    Path("s.toml").write_text(text)
    refused = invoke("datasets", "standard", "apply", "animals", "s.toml")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith(
        f"Error: The metric 'found' needs lists of {needed} in 'seconds', which holds values such"
        " as 0.0; name "
    )
    assert 'kind = "formula", which takes counts.' in refused.stderr


def test_duplicate_results_are_to_be_removed_without_an_option_that_there_is_not(
    invoke: Invoke,
) -> None:
    Path("animals.csv").write_text("id,label\na,cat\n")
    Path("twice.csv").write_text("id,score\na,1\na,2\n")
    invoke("datasets", "upload", "animals.csv")
    refused = invoke("datasets", "results", "animals", "m", "twice.csv")
    assert (refused.exit_code, refused.stderr) == (
        1,
        "Error: Several rows have the same id, which must identify a row: 'a'; remove the"
        " duplicates.\n",
    )


def test_a_missing_column_of_correct_is_said_of_the_dataset_or_the_file(invoke: Invoke) -> None:
    Path("animals.csv").write_text("id,label\na,cat\n")
    Path("predicted.csv").write_text("id,prediction\na,cat\n")
    invoke("datasets", "upload", "animals.csv")
    command = ("datasets", "results", "animals", "m", "predicted.csv", "--correct")
    swapped = invoke(*command, "prediction=label")
    assert (swapped.exit_code, swapped.stderr) == (
        1,
        "Error: The dataset 'animals' has no column 'prediction'; it has 'id' and 'label'.\n",
    )
    assert invoke(*command, "label=label").stderr == (
        "Error: 'predicted.csv' has no column 'label'; it has 'id' and 'prediction'.\n"
    )


def test_results_before_their_dataset_name_the_command_that_makes_it(
    invoke: Invoke, folder: Path
) -> None:
    Path("animals.csv").write_text("id,label\na,cat\n")
    command = "`kolena-local datasets upload FILE --id COLUMN --name 'my photos'`"
    path = folder / "store.db"
    arguments = ("datasets", "results", "my photos", "m", "animals.csv", "--db", path)
    without_store = invoke(*arguments)
    assert (without_store.exit_code, without_store.stderr) == (
        1,
        f"Error: There is no dataset 'my photos', as there is no store at {path} yet; {command}"
        " makes both.\n",
    )
    assert not path.exists()
    invoke("datasets", "upload", "animals.csv", "--name", "photos", "--db", path)
    assert invoke(*arguments).stderr == (
        "Error: There is no dataset 'my photos'; did you mean 'photos'? To make a dataset of that"
        f" name, run {command}.\n"
    )
