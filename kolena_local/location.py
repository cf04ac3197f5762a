"""Choose the store's file, in the same way for the API, the command line, and tests.

The order is: an argument, the surrounding ``session(db=…)``, ``initialize(db=…)``, the variable
``KOLENA_LOCAL_DB``, ``store.db`` in the folder ``KOLENA_LOCAL_HOME``, and ``store.db`` in the
user's data folder. The environment is read on each call, never at import. A relative path in it is
made absolute, there, when it is first read: if the process, or one that it starts, changes its
folder later, the store stays the same. Nothing here reads or writes the disk.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from kolena_local.errors import InputValidationError
from kolena_local.warn import warn

MEMORY: Final = ":memory:"
"""The location of a store without a file: one per process, and one per session."""

DB_VARIABLE: Final = "KOLENA_LOCAL_DB"
HOME_VARIABLE: Final = "KOLENA_LOCAL_HOME"
FILE_NAME: Final = "store.db"

_session: ContextVar[str | None] = ContextVar("kolena_local_location", default=None)
_default: str | None = None
_sessions_in_memory = itertools.count(1)


def resolve(argument: str | os.PathLike[str] | None = None) -> str:
    """Return the location of the store.

    Args:
        argument: a location given by the caller; it overrides everything else.

    Returns:
        An absolute path, which may not exist, or a location for which :func:`is_memory` is true.

    Raises:
        InputValidationError: the argument is blank.
    """
    if argument is not None:
        return _absolute(argument)
    return _session.get() or _default or usual()


def usual() -> str:
    """Return where the store is for a command without ``--db`` and for a script that names none."""
    return _from_variable(DB_VARIABLE) or default_file()


@contextmanager
def use(db: str | os.PathLike[str]) -> Iterator[str]:
    """Use ``db`` as the store inside a ``with`` block, for this thread or task only.

    Every block with ``":memory:"`` has a store of its own, so that tests do not share data.

    Raises:
        InputValidationError: ``db`` is blank, or not a path.
    """
    location = _absolute(db)
    if location == MEMORY:
        location = f"{MEMORY}{next(_sessions_in_memory)}"
    token = _session.set(location)
    try:
        yield location
    finally:
        _session.reset(token)


def is_memory(location: str) -> bool:
    """Return whether a location is in memory rather than a file."""
    return location.startswith(MEMORY)


def set_default(db: str | os.PathLike[str] | None) -> None:
    """Use ``db`` as the store of this process outside of sessions; None undoes this.

    Raises:
        InputValidationError: ``db`` is blank, or not a path.
    """
    global _default
    _default = None if db is None else _absolute(db)


def default() -> str | None:
    """Return the location that :func:`set_default` set, as an absolute path."""
    return _default


def default_file() -> str:
    """Return the default path, which is the only one whose folder the package creates."""
    home = _from_variable(HOME_VARIABLE)
    if home is None:
        # Late, because most users name a file, and `import kolena_local` must be fast.
        import platformdirs

        home = platformdirs.user_data_dir("kolena_local", appauthor=False)
    return os.path.join(home, FILE_NAME)


def _from_variable(name: str) -> str | None:
    value = os.environ.get(name, "")
    if not value.strip():
        if value:
            warn(f"{name} is blank and was ignored; set it to a path, or remove it.")
        return None
    place = _absolute(value)
    if place != value:
        os.environ[name] = place
    return place


def _absolute(location: str | os.PathLike[str]) -> str:
    text = os.fspath(location) if isinstance(location, (str, os.PathLike)) else location
    if not isinstance(text, str):
        raise InputValidationError(
            "The location of the store must be the path of a file, or ':memory:', not"
            f" {text!r:.80}."
        )
    if not text.strip():
        raise InputValidationError(
            "The location of the store is blank; pass the path of a file, or ':memory:'."
        )
    return text if is_memory(text) else os.path.abspath(os.path.expanduser(text))
