"""Draws each type of plot into a figure: one plot, or those of several models."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final

from kolena_local.view.plot_axes import (
    add_legend,
    is_log,
    label,
    name_axes,
    name_ticks,
    names,
    note_if_empty,
    numbers,
    scale_curves,
    text,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Plots = Mapping[str, Mapping[str, Any]]

# The colors of Okabe and Ito, which color-blind people can tell apart, the darkest first; printed
# in gray, lines and hatches tell.
_COLORS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
_LINES: Final = ("-", "--", "-.", ":")
_HATCHES: Final = ("", "///", "...", "xxx", "\\\\\\", "+++", "ooo")
_STANDING: Final = 12  # bars whose names fit beside each other
_NUMBERED: Final = 20  # classes of a confusion matrix whose numbers fit into its cells
_MARKED: Final = 30  # points of a curve that are marked one by one
_DENSE: Final = 1000  # points of a curve that would hide others behind a thick line
_CHARACTER: Final = 0.09  # inches
_TICK: Final = 30  # characters of a name at an axis


def _styles() -> Iterable[tuple[str, str]]:
    return zip(cycle(_COLORS), cycle(_LINES), strict=False)


def _draw_curves(figure: Figure, plots: Plots) -> None:
    axes = figure.subplots()
    first = next(iter(plots.values()))
    most = max(len(plot["curves"]) for plot in plots.values())
    xs: list[float] = []
    ys: list[float] = []
    for (model, plot), style in zip(plots.items(), _styles(), strict=False):
        # Of models with several curves, equal colors are equal curves and equal lines are a model.
        own = _styles() if len(plots) == 1 else ((color, style[1]) for color in cycle(_COLORS))
        own = [style] if most == 1 else own
        for curve, (color, line) in zip(plot["curves"], own, strict=False):
            x, y = numbers(curve["x"]), numbers(curve["y"])
            axes.plot(
                x,
                y,
                color=color,
                linestyle=line,
                linewidth=1.5 if len(x) <= _DENSE else 1,
                marker="o" if len(x) <= _MARKED else None,
                markersize=3,
                label=label(model, curve.get("label")),
            )
            xs += x
            ys += y
    x_label = scale_curves(axes.set_xscale, first.get("x_config"), xs, first["x_label"])
    y_label = scale_curves(axes.set_yscale, first.get("y_config"), ys, first["y_label"])
    name_axes(axes, x_label, y_label)
    note_if_empty(axes, ys)
    axes.grid(alpha=0.3)
    add_legend(figure, axes)


def _draw_histograms(figure: Figure, plots: Plots) -> None:
    axes = figure.subplots()
    first = next(iter(plots.values()))
    groups = [
        (label(model, name), _edges(plot["buckets"]), numbers(counts))
        for model, plot in plots.items()
        for name, counts in _groups(plot)
    ]
    for (name, edges, counts), (color, line) in zip(groups, _styles(), strict=False):
        if len(groups) <= 2:  # more areas on top of each other cannot be told apart
            axes.stairs(counts, edges, fill=True, color=color, alpha=0.3)
        axes.stairs(counts, edges, color=color, linestyle=line, linewidth=1.5, label=name)
    if is_log(first.get("x_config"), [edge for _, edges, _ in groups for edge in edges]):
        axes.set_xscale("log", nonpositive="clip")
    if is_log(first.get("y_config"), [count for *_, counts in groups for count in counts]):
        axes.set_yscale("log", nonpositive="clip")
    name_axes(axes, first["x_label"], first["y_label"])
    note_if_empty(axes, [count for *_, counts in groups for count in counts])
    add_legend(figure, axes)


def _groups(plot: Mapping[str, Any]) -> list[tuple[str | None, Sequence[Any]]]:
    if plot.get("labels"):
        return list(zip(names(plot["labels"]), plot["frequency"], strict=True))
    return [(None, plot["frequency"])]


def _edges(buckets: Sequence[Any]) -> list[float]:
    """Return the edges of buckets; one that is infinite is as far away as the one before it."""
    edges = numbers(buckets)
    finite = [edge for edge in edges if not math.isnan(edge)] or [0.0]
    first, last = (finite[1] - finite[0], finite[-1] - finite[-2]) if len(finite) > 1 else (1, 1)
    for place, edge in enumerate(edges):
        if math.isnan(edge):
            edges[place] = finite[0] - first if buckets[place] < 0 else finite[-1] + last
    return edges


def _draw_bars(figure: Figure, plots: Plots) -> None:
    first = next(iter(plots.values()))
    ticks, places = _places(plots)
    # Many names, or long ones, are readable only below each other.
    is_lying = len(ticks) > _STANDING or max(map(len, ticks)) > 15
    if is_lying:
        figure.set_size_inches(6.4, _height_of_bars(len(ticks), len(plots)))
    axes = figure.subplots()
    thickness = 0.8 / len(plots)
    values = {model: numbers(plot["values"]) for model, plot in plots.items()}
    is_logarithmic = is_log(first.get("config"), [it for own in values.values() for it in own])
    styles = zip(places, cycle(_COLORS), cycle(_HATCHES), strict=False)
    for index, (model, (own, color, hatch)) in enumerate(zip(plots, styles, strict=False)):
        shift = (index - (len(plots) - 1) / 2) * thickness
        at = [place + shift for place in own]
        style: dict[str, Any] = {"color": color, "hatch": hatch, "edgecolor": "white"}
        (axes.barh if is_lying else axes.bar)(
            at, values[model], thickness, **style, label=label(model)
        )
        for place, value in zip(at, values[model], strict=True):
            if math.isnan(value):
                _write_at(axes, place, "missing", is_lying)
            elif is_logarithmic and value <= 0:
                _write_at(axes, place, f"{value:g}", is_lying)
    if is_logarithmic:
        (axes.set_xscale if is_lying else axes.set_yscale)("log", nonpositive="clip")
    else:
        (axes.axvline if is_lying else axes.axhline)(0, color="black", linewidth=0.8)
    name_ticks(axes.yaxis if is_lying else axes.xaxis, ticks, most=300)
    if is_lying:
        axes.set_ylim(len(ticks) - 0.5, -0.5)
        name_axes(axes, first["y_label"], first["x_label"])
    else:
        axes.set_xlim(-0.5, len(ticks) - 0.5)  # with room for bars that are missing
        name_axes(axes, first["x_label"], first["y_label"])
    add_legend(figure, axes)


def _height_of_bars(bars: int, models: int) -> float:
    """Return the height of a figure in inches in which the names of bars stand apart."""
    each = max(0.22 if bars <= 50 else 0.13, 0.08 * models)
    return min(max(4.8, 1 + each * bars), 40)


def _places(plots: Plots) -> tuple[list[str], list[list[int]]]:
    """Return the names of bars, and where among them the bars of each plot stand.

    Of bars that have one name in a plot, the second stands apart from the first.
    """
    keys: dict[tuple[str, int], int] = {}
    places: list[list[int]] = []
    for plot in plots.values():
        seen: Counter[str] = Counter()
        places.append([])
        for name in names(plot["labels"], longest=10**4):
            places[-1].append(keys.setdefault((name, seen[name]), len(keys)))
            seen[name] += 1
    return [text(name, _TICK) for name, _ in keys], places


def _write_at(axes: Axes, place: float, words: str, is_lying: bool) -> None:
    """Write at the beginning of a bar that cannot be seen."""
    style: dict[str, Any] = {"fontsize": "x-small", "color": "dimgray"}
    if is_lying:
        transform = axes.get_yaxis_transform()
        axes.text(0.01, place, words, transform=transform, va="center", **style)
    else:
        transform = axes.get_xaxis_transform()
        axes.text(place, 0.01, words, transform=transform, ha="center", **style)


def _draw_matrices(figure: Figure, plots: Plots) -> None:
    from matplotlib import colormaps

    matrices = [[numbers(row) for row in plot["matrix"]] for plot in plots.values()]
    classes = [names(plot["labels"], _TICK) for plot in plots.values()]
    for own, matrix in zip(classes, matrices, strict=True):
        if {len(own)} != {len(matrix), *map(len, matrix)}:
            raise ValueError("the matrix does not fit its labels")
    largest = max(map(len, classes))
    is_numbered = largest <= _NUMBERED
    values = [value for matrix in matrices for row in matrix for value in row if value == value]
    lowest, highest = min([0.0, *values]), max([*values, 0.0])
    cell = max(0.35, _CHARACTER * max(len(_shown(value)) for value in [0.0, *values]) + 0.1)
    side = min(max(4.0, (cell if is_numbered else 0.35) * largest), 14.0)
    longest = _CHARACTER * max(len(name) for own in classes for name in own)
    is_turned = longest > side / largest
    figure.set_size_inches(
        (side + longest + 0.5) * len(plots) + 0.5, side + 1.5 + (longest if is_turned else 0)
    )
    panels = figure.subplots(1, len(plots), squeeze=False)[0]
    colors = colormaps["Blues"].with_extremes(bad="lightgray")
    drawn = None
    for (model, plot), own, matrix, axes in zip(
        plots.items(), classes, matrices, panels, strict=True
    ):
        drawn = axes.imshow(matrix, cmap=colors, vmin=lowest, vmax=highest or 1.0)
        name_ticks(axes.yaxis, own, most=100)
        name_ticks(axes.xaxis, own, most=100, rotation=90 if is_turned else 0)
        name_axes(axes, plot["x_label"], plot["y_label"])
        if model:
            axes.set_title(text(model), parse_math=False, fontsize="medium")
        if is_numbered:
            _write_numbers(axes, matrix, (lowest + highest) / 2)
    if drawn is not None and not is_numbered:
        figure.colorbar(drawn, ax=list(panels), fraction=0.05, pad=0.01, aspect=40)


def _write_numbers(axes: Axes, matrix: list[list[float]], middle: float) -> None:
    for row, values in enumerate(matrix):
        for column, value in enumerate(values):
            color = "white" if value > middle else "black"
            axes.text(
                column, row, _shown(value), ha="center", va="center", color=color, fontsize="small"
            )


def _shown(value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:,.0f}" if abs(value) < 1e6 and value.is_integer() else f"{value:.4g}"


DRAWERS: Final[dict[Any, Callable[[Figure, Plots], None]]] = {
    "PLOT/CURVE": _draw_curves,
    "PLOT/HISTOGRAM": _draw_histograms,
    "PLOT/BAR": _draw_bars,
    "PLOT/CONFUSION_MATRIX": _draw_matrices,
}
