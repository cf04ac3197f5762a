"""The demo: what it prints is true, a second run infers nothing, and a killed run is finished."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from subprocess import PIPE
from typing import Any, Dict, List, Tuple

import pandas as pd
import pytest
from click.testing import CliRunner

from kolena_local import demo
from kolena_local.cli import main
from kolena_local.demo.digits import DATA
from kolena_local.repository import close_stores
from tests.conftest import long_only

BASELINE, CANDIDATE = "logistic-regression", "svm-rbf"
N_INFERENCES = 2 * 1079
BATCH = 1000  # inferences are saved after so many at the latest


def correct_answers() -> pd.DataFrame:
    """Return the samples with one column of right and wrong per model, from the files alone."""
    samples = pd.read_csv(DATA / "samples.csv", dtype={"label": str}).set_index("locator")
    for model in (BASELINE, CANDIDATE):
        read = pd.read_csv(DATA / "models" / model / "inferences.csv", dtype={"label": str})
        samples[model] = read.set_index("locator").label == samples.label
    return samples


def expected_table() -> Dict[str, Tuple[int, float, float]]:
    frame = correct_answers()
    slices = {
        "digits: all": frame,
        "digits: thin strokes": frame[frame.ink < 0.28],
        "digits: bold strokes": frame[frame.ink > 0.33],
        "digits: low contrast": frame[frame.contrast < 0.35],
        "digits: narrow": frame[frame.width <= 4],
        "digits: leaning left": frame[frame.slant_degrees < -8],
        "digits: leaning right": frame[frame.slant_degrees > 4],
        "digits: look-alikes 1 4 7 9": frame[frame.label.isin(list("1479"))],
    }
    return {
        name: (len(part), part[BASELINE].mean(), part[CANDIDATE].mean())
        for name, part in slices.items()
    }


def run_demo(db: Path) -> List[str]:
    lines: List[str] = []
    demo.run(str(db), echo=lines.append)
    return lines


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Tuple[Path, List[str]]:
    """Return a store that the demo made, which nobody changes, and what was printed."""
    db = tmp_path_factory.mktemp("demo") / "fresh.db"
    lines = run_demo(db)
    close_stores()
    return db, lines


@pytest.fixture
def lines(first_run: Tuple[Path, List[str]], store_path: Path) -> List[str]:
    """Return what a first run printed; its store is the test's own."""
    template, printed = first_run
    shutil.copyfile(template, store_path)
    return printed


