"""Draws the plots that evaluators store, as matplotlib figures.

A plot comes as the object that is in the store, so that plots of any workflow can be drawn without
its classes. What is written on a figure comes from the store too: it is never read as TeX, and
control characters are escaped.
"""

from __future__ import annotations

import io
import math
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle, islice, product
from typing import TYPE_CHECKING, Any, Final

from kolena_local.errors import InputValidationError
from kolena_local.plurals import printable
from kolena_local.view.extra import from_extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["StoredPlot", "draw", "image", "overlay", "pages"]

#: A plot as it is stored: what ``Plot._to_dict()`` returns.
StoredPlot = Mapping[str, Any]

# The colors of Okabe and Ito, which color-blind people can tell apart, the darkest first; printed
# in gray, the line styles tell.
_COLORS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
_LINES: Final = ("-", "--", "-.", ":")
_STYLES: Final = tuple((color, line) for line, color in product(_LINES, _COLORS))
_HATCHES: Final = ("", "///", "...", "xxx", "\\\\\\", "+++", "ooo")
_IN_LEGEND: Final = 20
_NAMED: Final = 50  # bars or classes whose names fit on an axis
_NUMBERED: Final = 20  # classes of a confusion matrix whose numbers fit into its cells
_MARKED: Final = 30  # points of a curve that are marked one by one
_LONGEST: Final = 60  # characters of a name
_GREATEST: Final = 1e100  # beyond it, or below its inverse, matplotlib's arithmetic overflows


def draw(plot: StoredPlot) -> Figure:
    """Draw a plot.

    Args:
        plot: the plot, as it is stored.

    Returns:
        A figure, which may be changed and saved.

    Raises:
        InputValidationError: it is not a plot of a type that can be drawn.
    """
    return _drawn({"": plot})


def overlay(plots: Mapping[str, StoredPlot]) -> Figure:
    """Draw plots of several models into one figure.

    Curves and histograms share their axes, bars stand beside each other, and confusion matrices
    are drawn side by side with one scale of colors.

    Args:
        plots: the plots, as they are stored, by the names of the models.

    Raises:
        InputValidationError: there are none, or they are of different types or cannot be drawn.
    """
    if not plots:
        raise InputValidationError("There is no plot to draw; give at least one.")
    types = {str(plot.get("data_type")) for plot in plots.values()}
    if len(types) > 1:
        raise InputValidationError(
            f"Plots of the types {' and '.join(sorted(types))} do not fit into one figure; give"
            " plots of one type."
        )
    return _drawn(plots)


def image(figure: Figure, format: str = "svg") -> bytes:
    """Return a figure as an image file; equal figures give equal bytes.

    Args:
        figure: the figure.
        format: ``"svg"``, ``"png"`` or ``"pdf"``.
    """
    import matplotlib as mpl

    output = io.BytesIO()
    unstamped = {"svg": {"Date": None}, "png": {"Software": None}, "pdf": {"CreationDate": None}}
    with mpl.rc_context({"svg.hashsalt": "kolena_local"}), _no_warnings():
        figure.savefig(output, format=format, metadata=unstamped[format], dpi=150)
    return output.getvalue()


def pages(figures: Sequence[Figure], format: str) -> bytes:
    """Return figures as one file: one on each page of a PDF file, or one in an SVG or PNG file.

    Raises:
        InputValidationError: only a PDF file can hold so many figures.
    """
    if len(figures) == 1:
        return image(figures[0], format)
    if format != "pdf":
        raise InputValidationError(
            f"An {format.upper()} file holds one plot and there are {len(figures)}; choose a .pdf"
            " file, a folder, or one test case."
        )
    from matplotlib.backends.backend_pdf import PdfPages

    output = io.BytesIO()
    with PdfPages(output, metadata={"CreationDate": None}) as file, _no_warnings():
        for figure in figures:
            file.savefig(figure)
    return output.getvalue()


