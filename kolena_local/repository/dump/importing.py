"""Import a file into a store, or another store; both are the same, and one transaction."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import NamedTuple

from kolena_local import location as locations
from kolena_local.errors import InputValidationError, StoreNotFoundError
from kolena_local.repository.create_store import write_or_create
from kolena_local.repository.dump.differences import ImportPlan
from kolena_local.repository.dump.settling import OnConflict
from kolena_local.repository.file.backups import back_up
from kolena_local.repository.file.opening import file_of
from kolena_local.repository.store import open_store
from kolena_local.repository.unit import Unit


class Imported(NamedTuple):
    """What an import did, or what it would do.

    Attributes:
        plan: what it does with the things of each kind.
        backup: the path of the backup; None if there is none.
    """

    plan: ImportPlan
    backup: str | None = None


class _UndoneError(Exception):
    """The import succeeded, and is rolled back because it was only tried."""

    def __init__(self, plan: ImportPlan) -> None:
        super().__init__()
        self.plan = plan


def import_lines(
    location: str | None,
    lines: Callable[[], Iterable[bytes]],
    on_conflict: OnConflict = "error",
    *,
    dry_run: bool = False,
    backup: bool = False,
) -> Imported:
    """Store what the lines of an export have and the store has not.

    Args:
        location: as for ``open_store``; the store is created if there is none.
        lines: returns the lines; it may be called twice.
        on_conflict: as for ``StoreDump.read``.
        dry_run: whether to do everything and roll it back.
        backup: whether to back the store up before it changes, if it does.

    Returns:
        What was done, or what would be.

    Raises:
        InputValidationError: a line is invalid; nothing is imported.
        NameConflictError: something differs and cannot be settled; nothing is imported.
        StoreError: one of its leaves, if the store cannot be used or created.
    """
    place = locations.resolve(location)

    def change(unit: Unit) -> Imported:
        plan = unit.dump.read(lines(), on_conflict, refuse=not dry_run)
        if dry_run:
            raise _UndoneError(plan)
        # What others see until the commit is the store as it was.
        exists = not locations.is_memory(place) and os.path.exists(place)
        is_needed = backup and exists and plan.changes_something
        return Imported(plan, back_up(place) if is_needed else None)

    try:
        return write_or_create(location, change)
    except _UndoneError as undone:
        return Imported(undone.plan)


def merge(
    location: str | None, other: str, on_conflict: OnConflict = "error", *, dry_run: bool = False
) -> Imported:
    """Import another store, with its times, after a backup.

    Args:
        location: the store that changes, as for :func:`import_lines`.
        other: the path of the store to import, which stays as it is.
        on_conflict: as for ``StoreDump.read``.
        dry_run: whether to do everything but the backup, and roll it back.

    Returns:
        What was done, or what would be.

    Raises:
        InputValidationError: both are the same file, or the other store is in memory.
        StoreNotFoundError: there is no store at ``other``.
        NameConflictError: something differs and cannot be settled; nothing is imported.
        StoreError: one of its leaves, if one of the stores cannot be used.
    """
    place, other = locations.resolve(location), file_of(locations.resolve(other))
    if not os.path.exists(other):
        raise StoreNotFoundError(f"There is no store at {other}; give the path of another file.")
    if os.path.exists(place) and os.path.samefile(place, other):
        raise InputValidationError(f"{other} is the store itself; give the path of another one.")
    with open_store(other, create=False).read() as source:
        return import_lines(
            location,
            lambda: (line.encode() for line in source.dump.lines(times=True)),
            on_conflict,
            dry_run=dry_run,
            backup=True,
        )
