"""``kolena-local plots``: the plots that evaluators stored, listed and drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kolena_local import location
from kolena_local.cli.completion import names_of
from kolena_local.cli.entries import age
from kolena_local.cli.options import name_option
from kolena_local.cli.output.formats import Entry
from kolena_local.cli.output.output_file import STANDARD_OUTPUT, write_data
from kolena_local.cli.output.output_options import quiet_option
from kolena_local.cli.output.printing import Listing, print_listing, say
from kolena_local.cli.results import latest_version, remark_on_age
from kolena_local.cli.store_option import db_option, given_location, reading
from kolena_local.drafts import Destination, make_folder, remove_empty
from kolena_local.errors import InputValidationError
from kolena_local.plurals import counted, few

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from kolena_local.repository.records import TestRunRecord
    from kolena_local.repository.result_records import PlotRecord

    _Found = tuple[TestRunRecord, PlotRecord]

_FORMATS = ("svg", "png", "pdf")
_STANDARD_OUTPUT = Path(STANDARD_OUTPUT)
_PLOTS = Listing(
    ("test_case", "evaluator", "configuration", "is_stale", "type", "title"),
    {
        "test case": "test_case",
        "evaluator": "evaluator",
        "configuration": "configuration",
        "results": age,
        "type": "type",
        "title": "title",
    },
    "No evaluator stored such plots.",
)


@click.command()
@click.argument("model", shell_complete=names_of("model"))
@click.argument("test_suite", metavar="SUITE", shell_complete=names_of("test_suite"))
@name_option("--test-case", help="Only plots of this test case.")
@click.option("--evaluator", metavar="NAME", help="Only plots of this evaluator.")
@click.option("--title", metavar="TITLE", help="Only plots with this title.")
@click.option(
    "-o",
    "--output",
    "target",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Draw into a .pdf file (a page for each plot), an .svg or .png file (one plot), or a"
    " folder.",
)
@click.option(
    "--format",
    "chosen",
    type=click.Choice(_FORMATS),
    metavar="FORMAT",
    help="svg, png, or pdf, for standard output if there is no PATH; if not given, as the suffix of"
    " PATH says, else svg.",
)
@quiet_option
@db_option
def plots(
    model: str,
    test_suite: str,
    test_case: str | None,
    evaluator: str | None,
    title: str | None,
    target: Path | None,
    chosen: str | None,
) -> None:
    """List the plots of a model on a test suite, or draw them.

    SUITE@3 is version 3; SUITE is the newest version that the model was tested on. For programs,
    `results --json` has the plots. Drawing needs the extra: pip install 'kolena-local[view]'.
    """
    with reading() as unit:
        unit.models.get(model)
        case = None if test_case is None else unit.test_cases.get(test_case).name
        runs = unit.test_runs.of_label(model, test_suite, evaluator)
        found = [
            (run, plot)
            for run in runs
            for plot in unit.test_runs.plots(run.id)
            if case in (None, plot.test_case)
        ]
        latest = latest_version(unit, runs)
    if title is not None:
        titles = [plot.payload.get("title") for _, plot in found]
        if found and title not in titles:
            known = dict.fromkeys(f"'{one}'" for one in titles if isinstance(one, str))
            others = f"there are {few([*known])}" if known else "no plot has one"
            raise click.ClickException(f"No plot has the title '{title}'; {others}.")
        found = [one for one in found if one[1].payload.get("title") == title]
    if chosen is None and target in (None, _STANDARD_OUTPUT):
        print_listing(_PLOTS, [_entry(run, plot) for run, plot in found])
    elif not found:
        raise click.ClickException(f"There is nothing to draw. {_PLOTS.otherwise}")
    else:
        _draw(found, target or _STANDARD_OUTPUT, chosen)
    remark_on_age(runs, latest)


def _entry(run: TestRunRecord, plot: PlotRecord) -> Entry:
    return {
        "test_case": plot.test_case,
        "evaluator": run.evaluator,
        "configuration": plot.configuration,
        "is_stale": plot.is_stale,
        "type": str(plot.payload.get("data_type")).rpartition("/")[2].lower().replace("_", " "),
        "title": plot.payload.get("title"),
    }


def _draw(found: Sequence[_Found], output: Path, chosen: str | None) -> None:
    from kolena_local.view import plots as view

    named = output.suffix[1:].lower()
    format = chosen or (named if named in _FORMATS else None)
    is_output = output == _STANDARD_OUTPUT
    is_folder = output.is_dir() or not (is_output or output.suffix or output.exists())
    if not is_folder and format is None:
        raise click.ClickException(
            f"{output} is neither a folder nor an .svg, .png or .pdf file; give one of these, or"
            " --format."
        )
    if not is_folder and format != "pdf" and len(found) > 1:
        raise click.ClickException(
            f"A file in the format {format} holds one plot, and there are {len(found)}; give a .pdf"
            " file or a folder, or choose one with --test-case and --title."
        )
    format = format or "svg"
    store = location.resolve(given_location())
    drawn = 0
    if is_folder:
        made = _make(output)
        try:
            for name, figure in _figures(found):
                with Destination(str(output / f"{name}.{format}"), store) as file:
                    file.write(view.image(figure, format))
                drawn += 1
        finally:
            remove_empty(made)
    elif pages := [figure for _, figure in _figures(found)]:
        content = view.pages(pages) if format == "pdf" else view.image(pages[0], format)
        if is_output:
            write_data(content)
        else:
            with Destination(str(output), store) as file:
                file.write(content)
        drawn = len(pages)
    say(f"Drew {counted(drawn, 'plot')}{'' if is_output else f' into {output}'}.")
    if drawn < len(found):
        raise click.ClickException(f"{counted(len(found) - drawn, 'plot')} could not be drawn.")


def _figures(found: Sequence[_Found]) -> Iterator[tuple[str, Figure]]:
    """Yield the name of each plot's file, and the figure; say which plots cannot be drawn."""
    from kolena_local.view import plots as view

    for number, (run, plot) in enumerate(found, 1):
        parts = (plot.test_case, plot.configuration, plot.payload.get("title"))
        # Letters and digits of any script: nothing that a file system or a shell treats specially.
        words = [re.sub(r"\W+", "-", str(part)).strip("-")[:40] for part in parts if part]
        # The number keeps names apart; 255 bytes is what most file systems allow.
        name = "-".join([f"{number:0{len(str(len(found)))}}", *filter(None, words)])
        note = ", ".join(filter(None, (run.model, *parts[:2], age({"is_stale": plot.is_stale}))))
        try:
            yield name.encode()[:200].decode(errors="ignore"), view.draw(plot.payload, note=note)
        except InputValidationError as error:
            say(str(error))


def _make(folder: Path) -> list[Path]:
    try:
        return make_folder(folder, 0o700)
    except OSError as error:
        raise click.ClickException(
            f"The folder {folder} cannot be made ({error.strerror}); give another one."
        ) from error
