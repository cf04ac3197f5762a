"""Draws the plots that evaluators store, as matplotlib figures.

A plot comes as the object that is in the store, so that plots of any workflow can be drawn without
its classes. What is written on a figure comes from the store too: it is never read as TeX, and
control characters are escaped.
"""

from __future__ import annotations

import io
import textwrap
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Protocol

from kolena_local.errors import InputValidationError
from kolena_local.plurals import printable
from kolena_local.view.extra import from_extra
from kolena_local.view.plot_drawing import DRAWERS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["PlotObject", "StoredPlot", "draw", "image", "overlay", "pages"]

#: A plot as it is stored: what ``Plot._to_dict()`` returns.
StoredPlot = Mapping[str, Any]


class PlotObject(Protocol):
    """A plot as evaluators make it, such as ``kolena_local.workflow.BarPlot``."""

    def _to_dict(self) -> StoredPlot: ...


# Of Linux, macOS and Windows, with the characters of Chinese, Japanese and Korean.
_FONTS: Final = (
    "Noto Sans CJK JP",
    "Hiragino Sans",
    "Apple SD Gothic Neo",
    "Yu Gothic",
    "Microsoft YaHei",
    "Malgun Gothic",
)
_TURN: Final = Lock()
_LINE: Final = 60  # characters of the title that fit beside each other


def draw(plot: StoredPlot | PlotObject, *, note: str = "") -> Figure:
    """Draw a plot.

    Args:
        plot: the plot, as an object or as it is stored.
        note: what to write below the title.

    Returns:
        A figure, which may be changed and saved.

    Raises:
        InputValidationError: it is not a plot of a type that can be drawn.
        MissingExtraError: matplotlib is not installed.
    """
    return _drawn({"": _stored(plot)}, note)


def overlay(plots: Mapping[str, StoredPlot | PlotObject]) -> Figure:
    """Draw plots of several models into one figure.

    Curves and histograms share their axes, bars stand beside each other, and confusion matrices
    are drawn side by side with one scale of colors. Title and axes are those of the first plot.

    Args:
        plots: the plots, as objects or as they are stored, by the names of the models.

    Raises:
        InputValidationError: there are none, or they are of different types or cannot be drawn.
        MissingExtraError: matplotlib is not installed.
    """
    if not isinstance(plots, Mapping) or not plots:
        raise InputValidationError(
            f"plots must be a dict of at least one plot by model name, not {plots!r:.80}."
        )
    found = {str(model): _stored(plot) for model, plot in plots.items()}
    types = {str(plot.get("data_type")) for plot in found.values()}
    if len(types) > 1:
        raise InputValidationError(
            f"Plots of the types {' and '.join(sorted(types))} do not fit into one figure; give"
            " plots of one type."
        )
    return _drawn(found)


def _stored(plot: StoredPlot | PlotObject) -> StoredPlot:
    try:
        return plot if isinstance(plot, Mapping) else plot._to_dict()
    except AttributeError:
        raise InputValidationError(f"{plot!r:.80} is not a plot.") from None


def image(figure: Figure, format: str = "svg") -> bytes:
    """Return a figure as an image file; equal figures give equal bytes.

    Args:
        figure: the figure.
        format: ``"svg"``, ``"png"`` or ``"pdf"``.
    """
    output = io.BytesIO()
    unstamped = {"svg": {"Date": None}, "png": {"Software": None}, "pdf": {"CreationDate": None}}
    with _settings():
        if format == "svg":
            _save_svg(figure, output, unstamped[format])
        else:
            figure.savefig(output, format=format, metadata=unstamped[format], dpi=150)
    return output.getvalue()


def _save_svg(figure: Figure, output: io.BytesIO, metadata: dict[str, None]) -> None:
    """Write an SVG file; ``savefig`` would draw the figure twice, the first time to measure it."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    engine = figure.get_layout_engine()
    figure.set_dpi(72)  # as an SVG file has
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine("none")
    canvas: Any = FigureCanvasSVG(figure)
    canvas.print_svg(output, metadata=metadata)


def pages(figures: Iterable[Figure]) -> bytes:
    """Return figures as a PDF file, each on a page of its own."""
    from matplotlib.backends.backend_pdf import PdfPages

    output = io.BytesIO()
    with _settings(), PdfPages(output, metadata={"CreationDate": None}) as file:
        for figure in figures:
            file.savefig(figure)
    return output.getvalue()


@contextmanager
def _settings() -> Iterator[None]:
    """Set what matplotlib does, and do not show what it warns of.

    That is characters that no font has, names without space, and deprecated functions of packages
    that an older matplotlib calls.
    """
    import matplotlib as mpl

    # Settings and warnings are the process's: threads, such as those of a server, take turns.
    with _TURN, warnings.catch_warnings(), mpl.rc_context():
        mpl.rcParams["text.usetex"] = False
        mpl.rcParams["font.family"] = _fonts()
        mpl.rcParams["svg.hashsalt"] = "kolena_local"
        warnings.simplefilter("ignore", DeprecationWarning)
        # Of the last one, what has a place on a logarithmic axis may be too large to be drawn.
        ignored = "Glyph .* missing from|constrained_layout not|Data has no positive values"
        warnings.filterwarnings("ignore", message=ignored)
        yield


def _drawn(plots: Mapping[str, StoredPlot], note: str = "") -> Figure:
    first = next(iter(plots.values()))
    drawer = DRAWERS.get(first.get("data_type"))
    if drawer is None:
        raise InputValidationError(
            f"A plot of the type {str(first.get('data_type'))!r:.80} cannot be drawn; the types are"
            f" {', '.join(map(str, DRAWERS))}."
        )
    with from_extra("Plots"):  # importing it is slow, and makes folders for its settings
        from matplotlib.figure import Figure
    figure = Figure(layout="constrained")
    try:
        with _settings():
            drawer(figure, plots)
            figure.suptitle(_title(first["title"], note), parse_math=False, fontsize="large")
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise InputValidationError(
            f"The plot {str(first.get('title'))!r:.80} cannot be drawn, because what is stored of"
            f" it is not a {first.get('data_type')} ({type(error).__name__}: {error})."
        ) from error
    # Notebooks know how to show a figure only once pyplot is imported.
    vars(figure)["_repr_png_"] = partial(image, figure, "png")
    return figure


def _fonts() -> list[str]:
    """Return matplotlib's fonts and, for characters they lack, those that systems come with."""
    from matplotlib import font_manager, rcParams

    installed = {*font_manager.fontManager.get_font_names()}
    return [*rcParams["font.family"], *(font for font in _FONTS if font in installed)]


def _title(*lines: object) -> str:
    wrap = partial(textwrap.wrap, width=_LINE, max_lines=3, placeholder=" …")
    return "\n".join(part for line in lines for part in wrap(printable(str(line))))
