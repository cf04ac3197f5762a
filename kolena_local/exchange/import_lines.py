"""Makes inferences of the lines of a file: finds columns, reads cells, checks values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, time
from decimal import Decimal
from typing import Any, NamedTuple

from kolena_local.errors import InputValidationError
from kolena_local.exchange.cell_text import EMPTY_TEXT, read
from kolena_local.exchange.import_request import ImportRequest
from kolena_local.exchange.object_columns import FileColumns, Node, Values
from kolena_local.exchange.row_files import Lines
from kolena_local.exchange.sample_keys import SampleKeys
from kolena_local.exchange.schema_check import SchemaError, described
from kolena_local.payload import Json, dumps
from kolena_local.plurals import agreeing, enumerated
from kolena_local.repository.records import NewInference

_KEPT = 100
# What pandas calls an index without a name: in Parquet, and in CSV that it read and wrote again. In
# CSV of its own, the column has no name.
_PANDAS_INDEX = re.compile(r"__index_level_\d+__|Unnamed: \d+")


class _Target(NamedTuple):
    """Where the values of a column go."""

    node: Node
    is_key: bool


class LineReader:
    """Makes inferences of lines.

    Args:
        columns: the columns that a file of this workflow may have.
        request: how samples are found, and which field a column is.

    Raises:
        InputValidationError: there is no such field.
    """

    def __init__(self, columns: FileColumns, request: ImportRequest) -> None:
        self._columns = columns
        self.keys = SampleKeys(columns.test_sample, request)
        self._fields = request.mapping
        self._words = request.words
        self._targets: dict[str, _Target | None] = {}
        self._are_cells = True
        # Parquet tells empty text from null by itself.
        self._marks_empty_text = True
        self.problems: list[tuple[int, str]] = []
        self.problem_count = 0

    def begin(self, lines: Lines) -> None:
        """Look at the header.

        Raises:
            InputValidationError: a column is unknown or missing, or a field comes twice.
        """
        self._are_cells = lines.are_cells
        self._marks_empty_text = bool(lines.delimiter)
        for field in filter(None, self._fields.values()):
            if not self.keys.takes(field) and not self._columns.inference.takes(field):
                raise InputValidationError(
                    f'There is no field "{field}", which {self._words.mapping} names; the fields'
                    f" are {self._known()}."
                )
        if lines.columns is None:
            return
        for column in self._fields:
            if column not in lines.columns:
                raise InputValidationError(
                    f'The file has no column "{column}", which {self._words.mapping} names; it'
                    f" has {_listed(lines.columns)}."
                )
        unknown = [column for column in lines.columns if self._is_unknown(column)]
        if unknown:
            raise self._unknown(unknown, is_whole_header=unknown == lines.columns)
        for column in lines.columns:
            self._target(column)
        given = [target.node.column for target in self._targets.values() if target is not None]
        twice = next((column for column in given if given.count(column) > 1), None)
        if twice is not None:
            raise InputValidationError(f'Two columns are the field "{twice}"; map one elsewhere.')
        for node in self._needed(set(given)):
            raise InputValidationError(
                f'The file has no column "{node.column}" ({described(node.schema)}); it has'
                f" {_listed(lines.columns)}, and {self._words.mapped.format('COLUMN', node.column)}"
                " says which is the one."
            )

    def _needed(self, given: set[str]) -> Iterator[Node]:
        yield from self.keys.missing(given)
        inference = self._columns.inference
        if inference.whole not in given:
            for field in inference.fields:
                yield from _missing(field, given)
        # Without any, each inference would be one that the file says nothing of.
        if inference.fields and all(map(self.keys.takes, given)):
            yield inference.leaves[0]

    def read(self, line: int, values: Values) -> NewInference | None:
        """Return the inference of a line; None if it has a problem, which is kept."""
        column = None
        try:
            sample: Values = {}
            content: Values = {}
            for column, value in values.items():
                target = self._targets[column] if column in self._targets else self._target(column)
                if target is None:
                    continue
                node, is_key = target
                if self._are_cells and (value != EMPTY_TEXT or self._marks_empty_text):
                    value = _cell(node, value)
                part = sample if is_key else content
                if node.column in part:
                    raise InputValidationError(f'Two columns are the field "{node.column}"')
                part[node.column] = value
            column = None
            key, digest = self.keys.key(sample, are_cells=self._are_cells)
            made = self._columns.inference.build(content, empty_is_null=self._are_cells)
            return NewInference(line, key, digest, dumps(made))
        except SchemaError as error:
            if column is None:
                column, error = self._located(error)
            self._note(line, f"line {line}, column {column}: {error}")
        except InputValidationError as error:
            self._note(line, f"line {line}: {str(error).rstrip('.')}")
        return None

    def named(self, line: int, key: str) -> tuple[str, str, str]:
        """Return what to call a line, what it says of its sample, and the same in short."""
        parts = self.keys.parts(key)
        said = enumerated(f"the {name} {value}" for _, name, value in parts)
        if len(parts) > 1:
            return f"line {line}", said, f"({said})"
        ((field, _, value),) = parts
        columns = (name for name, it in self._targets.items() if it and it.node.column == field)
        return f"line {line}, column {next(columns, field)}", said, value

    def _note(self, line: int, sentence: str) -> None:
        self.problem_count += 1
        if len(self.problems) < _KEPT:
            self.problems.append((line, sentence))

    def _target(self, column: str) -> _Target | None:
        field = self._fields.get(column, column)
        target: _Target | None = None
        if self.keys.takes(field):
            target = _Target(self.keys.node(field), True)
        elif self._columns.inference.takes(field):
            target = _Target(self._columns.inference.node(field), False)
        elif self._is_unknown(column):
            raise self._unknown([column])
        self._targets[column] = target
        return target

    def _is_unknown(self, column: str) -> bool:
        field = self._fields.get(column, column)
        if not field or (column not in self._fields and _PANDAS_INDEX.fullmatch(column)):
            return False
        return not any(part.takes(field) for part in self._columns.parts)

    def _unknown(
        self, columns: list[str], *, is_whole_header: bool = False
    ) -> InputValidationError:
        fields = agreeing(len(columns), "is not a field", "are not fields")
        if is_whole_header and len(columns) == 1:
            return InputValidationError(
                f"The file has only the column {_listed(columns)}, which {fields}; if its columns"
                " are not separated by commas, semicolons or tabs, give"
                f" {self._words.delimiter}. The fields are {self._known()}."
            )
        return InputValidationError(
            f"The file has the {agreeing(len(columns), 'column', 'columns')} {_listed(columns)},"
            f" which {fields}; leave {agreeing(len(columns), 'it', 'them')} out with"
            f" {self._words.without(columns)}, or say which field a column is with"
            f" {self._words.mapped.format('COLUMN', 'FIELD')}; the fields are {self._known()}."
        )

    def _known(self) -> str:
        parts = (self._columns.test_sample, self._columns.inference)
        return _listed([leaf.column for part in parts for leaf in part.leaves])

    def _located(self, error: SchemaError) -> tuple[str, SchemaError]:
        """Return the column in which something does not fit, and the path inside of it."""
        fields = {target.node.column: column for column, target in self._targets.items() if target}
        path = error.path.removeprefix(".")
        names = [
            name for name in fields if path == name or path.startswith((f"{name}.", f"{name}["))
        ]
        name = max(names, key=len, default="")
        column = fields[name] if name else path or self._columns.inference.whole
        inside = path.removeprefix(name) if name else ""
        return column, SchemaError(error.expected, error.found, inside, is_missing=error.is_missing)


def _cell(node: Node, value: Json) -> Json:
    if value is None:
        return None
    if value.__class__ is str:
        return read(node.kind, value, node.schema)
    try:
        return _as_json(value)
    except TypeError:
        raise SchemaError(described(node.schema), value) from None


def _as_json(value: Any) -> Json:
    """Return a value from a Parquet file as JSON has it: decimals are numbers, times ISO 8601.

    Raises:
        TypeError: JSON has no such value.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return list(map(_as_json, value))
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    raise TypeError


def _missing(node: Node, given: set[str]) -> Iterator[Node]:
    """Return the columns without which no line could be read."""
    if node.column in given:
        return
    if any(part.column in given for part in node.all()):
        for child in node.children:
            yield from _missing(child, given)
    elif node.required:
        yield next(node.leaves())


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names[:10])
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown or "none"
