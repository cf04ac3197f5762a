"""A result says, wherever it is shown, whether it still belongs to what is in the store."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import pytest
from click.testing import CliRunner

import kolena_local
from kolena_local.cli import main
from kolena_local.comparison import compare
from kolena_local.errors import IncorrectUsageError, NotFoundError
from kolena_local.repository import open_store
from kolena_local.workflow import EvaluationResults, TestRun, test
from tests.cli.conftest import separating_runner
from tests.conftest import sampled
from tests.workflow.types import (
    Animal,
    Correct,
    Guess,
    Judge,
    Model,
    TestCase,
    TestSuite,
    Threshold,
    cat,
    pairs,
    photo,
)

# Samples without an inference, and models that answer otherwise later, are what this is about.
pytestmark = pytest.mark.filterwarnings("ignore::kolena_local.errors.KolenaWarning")

Change = Callable[[Path], object]


def suite_of(*names: str, name: str = "suite") -> TestSuite:
    return TestSuite(name, test_cases=[TestCase(f"{name}'s case", test_samples=pairs(*names))])


def put(name: str, label: str, model: str = "model") -> None:
    run = TestRun(Model.load(model), TestSuite.load("suite"), reset=True)
    run.upload_inferences([(photo(name), Guess(label))])


def out_of_memory(sample: Any) -> Guess:
    raise RuntimeError("out of memory")


def reset_that_crashes() -> None:
    with pytest.raises(RuntimeError):
        test(Model("model", infer=out_of_memory), TestSuite.load("suite"), Judge(), reset=True)


def import_file(folder: Path, label: str) -> None:
    file = folder / "new.csv"
    file.write_text(f"locator,label,score\na.png,{label},1.0\n")
    Model.load("model").import_inferences(file, on_conflict="replace")


def import_store(folder: Path) -> None:
    """Import another store, in which the model has one more inference."""
    with open_store().read() as unit:
        lines = list(unit.dump.lines())
    with kolena_local.session(db=folder / "other.db"):
        with open_store().write() as unit:
            unit.dump.read(line.encode() for line in lines)
        put("c", "cat")
        with open_store().read() as unit:
            lines = [it for it in unit.dump.lines() if '"evaluator"' not in it]
    with open_store().write() as unit:
        unit.dump.read(line.encode() for line in lines)


def edit_case(**changes: Any) -> None:
    with TestCase.load("suite's case").edit() as editor:
        editor.add(photo("a"), Animal("dog"))
        editor.remove(photo("b"))


def import_metadata() -> None:
    """Import another store, in which a sample has other metadata."""
    with open_store().read() as unit:
        lines = [it for it in unit.dump.lines() if '"evaluator"' not in it]
    changed = [it.replace('"metadata":{}', '"metadata":{"sun":true}') for it in lines]
    with open_store().write() as unit:
        unit.dump.read((it.encode() for it in changed), "take")


STALE: Dict[str, Change] = {
    "replaced": lambda _: put("a", "dog"),
    "reset": lambda _: reset_that_crashes(),
    "replaced by a file": lambda folder: import_file(folder, "dog"),
    "added": lambda _: put("c", "cat"),
    "added by an import": import_store,
    "metadata by an import": lambda _: import_metadata(),
    "metadata": lambda _: TestCase("other", test_samples=[(photo("a", sun=True), Animal("cat"))]),
}


FRESH: Dict[str, Change] = {
    "replaced by an equal one": lambda _: put("a", "cat"),
    "replaced by an equal file": lambda folder: import_file(folder, "cat"),
    "another model": lambda _: put("a", "dog", "other"),
    "another suite": lambda _: test(Model("model", infer=cat), suite_of("x", name="more"), Judge()),
    "a new version of the test case": lambda _: edit_case(),
    "a new version of the suite": lambda _: TestSuite("suite", test_cases=[], reset=True),
    "the model": lambda _: cli("models", "edit", "model", "-m", "seed=1"),
}


def cli(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == code, result.output
    return result.output


def rows(*arguments: str) -> Any:
    return json.loads(separating_runner().invoke(main, [*arguments, "--json"]).stdout)


def places() -> Iterator[Tuple[str, object]]:
    """Yield what each place that shows the model's results says about them."""
    suite = TestSuite.load("suite", 1)
    run = TestRun(Model.load("model"), suite, Judge())
    frame = suite.results_dataframe(["model"])
    yield "results_dataframe", set(frame["is_stale"])
    for level in ("sample", "case", "suite"):
        yield f"metrics_dataframe({level})", set(run.metrics_dataframe(level)["is_stale"])
    yield "_repr_html_", "stale since" in run._repr_html_()
    yield "results --json", {row["is_stale"] for row in rows("results", "model", "suite@1")}
    shown = cli("results", "model", "suite@1")
    yield "results, heading", "by Judge (stale)" in shown
    yield "results, remark", "are stale since 2" in shown
    (first, *_) = [it for it in rows("models", "show", "model")["runs"] if it["id"] == run._id]
    yield "models show --json", {first["is_stale"], *(it["is_stale"] for it in first["test_cases"])}
    yield (
        "models show",
        f"run {run._id} on suite@1: Judge, completed, stale"
        in " ".join(cli("models", "show", "model").replace("crashed", "completed").split()),
    )
    listed = [it for it in rows("runs", "list", "-m", "model") if it["id"] == run._id]
    yield "runs list --json", listed[0]["is_stale"]
    yield "runs list", ", stale" in cli("runs", "list", "-m", "model", "-s", "suite")
    one = rows("runs", "show", str(run._id))
    yield "runs show --json", {one["is_stale"], *(it["is_stale"] for it in one["test_cases"])}
    yield "runs show", "stale since" in cli("runs", "show", str(run._id))
    query = f"SELECT DISTINCT stale = 1 AS stale FROM v_metrics WHERE test_run_id = {run._id}"
    yield "v_metrics", {row["stale"] for row in rows("sql", query)}
    yield "compare", refusal("model", "base") is not None
    command = ["compare", "model", "base", "--suite", "suite@1"]
    yield "compare command", CliRunner().invoke(main, command).exit_code == 1


