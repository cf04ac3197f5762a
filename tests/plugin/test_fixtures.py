"""The fixtures: stores that nobody else sees, and an assertion on two models."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import List

import pytest

from kolena_local import location
from kolena_local.repository import close_stores, open_store
from tests.conftest import IS_LONG
from tests.plugin.conftest import Run

pytest_plugins = ["pytester"]

THINGS = """
    from dataclasses import dataclass
    from kolena_local.workflow import (
        Evaluator, GroundTruth, HigherIsBetter, Image, Inference, MetricsTestCase,
        MetricsTestSample, define_workflow, test,
    )

    @dataclass(frozen=True)
    class Animal(GroundTruth):
        label: str

    @dataclass(frozen=True)
    class Guess(Inference):
        label: str

    @dataclass(frozen=True)
    class Right(MetricsTestSample):
        right: HigherIsBetter[bool]

    workflow, TestCase, TestSuite, Model = define_workflow("animals", Image, Animal, Guess)

    class Judge(Evaluator):
        def compute_test_sample_metrics(self, test_case, inferences, configuration=None):
            return [(s, Right(t.label == g.label)) for s, t, g in inferences]

        def compute_test_case_metrics(self, test_case, inferences, metrics, configuration=None):
            return MetricsTestCase()

    def suite(n=20):
        samples = [(Image(str(i)), Animal("cat")) for i in range(n)]
        return TestSuite("suite", test_cases=[TestCase("case", test_samples=samples)])

    def judged(name, right, n=20):
        guess = lambda sample: Guess("cat" if int(sample.locator) < right else "dog")
        model = Model(name, infer=guess)
        test(model, suite(n), Judge())
        return model
"""

#: Shuffles, as plugins for random order do; with xdist all workers must do it alike.
SHUFFLE = """
    import random

    def pytest_collection_modifyitems(items):
        random.Random(1).shuffle(items)
"""

ISOLATED = """
    import os, pathlib, subprocess, sys, threading
    import pytest
    from kolena_local import initialize, location
    from things import Model

    def names():
        return [model.name for model in Model.load_all()]

    @pytest.mark.parametrize("number", range(5))
    def test_each_has_its_own(kolena_store, number):
        assert names() == []
        assert location.resolve() == str(kolena_store.path)
        Model(f"model {number}")
        initialize(verbose=False)
        thread = threading.Thread(target=Model, args=("from a thread",))
        thread.start()
        thread.join()
        assert names() == [f"model {number}", "from a thread"]

    @pytest.mark.parametrize("number", range(3))
    def test_all_share_one(kolena_session_store, number):
        Model("shared")
        assert names() == ["shared"]

    def test_the_own_one_wins(kolena_session_store, kolena_store):
        assert location.resolve() == str(kolena_store.path) != str(kolena_session_store.path)
        assert names() == []

    def test_child_processes_see_it_too(kolena_store):
        command = [sys.executable, "-m", "kolena_local", "db", "path"]
        found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert found.strip() == str(kolena_store.path)
"""


def planted() -> Path:
    """Make the user's real store, where one is without being asked for, and return its path."""
    with open_store().write() as unit:
        unit.models.add(unit.workflows.ensure("mine").id, "real", {}, ())
    close_stores()
    return Path(location.resolve())


def snapshot(store: Path) -> List[object]:
    return [(path.name, path.read_bytes()) for path in sorted(store.parent.iterdir())]


