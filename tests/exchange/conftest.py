"""The fixtures of the command line's tests, which these share."""

from __future__ import annotations

from tests.cli.conftest import guessed, guesses_template, invoke

__all__ = ["guessed", "guesses_template", "invoke"]
