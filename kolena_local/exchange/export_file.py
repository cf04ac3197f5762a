"""Writes a model's inferences, each with its sample and ground truth, as a file's content."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kolena_local.exchange import row_writers
from kolena_local.exchange.object_columns import FileColumns, Node, Values
from kolena_local.exchange.progress import Progress, no_progress
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
        return _Export(unit, wanted, columns, output, advance).write(chosen)


@dataclass(frozen=True)
class _Export:
    """An export of inferences."""

    unit: Unit
    wanted: Exported
    columns: FileColumns
    output: Output
    advance: Callable[[int], object]

    def write(self, chosen: str) -> int:
        """Write all inferences in a format; return their number."""
        if chosen == "jsonl":
            return self._write(row_writers.json_lines_writer(self.output))
        nodes, untyped = self._survey(chosen == "parquet")
        if chosen == "csv":
            return self._write(row_writers.csv_writer(self.output, nodes))
        with row_writers.parquet_writer(self.output, nodes, untyped) as write:
            return self._write(write)

    def _survey(self, typed: bool) -> tuple[list[Node], set[str]]:
        """Return all columns that are not empty, and those with values of another type."""
        nodes = {leaf.column: leaf for part in self.columns.parts for leaf in part.leaves}
        untyped: set[str] = set()
        for page in self._pages():
            for row in page:
                for name, value in row.items():
                    if value is None:
                        continue
                    if name not in nodes:
                        nodes[name] = self.columns.node(name)
                    if typed and not row_writers.is_native(nodes[name], value):
                        untyped.add(name)
        return list(nodes.values()), untyped

    def _write(self, write: WritePage) -> int:
        count = 0
        for page in self._pages():
            write(page)
            count += len(page)
        return count

    def _pages(self) -> Iterator[list[Values]]:
        for page in self.unit.exchange.pages(self.wanted):
            rows: list[Values] = []
            for row in page:
                values = self.columns.test_sample.flatten(loads(row.test_sample))
                values.update(self.columns.inference.flatten(loads(row.inference)))
                if row.ground_truth is not None:
                    values.update(self.columns.ground_truth.flatten(loads(row.ground_truth)))
                rows.append(values)
            yield rows
            self.advance(len(rows))
