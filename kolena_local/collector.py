"""The cyclic garbage collector while many objects are made.

Stored objects hold no cycles, and there may be a million of them. Walking them again and again
while they are being made costs more than making them; walking what is loaded while an evaluator
makes its own objects costs a fifth of an evaluation. So the collector is paused for one page, or
for one call whose result holds all of the objects anyway. It is never paused around a user's
function: what others leave behind must be collected soon. Who has frozen objects before wants them
to stay so, and who has switched the collector off finds it off.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused(*, for_good: bool = False) -> Iterator[None]:
    """Keep the collector from walking objects that are just being made.

    Args:
        for_good: the objects are a large result that stays, and are not walked afterwards either,
            until the collector walks everything.
    """
    was_on = gc.isenabled()
    if for_good and was_on:
        # What was left behind until now must not be taken for part of the result.
        gc.collect(1)
    gc.disable()
    try:
        yield
    finally:
        if for_good and not gc.get_freeze_count():
            # Moves everything to the oldest generation, at no cost.
            gc.freeze()
            gc.unfreeze()
        if was_on:
            gc.enable()


@contextmanager
def existing_objects_spared() -> Iterator[None]:
    """Let the collector look only at objects that are made in the block."""
    ours = gc.get_freeze_count() == 0
    if ours:
        gc.freeze()
    try:
        yield
    finally:
        if ours:
            gc.unfreeze()
