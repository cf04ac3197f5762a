"""The plots of several models, drawn into one picture each that a report can carry."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from kolena_local.errors import InputValidationError
from kolena_local.plurals import enumerated
from kolena_local.repository.result_records import PlotRecord
from kolena_local.view.extra import from_extra
from kolena_local.view.plots import StoredPlot, image, overlay
from kolena_local.view.report.matrices import Matrix, matrices
from kolena_local.view.shortened import label, shortened

# Text stays text, and curves have no more points than can be seen: a tenth of the size.
_SETTINGS: Final[Any] = {
    "svg.fonttype": "none",
    "font.sans-serif": ["DejaVu Sans"],
    "path.simplify_threshold": 0.5,
}
_SKIPPED: Final = re.compile(rb"\A.*?(?=<svg )|<metadata>.*?</metadata>\s*|(?<=\n) +", re.DOTALL)
_FONT: Final = b"font-family: 'DejaVu Sans', sans-serif"
_TAGS: Final = re.compile(rb"<[^<>]+>")
_NOTHING: Final = re.compile(rb' id="[a-z.]+_\d+"| transform="rotate\(-?0 [^"]*"|' + _FONT + rb"; ")
_DECIMALS: Final = re.compile(rb"(\.\d\d)\d+")
_KINDS: Final = {
    "PLOT/CURVE": "Curves",
    "PLOT/HISTOGRAM": "Histogram",
    "PLOT/BAR": "Bar chart",
    "PLOT/CONFUSION_MATRIX": "Confusion matrix",
}


class OverlaidPlot(NamedTuple):
    """The plots of a test case that belong together, by the names of the models."""

    test_case: str
    title: str
    of_models: dict[str, StoredPlot]


class Picture(NamedTuple):
    """Plots as a picture, or as tables if they are confusion matrices.

    Attributes:
        title: the title of the plots.
        axes: the labels of their y axis and their x axis.
        text: what they show, or why they cannot be drawn.
        source: a data URI of the picture; None without one.
        tables: the confusion matrices.
    """

    title: str
    axes: tuple[str, str]
    text: str
    source: str | None = None
    tables: Sequence[Matrix] = ()


def overlaid(plots: Mapping[str, Sequence[PlotRecord]]) -> list[OverlaidPlot]:
    """Put together the plots of models that have the same test case, type and title.

    Args:
        plots: the records of each model's plots, in order.
    """
    found: dict[tuple[str, str, str, int], dict[str, StoredPlot]] = {}
    for model, records in plots.items():
        seen: dict[tuple[str, str, str], int] = {}
        for record in records:
            key = (
                record.test_case,
                str(record.payload.get("data_type")),
                str(record.payload.get("title")),
            )
            seen[key] = seen.get(key, 0) + 1
            found.setdefault((*key, seen[key]), {})[model] = record.payload
    return [OverlaidPlot(case, title, plots) for (case, _, title, _), plots in found.items()]


def picture(plot: OverlaidPlot) -> Picture:
    """Draw the plots of a test case into one picture, or make tables of them."""
    first, *_ = plot.of_models.values()
    y, x = (label(str(first.get(name))) for name in ("y_label", "x_label"))
    kind = _KINDS.get(str(first.get("data_type")), "Plot")
    models = enumerated(map(label, plot.of_models))
    words = f"{kind} of {y} by {x} on the test case {label(plot.test_case)}: {models}"
    drawn = Picture(shortened(plot.title), (y, x), words)
    tables = matrices(plot.of_models)
    if tables:
        return drawn._replace(tables=tables)
    with from_extra("Plots"):
        import matplotlib as mpl
    try:
        with mpl.rc_context(_SETTINGS):
            svg = _smaller(image(overlay(plot.of_models)))
    except InputValidationError as error:
        return drawn._replace(text=str(error))
    return drawn._replace(source=f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}")


def _smaller(svg: bytes) -> bytes:
    """Leave out what does not show, such as more decimals of places than a screen has."""
    short = _TAGS.sub(
        lambda tag: _DECIMALS.sub(rb"\1", _NOTHING.sub(b"", tag[0])), _SKIPPED.sub(b"", svg)
    )
    return short.replace(b"<svg ", b'<svg style="' + _FONT + b'" ', 1)
