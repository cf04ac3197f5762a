"""``leaderboard`` and ``models list --sort`` by a metric."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Callable, Iterator, List

import pytest
from click.testing import Result

from kolena_local import session
from kolena_local.repository import close_store, open_store
from tests.comparison.conftest import Guess, LengthModel, make_world
from tests.comparison.test_standings import Averages

Invoke = Callable[..., Result]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a store of three tested models and one that was not tested; it is only read."""
    path = tmp_path_factory.mktemp("stored") / "store.db"
    with session(db=path):
        world = make_world()
        for name, wrong in {"good": 1, "fair": 3, "poor": 30}.items():
            world.test(name, dict.fromkeys(range(wrong), 2.0), Averages())
        for name in ("good", "fair", "poor"):
            LengthModel.load(name).update(metadata={"seed": len(name), name: True})
        LengthModel("untested", infer=lambda _: Guess())
    yield path
    close_store(str(path))


@pytest.fixture
def run(stored: Path, invoke: Invoke) -> Invoke:
    return lambda *arguments: invoke("--db", stored, *arguments)


def test_the_leaderboard_shows_ties_metadata_and_the_difference_to_a_baseline(run: Invoke) -> None:
    options = ("lengths", "--metric", "close", "--baseline", "fair", "--metadata", "seed")
    shown = run("leaderboard", *options)
    lines = shown.stdout.splitlines()
    assert lines[0] == "leaderboard of lengths@1 by close, by Averages"
    assert lines[2].split()[:3] == ["rank", "model", "ties"]
    assert lines[2].endswith("seed")
    ranks = [tuple(line.split()[:3]) for line in lines[4:7]]
    assert ranks == [("1-2", "good", "a"), ("1-2", "fair", "a"), ("3", "poor", "b")]
    assert "3 pairs of the 3 models with results of 'lengths' by Averages (Holm)." in shown.stderr
    entries = json.loads(run("leaderboard", *options, "--json").stdout)
    assert [entry["verdict"] for entry in entries] == ["not decided", None, "worse"]
    assert entries[2]["difference"] == pytest.approx(-0.54)
    assert entries[1]["metadata"] == {"seed": 4}
    rows = list(csv.DictReader(io.StringIO(run("leaderboard", *options, "--csv").stdout)))
    assert [row["metadata.seed"] for row in rows] == ["4", "4", "4"]


def test_the_hardest_samples_are_listed_below_the_leaderboard(run: Invoke) -> None:
    options = ("leaderboard", "lengths", "--metric", "close", "--hardest", "2")
    shown = run(*options)
    assert shown.stdout.splitlines()[-1].split()[2] == "1.png"
    assert "No model is right on 1 sample, and every model on 20." in shown.stderr
    assert "Only one model is right: 'good' on 2." in shown.stderr
    found = json.loads(run(*options, "--json").stdout)
    assert [len(found[key]) for key in ("rows", "hardest")] == [3, 2]
    assert [one["only_right"] for one in found["hardest"]] == [None, "good"]
    assert len(run(*options, "--csv").stdout.splitlines()) == 3


def listed(result: Result) -> List[str]:
    return [line.split()[0] for line in result.stdout.splitlines()[2:]]


def test_models_are_sorted_by_a_metric_of_samples_or_of_a_test_case(run: Invoke) -> None:
    of = ("models", "list", "--suite", "lengths", "--sort")
    assert listed(run(*of, "-close")) == ["good", "fair", "poor", "untested"]
    assert listed(run(*of, "close")) == ["poor", "fair", "good", "untested"]
    assert listed(run(*of, "-accuracy", "--test-case", "first", "--limit", "2")) == ["good", "fair"]
    # A mean over samples of a test case, of which "poor" has ten that are wrong.
    entries = json.loads(run(*of, "error", "--test-case", "second", "--json").stdout)
    assert [entry["value"] for entry in entries] == [0, 0, pytest.approx(20 / 30), None]
    assert [entry["name"] for entry in entries] == ["good", "fair", "poor", "untested"]


def test_a_stale_metric_is_rounded_as_others_are(
    stored: Path, store_path: Path, invoke: Invoke
) -> None:
    shutil.copy(stored, store_path)
    command = ("models", "list", "--suite", "lengths", "--sort", "error", "--db", store_path)
    fresh = invoke(*command).stdout.splitlines()[-2].split()[1]
    with open_store(str(store_path)).write() as unit:
        suite = unit.test_suites.get("lengths")
        unit.inferences.mark_stale(unit.models.get("poor").id, suite.id, suite.version)
    assert f"  {fresh} (stale)  " in invoke(*command).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("models list --suite lengths --sort acuracy", 1, "'acuracy'; did you mean 'accuracy'?"),
        (
            "models list --suite lengths --sort accuracy",
            1,
            "'accuracy' is a metric of test cases; choose one with --test-case: 'first'",
        ),
        ("models list --suite lengths", 2, "--suite needs --sort METRIC"),
        ("models list --sort name --test-case first", 2, "need --suite"),
        ("models list --suite lengths --sort close --test-case x", 1, "has no test case 'x'"),
        ("models list --suite lengths --sort close --evaluator x", 1, "of the evaluator 'x'"),
        ("models list --suite length --sort close", 1, "did you mean 'lengths'?"),
        ("leaderboard lengths", 1, "There are several metrics: close, error"),
        ("leaderboard lengths --metric close --baseline untested", 1, "'untested' is not one of"),
        ("leaderboard lengths --metric close --model good --model god", 1, "did you mean 'good'"),
    ],
)
def test_bad_options_are_named(run: Invoke, arguments: str, code: int, message: str) -> None:
    result = run(*arguments.split())
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr
