"""The store that a page shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from kolena_local.repository import Store, Unit, open_store
from kolena_local.view.page.settings import settings


def store() -> Store:
    """Return the store; it is never made here."""
    return open_store(settings().location, create=False)


@contextmanager
def reading() -> Iterator[Unit]:
    """Read one snapshot of the store; queries that run for too long are ended.

    Raises:
        StoreBusyError: the queries took longer than the page may take.
    """
    with store().read() as unit, unit.time_limit(settings().seconds):
        yield unit


def writing() -> AbstractContextManager[Unit]:
    """Change the store: commit when the block succeeds, else roll back."""
    return store().write()
