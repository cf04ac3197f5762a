"""The keys by which the lines of a file refer to test samples.

A key has the columns of a line that are fields of the sample, however many these are. Two keys are
equal if their canonical JSON is the same text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from kolena_local.errors import InputValidationError
from kolena_local.exchange.import_request import ImportRequest
from kolena_local.exchange.object_columns import Node, ObjectColumns, Values
from kolena_local.exchange.schema_check import Fit, SchemaError, described, shown
from kolena_local.payload import Json, canonical, digest

Path = tuple[str, ...]


class SampleKeys:
    """Makes the keys by which the samples of a file's lines are found.

    Args:
        columns: the columns of the test sample.
        request: the fields that samples are found by; none stands for all that a line has.

    Raises:
        InputValidationError: there is no such field.
    """

    def __init__(self, columns: ObjectColumns, request: ImportRequest) -> None:
        self._columns = columns
        self._wanted = [self._leaf(name, request.words.on) for name in request.on]
        # A line may have, as a whole, an object that a wanted field is in.
        self._sources = [
            [
                columns.node(columns.whole),
                *(it for it in columns.nodes.values() if _is_in(node, it)),
            ]
            for node in self._wanted
        ]
        self._names = {node.column for nodes in self._sources for node in nodes}
        self._fits: dict[str, Fit] = {}
        # The sets of columns that lines had, and whether they may have all of a sample.
        self._sets: dict[tuple[str, ...], bool] = {}
        # The columns of objects, with those of what is in them; in a whole sample is everything.
        self._objects: dict[str, set[str]] = {
            node.column: {inner.column for inner in node.all()}
            for node in columns.nodes.values()
            if node.children
        }
        self._objects[columns.whole] = set()

    def takes(self, column: str) -> bool:
        """Say whether samples are found by a column."""
        return column in self._names if self._names else self._columns.takes(column)

    def node(self, column: str) -> Node:
        """Return what such a column holds."""
        return self._columns.node(column)

    def missing(self, given: set[str]) -> Iterator[Node]:
        """Return the columns without which no sample could be found."""
        if self._wanted:
            yield from (node for node in self._wanted if node.column not in given)
        elif not any(map(self.takes, given)):
            leaves = self._columns.leaves
            yield next((leaf for leaf in leaves if leaf.path == ("locator",)), None) or (
                leaves[0] if leaves else self._columns.node(self._columns.whole)
            )

    @property
    def paths(self) -> list[Mapping[str, Path]]:
        """For each set of columns that lines had, where in a sample their values are."""
        return [{column: self.node(column).path for column in one} for one in self._sets]

    def key(self, values: Values, *, are_cells: bool) -> tuple[str, bytes | None]:
        """Return what a line says about its sample.

        Args:
            values: what the line has in the columns of the sample.
            are_cells: whether a cell cannot say if it is null, empty, or left out.

        Returns:
            The key as canonical JSON; and if the line has all of a sample, that sample's digest.

        Raises:
            SchemaError: there is no value where one must be.
        """
        values = self._without_blanks(values)
        if self._wanted:
            values = self._of_wanted(values)
        content = {name: self._value(name, value, are_cells) for name, value in values.items()}
        if self._wanted or not content:
            for node in self.missing(set(content)):
                raise SchemaError(described(node.schema), path=f".{node.column}", is_missing=True)
        names = tuple(sorted(content))
        if names not in self._sets:
            self._sets[names] = not self._names and self._may_be_all(names)
        exact = self._digest(content, are_cells) if self._sets[names] else None
        return canonical(content), exact

    def parts(self, key: str) -> list[tuple[str, str, str]]:
        """Return the columns of a key, the names of their fields, and their values in words."""
        return [
            (column, ".".join(self.node(column).path) or column, shown(value, 100))
            for column, value in json.loads(key).items()
        ]

    def _without_blanks(self, values: Values) -> Values:
        """Leave out cells that are empty because an object stands as a whole, or does not."""
        for column in values.keys() & self._objects.keys():
            inner = (self._objects[column] or values.keys()) - {column}
            if values.get(column) is not None:
                values = {
                    name: value
                    for name, value in values.items()
                    if value is not None or name not in inner
                }
            elif inner & values.keys():
                values = {name: value for name, value in values.items() if name != column}
        return values

    def _of_wanted(self, values: Values) -> Values:
        found: Values = {}
        for node, sources in zip(self._wanted, self._sources, strict=True):
            for source in sources:
                if source.column in values and found.get(node.column) is None:
                    value = values[source.column]
                    for step in node.path[len(source.path) :]:
                        value = value.get(step) if isinstance(value, dict) else None
                    found[node.column] = value
        return found

    def _value(self, column: str, value: Json, are_cells: bool) -> Json:
        node = self.node(column)
        if value is None:
            if node.emptiable:
                return None
            # An empty cell is not the empty string here either: without a value there is no key.
            raise SchemaError(described(node.schema), path=f".{node.column}", is_missing=are_cells)
        fit = self._fits.get(column)
        if fit is None:
            fit = self._fits[column] = self._columns.fit_of(node)
        try:
            return fit(value)
        except SchemaError:
            # An object of a subclass may have it all the same; if none has, no sample is found.
            return value

    def _may_be_all(self, names: tuple[str, ...]) -> bool:
        if names == (self._columns.whole,):
            return True
        return self._columns.whole not in names and all(
            any(node.column in names for node in field.all()) for field in self._columns.fields
        )

    def _digest(self, content: Values, are_cells: bool) -> bytes | None:
        if self._columns.whole in content:
            return digest(content[self._columns.whole])
        try:
            return digest(self._columns.build(content, empty_is_null=are_cells))
        except SchemaError:
            return None

    def _leaf(self, name: str, option: str) -> Node:
        leaves = {".".join(leaf.path): leaf for leaf in self._columns.leaves}
        if name not in leaves:
            known = ", ".join(f'"{one}"' for one in leaves) or "none"
            raise InputValidationError(
                f'Test samples have no field "{name}", which {option} names; they have {known}.'
            )
        return leaves[name]


def _is_in(node: Node, outer: Node) -> bool:
    """Return whether a field is another one, or in the object that it holds."""
    return node.path[: len(outer.path)] == outer.path
