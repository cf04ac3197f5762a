"""Reads files of inferences (CSV, TSV, JSON Lines, Parquet) line by line."""

from __future__ import annotations

import codecs
import csv
import io
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import chain, repeat
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from kolena_local.errors import IncorrectUsageError, InputValidationError
from kolena_local.plurals import counted

if TYPE_CHECKING:
    from kolena_local.exchange.import_request import ImportRequest
    from kolena_local.exchange.object_columns import Values

FORMATS = ("csv", "tsv", "jsonl", "parquet")
DELIMITED = {"csv": ",", "tsv": "\t"}
_PAGE = 1000
_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t"}
_QUOTED = re.compile(r'"[^"]*"')
# Excel reads the delimiter from a line before the header.
_TOLD = re.compile(r'sep=([^"\r\n])[\r\n]*', re.IGNORECASE)


class Lines(NamedTuple):
    """The content of a file.

    Attributes:
        columns: the names in the header; None where each line has its own.
        rows: the lines, each with its number in the file.
        are_cells: whether values are spelled as text, so that null and empty are the same.
        position: tells how many bytes were read, where that is known.
        delimiter: the character between two cells, where there is one.
        before: how many lines are before the header.
    """

    columns: list[str] | None
    rows: Iterator[tuple[int, Values]]
    are_cells: bool
    position: Callable[[], int] = int
    delimiter: str = ""
    before: int = 0


def format_of(name: str | None, chosen: str | None) -> str | None:
    """Return the format that was chosen, else that of the file's suffix; None: it has none."""
    suffix = Path(name or "").suffix.lower().removeprefix(".")
    found = {"ndjson": "jsonl", "pq": "parquet"}.get(suffix, suffix)
    return chosen or (found if found in FORMATS else None)


@contextmanager
def opened(request: ImportRequest) -> Iterator[Lines]:
    """Open a file of inferences.

    Args:
        request: which file, its format and its encoding.

    Raises:
        InputValidationError: it cannot be read, or is not of the format.
        IncorrectUsageError: a delimiter is given for a format that has none.
    """
    if request.delimiter is not None and request.format not in DELIMITED:
        raise IncorrectUsageError(
            f"Only CSV has a delimiter; leave out {request.words.delimiter}, or choose the format."
        )
    # A cell may hold a list of thousands of points.
    limit = csv.field_size_limit(sys.maxsize)
    try:
        with _stream(request) as stream:
            if request.format == "parquet":
                yield _parquet(request, stream)._replace(position=stream.tell)
                return
            text = _text(stream, request.encoding)
            try:
                lines = (_csv if request.format in DELIMITED else _json_lines)(request, text)
                yield lines._replace(position=stream.tell)
            finally:
                text.detach()  # whoever opened the stream closes it
    except OSError as error:
        raise InputValidationError(
            f"The file {request.name} cannot be read ({error.strerror or error}); give another one."
        ) from error
    finally:
        csv.field_size_limit(limit)


def _stream(request: ImportRequest) -> AbstractContextManager[IO[bytes]]:
    if request.stream is not None:
        return nullcontext(request.stream)
    return Path(request.name).open("rb")


def _text(stream: IO[bytes], encoding: str) -> io.TextIOWrapper:
    try:
        # Excel begins its files with a mark that is no part of the first name.
        is_utf8 = codecs.lookup(encoding).name == "utf-8"
        return io.TextIOWrapper(stream, "utf-8-sig" if is_utf8 else encoding, newline="")
    except (LookupError, ValueError):  # of a name with NUL
        raise InputValidationError(
            f"There is no encoding {encoding!r}; utf-8, utf-16 and cp1252 are the usual ones."
        ) from None


def _csv(request: ImportRequest, text: io.TextIOWrapper) -> Lines:
    name = request.name
    blank = 0
    try:
        while (first := text.readline()) and not first.strip("\r\n"):
            blank += 1
    except UnicodeError:
        raise _not_text(request, blank + 1) from None
    delimiter = _delimiter(request, first)
    # Blank lines keep the numbers of the others as they are in the file.
    before = repeat("\n", blank + 1) if _TOLD.fullmatch(first) else [*repeat("\n", blank), first]
    records = _records(request, csv.reader(chain(before, text), delimiter=delimiter, strict=True))
    try:
        at, header = next(records)
    except StopIteration:
        raise InputValidationError(
            f"The file {name} is empty; its first line must name the columns."
        ) from None
    # Without names are the levels of a pandas index, which is left out as in Parquet.
    twice = next((column for column in header if column and header.count(column) > 1), None)
    if twice is not None:
        raise InputValidationError(
            f'The file {name} has two columns "{twice}"; rename or remove one.'
        )
    rows = _cells(request, header, records, delimiter)
    return Lines(header, rows, True, delimiter=delimiter, before=at - 1)


