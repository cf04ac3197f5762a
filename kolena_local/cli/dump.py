"""``kolena-local export`` and ``import``: the whole store as text that git can compare."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from kolena_local.cli.output.output_file import STANDARD_OUTPUT, is_terminal, remember, write_data
from kolena_local.cli.output.output_options import quiet_option
from kolena_local.cli.output.printing import say
from kolena_local.cli.output.terminal_text import printable_json
from kolena_local.cli.store_option import db_option, reading, write_or_make
from kolena_local.errors import InputValidationError
from kolena_local.plurals import agreeing, counted

if TYPE_CHECKING:
    from kolena_local.repository import Unit

_PAGE = 1000
_LONGEST = 2**28


@click.command("export")
@click.argument("file", callback=remember, expose_value=False, default=STANDARD_OUTPUT)
@quiet_option
@db_option
def export() -> None:
    """Write the whole store as JSON lines into FILE, or to standard output.

    Equal stores give equal files: lines are sorted, names and digests stand for ids, and times are
    left out. The file appears when it is whole.
    """
    count = -1  # the first line is the same in every file
    with reading() as unit:
        page: list[str] = []
        for line in unit.dump.lines():
            page.append(line)
            count += 1
            if len(page) == _PAGE:
                _write(page)
                page.clear()
        _write(page)
    say(f"{counted(count, 'line')} {agreeing(count, 'was', 'were')} exported.")


@click.command("import")
@click.argument("file")
@quiet_option
@db_option
def import_(file: str) -> None:
    """Add what FILE has, as `export` wrote it, to the store; - is standard input.

    What is in the store already and equal stays, so that a file may be imported twice. If anything
    is wrong or is there and not equal, nothing is imported. A missing store is made.
    """
    with _opened(file) as stream:

        def read(unit: Unit) -> int:
            stream.seek(0)
            return unit.dump.read(_lines(stream))

        count = write_or_make(read)
    say(f"{counted(count, 'line')} {agreeing(count, 'was', 'were')} imported.")


@contextmanager
def _opened(file: str) -> Iterator[IO[bytes]]:
    with _stream(file) as stream:
        if stream.seekable():
            yield stream
            return
        # A pipe is kept in a file, so that it can be read again.
        with tempfile.TemporaryFile() as kept:
            _keep(stream, kept)
            yield kept


def _keep(stream: IO[bytes], kept: IO[bytes]) -> None:
    try:
        kept.writelines(_lines(stream))
        kept.flush()
    except OSError as error:
        raise InputValidationError(
            f"What comes in cannot be kept in {tempfile.gettempdir()} ({error.strerror}); make room"
            " there, or set TMPDIR to another folder."
        ) from error


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield lines, none so long that it would take all memory, as those of /dev/zero are."""
    for number, line in enumerate(iter(partial(stream.readline, _LONGEST + 1), b""), 1):
        if len(line) > _LONGEST:
            raise InputValidationError(
                f"Line {number} of the file is longer than {_LONGEST:,} bytes; give a file that"
                " `kolena-local export` wrote. Nothing was imported."
            )
        yield line


def _stream(file: str) -> AbstractContextManager[IO[bytes]]:
    if file == STANDARD_OUTPUT:
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(file).open("rb")
    except OSError as error:
        raise InputValidationError(
            f"The file {file} cannot be read ({error.strerror or error}); give another one."
        ) from error


def _write(lines: list[str]) -> None:
    if is_terminal():
        lines = list(map(printable_json, lines))
    if lines:
        write_data("".join([f"{line}\n" for line in lines]).encode())
