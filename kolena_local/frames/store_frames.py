"""The content of the store as DataFrames.

pandas is imported only when a DataFrame is made. JSON becomes columns page by page, without an
object for each sample, so little more memory is used than the DataFrame takes. ``columns`` knows
how values become columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any

from kolena_local.collector import collector_paused
from kolena_local.errors import InputValidationError
from kolena_local.frames.columns import Columns
from kolena_local.payload import CLASS_KEY, Json, by_label, is_class_name, loads_all
from kolena_local.repository.paging import pages_by_key
from kolena_local.serialization.classes import Structured
from kolena_local.serialization.codec import Codec
from kolena_local.serialization.fields import fields_of
from kolena_local.serialization.type_shapes import Items, Maybe, Object, Shape, exact_types
from kolena_local.serialization.write import to_dict

if TYPE_CHECKING:
    import pandas as pd

    from kolena_local.repository import Unit
    from kolena_local.repository.held import HeldStore
    from kolena_local.repository.records import ModelRecord, TestRunRecord
    from kolena_local.repository.result_records import CaseMetricsRecord, SuiteMetricsRecord
    from kolena_local.repository.rows import Row

_PAGE = 2000

#: Positions or ids, then the payload, metadata, ground truth and inference of a sample as JSON, and
#: whether the inference waits to be done again.
Texts = tuple[Any, ...]


@dataclass(frozen=True)
class Samples:
    """The samples of a version of a test case or of a test suite, with a model's inferences."""

    store: HeldStore
    model_id: int
    id: int
    version: int
    of_suite: bool

    def pages(self) -> Iterator[Sequence[Texts]]:
        """Iterate over pages of rows, in order, each sample once."""
        return self._pages_of_suite() if self.of_suite else self._pages_of_case()

    def _pages_of_case(self) -> Iterator[Sequence[Texts]]:
        def read(after: int) -> list[Row]:
            with self.store.read() as unit:
                return unit.inferences.rows(
                    self.model_id, self.id, self.version, after=after, limit=_PAGE, missing=True
                )

        return pages_by_key(read, itemgetter(0))

    def _pages_of_suite(self) -> Iterator[Sequence[Texts]]:
        with self.store.read() as unit:
            ids = unit.suite_samples.ids(self.id, self.version)
        for start in range(0, len(ids), _PAGE):
            with self.store.read() as unit:
                rows = unit.inferences.suite_rows(
                    self.model_id, self.id, self.version, ids[start : start + _PAGE]
                )
            yield rows


def of_objects(samples: Samples, codec: Codec) -> pd.DataFrame:
    """Return samples, ground truths and inferences as objects in three columns."""
    import pandas as pd

    cells: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
    waiting: list[bool] = []
    for page in samples.pages():
        with collector_paused():
            *_, payloads, metadata, truths, inferences, marks = zip(*page, strict=True)
            waiting.extend(map(bool, marks))
            cells[0].extend(codec.read_samples(payloads, metadata))
            cells[1].extend(codec.read_ground_truths(truths))
            made = iter(codec.read_inferences([text for text in inferences if text is not None]))
            cells[2].extend(None if text is None else next(made) for text in inferences)
    names = ("sample", "ground_truth", "inference")
    frame: pd.DataFrame = pd.DataFrame(
        {name: pd.Series(cell, dtype=object) for name, cell in zip(names, cells, strict=True)}
    )
    frame["is_waiting"] = pd.Series(waiting, dtype=bool)
    return frame


def of_values(samples: Samples, codec: Codec) -> pd.DataFrame:
    """Return the fields of samples, metadata, ground truths and inferences as columns."""
    types = (codec.test_sample_type, codec.ground_truth_type, codec.inference_type)
    names = ("sample", "ground_truth", "inference")
    columns = Columns("sample", "metadata", "ground_truth", "inference", "is_waiting")
    for name, cls in zip(names, types, strict=True):
        columns.expect(*((name, field.name) for field in fields_of(cls).shown))
    columns.expect(("is_waiting",))
    for page in samples.pages():
        with collector_paused():
            *_, payloads, metadata, truths, inferences, marks = zip(*page, strict=True)
            columns.add(("is_waiting",), list(map(bool, marks)))
            readers = (
                partial(codec.read_samples, payloads, metadata),
                partial(codec.read_ground_truths, truths),
                partial(codec.read_inferences, [it for it in inferences if it is not None]),
            )
            texts = (payloads, truths, inferences)
            columns.add(("metadata",), _parse(metadata))
            for name, cls, page_texts, read in zip(names, types, texts, readers, strict=True):
                columns.add((name,), _displayed(cls, page_texts, read))
        columns.end_page(len(page))
    return columns.frame()