def query(db: Path, sql: str) -> List[Tuple[Any, ...]]:
    with closing(sqlite3.connect(f"{db.as_uri()}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def inferences_in(db: Path) -> int:
    if not db.exists():
        return 0
    tables = query(db, "select name from sqlite_master where name = 'inference'")
    return int(query(db, "select count(*) from inference")[0][0]) if tables else 0


def test_table_is_what_the_files_say(lines: List[str]) -> None:
    assert re.search(rf"^{N_INFERENCES} inferences made, 0 found in .*fresh\.db$", lines[0])
    printed = {}
    for line in lines:
        row = re.fullmatch(r"(digits: .+?)  +(\d+)  +([\d.]+)  +([\d.]+)  +([+-][\d.]+)", line)
        if row:
            printed[row[1]] = row.groups()[1:]
    assert printed == {
        name: (str(n), f"{left:.3f}", f"{right:.3f}", f"{right - left:+.3f}")
        for name, (n, left, right) in expected_table().items()
    }


def test_the_table_says_what_its_numbers_are(lines: List[str]) -> None:
    first = next(number for number, line in enumerate(lines) if line.startswith("digits: "))
    (heading,) = [line for line in lines[:first] if "ccuracy" in line]
    assert heading == f"Accuracy on '{demo.TEST_SUITE}' (the share of images read correctly):"


def test_second_run_infers_nothing_and_prints_the_same_table(
    lines: List[str], first_run: Tuple[Path, List[str]], store_path: Path
) -> None:
    second = [line.replace(str(store_path), str(first_run[0])) for line in run_demo(store_path)]
    assert second[0].startswith(f"0 inferences made, {N_INFERENCES} found in ")
    assert second[1:] == lines[1:]


@pytest.mark.usefixtures("lines")
def test_models_are_registered_with_metadata_and_tags(store_path: Path) -> None:
    rows = query(store_path, "select name, metadata from model order by id")
    tags = query(store_path, "select distinct tag from model_tag order by tag")
    assert [name for name, _ in rows] == [BASELINE, CANDIDATE]
    assert all(json.loads(metadata)["library"] == "scikit-learn" for _, metadata in rows)
    assert tags == [("baseline",), ("candidate",), ("demo",)]


@pytest.mark.usefixtures("lines")
def test_plots_agree_with_the_table(store_path: Path) -> None:
    rows = query(store_path, "select test_case_id, payload from plot where position = 0")
    counted = [sum(map(sum, json.loads(payload)["matrix"])) for _, payload in rows]
    right = [
        sum(row[place] for place, row in enumerate(json.loads(payload)["matrix"]))
        for _, payload in rows
    ]
    expected = [
        (n, round(n * accuracy))
        for n, *accuracies in expected_table().values()
        for accuracy in accuracies
    ]
    assert sorted(zip(counted, right, strict=True)) == sorted(expected)
    curves = query(store_path, "select payload from plot where position = 1")
    ends = sorted(json.loads(payload)["curves"][0]["y"][-1] for (payload,) in curves)
    assert ends == pytest.approx(sorted(part / whole for whole, part in expected))


KILLED = """
import sys
from kolena_local import demo

calls = 0
def count(seconds):
    global calls
    calls += 1
    if calls == 1500:
        print("inferring", flush=True)
        sys.stdin.read()
demo.time.sleep = count
demo.run(sys.argv[1], delay=1, echo=print)
"""


@long_only
def test_killed_run_loses_at_most_one_batch_and_the_next_one_finishes(store_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(store_path)], stdin=PIPE, stdout=PIPE
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == b"inferring\n"
        process.kill()
    kept = inferences_in(store_path)
    assert 1500 - BATCH <= kept < 1500
    lines = run_demo(store_path)
    assert lines[0].startswith(f"{N_INFERENCES - kept} inferences made, {kept} found in ")


# The digest of every committed data file; a change of the data is meant to be noticed.
DIGESTS = {
    "samples.csv": "bd3c2cae269098653c2ff32503d33457",
    "models/logistic-regression/inferences.csv": "18ffc2c510167492c091c504f16c520f",
    "models/svm-rbf/inferences.csv": "853c04d4d716d2883cc0dbb772eabb21",
}


def test_data_files_are_the_known_ones() -> None:
    found = {
        path.relative_to(DATA).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:32]
        for path in DATA.rglob("*.csv")
    }
    assert found == DIGESTS


def test_every_sample_has_one_prediction_of_each_model() -> None:
    samples = pd.read_csv(DATA / "samples.csv")
    assert samples.locator.is_unique
    for model in (BASELINE, CANDIDATE):
        read = pd.read_csv(DATA / "models" / model / "inferences.csv")
        assert list(read.locator) == list(samples.locator)
        assert read.score.between(0.1, 1.0).all()


def test_models_differ() -> None:
    frame = correct_answers()
    assert frame[BASELINE].mean() == pytest.approx(0.929, abs=0.001)
    assert frame[CANDIDATE].mean() == pytest.approx(0.989, abs=0.001)


def test_what_it_proposes_to_try_next_works(
    lines: List[str], first_run: Tuple[Path, List[str]], store_path: Path
) -> None:
    lines = [line.replace(str(first_run[0]), str(store_path)) for line in lines]
    proposed = [shlex.split(line)[1:] for line in lines[lines.index("Try next:") + 1 :]]
    assert proposed[0][2:] == ["compare", BASELINE, CANDIDATE, "--suite", demo.TEST_SUITE]
    assert len(proposed) == 4
    *proposed, page = proposed
    assert page[2:] == ["ui"]
    for arguments in [*proposed, [*page, "--help"]]:
        assert CliRunner().invoke(main, arguments).exit_code == 0
