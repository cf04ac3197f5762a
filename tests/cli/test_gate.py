"""``gate``: what passes, what is refused, what stays undecided, and what is not a gate at all."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Dict, Optional
from xml.etree import ElementTree as Xml

import pytest

import kolena_local
from kolena_local.comparison import Gate, Margin
from kolena_local.errors import InputValidationError
from kolena_local.repository import close_store, open_store
from tests.cli.conftest import Invoke
from tests.comparison.conftest import Length, LengthCase, LengthSuite, World, make_world
from tests.comparison.directed import Undeclared, evaluate

FILE = """
[gate]
suite = "lengths@1"
baseline = "base"
candidate = "same"
min_samples = 20

[metrics.close]
margin = 0.2

[metrics.error]
direction = "lower"
margin = 1
"""
#: The worst guesses of each model; all others are right. Without a number there is no error.
GUESSES: Dict[str, Dict[int, Optional[float]]] = {
    "base": {},
    "same": {},
    "a little worse": dict.fromkeys(range(6), 5.0),
    "worse": dict.fromkeys(range(30), 5.0),
    "silent": {0: None},
}
#: What may be in the elements, and their attributes, as in junit-10.xsd of Jenkins' xUnit plugin.
JUNIT = {
    "testsuites": ({"testsuite"}, {"name", "tests", "failures", "errors", "time"}),
    "testsuite": ({"testcase", "system-out"}, {"name", "tests", "failures", "errors", "time"}),
    "testcase": ({"failure", "error", "system-out"}, {"name", "classname", "time"}),
    "failure": (set(), {"type", "message"}),
    "error": (set(), {"type", "message"}),
    "system-out": (set(), set()),
}
PLACES = ("(whole suite)", "first", "second")


@pytest.fixture(scope="module")
def lengths_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lengths") / "template.db"
    with kolena_local.session(db=path):
        world = make_world()
        for name, guesses in GUESSES.items():
            world.test(name, guesses)
    close_store(str(path))
    return path


@pytest.fixture
def lengths(lengths_template: Path, store_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enter a folder with the file of a gate, and use a store with five models."""
    shutil.copy(lengths_template, store_path)
    monkeypatch.setenv("KOLENA_LOCAL_DB", str(store_path))
    monkeypatch.chdir(store_path.parent)
    Path("gate.toml").write_text(FILE, encoding="utf-8")
    return store_path


@pytest.mark.parametrize(
    ("candidate", "code", "outcomes", "sentence"),
    [
        ("same", 0, {"pass": 6}, None),
        (
            "worse",
            3,
            {"fail": 4, "undecided": 2},
            r"fail: error in first: It lost 5, and at least 3\.84; the margin is 1\.",
        ),
        (
            "a little worse",
            4,
            {"undecided": 4, "pass": 2},
            r"undecided: close in first: It may have lost up to 0\.3\d+; the margin is 0\.2\.",
        ),
    ],
)
def test_exit_code_table_junit_and_markdown_agree(
    invoke: Invoke,
    lengths: Path,
    candidate: str,
    code: int,
    outcomes: Dict[str, int],
    sentence: Optional[str],
) -> None:
    files = ("--junit", "tests.xml", "--markdown", "summary.md")
    result = invoke("gate", "gate.toml", "--candidate", candidate, *files)
    assert result.exit_code == code, result.output
    lines = result.stdout.splitlines()
    outcome = {0: "pass", 3: "fail", 4: "undecided"}[code]
    assert lines[0].startswith(
        f"{outcome}: {candidate} (candidate) against base (base) on lengths@1"
    )
    rows = [re.split("  +", line) for line in lines[4:10]]
    assert {tuple(row[1:3]) for row in rows} == {
        (place, metric) for place in PLACES for metric in ("close", "error")
    }
    assert [row[0] for row in rows] == [word for word, n in outcomes.items() for _ in range(n)]
    if sentence is not None:
        assert re.search(sentence, result.stdout)

    root = Xml.parse("tests.xml").getroot()
    (suite,) = root
    for element in root.iter():
        children, attributes = JUNIT[element.tag]
        assert {child.tag for child in element} <= children
        assert set(element.attrib) == attributes
    cases = suite.findall("testcase")
    shown = {"failure": "fail", "error": "undecided", "system-out": "pass"}
    assert {(one.get("classname"), one.get("name"), shown[one[0].tag]) for one in cases} == {
        (f"lengths > {place}", metric, outcome) for outcome, place, metric, *_ in rows
    }
    for one in (root, suite):
        assert one.get("tests") == "6"
        assert one.get("failures") == str(len(suite.findall("testcase/failure")))
        assert one.get("errors") == str(len(suite.findall("testcase/error")))
    markdown = Path("summary.md").read_text("utf-8").splitlines()
    assert markdown[0] == f"## Gate: {outcome}"
    cells = [line.strip("| ").split(" | ")[:3] for line in markdown if line.startswith("| ")]
    assert cells[2:] == [row[:3] for row in rows]

    entries = json.loads(invoke("gate", "gate.toml", "--candidate", candidate, "--json").stdout)
    assert [(one["outcome"], one["metric"]) for one in entries] == [
        (row[0], row[2]) for row in rows
    ]


