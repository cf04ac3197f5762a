"""Names and times as they are stored, and what to say about a name that is not there."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone

from kolena_local.errors import InputValidationError, NotFoundError, StoreDamagedError
from kolena_local.plurals import INVISIBLE

_INVISIBLE = re.compile(f"[{INVISIBLE}]")


def now(plus_seconds: float = 0.0) -> str:
    """Return this moment, or a later one, as times are stored: UTC, ISO 8601, milliseconds, Z."""
    moment = datetime.now(timezone.utc) + timedelta(seconds=plus_seconds)
    text = moment.isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """Return a stored time.

    Raises:
        StoreDamagedError: it is not a time.
    """
    try:
        # Python 3.10 does not read the Z.
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise StoreDamagedError(
            f"The store is damaged ({text!r:.80} is not a time); restore a backup."
        ) from error


def local_minute(text: str) -> str:
    """Return a stored time as people read it: ``2026-11-27 13:02``, local.

    Raises:
        StoreDamagedError: it is not a time.
    """
    try:
        return f"{moment(text).astimezone():%Y-%m-%d %H:%M}"
    except OverflowError:  # at the end of the year 9999
        return text


def checked(kind: str, name: str) -> str:
    """Return a name that can be stored and found again.

    Raises:
        InputValidationError: it is blank, has a NUL character, or is not text that a file can
            hold.
    """
    if not name.strip():
        raise InputValidationError(f"The name of a {kind} must not be blank; give it a name.")
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InputValidationError(
            f"The name {name!r} of a {kind} is not valid Unicode text; give it another name."
        ) from None
    if "\0" in name:  # SQLite's functions cut text there
        raise InputValidationError(
            f"The name {name!r} of a {kind} has a NUL character; give it another name."
        )
    return name


def as_seen(name: str) -> str:
    """Return what a reader sees of a name, which may be the same for different names."""
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", name))


def split_label(label: str) -> tuple[str, int | None]:
    """Split ``name@3`` into a name and a version; None where there is no version."""
    match = re.fullmatch(r"(.+)@([0-9]{1,9})", label, re.DOTALL)
    return (match[1], int(match[2])) if match else (label, None)


def unknown(kind: str, name: str, known: Iterable[str]) -> NotFoundError:
    """Say that a name is not in the store, and which are: the nearest, or else the first."""
    names = [other for other in known if isinstance(other, str)]  # anything in a damaged file
    if not names:
        return NotFoundError(f"There is no {kind} '{name}'; none is in the store yet.")
    nearest = difflib.get_close_matches(name, names, n=3)
    if nearest:
        *others, last = (f"'{other}'" for other in nearest)
        listed = f"{', '.join(others)} or {last}" if others else last
        return NotFoundError(f"There is no {kind} '{name}'; did you mean {listed}?")
    listed = ", ".join(f"'{other}'" for other in names[:5])
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return NotFoundError(f"There is no {kind} '{name}'; the store has {listed}{more}.")
