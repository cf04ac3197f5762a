"""Results of models on datasets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Union

from kolena_local import repository
from kolena_local.collector import collector_paused
from kolena_local.dataset.cells import RowWriter, columns_of
from kolena_local.dataset.dataset import datapoints, object_frame, warn_of_properties
from kolena_local.dataset.frames import (
    Frames,
    IdentifiedRows,
    check_name,
    check_names,
    each_frame,
    identified,
    listed,
    named_columns,
    shown_id,
)
from kolena_local.dataset.result_arguments import (
    by_configuration,
    check_thresholded,
    checked_directions,
    checked_metadata,
    checked_tags,
)
from kolena_local.dataset.staged import Staged
from kolena_local.errors import (
    InputValidationError,
    NotFoundError,
    WorkflowMismatchError,
)
from kolena_local.log import logger
from kolena_local.payload import Json, dumps, loads
from kolena_local.plurals import agreeing, counted, enumerated
from kolena_local.repository.dataset_records import WORKFLOW, ResultCounts
from kolena_local.repository.names import unknown
from kolena_local.warn import warn

if TYPE_CHECKING:
    import pandas as pd

    from kolena_local.repository import Unit
    from kolena_local.repository.dataset_records import DatasetRecord
    from kolena_local.repository.records import ModelRecord

_PAGE: Final = 2_000

EvalConfig = Union[dict[str, Any], None]  # noqa: UP007  # as in the original, a name at runtime


class EvalConfigResults(NamedTuple):
    """Results under one configuration; None if there is none."""

    eval_config: EvalConfig
    results: pd.DataFrame


@dataclass(frozen=True)
class ModelEntity:
    """A model that has results.

    Attributes:
        name: its name.
        tags: its labels, sorted.
        metadata: what is known about it.
    """

    name: str
    tags: list[str]
    metadata: dict[str, Any] | None = None


class UploadResultsResponse(NamedTuple):
    """What an upload of results did.

    Attributes:
        n_inserted: how many results are new.
        n_updated: how many results were replaced by others.
        model_id: the number of the model in the store.
        eval_config_id: the number of the configuration, or the list of them.
    """

    n_inserted: int
    n_updated: int
    model_id: int
    eval_config_id: int | list[int]


Results = Frames | Sequence[tuple[EvalConfig, Frames]]


class _StagedResults(NamedTuple):
    """The results under one configuration, whose name is its canonical JSON."""

    name: str
    payload: str | None
    rows: Staged


def upload_results(
    dataset: str,
    model: str,
    results: Results,
    thresholded_fields: Sequence[str] | None = None,
    tags: Sequence[str] | None = None,
    metadata: dict[str, Any] | None = None,
    *,
    higher_is_better: Mapping[str, bool] | None = None,
) -> None:
    """Store what a model said about the datapoints of a dataset, or how well it did.

    Results of other datapoints stay, those of the same datapoints are replaced. The model is
    registered if there is none of that name.

    Args:
        dataset: the name of the dataset.
        model: the name of the model.
        results: a DataFrame, or an iterator of DataFrames, with the id fields of the dataset and at
            least one more column; or a list of pairs of a configuration (a dict, or None) and such
            results.
        thresholded_fields: columns that hold lists of dicts, each with a number ``threshold``.
        tags: labels to add to the model.
        metadata: facts to add to those that are known about the model.
        higher_is_better: for columns that are numbers or bools, whether higher values are better:
            ``{"iou": True, "latency": False}``. Comparisons need it for verdicts.

    Raises:
        NotFoundError: there is no such dataset.
        InputValidationError: a name is blank, there are no rows, the id fields are missing, there
            is no other column, or a cell cannot be stored.
        DuplicateDatapointIdError: several rows have the same id.
        IncorrectUsageError: a tag is blank, or two configurations are the same.
        WorkflowMismatchError: the model belongs to another workflow.
        NameConflictError: another process changed the id fields of the dataset meanwhile.
    """
    _upload_results(
        dataset,
        model,
        results,
        thresholded_fields,
        tags,
        metadata,
        higher_is_better=higher_is_better,
    )


def _upload_results(
    dataset: str,
    model: str,
    results: Results,
    thresholded_fields: Sequence[str] | None = None,
    tags: Sequence[str] | None = None,
    metadata: dict[str, Any] | None = None,
    *,
    higher_is_better: Mapping[str, bool] | None = None,
    need_match: bool = False,
) -> UploadResultsResponse:
    """Do what :func:`upload_results` does, and return what that was.

    Raises:
        NotFoundError: ``need_match`` is set, and no result is of a datapoint.
    """
    check_name(dataset, "dataset")
    check_name(model, "model")
    thresholded = check_names(thresholded_fields, "thresholded_fields")
    directions = checked_directions(higher_is_better)
    given_tags, facts = checked_tags(tags), checked_metadata(metadata)
    store = repository.open_store(create=False)
    with store.read() as unit:
        record = unit.datasets.get(dataset)
        samples = unit.datasets.latest_ids(record)
        _check_workflow(unit.models.find(model))
    unmatched: list[str] = []
    with ExitStack() as stack:
        all_staged: list[_StagedResults] = []
        attempted = 0
        for config, name, frames in by_configuration(results):
            staged = Staged(stack)
            pages = _checked(each_frame(frames), record, thresholded, directions)
            for rows in identified(
                pages, lambda _: record.id_fields, all_hashed=False, ids_are_fixed=True
            ):
                unmatched += [
                    text
                    for key, text in zip(rows.keys, rows.ids, strict=True)
                    if key not in samples
                ]
                attempted += _stage(staged, rows, record, thresholded)
            all_staged.append(
                _StagedResults(name, None if config is None else dumps(config), staged)
            )
        _report_unmatched(record, unmatched, attempted, need_match)
        with collector_paused(), store.write() as unit:
            stored = _ensure_model(unit, model, given_tags, facts)
            current = unit.datasets.get(dataset)
            current.check_id_fields(record.id_fields)
            if current != record:  # another process uploaded it in the meantime
                samples = unit.datasets.latest_ids(current)
            run = unit.dataset_results.start(current, stored)
            counts: list[ResultCounts] = []
            ids: list[int] = []
            for name, payload, staged in all_staged:
                found = unit.dataset_results.configuration(run.id, name, payload, directions)
                counts.append(unit.dataset_results.put(found.id, samples, staged.pages()))
                ids.append(found.id)
            unit.dataset_results.finish(current, run.id)
    inserted, updated = sum(it.inserted for it in counts), sum(it.updated for it in counts)
    logger.info(
        "uploaded results of model %r on dataset %r: %s attempted, %d inserted, %d updated, 0"
        " failed",
        model,
        dataset,
        counted(attempted, "row"),
        inserted,
        updated,
    )
    is_list = isinstance(results, list)
    return UploadResultsResponse(inserted, updated, stored.id, ids if is_list else ids[0])


def download_results(
    dataset: str,
    model: str,
    commit: str | None = None,
    include_extracted_properties: bool = False,
) -> tuple[pd.DataFrame, list[EvalConfigResults]]:
    """Return the datapoints of a dataset, and the results of a model on them.

    Args:
        dataset: the name of the dataset.
        model: the name of the model.
        commit: the hash of a commit of the dataset, or the beginning of one; None is the latest.
        include_extracted_properties: a local store extracts no properties; True is a warning.

    Returns:
        The datapoints, and for each configuration a DataFrame with as many rows in the same order:
        the id fields, then the results, None where there are none. If the id fields of the dataset
        have changed since the results were uploaded, an empty DataFrame and an empty list.

    Raises:
        NotFoundError: there is no such dataset, commit or model, or the model has no results on
            the dataset.
    """
    check_name(dataset, "dataset")
    check_name(model, "model")
    warn_of_properties(include_extracted_properties)
    with repository.open_store(create=False).read() as unit:
        record = unit.datasets.get(dataset)
        found = unit.dataset_commits.get(record, commit)
        known = unit.models.find(model)
        if known is None:
            raise unknown("model", model, (it.name for it in unit.models.list()))
        configurations = unit.dataset_results.configurations(record, known, found)
        if not configurations:
            return object_frame({}), []
        frame, keys = datapoints(unit, record, found)
        all_results = []
        for one in configurations:
            cells = {field: frame[field].tolist() for field in found.id_fields if field in frame}
            cells |= _results_of(unit, one.id, keys)
            config: Any = None if one.payload is None else loads(one.payload)
            all_results.append(EvalConfigResults(config, object_frame(cells)))
    return frame, all_results


def _results_of(unit: Unit, configuration_id: int, keys: list[bytes]) -> dict[str, list[Any]]:
    """Return the columns of the results under a configuration, in the order of the rows' keys."""
    places = {key: place for place, key in enumerate(keys)}
    columns: dict[str, list[Any]] = {}
    others: dict[str, None] = {}
    for page in unit.dataset_results.pages(configuration_id, _PAGE):
        with collector_paused():
            found = [row for row in page if row[0] in places]
            for name, values in columns_of([text for _, text in found]).items():
                column = columns.setdefault(name, [None] * len(keys))
                for (key, _), value in zip(found, values, strict=True):
                    column[places[key]] = value
            if not columns:
                others.update(dict.fromkeys(columns_of([text for _, text in page])))
    return columns or {name: [None] * len(keys) for name in others}


