"""What a file of results has to store, by its format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kolena_local.plurals import agreeing, enumerated
from kolena_local.warn import warn

if TYPE_CHECKING:
    import pandas as pd


class ResultFile(NamedTuple):
    """The content of a file of results.

    Attributes:
        results: the results under each configuration.
        directions: whether higher values are better, for columns where the format says so.
        thresholded: the columns with values at each threshold.
    """

    results: list[tuple[dict[str, Any] | None, pd.DataFrame]]
    directions: dict[str, bool]
    thresholded: tuple[str, ...] = ()


def read_results(
    path: str, dataset: str, config: dict[str, Any] | None, *, proba: bool
) -> ResultFile:
    """Read a file of results.

    Args:
        path: the file.
        dataset: the name of the dataset that the results are of.
        config: the configuration that the user gave.
        proba: whether it is a table of the probabilities of classes.

    Raises:
        KolenaError: the file cannot be read, or does not suit the dataset.
    """
    from kolena_local.dataset.dataset import _load_dataset_metadata
    from kolena_local.dataset.lm_eval_file import HIGHER_IS_BETTER, by_filter, is_sample_log
    from kolena_local.dataset.probabilities import with_prediction
    from kolena_local.dataset.table_file import read_table

    if proba:
        entity = _load_dataset_metadata(dataset)
        assert entity is not None  # otherwise it raised
        table = with_prediction(read_table(path), entity.id_fields, path)
        return ResultFile([(config, table)], {})
    if Path(path).suffix.lower() == ".json":
        return _detections(path, dataset, config)
    frame = read_table(path)
    if is_sample_log(frame):
        directions = {name: True for name in HIGHER_IS_BETTER if name in frame}
        return ResultFile(by_filter(frame, path, dataset, config), directions)
    return ResultFile([(config, frame)], {})


def _detections(path: str, dataset: str, config: dict[str, Any] | None) -> ResultFile:
    from kolena_local._experimental.object_detection.dataset import (
        DIRECTIONS,
        compute_object_detection_results,
    )
    from kolena_local.dataset.coco_file import read_detections

    frame, has_objects = read_detections(path, dataset)
    if not has_objects:
        return ResultFile([(config, frame)], {})
    # What was computed with a configuration is stored with it.
    settings: dict[str, Any] = {
        "iou_threshold": 0.5,
        "threshold_strategy": "F1-Optimal",
        "min_confidence_score": 0.01,
    }
    unused = [f"'{name}'" for name in config or {} if name not in settings]
    if unused:
        warn(
            f"{enumerated(unused)} in the configuration"
            f" {agreeing(len(unused), 'does', 'do')} not change how detections are matched; only"
            f" {enumerated(list(settings))} do."
        )
    computed = compute_object_detection_results(
        dataset,
        frame,
        gt_ignore_property="iscrowd",
        changes_only=True,
        **{name: (config or {}).get(name, value) for name, value in settings.items()},
    )
    return ResultFile([({**settings, **(config or {})}, computed)], DIRECTIONS, ("thresholded",))
