"""A user's pytest leaves the names of this package alone."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

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


def test_only_the_users_own_test_is_collected(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(USERS_TESTS)
    done = pytester.runpytest_inprocess("-W", "error", "-v", "-p", "no:cacheprovider")
    assert done.ret == 0
    printed = done.stdout.str()
    assert "collected 1 item" in printed and "1 passed" in printed
    assert "warning" not in printed.lower()
