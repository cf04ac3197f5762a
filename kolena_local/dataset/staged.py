"""Rows that wait until all of an upload were checked.

Frames from an iterator are checked one by one. Nothing is stored before all are there, and no code
of the caller runs while the store is locked.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Final

from kolena_local.exchange.spool import Spool

_BYTES_IN_MEMORY: Final = 64 * 2**20


class Staged:
    """Pages of rows that wait until all were checked, from some size on in a temporary file."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._pages: list[tuple[Any, ...]] = []
        self._spool: Spool | None = None
        self._spooled = 0
        self._left = _BYTES_IN_MEMORY

    def add(self, page: tuple[Any, ...]) -> None:
        """Add a page: lists of bytes and strings."""
        self._left -= sum(sum(map(len, column)) for column in page)
        if self._spool is None and self._left > 0:
            self._pages.append(page)
            return
        if self._spool is None:
            self._spool = self._stack.enter_context(Spool())
        self._spool.write(marshal.dumps(page))
        self._spooled += 1

    def pages(self) -> Iterator[Any]:
        """Yield the pages again; it may be called twice."""
        yield from self._pages
        if self._spool is not None:
            self._spool.rewind()
            for _ in range(self._spooled):
                yield marshal.load(self._spool.file)
