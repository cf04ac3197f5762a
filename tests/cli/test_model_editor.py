"""Metadata of models are edited as JSON in the user's own editor."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Callable, List

import pytest

from kolena_local.cli import model_changes
from tests.cli.conftest import Invoke, stored


def editor(monkeypatch: pytest.MonkeyPatch, *edits: str) -> List[str]:
    """Let the editor save these texts one after the other; return what it is shown."""
    shown: List[str] = []
    texts = iter(edits)

    def edit(text: str, **_: Any) -> str:
        shown.append(text)
        return next(texts)

    monkeypatch.setenv("EDITOR", "ed")
    monkeypatch.setattr(model_changes.click, "edit", edit)
    return shown


def test_edit_without_options_opens_an_editor(
    invoke: Invoke, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "editor"
    script.write_text('#!/bin/sh\nsed -i.bak "s/pytorch/jax/; s/: 0/: -Infinity/" "$1"\n')
    script.chmod(0o755)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(script))
    assert invoke("models", "edit", "resnet-50", "--db", store).exit_code == 0
    assert stored(store, "resnet-50").metadata == {"framework": "jax", "seed": -math.inf}


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            'printf \'{"place": "caf\\351"}\' >',
            '{"place": "caf\\xe9"}\nError: The metadata is not JSON',
        ),
        ("rm", "Error: The editor left no file that can be read (No such file or directory)"),
    ],
)
def test_an_editor_that_does_not_leave_utf_8_is_a_sentence_and_loses_nothing(
    invoke: Invoke, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    command: str, message: str,
) -> None:  # fmt: skip
    script = tmp_path / "editor"
    script.write_text(f'#!/bin/sh\n{command} "$1"\n')
    script.chmod(0o755)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(script))
    result = invoke("models", "edit", "resnet-50", "--db", store)
    assert result.exit_code == 1
    assert message in result.stderr
    assert stored(store, "resnet-50").metadata == {"framework": "pytorch", "seed": 0}


def test_a_slip_in_the_editor_can_be_mended(
    invoke: Invoke, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_changes, "is_interactive", lambda: True)
    monkeypatch.setattr(model_changes.click, "confirm", lambda *_, **__: True)
    shown = editor(monkeypatch, '{"seed": 1,', '{"seed": 1}')
    result = invoke("models", "edit", "resnet-50", "--db", store)
    assert result.exit_code == 0
    assert "line 1, column 12" in result.stderr
    assert shown[1] == '{"seed": 1,'
    assert stored(store, "resnet-50").metadata == {"seed": 1}


def test_a_slip_in_the_editor_without_a_terminal_changes_nothing(
    invoke: Invoke, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor(monkeypatch, '["typed"]')
    result = invoke("models", "edit", "resnet-50", "--db", store)
    assert result.exit_code == 1
    saved, typed, error = result.stderr.splitlines()
    assert (saved, typed) == ("This metadata was not saved:", '["typed"]')
    assert error == "Error: The metadata is not a JSON object; start it with {."
    assert stored(store, "resnet-50").metadata == {"framework": "pytorch", "seed": 0}


def test_edit_without_options_and_without_a_terminal_starts_no_editor(
    invoke: Invoke, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = editor(monkeypatch, '{"seed": 1}')
    monkeypatch.delenv("EDITOR")
    monkeypatch.delenv("VISUAL", raising=False)
    result = invoke("models", "edit", "resnet-50", "--db", store)
    assert (result.exit_code, shown) == (1, [])
    assert "there is no terminal to open an editor in; pass the changes with -m" in result.stderr


@pytest.mark.parametrize("edit", [lambda text: text, lambda text: f"{text}\n\n", lambda _: " \n"])
def test_an_editor_that_changes_nothing_says_so(
    invoke: Invoke, store: Path, monkeypatch: pytest.MonkeyPatch, edit: Callable[[str], str]
) -> None:
    monkeypatch.setenv("EDITOR", "ed")
    monkeypatch.setattr(model_changes.click, "edit", lambda text, **_: edit(text))
    before = stored(store, "resnet-50")
    result = invoke("models", "edit", "resnet-50", "--db", store)
    assert result.exit_code == 0
    assert result.stderr == "The metadata of the model 'resnet-50' did not change.\n"
    assert stored(store, "resnet-50") == before


def test_what_was_typed_is_printed_where_nobody_wants_to_edit_it_again(
    invoke: Invoke, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise model_changes.click.Abort

    monkeypatch.setattr(model_changes, "is_interactive", lambda: True)
    monkeypatch.setattr(model_changes.click, "confirm", refuse)
    editor(monkeypatch, '{"long": "work",')
    result = invoke("models", "edit", "resnet-50", "--db", store)
    assert result.exit_code == 1
    assert 'This metadata was not saved:\n{"long": "work",\n' in result.stderr
