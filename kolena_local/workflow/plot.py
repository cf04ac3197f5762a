"""Plots that an evaluator makes of a test case: their data, and checks of it.

Drawing is in :mod:`kolena_local.view.plots`, which is imported when a figure is asked for.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from kolena_local.errors import InputValidationError, KolenaError
from kolena_local.plurals import counted
from kolena_local.serialization.classes import ABSTRACT
from kolena_local.serialization.data_object import DataObject

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "AxisConfig",
    "BarPlot",
    "ConfusionMatrix",
    "Curve",
    "CurvePlot",
    "Histogram",
    "NullableNumberSeries",
    "NumberSeries",
    "Plot",
]

# Lists and tuples are accepted, arrays and ranges are not.
NumberSeries = Sequence[float | int]
NullableNumberSeries = Sequence[float | int | None]


class AxisConfig(DataObject):
    """How an axis is scaled.

    Args:
        type: ``"linear"`` or ``"log"``.
    """

    type: Literal["linear", "log"]


class Plot(DataObject):
    """The base of all plots; use one of its subclasses."""

    _data_type = ABSTRACT

    def figure(self) -> "Figure":
        """Draw the plot.

        Returns:
            A matplotlib figure, which may be changed and saved.

        Raises:
            MissingExtraError: matplotlib is not installed; the extra ``view`` installs it.
        """
        from kolena_local.view import plots

        return plots.draw(self)

    def _repr_png_(self) -> bytes | None:
        """Show the plot in a notebook, if it can be drawn."""
        from kolena_local.view import plots

        try:
            return plots.image(self.figure(), "png")
        except KolenaError:  # the notebook shows the text instead
            return None


class Curve(DataObject):
    """One curve of a :class:`CurvePlot`.

    Args:
        x: the x coordinates of its points.
        y: the y coordinates of its points, as many as ``x``.
        label: the name of the curve.
        extra: further series to show for each point, as long as ``x``.

    Raises:
        InputValidationError: the series are of different lengths.
    """

    x: NumberSeries
    y: NumberSeries
    label: str | None = None
    extra: dict[str, Sequence[Any]] | None = None

    def __post_init__(self) -> None:
        series = {"y": self.y}
        series.update({f"extra[{key!r}]": values for key, values in (self.extra or {}).items()})
        for name, values in series.items():
            if len(values) != len(self.x):
                raise InputValidationError(
                    f"Curve.{name} has {counted(len(values), 'value')} and Curve.x"
                    f" {len(self.x)}; give the same number of each."
                )

    _check = __post_init__


class CurvePlot(Plot):
    """Curves over one pair of axes.

    Args:
        title: the title of the plot.
        x_label: the label of the x axis.
        y_label: the label of the y axis.
        curves: the curves; the list may be empty.
        x_config: how the x axis is scaled.
        y_config: how the y axis is scaled.
    """

    title: str
    x_label: str
    y_label: str
    curves: list[Curve]
    x_config: AxisConfig | None = None
    y_config: AxisConfig | None = None

    _type_name = "PLOT/CURVE"


class Histogram(Plot):
    """How many values fall in each bucket, for one or more groups of values.

    Args:
        title: the title of the plot.
        x_label: the label of the x axis.
        y_label: the label of the y axis.
        buckets: the edges of the buckets, ascending, at least two.
        frequency: the count for each bucket; with labels, a series of counts for each label.
        labels: the names of the groups; None or empty for one group without a name.
        x_config: how the x axis is scaled.
        y_config: how the y axis is scaled.

    Raises:
        InputValidationError: the edges do not ascend, or the counts do not match the edges and
            labels.
    """

    title: str
    x_label: str
    y_label: str
    buckets: NumberSeries
    frequency: NumberSeries | Sequence[NumberSeries]
    labels: list[str] | None = None
    x_config: AxisConfig | None = None
    y_config: AxisConfig | None = None

    _type_name = "PLOT/HISTOGRAM"

    def __post_init__(self) -> None:
        if len(self.buckets) < 2:
            raise InputValidationError(
                f"Histogram.buckets has {counted(len(self.buckets), 'value')}; give at least"
                " two edges."
            )
        for index, (left, right) in enumerate(pairwise(self.buckets)):
            # Written this way, it refuses NaN too.
            if not left < right:
                raise InputValidationError(
                    f"Histogram.buckets[{index + 1}] is {right} after {left}; give edges that"
                    " ascend."
                )
        rows: list[tuple[str, Any]] = [("frequency", self.frequency)]
        if self.labels:
            rows = [(f"frequency[{index}]", row) for index, row in enumerate(self.frequency)]
            if len(rows) != len(self.labels):
                raise InputValidationError(
                    f"Histogram.frequency has {len(rows)} series and Histogram.labels"
                    f" {counted(len(self.labels), 'name')}; give one series for each name."
                )
        for name, row in rows:
            self._check_counts(name, row)

    _check = __post_init__

    def _check_counts(self, name: str, row: Any) -> None:
        if not isinstance(row, (list, tuple)):
            raise InputValidationError(
                f"Histogram.{name} is a number; with labels, give a series of counts for each"
                " label."
            )
        if any(isinstance(count, (list, tuple)) for count in row):
            raise InputValidationError(
                f"Histogram.{name} is a series of series; give labels that name them."
            )
        if len(row) != len(self.buckets) - 1:
            raise InputValidationError(
                f"Histogram.{name} has {counted(len(row), 'count')} for {len(self.buckets)}"
                " edges; give one count for each bucket between two edges."
            )


class BarPlot(Plot):
    """A bar chart.

    Args:
        title: the title of the plot.
        x_label: the label of the axis of names.
        y_label: the label of the axis of heights.
        labels: the name of each bar.
        values: the height of each bar, None if it is missing.
        config: how the axis of heights is scaled.

    Raises:
        InputValidationError: there are no bars, or the numbers of names and heights differ.
    """

    title: str
    x_label: str
    y_label: str
    labels: Sequence[int | float | str]
    values: NullableNumberSeries
    config: AxisConfig | None = None

    _type_name = "PLOT/BAR"

    def __post_init__(self) -> None:
        if len(self.labels) != len(self.values) or not self.labels:
            raise InputValidationError(
                f"BarPlot has {counted(len(self.labels), 'label')} and"
                f" {counted(len(self.values), 'value')}; give the same number of both,"
                " at least one."
            )

    _check = __post_init__


class ConfusionMatrix(Plot):
    """A confusion matrix: how often each class was predicted for each actual class.

    Args:
        title: the title of the plot.
        labels: the names of the classes, at least two.
        matrix: a row for each actual class, with a number for each predicted class; None if a
            number is missing.
        x_label: the label of the columns.
        y_label: the label of the rows.

    Raises:
        InputValidationError: there are fewer than two classes, or the matrix is not square.
    """

    title: str
    labels: list[str]
    matrix: Sequence[NullableNumberSeries]
    x_label: str = "Predicted"
    y_label: str = "Actual"

    _type_name = "PLOT/CONFUSION_MATRIX"

    def __post_init__(self) -> None:
        size = len(self.labels)
        if size < 2:
            raise InputValidationError(
                f"ConfusionMatrix.labels names {counted(size, 'class', 'classes')}; give at"
                " least two."
            )
        if len(self.matrix) != size:
            raise InputValidationError(
                f"ConfusionMatrix.matrix has {counted(len(self.matrix), 'row')} for {size} labels;"
                " give one for each."
            )
        for index, row in enumerate(self.matrix):
            if len(row) != size:
                raise InputValidationError(
                    f"ConfusionMatrix.matrix[{index}] has {counted(len(row), 'number')} for"
                    f" {size} labels; give one for each."
                )

    _check = __post_init__