def refusal(*models: str) -> Optional[str]:
    try:
        compare(*models, "suite@1")
    except IncorrectUsageError as error:
        return str(error)
    return None


@pytest.fixture
def evaluated() -> TestSuite:
    """Return a suite that two models were evaluated on; neither has inferred its last sample."""
    suite = suite_of("a", "b", "c")
    for name in ("model", "other", "base"):
        run = TestRun(Model(name), suite, Judge())
        run.upload_inferences([(photo("a"), Guess("cat")), (photo("b"), Guess("cat"))])
        run.evaluate()
    return suite


@pytest.mark.parametrize("way", sampled([*STALE, *FRESH], 4))
def test_every_place_says_whether_a_result_is_stale(
    evaluated: TestSuite, way: str, tmp_path: Path
) -> None:
    {**STALE, **FRESH}[way](tmp_path)
    is_stale = way in STALE
    assert {place: said for place, said in places() if said not in (is_stale, {is_stale})} == {}


def test_a_refusal_says_which_results_since_when_why_and_what_to_do(evaluated: TestSuite) -> None:
    put("a", "dog")
    text = refusal("model", "other") or ""
    assert text.startswith("The results of 'model' on 'suite@1' (run 1) are stale since 2")
    for part in ("other inferences were stored for its samples", "test()", "--stale-ok"):
        assert part in text


def test_people_read_times_that_are_local_and_short(evaluated: TestSuite) -> None:
    put("a", "dog")
    run = TestRun(Model.load("model"), evaluated, Judge())
    since = re.compile(r"stale since \d{4}-\d\d-\d\d \d\d:\d\d: other inferences")
    for text in (cli("runs", "show", "1"), cli("results", "model", "suite"), run._repr_html_()):
        assert since.search(text)
        assert not re.search(r"\dT\d", text)
    assert since.search(refusal("model", "other") or "")


def test_stale_results_are_compared_if_told_and_the_first_line_says_so(
    evaluated: TestSuite,
) -> None:
    put("a", "dog")
    found = compare("model", "other", evaluated, stale_ok=True)
    assert str(found).splitlines()[0].startswith("stale results of model: other (candidate)")
    shown = cli("compare", "model", "other", "--suite", "suite", "--stale-ok")
    assert shown.splitlines()[0].startswith("stale results of model: ")


