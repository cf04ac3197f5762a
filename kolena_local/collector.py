"""Pauses of Python's cyclic garbage collector while many objects are created.

Stored objects have no reference cycles, and there may be a million of them. Traversing them again
and again while they are created takes longer than creating them; traversing loaded objects while an
evaluator creates its own takes a fifth of an evaluation. So the collector is paused for one page,
or for one call whose result holds all of the objects anyway. It is never paused while a user's
function runs, because that may leave cycles behind. Objects that the user froze stay frozen,
and a collector that the user disabled stays disabled.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import ContextDecorator, contextmanager


class collector_paused(ContextDecorator):
    """Disable the collector in a block, or in each call of a function.

    Args:
        for_good: the created objects stay: move them to the oldest generation, which is collected
            least often.
    """

    def __init__(self, *, for_good: bool = False) -> None:
        self._for_good = for_good
        self._was_on = False

    def __enter__(self) -> None:
        self._was_on = gc.isenabled()
        if self._for_good and self._was_on:
            # Existing garbage must not move to the oldest generation with the result.
            gc.collect(1)
        gc.disable()

    def __exit__(self, *_: object) -> None:
        if self._for_good and not gc.get_freeze_count():
            # Moves all objects to the oldest generation at no cost.
            gc.freeze()
            gc.unfreeze()
        self._restore()

    def __del__(self) -> None:
        # Ctrl-C can come before or in the middle of __exit__, which is then never finished.
        self._restore()

    def _recreate_cm(self) -> collector_paused:
        return collector_paused(for_good=self._for_good)

    def _restore(self) -> None:
        if self._was_on:
            gc.enable()
            self._was_on = False


@contextmanager
def existing_objects_spared() -> Iterator[None]:
    """Let the collector traverse only objects that are created in the block."""
    ours = gc.get_freeze_count() == 0
    if ours:
        gc.freeze()
    try:
        yield
    finally:
        if ours:
            gc.unfreeze()
