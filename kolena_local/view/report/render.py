"""Render a report as HTML."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Final

from kolena_local import __version__
from kolena_local.drafts import Destination
from kolena_local.errors import InputValidationError
from kolena_local.exchange.progress import Progress, no_progress
from kolena_local.repository import Store
from kolena_local.view.html import Column, render
from kolena_local.view.report.contents import Contents, read
from kolena_local.view.report.pictures import Picture, picture
from kolena_local.view.report.subject import choose

_EPOCH: Final = "SOURCE_DATE_EPOCH"
_MOST_PLOTS: Final = 100
_SUMMARY: Final = [
    Column("model"),
    Column("metric"),
    Column("verdict"),
    Column("base", number=True),
    Column("candidate", number=True),
    Column("difference", number=True),
    Column("95 % confidence interval", number=True),
    Column("test cases"),
]
_CASES: Final = [
    Column("test case"),
    Column("version", number=True),
    Column("samples", number=True),
]


class Report:
    """A report: one HTML file without scripts that needs no network.

    Attributes:
        html: its text.
    """

    def __init__(self, html: str, store: str) -> None:
        self.html = html
        self._store = store

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the report to a file, which appears only when it is complete.

        Args:
            path: where; an existing file is replaced, but not a store.

        Raises:
            InputValidationError: the file cannot be written, or is a store.
        """
        with Destination(os.fspath(path), self._store) as file:
            file.write(self.html.encode())


def report(
    store: Store,
    test_suite: str,
    models: Sequence[str] = (),
    *,
    version: int | None = None,
    base: str | None = None,
    worst: int = 10,
    dated: bool = False,
    progress: Progress = no_progress,
) -> Report:
    """Make the report of models on a test suite.

    Args:
        store: the store.
        test_suite: the name of the test suite; ``name@3`` is version 3.
        version: the version, if ``test_suite`` is a name only; None means the newest that all of
            the models have results on, or else any of them.
        models: the names of the models; none means all that have results, by name.
        base: the name of the model that the others are compared with; None means the first.
        worst: list at most so many samples that got worse, for each metric and comparison.
        dated: whether to say when the report was made and the results were computed. Without,
            equal stores have equal reports.
        progress: shows how far this is.

    Raises:
        NotFoundError: there is no such test suite or model, or no model has results on it.
        WorkflowMismatchError: a model belongs to another workflow.
        InputValidationError: ``base`` is not one of the models.
    """
    made = _made(dated)
    with store.read() as unit:
        subject = choose(unit, test_suite, version, models, base)
        steps = (len(subject.models) - 1) * len(subject.results)
        with progress(steps, "comparing models") as advance:
            contents = read(unit, subject, worst, dated, advance)
    pictures: list[dict[str, list[Picture]]] = []
    count = sum(len(results.plots) for results in contents.results)
    left = shown = min(count, _MOST_PLOTS)
    with progress(shown, "drawing plots") as advance:
        for results in contents.results:
            pictures.append({})
            for plot in results.plots[:left]:
                left -= 1
                pictures[-1].setdefault(plot.test_case, []).append(picture(plot))
                advance(1)
    return Report(_html(contents, pictures, count - shown, made), store.location)


def _made(dated: bool) -> str | None:
    """Return when the report is made, if it is to say so."""
    epoch = os.environ.get(_EPOCH)
    if epoch is None:
        made = datetime.now(timezone.utc) if dated else None
    else:
        try:
            made = datetime.fromtimestamp(int(epoch), timezone.utc)
        except (ValueError, OverflowError, OSError) as error:
            raise InputValidationError(
                f"{_EPOCH} must be a number of seconds since 1970, not {epoch!r:.80}."
            ) from error
    return None if made is None else f"{made:%Y-%m-%dT%H:%M:%S}Z"


def _html(
    contents: Contents,
    pictures: Sequence[Mapping[str, list[Picture]]],
    plots_left_out: int,
    made: str | None,
) -> str:
    described = any(case.description for case in contents.subject.suite.test_cases)
    text = render(
        "report.html",
        **contents._asdict(),
        plots_left_out=plots_left_out,
        pictures=[list(of_cases.items()) for of_cases in pictures],
        summary_columns=_SUMMARY,
        case_columns=[*_CASES, Column("description")] if described else _CASES,
        described=described,
        made=made,
        version=__version__,
    )
    return text + "\n"
