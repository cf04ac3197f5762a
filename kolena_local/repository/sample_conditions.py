"""Conditions on test samples, such as ``metadata.hour >= 20`` or ``ground_truth.label = "cat"``.

A field begins with ``sample``, ``metadata``, ``ground_truth`` or ``inference``, as the columns of
DataFrames do. What is stored counts: fields that a class computes are not there.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from kolena_local.errors import InputValidationError
from kolena_local.payload import CLASS_KEY, Json
from kolena_local.plurals import enumerated
from kolena_local.repository.conditions import Condition, read
from kolena_local.repository.metadata_paths import Path, path_text, value_at
from kolena_local.repository.records import FoundSample
from kolena_local.repository.rows import as_objects

#: The first words of fields, and the attributes of :class:`FoundSample` in which they are.
ROOTS: Final = ("sample", "metadata", "ground_truth", "inference")
_MISSING: Final[Any] = object()
_QUOTED: Final = re.compile(r'("(?:[^"\\]|\\.)*")', re.DOTALL)
_AND: Final = re.compile(r"\s+and\s+")
#: Fields are suggested from so many pages; an unknown one is looked for in all.
_PAGES_LISTED: Final = 5


def read_all(texts: Iterable[str]) -> list[Condition]:
    """Read conditions, all of which must hold; ``and`` joins several in one text.

    Raises:
        InputValidationError: one of them is not a condition.
    """
    return [read(part) for text in texts for part in _parts(text)]


def joined(conditions: Iterable[Condition]) -> str:
    """Return conditions as one text that :func:`read_all` reads."""
    return " and ".join(map(str, conditions))


def satisfying(page: Sequence[FoundSample], conditions: Iterable[Condition]) -> list[FoundSample]:
    """Return the samples of a page that satisfy all conditions."""
    by_root: dict[str | int, list[Condition]] = {}
    for condition in conditions:
        by_root.setdefault(condition.path[0], []).append(condition)
    left = list(page)
    for root, some in by_root.items():
        objects = _objects(left, root)
        left = [
            row
            for row, value in zip(left, objects, strict=True)
            if all(one.admits(value_at(value, one.path[1:])) for one in some)
        ]
    return left


def values_of(page: Sequence[FoundSample], path: Path, otherwise: Any = None) -> list[Any]:
    """Return what samples have in a field; ``otherwise`` where there is nothing."""
    return [value_at(value, path[1:], otherwise) for value in _objects(page, path[0])]


def check_fields(paths: Iterable[Path], pages: Iterable[Sequence[FoundSample]], whose: str) -> None:
    """Make sure that each field exists in at least one sample.

    Args:
        paths: the fields.
        pages: the samples.
        whose: what the samples belong to, such as ``the test suite 'animals'``.

    Raises:
        InputValidationError: a field does not exist; the message suggests others.
    """
    left = [path for path in paths if path[0] not in ROOTS or len(path) == 1]
    unseen = [path for path in paths if path not in left]
    known: dict[str, None] = {}
    for number, page in enumerate(pages):
        unseen = [path for path in unseen if not _is_in(page, path)]
        if number < _PAGES_LISTED and (unseen or left):
            known.update(dict.fromkeys(name for root in ROOTS for name in _names(page, root)))
        elif not unseen:
            break
    for path in [*left, *unseen]:
        raise unknown_field(path_text(path), list(known), whose)


def _parts(text: str) -> list[str]:
    """Split at each ``and`` outside of double quotes."""
    parts = [""]
    for number, piece in enumerate(_QUOTED.split(text)):
        first, *others = [piece] if number % 2 else _AND.split(piece)
        parts[-1] += first
        parts += others
    return parts


def _objects(page: Sequence[FoundSample], root: str | int) -> Sequence[Json]:
    if root not in ROOTS:
        return [{}] * len(page)
    return as_objects([getattr(row, str(root)) or "{}" for row in page])


def _is_in(page: Sequence[FoundSample], path: Path) -> bool:
    return any(value is not _MISSING for value in values_of(page, path, _MISSING))


def _names(page: Sequence[FoundSample], root: str) -> Iterator[str]:
    for value in _objects(page, root):
        yield from _names_in(value, (root,))


def _names_in(value: Json, path: Path) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key != CLASS_KEY:
                yield path_text((*path, key))
                yield from _names_in(item, (*path, key))


def unknown_field(name: str, known: list[str], whose: str) -> InputValidationError:
    """Return the error that no sample has a field; it names the nearest ones, or else the first."""
    message = f"No sample of {whose} has the field '{name}'"
    if not known:
        return InputValidationError(f"{message}; it has no samples.")
    # People leave out the first word, or get it right: what all fields begin with says nothing.
    by_end = {other.partition(".")[2]: other for other in reversed(known)}
    near = [by_end[end] for end in difflib.get_close_matches(name.rpartition(".")[2], by_end)]
    near = list(dict.fromkeys([*difflib.get_close_matches(name, known, cutoff=0.9), *near]))[:3]
    if near:
        return InputValidationError(f"{message}; did you mean {' or '.join(map(repr, near))}?")
    more = [f"{len(known) - 5} more"] if len(known) > 5 else []
    return InputValidationError(
        f"{message}; there are {enumerated([*map(repr, known[:5]), *more])}."
    )
