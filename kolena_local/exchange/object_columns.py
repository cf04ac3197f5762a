"""Objects as columns with dotted names (``prediction.label``), and back, as their schemas say.

Each field is a column, and so is each field of a data object in it; lists and other objects are one
cell. An object that its columns cannot show (of a subclass with more fields, or with nothing but
nulls) is written as a whole in the column that has its own name, and the others stay empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from kolena_local.exchange.cell_text import Kind, is_plain, kind_of
from kolena_local.exchange.schema_check import (
    DATA_TYPE,
    Fit,
    Schema,
    fitting,
    resolved,
    without_null,
)
from kolena_local.exchange.stored_schema import read_schema
from kolena_local.payload import Json

if TYPE_CHECKING:
    from kolena_local.repository.records import WorkflowSchemas

Values = dict[str, Json]

_ANY: Schema = {}
_KINDS = ("test samples", "ground truths", "inferences")


class Node(NamedTuple):
    """A field: a column, or if it has children, an object whose fields are columns.

    Attributes:
        column: the column's name.
        path: where the field is: its name, after those of the objects that it is in.
        schema: what it holds when it is not null.
        kind: how its cells are spelled.
        nullable: whether it may be null.
        emptiable: whether it, or an object it is in, may be null.
        required: whether it has no default.
        children: the fields of the object, or none.
        data_type: what the object is called in the store.
        keys: what the object has when its columns show all of it.
    """

    column: str
    path: tuple[str, ...]
    schema: Schema
    kind: Kind
    nullable: bool
    emptiable: bool
    required: bool
    children: tuple[Node, ...] = ()
    data_type: Json = None
    keys: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """The field's name."""
        return self.path[-1]

    def leaves(self) -> Iterator[Node]:
        """Return the columns, in order."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()

    def all(self) -> Iterator[Node]:
        """Return the columns, and the objects that they are parts of."""
        yield self
        for child in self.children:
            yield from child.all()


class ObjectColumns:
    """The columns of one type.

    Args:
        schema: the type's schema.
        name_of: what the column of a field at the outermost level is called.
        extra: what stands before the names of attributes that are not fields.
        whole: the column for a value that is not an object of the type.
        exact: as for :func:`fitting`.
    """

    def __init__(
        self,
        schema: Schema,
        name_of: Callable[[str], str],
        extra: str,
        whole: str,
        *,
        exact: bool = False,
    ) -> None:
        self._root = schema
        self._exact = exact
        self._extra = extra
        self.whole = whole
        self._data_type = _data_type(schema)
        self.fields = tuple(
            self._node(name_of(key), (key,), inner, key in schema.get("required", ()), False, ())
            for key, inner in _properties(schema)
        )
        self._keys = _keys(self.fields, self._data_type)
        self.nodes = {node.column: node for field in self.fields for node in field.all()}
        self.leaves = [leaf for field in self.fields for leaf in field.leaves()]
        self.fit = fitting(schema, exact=exact)

    def _node(
        self,
        column: str,
        path: tuple[str, ...],
        schema: Schema,
        required: bool,
        emptiable: bool,
        outer: tuple[int, ...],
    ) -> Node:
        present, nullable = without_null(schema, self._root)
        present = resolved(present, self._root)
        emptiable = emptiable or nullable
        children: tuple[Node, ...] = ()
        # A class that has itself as a field ends in a cell.
        if "properties" in present and id(present) not in outer:
            names = present.get("required", ())
            children = tuple(
                self._node(
                    f"{column}.{name}",
                    (*path, name),
                    inner,
                    name in names,
                    emptiable,
                    (*outer, id(present)),
                )
                for name, inner in _properties(present)
            )
        kind = kind_of(present, self._root)
        data_type = _data_type(present) if children else None
        keys = _keys(children, data_type)
        return Node(
            column, path, present, kind, nullable, emptiable, required, children, data_type, keys
        )

    def node(self, column: str) -> Node:
        """Return what a column holds: a field, the whole object, or an attribute beyond."""
        known = self.nodes.get(column)
        if known is not None:
            return known
        path = () if column == self.whole else (column.removeprefix(self._extra),)
        return Node(column, path, _ANY, Kind.JSON_OR_TEXT, True, True, False)

    def fit_of(self, node: Node) -> Fit:
        """Return the function that checks the values of one column."""
        return fitting({**node.schema, "$defs": self._root.get("$defs", {})}, exact=self._exact)

    def takes(self, column: str) -> bool:
        """Say whether there is such a column."""
        if column in self.nodes or column == self.whole:
            return True
        return column.startswith(self._extra) and len(column) > len(self._extra)

    def flatten(self, value: Json) -> Values:
        """Return the columns of an object; those that are null or missing may be left out."""
        if not isinstance(value, dict) or value.get(DATA_TYPE) != self._data_type:
            return {self.whole: value}
        result: Values = {}
        for field in self.fields:
            if field.key in value:
                _flatten(field, value[field.key], result)
        if not value.keys() <= self._keys:
            for key in value.keys() - self._keys:
                # An empty cell there would say that there is no such attribute.
                if value[key] is None or not self._names_a_column(key):
                    return {self.whole: value}
            for key in value:
                if key not in self._keys:
                    result[self._extra + key] = value[key]
        return result

    def _names_a_column(self, key: str) -> bool:
        return bool(key) and is_plain(key) and self._extra + key not in self.nodes

    def build(self, values: Values, *, empty_is_null: bool) -> Json:
        """Return the object of a line.

        Args:
            values: what the line has in each column.
            empty_is_null: whether a cell cannot say if it is null, empty, or left out.

        Raises:
            SchemaError: the values do not fit the schema.
        """
        if values.get(self.whole) is not None:
            return self.fit(values[self.whole])
        result: Values = {}
        for field in self.fields:
            value = _build(field, values, empty_is_null)
            if value is not _LEFT_OUT:
                result[field.key] = value
        for column, value in values.items():
            if value is not None and column.startswith(self._extra) and column not in self.nodes:
                result[column.removeprefix(self._extra)] = value
        return self.fit(result)


_LEFT_OUT: Any = object()


def _flatten(node: Node, value: Json, result: Values) -> None:
    if value is None or not node.children:
        result[node.column] = value
        return
    if (
        isinstance(value, dict)
        and value.keys() == node.keys
        and value.get(DATA_TYPE) == node.data_type
    ):
        inner: Values = {}
        for child in node.children:
            _flatten(child, value[child.key], inner)
        # With nothing in any column, the object would come back as null.
        if not node.nullable or any(item is not None for item in inner.values()):
            result.update(inner)
            return
    result[node.column] = value


def _build(node: Node, values: Values, empty_is_null: bool) -> Any:
    value: Any = values.get(node.column, _LEFT_OUT)
    if not node.children:
        if value is None and empty_is_null and not node.nullable:
            # The empty string, or a value that was not given.
            return "" if node.kind is Kind.TEXT else _LEFT_OUT
        return value
    if value is not None and value is not _LEFT_OUT:
        return value
    built = {child.key: _build(child, values, empty_is_null) for child in node.children}
    inner = {key: item for key, item in built.items() if item is not _LEFT_OUT}
    if any(_is_there(child, values) for child in node.children):
        return inner
    if not any(part.column in values for child in node.children for part in child.all()):
        return value
    if node.nullable:
        return None if empty_is_null else value
    # All cells are empty: nulls, empty strings, or an object that was not given.
    is_whole = all(child.key in inner for child in node.children if child.required)
    return inner if node.required or is_whole else _LEFT_OUT


def _keys(fields: tuple[Node, ...], data_type: Json) -> frozenset[str]:
    return frozenset([field.key for field in fields] + [DATA_TYPE] * (data_type is not None))


def _is_there(node: Node, values: Values) -> bool:
    return values.get(node.column) is not None or any(
        _is_there(child, values) for child in node.children
    )


def _properties(schema: Schema) -> Iterator[tuple[str, Schema]]:
    for key, inner in schema.get("properties", {}).items():
        if key != DATA_TYPE:
            yield key, inner


def _data_type(schema: Schema) -> Json:
    constant: Json = schema.get("properties", {}).get(DATA_TYPE, {}).get("const")
    return constant


class FileColumns:
    """All columns of a file of inferences: the sample's, the inference's and the ground truth's.

    Fields of samples and inferences go by their own names. A sample's field whose name an
    inference's field has too is called ``test_sample.name``; a ground truth's always is
    ``ground_truth.name``.

    Args:
        workflow: the workflow's name.
        stored: the schemas of its types; None if the store has none.

    Raises:
        StoreDamagedError: a stored schema cannot be used.
    """

    def __init__(self, workflow: str, stored: WorkflowSchemas | None) -> None:
        schemas: list[Schema] = [{}, {}, {}]
        if stored is not None:
            schemas = [
                read_schema(text, workflow, kind) for text, kind in zip(stored, _KINDS, strict=True)
            ]
        taken = set(schemas[2].get("properties", {}))
        names = taken | set(schemas[0].get("properties", {}))
        sample, truth = (_free(prefix, names) for prefix in ("test_sample", "ground_truth"))
        extra = _free("extra", names) + "." if stored is not None else ""
        self.test_sample = ObjectColumns(
            schemas[0],
            lambda key: f"{sample}.{key}" if key in taken else key,
            f"{sample}.",
            sample,
            exact=True,  # samples are found by their values, and rounding would find another
        )
        self.ground_truth = ObjectColumns(
            schemas[1], lambda key: f"{truth}.{key}", f"{truth}.", truth
        )
        self.inference = ObjectColumns(
            schemas[2], lambda key: key, extra, _free("inference", names)
        )

    @property
    def parts(self) -> tuple[ObjectColumns, ObjectColumns, ObjectColumns]:
        """The columns of sample, inference and ground truth."""
        return self.test_sample, self.inference, self.ground_truth

    def node(self, column: str) -> Node:
        """Return what a column holds."""
        part = next((part for part in self.parts if column in part.nodes), self.inference)
        return part.node(column)


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name
