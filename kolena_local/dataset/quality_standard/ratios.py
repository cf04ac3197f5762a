"""Precision, recall and the like of counts: NaN where the denominator is zero, never a warning."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kolena_local.metrics import detection_curves

Floats = NDArray[np.float64]


class Counts(NamedTuple):
    """Counts, or arrays of the counts of each class; true positives may be counted in two ways."""

    precision_tp: Any
    precision_fp: Any
    recall_tp: Any
    recall_fn: Any


def ratio(part: Any, whole: Any) -> Floats:
    """Divide numbers or arrays of them; NaN where ``whole`` is zero."""
    whole = np.asarray(whole, dtype=float)
    result = np.full(whole.shape, np.nan)
    np.divide(part, whole, out=result, where=whole != 0)
    return result


def ratio_of(aggregator: str, counts: Counts) -> Floats:
    """Return the precision, recall or F1 score of each class.

    The F1 score is zero, as in scikit-learn, as long as there is anything to be wrong about.
    """
    precision = ratio(counts.precision_tp, counts.precision_tp + counts.precision_fp)
    recall = ratio(counts.recall_tp, counts.recall_tp + counts.recall_fn)
    if aggregator != "f1_score":
        return precision if aggregator == "precision" else recall
    product, total = np.nan_to_num(precision * recall), np.nansum([precision, recall], axis=0)
    f1 = np.nan_to_num(ratio(2 * product, total))
    return np.where(np.isnan(precision) & np.isnan(recall), np.nan, f1)


def averaged(aggregator: str, counts: Counts, averaging: str) -> float:
    """Return the average of the classes that occur; as in scikit-learn, undefined ones are zero.

    Args:
        aggregator: ``precision``, ``recall`` or ``f1_score``.
        counts: of each class.
        averaging: ``micro`` for the ratio of the sums, ``macro`` for the mean, ``weighted`` for the
            mean weighted by the positives of each class.

    Returns:
        The average; NaN if no class occurs, or if the micro average is undefined.
    """
    if averaging == "micro":
        return float(ratio_of(aggregator, Counts(*(np.sum(count) for count in counts))))
    occurs = np.sum(counts, axis=0) > 0
    counts = Counts(*(count[occurs] for count in counts))
    values = np.nan_to_num(ratio_of(aggregator, counts))
    weights = (
        counts.recall_tp + counts.recall_fn if averaging == "weighted" else np.ones(len(values))
    )
    return float(ratio(np.sum(values * weights), np.sum(weights)))


def area_under_curve(positive: NDArray[np.bool_], scores: Floats) -> float:
    """Return the area under the ROC curve; NaN unless there are positives and negatives."""
    from scipy.stats import rankdata

    n_positive = np.count_nonzero(positive)
    n_negative = len(positive) - n_positive
    wins = rankdata(scores)[positive].sum() - n_positive * (n_positive + 1) / 2
    return float(ratio(wins, n_positive * n_negative))


def average_precision(scores: Floats, counts: Floats, n_positive: float) -> float:
    """Return the average precision of detections, as in ``kolena_local.metrics.detection_curves``.

    Args:
        scores: of the detections, in any order; detections of one score count together.
        counts: how many each of them is of the true positives of the precision, the false
            positives, and the true positives of the recall.
        n_positive: the number of objects that there are to be found.

    Returns:
        The area; NaN if there is nothing to be found.
    """
    if n_positive == 0:
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    scores = scores[order]
    last_of_score = np.append(scores[1:] != scores[:-1], True)[: len(scores)]
    precision_tp, precision_fp, recall_tp = np.cumsum(counts[:, order], axis=1)[:, last_of_score]
    precision = np.nan_to_num(ratio(precision_tp, precision_tp + precision_fp))
    return detection_curves.average_precision(precision, recall_tp / n_positive)
