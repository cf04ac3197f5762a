"""``kolena-local gate``: whether a candidate passes the gate of a file, and such files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kolena_local import location
from kolena_local.cli.completion import names_of
from kolena_local.cli.lazy import Group
from kolena_local.cli.options import evaluator_options, name_option
from kolena_local.cli.output.output_file import (
    STANDARD_OUTPUT,
    current,
    destination_of,
    say_written,
    write_data,
)
from kolena_local.cli.output.output_options import file_option, output_options
from kolena_local.cli.output.printing import (
    is_for_people,
    print_entries,
    print_table,
    print_text,
    say,
)
from kolena_local.cli.store_option import db_option, given_location
from kolena_local.errors import InputValidationError

if TYPE_CHECKING:
    from kolena_local.comparison import Judgment
    from kolena_local.drafts import Destination

FAILED, UNDECIDED = 3, 4


class _Gate(Group):
    """A group for which ``gate FILE`` is ``gate check FILE``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["check", *args]
        return super().parse_args(ctx, args)


class _NotUsable(click.ClickException):
    """The file is wrong usage, which the usage of the command does not explain."""

    exit_code = click.UsageError.exit_code


def _report(_: click.Context, __: click.Parameter, name: str | None) -> Destination | None:
    if name == STANDARD_OUTPUT:
        raise click.BadParameter("Give a file; standard output gets the table.")
    return None if name is None else destination_of(name)


@click.group(cls=_Gate)
def gate() -> None:
    """Decide by a file whether a model may replace another one.

    `gate FILE` is short for `gate check FILE`.
    """


@gate.command()
@click.argument("file", type=click.Path())
@name_option(
    "--candidate", metavar="MODEL", noun="model", help="Judge this model, whatever the file says."
)
@click.option(
    "--junit",
    metavar="FILE",
    callback=_report,
    help="Also write JUnit XML to FILE, for the test report of a CI server.",
)
@click.option(
    "--markdown",
    metavar="FILE",
    callback=_report,
    help="Also write Markdown to FILE, for the summary of a CI job.",
)
@output_options
def check(
    file: str, candidate: str | None, junit: Destination | None, markdown: Destination | None
) -> None:
    """Judge a model by the gate in a file.

    `gate FILE` is short for `gate check FILE`. Each metric of the file is judged in each test case
    and over the whole suite. A row passes if the samples rule out a loss of more than the margin,
    fails if they show one, and is else undecided.

    Exits with 0 if every row passes, with 3 if a row fails, and with 4 if none fails and one is
    undecided. A file that is not a gate, or that does not fit the results, is wrong usage: 2.
    """
    _check_files_differ([file, *(one.name for one in (junit, markdown, current()) if one)])
    # Late, because it imports numpy and help must start fast.
    from kolena_local.comparison.gate.judgment import judge_file

    try:
        with location.use(location.resolve(given_location())):
            judgment = judge_file(file, candidate)
    except InputValidationError as error:
        raise _NotUsable(str(error)) from error
    for destination, content in ((junit, judgment.junit_xml), (markdown, judgment.markdown)):
        if destination is not None:
            with destination:
                destination.write(content())
            say_written(destination)
    _print(judgment)
    code = {"fail": FAILED, "undecided": UNDECIDED}.get(judgment.outcome)
    if code is not None:
        raise click.exceptions.Exit(code)


@gate.command()
@click.argument("baseline", shell_complete=names_of("model"))
@click.argument("candidate", shell_complete=names_of("model"))
@name_option(
    "-s",
    "--suite",
    "test_suite",
    metavar="SUITE",
    required=True,
    noun="test_suite",
    help="The test suite; SUITE@3 is version 3.",
)
@evaluator_options
@click.option("--force", is_flag=True, help="Replace an existing file.")
@file_option
@db_option
def init(force: bool, **options: Any) -> None:
    """Write a gate from the results of two models, with comments.

    It has the metrics that can be judged, their directions, a margin for each that you should
    change, and the version of the test suite.
    """
    destination = current()
    if destination is not None and Path(destination.name).is_file() and not force:
        raise click.UsageError(f"The file {destination.name} exists; --force replaces it.")
    from kolena_local.comparison.gate.proposal import propose  # late, as above

    with location.use(location.resolve(given_location())):
        text = propose(**options)
    write_data(text.encode())


def _check_files_differ(names: list[str]) -> None:
    paths = list(map(os.path.realpath, names))
    if len(set(paths)) < len(paths):
        raise click.UsageError("Give each output a file of its own, which is not that of the gate.")


def _print(judgment: Judgment) -> None:
    def show() -> None:
        print_text([judgment.title, ""])
        print_table(*judgment.table(), optional=("base", "candidate"))
        sentences = (*judgment.reasons, *judgment.remarks)
        if sentences:
            print_text(["", *sentences])

    rows = judgment.entries()
    print_entries(list(rows[0]), rows, show)
    if not is_for_people():
        for sentence in judgment.remarks:
            say(sentence)
