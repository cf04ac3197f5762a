"""Checks of determinism: samples of a model's inferences that were inferred again, and the result.

They are kept with the model until it or the test suite is deleted. A dump of the store does not
carry them, because they are about the machine on which they were made; a copy of the file does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from kolena_local.errors import StoreDamagedError
from kolena_local.payload import Json, dumps
from kolena_local.repository.inferences import Inferences
from kolena_local.repository.names import now
from kolena_local.repository.provenances import ensure_provenance
from kolena_local.repository.records import Facts, StoredRecord
from kolena_local.repository.rows import Repository, as_object

OUTDATED: Final = "checked inferences have since been replaced or deleted; check again"


@dataclass(frozen=True)
class AnswerDifference:
    """A test sample for which a model gave another answer than the one that is stored.

    Attributes:
        test_sample_id: the id of the sample in the store.
        sample: its locator, or its fields as JSON if it has none.
        path: the field of the answer that differs the most, such as ``boxes[2].score``; an empty
            string for the answer as a whole. Other types and missing fields come before numbers.
        stored: the stored value of the field; None if it is missing.
        again: its value now.
        difference: the absolute difference of the two; None if they are not both numbers.
    """

    test_sample_id: int
    sample: str
    path: str
    stored: Json
    again: Json
    difference: float | None


@dataclass(frozen=True)
class MetricChange:
    """What became of a per-sample metric when it was computed from the new answers.

    Attributes:
        metric: its name.
        n: the number of values that were compared.
        flipped: how many of them changed by more than the tolerance.
        mean_change: the mean of the absolute differences, where a flipped bool is a difference of
            1; None if a value is neither a bool nor a number.
    """

    metric: str
    n: int
    flipped: int
    mean_change: float | None


@dataclass(frozen=True)
class CheckSettings:
    """How answers were asked for and compared.

    Attributes:
        seed: the seed of the random sample.
        relative_tolerance: the allowed difference of floats relative to the stored value, to which
            the next one is added.
        absolute_tolerance: the allowed absolute difference.
        fresh_process: whether the model was asked in a new process.
        evaluator: the name of the evaluator that computed metrics; None without one.
    """

    seed: int
    relative_tolerance: float
    absolute_tolerance: float
    fresh_process: bool
    evaluator: str | None = None


@dataclass(frozen=True)
class CheckCounts(StoredRecord):
    """The columns of a check's row."""

    test_suite: str
    test_suite_version: int
    checked_at: str
    identical: int
    within_tolerance: int
    different: int
    payload: str


