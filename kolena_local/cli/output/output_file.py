"""Where the results of a command go: to standard output, or whole into a file.

A file appears under its name when the command ended well, and not before: whatever else happens,
the file that was there is still there. Nothing here knows what is written.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from kolena_local.drafts import Destination
from kolena_local.plurals import printable

_DESTINATION = f"{__name__}.destination"
STANDARD_OUTPUT = "-"


def remember(context: click.Context, _: click.Parameter, name: str | None) -> None:
    """Take the value of ``--output``."""
    if name is None:
        return
    if not Path(name).absolute().parent.is_dir():
        raise click.BadParameter(f"The folder of {name} does not exist.")
    context.meta[_DESTINATION] = None if name == STANDARD_OUTPUT else Destination(name)


def current() -> Destination | None:
    """Return the file that results go to; None is standard output."""
    destination: Destination | None = click.get_current_context().meta.get(_DESTINATION)
    return destination


@contextmanager
def finish(context: click.Context) -> Iterator[None]:
    """Keep the file if the block ends well or by an exit code of its own, else discard it."""
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


def write_text(text: str) -> None:
    """Write lines of text, escaping what the encoding does not have."""
    destination = current()
    if destination is None:
        if is_terminal():
            text = "\n".join(map(printable, text.split("\n")))
        encoding = output_encoding()
        click.echo(text.encode(encoding, "backslashreplace").decode(encoding))
    else:
        destination.write(text.encode("utf-8", "backslashreplace") + b"\n")


def write_path(path: str) -> None:
    """Write a path byte for byte, whatever the encoding of the output: a shell takes it again."""
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
    """Return the encoding in which results are written."""
    return "utf-8" if current() is not None else sys.stdout.encoding or "utf-8"


def is_terminal() -> bool:
    """Say whether somebody looks at the results as they come."""
    return current() is None and sys.stdout.isatty()
