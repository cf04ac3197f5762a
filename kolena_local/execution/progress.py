"""A progress bar for work that takes longer than a second, if standard error is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_DELAY_SECONDS = 1.0


@contextmanager
def progress_bar(total: int, what: str) -> Iterator[Callable[[], object]]:
    """Show a bar on standard error while the block runs, if that is a terminal.

    Args:
        total: the number of steps.
        what: the description shown before the bar.

    Yields:
        A function to call after each step.
    """
    if not sys.stderr.isatty():
        yield lambda: None
        return
    # Imported here, because processes without a terminal do not need it.
    from tqdm import tqdm

    with tqdm(total=total, desc=what, delay=_DELAY_SECONDS, file=sys.stderr) as bar:
        yield bar.update
