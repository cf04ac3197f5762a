"""Buffers an evaluator's results under one configuration, as JSON, until all are saved at once.

Per-sample metrics are by far the most numerous. They are compressed in chunks, so that the peak
memory of an evaluation depends on its largest test case.
"""

from __future__ import annotations

import marshal
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from kolena_local.errors import InputValidationError
from kolena_local.execution.declared_directions import declared_directions
from kolena_local.payload import dumps
from kolena_local.repository.result_records import CaseMetrics, CasePlot, Results, SampleMetrics
from kolena_local.serialization.write import write
from kolena_local.serialization.write_many import write_many

_COMPRESSED_ROWS = 20_000


class ResultBuffer:
    """The results of one configuration."""

    def __init__(self) -> None:
        self.of_cases: list[tuple[Any, Any]] = []
        self._samples = _SampleMetricsPages()
        self._cases: list[CaseMetrics] = []
        self._plots: list[CasePlot] = []
        self._classes: dict[str, set[type[Any]]] = {"sample": set(), "case": set(), "suite": set()}

    def add_samples(
        self, case_id: int | None, id_of: Callable[[Any], int], pairs: Sequence[tuple[Any, Any]]
    ) -> None:
        """Add per-sample metrics.

        Args:
            case_id: the test case that they were computed for; None if they are the same in all.
            id_of: returns the id of a sample.
            pairs: samples and their metrics.

        Raises:
            InputValidationError: a sample occurs twice, is unknown, or its metrics cannot be
                stored.
        """
        ids = [id_of(sample) for sample, _ in pairs]
        texts = write_many([metrics for _, metrics in pairs])
        self._classes["sample"].update(type(metrics) for _, metrics in pairs)
        if len(set(ids)) < len(ids):
            raise InputValidationError(
                "The evaluator returned metrics of a test sample twice; return one pair for each."
            )
        self._samples.add([case_id] * len(ids), ids, texts)

    def add_case(self, case_id: int, test_case: Any, metrics: Any) -> None:
        """Add the metrics of a test case.

        Args:
            case_id: the id of the test case in the store.
            test_case: the test case object, for ``of_cases``.
            metrics: its metrics.

        Raises:
            InputValidationError: it has metrics already, or they cannot be stored.
        """
        if any(known.test_case_id == case_id for known in self._cases):
            raise InputValidationError(
                f"The evaluator returned metrics of the test case {test_case.name!r} twice;"
                " return one pair for each."
            )
        self._cases.append(CaseMetrics(case_id, dumps(write(metrics))))
        self._classes["case"].add(type(metrics))
        self.of_cases.append((test_case, metrics))

    def add_plots(self, case_id: int, plots: Iterable[Any]) -> None:
        """Add plots of a test case after those it already has."""
        start = sum(known.test_case_id == case_id for known in self._plots)
        for position, plot in enumerate(plots, start):
            self._plots.append(CasePlot(case_id, position, dumps(write(plot))))

    def with_suite(self, metrics: Any) -> Results:
        """Return all results, with the metrics of the test suite or None.

        Raises:
            InputValidationError: they cannot be stored, or classes of metrics contradict each other
                about what is better.
        """
        text = None if metrics is None else dumps(write(metrics))
        if metrics is not None:
            self._classes["suite"].add(type(metrics))
        declared = {level: declared_directions(them) for level, them in self._classes.items()}
        directions: Any = {level: found for level, found in declared.items() if found}
        return Results(
            self._samples, self._cases, self._plots, text, dumps(directions) if directions else None
        )


class _SampleMetricsPages:
    """Per-sample metrics in pages; all pages but the last are compressed."""

    def __init__(self) -> None:
        self._compressed: list[bytes] = []
        self._last = SampleMetrics([], [], [])

    def add(
        self, test_case_ids: list[int | None], test_sample_ids: list[int], payloads: list[str]
    ) -> None:
        self._last.test_case_ids.extend(test_case_ids)
        self._last.test_sample_ids.extend(test_sample_ids)
        self._last.payloads.extend(payloads)
        if len(self._last.payloads) >= _COMPRESSED_ROWS:
            self._compressed.append(zlib.compress(marshal.dumps(tuple(self._last)), 1))
            self._last = SampleMetrics([], [], [])

    def __iter__(self) -> Iterator[SampleMetrics]:
        for page in self._compressed:
            yield SampleMetrics._make(marshal.loads(zlib.decompress(page)))
        yield self._last