def _displayed(
    cls: type[Structured], texts: Sequence[str | None], read: Callable[[], list[Any]]
) -> list[Any]:
    """Return the values that ``_to_dict`` of stored objects returns, None for a missing one.

    Args:
        cls: the class of the objects.
        texts: their stored JSON.
        read: restores the objects.
    """
    values = _parse(texts)
    # Restoring objects takes several times as long, and does not change values as declared.
    if _are_as_declared([value for value in values if value is not None], Object(cls, cls)):
        return values
    made = iter(read())
    return [None if text is None else to_dict(next(made)) for text in texts]


def _are_as_declared(values: list[Any], shape: Shape) -> bool:
    """Return whether JSON values equal the ``_to_dict`` of restored objects; False in doubt."""
    if not values:
        return True  # otherwise, a recursive class would not end
    match shape:
        case Maybe():
            return _are_as_declared([it for it in values if it is not None], shape.present)
        case Items():
            return _are_of(list, values) and _are_as_declared([*chain(*values)], shape.item)
        case Object():
            fields = fields_of(shape.cls)
            shapes = {field.name: field.shape for field in fields.payload}
            names = {*shapes, *([] if fields.data_type is None else ["data_type"])}
            if fields.derived or not _are_of(dict, values):
                return False
            if not {len(names)}.issuperset(map(len, values)):
                return False
            try:
                columns = {name: list(map(itemgetter(name), values)) for name in names}
            except KeyError:
                return False
            data_types = columns.get("data_type", [])
            return data_types.count(fields.data_type) == len(data_types) and all(
                _are_as_declared(columns[name], shape) for name, shape in shapes.items()
            )
    return exact_types(shape).issuperset(map(type, values))


def _are_of(cls: type, values: list[Any]) -> bool:
    return {cls}.issuperset(map(type, values))


def of_metrics(store: HeldStore, run_id: int, level: str) -> pd.DataFrame:
    """Return the metrics of a run at a level: ``sample``, ``case`` or ``suite``.

    Raises:
        InputValidationError: the level is unknown.
    """
    makers = {"sample": _of_sample_metrics, "case": _of_case_metrics, "suite": _of_suite_metrics}
    if level not in makers:
        raise InputValidationError(f"level must be sample, case or suite, not {level!r:.80}.")
    return makers[level](store, run_id)


def _of_sample_metrics(store: HeldStore, run_id: int) -> pd.DataFrame:
    """Return a row for each sample of a run, with its fields and metrics."""
    columns = Columns()
    columns.expect(("configuration",), ("test_case",), ("is_stale",))
    # One snapshot for all pages: results that are replaced meanwhile may get other ids.
    with store.read() as unit:
        for rows in pages_by_key(
            lambda after: unit.test_runs.sample_metrics(run_id, after=after, limit=_PAGE),
            attrgetter("id"),
        ):
            columns.add(("configuration",), [row.configuration for row in rows])
            columns.add(("test_case",), [row.test_case for row in rows])
            columns.add(("is_stale",), [row.is_stale for row in rows])
            columns.add(("sample",), _parse_shown([row.payload for row in rows]))
            columns.add(("metrics",), _parse_shown([row.metrics for row in rows]))
            columns.end_page(len(rows))
    return columns.frame()


def _of_case_metrics(store: HeldStore, run_id: int) -> pd.DataFrame:
    """Return a row for each test case of a run."""
    with store.read() as unit:
        rows = unit.test_runs.case_metrics(run_id)
    names = ("configuration", "test_case", "test_case_version", "sample_count", "is_stale")
    return _of_records((*names, "metrics"), rows)


