"""Stores the predictions in a file as a model's inferences: all of them, or none.

The file is read and checked first, line by line, into a temporary file. The store is locked only
while the lines are matched with its samples and stored.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO

from kolena_local.errors import IncorrectUsageError, InputValidationError
from kolena_local.exchange.import_lines import LineReader
from kolena_local.exchange.import_request import ImportRequest
from kolena_local.exchange.object_columns import FileColumns
from kolena_local.exchange.progress import Progress, no_progress
from kolena_local.exchange.row_files import opened
from kolena_local.repository import Unit
from kolena_local.repository.held import HeldStore
from kolena_local.repository.records import ImportProblem

_SHOWN = 10
_LONG = 500_000  # bytes, which take a second or so
_PAGE = 1000


@dataclass(frozen=True)
class ImportResult:
    """What an import has stored, or would store if it is a dry run.

    Attributes:
        stored: how many inferences were stored.
        replaced: how many of these are in place of another.
        skipped: how many lines are about samples whose inferences stay as they are.
        problems: the first ten lines that cannot be stored, each in a sentence; only a dry run
            returns any.
        problem_count: how many there are.
        line_count: how many lines the file has.
    """

    stored: int
    replaced: int
    skipped: int
    problems: tuple[str, ...] = ()
    problem_count: int = field(default=0, repr=False)
    line_count: int = field(default=0, repr=False)


def import_file(
    store: HeldStore,
    model_id: int,
    workflow: str,
    request: ImportRequest,
    *,
    dry_run: bool = False,
    progress: Progress = no_progress,
    warn: Callable[[str], object],
) -> ImportResult:
    """Store the inferences of a file: all of them, or none.

    Args:
        store: where the model is.
        model_id: the model.
        workflow: the name of its workflow.
        request: what to import, and how.
        dry_run: whether to store nothing.
        progress: shows how far this is.
        warn: is called with a sentence if samples were found by another Unicode spelling.

    Raises:
        InputValidationError: the file cannot be read, or a line of it cannot be stored.
        IncorrectUsageError: the types of the workflow are not in the store, or pyarrow is missing.
        StoreError: the store cannot be used.
    """
    with store.read() as unit:
        schemas = unit.workflows.schemas(workflow)
    if schemas is None:
        raise IncorrectUsageError(
            f'The types of the workflow "{workflow}" are not in the store, so that values cannot be'
            " checked; make a test case or model of it with define_workflow() once."
        )
    reader = LineReader(FileColumns(workflow, schemas), request)
    with tempfile.TemporaryFile() as spool:
        counts = _spool(request, reader, spool, progress)
        if reader.problem_count and not dry_run:
            raise _refusal(request, reader.problems[0][1], reader.problem_count)
        with store.read() if dry_run else store.write() as unit:
            with progress(sum(counts), "storing") as advance:
                for count in counts:
                    unit.exchange.gather(pickle.load(spool))
                    advance(count)
            unit.exchange.match(unit.workflows.get(workflow).id, reader.keys.paths)
            gathered = _Gathered(unit, model_id, request, reader, warn)
            return gathered.preview() if dry_run else gathered.store()


def _spool(
    request: ImportRequest, reader: LineReader, spool: IO[bytes], progress: Progress
) -> list[int]:
    """Put the inferences of a file into a temporary one; return how many each page has."""
    path = Path(request.name)
    size = path.stat().st_size if request.stream is None and path.is_file() else 0
    counts, before = [], 0
    with (
        opened(request) as lines,
        progress(size, "reading", is_long=size >= _LONG) as advance,
    ):
        reader.begin(lines)
        while rows := list(islice(lines.rows, _PAGE)):
            page = [found for row in rows if (found := reader.read(*row)) is not None]
            pickle.dump(page, spool)
            counts.append(len(page))
            position = lines.position() if size else 0
            advance(position - before)
            before = position
        advance(size - before)
    spool.seek(0)
    return counts


class _Gathered:
    """The lines of a file, matched with the samples of the store."""

    def __init__(
        self,
        unit: Unit,
        model_id: int,
        request: ImportRequest,
        reader: LineReader,
        warn: Callable[[str], object],
    ) -> None:
        self._exchange = unit.exchange
        self._model_id = model_id
        self._request = request
        self._reader = reader
        self._warn = warn
        self._counts = self._exchange.counts(model_id)

    def store(self) -> ImportResult:
        problems, count = self._problems(1)
        if problems:
            raise _refusal(self._request, self._sentence(problems[0]), count)
        self._warn_of_spelling()
        replace = self._request.on_conflict == "replace"
        stored = self._exchange.store(self._model_id, replace=replace)
        self._exchange.forget()
        return self._result(stored)

    def preview(self) -> ImportResult:
        reader, counts = self._reader, self._counts
        found, count = self._problems(_SHOWN)
        problems = [*reader.problems, *((one.line, self._sentence(one)) for one in found)]
        self._warn_of_spelling()
        new = counts.lines - counts.unmatched - counts.known
        return self._result(
            new + (counts.known if self._request.on_conflict == "replace" else 0),
            tuple(sentence for _, sentence in sorted(problems)[:_SHOWN]),
            count + reader.problem_count,
        )

    def _result(
        self, stored: int, problems: tuple[str, ...] = (), problem_count: int = 0
    ) -> ImportResult:
        known, replace = self._counts.known, self._request.on_conflict == "replace"
        lines = self._counts.lines + self._reader.problem_count
        replaced, skipped = (known, 0) if replace else (0, known)
        return ImportResult(stored, replaced, skipped, problems, problem_count, lines)

    def _problems(self, most: int) -> tuple[list[ImportProblem], int]:
        """Return the first lines that cannot be stored, and how many there are."""
        found, count = self._exchange.problems(most), self._counts.unmatched
        if self._request.on_conflict == "error":
            found += self._exchange.conflicts(self._model_id, most)
            count += self._counts.known
        return found, count

    def _warn_of_spelling(self) -> None:
        for line, key in self._exchange.respelled(1):
            place, _, value = self._reader.named(line, key)
            respelled = self._counts.respelled
            more = f" (and {respelled - 1} more)" if respelled > 1 else ""
            self._warn(
                f"{place}: the store spells {value} with other Unicode characters that read the"
                f" same{more}; write it as export does."
            )

    def _sentence(self, problem: ImportProblem) -> str:
        words = self._request.words
        place, said, value = self._reader.named(problem.line, problem.key)
        hint = f", {words.on} says which of them to go by" if value.startswith("(") else ""
        what = {
            "missing": f"no sample has {said}{hint}",
            "ambiguous": f"{problem.other} samples have {said}, choose another field with"
            f" {words.on}, or give more of their fields",
            "duplicate": f"line {problem.other} is about the same sample {value}",
            "known": f"the model has an inference for {value} already, {words.on_conflict} skip"
            " keeps it and replace overwrites it",
        }
        return f"{place}: {what[problem.kind]}"


def _refusal(request: ImportRequest, problem: str, count: int) -> InputValidationError:
    more = f" (and {count - 1} more; {request.words.dry_run} lists them)" if count > 1 else ""
    return InputValidationError(f"Nothing was stored: {problem}{more}.")
