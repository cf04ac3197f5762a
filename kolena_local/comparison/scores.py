"""Per-sample metrics of a model, read from the store into arrays."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from itertools import compress
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kolena_local.comparison.missing_results import how_to_add
from kolena_local.comparison.statistics.pairs import Ids, Scores, first_of_each
from kolena_local.errors import InputValidationError
from kolena_local.payload import Json, canonical, dumps, loads
from kolena_local.plurals import agreeing, few, quoted
from kolena_local.repository.dataset_records import EVALUATOR
from kolena_local.repository.paging import pages_by_key
from kolena_local.repository.rows import as_object

if TYPE_CHECKING:
    from kolena_local.comparison.run_selection import SelectedRuns
    from kolena_local.repository import Unit
    from kolena_local.repository.records import TestCaseRecord, TestRunRecord

_PAGE = 10_000

BOOLEAN, NUMBER, OTHER = "bool", "number", "other"


def sample_ids_of(unit: Unit, case: TestCaseRecord) -> Ids:
    """Return the ids of a test case's samples, in their order."""
    return np.array(unit.test_cases.sample_ids(case.id, case.version), dtype=np.int64)


class ModelScores:
    """The fields of one model's per-sample metrics, as columns of numbers.

    Args:
        unit: a read in progress.
        configuration_id: the id of the results' configuration.
        case_ids: the ids of the suite's test cases.

    Attributes:
        kinds: for each field, the kinds of its values: bool, number, other; empty if all are null.
    """

    def __init__(self, unit: Unit, configuration_id: int, case_ids: Sequence[int]) -> None:
        self.kinds: dict[str, set[str]] = {}
        self._everywhere = self._read(unit, configuration_id, None)
        self._cases = {case: self._read(unit, configuration_id, case) for case in case_ids}

    def of_case(self, metric: str, case_id: int, members: Ids) -> Scores:
        """Return a metric's scores in a test case.

        Args:
            metric: the name of the metric.
            case_id: the id of the test case.
            members: the ids of its samples, for evaluators that see the suite as a whole.
        """
        own = self._cases[case_id].scores(metric)
        return first_of_each([own, self._everywhere.scores(metric).among(members)])

    def _read(self, unit: Unit, configuration_id: int, case_id: int | None) -> _Columns:
        columns = _Columns()
        for rows in pages_by_key(
            lambda after: unit.test_runs.sample_scores(
                configuration_id, case_id, after=after, limit=_PAGE
            ),
            attrgetter("test_sample_id"),
        ):
            for row in rows:
                metrics = as_object(row.payload)
                columns.add(row.test_sample_id, metrics)
                for name, value in metrics.items():
                    kinds = self.kinds.setdefault(name, set())
                    if value is not None:
                        kinds.add(_kind(value))
        return columns


class _Columns:
    """Samples and their metrics; NaN where a metric is not a number.

    A column is an array of floats, or a list if it has an integer that a float would round.
    """

    def __init__(self) -> None:
        self._samples = array("q")
        self._columns: dict[str, array[float] | list[float]] = {}

    def add(self, sample_id: int, metrics: Mapping[str, Json]) -> None:
        for name, value in metrics.items():
            column = self._columns.setdefault(name, array("d"))
            number = _number(value)
            if type(number) is int and not isinstance(column, list):
                column = self._columns[name] = list(column)
            self._reach(column, len(self._samples))
            column.append(number)
        self._samples.append(sample_id)

    def scores(self, metric: str) -> Scores:
        column = self._columns.get(metric, array("d"))
        self._reach(column, len(self._samples))
        values = np.array(column, dtype=object if isinstance(column, list) else np.float64)
        return Scores(np.array(self._samples, dtype=np.int64), values)

    @staticmethod
    def _reach(column: array[float] | list[float], length: int) -> None:
        """Add NaN for the samples without the metric."""
        if len(column) < length:
            column.extend([math.nan] * (length - len(column)))


def comparable(models: Sequence[ModelScores], wanted: Sequence[str] | None) -> dict[str, bool]:
    """Return the metrics to compare, and for each whether it is boolean.

    Args:
        models: the scores of each model.
        wanted: the names of metrics; None means all that are bools or numbers.

    Raises:
        InputValidationError: a metric is unknown, or neither a bool nor a number; or there is no
            metric to compare.
    """
    names = dict.fromkeys(name for model in models for name in model.kinds)
    kinds = {
        name: set[str]().union(*(model.kinds.get(name, ()) for model in models)) for name in names
    }
    usable = {
        name: found == {BOOLEAN} for name, found in kinds.items() if found <= {BOOLEAN, NUMBER}
    }
    if wanted is None:
        # A metric that is null for every sample could be anything.
        usable = {name: boolean for name, boolean in usable.items() if kinds[name]}
        if not usable:
            raise InputValidationError(
                "No metric of the samples is a bool or a number"
                f" (there are: {', '.join(kinds) or 'none'}); add one that is to the results."
            )
        return usable
    there = f"those that can be: {', '.join(usable) or 'none'}"
    for name in wanted:
        if name not in kinds:
            raise InputValidationError(f"No sample has a metric {name!r} to compare; {there}.")
        if name not in usable:
            raise InputValidationError(
                f"The metric {name!r} is neither a bool nor a number and cannot be compared;"
                f" {there}."
            )
    if not wanted:
        raise InputValidationError(f"No metric to compare was named; {there}.")
    return {name: usable[name] for name in wanted}


