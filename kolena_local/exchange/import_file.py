"""Stores the predictions in a file as a model's inferences: all of them, or none.

The file is read and checked first, line by line, into a temporary file. The store is locked only
while the lines are matched with its samples and stored.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from kolena_local.errors import IncorrectUsageError, InputValidationError
from kolena_local.exchange.import_lines import LineReader
from kolena_local.exchange.import_request import ImportRequest
from kolena_local.exchange.object_columns import FileColumns
from kolena_local.exchange.progress import Progress, no_progress
from kolena_local.exchange.row_files import opened
from kolena_local.exchange.spool import Spool
from kolena_local.repository import Unit
from kolena_local.repository.dataset_records import WORKFLOW as DATASET
from kolena_local.repository.held import HeldStore
from kolena_local.repository.records import ImportProblem, NewInference

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
        IncorrectUsageError: the types of the workflow are not in the store, which has none of
            datasets; or pyarrow is missing.
        StoreError: the store cannot be used.
    """
    with store.read() as unit:
        schemas = unit.workflows.schemas(workflow)
    if schemas is None and workflow == DATASET:
        raise IncorrectUsageError(
            "The model has results on datasets, which are not inferences; store them with"
            " `kolena-local datasets results DATASET MODEL FILE`."
        )
    if schemas is None:
        raise IncorrectUsageError(
            f'The types of the workflow "{workflow}" are not in the store, so that values cannot be'
            " checked; make a test case or model of it with define_workflow() once."
        )
    reader = LineReader(FileColumns(workflow, schemas), request)
    with Spool() as spool:
        count = _spool(request, reader, spool, progress)
        if reader.problem_count and not dry_run:
            raise _refusal(request, reader.problems[0][1], reader.problem_count)
        with store.read() if dry_run else store.write() as unit:
            with progress(count, "storing") as advance:
                for line in spool.file:
                    page = _page_of(line)
                    unit.exchange.gather(page)
                    advance(len(page))
            unit.exchange.match(unit.workflows.get(workflow).id, reader.keys.paths)
            return _finish(unit, model_id, request, reader, warn, dry_run)


def _spool(request: ImportRequest, reader: LineReader, spool: Spool, progress: Progress) -> int:
    """Write the inferences to a temporary file, one page per line; return how many there are."""
    path, size = Path(request.name), 0
    with suppress(OSError):  # whoever opens it says why
        if request.stream is None and path.is_file():
            size = path.stat().st_size
    count = before = 0
    with opened(request) as lines, progress(size, "reading", is_long=size >= _LONG) as advance:
        reader.begin(lines)
        while rows := list(islice(lines.rows, _PAGE)):
            page = [found for row in rows if (found := reader.read(*row)) is not None]
            spool.write(_line_of(page))
            count += len(page)
            position = lines.position() if size else 0
            advance(position - before)
            before = position
        advance(size - before)
    spool.rewind()
    return count


def _line_of(page: list[NewInference]) -> bytes:
    rows = [(one.line, one.key, one.digest and one.digest.hex(), one.payload) for one in page]
    return json.dumps(rows).encode() + b"\n"


def _page_of(line: bytes) -> list[NewInference]:
    rows = json.loads(line)
    return [
        NewInference(number, key, digest and bytes.fromhex(digest), payload)
        for number, key, digest, payload in rows
    ]


def _finish(
    unit: Unit,
    model_id: int,
    request: ImportRequest,
    reader: LineReader,
    warn: Callable[[str], object],
    dry_run: bool,
) -> ImportResult:
    """Store the lines that were matched with samples, unless there is a problem."""
    exchange = unit.exchange
    counts = exchange.counts(model_id)
    found, count = exchange.problems(_SHOWN), counts.unmatched + reader.problem_count
    if request.on_conflict == "error":
        found += exchange.conflicts(model_id, _SHOWN)
        count += counts.known
    sentences = [(one.line, _sentence(one, request, reader)) for one in found]
    problems = tuple(sentence for _, sentence in sorted([*reader.problems, *sentences])[:_SHOWN])
    if problems and not dry_run:
        raise _refusal(request, problems[0], count)
    for line, key in exchange.respelled(1):
        place, _, value = reader.named(line, key)
        more = f" (and {counts.respelled - 1} more)" if counts.respelled > 1 else ""
        warn(
            f"{place}: the store spells {value} with other Unicode characters that read the"
            f" same{more}; write it as export does."
        )
    replace = request.on_conflict == "replace"
    replaced, skipped = (counts.known, 0) if replace else (0, counts.known)
    stored, lines = counts.lines - counts.unmatched - skipped, counts.lines + reader.problem_count
    if not dry_run:
        stored = exchange.store(model_id, replace=replace)
        exchange.forget()
    return ImportResult(stored, replaced, skipped, problems, count, lines)


def _sentence(problem: ImportProblem, request: ImportRequest, reader: LineReader) -> str:
    words = request.words
    place, said, value = reader.named(problem.line, problem.key)
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