@pytest.mark.parametrize("setting", ["missing", "stale"])
@pytest.mark.parametrize(("effect", "code"), [(None, 3), ("undecided", 4), ("ignore", 0)])
def test_missing_and_stale_results_fail_unless_the_file_says_otherwise(
    invoke: Invoke, lengths: Path, setting: str, effect: Optional[str], code: int
) -> None:
    candidate = "silent" if setting == "missing" else "same"
    if setting == "stale":
        with open_store(str(lengths)).write() as unit:
            suite = unit.test_suites.get("lengths")
            unit.inferences.mark_stale(unit.models.get("same").id, suite.id, suite.version)
    if effect is not None:
        told = FILE.replace("[gate]", f'[gate]\n{setting} = "{effect}"')
        Path("gate.toml").write_text(told, encoding="utf-8")
    result = invoke("gate", "gate.toml", "--candidate", candidate)
    assert result.exit_code == code, result.output
    reason = {
        "missing": "error in first: 1 sample lacks a result that is a number: 1 of 'silent'. Store"
        ' what is missing, or write missing = .*"ignore" in',
        "stale": "close in second: Out of date: stale results of same.",
    }[setting]
    assert (re.search(reason, result.stdout) is None) is (effect == "ignore")


def test_fewer_samples_than_asked_for_are_undecided_and_the_suite_alone_can_be_judged(
    invoke: Invoke, lengths: Path
) -> None:
    more = FILE.replace("margin = 1", "margin = 1\nmin_samples = 40")
    Path("gate.toml").write_text(more, encoding="utf-8")
    result = invoke("gate", "gate.toml")
    assert result.exit_code == 4
    (first, second) = [
        line for line in result.stdout.splitlines() if line.startswith("undecided: e")
    ]
    assert first.startswith("undecided: error in ")
    assert second.endswith("30 samples, and at least 40 are needed.")
    Path("gate.toml").write_text(more.replace("[gate]", '[gate]\nper = "suite"'), encoding="utf-8")
    result = invoke("gate", "gate.toml", "--json")
    assert result.exit_code == 0
    assert [one["test_case"] for one in json.loads(result.stdout)] == [None, None]


def test_gate_made_in_python_is_checked_like_a_file(lengths: Path) -> None:
    with pytest.raises(InputValidationError, match=r"'missing' in \[gate\] must be \"fail\" or"):
        Gate("lengths", "base", {"close": Margin(0.2)}, missing="fial")
    with pytest.raises(InputValidationError, match=r"'close' in \[metrics\] must be a table"):
        Gate("lengths", "base", {"close": 0.2})  # type: ignore[dict-item]
    for name in ("suite", "confidence", "per", "min_samples", "missing", "stale"):
        with pytest.raises(InputValidationError, match=rf"'{name}' in \[gate\] must be .*not None"):
            Gate(**{"suite": "s", "baseline": "b", "metrics": {"m": Margin(1)}, name: None})  # type: ignore[arg-type]
    judgment = Gate("lengths", "base", {"close": Margin(0.2)}, min_samples=1).judge("same")
    assert judgment.outcome == "pass"
    assert judgment.remarks[-1] == (
        'The version of the suite is not pinned; suite = "lengths@1" would do that.'
    )
    assert "digits" not in str(judgment) and str(judgment).startswith("pass: same (candidate)")


