"""The result of ranking models: a row for each, remarks, a table, and a DataFrame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from kolena_local.comparison import report
from kolena_local.comparison.dataframe import dataframe_of
from kolena_local.comparison.ranking.difficulty import Difficulty
from kolena_local.directions import Direction
from kolena_local.payload import Json, dumps

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: Final = (
    "model",
    "rank_low",
    "rank_high",
    "ties",
    "n",
    "mean",
    "ci_low",
    "ci_high",
    "difference",
    "difference_low",
    "difference_high",
    "p_adjusted",
    "verdict",
)


@dataclass(frozen=True)
class RankedModel:
    """A model of a leaderboard.

    Attributes:
        model: the name of the model.
        rank_low: the best rank that it may have: one after all models that are clearly better.
        rank_high: the worst rank that it may have, before all models that are clearly worse.
        ties: letters; two models share one exactly if neither is clearly better.
        n: the number of samples, the same for all models.
        mean: the mean of the metric.
        ci_low: the lower end of the mean's confidence interval; NaN with one sample.
        ci_high: the upper end.
        difference: the mean minus that of the baseline; None without one and for itself, as are
            the following.
        difference_low: the lower end of the difference's confidence interval.
        difference_high: the upper end.
        p_adjusted: the p-value of the difference, adjusted for all pairs of models.
        verdict: ``better``, ``worse`` or ``not decided``: the model against the baseline.
        metadata: the wanted fields of the model's metadata, by their paths.
    """

    model: str
    rank_low: int
    rank_high: int
    ties: str
    n: int
    mean: float
    ci_low: float
    ci_high: float
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    p_adjusted: float | None
    verdict: str | None
    metadata: Mapping[str, Json]

    @property
    def rank(self) -> str:
        """The ranks that it may have, such as ``1-2``."""
        return "-".join(map(str, sorted({self.rank_low, self.rank_high})))


@dataclass(frozen=True)
class Leaderboard:
    """Models sorted by the mean of a metric, the best first.

    Attributes:
        test_suite: the name of the test suite.
        test_suite_version: the version whose results are ranked.
        test_case: the name of the test case; None for the whole suite, with each sample once.
        evaluator: the name of the evaluator; None if it has no name.
        configuration: the display name of its configuration; None if there is none.
        metric: the name of the metric.
        direction: whether higher or lower is better.
        confidence: the level of the confidence intervals.
        baseline: the name of the model that the others are compared with; None if there is none.
        judged: the number of models that the test suite has results of by this evaluator.
        rows: the models.
        difficulty: how difficult each sample is for these models.
        stale: what is stale or of unknown age; empty if all results are fresh.
        caveats: the sentences without which the rows would be misread.
        legend: sentences that explain the columns.
    """

    test_suite: str
    test_suite_version: int
    test_case: str | None
    evaluator: str | None
    configuration: str | None
    metric: str
    direction: Direction
    confidence: float
    baseline: str | None
    judged: int
    rows: tuple[RankedModel, ...]
    difficulty: Difficulty
    stale: str
    caveats: tuple[str, ...]
    legend: tuple[str, ...]

    @property
    def remarks(self) -> tuple[str, ...]:
        """All sentences about the rows: caveats, then legend."""
        return self.caveats + self.legend

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of each entry."""
        return (*COLUMNS, "metadata", "direction", "remarks")

    def entries(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries, the best model first."""
        better = "higher" if self.direction.higher_is_better else "lower"
        rest = {"direction": better, "remarks": " ".join(self.caveats)}
        return [
            {
                **{name: getattr(row, name) for name in COLUMNS},
                "metadata": dict(row.metadata),
                **rest,
            }
            for row in self.rows
        ]

    def to_dataframe(self) -> pd.DataFrame:
        """Return the rows as a DataFrame, the best model first.

        The columns are those of :class:`RankedModel`, with one such as ``metadata.seed`` for each
        wanted field; direction, which is ``higher`` or ``lower``, whichever is better; and remarks,
        the same caveats in each row.
        """
        rows = []
        for entry in self.entries():
            metadata = entry.pop("metadata")
            better, remarks = entry.pop("direction"), entry.pop("remarks")
            fields = {f"metadata.{path}": value for path, value in metadata.items()}
            rows.append({**entry, **fields, "direction": better, "remarks": remarks})
        return dataframe_of(rows)

    @property
    def title(self) -> str:
        """What is ranked, in one line."""
        warning = self.stale and f"{self.stale}: "
        where = f"{self.test_suite}@{self.test_suite_version}"
        where = where if self.test_case is None else f"{self.test_case} of {where}"
        by = self.evaluator or "an evaluator without a name"
        under = "" if self.configuration is None else f", {self.configuration}"
        return f"{warning}leaderboard of {where} by {self.metric}, by {by}{under}"

    def table(self) -> tuple[list[str], list[list[report.Cell]]]:
        """Return the header and the cells of the table that ``str()`` shows."""
        header = ["rank", "model", "ties", "n", "mean", "low", "high"]
        if self.baseline is not None:
            header += ["verdict", "difference", "diff low", "diff high", "p adjusted"]
        fields = list(self.rows[0].metadata) if self.rows else []
        cells: list[list[report.Cell]] = []
        for row in self.rows:
            line: list[report.Cell] = [row.rank, row.model, row.ties, row.n]
            line += [report.rounded(one, 4) for one in (row.mean, row.ci_low, row.ci_high)]
            if self.baseline is not None:
                line.append(row.verdict or "baseline")
                for number in (row.difference, row.difference_low, row.difference_high):
                    line.append(None if number is None else report.rounded(number, 3))
                line.append(None if row.p_adjusted is None else report.rounded(row.p_adjusted, 2))
            cells.append([*line, *(_cell(value) for value in row.metadata.values())])
        return header + fields, cells

    def __str__(self) -> str:
        return "\n".join([self.title, "", report.text(*self.table()), "", *self.remarks])

    def __repr__(self) -> str:
        return f"<Leaderboard: {self.title}>"

    def _repr_html_(self) -> str:
        return report.html(self.title, self.to_dataframe(), self.remarks)


def _cell(value: Json) -> report.Cell:
    if value is None or isinstance(value, (str, int, float)):
        return value
    return dumps(value)
