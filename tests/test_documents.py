"""The documents tell the truth: what they show runs and prints what they say, and links lead on."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Dict, List

import pytest
from click.testing import CliRunner

from kolena_local.cli import main
from tests.conftest import CHECKOUT
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
        pytest_alone = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
        done = subprocess.run([*pytest_alone, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def run_all(commands: str) -> str:
    *_, last = [run(line) for line in commands.splitlines()]
    return last


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder in which the reader has followed the README to its first comparison."""
    heading = "From a CSV of predictions to a verdict"
    (script,) = blocks(heading, "python")
    files: Dict[str, str] = {"animals.py": script}
    files.update(zip(["small.csv", "large.csv"], blocks(heading, "csv"), strict=True))
    for name, content in files.items():
        assert f"`{name}`" in section(README, heading)
        (tmp_path / name).write_text(content, encoding="utf-8")
    (commands,) = blocks(heading, "sh")
    monkeypatch.chdir(tmp_path)
    assert "not decided" in run_all(commands)
    return tmp_path


def test_readme_examples_run_one_after_the_other_and_print_what_it_says(project: Path) -> None:
    (script,) = blocks("Your own script", "python")
    (expected,) = blocks("Your own script", "text")
    (project / "own.py").write_text(script, encoding="utf-8")
    assert run("python own.py") == expected
    assert "baseline" in run("kolena-local models show always-cat")
    assert "completed" in run("kolena-local runs list")

    (frames,) = blocks("In a notebook", "python")
    (project / "frames.py").write_text(f"{script}\n{frames}", encoding="utf-8")
    run("python frames.py")
    names = "from kolena_local.workflow import TestRun\nevaluator = ByLabel()\n"
    for heading in ("DataFrames", "Files of predictions"):
        (lines,) = blocks(heading, "python", CHECKOUT / "kolena_local/workflow/README.md")
        (project / "lines.py").write_text(f"{script}\n{names}{lines}", encoding="utf-8")
        run("python lines.py")

    # The files replaced the predictions.
    again = script.replace("ByLabel())", "ByLabel(), reset=True)")
    (project / "again.py").write_text(again, encoding="utf-8")
    run("python again.py")
    (user_test,) = blocks("In your unit tests", "python")
    (project / "test_animals.py").write_text(user_test, encoding="utf-8")
    run("kolena-local export baseline.jsonl")
    assert "1 passed" in run("pytest test_animals.py")


def test_readme_commands_for_changes_are_the_ones_that_change_something(project: Path) -> None:
    (commands,) = blocks("From a CSV of predictions to a verdict", "sh")
    (importing,) = [line for line in commands.splitlines() if "import small" in line]
    assert "--on-conflict replace" in section(README, "What is stored under a name stays")
    assert "3 inferences" in run(f"{importing} --on-conflict replace")
    run("kolena-local inferences export small -o exported.csv")
    exported = (project / "exported.csv").read_text("utf-8").splitlines()
    assert exported[:2] == ["locator,label,score,ground_truth.label", "day-1.png,cat,0.9,cat"]
    (script,) = blocks("Your own script", "python")
    (project / "own.py").write_text(script, encoding="utf-8")
    run("python own.py")
    changed = script.replace('"cat"', '"dog"')
    (project / "own.py").write_text(changed, encoding="utf-8")
    with pytest.raises(AssertionError, match=r"KolenaWarning.*made by other code"):
        run("python own.py")
    reset = changed.replace("ByLabel())", "ByLabel(), reset=True)")
    (project / "own.py").write_text(reset, encoding="utf-8")
    assert "day-2.png dog dog" in run("python own.py")


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
