"""Files of inferences going out: CSV, JSON lines, Parquet, page by page."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kolena_local.cli.cells import EMPTY_TEXT, Kind, spelled
from kolena_local.cli.columns import Node, Values
from kolena_local.cli.formats import no_formula
from kolena_local.cli.output import is_csv_safe
from kolena_local.cli.output_file import Destination, is_terminal, write_data, write_text
from kolena_local.cli.row_files import import_parquet
from kolena_local.payload import dumps
from kolena_local.plurals import printable

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

    safe = no_formula if is_csv_safe() else str

    def cell(column: Node, value: Any) -> str | None:
        text = EMPTY_TEXT if value == "" else spelled(column.kind, value)
        return None if text is None else safe(text)

    def write(page: Sequence[Values]) -> None:
        writer.writerows(
            [cell(column, row.get(column.column)) for column in columns] for row in page
        )
        flush()

    writer.writerow([safe(column.column) for column in columns])
    flush()
    return write


def write_json_lines(page: Sequence[Values]) -> None:
    """Write lines, each an object with dotted names."""
    if page:
        _write(list(map(dumps, page)))


def _write(lines: Sequence[str]) -> None:
    if is_terminal():
        write_text("\n".join(map(printable, lines)))
    else:
        # Characters that are escaped for an encoding that lacks them would name another sample.
        write_data("\n".join(lines))


@contextmanager
def parquet_writer(
    destination: Destination, columns: Sequence[Node], untyped: Container[str]
) -> Iterator[WritePage]:
    """Yield a function that writes Parquet: numbers and bools as such, others as in CSV.

    Args:
        destination: the file.
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

    with parquet.ParquetWriter(_Sink(destination), schema) as writer:
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
    """A destination as a file object for pyarrow."""

    def __init__(self, destination: Destination) -> None:
        self._destination = destination
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        data = bytes(content)
        self._destination.write(data)
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        return self._written