def get_models(dataset: str) -> list[ModelEntity]:
    """Return the models that have results on a dataset, in the order of their creation.

    Args:
        dataset: the name of the dataset.

    Raises:
        NotFoundError: there is no such dataset.
    """
    check_name(dataset, "dataset")
    with repository.open_store(create=False).read() as unit:
        models = unit.dataset_results.models(unit.datasets.get(dataset))
    return [ModelEntity(it.name, sorted(it.tags), dict(it.metadata)) for it in models]


def _stage(
    staged: Staged, rows: IdentifiedRows, dataset: DatasetRecord, thresholded: Sequence[str]
) -> int:
    """Write results to the temporary file, and return how many there are."""
    names = [name for name in rows.columns if name not in (*dataset.id_fields, *thresholded)]
    # In the order in which they are downloaded.
    names += thresholded
    with collector_paused():
        texts = RowWriter(names).stored([rows.columns[name] for name in names])
        staged.add((rows.keys, texts))
    return len(texts)


def _checked(
    frames: Iterable[pd.DataFrame],
    dataset: DatasetRecord,
    thresholded: Sequence[str],
    directions: Mapping[str, bool],
) -> Iterator[pd.DataFrame]:
    for frame in frames:
        names = named_columns(frame)
        unknown = [repr(name) for name in (*thresholded, *directions) if name not in names]
        if unknown:
            raise InputValidationError(
                f"The results have no column {enumerated(unknown)}; they have {listed(names)}."
            )
        if not set(names).difference(dataset.id_fields, thresholded):
            raise InputValidationError(
                "The results have no column beside the id fields"
                f" {enumerated(list(dataset.id_fields))}"
                f"{' and the thresholded fields' if thresholded else ''}; add one."
            )
        for name in thresholded:
            check_thresholded(frame.iloc[:, names.index(name)].tolist(), name)
        yield frame


