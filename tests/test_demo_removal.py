"""``demo --remove`` leaves no trace of the demo, and everything of the user's."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest
from click.testing import Result

import kolena_local
from kolena_local import demo
from kolena_local.cli import main
from kolena_local.demo import digits
from kolena_local.repository import close_stores, open_store
from kolena_local.workflow import TestCase, TestSuite, test
from tests.cli.conftest import separating_runner

TABLES = (
    "workflow", "model", "test_case", "test_suite", "test_sample", "ground_truth", "inference",
    "test_run", "metrics_test_sample",
)  # fmt: skip


@pytest.fixture(scope="module")
def demo_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "template.db"
    demo.run(str(path), echo=lambda _: None)
    close_stores()
    return path


@pytest.fixture
def store(demo_store: Path, store_path: Path) -> Path:
    """Return a store with the demo in it."""
    shutil.copyfile(demo_store, store_path)
    return store_path


def command(store: Path, *arguments: str) -> Result:
    return separating_runner().invoke(main, [*arguments, "--db", str(store)])


def rows(store: Path) -> Dict[str, int]:
    counts = ", ".join(f"(SELECT count(*) FROM {table})" for table in TABLES)
    with open_store(str(store)).read() as unit:
        return dict(zip(TABLES, unit.query(f"SELECT {counts}", {}).rows[0], strict=True))


def schema(store: Path) -> List[Tuple[Any, ...]]:
    with open_store(str(store)).read() as unit:
        return unit.query("SELECT type, name, sql FROM sqlite_master ORDER BY name", {}).rows


def test_nothing_of_the_demo_is_left(store: Path) -> None:
    before = schema(store)
    result = command(store, "demo", "--remove", "--yes")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "Deleted 11 demo objects.\n"
    assert set(rows(store).values()) == {0}
    assert schema(store) == before
    assert command(store, "db", "check").exit_code == 0
    again = command(store, "demo", "--remove", "--yes")
    assert (again.exit_code, again.stdout) == (1, "")
    assert "There is nothing of the demo in this store" in again.stderr
    demo.run(str(store), echo=lambda _: None)
    assert rows(store)["inference"] == 2 * 1079


def test_it_says_what_would_go_and_asks(store: Path) -> None:
    before = rows(store)
    planned = command(store, "demo", "--remove", "--dry-run")
    assert planned.exit_code == 0
    lines = planned.stdout.splitlines()
    assert lines[0].split() == ["kind", "name", "inferences", "runs", "samples"]
    assert lines[2].split() == ["model", "logistic-regression", "1079", "1", "-"]
    assert len(lines) == 2 + 11
    refused = command(store, "demo", "--remove")
    assert refused.exit_code == 1
    assert "add --yes to delete without asking" in refused.stderr
    assert rows(store) == before


@pytest.mark.parametrize("option", ["--yes", "--dry-run"])
def test_its_options_are_not_ignored_without_it(store_path: Path, option: str) -> None:
    result = command(store_path, "demo", option)
    assert (result.exit_code, store_path.exists()) == (2, False)
    assert "--yes and --dry-run need --remove" in result.stderr


def test_there_must_be_a_store(store_path: Path) -> None:
    result = command(store_path, "demo", "--remove", "--yes")
    assert (result.exit_code, store_path.exists()) == (1, False)
    assert "There is no store" in result.stderr


def test_what_the_user_made_with_it_stays(store: Path) -> None:
    with kolena_local.session(db=store):
        samples = digits.test_cases()[0][1][:3]
        mine = digits.DigitTestCase("mine", test_samples=samples[:2])
        suite = digits.DigitTestSuite("my suite", test_cases=[mine])
        model = digits.DigitModel("my model", infer=lambda _: digits.ReadDigit())
        test(model, suite, digits.DigitEvaluator())
        other = digits.DigitTestCase("other", test_samples=samples[2:])
        test(model, digits.DigitTestSuite("other suite", test_cases=[other]))
        digits.DigitTestSuite.load("other suite").delete()
        other.delete()
    assert command(store, "demo", "--remove", "--yes").exit_code == 0
    found = rows(store)
    assert found.pop("metrics_test_sample") == 2
    # The third sample has no test case any more, but an inference.
    assert found.pop("test_sample") == found.pop("ground_truth") == found.pop("inference") == 3
    assert set(found.values()) == {1}
    assert len(model.load_inferences(mine)) == 2
    assert command(store, "db", "check").exit_code == 0


def test_a_test_case_of_the_demo_in_a_test_suite_of_the_user_is_refused(store: Path) -> None:
    with kolena_local.session(db=store):
        narrow: TestCase = digits.DigitTestCase.load("digits: narrow")
        suite: TestSuite = digits.DigitTestSuite("mine", test_cases=[narrow])
    before = rows(store)
    result = command(store, "demo", "--remove", "--yes")
    assert (result.exit_code, rows(store)) == (1, before)
    assert result.stderr == (
        "Error: The test case 'digits: narrow' is used by the test suite 'mine' (version 1);"
        " delete that first.\n"
    )
    suite.delete()
    assert command(store, "demo", "--remove", "--yes").exit_code == 0


def test_models_of_the_same_names_in_another_workflow_are_not_the_demos(store_path: Path) -> None:
    with open_store(str(store_path)).write() as unit:
        unit.models.add(unit.workflows.ensure("mine").id, "svm-rbf", {}, ())
    assert command(store_path, "demo", "--remove", "--yes").exit_code == 1
    listed = command(store_path, "models", "list", "--json").stdout
    assert [model["name"] for model in json.loads(listed)] == ["svm-rbf"]
