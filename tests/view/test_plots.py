"""Stored plots become figures, whatever is in them."""

from __future__ import annotations

import io
import math
import subprocess
import sys
import warnings
import xml.etree.ElementTree
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from kolena_local.errors import InputValidationError
from kolena_local.payload import dumps, loads
from kolena_local.view.plots import draw, image, overlay, pages
from kolena_local.workflow import (
    AxisConfig,
    BarPlot,
    ConfusionMatrix,
    Curve,
    CurvePlot,
    Histogram,
    Plot,
)

texts = st.text(max_size=8) | st.sampled_from(
    ["$x_1$", "_a", "<script>", "\x00", "\ud800", "日本" * 99]
)
numbers = st.integers(-9, 9) | st.floats() | st.sampled_from([10**400, 5e-324, 1.7e308])
scales = st.none() | st.builds(AxisConfig, st.sampled_from(["linear", "log"]))
named: dict[str, Any] = {"title": texts, "x_label": texts, "y_label": texts}


def lists(size: int, values: Any = numbers) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, min_size=size, max_size=size)


curves = st.integers(0, 4).flatmap(
    lambda size: st.builds(Curve, lists(size), lists(size), st.none() | texts)
)
curve_plots = st.builds(
    CurvePlot, **named, curves=st.lists(curves, max_size=3), x_config=scales, y_config=scales
)
edges = st.lists(st.floats(allow_nan=False), min_size=2, max_size=5, unique=True).map(sorted)
histograms = edges.flatmap(
    lambda buckets: st.builds(
        Histogram,
        **named,
        buckets=st.just(buckets),
        frequency=lists(2, lists(len(buckets) - 1)),
        labels=lists(2, texts),
        x_config=scales,
        y_config=scales,
    )
)
bar_plots = st.integers(1, 20).flatmap(
    lambda size: st.builds(
        BarPlot,
        **named,
        labels=lists(size, texts | st.integers()),
        values=lists(size, st.none() | numbers),
        config=scales,
    )
)
matrices = st.integers(2, 4).flatmap(
    lambda size: st.builds(
        ConfusionMatrix,
        texts,
        lists(size, texts),
        lists(size, lists(size, st.none() | numbers)),
    )
)
plots = st.one_of(curve_plots, histograms, bar_plots, matrices)

TEXTS: dict[str, Any] = {"title": "t", "x_label": "x", "y_label": "y"}
BARS = BarPlot(**TEXTS, labels=["a", "b", 3], values=[1, None, 0.5])
MATRIX = ConfusionMatrix("t", ["a", "b"], [[5, None], [0.25, 3000]])
CURVES = CurvePlot(**TEXTS, curves=[Curve([0, 1], [1, 2], "$up$"), Curve([0], [1])])


def stored(plot: Plot) -> Any:
    return loads(dumps(plot._to_dict()))


def written_on(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


@settings(max_examples=settings.default.max_examples // 2)  # drawing is slow
@given(plots)
def test_every_plot_can_be_drawn_alone_and_over_another(plot: Plot) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for figure in (plot.figure(), overlay({"a": stored(plot), "b": stored(plot)})):
            xml.etree.ElementTree.fromstring(image(figure))


@pytest.mark.parametrize("value", [None, 5, "abc", [1], [{}], {"$": 1}, [[None, "x"], []]])
@pytest.mark.parametrize(
    ("plot", "name"),
    [
        (CURVES, "curves"),
        (BARS, "labels"),
        (BARS, "values"),
        (MATRIX, "labels"),
        (MATRIX, "matrix"),
    ],
)
def test_what_is_not_a_plot_is_refused(plot: Plot, name: str, value: Any) -> None:
    with pytest.raises(InputValidationError, match="The plot 't' cannot be drawn"):
        draw({**stored(plot), name: value})


def test_other_types_are_refused() -> None:
    with pytest.raises(InputValidationError, match="type 'PLOT/PIE' cannot be drawn"):
        draw({"data_type": "PLOT/PIE"})
    with pytest.raises(InputValidationError, match="PLOT/BAR and PLOT/CURVE do not fit"):
        overlay({"a": stored(BARS), "b": stored(CURVES)})
    with pytest.raises(InputValidationError, match="no plot to draw"):
        overlay({})


def test_axes_are_labeled_and_scaled_as_configured() -> None:
    log = AxisConfig("log")
    plot = CurvePlot("Losses", "step", "loss", [Curve([1, 10], [5, 50])], log, log)
    (axes,) = plot.figure().axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("step", "loss")
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    nothing_positive = CurvePlot("t", "x", "y", [Curve([-1, 0], [0, -5])], log, log)
    assert nothing_positive.figure().axes[0].get_xscale() == "linear"


def test_names_are_never_read_as_tex_and_stay_in_the_legend() -> None:
    assert "$up$" in written_on(CURVES.figure())
    assert {"a: $up$", "b: $up$"} <= {
        *written_on(overlay({"a": stored(CURVES), "b": stored(CURVES)}))
    }
    many = CurvePlot(**TEXTS, curves=[Curve([0, 1], [i, i], f"c{i}") for i in range(25)])
    assert "and 5 more" in written_on(many.figure())


def test_bars_of_one_name_stand_apart_and_missing_ones_say_so() -> None:
    plot = BarPlot(**TEXTS, labels=["a", "a", "b"], values=[1, 2, None])
    figure = overlay({"m": stored(plot), "n": stored(BARS)})
    (axes,) = figure.axes
    ticks = [tick.get_text() for tick in axes.get_xticklabels()]
    assert ticks == ["a", "a", "b", "3"]
    assert written_on(figure).count("missing") == 2
    heights = sorted(bar.get_height() for bar in axes.patches if not math.isnan(bar.get_height()))
    assert heights == [0.5, 1, 1, 2]


def test_a_small_matrix_shows_its_numbers_and_a_large_one_its_colors() -> None:
    assert {"5", "-", "0.25", "3,000"} <= {*written_on(MATRIX.figure())}
    large = ConfusionMatrix("t", [f"c{i}" for i in range(100)], [[1] * 100] * 100)
    assert len(large.figure().axes) == 2  # the second is the scale of colors


@pytest.mark.parametrize(
    ("format", "first"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")]
)
def test_equal_figures_are_equal_files(format: str, first: bytes) -> None:
    content = image(CURVES.figure(), format)
    assert content.startswith(first)
    assert content == image(CURVES.figure(), format)


def test_only_a_pdf_file_holds_several() -> None:
    figures = [CURVES.figure(), BARS.figure()]
    assert pages(figures, "pdf").count(b"/Type /Page ") == 2
    with pytest.raises(InputValidationError, match="holds one plot and there are 2"):
        pages(figures, "svg")


def test_a_notebook_shows_a_plot() -> None:
    shown = BARS._repr_png_()
    assert shown is not None
    assert io.BytesIO(shown).read(4) == b"\x89PNG"


def test_without_matplotlib_a_sentence_names_the_extra() -> None:
    code = """if True:
        import sys
        sys.modules["matplotlib"] = None
        from kolena_local.workflow import BarPlot
        plot = BarPlot("t", "x", "y", ["a"], [1])
        assert plot._repr_png_() is None
        try:
            plot.figure()
        except ImportError as error:
            print(error)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == (
        "Plots need matplotlib, which is not installed; run: pip install 'kolena-local[view]'\n"
    )
