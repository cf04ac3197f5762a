"""The store that a page shows."""

from __future__ import annotations

from contextlib import AbstractContextManager

from kolena_local.repository import Store, Unit, open_store
from kolena_local.view.page.settings import settings


def store() -> Store:
    """Return the store; it is never made here."""
    return open_store(settings().location, create=False)


def reading() -> AbstractContextManager[Unit]:
    """Read one snapshot of the store."""
    return store().read()


def writing() -> AbstractContextManager[Unit]:
    """Change the store: commit when the block succeeds, else roll back."""
    return store().write()
