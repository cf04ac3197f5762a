"""Pictures of samples: files below one folder, with annotations drawn over them.

A locator is text from the store. It opens a file only if ``--images`` names a folder, the resolved
path is inside of it, and the file itself begins like an image that browsers draw without scripts.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit

from flask import Blueprint, Response, abort, request, url_for

from kolena_local.payload import Json, loads
from kolena_local.repository.records import SampleRow
from kolena_local.view.extra import from_extra
from kolena_local.view.page.settings import settings
from kolena_local.view.page.store import reading
from kolena_local.view.samples import SampleView

images = Blueprint("images", __name__)

#: Formats that are told by their first bytes, and their types. SVG is not an image: it has scripts.
_TYPES: Final = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
}
_MOST_SHAPES: Final = 500


class Shape(NamedTuple):
    """An annotation in pixels: ``rect``, ``polygon``, ``polyline`` or ``points``."""

    part: str
    kind: str
    points: list[tuple[float, float]]
    title: str


class Picture(NamedTuple):
    """An image with what is drawn over it."""

    href: str
    width: int
    height: int
    shapes: list[Shape]


@images.get("/image")
def show() -> Response:
    """Serve the image of a sample, by the sample's id."""
    found = _file(_sample(request.args.get("sample", "")))
    if found is None:
        abort(404)
    path, format_, _ = found
    return Response(path.read_bytes(), mimetype=_TYPES[format_])


def picture(view: SampleView) -> Picture | None:
    """Return the picture of a sample; None if there is none to show."""
    found = _file(loads(view.row.sample))
    if found is None:
        return None
    shapes = [
        shape
        for part in ("ground_truth", "base_inference", "inference")
        for shape in _shapes(part, loads(getattr(view.row, part) or "null"))
    ]
    href = url_for("images.show", sample=view.row.test_sample_id)
    return Picture(href, *found[2], shapes[:_MOST_SHAPES])


def _sample(text: str) -> Json:
    if not text.isdecimal() or len(text) > 18:
        abort(404)
    with reading() as unit:
        rows: list[SampleRow] = unit.test_samples.rows([int(text)])
    return loads(rows[0].payload) if rows else None


def _file(sample: Json) -> tuple[Path, str, tuple[int, int]] | None:
    """Return the file of a sample's locator, its format and its size; None if it has none."""
    with from_extra("Pictures of samples"):
        from PIL import Image, UnidentifiedImageError  # late: most pages have no picture

    folder = settings().images
    locator = sample.get("locator") if isinstance(sample, dict) else None
    if folder is None or not isinstance(locator, str):
        return None
    root = folder.resolve()
    for place in _places(locator):
        try:
            path = (root / place).resolve()
            if not path.is_relative_to(root) or not path.is_file():
                continue
            with Image.open(path, formats=list(_TYPES)) as image:
                return path, str(image.format), image.size
        except (OSError, ValueError, UnidentifiedImageError, Image.DecompressionBombError):
            continue
    return None


def _places(locator: str) -> Iterator[str]:
    """Yield where a locator may be below the folder: as it is, and as the path of an address."""
    yield locator
    try:
        parts = urlsplit(locator)
    except ValueError:
        return
    if parts.scheme and parts.netloc:
        path = unquote(parts.path).lstrip("/")
        yield path
        yield f"{parts.netloc}/{path}"


def _shapes(part: str, value: Json) -> Iterator[Shape]:
    """Yield the annotations in a JSON value, wherever they are."""
    if isinstance(value, list):
        for item in value:
            yield from _shapes(part, item)
    elif isinstance(value, dict):
        try:
            kind, points = _drawn(value)
        except (KeyError, TypeError, ValueError, OverflowError):
            kind, points = "", []
        if kind:
            said = [str(value[it]) for it in ("label", "score") if value.get(it) is not None]
            yield Shape(part, kind, points, " ".join(said))
        else:
            for item in value.values():
                yield from _shapes(part, item)


def _drawn(value: dict[str, Any]) -> tuple[str, list[tuple[float, float]]]:
    kind = str(value.get("data_type", "")).removeprefix("ANNOTATION/")
    if kind == "BOUNDING_BOX":
        (left, top), (right, bottom) = _points([value["top_left"], value["bottom_right"]])
        x, y = min(left, right), min(top, bottom)
        return "rect", [(x, y), (abs(right - left), abs(bottom - top))]
    if kind in ("POLYGON", "SEGMENTATION_MASK"):
        return "polygon", _points(value["points"])
    if kind == "POLYLINE":
        return "polyline", _points(value["points"])
    return ("points", _points(value["points"])) if kind == "KEYPOINTS" else ("", [])


def _points(points: Any) -> list[tuple[float, float]]:
    found = [(float(x), float(y)) for x, y in points]
    if not all(abs(number) < 1e9 for point in found for number in point):
        raise ValueError("not on an image")
    return found
