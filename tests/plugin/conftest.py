"""A project of a user, whose tests are run by a pytest of their own."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Callable

import pytest

from tests.conftest import CHECKOUT

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Return a function that runs the project's tests, with the plugin as an installation has it.

    Every warning is an error, as for users who are careful.
    """
    installed = tmp_path / "installed" / "kolena_local_plugin-0.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: kolena_local_plugin\nVersion: 0\n"
    )
    project = (CHECKOUT / "pyproject.toml").read_text("utf-8")
    (entry,) = re.findall(r"\[project\.entry-points\.pytest11\]\n(.*)\n", project)
    (installed / "entry_points.txt").write_text(f"[pytest11]\n{entry.replace(chr(34), '')}\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(installed.parent), str(CHECKOUT)]))
    pytester.makeini("[pytest]\nfilterwarnings = error\n")

    def start(*arguments: str) -> pytest.RunResult:
        # The plugin of hypothesis takes longer to load than all of such a run.
        without = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
        return pytester.runpytest_subprocess(*without, *arguments)

    return start
