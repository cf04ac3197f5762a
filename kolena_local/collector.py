"""Pauses of Python's cyclic garbage collector while many objects are created.

Stored objects have no reference cycles, and there may be a million of them. Traversing them again
and again while they are created takes longer than creating them; traversing loaded objects while an
evaluator creates its own takes a fifth of an evaluation. So the collector is paused for one page,
or for one call whose result holds all of the objects anyway. It is never paused while a user's
function runs, because that may leave cycles behind. Objects that the user froze stay frozen,
and a collector that the user disabled stays disabled.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused(*, for_good: bool = False) -> Iterator[None]:
    """Disable the collector in the block.

    Args:
        for_good: the created objects stay: move them to the oldest generation, which is collected
            least often.
    """
    was_on = gc.isenabled()
    if for_good and was_on:
        # Existing garbage must not move to the oldest generation with the result.
        gc.collect(1)
    gc.disable()
    try:
        yield
    finally:
        if for_good and not gc.get_freeze_count():
            # Moves all objects to the oldest generation at no cost.
            gc.freeze()
            gc.unfreeze()
        if was_on:
            gc.enable()


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
