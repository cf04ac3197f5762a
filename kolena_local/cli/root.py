"""The root group, which turns every exception into one line and an exit code.

An unexpected exception is a bug, or the store is damaged. Only a check of the whole file can tell
which; that takes too long here, so the message says how to run it.
"""

from __future__ import annotations

import errno
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from kolena_local.cli.lazy import LazyGroup
from kolena_local.cli.output.streams import OutputError, drop_results, orderly_streams
from kolena_local.cli.signals import Stopped, say_stopped, stopped_by_signals
from kolena_local.errors import (
    KolenaError,
    KolenaWarning,
    NotAStoreError,
    StoreBusyError,
    StoreDamagedError,
    StoreNewerError,
)
from kolena_local.plurals import printable

FAILED = 1
STORE_UNUSABLE = 5

_UNUSABLE = (StoreBusyError, StoreDamagedError, StoreNewerError, NotAStoreError)
_REASONS = {errno.ENOSPC: "the disk is full", errno.EBADF: "standard output is closed"}


class Root(LazyGroup):
    """The group of all commands."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command line; report signals and output that cannot be written."""
        with orderly_streams(), stopped_by_signals(), _warnings_on_one_line():
            try:
                try:
                    return super().main(*args, **extra)
                except Stopped:
                    drop_results()  # flushing them could block if nobody reads them
                    raise
                finally:
                    sys.stdout.flush()
            except Stopped as error:
                say_stopped(error)
                raise
            except OSError as error:
                if not _is_about_output(error):
                    raise
                # A reader that closed the pipe has read enough.
                if error.errno != errno.EPIPE:
                    reason = _REASONS.get(error.errno or 0, error.strerror)
                    click.echo(f"Error: The output cannot be written: {reason}.", err=True)
                sys.exit(FAILED)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Parse the arguments of the root group."""
        with _printable_usage_errors():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn exceptions into one line and an exit code."""
        # Late: help does not need it and must start fast.
        from kolena_local.cli.output.output_file import finish

        try:
            with finish(ctx), _printable_usage_errors():
                return super().invoke(ctx)
        except (KolenaError, KolenaWarning) as error:
            click.echo(f"Error: {printable(str(error))}", err=True)
            code = STORE_UNUSABLE if isinstance(error, _UNUSABLE) else FAILED
            raise click.exceptions.Exit(code) from error
        except KeyboardInterrupt as error:
            raise Stopped(signal.SIGINT) from error
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except RecursionError as error:
            click.echo("Error: A stored value is nested too deeply to be shown.", err=True)
            raise click.exceptions.Exit(FAILED) from error
        except Exception as error:
            # In development mode, show the traceback.
            if sys.flags.dev_mode or _is_about_output(error):
                raise
            click.echo(f"Error: {printable(_unexpected(error))}", err=True)
            raise click.exceptions.Exit(FAILED) from error


@contextmanager
def _printable_usage_errors() -> Iterator[None]:
    try:
        yield
    except click.ClickException as error:
        # The message quotes what was typed, which may be a name copied from untrusted data. A group
        # without a command has its own help as message, with Click 8.2 or newer.
        if not isinstance(error, getattr(click.exceptions, "NoArgsIsHelpError", ())):
            error.message = printable(error.message)  # type: ignore[misc]  # the subclass's is a str
        raise


@contextmanager
def _warnings_on_one_line() -> Iterator[None]:
    import warnings

    shown = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *more: Any, **where: Any) -> None:
        from kolena_local.cli.output.output_options import is_quiet  # late, as above

        if not issubclass(category, KolenaWarning):
            shown(message, category, *more, **where)
        elif click.get_current_context(silent=True) is None or not is_quiet():
            click.echo(f"Warning: {printable(str(message))}", err=True)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def _is_about_output(error: Exception) -> bool:
    return isinstance(error, OSError) and (
        isinstance(error, OutputError) or error.errno in (errno.ENOSPC, errno.EPIPE)
    )


def _unexpected(error: Exception) -> str:
    import traceback  # late: help does not need it

    place = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"Unexpected error ({type(error).__name__}: {error!s:.200}; {place.filename}, line"
        f" {place.lineno}). Run `kolena-local db check` to find out whether the store is damaged;"
        " if it is not, run this command again with PYTHONDEVMODE=1 and report the traceback."
    )
