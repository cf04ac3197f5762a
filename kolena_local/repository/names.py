"""Names and times as they are stored, and what to say about a name that is not there."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone

from kolena_local.errors import InputValidationError, NotFoundError


def now(plus_seconds: float = 0.0) -> str:
    """Return this moment, or a later one, as times are stored: UTC, ISO 8601, milliseconds, Z."""
    moment = datetime.now(timezone.utc) + timedelta(seconds=plus_seconds)
    text = moment.isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def checked(kind: str, name: str) -> str:
    """Return a name that can be stored and found again.

    Raises:
        InputValidationError: it is blank, or no text that a file can hold.
    """
    if not name.strip():
        raise InputValidationError(f"The name of a {kind} must not be blank; give it a name.")
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InputValidationError(
            f"The name {name!r} of a {kind} is no valid Unicode text; give it another name."
        ) from None
    return name


def unknown(kind: str, name: str, known: Iterable[str]) -> NotFoundError:
    """Say that a name is not in the store, and which names come nearest."""
    nearest = difflib.get_close_matches(name, list(known), n=3, cutoff=0.0)
    if not nearest:
        return NotFoundError(f'There is no {kind} "{name}"; none is in the store yet.')
    listed = ", ".join(f'"{other}"' for other in nearest)
    return NotFoundError(f'There is no {kind} "{name}" in the store; the nearest names: {listed}.')