@pytest.mark.parametrize(
    ("old", "new", "code", "sentence"),
    [
        ('candidate = "same"', "", 2, "There is no candidate to judge; write candidate in [gate]"),
        ('"same"', '"base"', 2, "'base' is both the baseline and the candidate"),
        ("metrics.close", "metrics.closed", 2, "No sample has a metric 'closed' to compare"),
        ("metrics.close", "metrics.remark", 2, "The metric 'remark' is neither a bool"),
        ('"same"', '"somebody"', 1, "There is no model 'somebody'"),
        ('"lengths@1"', '"lengths@7"', 1, "lengths"),
    ],
)  # fmt: skip
def test_gate_that_does_not_fit_the_store_is_refused(
    invoke: Invoke, lengths: Path, old: str, new: str, code: int, sentence: str
) -> None:
    Path("gate.toml").write_text(FILE.replace(old, new), encoding="utf-8")
    result = invoke("gate", "gate.toml", "--markdown", "summary.md")
    assert (result.exit_code, result.stderr.count("\n")) == (code, 1)
    assert result.stderr.startswith("Error: gate.toml: ")
    assert sentence in result.stderr
    assert not Path("summary.md").exists()


def test_reports_never_replace_a_store_a_gate_or_each_other(invoke: Invoke, lengths: Path) -> None:
    before = lengths.read_bytes()
    for files in (
        ("--junit", lengths),
        ("--markdown", f"{lengths}-wal"),
        ("--markdown", "./gate.toml"),
        ("--junit", "out", "--markdown", "./out"),
        ("--junit", "nowhere/out.xml"),
        ("--junit", "-"),
    ):
        result = invoke("gate", "gate.toml", *files)
        assert result.exit_code == 2, files
    assert lengths.read_bytes() == before
    assert Path("gate.toml").read_text("utf-8") == FILE
    assert not Path("out").exists()


def test_test_case_that_is_the_whole_suite_is_listed_once_in_every_report(
    invoke: Invoke, store_path: Path, tmp_path: Path
) -> None:
    with kolena_local.session(db=store_path):
        samples = [(World(None).photo(index), Length(0.0)) for index in range(40)]  # type: ignore[arg-type]
        world = World(LengthSuite("one", test_cases=[LengthCase("all", test_samples=samples)]))
        for name in ("base", "same"):
            world.test(name, {})
    file, xml, markdown = (tmp_path / name for name in ("gate.toml", "tests.xml", "summary.md"))
    file.write_text(FILE.replace("lengths@1", "one@1"), encoding="utf-8")
    reports = ("--junit", xml, "--markdown", markdown)
    assert invoke("gate", file, *reports, "--db", store_path).exit_code == 0
    (suite,) = Xml.parse(xml).getroot()
    classes = [one.get("classname") for one in suite.findall("testcase")]
    assert (classes, suite.get("tests")) == (["one > (whole suite)"] * 2, "2")
    assert len(re.findall(r"(?m)^\| pass ", markdown.read_text("utf-8"))) == 2


def test_init_writes_a_gate_that_judges_and_replaces_no_file(invoke: Invoke, lengths: Path) -> None:
    command = ("gate", "init", "base", "a little worse", "--suite", "lengths", "-o", "new.toml")
    result = invoke(*command)
    assert (result.exit_code, result.stderr) == (0, "Wrote new.toml.\n")
    written = Path("new.toml").read_text("utf-8")
    assert Gate.read("new.toml") == Gate(
        suite="lengths@1",
        baseline="base",
        candidate="a little worse",
        evaluator="Closeness",
        metrics={"close": Margin(0.01, "higher"), "error": Margin(0.01, "lower")},
    )
    judged = invoke("gate", "new.toml", "--junit", "j.xml", "--markdown", "m.md", "-o", "table")
    assert judged.exit_code in (3, 4)
    assert judged.stderr == "Wrote j.xml.\nWrote m.md.\nWrote table.\n"
    result = invoke(*command)
    assert result.exit_code == 2
    assert "The file new.toml exists; --force replaces it." in result.stderr
    Path("new.toml").write_text("mine", encoding="utf-8")
    assert invoke(*command, "--force").exit_code == 0
    assert Path("new.toml").read_text("utf-8") == written
    assert invoke(*command[:-2]).stdout == written


def test_init_does_not_write_a_gate_of_a_model_against_itself(
    invoke: Invoke, lengths: Path
) -> None:
    refused = invoke("gate", "init", "base", "base", "--suite", "lengths", "--db", lengths)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "'base' is both the baseline and the candidate" in refused.stderr


