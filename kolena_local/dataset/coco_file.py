"""Reads files in the format of COCO: annotations of images, and the detections of a model."""

from __future__ import annotations

import math
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kolena_local.annotation import LabeledBoundingBox, ScoredLabeledBoundingBox
from kolena_local.dataset.dataset import _load_dataset_metadata, download_dataset
from kolena_local.errors import InputValidationError
from kolena_local.payload import loads_foreign
from kolena_local.plurals import counted, enumerated
from kolena_local.warn import warn

if TYPE_CHECKING:
    import pandas as pd

GROUND_TRUTHS: Final = "ground_truths"
RAW_INFERENCES: Final = "raw_inferences"
_IMAGE_ID: Final = "image_id"
_LOCATOR: Final = "locator"


class _Item(NamedTuple):
    """An object of the file, and where it is."""

    place: str
    fields: dict[str, Any]

    def get(self, name: str) -> Any:
        if name not in self.fields:
            raise InputValidationError(f"{self.place} has no '{name}'.")
        return self.fields[name]

    def key(self, name: str) -> int | str:
        value = self.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            raise self.wrong(name, "a whole number or a string")
        return value

    def number(self, name: str) -> float:
        value = self.get(name)
        if not _is_number(value):
            raise self.wrong(name, "a number")
        return float(value)

    def corners(self) -> tuple[tuple[float, float], tuple[float, float]]:
        box = self.get("bbox")
        if not (isinstance(box, list) and len(box) == 4 and all(map(_is_number, box))):
            raise self.wrong("bbox", "four numbers (x, y, width, height)")
        x, y, width, height = box
        return (x, y), (x + width, y + height)

    def wrong(self, name: str, wanted: str) -> InputValidationError:
        return InputValidationError(
            f"{self.place}: '{name}' must be {wanted}, not {self.fields[name]!r:.80}."
        )


def read_annotations(path: str) -> pd.DataFrame:
    """Read COCO annotations: a row for each image, with its objects.

    Args:
        path: a JSON file with ``images``, ``annotations`` and ``categories``.

    Returns:
        A DataFrame with ``locator`` (the image's ``file_name``, or else its ``coco_url``),
        ``image_id``, what else the file says about the image, and ``ground_truths``. These are
        labeled boxes with ``category_id``, ``iscrowd``, and ``coco_area`` (the area inside the
        outline, whereas ``area`` is that of the box).

    Raises:
        InputValidationError: the file cannot be read or is not such a file, or two images have the
            same id or locator.
    """
    import pandas as pd

    content = _content(path)
    if not isinstance(content, dict) or not {"images", "annotations", "categories"} <= {*content}:
        raise InputValidationError(
            f"'{path}' has no COCO annotations, which are a JSON object with images, annotations"
            " and categories; give another file."
        )
    names = {
        it.key("id"): str(it.get("name"))
        for it in _items(path, "categories", content["categories"])
    }
    rows: dict[int | str, dict[str, Any]] = {}
    places: dict[tuple[str, int | str], str] = {}
    for image in _items(path, "images", content["images"]):
        key, row = image.key("id"), _row(image)
        for value in (("id", key), ("locator", row[_LOCATOR])):
            if value in places:
                raise InputValidationError(
                    f"{image.place} has the same {value[0]} as {places[value]}: {value[1]!r:.80}."
                )
            places[value] = image.place
        rows[key] = row
    for item in _items(path, "annotations", content["annotations"]):
        row, category = rows.get(item.key(_IMAGE_ID), {}), item.key("category_id")
        if not row:
            raise InputValidationError(
                f"{item.place}: no image has the id {item.get(_IMAGE_ID)!r:.80}."
            )
        if category not in names:
            raise InputValidationError(f"{item.place}: no category has the id {category!r:.80}.")
        extras: dict[str, Any] = {
            "category_id": category,
            "iscrowd": item.fields.get("iscrowd", 0) == 1,
        }
        if "area" in item.fields:
            extras["coco_area"] = item.number("area")
        row[GROUND_TRUTHS].append(LabeledBoundingBox(*item.corners(), names[category], **extras))
    frame: pd.DataFrame = pd.DataFrame(list(rows.values()), dtype=object)
    return frame


