"""Metrics of detected polygons for each datapoint of a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kolena_local._experimental.object_detection.dataset import (
    ThresholdStrategy,
    upload_object_detection_results,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["upload_instance_segmentation_results"]


def upload_instance_segmentation_results(
    dataset_name: str,
    model_name: str,
    df: pd.DataFrame,
    *,
    ground_truths_field: str = "ground_truths",
    raw_inferences_field: str = "raw_inferences",
    iou_threshold: float = 0.5,
    threshold_strategy: ThresholdStrategy = "F1-Optimal",
    min_confidence_score: float = 0.01,
    batch_size: int = 10_000,
) -> None:
    """Match detected polygons with those of a dataset, and store the metrics of each datapoint.

    Args:
        dataset_name: the name of the dataset, which has the column ``locator``.
        model_name: the name of the model.
        df: the results of the model, with the id fields of the dataset and ``locator``.
        ground_truths_field: the column of the dataset that holds the polygons.
        raw_inferences_field: the column of ``df`` that holds the detected polygons.
        iou_threshold: the smallest intersection over union of a match.
        threshold_strategy: how confidence thresholds are chosen.
        min_confidence_score: detections that score lower are left out altogether.
        batch_size: how many rows are computed at once.

    Raises:
        NotFoundError: there is no such dataset.
        IncorrectUsageError: a column is missing, ``df`` has one that is computed, or the strategy
            names several labels where labels do not matter.
        InputValidationError: no row has a datapoint, or an argument or a cell is invalid.
        WorkflowMismatchError: the model belongs to another workflow.
        ImportError: shapely is not installed.
    """
    upload_object_detection_results(
        dataset_name,
        model_name,
        df,
        ground_truths_field=ground_truths_field,
        raw_inferences_field=raw_inferences_field,
        iou_threshold=iou_threshold,
        threshold_strategy=threshold_strategy,
        min_confidence_score=min_confidence_score,
        batch_size=batch_size,
    )
