"""Decide whether a candidate passes a gate: each row, then all of them."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from kolena_local.comparison import report
from kolena_local.comparison.compare import compare
from kolena_local.comparison.gate.gate import FAIL, IGNORE, SUITE, UNDECIDED, Gate
from kolena_local.comparison.gate.lacking import lacking
from kolena_local.comparison.gate.toml_text import toml_key, toml_string
from kolena_local.comparison.margins import WITHIN, is_alike_by_chance, shown_loss, with_margins
from kolena_local.comparison.result import Comparison
from kolena_local.comparison.verdicts import WORSE, Row
from kolena_local.errors import IncorrectUsageError, InputValidationError, NotFoundError, StoreError
from kolena_local.plurals import counted
from kolena_local.repository.dataset_records import EVALUATOR

if TYPE_CHECKING:
    from kolena_local.workflow import Model

PASS: Final = "pass"
_WORST_FIRST: Final = (FAIL, UNDECIDED, PASS)


@dataclass(frozen=True)
class JudgedRow:
    """A metric in a test case or over the whole suite, and whether it passes.

    Attributes:
        row: the row of the comparison.
        outcome: ``pass``, ``fail`` or ``undecided``.
        reasons: sentences about what decided this.
    """

    row: Row
    outcome: str
    reasons: tuple[str, ...]

    @property
    def place(self) -> str:
        """The name of the test case, or that it is the whole suite."""
        return report.WHOLE_SUITE if self.row.test_case is None else self.row.test_case

    def __str__(self) -> str:
        return f"{self.outcome}: {self.row.metric} in {self.place}: {' '.join(self.reasons)}"


@dataclass(frozen=True)
class Judgment:
    """Whether a candidate passes a gate.

    Attributes:
        gate: the gate.
        comparison: the comparison with the baseline.
        rows: what is judged; those that fail come first, then those that are undecided.
        remarks: the sentences without which the rows would be misread.
    """

    gate: Gate
    comparison: Comparison
    rows: tuple[JudgedRow, ...]
    remarks: tuple[str, ...]

    @property
    def outcome(self) -> str:
        """``fail`` if a row fails, else ``undecided`` if one is undecided, else ``pass``."""
        return _worst(one.outcome for one in self.rows)

    @property
    def title(self) -> str:
        """The outcome and what was judged, in one line."""
        return f"{self.outcome}: {self.comparison.title}"

    @property
    def reasons(self) -> tuple[str, ...]:
        """A sentence for each row of the table that does not pass."""
        return tuple(str(one) for one in self.listed() if one.outcome != PASS)

    def entries(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries: those of the comparison, the outcome and the reasons."""
        compared = dict(zip(map(id, self.comparison.rows), self.comparison.entries(), strict=True))
        return [
            {"outcome": one.outcome, **compared[id(one.row)], "reasons": " ".join(one.reasons)}
            for one in self.rows
        ]

    def table(self) -> tuple[list[str], list[list[report.Cell]]]:
        """Return the header and the cells of the table that ``str()`` shows."""
        columns: dict[str, Callable[[JudgedRow], report.Cell]] = {
            "outcome": lambda one: one.outcome,
            "test case": lambda one: one.place,
            "metric": lambda one: one.row.metric,
            "n": lambda one: one.row.n,
            "base": lambda one: report.rounded(one.row.base, 4),
            "candidate": lambda one: report.rounded(one.row.candidate, 4),
            "difference": lambda one: report.rounded(one.row.difference, 3),
            "low": lambda one: report.rounded(one.row.ci_low, 3),
            "high": lambda one: report.rounded(one.row.ci_high, 3),
            "margin": lambda one: one.row.margin,
        }
        if len(self.gate.metrics) == 1:
            del columns["metric"]
        return list(columns), [[get(one) for get in columns.values()] for one in self.listed()]

    def junit_xml(self) -> bytes:
        """Return the judgment as JUnit XML, with a test for each row of the table."""
        from kolena_local.comparison.gate.junit import junit_xml

        return junit_xml(self)

    def markdown(self) -> bytes:
        """Return the judgment as Markdown in UTF-8, for the summary of a job."""
        from kolena_local.comparison.gate.markdown import markdown

        return markdown(self).encode()

    def listed(self) -> list[JudgedRow]:
        """Return the rows without the test cases that are the same as the whole suite."""
        listed = set(map(id, report.listed([one.row for one in self.rows])))
        return [one for one in self.rows if id(one.row) in listed]

    def __str__(self) -> str:
        lines = [self.title, "", report.text(*self.table()), "", *self.reasons, *self.remarks]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Judgment: {self.title}>"


def judge_file(path: str | os.PathLike[str], candidate: str | Model | None) -> Judgment:
    """Judge by the gate in a file; errors about what is in it begin with its path.

    The arguments and errors are those of :meth:`Gate.read` and :meth:`Gate.judge`.
    """
    gate = Gate.read(path)
    try:
        return judge(gate, candidate)
    except StoreError:
        raise
    except (InputValidationError, IncorrectUsageError, NotFoundError) as error:
        raise type(error)(f"{os.fspath(path)}: {error}") from error