def test_stores_are_fresh_and_the_real_one_is_never_touched(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(things=THINGS, test_isolated=ISOLATED)
    pytester.makeconftest(SHUFFLE)
    real = planted()
    before = snapshot(real)
    result = run(*(["-n2"] if IS_LONG else []), "--basetemp=temporary")
    result.assert_outcomes(passed=10)
    assert snapshot(real) == before
    assert [path.name for path in pytester.path.glob("temporary/**/*.db*")] == []


#: Tests on two models, of which two fail.
REGRESSIONS = """
    import pytest
    from kolena_local.errors import InputValidationError
    from things import suite, judged

    def test_worse(kolena_store, assert_no_regression):
        assert_no_regression(judged("new", 5), judged("old", 20), suite(), metric="right")

    def test_slightly_worse(kolena_store, assert_no_regression):
        new, old = judged("new", 18), judged("old", 20)
        assert assert_no_regression(new, old, suite()).rows[0].n == 20
        assert_no_regression("new", "old", "suite", margin=0.4)
        with pytest.raises(pytest.fail.Exception, match="'right' in .* is not decided"):
            assert_no_regression(new, old, suite(), metric="right", margin=0.1)

    def test_better(kolena_store, assert_no_regression):
        assert_no_regression(judged("new", 20), judged("old", 5), suite(), margin=0)

    def test_gate(kolena_store, assert_gate):
        judged("old", 20), judged("new", 19), judged("bad", 5)
        assert assert_gate("gate.toml", candidate=judged("equal", 20)).outcome == "pass"
        assert assert_gate("gate.toml", "new", undecided_ok=True).outcome == "undecided"
        with pytest.raises(pytest.fail.Exception, match="^undecided: new .candidate. against old"):
            assert_gate("gate.toml", "new")
        for wrong in ("", None, b"gate.toml"):
            with pytest.raises(InputValidationError, match="A gate is read from the path of a"):
                assert_gate(wrong)
        with pytest.raises(pytest.fail.Exception, match="^undecided"):
            assert_gate("gate.toml", "new", undecided_ok="no")
        assert_gate("gate.toml", "bad", undecided_ok=True)

    def test_untested(kolena_store, assert_no_regression):
        judged("old", 5)
        with pytest.raises(InputValidationError, match="both the candidate and the baseline"):
            assert_no_regression("old", "old", "suite")
        assert_no_regression("new", "old", "suite")
"""

GATE = """
[gate]
suite = "suite"
baseline = "old"
min_samples = 20

[metrics.right]
margin = 0.2
"""

#: Tests that carry a store over as text.
TEXTS = """
    import pytest
    from kolena_local.errors import InputValidationError
    from things import Model, suite, judged

    def test_text(kolena_store, kolena_session_store, tmp_path):
        judged("old", 5, 3)
        kolena_store.save(tmp_path / "store.jsonl")
        kolena_session_store.load(tmp_path / "store.jsonl")
        kolena_session_store.save(tmp_path / "again.jsonl")
        content = (tmp_path / "store.jsonl").read_bytes()
        assert (tmp_path / "again.jsonl").read_bytes() == content
        (tmp_path / "bad.jsonl").write_text("no")
        with pytest.raises(InputValidationError, match="not an exported store"):
            kolena_store.load(tmp_path / "bad.jsonl")

    def test_missing(kolena_store, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(FileNotFoundError, match=str(tmp_path / "baseline.jsonl")):
            kolena_store.load("baseline.jsonl")

    def test_loaded(kolena_session_store):
        assert len(Model.load("old").load_inferences(suite(3).test_cases[0])) == 3
"""


def test_regressions_fail_with_the_table_and_stores_are_loaded_from_text(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(things=THINGS, test_models=REGRESSIONS, test_text=TEXTS)
    pytester.makefile(".toml", gate=GATE)
    result = run()
    result.assert_outcomes(passed=5, failed=3)
    result.stdout.fnmatch_lines_random(
        [
            "'right' in the whole suite is worse.",
            "test case * base * candidate * difference *",
            "*NotFoundError: There is no model 'new'*",
            "FAILED test_models.py::test_worse*",
            "fail: right in (whole suite): It lost 0.75, and at least 0.*; the margin is 0.2.",
            "FAILED test_models.py::test_gate*",
            "FAILED test_models.py::test_untested*",
        ]
    )


def test_the_plugin_imports_next_to_nothing() -> None:
    code = "import sys, pytest; before = set(sys.modules); import kolena_local.pytest_plugin;"
    code += "print(*(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert "kolena_local.pytest_plugin" in loaded
    ours = {name for name in loaded.split() if name.startswith("kolena_local")}
    assert ours == {"kolena_local"} | {
        f"kolena_local.{name}" for name in ("errors", "location", "pytest_plugin", "warn")
    }
    heavy = {"numpy", "pandas", "sqlalchemy", "sqlmodel", "pydantic", "click", "platformdirs"}
    assert not {name.split(".")[0] for name in loaded.split()} & heavy
