"""The DataFrames that are uploaded: their checks, and their rows as JSON texts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Union

from kolena_local.collector import collector_paused
from kolena_local.dataset.cells import Column, RowWriter, column_texts
from kolena_local.errors import DuplicateDatapointIdError, InputValidationError
from kolena_local.payload import canonical_digests, loads
from kolena_local.plurals import agreeing, enumerated

if TYPE_CHECKING:
    import pandas as pd

Frames = Union["pd.DataFrame", Iterable["pd.DataFrame"]]

_ROWS_AT_ONCE: Final = 10_000
_SHOWN: Final = 10
_NAMED: Final = 12


class IdentifiedRows(NamedTuple):
    """Some rows of a frame: their ids, and the texts of their columns.

    Attributes:
        keys: the digests of the ids.
        ids: the id fields' values as JSON objects.
        columns: the texts of each column.
    """

    keys: list[bytes]
    ids: list[str]
    columns: dict[str, Column]


def check_name(name: Any, noun: str) -> str:
    """Return a name of a dataset or the like.

    Raises:
        InputValidationError: it is not a string, or blank.
    """
    if not isinstance(name, str) or not name.strip():
        raise InputValidationError(
            f"The name of a {noun} must be a string that is not blank, not {name!r:.80}."
        )
    return name


def check_names(names: Any, argument: str) -> tuple[str, ...]:
    """Return names as a tuple, each once; a string is one name, and None is none.

    Raises:
        InputValidationError: one is not a string, or blank.
    """
    # Of a dict or a DataFrame, only the keys would be used.
    is_table = isinstance(names, Mapping) or hasattr(names, "columns")
    if names is not None and (is_table or not isinstance(names, Iterable)):
        raise InputValidationError(f"{argument} must be a list of strings, not {names!r:.80}.")
    given = [names] if isinstance(names, str) else [*(() if names is None else names)]
    for name in given:
        if not isinstance(name, str) or not name.strip():
            raise InputValidationError(
                f"{argument} must be strings that are not blank, and {name!r:.80} is not."
            )
    return tuple(dict.fromkeys(given))


def each_frame(frames: Frames) -> Iterator[pd.DataFrame]:
    """Yield a DataFrame, or those of an iterator.

    Raises:
        InputValidationError: something is not a DataFrame, or no frame has rows.
    """
    import pandas as pd

    count = 0
    is_iterable = isinstance(frames, Iterable) and not isinstance(frames, (str, bytes, dict))
    for frame in [frames] if isinstance(frames, pd.DataFrame) or not is_iterable else frames:
        if not isinstance(frame, pd.DataFrame):
            raise InputValidationError(
                f"A DataFrame, or an iterator of DataFrames, is needed, not {type(frame).__name__}."
            )
        count += len(frame)
        if len(frame):
            yield frame
    if not count:
        raise InputValidationError("There is nothing to upload: the DataFrame has no rows.")


def named_columns(frame: pd.DataFrame) -> list[str]:
    """Return the names of a frame's columns; numbers become strings.

    Raises:
        InputValidationError: two have the same name, or one has none, or several.
    """
    names = [label if isinstance(label, str) else _name(label) for label in frame.columns]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise InputValidationError(
            f"The DataFrame has several columns called {twice[0]!r}; rename all but one."
        )
    return names


def _name(label: Any) -> str:
    if isinstance(label, tuple):
        raise InputValidationError(
            f"The column {label!r} has several names; give each column one name."
        )
    # NaN is not equal to itself, and pandas may show None as NaN.
    if label is None or str(label) in ("nan", "<NA>", "NaT") or isinstance(label, bytes):
        raise InputValidationError(
            f"The DataFrame has a column that is called {label!r:.80}, which is not a name; give"
            " each column a name."
        )
    return str(label)


def inferred_id_fields(names: Sequence[str]) -> list[str]:
    """Return the columns that identify rows, by their names.

    Raises:
        InputValidationError: none is named so.
    """
    if "id" in names:
        return ["id"]
    found = [name for name in names if name.startswith("id_") or name.endswith("_id")]
    for name in ("locator", "text"):
        if not found and name in names:
            found = [name]
    if not found:
        raise InputValidationError(
            "No column identifies the rows: none is called id, id_..., ..._id, locator or text;"
            " name those that do with id_fields=[...], or with --id in the command. The columns are"
            f" {listed(names)}."
        )
    return found


def identified(
    frames: Iterable[pd.DataFrame],
    id_fields: Callable[[Sequence[str]], Sequence[str]],
    *,
    all_hashed: bool = True,
    ids_are_fixed: bool = False,
) -> Iterator[IdentifiedRows]:
    """Yield the rows of frames, some at a time.

    Args:
        frames: the frames.
        id_fields: returns the fields that identify rows, given the columns of the first frame.
        all_hashed: whether the canonical form of all columns is needed, not just of the id fields.
        ids_are_fixed: whether the fields are those of a dataset that is there, so that advice to
            name others would not help.

    Raises:
        InputValidationError: an id field is missing or has values that cannot identify a row, or a
            cell cannot be stored.
        DuplicateDatapointIdError: several rows have the same id.
    """
    seen: set[bytes] = set()
    duplicates: dict[bytes, dict[str, Any]] = {}
    fields: Sequence[str] | None = None
    for frame in frames:
        names = named_columns(frame)
        fields = fields or list(id_fields(names))
        check_id_fields(fields, names)
        writer = RowWriter(fields)
        for start in range(0, len(frame), _ROWS_AT_ONCE):
            part = frame.iloc[start : start + _ROWS_AT_ONCE]
            with collector_paused():
                columns = {
                    name: column_texts(
                        part.iloc[:, place], name, hashed=all_hashed or name in fields
                    )
                    for place, name in enumerate(names)
                }
                of_ids = [_checked_ids(columns[field], field) for field in fields]
                ids = writer.stored(of_ids)
                keys = canonical_digests(writer.canonical(of_ids))
            _note_duplicates(duplicates, seen, keys, ids)
            seen.update(keys)
            if len(duplicates) >= _SHOWN:
                break
            if not duplicates:
                yield IdentifiedRows(keys, ids, columns)
    if duplicates:
        records = list(duplicates.values())[:_SHOWN]
        more = ", or name more columns with id_fields=[...], or with --id in the command"
        raise DuplicateDatapointIdError(
            f"Several rows have the same {enumerated(list(fields or ()))}, which must identify a"
            f" row: {', '.join(map(shown_id, records))}; remove the"
            f" duplicates{'' if ids_are_fixed else more}.",
            duplicate_ids=records,
        )


def listed(names: Sequence[str]) -> str:
    """Return names of columns in words, not more than twelve."""
    shown = [repr(name) for name in names[:_NAMED]]
    more = len(names) - len(shown)
    return enumerated([*shown, f"{more} more"] if more else shown) if shown else "none"


def check_id_fields(
    fields: Sequence[str], names: Sequence[str], what: str = "The DataFrame"
) -> None:
    """Refuse a frame without the columns that identify its rows.

    Args:
        fields: the columns that identify rows.
        names: the columns that there are.
        what: what has these columns, for the message.

    Raises:
        InputValidationError: one of them is missing.
    """
    missing = [field for field in fields if field not in names]
    if missing:
        near = [repr(name) for field in missing for name in get_close_matches(field, names, n=1)]
        hint = f"; did you mean {enumerated(near)}?" if near else "."
        raise InputValidationError(
            f"{what} has no {agreeing(len(missing), 'column', 'columns')}"
            f" {enumerated(map(repr, missing))}, which must identify its rows; it has"
            f" {listed(names)}{hint}"
        )


def _checked_ids(column: Column, field: str) -> Column:
    wrong = [text for text in column.canonical if text[0] in "[{"]
    if wrong:
        raise InputValidationError(
            f"The column {field!r} must identify rows, and has {wrong[0]:.80}; the values of an id"
            " field must be strings, numbers, bools or None."
        )
    return column


def _note_duplicates(
    duplicates: dict[bytes, dict[str, Any]], seen: set[bytes], keys: list[bytes], ids: list[str]
) -> None:
    unique = set(keys)
    if len(unique) == len(keys) and seen.isdisjoint(unique):
        return
    before: set[bytes] = set()
    for key, text in zip(keys, ids, strict=True):
        if key in seen or key in before:
            record: Any = loads(text)
            duplicates.setdefault(key, record)
        before.add(key)


def shown_id(record: dict[str, Any]) -> str:
    """Return the values of id fields as a message shows them."""
    values = [f"{value!r:.80}" for value in record.values()]
    return values[0] if len(values) == 1 else f"({', '.join(values)})"