@dataclass(frozen=True)
class DeterminismCheck:
    """What a model answered when it was asked again for answers that are stored.

    Attributes:
        model: the name of the model.
        test_suite: the name of the test suite.
        test_suite_version: its version.
        checked_at: when it was stored.
        identical: how many answers are the same; NaN equals NaN.
        within_tolerance: how many differ only in floats, by no more than the tolerance.
        different: how many differ.
        interval: the bounds of the share that differs, each with a confidence of 95 %.
        settings: how it was checked.
        differences: the samples that differ; at most 100 are kept.
        metrics: the per-sample metrics that were computed; empty without an evaluator.
        metrics_n: the number of samples whose metrics were compared; None without an evaluator.
        metrics_flipped: of these, how many had a metric that changed.
        provenance: what code and environment were, if they were captured.
        is_outdated: whether an answer that was checked was replaced or deleted since then.
    """

    model: str
    test_suite: str
    test_suite_version: int
    checked_at: str
    identical: int
    within_tolerance: int
    different: int
    interval: tuple[float, float]
    settings: CheckSettings
    differences: tuple[AnswerDifference, ...] = ()
    metrics: tuple[MetricChange, ...] = ()
    metrics_n: int | None = None
    metrics_flipped: int | None = None
    provenance: Facts | None = None
    is_outdated: bool = False

    @property
    def n(self) -> int:
        """How many answers were compared."""
        return self.identical + self.within_tolerance + self.different

    @property
    def share_different(self) -> float:
        """The share of answers that differ."""
        return self.different / self.n

    @property
    def likely_share(self) -> str:
        """What is known of the share of all inferences that differ, in words."""
        return likely_share(self.different, self.n, self.interval)

    def entry(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        return {**asdict(self), "n": self.n, "interval": list(self.interval)}


def likely_share(different: int, n: int, interval: Sequence[float]) -> str:
    """Return what is known of the share of all inferences that differ, in words."""
    low, high = (f"{100 * end:.3g} %" for end in interval)
    ends = [f"less than {high} differ"] if different < n else []
    ends += [f"more than {low} differ"] if different else []
    return f"{', '.join(ends)} (95 % confidence{' each' if ends[1:] else ''})"


class DeterminismChecks(Repository):
    """The checks of a store, inside one transaction."""

    def add(
        self, model_id: int, test_suite_id: int, check: DeterminismCheck, answers: Mapping[int, str]
    ) -> str:
        """Store a check of stored answers, and return the time that is noted with it.

        Args:
            answers: the answers that were checked, by the ids of their samples.
        """
        at = now()
        payload: Any = {
            "interval": list(check.interval),
            "settings": asdict(check.settings),
            "differences": [asdict(one) for one in check.differences],
            "metrics": [asdict(one) for one in check.metrics],
            "metrics_n": check.metrics_n,
            "metrics_flipped": check.metrics_flipped,
            "checked": {"samples": list(answers), "digest": _digest(answers, answers)},
        }
        self._sql.execute(
            "INSERT INTO determinism_check (model_id, test_suite_id, test_suite_version,"
            " checked_at, identical, within_tolerance, different, payload, provenance_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                model_id,
                test_suite_id,
                check.test_suite_version,
                at,
                check.identical,
                check.within_tolerance,
                check.different,
                dumps(payload),
                ensure_provenance(self._sql, check.provenance),
            ),
        )
        return at

    def latest(self, model_id: int, test_suite_id: int | None = None) -> DeterminismCheck | None:
        """Return the latest check of a model, None if there is none.

        Args:
            model_id: the model.
            test_suite_id: only checks on any version of this test suite; None means all.

        Raises:
            StoreDamagedError: the stored check is not one.
        """
        rows = self._sql.fetch(
            """
            SELECT model.name, provenance.payload, test_suite.name, made.test_suite_version,
                made.checked_at, made.identical, made.within_tolerance, made.different,
                made.payload
            FROM determinism_check AS made
            JOIN model ON model.id = made.model_id
            JOIN test_suite ON test_suite.id = made.test_suite_id
            LEFT JOIN provenance ON provenance.id = made.provenance_id
            WHERE made.model_id = :model AND (:suite IS NULL OR made.test_suite_id = :suite)
            ORDER BY made.id DESC LIMIT 1
            """,
            {"model": model_id, "suite": test_suite_id},
        )
        if not rows:
            return None
        check, samples, digest = _check(*rows[0])
        stored = Inferences(self._sql).payloads(model_id, samples)
        # Earlier versions did not note what was checked.
        return replace(check, is_outdated=digest not in (None, _digest(stored, samples)))


def _digest(answers: Mapping[int, str], samples: Iterable[int]) -> str:
    found = hashlib.sha256()
    for id_ in samples:
        found.update(answers.get(id_, "").encode() + b"\0")
    return found.hexdigest()


def _check(
    model: str, provenance: str | None, *columns: Any
) -> tuple[DeterminismCheck, list[int], str | None]:
    row = CheckCounts(*columns)
    values: Any = as_object(row.payload)
    try:
        low, high = values["interval"]
        check = DeterminismCheck(
            model,
            row.test_suite,
            row.test_suite_version,
            row.checked_at,
            row.identical,
            row.within_tolerance,
            row.different,
            (float(low), float(high)),
            CheckSettings(**values["settings"]),
            tuple(AnswerDifference(**one) for one in values["differences"]),
            tuple(MetricChange(**one) for one in values["metrics"]),
            values["metrics_n"],
            values["metrics_flipped"],
            None if provenance is None else as_object(provenance),
        )
        checked = values.get("checked", {"samples": [], "digest": None})
        return check, [int(id_) for id_ in checked["samples"]], checked["digest"]
    except (KeyError, TypeError, ValueError) as error:
        raise StoreDamagedError(
            f"The store is damaged (a check of determinism: {error}); restore a backup."
        ) from error
