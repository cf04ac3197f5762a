"""Streams for standard output and standard error that report a failure only once.

Python keeps output that it could not write and tries again when the interpreter ends, which fails
with "Exception ignored" and exit code 120. Here a failure is raised once, and later output is
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
    """Standard output cannot be written."""


@contextmanager
def orderly_streams() -> Iterator[None]:
    """Replace Python's streams in the block by streams that fail only once.

    Raises:
        OutputError: by writes to standard output and flushes of it in the block. Messages that
            cannot be written to standard error are dropped.
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
    """Drop results that are not written yet, because their reader may never read them."""
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