def _of_suite_metrics(store: HeldStore, run_id: int) -> pd.DataFrame:
    """Return a row for each configuration of a run."""
    with store.read() as unit:
        rows = unit.test_runs.suite_metrics(run_id)
    return _of_records(("configuration", "is_stale", "metrics"), rows)


def of_models(records: Sequence[ModelRecord]) -> pd.DataFrame:
    """Return a row for each model, with a column for each metadata key."""
    import pandas as pd

    columns = Columns()
    names = ("name", "workflow", "tags", "created_at", "updated_at")
    columns.expect(*((name,) for name in names))
    for name in ("name", "workflow", "created_at", "updated_at", "metadata"):
        columns.add((name,), [getattr(record, name) for record in records])
    columns.add(("tags",), [sorted(record.tags) for record in records])
    columns.end_page(len(records))
    frame = columns.frame()
    for name in ("created_at", "updated_at"):
        frame[name] = pd.to_datetime(frame[name].astype(object), utc=True)
    return frame


def of_results(unit: Unit, runs: Sequence[TestRunRecord]) -> pd.DataFrame:
    """Return a row for each numeric metric of test cases and test suites in these runs."""
    import pandas as pd

    found: list[tuple[Any, ...]] = []
    for run in runs:
        for case in unit.test_runs.case_metrics(run.id):
            found += _numbers(run, case, case.test_case)
        for suite in unit.test_runs.suite_metrics(run.id):
            found += _numbers(run, suite, None)
    names = ("test_case", "model", "evaluator", "configuration", "metric")
    texts = {
        name: pd.array([row[place] for row in found], dtype=pd.StringDtype("python"))
        for place, name in enumerate(names)
    }
    numbers = [row[-1] for row in found]
    of_floats = all(type(number) is float for number in numbers)
    values = pd.Series(numbers, dtype="float64" if of_floats else object)
    stale = pd.array([row[-2] for row in found], dtype="boolean")
    frame: pd.DataFrame = pd.DataFrame({**texts, "value": values, "is_stale": stale})
    return frame


def _numbers(
    run: TestRunRecord, record: CaseMetricsRecord | SuiteMetricsRecord, test_case: str | None
) -> Iterator[tuple[Any, ...]]:
    names = (test_case, run.model, run.evaluator, record.configuration)
    for name, value in _leaves(record.metrics):
        if isinstance(value, (bool, int, float)):
            yield *names, name, record.is_stale, _as_float(value)


def _as_float(number: float) -> float:
    """Return a number as a float; an integer that a float would round stays an integer."""
    try:
        as_float = float(number)
    except OverflowError:
        return number
    return number if type(number) is int and as_float != number else as_float


def _leaves(value: Json, name: str = "") -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        objects = [item for item in value if isinstance(item, dict)]
        items: Iterable[tuple[object, Json]] = enumerate(value)
        if objects and len(objects) == len(value):
            items = by_label(objects)
        for place, item in items:
            yield from _leaves(item, f"{name}[{place}]")
    else:
        yield name, value


def _of_records(names: Sequence[str], rows: Sequence[Any]) -> pd.DataFrame:
    columns = Columns()
    columns.expect(*((name,) for name in names if name != "metrics"))
    for name in names:
        columns.add((name,), [_without_classes(getattr(row, name)) for row in rows])
    columns.end_page(len(rows))
    return columns.frame()


def _parse_shown(texts: Sequence[str]) -> list[Any]:
    values = _parse(texts)
    return list(map(_without_classes, values)) if any(CLASS_KEY in it for it in texts) else values


def _without_classes(value: Any) -> Any:
    """Return a value without the names of classes by which the store tells objects apart."""
    if isinstance(value, list):
        return list(map(_without_classes, value))
    if not isinstance(value, dict):
        return value
    return {
        key: _without_classes(item)
        for key, item in value.items()
        if key != CLASS_KEY or not is_class_name(item)
    }


def _parse(texts: Sequence[str | None]) -> list[Any]:
    return loads_all(["null" if text is None else text for text in texts])
