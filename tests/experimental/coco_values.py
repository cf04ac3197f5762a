"""Compute average precision of the scenes by pycocotools, and store it.

Run ``python -m tests.experimental.coco_values``. The package is not needed to run the tests: not
every supported version of Python can install it.

COCO averages precision at 101 recalls. Asked for the precision at the recalls 1/n, 2/n … 1 of n
objects, it averages at each step of the curve, which is the area that PASCAL VOC defines.
"""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any, Dict, List

from tests.experimental.scenes import Scene, scenes

FILE = Path(__file__).with_name("coco_values.json")
SEEDS = range(5)
IOU_THRESHOLDS = (0.5, 0.75)


def _box(shape: Any) -> List[float]:
    return [*shape.top_left, shape.width, shape.height]


def _coco(found: List[Scene], iou: float) -> Dict[str, float]:
    import numpy as np
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    labels = sorted({shape.label for scene in found for shape in scene.objects})
    objects, detections = [], []
    for image, scene in enumerate(found, start=1):
        for shape in scene.objects:
            objects.append(
                {
                    "id": len(objects) + 1,
                    "image_id": image,
                    "category_id": labels.index(shape.label) + 1,
                    "bbox": _box(shape),
                    "area": shape.area,
                    "iscrowd": 0,
                }
            )
        detections += [
            {
                "image_id": image,
                "category_id": labels.index(shape.label) + 1,
                "bbox": _box(shape),
                "score": shape.score,
            }
            for shape in scene.detections
        ]
    values = {}
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": [{"id": image} for image in range(1, len(found) + 1)],
            "categories": [{"id": i, "name": it} for i, it in enumerate(labels, start=1)],
            "annotations": objects,
        }
        truth.createIndex()
        given = truth.loadRes(detections)
        for number, label in enumerate(labels, start=1):
            count = sum(one["category_id"] == number for one in objects)
            judge = COCOeval(truth, given, "bbox")
            judge.params.catIds = [number]
            judge.params.iouThrs = np.array([iou])
            judge.params.recThrs = np.arange(1, count + 1) / count
            judge.params.maxDets = [1, 10, 1000]
            judge.evaluate()
            judge.accumulate()
            values[label] = float(np.mean(judge.eval["precision"][0, :, 0, 0, -1]))
    return values


if __name__ == "__main__":
    stored = {f"{seed} {iou}": _coco(scenes(seed), iou) for seed in SEEDS for iou in IOU_THRESHOLDS}
    FILE.write_text(json.dumps(stored, indent=1) + "\n")
