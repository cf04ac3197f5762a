"""Write the results of a command to standard output or to the file of ``--output``.

A file gets its name only when the command has succeeded; until then, an existing file of that name
stays as it is.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click

from kolena_local import location
from kolena_local.cli.store_option import given_location
from kolena_local.drafts import Destination
from kolena_local.errors import InputValidationError
from kolena_local.plurals import printable

_DESTINATION = f"{__name__}.destination"
STANDARD_OUTPUT = "-"


def remember(context: click.Context, _: click.Parameter, name: str | None) -> None:
    """Keep the value of ``--output`` in the context."""
    if name is None:
        return
    if context.meta.get(_DESTINATION) is not None:
        raise click.UsageError("Give one file for the output, not two.")
    context.meta[_DESTINATION] = None if name == STANDARD_OUTPUT else destination_of(name)


def destination_of(name: str) -> Destination:
    """Return a file to write to, by the value of an option.

    Raises:
        click.BadParameter: its folder does not exist, or it is a store.
    """
    is_there = False
    with suppress(OSError):  # as of a name that is too long
        is_there = Path(name).absolute().parent.is_dir()
    if not is_there:
        raise click.BadParameter(f"The folder of {name} does not exist; create it first.")
    try:
        return Destination(name, location.resolve(given_location()))
    except InputValidationError as error:
        raise click.BadParameter(str(error)) from error


def current() -> Destination | None:
    """Return the file that results go to; None for standard output."""
    destination: Destination | None = click.get_current_context().meta.get(_DESTINATION)
    return destination


@contextmanager
def finish(context: click.Context) -> Iterator[None]:
    """Keep the file if the block succeeds or chooses its exit code, else discard it."""
    try:
        try:
            yield
        except click.exceptions.Exit:
            _keep(context)
            raise
        _keep(context)
    except BaseException:
        destination: Destination | None = context.meta.get(_DESTINATION)
        if destination is not None:
            destination.discard()
        raise


def _keep(context: click.Context) -> None:
    destination: Destination | None = context.meta.get(_DESTINATION)
    if destination is not None:
        destination.keep()
        say_written(destination)


def say_written(destination: Destination) -> None:
    """Print on standard error which file was written."""
    # Late, because printing imports this module; help and errors do not need it.
    from kolena_local.cli.output.printing import say

    say(f"Wrote {destination.name}.")


def write_text(text: str) -> None:
    """Write lines of text; escape characters that the encoding does not have."""
    destination = current()
    if destination is None:
        if is_terminal():
            text = "\n".join(map(printable, text.split("\n")))
        encoding = output_encoding()
        click.echo(text.encode(encoding, "backslashreplace").decode(encoding))
    else:
        destination.write(text.encode("utf-8", "backslashreplace") + b"\n")


def write_path(path: str) -> None:
    """Write a path byte for byte, whatever the output's encoding, so that a shell can use it."""
    click.echo(printable(path) if is_terminal() else os.fsencode(path))


def write_data(data: bytes) -> None:
    """Write what programs read again, byte for byte."""
    destination = current()
    if destination is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        destination.write(data)


def output_encoding() -> str:
    """Return the encoding of results."""
    return "utf-8" if current() is not None else sys.stdout.encoding or "utf-8"


def is_terminal() -> bool:
    """Return whether results go to a terminal."""
    return current() is None and sys.stdout.isatty()
