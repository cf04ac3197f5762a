"""What the list of models shows: filters, order and columns, all of it in the address."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Final

from flask import url_for
from werkzeug.datastructures import MultiDict

from kolena_local.repository.headlines import Headline, Source

#: Before the text of a metric that the list is sorted by.
METRIC: Final = "metric:"
#: More versions than there are, and fewer than SQLite can count.
_MANY: Final = 2**31


@dataclass(frozen=True)
class ModelQuery:
    """The state of the list.

    Attributes:
        text: what is searched for.
        workflow: the only workflow; empty for all.
        tags: tags that the models have.
        where: conditions, as they were typed.
        sort: the field, or a metric as text after ``metric:``, with ``-`` before it for descending.
        keys: the metadata in columns, as paths; None if none were chosen.
        metrics: the metrics in columns; None if none were chosen.
        page: the number of the page.
    """

    text: str = ""
    workflow: str = ""
    tags: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    sort: str = ""
    keys: tuple[str, ...] | None = None
    metrics: tuple[Headline, ...] | None = None
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        """Whether it may leave models out."""
        return bool(self.text or self.workflow or self.tags or self.where)

    @property
    def sort_metric(self) -> Headline | None:
        """The metric that the list is sorted by; None if it is not sorted by one."""
        field = self.sort.removeprefix("-")
        return headline_of(field.removeprefix(METRIC)) if field.startswith(METRIC) else None

    def href(self, **changes: Any) -> str:
        """Return the address of the list with other values of some attributes."""
        other = replace(self, **{"page": 1, **changes})
        is_chosen = other.keys is not None or other.metrics is not None
        return url_for(
            "models.index",
            q=other.text or None,
            workflow=other.workflow or None,
            tag=other.tags,
            where=other.where,
            sort=other.sort or None,
            columns="chosen" if is_chosen else None,
            key=other.keys or (),
            metric=[headline_text(one) for one in other.metrics or ()],
            page=other.page if other.page > 1 else None,
        )


def from_arguments(given: MultiDict[str, str]) -> ModelQuery:
    """Read the state from the arguments of an address; what cannot be read is left out."""
    is_chosen = "columns" in given
    metrics = [*map(headline_of, given.getlist("metric")), _added(given)]
    page = given.get("page", "")
    return ModelQuery(
        text=given.get("q", ""),
        workflow=given.get("workflow", ""),
        tags=_filled(given.getlist("tag")),
        where=_filled(given.getlist("where")),
        sort=given.get("sort", ""),
        keys=_filled(given.getlist("key")) if is_chosen else None,
        metrics=tuple(dict.fromkeys(filter(None, metrics))) if is_chosen else None,
        page=int(page) if page.isascii() and page.isdecimal() and 0 < len(page) < 9 else 1,
    )


def headline_text(headline: Headline) -> str:
    """Return a metric as text, which names cannot confuse."""
    return json.dumps([*headline.source, headline.test_case, headline.metric])


def headline_of(text: str) -> Headline | None:
    """Return the metric that a text names; None if it names none."""
    match _json(text):
        case [str(), int(), str() | None, str() | None, str() | None, str()] as parts if (
            abs(parts[1]) < _MANY
        ):
            return Headline(Source(*parts[:4]), parts[4], parts[5])
    return None


def source_text(source: Source) -> str:
    """Return what computed metrics as text."""
    return json.dumps([*source])


def source_of(text: str) -> Source | None:
    """Return what a text says computed metrics; None if it says nothing."""
    match _json(text):
        case [str(), int(), str() | None, str() | None] as parts if abs(parts[1]) < _MANY:
            return Source(*parts)
    return None


def _added(given: MultiDict[str, str]) -> Headline | None:
    """Return the metric that was chosen in the form, from its three fields."""
    source, metric = source_of(given.get("add_source", "")), given.get("add_metric", "")
    case = _json(given.get("add_case", ""))
    if source is None or not metric or not isinstance(case, str | None):
        return None
    return Headline(source, case, metric)


def _json(text: str) -> Any:
    try:
        value = json.loads(text)
        # Half of a surrogate pair is valid JSON, and no name.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return value


def _filled(texts: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for text in texts if text.strip()))
