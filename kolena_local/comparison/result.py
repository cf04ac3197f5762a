"""What a comparison found, for people, for programs and for pandas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kolena_local.comparison import report
from kolena_local.comparison.direction import Direction
from kolena_local.comparison.statistics.pairs import Pairs
from kolena_local.comparison.verdicts import BETTER, NOT_DECIDED, WORSE, Row
from kolena_local.errors import InputValidationError

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "test_case",
    "metric",
    "n",
    "base",
    "candidate",
    "difference",
    "ci_low",
    "ci_high",
    "p_value",
    "p_adjusted",
    "verdict",
)


class WorseSample(NamedTuple):
    """A sample on which the candidate is worse than the base.

    Attributes:
        metric: by which metric.
        test_sample_id: the sample's number in the store.
        locator: the sample's locator; its fields as JSON if it has none.
        base: the base's value.
        candidate: the candidate's.
        difference: candidate minus base.
    """

    metric: str
    test_sample_id: int
    locator: str
    base: float
    candidate: float
    difference: float


@dataclass(frozen=True)
class Comparison:
    """Two models compared on a version of a test suite.

    Attributes:
        base: the base's name.
        candidate: the candidate's name.
        test_suite: the test suite's name.
        test_suite_version: the version whose results are compared.
        evaluator: the evaluator whose metrics are compared; None for one without a name.
        configuration: its configuration; None if it has none.
        confidence: of the intervals.
        rows: a row for each metric and test case, and for the whole suite; those with the strongest
            evidence first.
        directions: for each metric, which way it is better.
        remarks: sentences that belong to the rows: directions, correction, what was left out.
    """

    base: str
    candidate: str
    test_suite: str
    test_suite_version: int
    evaluator: str | None
    configuration: str | None
    confidence: float
    rows: tuple[Row, ...]
    directions: dict[str, Direction]
    remarks: tuple[str, ...]
    _suite_pairs: dict[str, Pairs] = field(repr=False, compare=False)
    _locators: Callable[[Sequence[int]], list[str]] = field(repr=False, compare=False)

    def entries(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries with the keys of :meth:`to_dataframe`."""
        return [{name: getattr(row, name) for name in COLUMNS} for row in self.rows]

    def to_dataframe(self) -> pd.DataFrame:
        """Return the rows as a data frame.

        The columns are test_case (None for the whole suite), metric, n, base, candidate,
        difference, ci_low, ci_high, p_value, p_adjusted and verdict, as :class:`Row` has them.
        """
        # Here, because it takes a quarter of a second that no other part of a comparison needs.
        import pandas as pd

        frame: pd.DataFrame = pd.DataFrame(self.entries(), columns=list(COLUMNS))
        return frame

    def worst(self, n: int) -> list[WorseSample]:
        """Return the samples of the suite that got worse, the worst first; metric by metric.

        Args:
            n: at most so many for each metric.

        Raises:
            InputValidationError: ``n`` is not a whole number.
        """
        if not isinstance(n, Integral):
            raise InputValidationError(f"worst() takes a whole number of samples, not {n!r:.80}.")
        found: list[WorseSample] = []
        for metric, pairs in self._suite_pairs.items():
            differences = pairs.differences
            sign = 1 if self.directions[metric].higher_is_better else -1
            order = np.argsort(sign * differences, kind="stable")[: max(n, 0)]
            worse = [index for index in order.tolist() if sign * differences[index] < 0]
            ids = pairs.ids[worse].tolist()
            numbers = (pairs.base[worse], pairs.candidate[worse], differences[worse])
            columns = (ids, self._locators(ids), *(column.tolist() for column in numbers))
            found += [WorseSample(metric, *values) for values in zip(*columns, strict=True)]
        return found

    @property
    def is_worse(self) -> bool:
        """Whether the candidate is worse by any metric in any test case or over the suite."""
        return any(row.verdict == WORSE for row in self.rows)

    @property
    def is_better(self) -> bool:
        """Whether the candidate is better by every metric over the suite, and worse nowhere."""
        return not self.is_worse and all(row.verdict == BETTER for row in self._whole_suite)

    @property
    def is_doubtful(self) -> bool:
        """Whether the whole suite is not decided by a metric, or samples of it were left out."""
        return any(
            row.verdict == NOT_DECIDED
            or row.only_base + row.only_candidate + row.untested + row.without_number > 0
            for row in self._whole_suite
        )

    @property
    def _whole_suite(self) -> list[Row]:
        return [row for row in self.rows if row.test_case is None]

    @property
    def title(self) -> str:
        """What is compared, in a line."""
        by = self.evaluator or "an evaluator without a name"
        under = "" if self.configuration is None else f", {self.configuration}"
        return (
            f"{self.candidate} (candidate) against {self.base} (base) on"
            f" {self.test_suite}@{self.test_suite_version}, by {by}{under}"
        )

    def table(self, *, narrow: bool = False) -> tuple[list[str], list[list[report.Cell]]]:
        """Return the header and the cells of the table that people read.

        Args:
            narrow: leave out the two means.
        """
        return report.table(self.rows, narrow=narrow)

    def __str__(self) -> str:
        return "\n".join([self.title, "", report.text(*self.table()), "", *self.remarks])
