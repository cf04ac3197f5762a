"""Metrics of detected objects, from lists of objects or from lists of counts by threshold.

Both become the same arrays: detections with a score and a number of true and false
positives, and the numbers of objects that there are to be found, by row and label.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kolena_local.dataset.quality_standard.fields import Fields, below, numbers
from kolena_local.dataset.quality_standard.metrics import (
    ObjectDetectionMetric,
    ThresholdedObjectsMetric,
)
from kolena_local.dataset.quality_standard.ratios import (
    Counts,
    Floats,
    average_precision,
    averaged,
    ratio,
)
from kolena_local.errors import InputValidationError

_NO_OBJECTS: Final = (
    "name fields with such lists, such as TP, FP and FN of COCO results, or write"
    ' kind = "formula", which takes counts.'
)
_COUNTS: Final = (
    "counts by threshold",
    "name a field with such lists, such as thresholded of COCO results, or write"
    ' kind = "formula", which takes counts.',
)


class Detections(NamedTuple):
    """The detections and the positives of all rows; labels are codes from 0.

    The three rows of ``counts`` are the true positives of the precision, the false positives, and
    the true positives of the recall.
    """

    row: NDArray[np.intp]
    label: NDArray[np.intp]
    score: Floats
    counts: Floats
    positive_row: NDArray[np.intp]
    positive_label: NDArray[np.intp]
    n_positive: Floats
    labeled: bool

    def value(
        self, aggregator: str, averaging: str, threshold: float, rows: NDArray[np.bool_]
    ) -> float:
        """Compute a metric of some of the rows, with the detections from a threshold on."""
        averaging = averaging if self.labeled else "micro"
        chosen, positives = rows[self.row], rows[self.positive_row]
        if aggregator != "average_precision":
            chosen &= self.score >= threshold
        label, positive_label = self.label[chosen], self.positive_label[positives]
        if averaging == "micro":
            label, positive_label = np.zeros_like(label), np.zeros_like(positive_label)
        n_labels = max(label.max(initial=0), positive_label.max(initial=0)) + 1
        n_positive: Floats = np.bincount(
            positive_label, self.n_positive[positives], n_labels
        ).astype(float)
        counts = self.counts[:, chosen]
        if aggregator == "average_precision":
            areas = _areas(label, self.score[chosen], counts, n_positive)
            # As in COCO, a label of which there is nothing to be found does not take part.
            share = n_positive if averaging == "weighted" else (n_positive > 0).astype(float)
            return float(ratio(np.nansum(areas * share), share.sum()))
        ptp, pfp, rtp = (np.bincount(label, count, n_labels) for count in counts)
        return averaged(aggregator, Counts(ptp, pfp, rtp, n_positive - rtp), averaging)


def _areas(label: NDArray[np.intp], score: Floats, counts: Floats, n_positive: Floats) -> Floats:
    """Return the average precision of each label."""
    order = np.argsort(label, kind="stable")
    ends = np.cumsum(np.bincount(label, minlength=len(n_positive)))[:-1]
    return np.array(
        [
            average_precision(score[one], counts[:, one], n)
            for one, n in zip(np.split(order, ends), n_positive, strict=True)
        ]
    )


def of_objects(metric: ObjectDetectionMetric, fields: Fields) -> Detections:
    """Return the detections of fields with lists of objects."""
    rows: list[int] = []
    scores: list[float] = []
    labels: list[Hashable] = []
    kinds: list[int] = []
    for kind, name in enumerate(metric.fields()):
        for place, objects in _lists(fields.get(name), name, metric.label, "objects", _NO_OBJECTS):
            rows += [place] * len(objects)
            kinds += [kind] * len(objects)
            scores += [below(each, metric.score_field) for each in objects]
            if metric.label_field:
                labels += [below(each, metric.label_field) for each in objects]
    row, kind_of = np.array(rows, dtype=np.intp), np.array(kinds, dtype=np.intp)
    score = numbers(pd.Series(scores, dtype=object))
    label = _codes(labels) if metric.label_field else np.zeros(len(row), dtype=np.intp)
    found, tp, positive = kind_of < 2, (kind_of == 0).astype(float), kind_of != 1
    # A detection without a score ranks last.
    score = np.where(np.isnan(score), -np.inf, score)
    return Detections(
        row[found],
        label[found],
        score[found],
        np.array([tp[found], 1 - tp[found], tp[found]]),
        row[positive],
        label[positive],
        np.ones(np.count_nonzero(positive)),
        labeled=metric.label_field is not None,
    )


def of_thresholds(metric: ThresholdedObjectsMetric, fields: Fields) -> Detections:
    """Return the detections of a field with lists of counts by threshold.

    What an entry counts more than the entry with the next higher threshold are the detections whose
    score is its threshold.
    """
    keys, field = count_keys(metric), metric.thresholded_object_field
    entries = pd.DataFrame(
        [
            (
                row,
                below(entry, "label"),
                below(entry, "threshold"),
                *(below(entry, k) for k in keys),
            )
            for row, values in _lists(fields.get(field), field, metric.label, *_COUNTS)
            for entry in values
        ],
        columns=["row", "label", "threshold", "ptp", "pfp", "rtp", "rfn"],
    )
    if metric.object_label is not None:
        entries = entries[entries["label"] == metric.object_label]
    labeled = bool(entries["label"].notna().any())
    entries = entries.assign(label=_codes(list(entries["label"])))
    for name in ("threshold", "ptp", "pfp", "rtp", "rfn"):
        entries[name] = numbers(entries[name])
    entries = entries.dropna(subset="threshold").fillna(0)  # a count that is missing is none
    entries = entries.sort_values(["row", "label", "threshold"], kind="stable")
    by_row = entries.groupby(["row", "label"], sort=False)
    counts = ["ptp", "pfp", "rtp"]
    more = entries[counts] - by_row[counts].shift(-1).fillna(0)
    positive = by_row.first()
    return Detections(
        entries["row"].to_numpy(dtype=np.intp),
        entries["label"].to_numpy(dtype=np.intp),
        entries["threshold"].to_numpy(),
        more.to_numpy(dtype=float).T,
        positive.index.get_level_values("row").to_numpy(dtype=np.intp),
        positive.index.get_level_values("label").to_numpy(dtype=np.intp),
        (positive["rtp"] + positive["rfn"]).to_numpy(),
        labeled=labeled,
    )


def count_keys(metric: ThresholdedObjectsMetric) -> list[str]:
    """Return the keys of an entry's counts."""
    keys = [metric.precision_tp_field, metric.precision_fp_field]
    return [*keys, metric.recall_tp_field, metric.recall_fn_field]


def _lists(
    values: pd.Series[Any], name: str, label: str, needed: str, instead: str
) -> list[tuple[int, list[Any]]]:
    """Return the positions and values of cells that hold lists; others have no objects.

    Args:
        values: the values of a field.
        name: the name of the field.
        label: that of the metric.
        needed: what the lists hold.
        instead: what else to write, as the end of a sentence.

    Raises:
        InputValidationError: all values are something else, such as counts.
    """
    are_lists = values.map(lambda value: isinstance(value, (list, tuple, np.ndarray)))
    others = values[~are_lists.astype(bool)].dropna()
    if len(others) and not are_lists.any():
        raise InputValidationError(
            f"The metric '{label}' needs lists of {needed} in '{name}', which holds values such as"
            f" {others.tolist()[0]!r:.80}; {instead}"
        )
    return [(place, list(values.iloc[place])) for place in np.flatnonzero(are_lists).tolist()]


def _codes(labels: list[Any]) -> NDArray[np.intp]:
    codes: dict[Hashable, int] = {}
    keys = [label if isinstance(label, Hashable) else repr(label) for label in labels]
    return np.array([codes.setdefault(key, len(codes)) for key in keys], dtype=np.intp)
