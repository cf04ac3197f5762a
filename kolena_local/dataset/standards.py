"""The quality standards of datasets in the store, and what they say about models.

Not in the package ``quality_standard``, whose import loads pandas, unlike that of the dataset API.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Literal

from kolena_local import repository
from kolena_local.collector import collector_paused
from kolena_local.dataset.cells import columns_of
from kolena_local.dataset.dataset import datapoints, object_frame
from kolena_local.dataset.frames import check_name, check_names
from kolena_local.errors import IncorrectUsageError, InputValidationError, NotFoundError
from kolena_local.flags import check_bool
from kolena_local.log import logger
from kolena_local.payload import loads
from kolena_local.repository.names import unknown

if TYPE_CHECKING:
    import pandas as pd

    from kolena_local.dataset.quality_standard import QualityStandard
    from kolena_local.repository import Unit
    from kolena_local.repository.dataset_records import DatasetRecord
    from kolena_local.repository.records import ModelRecord


_PAGE: Final = 2_000


def upload_quality_standard(dataset: str, standard: QualityStandard | Mapping[str, Any]) -> None:
    """Store the quality standard of a dataset; one that it has is replaced.

    Args:
        dataset: the name of the dataset.
        standard: the standard, or a dict of Kolena's JSON form.

    Raises:
        NotFoundError: there is no such dataset.
        InputValidationError: the dict does not describe a quality standard.
    """
    from kolena_local.dataset.quality_standard import QualityStandard

    check_name(dataset, "dataset")
    if isinstance(standard, Mapping):
        standard = QualityStandard.from_json(standard)
    if not isinstance(standard, QualityStandard):
        raise InputValidationError(
            f"standard must be a QualityStandard(...) or a dict, not {standard!r:.80}."
        )
    with repository.open_store(create=False).write() as unit:
        unit.quality_standards.put(unit.datasets.get(dataset), standard.to_json())
    logger.info("uploaded quality standard %r of dataset %r", standard.name, dataset)


def download_quality_standard(dataset: str) -> QualityStandard:
    """Return the quality standard of a dataset.

    Args:
        dataset: the name of the dataset.

    Returns:
        The standard.

    Raises:
        NotFoundError: there is no such dataset, or it has no quality standard.
    """
    from kolena_local.dataset.quality_standard import QualityStandard

    check_name(dataset, "dataset")
    with repository.open_store(create=False).read() as unit:
        return QualityStandard.from_json(_content(unit, unit.datasets.get(dataset)))


def download_quality_standard_result(
    dataset: str,
    models: Sequence[str],
    metric_groups: Sequence[str] | None = None,
    intersect_results: bool = True,
    confidence_level: float | None = None,
    reference_model: str | None = None,
    reference_eval_config: dict[str, Any] | Literal["first"] | None = "first",
) -> pd.DataFrame:
    """Return the metrics of a dataset's quality standard, for each test case and model.

    Args:
        dataset: the name of the dataset.
        models: the names of the models.
        metric_groups: the names of the groups to compute; all if None.
        intersect_results: use only datapoints of which all models have results; otherwise, for each
            model those of which it has results under all of its configurations.
        confidence_level: of the margin of error, usually from 0.9 to 0.99; adds whether each value
            improved on the reference.
        reference_model: the model to compare with; the first of ``models`` if None.
        reference_eval_config: a configuration of the reference model, or "first".

    Returns:
        A row for each (stratification, test_case), after a row ("Dataset", NaN) for all datapoints;
        a column for each (model, eval_config, metric_group, metric). With a confidence level, each
        of these has the columns ``metric_value`` and ``performance_delta`` (improved, regressed,
        similar or unknown). What is undefined is NaN.

    Raises:
        NotFoundError: there is no such dataset or model, the dataset has no quality standard, or a
            model has no results on it.
        IncorrectUsageError: no model is given, or a metric group or the reference is unknown.
        InputValidationError: the standard names an unknown field, or the confidence level is not
            below 1.
    """
    check_name(dataset, "dataset")
    names = check_names(models, "models")
    if not names:
        raise IncorrectUsageError("No model is given; name at least one that has results.")
    if reference_model is not None and check_name(reference_model, "model") not in names:
        raise IncorrectUsageError(
            f"The reference model '{reference_model}' is not one of the models {', '.join(names)}."
        )
    standard = download_quality_standard(dataset)
    table = quality_standard_table(
        dataset,
        standard,
        names,
        metric_groups=None
        if metric_groups is None
        else check_names(metric_groups, "metric_groups"),
        intersect_results=intersect_results,
        confidence_level=confidence_level,
        reference_model=reference_model,
        reference_eval_config=reference_eval_config,
    )
    assert table is not None  # there are models
    return table


def quality_standard_table(
    dataset: str, standard: QualityStandard, models: Sequence[str] | None = None, **options: Any
) -> pd.DataFrame | None:
    """Compute the metrics of a quality standard that need not be stored.

    Args:
        dataset: the name of the dataset.
        standard: the standard.
        models: the names of the models; all that have results if None.
        **options: those of :func:`~.quality_standard.quality_standard_result`.

    Returns:
        The table, as :func:`download_quality_standard_result` returns it; None without models.

    Raises:
        NotFoundError: there is no such dataset or model, or a model has no results on it.
        IncorrectUsageError: a metric group or the reference is unknown.
        InputValidationError: the standard names an unknown field, or the confidence level is not
            below 1.
    """
    from kolena_local.dataset.quality_standard import quality_standard_result

    with repository.open_store(create=False).read() as unit:
        record = unit.datasets.get(dataset)
        if models is None:
            found = unit.dataset_results.models(record)
        else:
            found = [_model(unit, name) for name in models]
        frame, results = _frames(unit, record, found)
    return quality_standard_result(standard, frame, results, **options) if results else None


def copy_quality_standards_from_dataset(
    dataset: str,
    source_dataset: str,
    include_metric_groups: bool = True,
    include_test_cases: bool = True,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Copy the quality standard of a dataset to another; what that has of it is replaced.

    Args:
        dataset: the name of the dataset that gets it.
        source_dataset: the name of the dataset that has it.
        include_metric_groups: whether to copy the metrics; otherwise those of ``dataset`` stay.
        include_test_cases: whether to copy the test cases; otherwise those of ``dataset`` stay.

    Returns:
        The copied metric groups and stratifications, in Kolena's JSON form.

    Raises:
        NotFoundError: there is no such dataset, or the source has no quality standard.
        IncorrectUsageError: both are the same dataset, or nothing is to be copied.
    """
    check_name(dataset, "dataset")
    check_name(source_dataset, "dataset")
    if dataset == source_dataset:
        raise IncorrectUsageError(
            f"'{dataset}' is both the dataset and the source dataset; name two datasets."
        )
    parts = [
        ("metric_groups", check_bool(include_metric_groups, "include_metric_groups")),
        ("stratifications", check_bool(include_test_cases, "include_test_cases")),
    ]
    copied = [part for part, included in parts if included]
    if not copied:
        raise IncorrectUsageError(
            "Nothing is to be copied; set include_metric_groups or include_test_cases."
        )
    with repository.open_store(create=False).write() as unit:
        target = unit.datasets.get(dataset)
        source: dict[str, Any] = _content(unit, unit.datasets.get(source_dataset))
        content = unit.quality_standards.find(target) or {
            **source,
            **{part: [] for part, _ in parts},
        }
        unit.quality_standards.put(target, content | {part: source[part] for part in copied})
    metric_groups, stratifications = (source[part] if included else [] for part, included in parts)
    return metric_groups, stratifications


