"""Which file is the store: every rung of the ladder, and that looking makes nothing."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from kolena_local import location
from kolena_local.errors import InputValidationError, KolenaWarning


def test_each_rung_wins_over_those_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KOLENA_LOCAL_HOME")
    assert Path(location.resolve()).parts[-2:] == ("kolena_local", "store.db")
    monkeypatch.setenv("KOLENA_LOCAL_HOME", str(tmp_path / "home"))
    assert location.resolve() == str(tmp_path / "home" / "store.db")
    monkeypatch.setenv("KOLENA_LOCAL_DB", str(tmp_path / "variable.db"))
    assert location.resolve() == str(tmp_path / "variable.db")
    location.set_default(tmp_path / "initialize.db")
    assert location.resolve() == str(tmp_path / "initialize.db")
    with location.use(tmp_path / "session.db"):
        assert location.resolve() == str(tmp_path / "session.db")
        assert location.resolve(tmp_path / "argument.db") == str(tmp_path / "argument.db")
    assert location.resolve() == str(tmp_path / "initialize.db")
    location.set_default(None)
    assert location.resolve() == str(tmp_path / "variable.db")
    assert list(tmp_path.iterdir()) == []


def test_sessions_nest_and_end_after_an_exception(tmp_path: Path) -> None:
    before = location.resolve()
    with pytest.raises(RuntimeError), location.use(tmp_path / "outer.db"):
        with location.use(":memory:"):
            assert location.is_memory(location.resolve())
        assert location.resolve() == str(tmp_path / "outer.db")
        raise RuntimeError
    assert location.resolve() == before


def test_a_session_is_that_of_its_thread(tmp_path: Path) -> None:
    seen = []
    with location.use(tmp_path / "mine.db"):
        thread = threading.Thread(target=lambda: seen.append(location.resolve()))
        thread.start()
        thread.join()
        assert seen == [location.default_file()]


def test_relative_paths_are_those_of_the_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    location.set_default("mine.db")
    monkeypatch.chdir("/")
    assert location.resolve() == str(tmp_path / "mine.db")


@pytest.mark.parametrize("name", ["KOLENA_LOCAL_DB", "KOLENA_LOCAL_HOME"])
def test_a_script_that_changes_its_folder_keeps_the_store_of_a_relative_variable(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(name, "mine.db")
    first = location.resolve()
    monkeypatch.chdir("/")
    assert Path(first).is_relative_to(tmp_path / "mine.db")
    assert location.resolve() == first
    script = "from kolena_local import location; print(location.resolve())"
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout
    assert output.strip() == first


def test_a_relative_variable_that_is_set_again_is_that_of_the_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        monkeypatch.chdir(folder)
        monkeypatch.setenv("KOLENA_LOCAL_DB", "mine.db")
        assert location.resolve() == str(folder / "mine.db")


def test_a_tilde_is_the_home_folder() -> None:
    assert location.resolve("~/mine.db") == str(Path.home() / "mine.db")


def test_memory_is_no_path(monkeypatch: pytest.MonkeyPatch) -> None:
    assert location.resolve(":memory:") == location.MEMORY
    monkeypatch.setenv("KOLENA_LOCAL_DB", ":memory:")
    assert location.resolve() == location.MEMORY


def test_a_blank_argument_is_an_error_and_a_blank_variable_warns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KOLENA_LOCAL_DB", "  ")
    with pytest.warns(KolenaWarning, match="KOLENA_LOCAL_DB is blank"):
        assert location.resolve() == location.default_file()
    with pytest.raises(InputValidationError, match="blank"):
        location.resolve(" ")
    with pytest.raises(InputValidationError, match="blank"):
        location.set_default("")
    with pytest.raises(InputValidationError, match="blank"), location.use(""):
        pass


@pytest.mark.parametrize("argument", [3, b"store.db", ["store.db"]])
def test_what_is_not_a_path_is_refused_as_a_store(argument: Any) -> None:
    with pytest.raises(InputValidationError, match="must be the path of a file"):
        location.set_default(argument)