def _delimiter(request: ImportRequest, first_line: str) -> str:
    """Return the delimiter that was given, or else that of the first line that is not blank."""
    given = request.delimiter
    if given is not None:
        given = _DELIMITERS.get(given, given)
        if len(given) != 1 or given in '"\r\n':
            raise InputValidationError(
                f"{request.words.delimiter} takes one character, or tab, not {given!r:.80}."
            )
        return given
    told = _TOLD.fullmatch(first_line)
    if told:
        return told[1]
    if request.format == "tsv":
        return DELIMITED["tsv"]
    names = _QUOTED.sub("", first_line)
    # A name may contain a semicolon where commas separate, but hardly the other way round.
    return "," if "," in names else max(",;\t", key=names.count)


def _records(request: ImportRequest, reader: Any) -> Iterator[tuple[int, list[str]]]:
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputValidationError(
                f"Line {line} of {request.name} is not CSV ({error}); correct it."
            ) from None
        except UnicodeError:
            raise _not_text(request, line) from None
        if cells:
            yield line, cells


def _not_text(request: ImportRequest, line: int) -> InputValidationError:
    option = request.words.encoding
    return InputValidationError(
        f"The file {request.name} is not {request.encoding} text near line {line};"
        f" {f'say what it is with {option}, such as cp1252' if option else 'save it as UTF-8'}."
    )


def _cells(
    request: ImportRequest,
    header: list[str],
    records: Iterator[tuple[int, list[str]]],
    delimiter: str,
) -> Iterator[tuple[int, Values]]:
    count = len(header)
    called = next((name for name, one in _DELIMITERS.items() if one == delimiter), repr(delimiter))
    option = request.words.delimiter
    otherwise = f", or give another delimiter with {option}" if option else ""
    for line, cells in records:
        if len(cells) != count:
            raise InputValidationError(
                f"Line {line} of {request.name} has {counted(len(cells), 'cell')} where the header"
                f" has {count}; put cells that hold a {called} in double quotes{otherwise}."
            )
        yield line, dict(zip(header, (cell or None for cell in cells), strict=True))


def _json_lines(request: ImportRequest, text: io.TextIOWrapper) -> Lines:
    return Lines(None, _json_rows(request, text), False)


def _json_rows(request: ImportRequest, text: io.TextIOWrapper) -> Iterator[tuple[int, Values]]:
    name, line = request.name, 0
    try:
        for line, content in enumerate(text, start=1):
            if content.strip():
                yield line, _json_row(name, line, content)
    except UnicodeError:
        raise _not_text(request, line + 1) from None
    if line == 0:
        raise InputValidationError(f"The file {name} is empty; it has no rows.")


def _json_row(name: str, line: int, content: str) -> Values:
    # Here, because help needs this module's formats only.
    from kolena_local.payload import loads_foreign

    try:
        value = loads_foreign(content)
    except ValueError as error:
        raise InputValidationError(
            f"Line {line} of {name} cannot be read as JSON: {error}."
        ) from None
    if not isinstance(value, dict):
        raise InputValidationError(f"Line {line} of {name} is not a JSON object; make it one.")
    return value


def _parquet(request: ImportRequest, stream: IO[bytes]) -> Lines:
    parquet = import_parquet()
    if request.stream is not None:
        raise IncorrectUsageError("Parquet cannot be read from standard input; give a file.")
    try:
        file = parquet.ParquetFile(stream)
    except Exception as error:
        # pyarrow's errors share no base but ValueError and OSError.
        if not isinstance(error, (ValueError, OSError)):
            raise
        raise InputValidationError(
            f"The file {request.name} is not a Parquet file: {error}".rstrip(".") + "."
        ) from None
    return Lines(list(file.schema_arrow.names), _parquet_rows(request.name, file), True)


def _parquet_rows(name: str, file: Any) -> Iterator[tuple[int, Values]]:
    line = 0
    for batch in file.iter_batches(batch_size=_PAGE):
        try:
            rows = batch.to_pylist()
        except (OverflowError, ValueError) as error:  # of dates and text that Python cannot hold
            raise InputValidationError(
                f"A value in line {line + 1} or after it of {name} cannot be read ({error});"
                " correct it, or write its column as text."
            ) from None
        for row in rows:
            line += 1
            yield line, row


def import_parquet() -> Any:
    """Return pyarrow's module for Parquet.

    Raises:
        IncorrectUsageError: it is not installed.
    """
    try:
        from pyarrow import parquet  # type: ignore[import-untyped]  # it has no stubs
    except ImportError:
        raise IncorrectUsageError(
            "Parquet needs pyarrow; install it with: pip install 'kolena-local[parquet]'"
        ) from None
    return parquet