def test_files_of_a_comparison_of_stale_results_say_so(evaluated: TestSuite) -> None:
    put("a", "dog")
    command = ["compare", "model", "other", "-s", "suite", "--stale-ok", "--format"]
    for name in ("table", "json", "jsonl", "csv", "tsv", "md", "html"):
        said = separating_runner().invoke(main, [*command, name]).stdout
        assert "are stale since" in said, name
    frame = compare("model", "other", evaluated, stale_ok=True).to_dataframe()
    assert (
        frame["remarks"].str.contains("The results of 'model' (run 1) are stale", regex=False).all()
    )


def test_results_compared_with_themselves_say_so(evaluated: TestSuite) -> None:
    found = compare("model", "model", evaluated)
    assert "Base and candidate are the same results, of run 1;" in str(found)
    assert "Base and candidate" not in str(compare("model", "other", evaluated))


def test_evaluating_again_makes_results_fresh_and_keeps_those_before(evaluated: TestSuite) -> None:
    put("a", "dog")
    TestRun(Model("model"), evaluated, Judge()).evaluate()
    assert refusal("model", "other") is None
    assert {run["id"] for run in rows("runs", "list") if run["evaluator"]} == {1, 2, 3}
    (before,) = [run for run in rows("runs", "list", "--all") if run["superseded_at"]]
    assert "stale, superseded" in cli("runs", "show", str(before["id"]))
    runs = (before["id"], 1)
    found = compare("model", "model", evaluated, runs=runs, stale_ok=True)
    (row,) = [row for row in found.rows if row.test_case is None]
    assert (row.base, row.candidate) == (1.0, 0.5)
    shown = cli("compare", "model", "model", "-s", "suite", "--runs", *map(str, runs), "--stale-ok")
    assert "0.5" in shown
    assert f"The results of 'model' in run {before['id']} are earlier ones, which others" in shown
    with pytest.raises(NotFoundError, match="The run 2 is not one of 'model' on the test suite"):
        compare("model", "model", evaluated, runs=(2, 1))


def test_a_list_of_runs_says_when_earlier_results_were_computed(evaluated: TestSuite) -> None:
    put("a", "dog")
    TestRun(Model("model"), evaluated, Judge()).evaluate()
    (line,) = [line for line in cli("runs", "list", "--all").splitlines() if "superseded" in line]
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d", line)


def test_the_same_evaluation_again_keeps_nothing(evaluated: TestSuite) -> None:
    for _ in range(2):
        TestRun(Model("model"), evaluated, Judge()).evaluate()
    assert len(rows("runs", "list", "--all")) == 3


def test_all_configurations_of_an_evaluation_are_kept_in_one_run(evaluated: TestSuite) -> None:
    judge = Judge([Threshold(0.1), Threshold(0.9)])
    model = Model("model")
    for label in ("dog", "cow", "pig"):
        TestRun(model, evaluated, judge).evaluate()
        put("a", label)
    kept = [run for run in rows("runs", "list", "--all") if run["superseded_at"]]
    with open_store().read() as unit:
        names = [
            [one.display_name for one in unit.test_runs.configurations(run["id"])] for run in kept
        ]
    assert names == [["threshold 0.1", "threshold 0.9"]] * 2
    # Under which nothing was evaluated since, and which therefore is stale.
    assert {row["is_stale"] for row in rows("results", "model", "suite")} == {True}


def at(share: float) -> Callable[..., EvaluationResults]:
    return lambda samples, truths, guesses, cases: EvaluationResults(
        [(it, Correct(guess.score >= share)) for it, guess in zip(samples, guesses, strict=True)],
        [],
    )


def test_two_lambdas_are_not_one_evaluator() -> None:
    suite = suite_of("a", "b")
    for name, share in (("model", 0.9), ("other", 0.1), ("third", 0.1)):
        test(Model(name, infer=lambda _: Guess("cat", 0.5)), suite, at(share))
    with pytest.raises(IncorrectUsageError, match=r"computed by two evaluators named '<lambda>'"):
        compare("model", "other", suite)
    assert compare("other", "third", suite).rows
    assert "differ" in cli("compare", "model", "other", "-s", "suite", code=1)
    told = ("compare", "model", "other", "-s", "suite", "--different-evaluators-ok")
    remark = "The evaluators of base and candidate differ in their code or settings."
    assert remark in compare("model", "other", suite, different_evaluators_ok=True).remarks
    assert remark in cli(*told)


