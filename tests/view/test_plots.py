"""Stored plots become figures, whatever is in them."""

from __future__ import annotations

import math
import subprocess
import sys
import warnings
import xml.etree.ElementTree
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

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
from tests.conftest import long_only, sampled

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
LOG = AxisConfig("log")
CURVES = CurvePlot(**TEXTS, curves=[Curve([0, 1], [1, 2], "$up$"), Curve([0], [1])])


def stored(plot: Plot) -> Any:
    return loads(dumps(plot._to_dict()))


def written_on(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


@pytest.mark.parametrize(
    "plot",
    [
        Histogram("h", "x", "y", [-2, -1, 0, 1], [0, 0, 10**300], None, AxisConfig("log")),
        CurvePlot("c", "x", "y", [Curve([-1, 1], [1, 10**300])], AxisConfig("log")),
    ],
    ids=["histogram", "curve"],
)
def test_a_logarithmic_axis_may_have_nothing_that_can_be_drawn(plot: Plot) -> None:
    assert plot.figure().axes


@settings(max_examples=settings.default.max_examples // 3)  # drawing is slow
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
    with pytest.raises(InputValidationError, match="a dict of at least one plot by model name"):
        overlay({})
    with pytest.raises(InputValidationError, match="5 is not a plot"):
        overlay({"a": 5})  # type: ignore[dict-item]


def test_axes_are_labeled_and_scaled_as_configured() -> None:
    plot = CurvePlot("Losses", "step", "loss", [Curve([1, 10], [5, 50])], LOG, LOG)
    (axes,) = plot.figure().axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("step", "loss")
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    nothing_positive = CurvePlot("t", "x", "y", [Curve([-1, 0], [0, -5])], LOG, LOG)
    assert nothing_positive.figure().axes[0].get_xscale() == "linear"


def test_names_are_never_read_as_tex_and_stay_in_the_legend() -> None:
    assert "$up$" in written_on(CURVES.figure())
    assert {"a: $up$", "b: $up$"} <= {*written_on(overlay({"a": CURVES, "b": stored(CURVES)}))}
    many = CurvePlot(**TEXTS, curves=[Curve([0, 1], [i, i], f"c{i}") for i in range(25)])
    assert "and 6 more" in written_on(many.figure())


def test_bars_of_one_name_stand_apart_and_missing_ones_say_so() -> None:
    plot = BarPlot(**TEXTS, labels=["a", "a", "b"], values=[1, 2, None])
    figure = overlay({"m": stored(plot), "n": stored(BARS)})
    (axes,) = figure.axes
    ticks = [tick.get_text() for tick in axes.get_xticklabels()]
    assert ticks == ["a", "a", "b", "3"]
    assert written_on(figure).count("missing") == 2
    heights = sorted(bar.get_height() for bar in axes.patches if not math.isnan(bar.get_height()))
    assert heights == [0.5, 1, 1, 2]


def test_bars_on_a_logarithmic_axis_are_seen_and_what_it_cannot_show_is_written() -> None:
    values = [1, 1000, 0, -3, None]
    figure = BarPlot(**TEXTS, labels=list("abcde"), values=values, config=LOG).figure()
    figure.draw_without_rendering()
    (axes,) = figure.axes
    seen = [Bbox.intersection(bar.get_window_extent(), axes.bbox) for bar in axes.patches[:2]]
    assert [box and box.height > 5 for box in seen] == [True, True]
    assert {"0", "-3", "missing"} <= {*written_on(figure)}
    curve = CurvePlot(**TEXTS, curves=[Curve([0, 1, 2], [-1, 2, 0])], y_config=LOG)
    assert curve.figure().axes[0].get_ylabel() == "y (2 values ≤ 0 not shown)"


LONG = ["a long name that goes on and on, of class " + "x" * place for place in range(30)]
BIG: dict[str, Plot] = {
    "30 long names of curves": CurvePlot(
        "title " * 99, "x", "y", [Curve([0, 1], [0, 1], name) for name in LONG]
    ),
    "100 classes": ConfusionMatrix("t", [f"class {i}" for i in range(100)], [[1] * 100] * 100),
    "5,000 points": CurvePlot(**TEXTS, curves=[Curve([*range(5000)], [*range(5000)], "c")]),
    "30 long names of bars": BarPlot(**TEXTS, labels=LONG, values=[*range(30)]),
    "300 bars": BarPlot(**TEXTS, labels=[*range(300)], values=[*range(300)]),
    "9 groups": Histogram(
        **TEXTS, buckets=[0, 1, 2], frequency=[[1, 2]] * 9, labels=LONG[:9], y_config=LOG
    ),
    "20 classes": ConfusionMatrix("t", LONG[:20], [[9999] * 20] * 20),
}


@long_only
@pytest.mark.parametrize("name", sampled(BIG, 10))
def test_nothing_that_is_written_is_cut_off_or_on_top_of_each_other(name: str) -> None:
    plot = BIG[name]
    for figure in (plot.figure(), overlay({"a": plot, "b": plot})):
        figure.draw_without_rendering()
        whole = figure.bbox.padded(2)
        texts = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
        for axes in figure.axes:
            texts += [axes.title, axes.xaxis.label, axes.yaxis.label]
            for axis in (axes.xaxis, axes.yaxis):
                low, high = sorted(axis.get_view_interval())
                ticks = [it for it in axis.get_major_ticks() if low <= it.get_loc() <= high]
                names = [it.label1 for it in ticks if it.label1.get_visible()]
                texts += names
                boxes = [name.get_window_extent() for name in names]
                assert not any(one.overlaps(other) for one, other in pairwise(boxes))
        for text in filter(Text.get_text, texts):
            (x, y), (right, top) = text.get_window_extent().get_points()
            assert whole.contains(x, y) and whole.contains(right, top), text


def test_an_empty_plot_says_so() -> None:
    assert "no data" in written_on(CurvePlot(**TEXTS, curves=[Curve([], [], "c")]).figure())


def test_the_lines_of_two_models_differ_in_print() -> None:
    plot = CurvePlot(**TEXTS, curves=[Curve([0, 1], [0, 1], "c")])
    lines = overlay({"a": plot, "b": plot}).axes[0].get_lines()
    assert len({line.get_linestyle() for line in lines}) == 2
    bars = overlay({"a": BARS, "b": BARS}).axes[0].patches
    assert len({bar.get_hatch() for bar in bars}) == 2


def test_a_small_matrix_shows_its_numbers_and_a_large_one_its_colors() -> None:
    assert {"5", "-", "0.25", "3,000"} <= {*written_on(MATRIX.figure())}
    large = ConfusionMatrix("t", [f"c{i}" for i in range(100)], [[1] * 100] * 100)
    assert len(large.figure().axes) == 2  # the second is the scale of colors


@long_only
@pytest.mark.parametrize(
    ("format", "first"), sampled([("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
)
def test_equal_figures_are_equal_files(format: str, first: bytes) -> None:
    content = image(CURVES.figure(), format)
    assert content.startswith(first)
    assert content == image(CURVES.figure(), format)


@long_only
def test_threads_draw_what_one_thread_draws() -> None:
    expected = image(CURVES.figure())
    with ThreadPoolExecutor(4) as threads:
        assert {*threads.map(lambda _: image(CURVES.figure()), range(12))} == {expected}


def test_a_pdf_file_holds_several() -> None:
    figures = [CURVES.figure(), BARS.figure()]
    assert pages(figures).count(b"/Type /Page ") == 2


def test_a_notebook_shows_a_plot() -> None:
    overlaid: Any = overlay({"a": BARS, "b": BARS})
    for shown in (BARS._repr_png_(), overlaid._repr_png_()):
        assert shown is not None and shown.startswith(b"\x89PNG")


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