@contextmanager
def _no_warnings() -> Iterator[None]:
    """Draw what matplotlib warns of: characters that no font has, and names without space.

    Deprecations are those of packages that an older matplotlib calls.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.filterwarnings("ignore", message="Glyph .* missing from|constrained_layout not")
        yield


def _drawn(plots: Mapping[str, StoredPlot]) -> Figure:
    first = next(iter(plots.values()))
    drawer = _DRAWERS.get(first.get("data_type"))
    if drawer is None:
        raise InputValidationError(
            f"A plot of the type {str(first.get('data_type'))!r:.80} cannot be drawn; the types are"
            f" {', '.join(map(str, _DRAWERS))}."
        )
    with from_extra("Plots"):  # importing it is slow, and makes folders for its settings
        from matplotlib.figure import Figure
    figure = Figure(layout="constrained")
    try:
        with _no_warnings():
            drawer(figure, plots)
        figure.suptitle(_text(first["title"]), parse_math=False, fontsize="large")
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise InputValidationError(
            f"The plot {_text(first.get('title'))!r} cannot be drawn, because what is stored of it"
            f" is not a {first.get('data_type')} ({type(error).__name__}: {error})."
        ) from error
    return figure


def _draw_curves(figure: Figure, plots: Mapping[str, StoredPlot]) -> None:
    axes = figure.subplots()
    first = next(iter(plots.values()))
    several = len(plots) > 1
    xs: list[float] = []
    ys: list[float] = []
    for (model, plot), color in zip(plots.items(), cycle(_COLORS), strict=False):
        # Of several models, each has a color and its curves have line styles.
        own = product([color], _LINES) if several else _STYLES
        for curve, (color, line) in zip(plot["curves"], cycle(own), strict=False):
            x, y = _numbers(curve["x"]), _numbers(curve["y"])
            axes.plot(
                x,
                y,
                color=color,
                linestyle=line,
                marker="o" if len(x) <= _MARKED else None,
                markersize=3,
                label=_label(model, curve.get("label")),
            )
            xs += x
            ys += y
    _scale(axes.set_xscale, first.get("x_config"), xs)
    _scale(axes.set_yscale, first.get("y_config"), ys)
    _name_axes(axes, first)
    axes.grid(alpha=0.3)
    _add_legend(figure, axes)


def _draw_histograms(figure: Figure, plots: Mapping[str, StoredPlot]) -> None:
    axes = figure.subplots()
    first = next(iter(plots.values()))
    groups = [
        (_label(model, name), _edges(plot["buckets"]), _numbers(counts))
        for model, plot in plots.items()
        for name, counts in _groups(plot)
    ]
    for (label, edges, counts), (color, line) in zip(groups, cycle(_STYLES), strict=False):
        if len(groups) <= 2:  # more areas on top of each other cannot be told apart
            axes.stairs(counts, edges, fill=True, color=color, alpha=0.3)
        axes.stairs(counts, edges, color=color, linestyle=line, linewidth=1.5, label=label)
    _scale(axes.set_xscale, first.get("x_config"), [x for _, edges, _ in groups for x in edges])
    _scale(axes.set_yscale, first.get("y_config"), [y for _, _, counts in groups for y in counts])
    _name_axes(axes, first)
    _add_legend(figure, axes)


def _groups(plot: StoredPlot) -> list[tuple[str | None, Sequence[Any]]]:
    if plot.get("labels"):
        return list(zip(_names(plot), plot["frequency"], strict=True))
    return [(None, plot["frequency"])]


def _edges(buckets: Sequence[Any]) -> list[float]:
    """Return the edges of buckets; one that is infinite is as far away as the one before it."""
    edges = _numbers(buckets)
    finite = [edge for edge in edges if not math.isnan(edge)] or [0.0]
    first, last = (finite[1] - finite[0], finite[-1] - finite[-2]) if len(finite) > 1 else (1, 1)
    for place, edge in enumerate(edges):
        if math.isnan(edge):
            edges[place] = finite[0] - first if buckets[place] < 0 else finite[-1] + last
    return edges


def _draw_bars(figure: Figure, plots: Mapping[str, StoredPlot]) -> None:
    first = next(iter(plots.values()))
    names, places = _places(plots)
    # Many names, or long ones, are readable only below each other.
    is_lying = len(names) > 12 or max(map(len, names)) > 15
    if is_lying:
        figure.set_size_inches(6.4, min(max(4.8, 0.22 * len(names) * len(plots)), 40))
    axes = figure.subplots()
    thickness = 0.8 / len(plots)
    heights: list[float] = []
    models = zip(plots.items(), places, cycle(_COLORS), cycle(_HATCHES), strict=False)
    for index, ((model, plot), own, color, hatch) in enumerate(models):
        shift = (index - (len(plots) - 1) / 2) * thickness
        at = [place + shift for place in own]
        values = _numbers(plot["values"])
        style: dict[str, Any] = {
            "color": color,
            "hatch": hatch,
            "edgecolor": "white",
            "label": _label(model),
        }
        (axes.barh if is_lying else axes.bar)(at, values, thickness, **style)
        heights += values
        for place, value in zip(at, values, strict=True):
            if math.isnan(value):
                _note_missing(axes, place, is_lying)
    _scale(axes.set_xscale if is_lying else axes.set_yscale, first.get("config"), heights)
    _name_ticks(axes.yaxis if is_lying else axes.xaxis, names)
    _name_axes(axes, first)
    if is_lying:
        axes.invert_yaxis()
        axes.set_ylabel(_text(first["x_label"]), parse_math=False)
        axes.set_xlabel(_text(first["y_label"]), parse_math=False)
    _add_legend(figure, axes)


def _places(plots: Mapping[str, StoredPlot]) -> tuple[list[str], list[list[int]]]:
    """Return the names of bars, and where among them the bars of each plot stand.

    Of bars that have one name in a plot, the second stands apart from the first.
    """
    keys: dict[tuple[str, int], int] = {}
    places: list[list[int]] = []
    for plot in plots.values():
        seen: Counter[str] = Counter()
        places.append([])
        for name in _names(plot):
            places[-1].append(keys.setdefault((name, seen[name]), len(keys)))
            seen[name] += 1
    return [name for name, _ in keys], places


def _note_missing(axes: Axes, place: float, is_lying: bool) -> None:
    x, y, ha, va = (0.0, place, "left", "center") if is_lying else (place, 0.0, "center", "bottom")
    axes.annotate("missing", (x, y), ha=ha, va=va, fontsize="x-small", color="dimgray")


def _draw_matrices(figure: Figure, plots: Mapping[str, StoredPlot]) -> None:
    from matplotlib import colormaps

    matrices = [[_numbers(row) for row in plot["matrix"]] for plot in plots.values()]
    for plot, matrix in zip(plots.values(), matrices, strict=True):
        if {len(_names(plot))} != {len(matrix), *map(len, matrix)}:
            raise ValueError("the matrix does not fit its labels")
    largest = max(len(matrix) for matrix in matrices)
    side = min(max(4.0, 0.35 * largest), 14.0)
    figure.set_size_inches(side * len(plots) + 1.2, side + 0.8)
    panels = figure.subplots(1, len(plots), squeeze=False)[0]
    values = [value for matrix in matrices for row in matrix for value in row if value == value]
    lowest, highest = min([0.0, *values]), max([*values, 0.0])
    colors = colormaps["Blues"].with_extremes(bad="lightgray")
    drawn = None
    for (model, plot), matrix, axes in zip(plots.items(), matrices, panels, strict=True):
        drawn = axes.imshow(matrix, cmap=colors, vmin=lowest, vmax=highest or 1.0)
        names = _names(plot)
        _name_ticks(axes.xaxis, names)
        _name_ticks(axes.yaxis, names)
        for label in axes.get_xticklabels():
            label.set_rotation(90 if max(map(len, names)) > 3 else 0)
        _name_axes(axes, plot)
        if model:
            axes.set_title(_text(model), parse_math=False, fontsize="medium")
        if len(names) <= _NUMBERED:
            _write_numbers(axes, matrix, (lowest + highest) / 2)
    if drawn is not None and largest > _NUMBERED:
        figure.colorbar(drawn, ax=list(panels), shrink=0.8)


def _write_numbers(axes: Axes, matrix: list[list[float]], middle: float) -> None:
    for row, values in enumerate(matrix):
        for column, value in enumerate(values):
            short = abs(value) < 1e6 and value.is_integer()
            text = "-" if math.isnan(value) else f"{value:,.0f}" if short else f"{value:.4g}"
            color = "white" if value > middle else "black"
            axes.text(column, row, text, ha="center", va="center", color=color, fontsize="small")


_DRAWERS: Final[dict[Any, Callable[[Figure, Mapping[str, StoredPlot]], None]]] = {
    "PLOT/CURVE": _draw_curves,
    "PLOT/HISTOGRAM": _draw_histograms,
    "PLOT/BAR": _draw_bars,
    "PLOT/CONFUSION_MATRIX": _draw_matrices,
}


def _text(value: Any, longest: int = _LONGEST) -> str:
    text = printable(str(value))
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _names(plot: StoredPlot) -> list[str]:
    names = plot["labels"]
    if isinstance(names, str) or any(isinstance(name, (list, dict)) for name in names):
        raise TypeError("the labels are not a list of names")
    return list(map(_text, names))


def _label(model: str, name: Any = None) -> str:
    """Return what the legend calls a model's curve or group."""
    return _text(": ".join(part for part in (model, "" if name is None else str(name)) if part))


