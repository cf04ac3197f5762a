"""Metrics of detections for each datapoint of a dataset."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from kolena_local._experimental.joined import Joined, is_ignored, joined
from kolena_local._experimental.object_detection.multiclass import Thresholds
from kolena_local._experimental.object_detection.utils import filter_inferences
from kolena_local.annotation import ScoredLabel
from kolena_local.dataset import upload_results
from kolena_local.dataset.arguments import check_count, check_number
from kolena_local.dataset.frames import check_name, check_names
from kolena_local.errors import IncorrectUsageError, InputValidationError
from kolena_local.flags import check_bool
from kolena_local.metrics import match_inferences, match_inferences_multiclass
from kolena_local.metrics.assignment import in_order
from kolena_local.metrics.detection_curves import Detections, Matches

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["compute_object_detection_results", "upload_object_detection_results"]

ThresholdStrategy = Literal["F1-Optimal"] | float | dict[str, float]

_MOST_THRESHOLDS: Final = 101
_COUNTED: Final = ("TP", "FP", "FN", "Confused")
_COLUMNS: Final = (
    *("TP", "FP", "FN", "thresholded", "Confused"),
    *(f"count_{name}" for name in _COUNTED),
    *(f"has_{name}" for name in _COUNTED),
    *("max_confidence_above_t", "min_confidence_above_t", "thresholds"),
)
DIRECTIONS: Final = {"count_TP": True, "count_FP": False, "count_FN": False}


def compute_object_detection_results(
    dataset_name: str,
    df: pd.DataFrame,
    *,
    ground_truths_field: str = "ground_truths",
    raw_inferences_field: str = "raw_inferences",
    gt_ignore_property: str | None = None,
    iou_threshold: float = 0.5,
    threshold_strategy: ThresholdStrategy = "F1-Optimal",
    min_confidence_score: float = 0.01,
    batch_size: int = 10_000,
    changes_only: bool | None = None,
) -> pd.DataFrame:
    """Match detected objects with those of a dataset, and compute metrics of each datapoint.

    Labels must agree if all objects have one and there are at least two.

    Args:
        dataset_name: the name of the dataset, which has the column ``locator``.
        df: the results of a model, with the column ``locator`` and lists of scored boxes or
            polygons. Rows without a datapoint are left out, with a warning.
        ground_truths_field: the column of the dataset that holds the objects.
        raw_inferences_field: the column of ``df`` that holds the detected objects.
        gt_ignore_property: an attribute of objects; those for which it is True count neither for
            nor against the model.
        iou_threshold: the smallest intersection over union of a match.
        threshold_strategy: the confidence threshold; or one for each label, where others have
            ``min_confidence_score``; or ``"F1-Optimal"`` for those with the highest F1.
        min_confidence_score: detections that score lower are left out altogether.
        batch_size: how many rows are computed at once; it does not change the result.
        changes_only: whether ``thresholded`` has only the entries whose counts differ from those at
            the next higher threshold; above the last, there are no detections. Metrics of a quality
            standard are the same, and with many labels most entries are saved.

    Returns:
        The rows that have a datapoint, with the columns ``TP``, ``FP``, ``FN`` and others before
        those of ``df``. ``thresholded`` has the counts at each score, or at 101 thresholds if there
        are more scores.

    Raises:
        NotFoundError: there is no such dataset.
        IncorrectUsageError: a column is missing, ``df`` has one that is computed, or the strategy
            names several labels where labels do not matter.
        InputValidationError: no row has a datapoint, or an argument or a cell is invalid.
    """
    import pandas as pd

    few = changes_only is not None and check_bool(changes_only, "changes_only")
    strategy = _checked(threshold_strategy)
    found = joined(
        dataset_name, df, ["locator"], ground_truths_field, raw_inferences_field, _COLUMNS
    )
    matched = _match(found, gt_ignore_property, iou_threshold, strategy, min_confidence_score, None)
    frames = _frames(found, matched, batch_size, changes_only=few)
    return pd.concat(frames, ignore_index=True)


def upload_object_detection_results(
    dataset_name: str,
    model_name: str,
    df: pd.DataFrame,
    *,
    ground_truths_field: str = "ground_truths",
    raw_inferences_field: str = "raw_inferences",
    gt_ignore_property: str | None = None,
    iou_threshold: float = 0.5,
    threshold_strategy: ThresholdStrategy = "F1-Optimal",
    min_confidence_score: float = 0.01,
    batch_size: int = 10_000,
    required_match_fields: list[str] | None = None,
) -> None:
    """Store what :func:`compute_object_detection_results` computes as results of a model.

    The IoU threshold, the strategy and the minimum score are the configuration of the results.

    Args:
        dataset_name: the name of the dataset, which has the column ``locator``.
        model_name: the name of the model.
        df: the results of the model, with the id fields of the dataset and ``locator``.
        ground_truths_field: the column of the dataset that holds the objects.
        raw_inferences_field: the column of ``df`` that holds the detected objects.
        gt_ignore_property: an attribute of objects; those for which it is True count neither for
            nor against the model.
        iou_threshold: the smallest intersection over union of a match.
        threshold_strategy: how confidence thresholds are chosen.
        min_confidence_score: detections that score lower are left out altogether.
        batch_size: how many rows are computed at once.
        required_match_fields: attributes that must be equal on both sides of a match.

    Raises:
        NotFoundError: there is no such dataset.
        IncorrectUsageError: a column is missing, ``df`` has one that is computed, or the strategy
            names several labels where labels do not matter.
        InputValidationError: no row has a datapoint, or an argument or a cell is invalid.
        WorkflowMismatchError: the model belongs to another workflow.
    """
    strategy = _checked(threshold_strategy)
    found = joined(
        dataset_name, df, ["locator"], ground_truths_field, raw_inferences_field, _COLUMNS
    )
    matched = _match(
        found,
        gt_ignore_property,
        iou_threshold,
        strategy,
        min_confidence_score,
        required_match_fields,
    )
    configuration = {
        "iou_threshold": iou_threshold,
        "threshold_strategy": strategy,
        "min_confidence_score": min_confidence_score,
    }
    upload_results(
        dataset_name,
        model_name,
        [(configuration, _frames(found, matched, batch_size))],
        thresholded_fields=["thresholded"],
        higher_is_better=DIRECTIONS,
    )


def _checked(strategy: Any) -> ThresholdStrategy:
    if isinstance(strategy, Mapping):
        return {
            str(label): check_number(threshold, f"The threshold of the label {label!r}")
            for label, threshold in strategy.items()
        }
    # A whole number must not be taken for something that is not a threshold.
    if isinstance(strategy, Real) and not isinstance(strategy, bool):
        return check_number(strategy, "threshold_strategy")
    if not isinstance(strategy, str) or strategy != "F1-Optimal":
        raise InputValidationError(
            "threshold_strategy must be a number, a dict of numbers or 'F1-Optimal', not"
            f" {strategy!r:.80}."
        )
    return "F1-Optimal"


@dataclass(frozen=True)
class _Matched:
    """The matches of each row, and at which thresholds they count."""

    matches: list[Any]
    is_multiclass: bool
    thresholds: Thresholds
    #: For the column of counts at each threshold.
    grid: np.typing.NDArray[np.float64]


def _match(
    found: Joined,
    ignore_property: str | None,
    iou_threshold: float,
    strategy: ThresholdStrategy,
    lowest: float,
    required_fields: list[str] | None,
) -> _Matched:
    check_number(iou_threshold, "iou_threshold", 0, 1)
    if lowest is not None:
        check_number(lowest, "min_confidence_score")
    if ignore_property is not None:
        check_name(ignore_property, "property")
    if required_fields is not None:
        required_fields = [*check_names(required_fields, "required_match_fields")]
    everything = [
        item
        for row in zip(found.ground_truths, found.inferences, strict=True)
        for item in itertools.chain(*row)
    ]
    labels = {getattr(item, "label", None) for item in everything}
    is_multiclass = None not in labels and len(labels) >= 2
    match: Any = match_inferences_multiclass if is_multiclass else match_inferences
    matches = [
        match(
            [it for it in truths if not is_ignored(it, ignore_property)],
            filter_inferences(inferences, lowest),
            ignored_ground_truths=[it for it in truths if is_ignored(it, ignore_property)],
            iou_threshold=iou_threshold,
            required_match_fields=required_fields,
        )
        for truths, inferences in zip(found.ground_truths, found.inferences, strict=True)
    ]
    scores = np.unique([it.score for inferences in found.inferences for it in inferences])
    if len(scores) >= _MOST_THRESHOLDS:
        scores = np.linspace(scores[0], scores[-1], _MOST_THRESHOLDS)
    thresholds = _thresholds(strategy, matches, lowest, labels if is_multiclass else None)
    return _Matched(matches, is_multiclass, thresholds, scores.astype(np.float64))


def _thresholds(
    strategy: ThresholdStrategy, matches: Sequence[Any], lowest: float, labels: Any
) -> Thresholds:
    if isinstance(strategy, float):
        return Thresholds(strategy)
    if labels is not None:
        if isinstance(strategy, dict):
            return Thresholds(lowest, strategy)
        found = Detections.read_by_label(matches)
        return Thresholds(lowest, {label: it.optimal_threshold() for label, it in found.items()})
    if not isinstance(strategy, dict):
        return Thresholds(Detections.read(matches).optimal_threshold())
    if len(strategy) != 1:
        raise IncorrectUsageError(
            f"threshold_strategy has {len(strategy)} thresholds, but the objects do not have at"
            " least two labels; pass one number."
        )
    (threshold,) = strategy.values()
    return Thresholds(threshold)


def _frames(
    found: Joined, matched: _Matched, batch_size: int, *, changes_only: bool = False
) -> Iterator[pd.DataFrame]:
    import pandas as pd

    check_count(batch_size, "batch_size")
    for start in range(0, len(found.rows), batch_size):
        batch = slice(start, start + batch_size)
        metrics = [_datapoint(one, matched, changes_only) for one in matched.matches[batch]]
        rows = found.rows.iloc[batch].reset_index(drop=True)
        yield pd.concat([pd.DataFrame(metrics, dtype=object), rows], axis=1)


def _datapoint(matches: Matches, matched: _Matched, changes_only: bool) -> dict[str, Any]:
    thresholds = matched.thresholds
    # Without classes, a missed object is not paired with the detection that was confused with it.
    missed: list[Any] = [it if matched.is_multiclass else (it, None) for it in matches.unmatched_gt]

    def passes(inference: Any) -> bool:
        if matched.is_multiclass:
            return thresholds.passes(inference)
        return bool(inference.score >= thresholds.default)

    hits = [(truth, it) for truth, it in matches.matched if passes(it)]
    below = [truth for truth, it in matches.matched if not passes(it)]
    found: dict[str, list[Any]] = {
        "TP": [{**truth._to_dict(), **it._to_dict()} for truth, it in hits],
        "FP": [it for it in matches.unmatched_inf if passes(it)],
        "FN": [*(truth for truth, _ in missed), *below],
        "thresholded": _counts(matches, matched, changes_only),
    }
    chosen: Any = thresholds.default
    if matched.is_multiclass:
        found["Confused"] = [
            {**it._to_dict(), "actual_label": truth.label}
            for truth, it in missed
            if it is not None and passes(it)
        ]
        inferred = [*(it for _, it in matches.matched), *matches.unmatched_inf]
        labels = in_order({it.label for it in inferred})
        chosen = [ScoredLabel(label, thresholds[label]) for label in labels]
    scores = [it.score for it in [*(it for _, it in hits), *found["FP"]]]
    counted = [name for name in _COUNTED if name in found]
    return {
        **found,
        **{f"count_{name}": len(found[name]) for name in counted},
        **{f"has_{name}": bool(found[name]) for name in counted},
        "max_confidence_above_t": max(scores, default=None),
        "min_confidence_above_t": min(scores, default=None),
        "thresholds": chosen,
    }


def _counts(matches: Any, matched: _Matched, changes_only: bool) -> list[dict[str, Any]]:
    """Count what is right and wrong at each threshold, for each label."""
    if matched.is_multiclass:
        by_label: dict[Any, Detections] = Detections.read_by_label([matches])
    else:
        shapes = [it for pair in matches.matched for it in pair]
        shapes += [*matches.unmatched_gt, *matches.unmatched_inf]
        labels = {getattr(it, "label", None) for it in shapes}
        by_label = {labels.pop() if len(labels) == 1 else None: Detections.read([matches])}
    counts = []
    for label, detections in by_label.items():
        right, wrong, at = detections.right, detections.wrong, matched.grid
        if changes_only:
            last = np.searchsorted(at, np.concatenate([right, wrong]), side="right") - 1
            # Without detections, one entry tells of the objects that were missed.
            at = at[sorted(set(last.tolist()))] if len(last) else at[-1:]
        tp = len(right) - np.searchsorted(right, at)
        columns = at, tp, len(wrong) - np.searchsorted(wrong, at), detections.objects - tp
        named = {} if label is None else {"label": label}
        counts += [
            {"threshold": threshold, **named, "tp": tp, "fp": fp, "fn": fn}
            for threshold, tp, fp, fn in zip(*(it.tolist() for it in columns), strict=True)
        ]
    return counts
