"""The comparison of models with the base, or why there is none, and the samples that got worse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple

from kolena_local.comparison import ChangedSample, Comparison, Row
from kolena_local.comparison.compare import decide, pair_runs
from kolena_local.comparison.report import Cell
from kolena_local.comparison.run_selection import ScoredRun, SelectedRuns, check_configurations
from kolena_local.comparison.scores import details
from kolena_local.comparison.settings import check_settings
from kolena_local.errors import IncorrectUsageError, InputValidationError
from kolena_local.payload import Json
from kolena_local.repository import Unit
from kolena_local.repository.records import ModelRecord
from kolena_local.view.report.subject import Method, Subject
from kolena_local.view.shortened import fields

_SETTINGS: Final = check_settings(0.95)

Fields = list[tuple[str, Json]]


class WorstSample(NamedTuple):
    """A sample that got worse; ``metrics`` are names with the values of base and candidate."""

    sample: Fields
    ground_truth: Fields
    base: Fields
    candidate: Fields
    metrics: list[tuple[str, float, float]]


class Overall(NamedTuple):
    """A metric on the whole suite, with the number of test cases for each verdict."""

    row: Row
    test_cases: dict[str, int]


class Verdicts(NamedTuple):
    """A model compared with the base.

    Attributes:
        candidate: the name of the model.
        refusal: why they cannot be compared; an empty string if they are.
        overall: the verdicts on the whole suite.
        header: the header of the table, as the command ``compare`` prints it.
        rows: its cells.
        remarks: sentences about the table.
        worst: the samples that got worse.
        undeclared: the metrics without a known direction.
    """

    candidate: str
    refusal: str
    overall: Sequence[Overall] = ()
    header: Sequence[str] = ()
    rows: Sequence[Sequence[Cell]] = ()
    remarks: Sequence[str] = ()
    worst: Sequence[WorstSample] = ()
    undeclared: Sequence[str] = ()


def all_verdicts(
    unit: Unit, subject: Subject, method: Method, worst: int, advance: Callable[[int], object]
) -> list[Verdicts]:
    """Compare each model with the base.

    Args:
        unit: a read in progress.
        subject: what the report is about.
        method: by which evaluator and configuration.
        worst: the greatest number of samples that got worse, for each metric.
        advance: called after each comparison.
    """
    base, *candidates = subject.models
    found = []
    for candidate in candidates:
        found.append(_verdicts(unit, subject, method, (base, candidate), worst))
        advance(1)
    return found


def _verdicts(
    unit: Unit, subject: Subject, method: Method, models: Sequence[ModelRecord], worst: int
) -> Verdicts:
    name = models[1].name
    scored = [(model.name, subject.results[method].get(model.name)) for model in models]
    refusals = [_refusal(unit, *one) for one in scored]
    base, candidate = (one for _, one in scored)
    if any(refusals) or base is None or candidate is None:
        return Verdicts(name, " ".join(filter(None, refusals)))
    if base.configuration.fingerprint != candidate.configuration.fingerprint:
        return Verdicts(
            name,
            "Their results were computed by evaluators of the same name whose code or settings"
            " differ. Run test() with one evaluator for both models.",
        )
    chosen = SelectedRuns(subject.suite, base, candidate)
    read = partial(details, unit, chosen, [model.id for model in models])
    try:
        check_configurations(base, candidate)
        found = decide(chosen, pair_runs(unit, chosen), _SETTINGS, read)
    except (IncorrectUsageError, InputValidationError) as error:
        return Verdicts(name, str(error))
    header, rows = found.table()
    undeclared = found.undeclared
    return Verdicts(
        name, "", _overall(found), header, rows, found.remarks, _worst(found, worst), undeclared
    )


def _refusal(unit: Unit, model: str, scored: ScoredRun | None) -> str | None:
    if scored is None or not unit.test_runs.has_sample_scores(scored.configuration.id):
        return (
            f"'{model}' has no per-sample metrics; run test() with an evaluator that computes them."
        )
    if scored.configuration.is_stale is not False:
        return f"The results of '{model}' are not current; run test() again."
    return None


def _overall(found: Comparison) -> list[Overall]:
    words: dict[str, Counter[str]] = {}
    for row in found.rows:
        if row.test_case is not None:
            words.setdefault(row.metric, Counter())[row.verdict] += 1
    return [
        Overall(row, dict(words.get(row.metric, {}))) for row in found.rows if row.test_case is None
    ]


def _worst(found: Comparison, most: int) -> list[WorstSample]:
    """Return the samples that got worse in any metric, each once, those of a metric together."""
    worse: dict[int, ChangedSample] = {}
    for metric, direction in found.directions.items():
        if direction.higher_is_better is not None:
            for sample in found.worst_of(metric, most):
                worse.setdefault(sample.test_sample_id, sample)
    return [
        WorstSample(
            fields(one.test_sample),
            fields(one.ground_truth),
            fields(one.base_inference),
            fields(one.candidate_inference),
            [(name, *both) for name, both in found.scores(id_).items()],
        )
        for id_, one in worse.items()
    ]