def test_init_says_which_model_lacks_results_so_that_the_gate_fails(
    invoke: Invoke, lengths: Path
) -> None:
    invoke("gate", "init", "base", "silent", "-s", "lengths", "-o", "new.toml")
    written = Path("new.toml").read_text("utf-8")
    assert "# Now 1 sample lacks a result that is a number: 1 of 'silent', in error.\n" in written
    assert invoke("gate", "new.toml").exit_code == 3
    Path("new.toml").write_text(written.replace('missing = "fail"', 'missing = "ignore"'), "utf-8")
    assert "lacks a result" not in invoke("gate", "new.toml").stdout


def test_margin_without_a_direction_is_refused_and_init_leaves_the_choice_to_you(
    invoke: Invoke, store_path: Path, tmp_path: Path
) -> None:
    file = tmp_path / "gate.toml"
    with kolena_local.session(db=store_path):
        for name in ("old", "new"):
            evaluate(name, lambda number: Undeclared(hallucinated=number == 0))
    init = ("gate", "init", "old", "new", "-s", "suite", "-o", file, "--db", store_path)
    assert invoke(*init).exit_code == 0
    written = file.read_text("utf-8")
    assert (
        '\n# Choose "higher" or "lower", whichever is better, and remove the # of these' in written
    )
    result = invoke("gate", file, "--db", store_path)
    assert result.exit_code == 2
    assert "'metrics' is missing in the file" in result.stderr
    table = re.sub(
        r"(?m)^# (\[metrics.*)((?:\n.*)*)\n# margin = .*", r"\1\2\nmargin = 0.5", written
    )
    file.write_text(table, encoding="utf-8")
    result = invoke("gate", file, "--db", store_path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f'Error: {file}: A margin needs a direction: write direction = "higher" or "lower" in'
        " [metrics.hallucinated], whichever is better.\n"
    )
    file.write_text(table.replace("# direction", "direction"), encoding="utf-8")
    assert invoke("gate", file, "--db", store_path).exit_code == 0


def test_hostile_names_stay_names_in_every_file(
    invoke: Invoke, store_path: Path, tmp_path: Path
) -> None:
    name = "1. <img src=x>|\\| ![x](http://a.b/c) ]]> & \"'\x1b[31m\u202e`\ufffe# [metrics]"
    with kolena_local.session(db=store_path):
        samples = [(World(None).photo(index), Length(0.0)) for index in range(40)]  # type: ignore[arg-type]
        cases = [
            LengthCase(name, test_samples=samples[5:]),
            LengthCase("b", test_samples=samples[:30]),
        ]
        world = World(LengthSuite(f"{name} suite", test_cases=cases))
        world.test(f"{name} base", {})
        world.test(f"{name} new", {})
    names = (f"{name} base", f"{name} new", "-s", f"{name} suite", "--db", store_path)
    file, xml, markdown = (tmp_path / one for one in ("gate.toml", "tests.xml", "summary.md"))
    assert invoke("gate", "init", *names, "-o", file).exit_code == 0
    gate = Gate.read(file)
    assert (gate.baseline, gate.suite) == (f"{name} base", f"{name} suite@1")
    text = file.read_text("utf-8")
    assert "\x1b" not in text and "\u202e" not in text
    file.write_text(text.replace("margin = 0.01", "margin = 0.5"), encoding="utf-8")
    result = invoke("gate", file, "--junit", xml, "--markdown", markdown, "--db", store_path)
    assert result.exit_code == 0, result.output
    classes = {one.get("classname") for one in Xml.parse(xml).getroot().iter("testcase")}
    assert len(classes) == 3
    assert any(
        "<img src=x>|\\| ![x](http://a.b/c) ]]> & \"'\\x1b[31m\\u202e`" in str(one)
        for one in classes
    )
    written = markdown.read_text("utf-8")
    rows = [line for line in written.splitlines() if line.startswith("|")]
    assert len({len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) for row in rows}) == 1
    assert not re.search(r"(?<!\\)[<`\[!]|http:/|\x1b|\u202e", written)


def test_few_clusters_without_a_difference_are_undecided_for_that_reason(
    invoke: Invoke, lengths: Path
) -> None:
    Path("gate.toml").write_text(FILE.replace("[gate]", '[gate]\ncluster = "patient"'), "utf-8")
    result = invoke("gate", "gate.toml")
    assert result.exit_code == 4
    said = "close in first: 6 clusters with the same difference are too few to decide"
    assert said in result.stdout
    assert "lost up to 0;" not in result.stdout