def test_an_edited_evaluator_is_compared_with_itself_as_it_was() -> None:
    suite = suite_of("a", "b")
    for share in (0.9, 0.1):
        test(Model("model", infer=lambda _: Guess("cat", 0.5)), suite, at(share))
    now, before = (run["id"] for run in rows("runs", "list", "--all"))
    options: Dict[str, Any] = {"runs": (before, now), "different_evaluators_ok": True}
    found = compare("model", "model", suite, **options)
    assert {(row.base, row.candidate) for row in found.rows} == {(0.0, 1.0)}
    put("a", "cat")
    with pytest.raises(IncorrectUsageError, match="stale"):
        compare("model", "model", suite, **options)


def test_old_and_new_inferences_are_not_evaluated_together() -> None:
    suite = suite_of("a", "b", "c")
    test(Model("model", infer=cat), suite, Judge())

    def infer(sample: Any) -> Guess:
        return out_of_memory(sample) if sample.locator == "b.png" else Guess("dog")

    with pytest.raises(RuntimeError):
        test(Model("model", infer=infer), suite, Judge(), reset=True)
    model = Model("model")
    with pytest.raises(IncorrectUsageError, match=r"Of 3 inferences .*, 1 can .* and 2 are wait"):
        TestRun(model, suite, Judge()).evaluate()
    (case,) = suite.test_cases
    found = [
        [sample.locator[0] for sample, *_ in model.load_inferences(case, waiting=waiting)]
        for waiting in (None, True, False)
    ]
    assert found == [["a", "b", "c"], ["b", "c"], ["a"]]
    for objects in (True, False):
        frame = model.to_dataframe(suite, objects=objects)
        assert list(frame["is_waiting"]) == [False, True, True]
    test(Model("model", infer=cat), suite, Judge())
    assert not model.to_dataframe(case)["is_waiting"].any()


@pytest.mark.parametrize("scope", [[], ["--test-case", "suite's case"], ["--test-suite", "suite"]])
def test_an_export_says_what_is_waiting(evaluated: TestSuite, scope: List[str]) -> None:
    reset_that_crashes()
    export = ["inferences", "export", "model", *scope]
    assert "2 inferences of model are waiting to be inferred again" in cli(*export)
    assert "0 inferences of model were exported" in cli(*export, "--no-waiting")
    assert "2 inferences of model were exported" in cli(*export, "--waiting")


def test_what_is_replaced_while_the_evaluator_works_makes_its_results_stale(
    evaluated: TestSuite,
) -> None:
    class Slow(Judge):
        def compute_test_suite_metrics(self, *arguments: Any) -> Any:
            put("a", "dog")
            return super().compute_test_suite_metrics(*arguments)

    run = TestRun(Model("model"), evaluated, Slow())
    run.evaluate()
    assert set(run.metrics_dataframe()["is_stale"]) == {True}
    run.evaluate()
    assert set(run.metrics_dataframe()["is_stale"]) == {False}


def test_an_imported_store_knows_which_results_are_stale(
    evaluated: TestSuite, tmp_path: Path
) -> None:
    put("a", "dog")
    with open_store().read() as unit:
        lines = list(unit.dump.lines())
    with kolena_local.session(db=tmp_path / "copy.db"):
        for _ in range(2):  # the second time, nothing is new
            with open_store().write() as unit:
                unit.dump.read(line.encode() for line in lines)
        listed = [run for run in rows("runs", "list") if run["evaluator"]]
        assert [run["is_stale"] for run in listed] == [False, True, False]
        with open_store().read() as unit:
            assert list(unit.dump.lines()) == lines


def test_an_imported_file_without_freshness_has_results_of_unknown_age(
    evaluated: TestSuite, tmp_path: Path
) -> None:
    with open_store().read() as unit:
        lines = list(map(json.loads, unit.dump.lines()))
    for line in lines:
        for key in ("fingerprint", "stale_reason", "is_stale"):
            line.pop(key, None)
    with kolena_local.session(db=tmp_path / "copy.db"):
        with open_store().write() as unit:
            unit.dump.read(json.dumps(line).encode() for line in lines)
        assert "(unknown age)" in cli("results", "model", "suite")
        assert "of unknown age" in (refusal("model", "other") or "")
