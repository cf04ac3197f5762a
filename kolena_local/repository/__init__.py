"""All SQL of the package: it takes and returns records and payload texts, never user classes.

``open_store()`` gives a :class:`Store`; ``with store.read() as unit`` or ``store.write()`` gives a
:class:`Unit` with one repository for each noun. The names are resolved on first use, so that
importing the records does not import what opens a store.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kolena_local.repository.store import (
        Store,
        close_store,
        close_stores,
        find_store,
        open_store,
    )
    from kolena_local.repository.unit import Unit

__all__ = ["Store", "Unit", "close_store", "close_stores", "find_store", "open_store"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.store"), name)