def judge(gate: Gate, candidate: str | Model | None) -> Judgment:
    """Compare a candidate with the baseline, and decide whether it passes; see :meth:`Gate.judge`.

    A candidate passes only if every row does, so that no correction for the number of rows is
    needed: see :mod:`kolena_local.comparison.margins`.
    """
    chosen = gate.candidate if candidate is None else candidate
    if chosen is None:
        raise InputValidationError(
            "There is no candidate to judge; write candidate in [gate], or pass candidate="
            " (--candidate)."
        )
    found = compare(
        gate.baseline,
        chosen,
        gate.suite,
        metrics=list(gate.metrics),
        evaluator=gate.evaluator,
        configuration=gate.configuration,
        confidence=gate.confidence,
        cluster=gate.cluster,
        higher_is_better={
            name: one.direction == "higher"
            for name, one in gate.metrics.items()
            if one.direction is not None
        },
        stale_ok=True,
    )
    check_models(found)
    for name in found.undeclared:
        raise InputValidationError(
            'A margin needs a direction: write direction = "higher" or "lower" in'
            f" [metrics.{toml_key(name)}], whichever is better."
        )
    margins = {name: float(one.margin) for name, one in gate.metrics.items()}
    found = replace(found, rows=tuple(with_margins(found.rows, margins, found.directions)))
    judged = [
        _judged(row, gate, found)
        for row in found.rows
        if row.test_case is None or gate.per != SUITE
    ]
    judged.sort(key=lambda one: _WORST_FIRST.index(one.outcome))
    remarks = found.caveats
    if found.test_suite == gate.suite and found.evaluator != EVALUATOR:
        pinned = toml_string(f"{found.test_suite}@{found.test_suite_version}")
        remarks += (f"The version of the suite is not pinned; suite = {pinned} would do that.",)
    return Judgment(gate, found, tuple(judged), remarks)


def check_models(found: Comparison) -> None:
    """Make sure that a comparison is not of a model with itself.

    Raises:
        InputValidationError: it is.
    """
    if found.base == found.candidate:
        raise InputValidationError(
            f"'{found.base}' is both the baseline and the candidate; give another candidate."
        )


def _judged(row: Row, gate: Gate, found: Comparison) -> JudgedRow:
    higher = found.directions[row.metric].higher_is_better
    findings = list(_findings(row, gate, found, 1 if higher else -1))
    worst = _worst(outcome for outcome, _ in findings)
    return JudgedRow(row, worst, tuple(reason for outcome, reason in findings if outcome == worst))


def _findings(row: Row, gate: Gate, found: Comparison, sign: int) -> Iterator[tuple[str, str]]:
    """Yield what speaks for or against a row: an outcome and a sentence each."""
    rule = gate.metrics[row.metric]
    if row.n:
        yield _by_margin(row, rule.margin, sign)
    needed = gate.min_samples if rule.min_samples is None else rule.min_samples
    if row.n < needed:
        yield UNDECIDED, f"{counted(row.n, 'sample')}, and at least {needed} are needed."
    if row.left_out and gate.missing != IGNORE:
        others = [f'"{one}"' for one in (UNDECIDED, IGNORE) if one != gate.missing]
        yield (
            gate.missing,
            f"{lacking(row, found)}. Store what is missing, or write missing ="
            f" {' or '.join(others)} in [gate].",
        )
    if found.stale and gate.stale != IGNORE:
        yield gate.stale, f"Out of date: {found.stale}."


def _by_margin(row: Row, margin: float, sign: int) -> tuple[str, str]:
    # The ends of the interval as losses: positive is worse.
    least, most = sorted((-sign * row.ci_low, -sign * row.ci_high))
    limit = f"the margin is {margin:.12g}"
    if row.within_margin == WORSE:
        known = shown_loss(least, margin, at_least=True)
        return FAIL, f"It lost {-sign * row.difference:.3g}, and at least {known}; {limit}."
    if row.within_margin in WITHIN:
        ruled_out = "a loss" if most <= 0 else f"a loss of more than {shown_loss(most, margin)}"
        return PASS, f"It is {row.within_margin}: {ruled_out} is ruled out; {limit}."
    if math.isnan(most):
        return UNDECIDED, f"There is no confidence interval; {limit}."
    if is_alike_by_chance(row):
        units = counted(row.units, "cluster" if row.units < row.n else "sample")
        return UNDECIDED, f"{units} with the same difference are too few to decide; {limit}."
    return UNDECIDED, f"It may have lost up to {shown_loss(most, margin)}; {limit}."


def _worst(outcomes: Iterable[str]) -> str:
    return min(outcomes, key=_WORST_FIRST.index)