def _report_unmatched(
    dataset: DatasetRecord, unmatched: Sequence[str], attempted: int, need_match: bool
) -> None:
    if not unmatched:
        return
    count = len(unmatched)
    first: list[Any] = [loads(text) for text in unmatched[:3]]
    more = [f"{count - 3} more"] if count > 3 else []
    ids = enumerated([*map(shown_id, first), *more])
    missing = (
        f"the dataset '{dataset.name}' has no {agreeing(count, 'datapoint', 'datapoints')} with the"
        f" {enumerated(list(dataset.id_fields))} {ids}"
    )
    if need_match and count == attempted:
        raise NotFoundError(
            f"No result belongs to a datapoint: {missing}. Nothing was stored; correct the ids, or"
            " name another dataset."
        )
    warn(
        f"{count} of {counted(attempted, 'result')} {agreeing(count, 'was', 'were')} not stored:"
        f" {missing}."
    )


def _ensure_model(
    unit: Unit, name: str, tags: Sequence[str], metadata: dict[str, Json]
) -> ModelRecord:
    found = unit.models.find(name)
    _check_workflow(found)
    if found is None:
        return unit.models.add(unit.workflows.ensure(WORKFLOW).id, name, metadata, tags)
    assign = [((key,), value) for key, value in metadata.items()]
    return unit.models.edit(name, assign=assign, tags=tags)


def _check_workflow(model: ModelRecord | None) -> None:
    if model is not None and model.workflow != WORKFLOW:
        raise WorkflowMismatchError(
            f"The model '{model.name}' belongs to the workflow '{model.workflow}', so results on a"
            " dataset cannot be its; give these another model name."
        )


def __getattr__(name: str) -> Any:
    """Return pandas' class under the name that the original has here; importing it takes long."""
    if name != "DataFrame":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import pandas as pd

    return pd.DataFrame
