"""Writes files of inferences (CSV, JSON Lines, Parquet) page by page."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from kolena_local.exchange.cell_text import EMPTY_TEXT, Kind, spelled
from kolena_local.exchange.object_columns import Node, Values
from kolena_local.exchange.row_files import import_parquet
from kolena_local.payload import dumps

WritePage = Callable[[Sequence[Values]], None]


class Output(NamedTuple):
    """Where the content of a file goes.

    Attributes:
        write: takes the next bytes.
        cell: what becomes of the text of a CSV file's cell.
        line: what becomes of a line of text.
    """

    write: Callable[[bytes], object]
    cell: Callable[[str], str] = str
    line: Callable[[str], str] = str

    def write_lines(self, lines: Sequence[str]) -> None:
        """Write lines of text."""
        if lines:
            # Always UTF-8: an escaped character would be the name of another sample.
            self.write("".join([f"{self.line(line)}\n" for line in lines]).encode())


class _Texts(list[str]):
    write = list.append


def csv_writer(output: Output, columns: Sequence[Node], delimiter: str) -> WritePage:
    """Write the header, and return a function that writes lines."""
    lines = _Texts()
    # With this end of line, the writer puts a lone carriage return in quotes too.
    writer = csv.writer(lines, delimiter=delimiter, lineterminator="\r\n")

    def flush() -> None:
        output.write_lines([line.removesuffix("\r\n") for line in lines])
        lines.clear()

    def cell(column: Node, value: Any) -> str | None:
        text = EMPTY_TEXT if value == "" else spelled(column.kind, value)
        return None if text is None else output.cell(text)

    def write(page: Sequence[Values]) -> None:
        writer.writerows(
            [cell(column, row.get(column.column)) for column in columns] for row in page
        )
        flush()

    writer.writerow([output.cell(column.column) for column in columns])
    flush()
    return write


def json_lines_writer(output: Output) -> WritePage:
    """Return a function that writes lines, each an object with dotted names."""
    return lambda page: output.write_lines(list(map(dumps, page)))


@contextmanager
def parquet_writer(
    output: Output, columns: Sequence[Node], untyped: Container[str]
) -> Iterator[WritePage]:
    """Yield a function that writes Parquet: numbers and bools as such, others as in CSV.

    Args:
        output: where the file goes.
        columns: its columns.
        untyped: columns that have values besides those of their type.
    """
    parquet = import_parquet()
    import pyarrow  # type: ignore[import-untyped]  # it has no stubs

    types = {
        Kind.NUMBER: pyarrow.float64(),
        Kind.INTEGER: pyarrow.int64(),
        Kind.TRUTH: pyarrow.bool_(),
    }
    native = {
        column.column: types[column.kind]
        for column in columns
        if column.kind in types and column.column not in untyped
    }
    schema = pyarrow.schema(
        [(column.column, native.get(column.column, pyarrow.string())) for column in columns]
    )

    def cell(column: Node, value: Any) -> Any:
        return value if value == "" or column.column in native else spelled(column.kind, value)

    def write(page: Sequence[Values]) -> None:
        arrays = {
            column.column: [cell(column, row.get(column.column)) for row in page]
            for column in columns
        }
        writer.write_table(pyarrow.Table.from_pydict(arrays, schema=schema))

    with parquet.ParquetWriter(_Sink(output.write), schema) as writer:
        yield write


def is_native(column: Node, value: Any) -> bool:
    """Say whether Parquet can hold a value in a column of the type that it should have."""
    if value is None or column.kind in (Kind.TEXT, Kind.JSON, Kind.JSON_OR_TEXT):
        return True
    if column.kind is Kind.TRUTH:
        return isinstance(value, bool)
    if column.kind is Kind.NUMBER:
        return isinstance(value, float)
    return type(value) is int and -(2**63) <= value < 2**63


class _Sink(io.RawIOBase):
    """A function that takes bytes, as a file object for pyarrow."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        data = bytes(content)
        self._write(data)
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        return self._written
