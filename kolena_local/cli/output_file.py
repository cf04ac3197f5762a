"""Where the results of a command go: to standard output, or whole into a file.

A file appears under its name when the command ended well, and not before: whatever else happens,
the file that was there is still there. Nothing here knows what is written.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, cast

import click

from kolena_local import drafts
from kolena_local.errors import InputValidationError
from kolena_local.plurals import printable

_DESTINATION = f"{__name__}.destination"
STANDARD_OUTPUT = "-"


class Destination:
    """A file that a command writes.

    Args:
        name: the path as it was given.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        # A link stays a link: what it points to is replaced.
        self._path = Path(os.path.realpath(name))
        self._stream: IO[bytes] | None = None

    def write(self, content: bytes) -> None:
        """Add to what the file will have.

        Raises:
            InputValidationError: the file cannot be written.
        """
        try:
            self._opened().write(content)
        except BrokenPipeError:
            raise  # whoever reads has had enough, as with standard output
        except OSError as error:
            raise self._refused(error) from error

    def keep(self) -> None:
        """Put what was written under the file's name, all at once.

        Raises:
            InputValidationError: the file cannot be written.
        """
        try:
            stream = self._opened()
            stream.close()
            if self._is_replaced():
                drafts.put_in_place(stream.name, self._path)
            self._stream = None
        except BrokenPipeError:
            raise
        except OSError as error:
            raise self._refused(error) from error

    def discard(self) -> None:
        """Forget what was written."""
        if self._stream is not None:
            with suppress(OSError):
                self._stream.close()
            if self._is_replaced():
                Path(self._stream.name).unlink(missing_ok=True)

    def _opened(self) -> IO[bytes]:
        if self._stream is None:
            replaced = self._is_replaced()
            self._stream = drafts.begin(self._path, "part") if replaced else _appending(self.name)
        return self._stream

    def _is_replaced(self) -> bool:
        """Tell files from devices and pipes, which are written to as they are."""
        name = Path(self.name)
        # /dev/stdout may be a file that others write to as well; /dev/shm holds files like any.
        if name.is_relative_to("/dev") and not name.is_relative_to("/dev/shm"):
            return False
        try:
            return stat.S_ISREG(self._path.stat().st_mode)
        except FileNotFoundError:
            return True

    def _refused(self, error: OSError) -> InputValidationError:
        return InputValidationError(
            f"The file {self.name} cannot be written ({error.strerror or error}); give another one."
        )


def _appending(name: str) -> IO[bytes]:
    return cast("IO[bytes]", Path(name).open("ab"))


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


def write_data(text: str) -> None:
    """Write lines that programs read again: as UTF-8 wherever they go, with nothing escaped."""
    data = text.encode() + b"\n"
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
