"""Standard output and standard error that fail while a command can still say so.

Python keeps what it could not write and tries again when the interpreter ends, where a failure is
an "Exception ignored" and exit code 120. Here a failure is raised once, and what comes after it is
dropped.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_CLOSED = -1  # no file descriptor: writing to it fails as writing to one that is closed


class OutputError(OSError):
    """Results cannot be written to standard output."""


@contextmanager
def orderly_streams() -> Iterator[None]:
    """Put streams that fail only once in the place of Python's.

    Raises:
        OutputError: inside the block, by what writes to standard output or flushes it. A message
            that cannot be written to standard error is dropped.
    """
    before = sys.stdin, sys.stdout, sys.stderr
    if sys.stdin is None:  # it was closed when Python began: there is nothing to read
        sys.stdin = io.TextIOWrapper(io.BytesIO())
    sys.stdout, sys.stderr = _orderly(_Results, sys.stdout), _orderly(_Messages, sys.stderr)
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


def drop_results() -> None:
    """Drop the results that are not written yet: whoever should read them may never do so."""
    descriptor = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    if isinstance(descriptor, _Results):
        descriptor.is_broken = True


class _Results(io.RawIOBase):
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.is_broken = False

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def writable(self) -> bool:
        return True

    def write(self, content: ReadableBuffer) -> int:
        if not self.is_broken:
            try:
                return os.write(self._descriptor, content)
            except OSError as error:
                self.is_broken = True
                raise OutputError(error.errno, error.strerror) from error
        return memoryview(content).nbytes


class _Messages(_Results):
    def write(self, content: ReadableBuffer) -> int:
        try:
            return super().write(content)
        except OutputError:
            return memoryview(content).nbytes


def _orderly(kind: type[_Results], stream: TextIO | None) -> TextIO:
    if stream is None:  # closed too
        return io.TextIOWrapper(io.BufferedWriter(kind(_CLOSED)), "utf-8", "backslashreplace")
    try:
        descriptor = stream.fileno()
    except (AttributeError, OSError):  # a test runner's or a notebook's stream
        return stream
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(kind(descriptor)),
        stream.encoding,
        stream.errors,
        line_buffering=stream.isatty(),
    )
