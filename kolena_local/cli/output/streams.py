"""Streams for standard output and standard error that report a failure only once.

Python keeps output that it could not write and retries when the interpreter exits, which fails with
"Exception ignored" and exit code 120. These streams raise a failure once and then drop output.
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

_STANDARD_ERROR = 2
_CLOSED = -1  # writing to this descriptor fails as writing to a closed one does


class OutputError(OSError):
    """Standard output cannot be written."""


@contextmanager
def orderly_streams() -> Iterator[None]:
    """Replace Python's streams in the block by streams that fail only once.

    Raises:
        OutputError: standard output cannot be written or flushed in the block. Messages that
            cannot be written to standard error are dropped.
    """
    before = sys.stdin, sys.stdout, sys.stderr
    if None in before:
        _occupy_closed()
    if sys.stdin is None:  # it was closed when Python started
        sys.stdin = io.TextIOWrapper(io.BytesIO())
    sys.stdout, sys.stderr = _orderly(_Results, sys.stdout), _orderly(_Messages, sys.stderr)
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


def _occupy_closed() -> None:
    """Occupy closed descriptors, or the next file to be opened would be /dev/stdout."""
    import socket  # late: rarely needed; unlike a file, it cannot be opened by its name in /dev

    while (occupied := socket.socket()).fileno() <= _STANDARD_ERROR:
        occupied.detach()
    occupied.close()


def drop_results() -> None:
    """Drop buffered results: writing them could block if nobody reads them."""
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
