"""``kolena-local plots``: the plots that evaluators stored, listed and drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kolena_local import location
from kolena_local.cli.completion import names_of
from kolena_local.cli.options import name_option
from kolena_local.cli.output.formats import Entry
from kolena_local.cli.output.output_options import quiet_option
from kolena_local.cli.output.printing import Listing, print_listing, say
from kolena_local.cli.store_option import db_option, given_location, reading
from kolena_local.drafts import Destination
from kolena_local.plurals import counted

if TYPE_CHECKING:
    from kolena_local.repository.records import TestRunRecord
    from kolena_local.repository.result_records import PlotRecord

_FORMATS = ("svg", "png", "pdf")
_PLOTS = Listing(
    ("test_case", "evaluator", "configuration", "type", "title"),
    {
        "test case": "test_case",
        "evaluator": "evaluator",
        "configuration": "configuration",
        "type": "type",
        "title": "title",
    },
    "The evaluator stored no plots.",
)


@click.command()
@click.argument("model", shell_complete=names_of("model"))
@click.argument("test_suite", metavar="SUITE", shell_complete=names_of("test_suite"))
@name_option("--test-case", help="Only plots of this test case.")
@click.option("--evaluator", metavar="NAME", help="Only plots of this evaluator.")
@click.option(
    "-o",
    "--output",
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
    help="The format of files in a folder: svg (the default), png or pdf.",
)
@quiet_option
@db_option
def plots(
    model: str,
    test_suite: str,
    test_case: str | None,
    evaluator: str | None,
    output: Path | None,
    chosen: str | None,
) -> None:
    """List the plots of a model on a test suite, or draw them.

    SUITE@3 is version 3; SUITE is the newest version that the model was tested on. Drawing needs
    the extra: pip install 'kolena-local[view]'.
    """
    with reading() as unit:
        unit.models.get(model)
        if test_case is not None:
            unit.test_cases.get(test_case)
        found = [
            (run, plot)
            for run in unit.test_runs.of_label(model, test_suite, evaluator)
            for plot in unit.test_runs.plots(run.id)
            if test_case in (None, plot.test_case)
        ]
    if output is None:
        print_listing(_PLOTS, [_entry(run, plot) for run, plot in found])
    elif not found:
        raise click.ClickException("There is nothing to draw: the evaluator stored no plots.")
    else:
        _draw([plot for _, plot in found], output, chosen)


def _entry(run: TestRunRecord, plot: PlotRecord) -> Entry:
    kind = str(plot.payload.get("data_type")).partition("/")[2].lower().replace("_", " ")
    return {
        "test_case": plot.test_case,
        "evaluator": run.evaluator,
        "configuration": plot.configuration,
        "type": kind,
        "title": plot.payload.get("title"),
    }


def _draw(found: Sequence[PlotRecord], output: Path, chosen: str | None) -> None:
    from kolena_local.view import plots as view

    store = location.resolve(given_location())
    if output.suffix[1:].lower() in _FORMATS and not output.is_dir():
        figures = [view.draw(plot.payload) for plot in found]
        with Destination(str(output), store) as file:
            file.write(view.pages(figures, output.suffix[1:].lower()))
    else:
        output.mkdir(exist_ok=True)
        format = chosen or "svg"
        for name, plot in zip(_file_names(found), found, strict=True):
            with Destination(str(output / f"{name}.{format}"), store) as file:
                file.write(view.image(view.draw(plot.payload), format))
    say(f"Drew {counted(len(found), 'plot')} into {output}.")


def _file_names(found: Sequence[PlotRecord]) -> Iterator[str]:
    """Yield a name for each plot's file, of ASCII letters and digits only."""
    for number, plot in enumerate(found, 1):
        parts = (plot.test_case, plot.configuration, plot.payload.get("title"))
        words = [re.sub("[^A-Za-z0-9_]+", "-", str(part)).strip("-")[:40] for part in parts if part]
        yield "-".join([f"{number:02}", *words])
