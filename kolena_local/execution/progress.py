"""A progress bar for what takes more than a second, where somebody can see it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")

_DELAY_SECONDS = 1.0


def with_progress(items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
    """Iterate over items, with a bar on standard error if that is a terminal.

    Args:
        items: anything to iterate over.
        total: how many there are.
        what: what is done to them, shown before the bar.
    """
    if not sys.stderr.isatty():
        yield from items
        return
    # Here, because most processes have no terminal, and then need no bar.
    from tqdm import tqdm

    # Plain iteration would hide the bar of a loop that ends by an exception only when it is
    # collected.
    with tqdm(items, total=total, desc=what, delay=_DELAY_SECONDS, file=sys.stderr) as bar:
        yield from bar
