"""A group that imports a command when it is first used, so that help is fast."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import click


class Group(click.Group):
    """A group that suggests names for a wrong one, and knows its commands in the singular, too."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command by its name; ``model`` is ``models`` unless there is another of that name.

        Raises:
            click.UsageError: there is no such command.
        """
        typed, names = args[0], self.list_commands(ctx)
        if typed not in names and f"{typed}s" in names:
            args = [f"{typed}s", *args[1:]]
        elif not ctx.resilient_parsing and typed[:1].isalnum() and not self.get_command(ctx, typed):
            # click suggests commands only in its newest versions, and not those of a lazy group.
            ctx.fail(f"No such command '{typed}'{_suggestion(typed, names)}")
        return super().resolve_command(ctx, args)


def _suggestion(typed: str, names: list[str]) -> str:
    from difflib import get_close_matches  # late: only needed here

    close = get_close_matches(typed.lower().replace("_", "-"), names)
    if close:
        return f"; did you mean {' or '.join(map(repr, close))}?"
    return f"; the commands are {', '.join(names)}."


class LazyGroup(Group):
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
