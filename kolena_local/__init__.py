"""A local registry of models and a store of their evaluations, with the API of Kolena's client.

``kolena_local.workflow`` has what a script imports: models, test cases, test suites, evaluators and
``test``. Nothing needs to be called first; :func:`initialize` and :func:`session` choose another
store than the usual one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from kolena_local import errors, location

__version__ = "0.1.0"
__all__ = ["__version__", "errors", "initialize", "session"]
_LOADED_AT_FIRST_USE = (
    "annotation",
    "asset",
    "comparison",
    "dataset",
    "determinism",
    "evaluators",
    "io",
    "metrics",
    "provenance",
    "workflow",
)


def __getattr__(name: str) -> Any:
    """Import a public module when it is first used: importing all of them takes long."""
    if name not in _LOADED_AT_FIRST_USE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LOADED_AT_FIRST_USE})


def initialize(
    *args: Any,
    api_token: str | None = None,
    verbose: bool = True,
    proxies: dict[str, str] | None = None,
    db: str | os.PathLike[str] | None = None,
    provenance: bool | None = None,
    **kwargs: Any,
) -> None:
    """Choose the store of this process, and whether messages are printed.

    It may be called again at any time, and need not be called at all. Everything that the original
    takes for its server is accepted and left alone: no token is ever asked for. Any other argument
    is ignored with a ``KolenaWarning``, and so is the path of a store that is not passed as ``db``.

    Args:
        args: ignored.
        api_token: ignored.
        verbose: print messages about progress; before the first call none is printed.
        proxies: ignored.
        db: path of the store, or ``":memory:"`` for one that ends with the process. None leaves the
            choice to the environment variables and the user's data folder.
        provenance: whether to note what code and environment are when a model is created or tested,
            unless the model says otherwise. None leaves the choice to the variable
            ``KOLENA_LOCAL_PROVENANCE``, which is ``1`` or ``0``.
        kwargs: ignored.

    Raises:
        InputValidationError: ``db`` is blank, or a flag is not a bool.
    """
    from kolena_local import log, provenance_setting
    from kolena_local.flags import check_bool

    verbose = check_bool(verbose, "verbose")
    _warn_of_unused(args, kwargs)
    provenance_setting.set_default(provenance)
    location.set_default(db)
    log.print_messages(verbose)


def _warn_of_unused(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    from kolena_local.warn import warn

    # The original takes a token, or an entity and a token.
    paths = [one for one in args if isinstance(one, os.PathLike) or _is_like_a_path(one)]
    unused = [name for name in kwargs if name != "entity"]
    if unused or paths:
        named = ", ".join([f"{name}=" for name in unused] or map(repr, paths))
        warn(
            f"initialize() does not have the argument {named}, and ignored it; the store is chosen"
            " with db=, and messages with verbose=."
        )


def _is_like_a_path(argument: Any) -> bool:
    return isinstance(argument, str) and (
        argument == location.MEMORY or argument.endswith((".db", ".sqlite", ".sqlite3"))
    )


@contextmanager
def session(db: str | os.PathLike[str], *, provenance: bool | None = None) -> Iterator[str]:
    """Use another store inside a ``with`` block, for this thread or task only.

    A thread that is started inside the block uses the usual store, unless it runs in a copy of the
    context (``contextvars.copy_context().run``).

    Args:
        db: path of the store, or ``":memory:"`` for an empty one that ends with the block.
        provenance: as for :func:`initialize`; None changes nothing.

    Yields:
        The store's location.

    Raises:
        InputValidationError: ``db`` is blank, or ``provenance`` is not a bool.
    """
    from kolena_local import provenance_setting

    with location.use(db) as place, provenance_setting.use(provenance):
        try:
            yield place
        finally:
            if location.is_memory(place):
                from kolena_local import repository

                repository.close_store(place)
