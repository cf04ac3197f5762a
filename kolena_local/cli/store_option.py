"""The option ``--db``, and functions that read or change the store that it names."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.repository.held import HeldStore
    from kolena_local.repository.records import ModelRecord

_Result = TypeVar("_Result")
_LOCATION = f"{__name__}.location"


def _remember(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        context.meta[_LOCATION] = value


# Both the root and every command have it; the one after the command wins.
db_option = click.option(
    "--db",
    metavar="PATH",
    expose_value=False,
    callback=_remember,
    is_eager=True,  # other options are checked against the store
    # `location` reads the variable KOLENA_LOCAL_DB, for scripts as well as for commands.
    allow_from_autoenv=False,
    help="The path of the store's file.",
)


def given_location() -> str | None:
    """Return the path given with ``--db``; None if there is none."""
    location: str | None = click.get_current_context().meta.get(_LOCATION)
    return location


def reading() -> AbstractContextManager[Unit]:
    """Read one snapshot of the store.

    Raises:
        StoreNotFoundError: there is no store.
        StoreError: the store cannot be used.
    """
    # Late, because help must start fast.
    from kolena_local.repository import open_store

    return open_store(given_location(), create=False).read()


def held_model(name: str) -> tuple[HeldStore, ModelRecord]:
    """Return a model, and the store as it may be used for this model while it is there.

    Raises:
        NotFoundError: there is no model of this name.
        StoreNotFoundError: there is no store; none is made.
        StoreError: the file cannot be used.
    """
    from kolena_local.repository import open_store
    from kolena_local.repository.records import HeldRow

    store = open_store(given_location(), create=False)
    with store.read() as unit:
        record = unit.models.get(name)
    return store.held([HeldRow("model", record.name, record.id, record.uid)]), record


def writing() -> AbstractContextManager[Unit]:
    """Change the store: commit when the block succeeds, else roll back.

    Raises:
        StoreNotFoundError: there is no store.
        StoreError: the store cannot be used.
    """
    from kolena_local.repository import open_store

    return open_store(given_location(), create=False).write()


def write_or_create(change: Callable[[Unit], _Result]) -> _Result:
    """Change the store; create it if it does not exist and the change succeeds.

    Args:
        change: makes the change; it may be called again after a rollback.

    Raises:
        StoreError: the store cannot be used or created.
    """
    from kolena_local.repository.create_store import write_or_create

    return write_or_create(given_location(), change)
