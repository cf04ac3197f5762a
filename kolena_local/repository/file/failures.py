"""Translate SQLite's errors, which happens only here.

SQLite's own texts are matched, not its error codes, because Python 3.10 does not hand the codes
out; the texts are constants of SQLite and have not changed in our range of versions.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from kolena_local.errors import (
    InputValidationError,
    KolenaError,
    NameConflictError,
    NotAStoreError,
    NotFoundError,
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreNotFoundError,
    StoreReadOnlyError,
)
from kolena_local.repository.file.disk_space import is_about_room, room
from kolena_local.repository.file.lock_owner import writer_of

FOREIGN: Final = (sqlite3.Error, UnicodeError, OverflowError)
"""What may come out of SQLite's driver; everything of this kind goes through `translated`."""

_BUSY: Final = (
    StoreBusyError,
    "The store {place} is locked by another process{who} for too long; try again when that one is"
    " done.",
)
_READ_ONLY: Final = (
    StoreReadOnlyError,
    "The store {place} is read-only; make the file and its folder writable, or use another store.",
)
_FULL: Final = (
    StoreFullError,
    "There is no room left {where}; nothing of this write was stored. Make room, then try again.",
)
_DAMAGED: Final = (
    StoreDamagedError,
    "The store {place} is damaged ({cause}); restore a backup, or rescue what is there with"
    " `sqlite3 FILE .recover`.",
)
_REFUSED: Final = (InputValidationError, "The store {place} refuses a value ({cause}); correct it.")

_MEANINGS: Final[dict[str, tuple[type[KolenaError], str]]] = {
    "is locked": _BUSY,
    "interrupted": (
        StoreBusyError,
        "The store {place} needs too long for this; ask for less, or try again when the machine"
        " is less busy.",
    ),
    "readonly database": _READ_ONLY,
    "file is not a database": (
        NotAStoreError,
        "The file {place} is not a store of kolena_local; give the path of another file.",
    ),
    "malformed": _DAMAGED,
    "Could not decode to UTF-8": _DAMAGED,
    # The only functions of ours that SQLite calls read stored JSON.
    "user-defined function raised": _DAMAGED,
    "disk I/O error": _DAMAGED,
    "is full": _FULL,
    "unable to open": (
        StoreNotFoundError,
        "The store {place} cannot be opened; check that its folder exists and may be written to.",
    ),
    "UNIQUE constraint": (
        NameConflictError,
        "The store {place} has this already ({cause}); load what is there instead.",
    ),
    "FOREIGN KEY constraint": (
        NotFoundError,
        "A referenced object is not in the store {place} (or is still in use);"
        " load the objects again.",
    ),
    "constraint failed": _REFUSED,
    "too big": (
        InputValidationError,
        "A value is larger than a store may hold (128 MiB); store it in a file of its own, and its"
        " path in the store.",
    ),
    "datatype mismatch": _REFUSED,
    "to SQLite INTEGER": (
        InputValidationError,
        "A number is beyond the 64 bits of integers in a store; give a smaller one.",
    ),
}

_PLENTY: Final = 2**24


def translate(error: Exception, place: str) -> KolenaError:
    """Turn an error of SQLite's driver into one of ours.

    Args:
        error: one of ``FOREIGN``.
        place: the location of the store, for the sentence.

    Returns:
        The exception to raise ``from error``.
    """
    if isinstance(error, UnicodeEncodeError):
        return InputValidationError(
            f"The text {error.object!r:.200} is not valid Unicode and cannot be stored; correct it."
        )
    text = str(error)
    if isinstance(error, UnicodeDecodeError) or not text:
        # The driver cannot even read SQLite's message about the damage; Python 3.10 leaves it out.
        return _say(_DAMAGED, place, error)
    if is_about_room(error, place):
        return _say(_FULL, place, error)
    for words, meaning in _MEANINGS.items():
        if words in text:
            return _say(meaning, place, error)
    return StoreError(
        f"The store {place} could not do what was asked ({type(error).__name__}: {text});"
        " please report this with the full traceback."
    )


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Raise errors of SQLite's driver as errors of ours.

    Raises:
        KolenaError: what :func:`translate` makes of such an error in the block.
    """
    try:
        yield
    except FOREIGN as error:
        raise translate(error, place) from error


def full(place: str) -> StoreFullError:
    """Return the error that the disk of a store is full, or the one for temporary files."""
    where = f"on the disk of the store {place}"
    if room(place) > _PLENTY:
        where += ", or in the folder for temporary files"
    return StoreFullError(_FULL[1].format(where=where))


def _say(meaning: tuple[type[KolenaError], str], place: str, cause: BaseException) -> KolenaError:
    kind, sentence = meaning
    if kind is StoreFullError:
        return full(place)
    who = ""
    if "{who}" in sentence:
        writer = writer_of(place)
        who = f" ({writer})" if writer else f" (see `lsof {place}`)"
    return kind(sentence.format(place=place, cause=cause, who=who))
