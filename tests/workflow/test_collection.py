"""A user's pytest leaves the names of this package alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

USERS_TESTS = """
from kolena_local.workflow import *
from kolena_local.workflow import (
    Image, TestCase, TestCases, TestRun, TestSample, TestSuite, define_workflow, test,
)
from kolena_local.workflow.test_run import TestRun as TestAgain
from kolena_local.workflow.test_case_edit import TestCaseEditor
from kolena_local.workflow.test_suite_edit import TestSuiteEditor
import dataclasses
from kolena_local.workflow import GroundTruth, Inference

@dataclasses.dataclass(frozen=True)
class TestPhoto(Image):
    width: int = 0

class TestText(TestSample):
    text: str

workflow, TestCase, TestSuite, Model = define_workflow("w", TestPhoto, GroundTruth, Inference)
TestOther = define_workflow("v", Image, GroundTruth, Inference)[1]

def test_mine():
    assert TestCase("c").version == 0
"""


def test_only_the_users_own_test_is_collected(tmp_path: Path) -> None:
    (tmp_path / "test_users.py").write_text(USERS_TESTS)
    # The plugin of hypothesis takes longer to load than all else.
    without = ["-p", "no:cacheprovider", "-p", "no:hypothesispytest"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-W", "error", "-v", *without],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "collected 1 item" in done.stdout and "1 passed" in done.stdout
    assert "warning" not in done.stdout.lower()
