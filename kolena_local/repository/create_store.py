"""Create a store together with its first content, so that a change that fails leaves no file.

The new store is built in a temporary folder beside its place and gets its name when it is complete.
If another process has created the store in the meantime, that one is kept.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from tempfile import TemporaryDirectory
from typing import TypeVar

from kolena_local import location as locations
from kolena_local.drafts import remove_empty
from kolena_local.errors import StoreError, StoreFullError
from kolena_local.location import is_memory
from kolena_local.repository.file.copying import sync_folder
from kolena_local.repository.file.failures import full
from kolena_local.repository.file.new_file import make_home
from kolena_local.repository.store import close_store, open_store
from kolena_local.repository.unit import Unit

_Result = TypeVar("_Result")


def write_or_create(location: str | None, change: Callable[[Unit], _Result]) -> _Result:
    """Change a store, which is created if there is none and the change succeeds.

    Args:
        location: as for ``open_store``.
        change: what is done in one write; called again if another process creates the
            store in the meantime.

    Returns:
        What ``change`` returned.

    Raises:
        StoreError: one of its leaves, if the store cannot be used or created.
    """
    place = locations.resolve(location)
    if not is_memory(place):
        place = os.path.realpath(place)
        if not os.path.lexists(place):
            with suppress(_NotCreatedError):
                return _create(place, change)
    # If creating failed, this raises an error about the path itself.
    with open_store(place).write() as unit:
        return change(unit)


class _NotCreatedError(Exception):
    """The store could not be created, or another process was faster."""


def _create(place: str, change: Callable[[Unit], _Result]) -> _Result:
    try:
        made = make_home(place)
    except OSError as error:
        raise _NotCreatedError from error
    try:
        return _create_in_folder(place, change)
    finally:
        remove_empty(made)


def _create_in_folder(place: str, change: Callable[[Unit], _Result]) -> _Result:
    folder, name = os.path.split(place)
    try:
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
