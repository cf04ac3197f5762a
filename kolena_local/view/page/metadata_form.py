"""The form for a model's metadata and tags: what it shows, and what comes back from it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from werkzeug.datastructures import MultiDict

from kolena_local.errors import InputValidationError
from kolena_local.payload import DIGITS_READ, Json, dumps, loads
from kolena_local.plurals import printable
from kolena_local.repository.metadata_text import as_visible_text, read_float, read_metadata
from kolena_local.repository.records import HeldRow, ModelRecord

TEXT, NUMBER, TRUTH, NULL = KINDS = ("text", "number", "true/false", "null")
_SPARE_ROWS: Final = 3
_SPARE_TAGS: Final = 2
_WORDS: Final[dict[str, float]] = {
    word: float(value)
    for value, words in {
        "nan": ("NaN", "nan"),
        "inf": ("Infinity", "inf", "∞"),
        "-inf": ("-Infinity", "-inf", "-∞"),
    }.items()
    for word in words
}
# As in JSON, and as Python writes them: 1., .5, +3.
_NUMBER: Final = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", re.ASCII)


class Seen(NamedTuple):
    """A model as it was when the form was shown, which the form sends back."""

    id: int
    uid: int
    name: str
    metadata: dict[str, Json]
    tags: list[str]

    @property
    def row(self) -> HeldRow:
        """The row of the model, which another model of that name does not have."""
        return HeldRow("model", self.name, self.id, self.uid)

    @property
    def text(self) -> str:
        """The value of the form's field."""
        return json.dumps([self.id, self.uid, self.name, dumps(self.metadata), self.tags])

    def is_as(self, model: ModelRecord) -> bool:
        """Return whether a model still has this metadata and these tags."""
        # As text, because NaN is not equal to itself, and True is equal to 1.
        return dumps(self.metadata) == dumps(model.metadata) and set(self.tags) == model.tags


def seen_of(model: ModelRecord) -> Seen:
    """Return what a form that shows a model sends back."""
    return Seen(model.id, model.uid, model.name, model.metadata, sorted(model.tags))


def seen_in(text: str) -> Seen:
    """Read what a form sent back.

    Raises:
        InputValidationError: no form of this page sends that.
    """
    try:
        match json.loads(text):
            case [int() as id_, int() as uid, str() as name, str() as metadata, list() as tags]:
                found: Any = loads(metadata)
                is_stored = max(abs(id_), abs(uid)) < 2**63 and bool(
                    "".join([name, *tags]).encode()
                )
                if isinstance(found, dict) and is_stored:
                    return Seen(id_, uid, name, found, tags)
    except (TypeError, ValueError, RecursionError):
        pass
    raise InputValidationError("The form is incomplete; open it again.")


@dataclass
class Row:
    """A scalar of the metadata: its key now and before, its kind, and its value as text."""

    key: str = ""
    kind: str = TEXT
    text: str = ""
    before: str | None = None
    is_deleted: bool = False


@dataclass
class Draft:
    """What the form shows: as it is stored, or as it was typed.

    Attributes:
        rows: the scalars.
        text: the rest, or all of the metadata, as JSON.
        whole: whether ``text`` is all of the metadata.
        kept: the tags that stay.
        added: tags to add.
        errors: what is wrong, by field.
    """

    rows: list[Row]
    text: str
    whole: bool
    kept: list[str]
    added: list[str]
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def tags(self) -> list[str]:
        """The tags as they would be stored."""
        return sorted({*self.kept, *filter(str.strip, self.added)})

    def metadata(self, seen: Mapping[str, Json]) -> dict[str, Json]:
        """Return the metadata that was typed; what is wrong is noted in ``errors``.

        Args:
            seen: the metadata when the form was shown, whose keys keep their order.
        """
        try:
            rest = read_metadata(self.text) if self.text.strip() else {}
        except InputValidationError as error:
            self.errors["text"] = str(error)
            rest = {}
        if self.whole:
            return rest
        typed: dict[str, tuple[str | None, Json]] = {}
        for number, row in enumerate(self.rows):
            if row.is_deleted or (row.before is None and not (row.key.strip() or row.text)):
                continue
            try:
                if not row.key.strip():
                    raise InputValidationError("Give the value a key.")
                if row.key in typed or row.key in rest:
                    raise InputValidationError(f"There is a key '{row.key}' already; keep one.")
                typed[row.key] = row.before, _value(row)
            except InputValidationError as error:
                self.errors[f"row{number}"] = str(error)
        moved = {before: (key, value) for key, (before, value) in typed.items()}
        found: dict[str, Json] = {}
        for key in seen:
            if key in moved:
                found.update([moved[key]])
            elif key in rest:
                found[key] = rest[key]
        return {**found, **{key: value for key, (_, value) in typed.items()}, **rest}


def draft_of(model: ModelRecord, *, whole: bool) -> Draft:
    """Return the form of a model as it is stored.

    Args:
        model: the model.
        whole: whether all metadata is shown as JSON, not only what has no field of its own.
    """
    rows, rest = [], {}
    for key, value in model.metadata.items():
        if not whole and _fits(key, value):
            rows.append(Row(key, *_typed(value), before=key))
        else:
            rest[key] = value
    text = as_visible_text(rest) if rest or whole else ""
    rows += [Row() for _ in range(_SPARE_ROWS)]
    return Draft(rows, text, whole, sorted(model.tags), [""] * _SPARE_TAGS)


def draft_in(given: MultiDict[str, str], seen: Seen) -> Draft:
    """Return the form as it was typed."""
    rows: list[Row] = []
    while f"key{len(rows)}" in given:
        number = len(rows)
        key, kind, text = (given.get(f"{part}{number}", "") for part in ("key", "kind", "text"))
        before = given.get(f"before{number}")
        rows.append(Row(key, kind, text, before, f"delete{number}" in given))
    kept = [tag for place, tag in enumerate(seen.tags) if f"keep{place}" in given]
    added = [tag.replace("\r\n", "\n") for tag in given.getlist("tag")]
    return Draft(rows, given.get("text", ""), "whole" in given, kept, added)


def _fits(key: str, value: Json) -> bool:
    """Return whether a field of one line shows a key and its value, and sends them back."""
    is_plain = bool(key.strip()) and printable(key) == key
    if isinstance(value, str):
        return is_plain and printable(value) == value
    return is_plain and not isinstance(value, (dict, list))


def _typed(value: Json) -> tuple[str, str]:
    if isinstance(value, str):
        return TEXT, value
    if value is None:
        return NULL, ""
    return TRUTH if isinstance(value, bool) else NUMBER, json.dumps(value)


def _value(row: Row) -> Json:
    text = row.text.strip()
    if row.kind == TEXT:
        return row.text
    if row.kind == NULL:
        return None
    if row.kind == TRUTH:
        if text.lower() not in ("true", "false"):
            raise InputValidationError(f"'{text:.80}' is neither true nor false.")
        return text.lower() == "true"
    if row.kind != NUMBER:
        raise InputValidationError("Choose the type of the value.")
    text = text.replace("\N{MINUS SIGN}", "-")
    if text in _WORDS:
        return _WORDS[text]
    if not _NUMBER.fullmatch(text):
        raise InputValidationError(
            f"'{text:.80}' is not a number; write it with a decimal point and without separators."
        )
    if not text.lstrip("+-").isdigit():
        return read_float(text)
    if len(text) > DIGITS_READ:
        raise InputValidationError(
            f"An integer of more than {DIGITS_READ} digits cannot be stored; store it as text."
        )
    return int(text)
