"""A project of a user, whose tests are run by a pytest of their own."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Callable

import pytest

# What a pytest in this process imports is forgotten when it ends; NumPy and SQLAlchemy cannot be
# imported twice.
import kolena_local.determinism
import kolena_local.repository.tables
from tests.conftest import CHECKOUT, IS_LONG

assert kolena_local.determinism
assert kolena_local.repository.tables

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Return a function that runs the project's tests, as for users to whom warnings are errors.

    In the long profile this is a process of its own, with the plugin as an installation has it.
    """
    pytester.makeini("[pytest]\nfilterwarnings = error\n")
    if not IS_LONG:
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        monkeypatch.syspath_prepend(pytester.path)
        plugin = ("-p", "kolena_local.pytest_plugin", "-p", "no:cacheprovider")
        return lambda *arguments: pytester.runpytest_inprocess(*plugin, *arguments)
    installed = tmp_path / "installed" / "kolena_local_plugin-0.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: kolena_local_plugin\nVersion: 0\n"
    )
    project = (CHECKOUT / "pyproject.toml").read_text("utf-8")
    (entry,) = re.findall(r"\[project\.entry-points\.pytest11\]\n(.*)\n", project)
    (installed / "entry_points.txt").write_text(f"[pytest11]\n{entry.replace(chr(34), '')}\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(installed.parent), str(CHECKOUT)]))

    def start(*arguments: str) -> pytest.RunResult:
        # The plugin of hypothesis takes longer to load than all of such a run.
        without = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
        return pytester.runpytest_subprocess(*without, *arguments)

    return start
