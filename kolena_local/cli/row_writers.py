"""Files of inferences going out: CSV, JSON lines, Parquet, page by page."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kolena_local.cli.cells import EMPTY_TEXT, Kind, spelled
from kolena_local.cli.columns import Node, Values
from kolena_local.cli.destination import Destination, is_terminal, write_data, write_text
from kolena_local.cli.row_files import import_parquet
from kolena_local.cli.text import printable
from kolena_local.payload import dumps

WritePage = Callable[[Sequence[Values]], None]


class _Texts(list[str]):
    write = list.append


def csv_writer(columns: Sequence[Node]) -> WritePage:
    """Write the header and return what writes lines."""
    lines = _Texts()
    # With this end of line, the writer puts a lone carriage return in quotes too.
    writer = csv.writer(lines, lineterminator="\r\n")

    def flush() -> None:
        if lines:
            _write([line.removesuffix("\r\n") for line in lines])
            lines.clear()

    def cell(column: Node, value: Any) -> str | None:
        return EMPTY_TEXT if value == "" else spelled(column.kind, value)

    def write(page: Sequence[Values]) -> None:
        writer.writerows(
            [cell(column, row.get(column.column)) for column in columns] for row in page
        )
        flush()

    writer.writerow([column.column for column in columns])
    flush()
    return write


def json_lines_writer() -> WritePage:
    """Return what writes lines; each is an object with dotted names."""

    def write(page: Sequence[Values]) -> None:
        if page:
            _write(list(map(dumps, page)))

    return write


def _write(lines: Sequence[str]) -> None:
    if is_terminal():
        write_text("\n".join(map(printable, lines)))
    else:
        # Characters that are escaped for an encoding that lacks them would name another sample.
        write_data("\n".join(lines))


class ParquetWriter:
    """Writes Parquet: numbers and truth values as such, everything else as a CSV cell has it.

    Args:
        destination: the file.
        columns: its columns.
        untyped: columns that have values besides those of their type.
    """

    def __init__(
        self, destination: Destination, columns: Sequence[Node], untyped: Iterable[str]
    ) -> None:
        parquet = import_parquet()
        import pyarrow  # type: ignore[import-untyped]  # it has no stubs

        self._pyarrow = pyarrow
        self._columns = columns
        types = {
            Kind.NUMBER: pyarrow.float64(),
            Kind.INTEGER: pyarrow.int64(),
            Kind.TRUTH: pyarrow.bool_(),
        }
        as_text = frozenset(untyped)
        self._native = {
            column.column: column.kind in types and column.column not in as_text
            for column in columns
        }
        self._schema = pyarrow.schema(
            [
                (name, types[column.kind] if self._native[name] else pyarrow.string())
                for name, column in zip(self._native, columns, strict=True)
            ]
        )
        sink = pyarrow.PythonFile(_Sink(destination), mode="w")
        self._writer = parquet.ParquetWriter(sink, self._schema)

    def write(self, page: Sequence[Values]) -> None:
        """Write a page."""
        arrays = {
            column.column: [self._value(column, row.get(column.column)) for row in page]
            for column in self._columns
        }
        self._writer.write_table(self._pyarrow.Table.from_pydict(arrays, schema=self._schema))

    def close(self) -> None:
        """Write what ends the file."""
        self._writer.close()

    def _value(self, column: Node, value: Any) -> Any:
        if self._native[column.column] or value == "":
            return value
        return spelled(column.kind, value)


def is_native(column: Node, value: Any) -> bool:
    """Say whether Parquet can hold a value in a column of the type that it should have."""
    if value is None or column.kind in (Kind.TEXT, Kind.JSON, Kind.JSON_OR_TEXT):
        return True
    if column.kind is Kind.TRUTH:
        return isinstance(value, bool)
    if column.kind is Kind.NUMBER:
        return isinstance(value, float)
    return type(value) is int and -(2**63) <= value < 2**63


class _Sink:
    """A file as pyarrow wants it."""

    closed = False

    def __init__(self, destination: Destination) -> None:
        self._destination = destination
        self._written = 0

    def write(self, content: Any) -> int:
        data = bytes(content)
        self._destination.write(data)
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        return self._written

    def flush(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True
