"""Options that choose what is printed and where, and functions that return what was chosen.

The values are kept in click's context, so that commands need no parameters for them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial, wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import click
from click.core import ParameterSource

from kolena_local.cli.output.output_file import current, is_terminal, remember
from kolena_local.cli.store_option import db_option

_FORMAT = f"{__name__}.format"
_QUIET = f"{__name__}.quiet"
_SAFE_CSV = f"{__name__}.safe_csv"
_SUFFIXES = {f".{name}": name for name in ("json", "jsonl", "csv", "tsv", "md", "html")}
_SUFFIXES |= {".ndjson": "jsonl", ".htm": "html"}
_OF_OTHER_FORMATS = {
    *(".parquet", ".pq", ".feather", ".xlsx", ".xls", ".ods", ".db", ".sqlite", ".pkl"),
    *(".pdf", ".png", ".jpg", ".svg", ".tex", ".xml", ".yaml", ".yml", ".toml", ".zip", ".gz"),
}
_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])


def _remember_format(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if not value:
        return
    chosen = value if parameter.name == "format" else str(parameter.name)
    before = context.meta.get(_FORMAT)
    typed = context.get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE
    if before is not None and not typed:
        return  # a format on the command line overrides one in the environment
    if before not in (None, chosen):
        raise click.UsageError(f"Choose one format: {before} or {chosen}.")
    context.meta[_FORMAT] = chosen


def _remember_as(key: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    return lambda context, _, value: context.meta.update({key: value})


_format_option = partial(click.option, expose_value=False, callback=_remember_format)
safe_csv_option = click.option(
    "--safe-csv/--no-safe-csv",
    default=None,
    expose_value=False,
    callback=_remember_as(_SAFE_CSV),
    help="Put ' before CSV cells that a spreadsheet would run as a formula (default on a"
    " terminal).",
)
file_option = click.option(
    "-o",
    "--output",
    metavar="FILE",
    expose_value=False,
    callback=remember,
    help="Write to FILE, which appears only when it is complete.",
)
quiet_option = click.option(
    "-q",
    "--quiet",
    is_flag=True,
    expose_value=False,
    callback=_remember_as(_QUIET),
    is_eager=True,  # reading other options may print warnings
    help="Print only results and errors.",
)
_OUTPUT_OPTIONS = (
    _format_option(
        "--format",
        type=click.Choice(["table", "json", "jsonl", "csv", "tsv", "md", "html"]),
        metavar="FORMAT",
        help="table, json, jsonl, csv, tsv, md, or html; if not given, as the suffix of --output"
        " says, else table.",
    ),
    _format_option("--json", is_flag=True, help="Print JSON; NaN and infinities become null."),
    _format_option(
        "--csv", is_flag=True, help="Print CSV; objects become columns such as metadata.seed."
    ),
    safe_csv_option,
    file_option,
    quiet_option,
    db_option,
)


def output_options(command: _Decorated) -> _Decorated:
    """Add ``--format``, ``--json``, ``--csv``, ``--output``, ``--quiet``, and ``--db``."""

    @wraps(command)
    def checked(*arguments: Any, **options: Any) -> Any:
        if click.get_current_context().meta.get(_FORMAT) is None:
            check_suffix(_SUFFIXES, "Give --format, or one of .json, .csv, .md, .html and .txt.")
        return command(*arguments, **options)

    decorated: Any = checked
    for option in reversed(_OUTPUT_OPTIONS):
        decorated = option(decorated)
    return cast("_Decorated", decorated)


def check_suffix(written: Collection[str], advice: str) -> None:
    """Refuse an output file whose suffix is that of a format that would not be written.

    Args:
        written: the suffixes of the formats that are.
        advice: what to do instead, in a sentence.

    Raises:
        click.UsageError: it has the suffix of another one.
    """
    file = current()
    suffix = "" if file is None else Path(file.name).suffix.lower()
    if file is not None and suffix in _OF_OTHER_FORMATS.union(_SUFFIXES) - {*written}:
        raise click.UsageError(
            f"{file.name} would not have the format that its suffix {suffix} says. {advice}"
        )


def chosen_format() -> str | None:
    """Return the chosen format, or that of the output's suffix; None for a table."""
    chosen: str | None = click.get_current_context().meta.get(_FORMAT)
    file = current()
    return chosen or (None if file is None else _SUFFIXES.get(Path(file.name).suffix.lower()))


def is_csv_safe() -> bool:
    """Return whether CSV cells must not be formulas."""
    chosen: bool | None = click.get_current_context().meta.get(_SAFE_CSV)
    return is_terminal() if chosen is None else chosen


def is_quiet() -> bool:
    """Return whether to print only results and errors."""
    return bool(click.get_current_context().meta.get(_QUIET))
