"""Values that the original's scripts store although their fields' types say otherwise."""

from dataclasses import dataclass
from typing import List, Optional

import pytest

from kolena_local.annotation import BoundingBox, LabeledBoundingBox, ScoredLabeledBoundingBox
from kolena_local.errors import InputValidationError
from kolena_local.serialization.write import write as encode
from kolena_local.workflow import Inference, MetricsTestCase, MetricsTestSample


@dataclass(frozen=True)
class Precise(MetricsTestSample):
    count: int
    precision: float


@dataclass(frozen=True)
class Row(MetricsTestCase):
    label: str
    recall: float


@dataclass(frozen=True)
class Table(MetricsTestCase):
    rows: List[Row]


@dataclass(frozen=True)
class Boxes(Inference):
    boxes: List[LabeledBoundingBox]
    best: Optional[LabeledBoundingBox] = None


def test_a_metric_without_a_value_is_stored_as_null() -> None:
    assert encode(Precise(count=2.5, precision=None)) == {"count": 2.5, "precision": None}
    assert encode(Table([Row("cat", None)])) == {"rows": [{"label": "cat", "recall": None}]}


def test_a_metric_that_no_json_can_hold_is_refused_by_its_path() -> None:
    with pytest.raises(InputValidationError, match=r"^Table\.rows\[0\]\.recall"):
        encode(Table([Row("cat", {1})]))


def test_a_scored_box_may_stand_where_a_labeled_one_is_declared() -> None:
    box = ScoredLabeledBoundingBox((0, 0), (2, 3), "cat", 0.5)
    loaded = Boxes._from_dict(encode(Boxes([box], box)))
    assert loaded == Boxes([box], box)
    assert type(loaded.best) is ScoredLabeledBoundingBox
    assert (loaded.best.score, loaded.best.area) == (0.5, 6)


def test_a_box_that_lacks_what_is_declared_is_refused() -> None:
    with pytest.raises(InputValidationError, match=r"^Boxes\.boxes\[0\]: label is missing"):
        encode(Boxes([BoundingBox((0, 0), (1, 1))]))
