"""Metrics of several labels for each datapoint of a dataset."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from kolena_local._experimental.joined import Joined, is_ignored, joined
from kolena_local.dataset import upload_results
from kolena_local.dataset.arguments import check_count
from kolena_local.dataset.dataset import _load_dataset_metadata
from kolena_local.dataset.frames import check_name, check_names
from kolena_local.errors import InputValidationError
from kolena_local.metrics import InferenceMatches, f1_score, precision, recall

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["upload_multilabel_classification_results"]

_COLUMN: Final = "multilabel_classification.metrics"


def upload_multilabel_classification_results(
    dataset_name: str,
    model_name: str,
    df: pd.DataFrame,
    *,
    ground_truths_field: str = "ground_truths",
    raw_inferences_field: str = "raw_inferences",
    gt_ignore_property: str | None = None,
    batch_size: int = 10_000,
    required_match_fields: list[str] | None = None,
) -> None:
    """Compare inferred labels with those of a dataset, and store the metrics of each datapoint.

    They are stored as one object in the column ``multilabel_classification.metrics``. All inferred
    labels count: leave out those with a low score yourself.

    Args:
        dataset_name: the name of the dataset.
        model_name: the name of the model.
        df: the results of the model, with the id fields of the dataset and lists of labels: text,
            ``Label`` or ``ScoredLabel``. Rows without a datapoint are left out, with a warning.
        ground_truths_field: the column of the dataset that holds lists of labels.
        raw_inferences_field: the column of ``df`` that holds the inferred labels.
        gt_ignore_property: an attribute of labels; those for which it is True count neither for nor
            against the model.
        batch_size: how many rows are computed at once.
        required_match_fields: attributes, besides the label, that must be equal on both sides.

    Raises:
        NotFoundError: there is no such dataset.
        IncorrectUsageError: a column is missing, or ``df`` has the one that is computed.
        InputValidationError: no row has a datapoint, or an argument or a cell is invalid.
        WorkflowMismatchError: the model belongs to another workflow.
    """
    check_count(batch_size, "batch_size")
    if gt_ignore_property is not None:
        check_name(gt_ignore_property, "property")
    fields = check_names(required_match_fields, "required_match_fields")
    entity = _load_dataset_metadata(dataset_name)
    assert entity is not None, "it raises an error instead"
    found = joined(
        dataset_name, df, entity.id_fields, ground_truths_field, raw_inferences_field, [_COLUMN]
    )
    upload_results(dataset_name, model_name, _frames(found, gt_ignore_property, fields, batch_size))


def _frames(
    found: Joined, ignore_property: str | None, fields: Sequence[str], batch_size: int
) -> Iterator[pd.DataFrame]:
    for start in range(0, len(found.rows), batch_size):
        batch = slice(start, start + batch_size)
        pairs = zip(found.ground_truths[batch], found.inferences[batch], strict=True)
        metrics = [_metrics(_matches(*pair, ignore_property, fields)) for pair in pairs]
        yield found.rows.iloc[batch].assign(**{_COLUMN: metrics})


def _matches(
    truths: Sequence[Any],
    inferences: Sequence[Any],
    ignore_property: str | None,
    fields: Sequence[str],
) -> InferenceMatches[Any, Any]:
    """Match labels in descending order of score; ignored ones take what nothing else takes."""

    def key(item: Any) -> tuple[Any, ...]:
        return _label(item), *(getattr(item, field, None) for field in fields)

    ignored = [is_ignored(truth, ignore_property) for truth in truths]
    free: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
    for place in sorted(range(len(truths)), key=ignored.__getitem__):
        free[key(truths[place])].append(place)
    matched, wrong = [], []
    for inference in sorted(inferences, key=lambda it: -getattr(it, "score", 0)):
        candidates = free[key(inference)]
        if not candidates:
            wrong.append(inference)
            continue
        place = candidates.pop(0)
        if not ignored[place]:
            matched.append((truths[place], inference))
    left = sorted(place for places in free.values() for place in places if not ignored[place])
    return InferenceMatches(matched, [truths[place] for place in left], wrong)


def _metrics(found: InferenceMatches[Any, Any]) -> dict[str, Any]:
    tp, fp, fn = len(found.matched), len(found.unmatched_inf), len(found.unmatched_gt)
    return {
        "TP": [_merged(*pair) for pair in found.matched],
        "FP": found.unmatched_inf,
        "FN": found.unmatched_gt,
        "count_TP": tp,
        "count_FP": fp,
        "count_FN": fn,
        "is_exact_match": fp + fn == 0,
        "Precision": precision(tp, fp),
        "Recall": recall(tp, fn),
        "F1_Score": f1_score(tp, fp, fn),
        "Jaccard_Index": tp / (tp + fp + fn) if tp + fp + fn else 0,
    }


def _merged(truth: Any, inference: Any) -> Any:
    if isinstance(truth, str) and isinstance(inference, str):
        return truth
    sides = [{"label": it} if isinstance(it, str) else it._to_dict() for it in (truth, inference)]
    return {**sides[0], **sides[1]}


def _label(item: Any) -> Any:
    if isinstance(item, str):
        return item
    if not hasattr(item, "label"):
        raise InputValidationError(f"{item!r:.80} is not a label; pass text, Label or ScoredLabel.")
    return item.label
