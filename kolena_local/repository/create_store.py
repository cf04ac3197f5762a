"""Make a store together with its first content, so that a change that is refused leaves no file.

The new store grows in a folder of its own beside its place and gets its name when it is whole. A
name is never taken from another process that was faster.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from tempfile import TemporaryDirectory
from typing import TypeVar

from kolena_local import location as locations
from kolena_local.errors import StoreError, StoreFullError
from kolena_local.location import is_memory
from kolena_local.repository.file.copying import sync_folder
from kolena_local.repository.file.failures import full
from kolena_local.repository.file.opening import make_home
from kolena_local.repository.store import close_store, open_store
from kolena_local.repository.unit import Unit

_Result = TypeVar("_Result")


def write_or_create(location: str | None, change: Callable[[Unit], _Result]) -> _Result:
    """Change a store, which is made if there is none and the change succeeds.

    Args:
        location: as for ``open_store``.
        change: what is done in one write; called again if another process makes the store
            meanwhile.

    Returns:
        What ``change`` returned.

    Raises:
        StoreError: one of its leaves, if the store cannot be used or made.
    """
    place = locations.resolve(location)
    if not is_memory(place):
        place = os.path.realpath(place)
        if not os.path.lexists(place):
            with suppress(_NotCreatedError):
                return _create(place, change)
    # Whatever was in the way above is told here, in words about the place itself.
    with open_store(place).write() as unit:
        return change(unit)


class _NotCreatedError(Exception):
    """The file system, or somebody who was faster, was in the way."""


def _create(place: str, change: Callable[[Unit], _Result]) -> _Result:
    folder, name = os.path.split(place)
    try:
        make_home(place)
        beside = TemporaryDirectory(
            prefix=f"{name}.", suffix=".draft", dir=folder, ignore_cleanup_errors=True
        )
    except OSError as error:
        raise _NotCreatedError from error
    with beside:
        draft = os.path.join(beside.name, name)
        try:
            with open_store(draft).write() as unit:
                result = change(unit)
        except StoreFullError as error:
            raise full(place) from error
        except StoreError as error:
            raise _NotCreatedError from error
        finally:
            close_store(draft)
        try:
            # Unlike a rename, a link replaces nothing.
            os.link(draft, place)
        except OSError as error:
            raise _NotCreatedError from error
    sync_folder(place)
    return result
