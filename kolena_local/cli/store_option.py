"""Which store a command looks into, and how it does so without making one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.repository.held import HeldStore
    from kolena_local.repository.records import ModelRecord

_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])
_Result = TypeVar("_Result")
_LOCATION = f"{__name__}.location"


def db_option(command: _Decorated) -> _Decorated:
    """Give a command ``--db``; it may stand before the noun or after the verb; the last wins."""
    return click.option(
        "--db",
        metavar="PATH",
        expose_value=False,
        callback=_remember,
        # The variable KOLENA_LOCAL_DB is read by `location`, for scripts and commands alike.
        allow_from_autoenv=False,
        help="The store's file.",
    )(command)


def _remember(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        context.meta[_LOCATION] = value


def given_location() -> str | None:
    """Return what was given with ``--db``; None leaves it to ``location.resolve``."""
    location: str | None = click.get_current_context().meta.get(_LOCATION)
    return location


def reading() -> AbstractContextManager[Unit]:
    """Look at one snapshot of the store.

    Raises:
        StoreNotFoundError: there is no store; none is made.
        StoreError: the file cannot be used.
    """
    # Here, because it loads SQLAlchemy, which help must not wait for.
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
    """Change the store: all of the block is stored when it ends well, else nothing.

    Raises:
        StoreNotFoundError: there is no store, and none is made.
        StoreError: the file cannot be used.
    """
    from kolena_local.repository import open_store

    return open_store(given_location(), create=False).write()


def write_or_make(change: Callable[[Unit], _Result]) -> _Result:
    """Change the store, which is made if it is missing and the change is not refused.

    Args:
        change: what is done; it may be called a second time, after nothing of the first was stored.

    Raises:
        StoreError: the file cannot be used or made.
    """
    from kolena_local.repository.create_store import write_or_create

    return write_or_create(given_location(), change)
