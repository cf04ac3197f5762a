"""Whether provenance is captured for models that do not say so themselves.

The order is: the argument of the model, the surrounding ``session(provenance=…)``,
``initialize(provenance=…)``, and the variable ``KOLENA_LOCAL_PROVENANCE``, which is read on each
call.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from kolena_local.flags import check_bool
from kolena_local.warn import warn

VARIABLE: Final = "KOLENA_LOCAL_PROVENANCE"
_WORDS: Final = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("", "0", "false", "no", "off"), False),
}

_session: ContextVar[bool | None] = ContextVar("kolena_local_provenance", default=None)
_default: bool | None = None


def is_on() -> bool:
    """Return whether to capture."""
    for chosen in (_session.get(), _default):
        if chosen is not None:
            return chosen
    value = os.environ.get(VARIABLE, "")
    found = _WORDS.get(value.strip().lower())
    if found is None:
        warn(f"{VARIABLE} is {value!r:.80} and was ignored; set it to 1 or 0.")
    return bool(found)


def set_default(provenance: bool | None) -> None:
    """Choose for this process outside of sessions; None undoes this.

    Raises:
        InputValidationError: it is not a bool.
    """
    global _default
    _default = _checked(provenance)


@contextmanager
def use(provenance: bool | None) -> Iterator[None]:
    """Choose inside a ``with`` block, for this thread or task only; None changes nothing.

    Raises:
        InputValidationError: it is not a bool.
    """
    token = _session.set(_session.get() if _checked(provenance) is None else provenance)
    try:
        yield
    finally:
        _session.reset(token)


def _checked(provenance: Any) -> bool | None:
    return None if provenance is None else check_bool(provenance, "provenance")