def _content(unit: Unit, dataset: DatasetRecord) -> dict[str, Any]:
    content = unit.quality_standards.find(dataset)
    if content is None:
        raise NotFoundError(
            f"The dataset '{dataset.name}' has no quality standard; store one with"
            " upload_quality_standard(), or with the command kolena-local datasets standard apply."
        )
    return content


def _model(unit: Unit, name: str) -> ModelRecord:
    found = unit.models.find(name)
    if found is None:
        raise unknown("model", name, (model.name for model in unit.models.list()))
    return found


def _frames(
    unit: Unit, dataset: DatasetRecord, models: Iterable[ModelRecord]
) -> tuple[pd.DataFrame, dict[tuple[str, str], pd.DataFrame]]:
    """Return the latest datapoints, and the results that there are of them."""
    commit = unit.dataset_commits.get(dataset)
    frame, keys = datapoints(unit, dataset, commit)
    results = {}
    for model in models:
        configurations = unit.dataset_results.configurations(dataset, model, commit)
        if not configurations:
            raise NotFoundError(
                f"The results of the model '{model.name}' were uploaded before the id fields of the"
                f" dataset '{dataset.name}' changed; upload them again."
            )
        for one in configurations:
            texts: dict[bytes, str] = dict(
                chain.from_iterable(unit.dataset_results.pages(one.id, _PAGE))
            )
            places = [place for place, key in enumerate(keys) if key in texts]
            with collector_paused():
                found = object_frame(columns_of([texts[keys[place]] for place in places]))
            results[model.name, _config(one.payload)] = found.set_axis(places)
    return frame, results


def _config(payload: str | None) -> str:
    """Return a configuration as ``json.dumps`` writes it."""
    import json

    return "null" if payload is None else json.dumps(loads(payload))
