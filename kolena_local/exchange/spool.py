"""A temporary file for what is read once and needed twice; a full disk is named as such."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

from kolena_local.errors import InputValidationError


class Spool:
    """A temporary file that lines are written to, and then read from.

    Raises:
        InputValidationError: it cannot be created or written.
    """

    def __init__(self) -> None:
        with _saving():
            self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed on exit

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # closing tries once more to write what could not be written
            self.file.close()

    def write(self, line: bytes) -> None:
        """Write a line."""
        with _saving():
            self.file.write(line)

    def rewind(self) -> None:
        """Go back to the first line, to read."""
        with _saving():
            self.file.seek(0)


@contextmanager
def _saving() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputValidationError(
            f"The input cannot be saved in {tempfile.gettempdir()} ({error.strerror or error});"
            " free some space there, or set TMPDIR to another folder."
        ) from error