def read_detections(path: str, dataset: str) -> tuple[pd.DataFrame, bool]:
    """Read COCO detection results, and find the images and the names of categories in a dataset.

    Args:
        path: a JSON file, a list of objects with ``image_id``, ``category_id``, ``bbox`` and
            ``score``.
        dataset: the name of a dataset with the column ``image_id``; the objects in its column
            ``ground_truths``, if it has one, tell the names of categories.

    Returns:
        A row for each datapoint, with or without detections: the id fields, ``locator`` and
        ``raw_inferences``; and whether the dataset has ground truths and locators to compare them
        with. Detections in other images are left out, with a warning.

    Raises:
        NotFoundError: there is no such dataset.
        InputValidationError: the file cannot be read or is not such a file, the dataset has no
            column ``image_id``, or no detection belongs to one of its images.
    """
    content = _content(path)
    if not isinstance(content, list):
        raise InputValidationError(
            f"'{path}' has no COCO detection results, which are a JSON list of objects with"
            " image_id, category_id, bbox and score; give another file."
        )
    entity, datapoints = _load_dataset_metadata(dataset), download_dataset(dataset)
    assert entity is not None  # otherwise it raised
    if _IMAGE_ID not in datapoints:
        raise InputValidationError(
            f"The dataset '{dataset}' has no column 'image_id', which COCO detections refer to;"
            " upload the COCO annotations as a dataset, or add the column."
        )
    found: dict[Any, list[Any]] = {key: [] for key in datapoints[_IMAGE_ID]}
    names = _category_names(datapoints)
    strangers, nameless = 0, set()
    for item in _items(path, "", content):
        key, category = item.key(_IMAGE_ID), item.key("category_id")
        box, score = item.corners(), item.number("score")
        if key not in found:
            strangers += 1
            continue
        if category not in names:
            nameless.add(category)
        label = names.get(category, f"category {category}")
        extras: dict[str, Any] = {"category_id": category}
        found[key].append(ScoredLabeledBoundingBox(*box, label, score, **extras))
    if content and strangers == len(content):
        raise InputValidationError(
            f"No detection in '{path}' has the image_id of a datapoint of '{dataset}'; the first"
            f" has {content[0][_IMAGE_ID]!r:.80}."
        )
    if strangers:
        warn(
            f"{counted(strangers, 'detection')} in '{path}' were left out: the dataset '{dataset}'"
            " has no such image_id."
        )
    if nameless and names:
        warn(
            f"The objects of the dataset '{dataset}' do not tell the names of"
            f" {enumerated([f'category {key}' for key in sorted(nameless, key=str)])}; detections"
            " are labeled like that."
        )
    columns = dict.fromkeys([*entity.id_fields, *({_LOCATOR} & {*datapoints})])
    frame: pd.DataFrame = datapoints[list(columns)].copy()
    frame[RAW_INFERENCES] = [found[key] for key in datapoints[_IMAGE_ID]]
    return frame, {GROUND_TRUTHS, _LOCATOR} <= {*datapoints}


def _content(path: str) -> Any:
    try:
        return loads_foreign(Path(path).read_text("utf-8-sig"))
    except OSError as error:
        raise InputValidationError(
            f"'{path}' cannot be read ({error.strerror or error}); give another file."
        ) from error
    except ValueError as error:
        raise InputValidationError(f"'{path}' cannot be read as JSON: {error}.") from None


def _items(path: str, name: str, content: Any) -> list[_Item]:
    if not isinstance(content, list):
        raise InputValidationError(f"'{path}': '{name}' must be a list, not {content!r:.80}.")
    items = []
    for index, fields in enumerate(content):
        place = f"'{path}': {name}[{index}]"
        if not isinstance(fields, dict):
            raise InputValidationError(f"{place} must be an object, not {fields!r:.80}.")
        items.append(_Item(place, fields))
    return items


def _row(image: _Item) -> dict[str, Any]:
    name = "file_name" if "file_name" in image.fields else "coco_url"
    others = {key: it for key, it in image.fields.items() if key not in ("id", name)}
    own: dict[str, Any] = {_LOCATOR: image.key(name), _IMAGE_ID: image.key("id")}
    return {**own, **others, **own, GROUND_TRUTHS: []}


def _category_names(datapoints: pd.DataFrame) -> dict[Any, str]:
    if GROUND_TRUTHS not in datapoints:
        return {}
    return {
        item.category_id: item.label
        for items in datapoints[GROUND_TRUTHS]
        for item in items or ()
        if hasattr(item, "category_id") and hasattr(item, "label")
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
