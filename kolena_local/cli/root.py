"""The group at the root: loads its commands when they are needed, and says how they ended.

Every exception on purpose becomes one line and an exit code here, and only here. Any other
exception is a fault of ours and keeps its traceback.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from kolena_local.cli.text import printable
from kolena_local.errors import (
    KolenaError,
    NotAStoreError,
    StoreBusyError,
    StoreDamagedError,
    StoreNewerError,
)

FAILED = 1
STORE_UNUSABLE = 5
INTERRUPTED = 130

_UNUSABLE = (StoreBusyError, StoreDamagedError, StoreNewerError, NotAStoreError)


class Root(click.Group):
    """A group whose commands are imported on first use.

    Args:
        commands_at: where each command is, as ``module:attribute``, in the order of the help.
    """

    def __init__(self, *args: Any, commands_at: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._commands_at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order in which they were given."""
        return list(self._commands_at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None if there is none of that name."""
        if cmd_name not in self._commands_at:
            return None
        module, _, attribute = self._commands_at[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn what is raised on purpose into one line and an exit code."""
        try:
            return super().invoke(ctx)
        except KolenaError as error:
            click.echo(f"Error: {printable(str(error))}", err=True)
            code = STORE_UNUSABLE if isinstance(error, _UNUSABLE) else FAILED
            raise click.exceptions.Exit(code) from error
        except KeyboardInterrupt as error:
            # On a line of its own: the terminal has written ^C, or a progress bar stands there.
            click.echo("\nInterrupted.", err=True)
            raise click.exceptions.Exit(INTERRUPTED) from error
