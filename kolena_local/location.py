"""Which file is the store? One answer for the API, the command line and the tests.

The order is: an argument, the surrounding ``session(db=…)``, ``initialize(db=…)``, the variable
``KOLENA_LOCAL_DB``, ``store.db`` in the folder ``KOLENA_LOCAL_HOME``, and ``store.db`` in the
user's data folder. The environment is read when somebody asks, never at import. Nothing here looks
at the disk or makes anything on it.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from kolena_local.errors import InputValidationError

MEMORY: Final = ":memory:"
"""The location of a store that leaves no file: one for the process, and one for each session."""

DB_VARIABLE: Final = "KOLENA_LOCAL_DB"
HOME_VARIABLE: Final = "KOLENA_LOCAL_HOME"
FILE_NAME: Final = "store.db"

_session: ContextVar[str | None] = ContextVar("kolena_local_location", default=None)
_default: str | None = None
_sessions_in_memory = itertools.count(1)


def resolve(argument: str | os.PathLike[str] | None = None) -> str:
    """Say where the store is.

    Args:
        argument: a location given by the caller; it wins over everything else.

    Returns:
        An absolute path, or what :func:`is_memory` tells of. Nothing says that the file exists.

    Raises:
        InputValidationError: the argument is blank.
    """
    if argument is not None:
        return _absolute(argument)
    return _session.get() or _default or _from_variable(DB_VARIABLE) or default_file()


@contextmanager
def use(db: str | os.PathLike[str]) -> Iterator[str]:
    """Make ``db`` the store inside a ``with`` block, for this thread or task only.

    Every block with ``":memory:"`` has a store of its own, so that tests do not see each other's.

    Raises:
        InputValidationError: ``db`` is blank.
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
    """Tell whether a location is not a file."""
    return location.startswith(MEMORY)


def set_default(db: str | os.PathLike[str] | None) -> None:
    """Make ``db`` the store of this process where nothing nearer is set; None takes that back.

    Raises:
        InputValidationError: ``db`` is blank.
    """
    global _default
    _default = None if db is None else _absolute(db)


def default() -> str | None:
    """Return what :func:`set_default` was last given, as an absolute path."""
    return _default


def default_file() -> str:
    """Return the path when nobody named a file: the only one whose folder the package makes."""
    home = _from_variable(HOME_VARIABLE)
    if home is None:
        # Here, because most calls name a file and `import kolena_local` must stay light.
        import platformdirs

        home = platformdirs.user_data_dir("kolena_local", appauthor=False)
    return os.path.join(home, FILE_NAME)


def _from_variable(name: str) -> str | None:
    value = os.environ.get(name, "")
    return _absolute(value) if value.strip() else None


def _absolute(location: str | os.PathLike[str]) -> str:
    text = os.fspath(location)
    if not text.strip():
        raise InputValidationError(
            "The location of the store is blank; give the path of a file, or ':memory:'."
        )
    return text if is_memory(text) else os.path.abspath(os.path.expanduser(text))
