"""The options that say what is printed and where, and what was asked for with them.

Their values are kept in click's context, so that no command needs parameters for them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from kolena_local.cli.output.output_file import is_terminal, remember
from kolena_local.cli.store_option import db_option

FORMATS = ("table", "json", "jsonl", "csv", "tsv", "md")
_FORMAT = f"{__name__}.format"
_QUIET = f"{__name__}.quiet"
_SAFE_CSV = f"{__name__}.safe_csv"
_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])


def output_options(command: _Decorated) -> _Decorated:
    """Give a command ``--format``, ``--json``, ``--csv``, ``--output``, ``--quiet``, ``--db``."""
    format_option = partial(click.option, expose_value=False, callback=_remember_format)
    options = (
        format_option(
            "--format",
            type=click.Choice(FORMATS),
            metavar="FORMAT",
            help="How to print: table, json, jsonl, csv, tsv or md.",
        ),
        format_option("--json", is_flag=True, help="Print JSON; NaN and infinities become null."),
        format_option(
            "--csv", is_flag=True, help="Print CSV; objects become columns such as metadata.seed."
        ),
        safe_csv_option,
        file_option,
        quiet_option,
        db_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


def safe_csv_option(command: _Decorated) -> _Decorated:
    """Give a command ``--safe-csv``."""
    return click.option(
        "--safe-csv/--no-safe-csv",
        default=None,
        expose_value=False,
        callback=_remember_safe_csv,
        help="Begin CSV cells that a spreadsheet would take for a formula with '; only a terminal"
        " gets that unasked.",
    )(command)


def file_option(command: _Decorated) -> _Decorated:
    """Give a command ``--output``."""
    return click.option(
        "-o",
        "--output",
        metavar="FILE",
        expose_value=False,
        callback=remember,
        help="Write to a file, which appears when it is whole.",
    )(command)


def quiet_option(command: _Decorated) -> _Decorated:
    """Give a command ``--quiet``."""
    return click.option(
        "-q",
        "--quiet",
        is_flag=True,
        expose_value=False,
        callback=_remember_quiet,
        help="Say nothing besides results and errors.",
    )(command)


def _remember_format(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if not value:
        return
    chosen = value if parameter.name == "format" else str(parameter.name)
    before = context.meta.get(_FORMAT)
    typed = context.get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE
    if before is not None and not typed:
        return  # a variable of the environment, and somebody typed another format
    if before not in (None, chosen):
        raise click.UsageError(f"Give one format only: {before} or {chosen}.")
    context.meta[_FORMAT] = chosen


def _remember_safe_csv(context: click.Context, _: click.Parameter, value: bool | None) -> None:
    context.meta[_SAFE_CSV] = value


def is_csv_safe() -> bool:
    """Say whether cells of CSV must not be formulas."""
    chosen: bool | None = click.get_current_context().meta.get(_SAFE_CSV)
    return is_terminal() if chosen is None else chosen


def _remember_quiet(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        context.meta[_QUIET] = True


def chosen_format() -> str | None:
    """Return the format that was asked for; None if nobody asked."""
    chosen: str | None = click.get_current_context().meta.get(_FORMAT)
    return chosen


def is_quiet() -> bool:
    """Say whether nothing is to be said besides results and errors."""
    return bool(click.get_current_context().meta.get(_QUIET))
