"""Writes a model's inferences, each with its sample and ground truth, as a file's content."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

from kolena_local.exchange import row_writers
from kolena_local.exchange.object_columns import FileColumns, Node, Values
from kolena_local.exchange.progress import Progress, no_progress
from kolena_local.exchange.row_files import DELIMITED
from kolena_local.exchange.row_writers import Output, WritePage
from kolena_local.payload import loads
from kolena_local.repository import Unit
from kolena_local.repository.inference_exchange import Exported


def export_inferences(
    unit: Unit,
    wanted: Exported,
    workflow: str,
    chosen: str,
    output: Output,
    progress: Progress = no_progress,
) -> int:
    """Write inferences in a format.

    Args:
        unit: the transaction.
        wanted: which inferences.
        workflow: the name of their workflow.
        chosen: the format.
        output: where they go.
        progress: shows how far this is.

    Returns:
        How many were written.

    Raises:
        IncorrectUsageError: the format is Parquet, and pyarrow is not installed.
        StoreDamagedError: a stored schema of the workflow cannot be used.
    """
    columns = FileColumns(workflow, unit.workflows.schemas(workflow))
    total = unit.exchange.count(wanted)
    with progress(total * (1 if chosen == "jsonl" else 2), "exporting") as advance:

        def pages() -> Iterator[list[Values]]:
            return _pages(unit, wanted, columns, advance)

        if chosen == "jsonl":
            return _write(pages(), row_writers.json_lines_writer(output))
        nodes, untyped = _survey(pages(), columns, typed=chosen == "parquet")
        if chosen in DELIMITED:
            return _write(pages(), row_writers.csv_writer(output, nodes, DELIMITED[chosen]))
        with row_writers.parquet_writer(output, nodes, untyped) as write:
            return _write(pages(), write)


def _survey(
    pages: Iterator[list[Values]], columns: FileColumns, *, typed: bool
) -> tuple[list[Node], set[str]]:
    """Return all columns that are not empty, and those with values of another type."""
    nodes = {leaf.column: leaf for part in columns.parts for leaf in part.leaves}
    untyped: set[str] = set()
    for row in chain.from_iterable(pages):
        for name, value in row.items():
            if value is None:
                continue
            if name not in nodes:
                nodes[name] = columns.node(name)
            if typed and not row_writers.is_native(nodes[name], value):
                untyped.add(name)
    return list(nodes.values()), untyped


def _write(pages: Iterator[list[Values]], write: WritePage) -> int:
    count = 0
    for page in pages:
        write(page)
        count += len(page)
    return count


def _pages(
    unit: Unit, wanted: Exported, columns: FileColumns, advance: Callable[[int], object]
) -> Iterator[list[Values]]:
    for page in unit.exchange.pages(wanted):
        rows: list[Values] = []
        for row in page:
            sample = loads(row.test_sample)
            # A sample without fields must be found again, too.
            values = columns.test_sample.flatten(sample) or {columns.test_sample.whole: sample}
            values.update(columns.inference.flatten(loads(row.inference)))
            if row.ground_truth is not None:
                values.update(columns.ground_truth.flatten(loads(row.ground_truth)))
            rows.append(values)
        yield rows
        advance(len(rows))
