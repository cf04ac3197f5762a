"""Long lists, one page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from flask import request, url_for

#: A choice of evaluators and configurations: an empty value leaves the choice open.
UNNAMED: Final = "(without a name)"

Item = TypeVar("Item")


@dataclass(frozen=True)
class Part(Generic[Item]):
    """A part of a list, and where its neighbors are.

    Attributes:
        shown: what is on this page of the list.
        first: the number of the first item, from 1.
        total: how many items there are in all.
        before: the address of the part before it; None if this is the first.
        after: the address of the next part; None if this is the last.
    """

    shown: Sequence[Item]
    first: int
    total: int
    before: str | None
    after: str | None


def part_of(items: Sequence[Item], size: int = 100, key: str = "page") -> Part[Item]:
    """Return the part of a list that the request asks for.

    Args:
        items: the whole list.
        size: how many items a part has.
        key: the parameter of the request that has the number of the part.
    """
    last = max(0, (len(items) - 1) // size)
    number = min(max(number_from(key) or 1, 1) - 1, last)
    start = number * size
    return Part(
        items[start : start + size],
        start + 1,
        len(items),
        here(**{key: number}) if number > 0 else None,
        here(**{key: number + 2}) if number < last else None,
    )


def here(**values: Any) -> str:
    """Return the address of this page with other parameters."""
    assert request.endpoint is not None, "a page is at an endpoint"
    # Not what would change how the address is made, such as _scheme.
    kept = {
        name: given
        for name, given in request.args.lists()
        if name != "endpoint" and not name.startswith("_")
    }
    return url_for(request.endpoint, **{**kept, **values})


def number_from(key: str) -> int | None:
    """Return a parameter of the request as a number from 0; None if it is not one."""
    text = request.args.get(key, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
