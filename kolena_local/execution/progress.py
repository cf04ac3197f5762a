"""A progress bar for what takes more than a second, where somebody can see it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_DELAY_SECONDS = 1.0


@contextmanager
def progress_bar(total: int, what: str) -> Iterator[Callable[[], object]]:
    """Show a bar on standard error while the block runs, if that is a terminal.

    Args:
        total: how many steps there are.
        what: what is done, shown before the bar.

    Yields:
        A function to call after each step.
    """
    if not sys.stderr.isatty():
        yield lambda: None
        return
    # Here, because most processes have no terminal, and then need no bar.
    from tqdm import tqdm

    with tqdm(total=total, desc=what, delay=_DELAY_SECONDS, file=sys.stderr) as bar:
        yield bar.update