def check_in_all(
    metrics: Sequence[str],
    models: Sequence[str],
    scores: Sequence[ModelScores],
    runs: Sequence[TestRunRecord],
) -> None:
    """Check that all models have some metrics.

    Args:
        metrics: the names of the metrics; at least one model has each.
        models: what the message calls each model.
        scores: the scores of each model.
        runs: the runs that the scores are from.

    Raises:
        InputValidationError: a model lacks a metric.
    """
    for metric in metrics:
        having = [metric in one.kinds for one in scores]
        if not all(having):
            some = few([*compress(models, having)])
            others = few([model for model, has in zip(models, having, strict=True) if not has])
            advice = how_to_add(runs[having.index(False)], metric)
            raise InputValidationError(
                f"The metric {metric!r} is only in the results of {some}, not in those of"
                f" {others}; {advice}, or choose another metric or other models."
            )


def lacking_metrics(
    metrics: Sequence[str], chosen: SelectedRuns, scores: Sequence[ModelScores]
) -> list[str]:
    """Return a sentence for each of two models that lacks metrics which the other one has.

    Args:
        metrics: the names of metrics that are compared.
        chosen: the results that are compared.
        scores: the scores of the base and the candidate.

    Raises:
        InputValidationError: the models have none of the metrics in common.
    """
    sentences, shared = [], set(metrics)
    for scored, one in zip((chosen.base, chosen.candidate), scores, strict=True):
        lacking = [metric for metric in metrics if metric not in one.kinds]
        if lacking:
            shared -= set(lacking)
            noun = agreeing(len(lacking), "metric", "metrics")
            first = "correct" if "correct" in lacking else lacking[0]
            sentences.append(
                f"'{scored.run.model}' has no {noun} {quoted(lacking)};"
                f" {how_to_add(scored.run, first)}, or choose another metric with metrics="
                " (--metric)."
            )
    if not shared:
        raise InputValidationError(" ".join(sentences))
    return sentences


def clusters_of(unit: Unit, sample_ids: Ids, field: str) -> tuple[Ids, int]:
    """Return a cluster number for each sample: the same for the same value of a metadata field.

    A sample in which the field is missing, null or NaN is a cluster of its own.

    Args:
        unit: a read in progress.
        sample_ids: the ids of the samples.
        field: the name of the metadata field.

    Returns:
        The cluster numbers, shape ``(n,)``, and how many samples lack the field.

    Raises:
        InputValidationError: no sample has the field.
    """
    numbers: dict[str, int] = {}
    known: dict[str, None] = {}
    codes, lacking = np.empty(len(sample_ids), dtype=np.int64), 0
    for start in range(0, len(sample_ids), _PAGE):
        page = sample_ids[start : start + _PAGE].tolist()
        for place, row in enumerate(unit.test_samples.rows(page), start=start):
            metadata = as_object(row.metadata)
            known.update(dict.fromkeys(metadata))
            value = metadata.get(field)
            if value is None or value != value:
                lacking += 1
                codes[place] = -lacking
            else:
                codes[place] = numbers.setdefault(canonical(value), len(numbers))
    if not numbers:
        raise InputValidationError(
            f"No sample of the test suite has {field!r} in its metadata to cluster by; they have:"
            f" {', '.join(known) or 'none'}."
        )
    return codes, lacking


class SampleDetails(NamedTuple):
    """A sample, its ground truth and both models' inferences, if any, as JSON values.

    Models whose results were uploaded have no inferences; their results take that place.
    """

    test_sample: Json
    ground_truth: Json
    base_inference: Json
    candidate_inference: Json

    @property
    def locator(self) -> str:
        """The locator of the sample; its fields as JSON if it has none."""
        sample = self.test_sample
        locator = sample.get("locator") if isinstance(sample, dict) else None
        return locator if isinstance(locator, str) else dumps(sample)


def details(
    unit: Unit, chosen: SelectedRuns, models: Sequence[int], sample_ids: Sequence[int]
) -> list[SampleDetails]:
    """Return what belongs to samples of a version of a test suite.

    Args:
        unit: a read in progress.
        chosen: the results that are compared.
        models: the ids of the base and the candidate.
        sample_ids: the ids of the samples.
    """
    suite = chosen.test_suite
    left, right = (
        unit.inferences.suite_rows(model, suite.id, suite.version, sample_ids) for model in models
    )
    base, candidate = (
        unit.dataset_results.of_samples(one.configuration.id, sample_ids)
        if one.run.evaluator == EVALUATOR
        else {}
        for one in (chosen.base, chosen.candidate)
    )
    return [
        SampleDetails(
            *(
                None if text is None else loads(text)
                for text in (
                    one.payload,
                    one.ground_truth,
                    base.get(one.test_sample_id, one.inference),
                    candidate.get(one.test_sample_id, other.inference),
                )
            )
        )
        for one, other in zip(left, right, strict=True)
    ]


def _kind(value: Json) -> str:
    if isinstance(value, bool):
        return BOOLEAN
    return NUMBER if isinstance(value, (int, float)) else OTHER


def _number(value: Json) -> float:
    """Return a number as a float, or as it is if a float would round it; NaN if it is not one."""
    if type(value) is float:
        return value
    if not isinstance(value, (int, float)):
        return math.nan
    try:
        number = float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    return number if number == value else value
