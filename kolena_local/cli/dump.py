"""``kolena-local export`` and ``import``: a store or a part of it as text that git can compare."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from kolena_local.cli.import_report import import_options, report_import
from kolena_local.cli.options import name_option
from kolena_local.cli.output.output_file import STANDARD_OUTPUT, is_terminal, remember, write_data
from kolena_local.cli.output.output_options import file_option, output_options, quiet_option
from kolena_local.cli.output.printing import say
from kolena_local.cli.output.terminal_text import printable_json
from kolena_local.cli.store_option import db_option, given_location, reading
from kolena_local.errors import InputValidationError
from kolena_local.exchange.spool import Spool
from kolena_local.plurals import agreeing, counted

if TYPE_CHECKING:
    from kolena_local.repository.dump.settling import OnConflict

_PAGE = 1000
_LONGEST = 2**28


@click.command("export")
@click.argument("file", callback=remember, expose_value=False, required=False)
@file_option
@name_option(
    "--model",
    "models",
    multiple=True,
    help="Export only this model and what belongs to it (repeatable).",
)
@name_option(
    "--test-suite",
    "suites",
    multiple=True,
    help="Export only this test suite and what belongs to it (repeatable).",
)
@quiet_option
@db_option
def export(models: tuple[str, ...], suites: tuple[str, ...]) -> None:
    """Export the store, or a part of it, as JSON lines.

    Without FILE, the lines go to standard output. Equal stores give equal files: the lines are
    sorted, use names and digests instead of ids, and have no times. FILE appears only when it is
    complete.

    --test-suite exports test suites with all versions of their test cases, samples, and ground
    truths. --model exports models with their inferences, test runs, and results. With both, only
    the inferences for samples of these test suites and the test runs on them are exported; with
    --model alone, the test suites of all its test runs are exported too. Both may be repeated.
    """
    count = -1  # the first line is a header
    with reading() as unit:
        model_ids = [unit.models.get(name).id for name in models]
        suite_ids = [unit.test_suites.get(name).id for name in suites]
        lines = unit.dump.lines(model_ids, suite_ids)
        while page := list(islice(lines, _PAGE)):
            _write(page)
            count += len(page)
    say(f"{counted(count, 'line')} {agreeing(count, 'was', 'were')} exported.")


@click.command("import")
@click.argument("file")
@import_options
@output_options
def import_(file: str, on_conflict: OnConflict, dry_run: bool) -> None:
    """Import JSON lines that `export` wrote.

    FILE may be - for standard input. You can import a file twice: what is equal in the store stays.
    If a line is invalid, nothing is imported. The store is created if it does not exist.

    Things with the same name and the same content are the same. If the store and the file agree on
    the first versions of a test case or test suite, the longer history wins. Everything else that
    differs is a conflict. By default, nothing is imported then, and a message says what differs.

    --on-conflict keep keeps the store's, and adds inferences that the store does not have. Test
    suites that use versions of test cases that were not imported are left out. So are test runs on
    them, and those of models whose inferences differ: their results belong to other data.

    --on-conflict take replaces the store's with the file's, after a backup. It is refused if a test
    suite or test run that is not in the file depends on what would be replaced.

    --on-conflict rename gives the file's a free name, such as "resnet (2)". A model is also renamed
    if its inferences or results differ. It is refused if the metadata of test samples differ,
    because samples have no names.
    """
    from kolena_local.repository.dump.importing import import_lines

    with _opened(file) as stream:

        def lines() -> Iterator[bytes]:
            stream.seek(0)
            return _lines(stream)

        done = import_lines(
            given_location(), lines, on_conflict, dry_run=dry_run, backup=on_conflict == "take"
        )
    report_import(done, on_conflict, dry_run=dry_run)


@contextmanager
def _opened(file: str) -> Iterator[IO[bytes]]:
    with _stream(file) as stream:
        if stream.seekable():
            yield stream
            return
        # Copy a pipe to a file, so that it can be read again.
        with Spool() as spool:
            for line in _lines(stream):
                spool.write(line)
            spool.rewind()
            yield spool.file


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield lines; refuse lines so long that they could fill the memory, as /dev/zero does."""
    for number, line in enumerate(iter(partial(stream.readline, _LONGEST + 1), b""), 1):
        if len(line) > _LONGEST:
            raise InputValidationError(
                f"Nothing was imported, because line {number} of the file is longer than"
                f" {_LONGEST:,} bytes; import a file that `kolena-local export` wrote."
            )
        yield line


def _stream(file: str) -> AbstractContextManager[IO[bytes]]:
    if file == STANDARD_OUTPUT:
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(file).open("rb")
    except OSError as error:
        raise InputValidationError(
            f"The file {file} cannot be read ({error.strerror or error}); choose another file."
        ) from error


def _write(lines: list[str]) -> None:
    if is_terminal():
        lines = list(map(printable_json, lines))
    write_data("".join([f"{line}\n" for line in lines]).encode())
