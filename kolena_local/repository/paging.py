"""Pages of rows that are read by key: each begins after the last row of the page before.

Unlike a cursor, it leaves no query open between two pages, so that each may be a transaction of its
own and the caller's code may run in between.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

Row = TypeVar("Row", bound=tuple[Any, ...])


def pages_by_key(
    read: Callable[[int], Sequence[Row]], key: Callable[[Row], int]
) -> Iterator[Sequence[Row]]:
    """Yield pages until one is empty.

    Args:
        read: returns the page after a key, which is -1 for the first page.
        key: returns the key of a row, an id or a position.
    """
    after = -1
    while page := read(after):
        yield page
        after = key(page[-1])
