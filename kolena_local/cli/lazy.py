"""A group that imports a command when it is first used, so that help is fast."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """A group that imports its commands when they are used.

    Args:
        commands_at: the ``module:attribute`` of each command, in the order of the help.
        summaries: the help's line on each command; without it, help imports every command.
    """

    def __init__(
        self,
        *args: Any,
        commands_at: dict[str, str],
        summaries: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._commands_at = commands_at
        self._summaries = summaries
        with_help(self)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands to the help."""
        if self._summaries is None:
            super().format_commands(ctx, formatter)
            return
        with formatter.section("Commands"):
            formatter.write_dl(list(self._summaries.items()))

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands in the order of ``commands_at``."""
        return list(self._commands_at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; return None if there is no command of that name."""
        if cmd_name not in self._commands_at:
            return None
        module, _, attribute = self._commands_at[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return with_help(command)


def with_help(command: click.Command) -> click.Command:
    """Restore the help of a command and its subcommands if ``python -OO`` removed docstrings."""
    if sys.flags.optimize > 1:
        if command.help is None and command.callback is not None:
            command.help = _docstring(command.callback)
        for inner in getattr(command, "commands", {}).values():
            with_help(inner)
    return command


def _docstring(function: Callable[..., Any]) -> str | None:
    import ast  # late: only needed under -OO
    import inspect

    try:
        (definition,) = ast.parse(inspect.getsource(function)).body
    except OSError:
        return None
    return ast.get_docstring(definition)  # type: ignore[arg-type]  # it is a function
