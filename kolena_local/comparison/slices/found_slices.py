"""The result of a search for slices: rows, remarks, a table, and a DataFrame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kolena_local.comparison import report
from kolena_local.comparison.dataframe import dataframe_of
from kolena_local.directions import Direction
from kolena_local.repository.conditions import Condition
from kolena_local.repository.sample_conditions import joined

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "slice",
    "n",
    "inside",
    "elsewhere",
    "difference",
    "ci_low",
    "ci_high",
    "p_value",
    "p_adjusted",
    "verdict",
)


@dataclass(frozen=True)
class FoundSlice:
    """A slice that one half of the samples suggested, and what the other half says about it.

    Attributes:
        conditions: what the samples of the slice satisfy, and no others.
        n: the number of samples in the slice, in both halves.
        inside: the mean of the metric in the slice; with a base, of candidate minus base.
        elsewhere: the mean of the same for all other samples.
        difference: inside minus elsewhere.
        ci_low: the lower end of the difference's confidence interval.
        ci_high: the upper end.
        p_value: the probability of a difference this bad if the slice were like all other samples;
            with a base, or if the candidate were as good as the base there, whichever is larger.
        p_adjusted: the p-value adjusted for all slices that were tested.
        verdict: ``worse`` or ``not decided``.
    """

    conditions: tuple[Condition, ...]
    n: int
    inside: float
    elsewhere: float
    difference: float
    ci_low: float
    ci_high: float
    p_value: float
    p_adjusted: float
    verdict: str

    @property
    def slice(self) -> str:
        """The conditions as one text, for ``TestSuite.slice(name, where=...)``."""
        return joined(self.conditions)


@dataclass(frozen=True)
class FoundSlices:
    """The slices on which a model is worse than elsewhere, or has lost against the base.

    Attributes:
        model: the name of the model; with a base, of the candidate.
        base: the name of the base; None for a single model.
        test_suite: the name of the test suite.
        test_suite_version: the version whose results were searched.
        evaluator: the name of the evaluator; None if it has no name.
        configuration: the display name of its configuration; None if there is none.
        metric: the name of the metric.
        direction: whether higher or lower is better.
        confidence: the level of the confidence intervals.
        rows: the slices that were tested; the strongest evidence comes first.
        caveats: the sentences without which the rows would be misread: the direction, fields and
            samples that were left out, results that are not current.
        legend: sentences that explain how slices were found, and the columns.
        stale: what is stale or of unknown age; empty if all results are fresh.
    """

    model: str
    base: str | None
    test_suite: str
    test_suite_version: int
    evaluator: str | None
    configuration: str | None
    metric: str
    direction: Direction
    confidence: float
    rows: tuple[FoundSlice, ...]
    caveats: tuple[str, ...]
    legend: tuple[str, ...]
    stale: str

    @property
    def remarks(self) -> tuple[str, ...]:
        """All sentences about the rows: caveats, then legend."""
        return self.caveats + self.legend

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of each entry."""
        return (*COLUMNS, "direction", "remarks")

    def entries(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries with the keys of :meth:`to_dataframe`."""
        better = "higher" if self.direction.higher_is_better else "lower"
        rest = {"direction": better, "remarks": " ".join(self.caveats)}
        return [{**{name: getattr(row, name) for name in COLUMNS}, **rest} for row in self.rows]

    def to_dataframe(self) -> pd.DataFrame:
        """Return the rows as a DataFrame.

        The columns are slice, n, inside, elsewhere, difference, ci_low, ci_high, p_value,
        p_adjusted and verdict, as in :class:`FoundSlice`; direction, which is ``higher`` or
        ``lower``, whichever is better; and remarks, the same caveats in each row.
        """
        return dataframe_of(self.entries(), self.keys)

    @property
    def title(self) -> str:
        """What was searched, in one line."""
        warning = self.stale and f"{self.stale}: "
        who = self.model
        if self.base is not None:
            who = f"{self.model} (candidate) against {self.base} (base)"
        by = self.evaluator or "an evaluator without a name"
        under = "" if self.configuration is None else f", {self.configuration}"
        return (
            f"{warning}slices of {self.test_suite}@{self.test_suite_version} where {self.metric} is"
            f" worse: {who}, by {by}{under}"
        )

    def table(self) -> tuple[list[str], list[list[report.Cell]]]:
        """Return the header and the cells of the table that ``str()`` shows."""
        header = ["#", "slice", "verdict", "n", "inside", "elsewhere", "difference", "low", "high"]
        return [*header, "p adjusted"], [
            [
                number,
                row.slice,
                row.verdict,
                row.n,
                report.rounded(row.inside, 4),
                report.rounded(row.elsewhere, 4),
                report.rounded(row.difference, 3),
                report.rounded(row.ci_low, 3),
                report.rounded(row.ci_high, 3),
                report.rounded(row.p_adjusted, 2),
            ]
            for number, row in enumerate(self.rows, start=1)
        ]

    def __str__(self) -> str:
        table = ["", report.text(*self.table())] if self.rows else []
        return "\n".join([self.title, *table, "", *self.remarks])

    def __repr__(self) -> str:
        return f"<FoundSlices: {self.title}>"

    def _repr_html_(self) -> str:
        return report.html(self.title, self.to_dataframe(), self.remarks)
