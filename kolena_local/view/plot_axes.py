"""What plots of all types have: numbers that can be drawn, names, axes and a legend."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from kolena_local.plurals import counted, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

_LONGEST: Final = 60  # characters of a name
_IN_LEGEND: Final = 20
_LEGEND_WIDTH: Final = 80  # characters that fit below a figure
_GREATEST: Final = 1e100  # beyond it, or below its inverse, matplotlib's arithmetic overflows


def numbers(values: Sequence[Any]) -> list[float]:
    """Return numbers for a figure; NaN leaves a gap for what is missing or infinite."""
    return list(map(_number, values))


def _number(value: Any) -> float:
    try:
        number = math.nan if value is None else float(value)
    except OverflowError:  # an integer beyond 1e308
        return math.nan
    if abs(number) > _GREATEST:
        return math.nan
    return 0.0 if abs(number) < 1 / _GREATEST else number


def text(value: Any, longest: int = _LONGEST) -> str:
    """Return a name on one line; of a long one, its beginning and its end."""
    whole = printable(str(value))
    end = longest // 3
    return whole if len(whole) <= longest else f"{whole[: longest - end - 1]}…{whole[-end:]}"


def names(labels: Any, longest: int = _LONGEST) -> list[str]:
    """Return the names of bars, classes or groups.

    Raises:
        TypeError: they are not a list of names.
    """
    if isinstance(labels, str) or any(isinstance(name, (list, dict)) for name in labels):
        raise TypeError("the labels are not a list of names")
    return [text(name, longest) for name in labels]


def label(model: str, name: Any = None) -> str:
    """Return what the legend calls a model's curve or group."""
    return text(": ".join(part for part in (model, "" if name is None else str(name)) if part))


def is_log(config: Any, values: Sequence[float]) -> bool:
    """Return whether an axis is to be logarithmic and there is a value that it can show."""
    return bool(config) and config.get("type") == "log" and any(value > 0 for value in values)


def name_axes(axes: Axes, x_label: Any, y_label: Any) -> None:
    """Write the labels of both axes."""
    axes.set_xlabel(text(x_label), parse_math=False)
    axes.set_ylabel(text(y_label), parse_math=False)


def name_ticks(axis: Axis, names: Sequence[str], most: int, rotation: int = 0) -> None:
    """Write names on an axis; if they are more than ``most``, only every second, third, ..."""
    step = math.ceil(len(names) / most)
    size = "medium" if len(names) <= 12 else "small" if len(names) <= 50 else "xx-small"
    axis.set_ticks(
        range(0, len(names), step),
        names[::step],
        parse_math=False,
        fontsize=size,
        rotation=rotation,
    )


def scale_curves(
    set_scale: Callable[..., Any], config: Any, values: Sequence[float], label: Any
) -> str:
    """Scale an axis of curves; return its label, which says what a logarithm leaves out."""
    if not is_log(config, values):
        return str(label)
    set_scale("log", nonpositive="mask")
    left_out = sum(value <= 0 for value in values)
    return f"{label} ({counted(left_out, 'value')} ≤ 0 not shown)" if left_out else str(label)


def note_if_empty(axes: Axes, values: Sequence[float]) -> None:
    """Say so if there is nothing to see."""
    if all(map(math.isnan, values)):
        axes.text(0.5, 0.5, "no data", transform=axes.transAxes, ha="center", color="dimgray")


def add_legend(figure: Figure, axes: Axes) -> None:
    """Name the curves, groups or models below the axes, and make room for that."""
    from matplotlib.lines import Line2D

    handles, labels = axes.get_legend_handles_labels()
    named = [(handle, label) for handle, label in zip(handles, labels, strict=True) if label]
    if not named:
        return
    if len(named) > _IN_LEGEND:
        more = f"and {len(named) - _IN_LEGEND + 1} more"
        named[_IN_LEGEND - 1 :] = [(Line2D([], [], linestyle="none"), more)]
    longest = max(len(label) for _, label in named) + 8
    columns = min(3, len(named), max(1, _LEGEND_WIDTH // longest))
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + 0.2 * max(0, math.ceil(len(named) / columns) - 2))
    legend = figure.legend(
        [handle for handle, _ in named],
        [label for _, label in named],
        loc="outside lower center",
        ncols=columns,
        fontsize="small",
    )
    for entry in legend.get_texts():
        entry.set_parse_math(False)
