"""A group whose commands are imported on first use, so that help need not wait for all of them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """A group that knows where its commands are.

    Args:
        commands_at: where each command is, as ``module:attribute``, in the order of the help.
        summaries: what the help says of each command; without it, help imports all of them.
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
        """Write the list of commands into the help."""
        if self._summaries is None:
            super().format_commands(ctx, formatter)
            return
        with formatter.section("Commands"):
            formatter.write_dl(list(self._summaries.items()))

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order in which they were given."""
        return list(self._commands_at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None if there is none of that name."""
        if cmd_name not in self._commands_at:
            return None
        module, _, attribute = self._commands_at[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return with_help(command)


def with_help(command: click.Command) -> click.Command:
    """Give a command and those in it the help that Python leaves out of itself under ``-OO``."""
    if sys.flags.optimize > 1:
        if command.help is None and command.callback is not None:
            command.help = _docstring(command.callback)
        for inner in getattr(command, "commands", {}).values():
            with_help(inner)
    return command


def _docstring(function: Callable[..., Any]) -> str | None:
    import ast  # only here, where Python was told to forget its docstrings
    import inspect

    try:
        (definition,) = ast.parse(inspect.getsource(function)).body
    except OSError:
        return None
    return ast.get_docstring(definition)  # type: ignore[arg-type]  # it is a function