def _number(value: Any) -> float:
    """Return a number for a figure; NaN leaves a gap for what is missing or infinite."""
    try:
        number = math.nan if value is None else float(value)
    except OverflowError:  # an integer beyond 1e308
        return math.nan
    if abs(number) > _GREATEST:
        return math.nan
    return 0.0 if abs(number) < 1 / _GREATEST else number


def _numbers(values: Sequence[Any]) -> list[float]:
    return list(map(_number, values))


def _scale(set_scale: Callable[..., Any], config: Any, values: Sequence[float]) -> None:
    """Make an axis logarithmic if this was asked for and there is a value that it can show."""
    if config and config.get("type") == "log" and any(value > 0 for value in values):
        set_scale("log", nonpositive="mask")


def _name_axes(axes: Axes, plot: StoredPlot) -> None:
    axes.set_xlabel(_text(plot["x_label"]), parse_math=False)
    axes.set_ylabel(_text(plot["y_label"]), parse_math=False)


def _name_ticks(axis: Any, names: Sequence[str]) -> None:
    """Write names on an axis; of very many, some."""
    step = math.ceil(len(names) / (2 * _NAMED))
    places = range(0, len(names), step)
    size = "medium" if len(names) <= 12 else "small" if len(names) <= _NAMED else "xx-small"
    labels = [_text(names[place], _LONGEST // 3) for place in places]
    axis.set_ticks(places, labels, parse_math=False, fontsize=size)


def _add_legend(figure: Figure, axes: Axes) -> None:
    handles, labels = axes.get_legend_handles_labels()
    if not any(labels):
        return
    named = [(handle, label) for handle, label in zip(handles, labels, strict=True) if label]
    kept = list(islice(named, _IN_LEGEND))
    more = f"and {len(named) - len(kept)} more" if len(named) > len(kept) else None
    legend = figure.legend(
        [handle for handle, _ in kept],
        [label for _, label in kept],
        loc="outside lower center",
        ncols=min(3, len(kept)),
        title=more,
        fontsize="small",
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
