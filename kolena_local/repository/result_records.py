"""What an evaluator computed, as values that the repository takes and returns.

Payloads are JSON texts; a configuration is known by its name, which is None if there was none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from kolena_local.payload import Json
from kolena_local.repository.records import StoredRecord


class SampleMetrics(NamedTuple):
    """Metrics of samples to be stored, as columns; test case None: the same in every test case."""

    test_case_ids: list[int | None]
    test_sample_ids: list[int]
    payloads: list[str]


class CaseMetrics(NamedTuple):
    """Metrics of one test case to be stored."""

    test_case_id: int
    payload: str


class CasePlot(NamedTuple):
    """A plot of one test case to be stored, at its place among that test case's plots."""

    test_case_id: int
    position: int
    payload: str


class Results(NamedTuple):
    """All results of one configuration of an evaluator."""

    sample_metrics: Iterable[SampleMetrics]
    case_metrics: Iterable[CaseMetrics]
    plots: Iterable[CasePlot]
    suite_metrics: str | None
    #: JSON text: which metrics are better when higher or lower, by level; None if none is declared.
    directions: str | None = None


@dataclass(frozen=True)
class CaseMetricsRecord(StoredRecord):
    """Stored metrics of a test case under one configuration (None: there was none)."""

    configuration: str | None
    test_case: str
    test_case_version: int
    sample_count: int
    metrics: dict[str, Json]
    is_stale: bool | None = False


@dataclass(frozen=True)
class SuiteMetricsRecord(StoredRecord):
    """Stored metrics of the whole test suite under one configuration."""

    configuration: str | None
    metrics: dict[str, Json]
    is_stale: bool | None = False


@dataclass(frozen=True)
class SampleMetricsRecord(StoredRecord):
    """Stored metrics of one sample: the sample's JSON text as ``payload``, and the metrics'.

    ``id`` is the row's, to page by.
    """

    configuration: str | None
    test_case: str | None
    test_sample_id: int
    payload: str
    metrics: str
    id: int
    is_stale: bool | None = False


class SampleScoreRow(NamedTuple):
    """Stored metrics of one sample in a test case under one configuration, as JSON text."""

    test_sample_id: int
    payload: str


@dataclass(frozen=True)
class PlotRecord(StoredRecord):
    """A stored plot of a test case."""

    configuration: str | None
    test_case: str
    position: int
    payload: dict[str, Json]
    is_stale: bool | None = False
