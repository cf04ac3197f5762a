"""Lines of a file as inferences to be stored: columns found, cells read, values checked."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import IO, NamedTuple

from kolena_local.cli.cells import read
from kolena_local.cli.columns import FileColumns, Node, Values
from kolena_local.cli.row_files import Lines
from kolena_local.errors import InputValidationError
from kolena_local.payload import Json, dumps
from kolena_local.repository.records import NewInference
from kolena_local.schema import Misfit, described

_KEPT = 100
_PAGE = 1000


class _Target(NamedTuple):
    """Where the values of a column go."""

    node: Node
    is_key: bool


class LineReader:
    """Makes inferences of lines.

    Args:
        columns: the columns that a file of this workflow may have.
        field: the sample's field by which it is found; None takes ``locator`` or the only one.
        mapping: which field a column is, as ``column=field``.

    Raises:
        InputValidationError: there is no such field.
    """

    def __init__(self, columns: FileColumns, field: str | None, mapping: Sequence[str]) -> None:
        self._columns = columns
        self._key = _key(columns, field)
        self._fields = dict(map(_mapped, mapping))
        self._targets: dict[str, _Target | None] = {}
        self._are_cells = True
        self.problems: list[tuple[int, str]] = []
        self.problem_count = 0
        self.key_path, self.key_name = self._path()
        self.key_column = self._key.column

    def begin(self, lines: Lines) -> None:
        """Look at the header.

        Raises:
            InputValidationError: a column is unknown or missing, or a field comes twice.
        """
        self._are_cells = lines.are_cells
        for field in filter(None, self._fields.values()):
            if field != self._key.column and not self._columns.inference.takes(field):
                raise self._unknown(field, "--map names")
        if lines.columns is None:
            return
        for column in self._fields:
            if column not in lines.columns:
                raise InputValidationError(
                    f'The file has no column "{column}", which --map names; it has'
                    f" {_listed(lines.columns)}."
                )
        for column in lines.columns:
            self._target(column)
        given = [target.node.column for target in self._targets.values() if target is not None]
        twice = next((column for column in given if given.count(column) > 1), None)
        if twice is not None:
            raise InputValidationError(f'Two columns are the field "{twice}"; map one elsewhere.')
        for node in self._needed(set(given)):
            raise InputValidationError(
                f'The file has no column "{node.column}" ({described(node.schema)}); it has'
                f" {_listed(lines.columns)}, and --map COLUMN={node.column} says which is the one."
            )

    def _needed(self, given: set[str]) -> Iterator[Node]:
        inference = self._columns.inference
        if self._key.column not in given:
            yield self._key
        if inference.whole not in given:
            for field in inference.fields:
                yield from _missing(field, given)
        # Without any, each inference would be one that the file says nothing of.
        if inference.fields and given <= {self._key.column}:
            yield inference.leaves[0]

    def read(self, line: int, values: Values) -> NewInference | None:
        """Return the inference of a line; None if it has a problem, which is kept."""
        column = None
        try:
            key: Json = None
            content: Values = {}
            for column, value in values.items():
                target = self._targets[column] if column in self._targets else self._target(column)
                if target is None:
                    continue
                node = target.node
                if value.__class__ is str and self._are_cells:
                    value = read(node.kind, value, node.schema)
                if target.is_key:
                    key = value
                else:
                    content[node.column] = value
            column = self.key_column
            if key is None:
                raise Misfit(described(self._key.schema), is_missing=True)
            column = None
            made = self._columns.inference.build(content, empty_is_null=self._are_cells)
            return NewInference(line, _comparable(key), dumps(made))
        except Misfit as misfit:
            if column is None:
                column, misfit = self._located(misfit)
            self._note(line, f"line {line}, column {column}: {misfit}")
        except InputValidationError as error:
            self._note(line, f"line {line}: {str(error).rstrip('.')}")
        return None

    def _note(self, line: int, sentence: str) -> None:
        self.problem_count += 1
        if len(self.problems) < _KEPT:
            self.problems.append((line, sentence))

    def _target(self, column: str) -> _Target | None:
        field = self._fields.get(column, column)
        target: _Target | None = None
        if field == self._key.column:
            target = _Target(self._key, True)
            self.key_column = column
        elif self._columns.inference.takes(field):
            target = _Target(self._columns.inference.node(field), False)
        elif field and not any(
            part.takes(field) for part in (self._columns.test_sample, self._columns.ground_truth)
        ):
            raise self._unknown(field, "the file has")
        self._targets[column] = target
        return target

    def _unknown(self, field: str, who: str) -> InputValidationError:
        known = [self._key.column, *(leaf.column for leaf in self._columns.inference.leaves)]
        return InputValidationError(
            f'There is no field "{field}", which {who}; the fields are {_listed(known)}, and --map'
            " says which column is which."
        )

    def _located(self, misfit: Misfit) -> tuple[str, Misfit]:
        """Return the column in which something does not fit, and the path inside of it."""
        fields = {target.node.column: column for column, target in self._targets.items() if target}
        path = misfit.path.removeprefix(".")
        names = [
            name for name in fields if path == name or path.startswith((f"{name}.", f"{name}["))
        ]
        name = max(names, key=len, default="")
        if not name:
            return path or self._columns.inference.whole, Misfit(
                misfit.expected, misfit.found, is_missing=misfit.is_missing
            )
        inside = path.removeprefix(name)
        return fields[name], Misfit(
            misfit.expected, misfit.found, inside, is_missing=misfit.is_missing
        )

    def _path(self) -> tuple[list[str], str]:
        for field in self._columns.test_sample.fields:
            if self._key in field.all():
                steps = [field.key, *self._key.column.removeprefix(field.column).split(".")[1:]]
                return steps, ".".join(steps)
        raise AssertionError("the key is one of the sample's fields")


def _missing(node: Node, given: set[str]) -> Iterator[Node]:
    """Return the columns without which no line could be read."""
    if node.column in given:
        return
    if any(part.column in given for part in node.all()):
        for child in node.children:
            yield from _missing(child, given)
    elif node.required:
        yield next(node.leaves())


def _key(columns: FileColumns, field: str | None) -> Node:
    leaves = {}
    for node in columns.test_sample.fields:
        for leaf in node.leaves():
            leaves[node.key + leaf.column.removeprefix(node.column)] = leaf
    known = _listed(list(leaves))
    if field is None:
        if "locator" not in leaves and len(leaves) != 1:
            raise InputValidationError(
                f"Say with --on by which field samples are found; they have {known}."
            )
        return leaves.get("locator") or next(iter(leaves.values()))
    if field not in leaves:
        raise InputValidationError(
            f'Test samples have no field "{field}", which --on names; they have {known}.'
        )
    return leaves[field]


def _mapped(text: str) -> tuple[str, str]:
    column, equals, field = text.rpartition("=")
    if not equals:
        raise InputValidationError(f"--map takes COLUMN=FIELD, such as --map path=locator: {text}")
    return column, field


def _comparable(value: Json) -> Json:
    """Return a value as SQLite shows it when it takes it out of JSON."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else float(value)
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, str) and (value.isascii() or value.isprintable()):
        return value
    text = dumps(value)
    return value if text.startswith('"') else text


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names[:10])
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown or "none"


class Spool:
    """Inferences on their way into the store, in a temporary file that has no name."""

    def __init__(self) -> None:
        self.count = 0
        self._file: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, inference: NewInference) -> None:
        """Add one."""
        self._file.write(json.dumps(inference))
        self._file.write("\n")
        self.count += 1

    def pages(self) -> Iterator[list[NewInference]]:
        """Return all of them, page by page."""
        self._file.seek(0)
        page: list[NewInference] = []
        for line in self._file:
            page.append(NewInference(*json.loads(line)))
            if len(page) == _PAGE:
                yield page
                page = []
        if page:
            yield page
