"""The documents tell the truth: what they show runs and prints what they say, and links lead on."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import List

import pytest
from click.testing import CliRunner

from kolena_local.cli import main
from tests.conftest import CHECKOUT, long_only
from tests.python_process import run_python

README = CHECKOUT / "README.md"
DOCUMENTS = sorted(
    path
    for folder in ("", "kolena_local/**/", "tests/**/", ".github/**/")
    for path in CHECKOUT.glob(f"{folder}*.md")
)
CLI = CHECKOUT / "kolena_local/cli/README.md"


def section(document: Path, heading: str) -> str:
    text = document.read_text("utf-8")
    (body,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert body.count("```") % 2 == 0
    return str(body)


def blocks(heading: str, language: str, document: Path = README) -> List[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", section(document, heading), re.M | re.S)


# As ``python FILE ARGUMENTS`` does.
SCRIPT = """
import os, runpy, sys
del sys.argv[0]
sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[0])))
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run(command: str) -> str:
    """Run what a reader would type; warnings are errors, and so is a failure."""
    program, *arguments = shlex.split(command)
    if program == "kolena-local":  # in this process, which saves half of the time
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 0, f"{command}\n{result.output}"
        return result.output
    if program == "python":
        done = run_python(SCRIPT, *arguments)
    else:
        # Loading the plugin of hypothesis takes longer than such a run.
        without = ["-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
        pytest_alone = [sys.executable, "-m", "pytest", *without]
        done = subprocess.run([*pytest_alone, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def run_all(commands: str) -> str:
    *_, last = [run(line) for line in commands.splitlines()]
    return last


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the README's own model, which has been tested."""
    (script,) = blocks("Your own model", "python")
    assert "`animals.py`" in section(README, "Your own model")
    (tmp_path / "animals.py").write_text(script, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (expected,) = blocks("Your own model", "text")
    assert run("python animals.py") == expected
    return tmp_path


def test_readme_leads_from_csv_files_to_a_verdict_and_a_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    heading = "From two CSV files to a verdict"
    names = ["photos.csv", "small.csv", "large.csv"]
    for name, content in zip(names, blocks(heading, "csv"), strict=True):
        assert f"`{name}`" in section(README, heading)
        Path(name).write_text(content, encoding="utf-8")
    (commands,) = blocks(heading, "sh")
    *_, compare, report = commands.splitlines()
    run_all("\n".join(commands.splitlines()[:-2]))
    assert "not decided" in run(compare)
    run(report)
    assert "photos" in Path("photos.html").read_text("utf-8")


@long_only
def test_readme_examples_run_one_after_the_other(project: Path) -> None:
    assert "baseline" in run("kolena-local models show always-cat")
    assert "completed" in run("kolena-local runs list")

    script = (project / "animals.py").read_text("utf-8")
    workflow = CHECKOUT / "kolena_local/workflow/README.md"
    Path("large.csv").write_text("locator,class,confidence\nday-2.png,dog,0.9\n", "utf-8")
    names = "from kolena_local.workflow import Evaluator, HigherIsBetter, TestRun\n"
    names += "from kolena_local.workflow import MetricsTestCase, MetricsTestSample\n"
    names += "evaluator = ClassificationEvaluator()\n"
    for heading, document, after in (
        ("In a notebook", README, ""),
        ("Your own evaluator", workflow, "test(model, suite, ByLabel())"),
        ("DataFrames", workflow, ""),
        ("Files of predictions", workflow, ""),
    ):
        (lines,) = blocks(heading, "python", document)
        (project / "lines.py").write_text(f"{script}\n{names}{lines}\n{after}", encoding="utf-8")
        run("python lines.py")

    # The files replaced the predictions.
    again = script.replace("Evaluator())", "Evaluator(), reset=True)")
    (project / "again.py").write_text(again, encoding="utf-8")
    run("python again.py")
    (user_test,) = blocks("In your unit tests and merge requests", "python")
    (project / "test_animals.py").write_text(user_test, encoding="utf-8")
    run("kolena-local export baseline.jsonl")
    assert "1 passed" in run("pytest test_animals.py")


@long_only
def test_readme_commands_for_changes_are_the_ones_that_change_something(project: Path) -> None:
    assert "--on-conflict replace" in section(README, "What is stored under a name stays")
    Path("guesses.csv").write_text("locator,label,score\nday-1.png,dog,0.9\n", encoding="utf-8")
    importing = "kolena-local inferences import always-cat guesses.csv"
    assert "1 inference" in run(f"{importing} --on-conflict replace")
    run("kolena-local inferences export always-cat -o exported.csv")
    exported = (project / "exported.csv").read_text("utf-8").splitlines()
    assert exported[:2] == ["locator,label,score,ground_truth.label", "day-1.png,dog,0.9,cat"]
    script = (project / "animals.py").read_text("utf-8")
    reset = script.replace("Evaluator())", "Evaluator(), reset=True)")
    (project / "animals.py").write_text(reset, encoding="utf-8")
    run("python animals.py")
    changed = script.replace('Guess("cat"', 'Guess("dog"')
    (project / "animals.py").write_text(changed, encoding="utf-8")
    with pytest.raises(AssertionError, match=r"KolenaWarning.*made by other code"):
        run("python animals.py")
    reset = changed.replace("Evaluator())", "Evaluator(), reset=True)")
    (project / "animals.py").write_text(reset, encoding="utf-8")
    assert "day-2.png dog dog" in run("python animals.py")


def test_readme_comparison_is_what_the_command_prints_of_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run("kolena-local demo")
    for document, heading in (
        (README, "Compare two models"),
        (CHECKOUT / "kolena_local/comparison/README.md", "The result as a table"),
        (CHECKOUT / "kolena_local/comparison/README.md", "Which of many"),
        (CHECKOUT / "kolena_local/comparison/README.md", "Finding slices"),
    ):
        (command,) = blocks(heading, "sh", document)
        (table,) = blocks(heading, "text", document)
        printed = run_all(command).splitlines()
        shown = [line for line in table.splitlines() if line != "[…]"]
        assert [line for line in printed if line in shown] == shown
    for heading in ("Examples", "Slices", "Files of predictions"):
        (commands,) = blocks(heading, "sh", CLI)
        run_all(commands)


@pytest.mark.parametrize("heading", ["Try it", "Run the tests"])
def test_readme_section_is_one_command_line(heading: str) -> None:
    (block,) = blocks(heading, "sh")
    assert block.count("\n") == 1
    assert " && " in block


def test_readme_is_read_in_five_minutes() -> None:
    assert len(README.read_text("utf-8").split()) <= 1800


@pytest.mark.parametrize(
    "document", DOCUMENTS, ids=[str(it.relative_to(CHECKOUT)) for it in DOCUMENTS]
)
def test_links_lead_to_files_and_headings(document: Path) -> None:
    prose = re.sub(r"^```.*?^```$", "", document.read_text("utf-8"), flags=re.M | re.S)
    for link in re.findall(r"\]\(([^)\s]+)\)", prose):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.is_file(), link
        headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.M)
        anchors = {re.sub(r"[^\w -]", "", it.lower()).replace(" ", "-") for it in headings}
        assert not anchor or anchor in anchors, link
