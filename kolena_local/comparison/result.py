"""The result of a comparison: rows, remarks, a table, and a DataFrame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kolena_local.comparison import report
from kolena_local.comparison.dataframe import dataframe_of
from kolena_local.comparison.margins import regressions
from kolena_local.comparison.scores import SampleDetails
from kolena_local.comparison.statistics.pairs import Ids
from kolena_local.comparison.verdicts import BETTER, NOT_DECIDED, WORSE, Row, Slice
from kolena_local.directions import UNDECLARED, Direction
from kolena_local.errors import IncorrectUsageError, InputValidationError
from kolena_local.flags import check_bool
from kolena_local.payload import Json
from kolena_local.repository.dataset_records import EVALUATOR

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
    "margin",
    "within_margin",
    "right_to_wrong",
    "wrong_to_right",
)


class ChangedSample(NamedTuple):
    """A sample on which the candidate is worse than the base, or better.

    Attributes:
        metric: the name of the metric.
        test_sample_id: the id of the sample in the store.
        locator: the locator of the sample; its fields as JSON if it has none.
        base: the metric of the base.
        candidate: the metric of the candidate.
        difference: candidate minus base.
        test_sample: the sample, as JSON, as are the following three.
        ground_truth: its ground truth in the first test case that has it.
        base_inference: the inference of the base; None if it was deleted.
        candidate_inference: the inference of the candidate.
    """

    metric: str
    test_sample_id: int
    locator: str
    base: float
    candidate: float
    difference: float
    test_sample: Json
    ground_truth: Json
    base_inference: Json
    candidate_inference: Json


@dataclass(frozen=True)
class Comparison:
    """Two models compared on a version of a test suite.

    Attributes:
        base: the name of the base.
        candidate: the name of the candidate.
        test_suite: the name of the test suite.
        test_suite_version: the version whose results are compared.
        evaluator: the name of the evaluator; None if it has no name.
        configuration: the display name of its configuration; None if there is none.
        confidence: the level of the confidence intervals.
        rows: a row for each metric and test case, and for the whole suite; the strongest evidence
            comes first.
        directions: whether higher or lower is better, for each metric.
        caveats: the sentences without which the rows would be misread: directions, what was left
            out, results that are not current.
        legend: sentences that explain the columns.
        stale: what is stale or of unknown age of what is compared, such as ``stale results of a``;
            empty if all results are fresh.
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
    caveats: tuple[str, ...]
    legend: tuple[str, ...]
    stale: str
    _suite: dict[str, Slice] = field(repr=False, compare=False)
    _order: Ids = field(repr=False, compare=False)
    _details: Callable[[Sequence[int]], list[SampleDetails]] = field(repr=False, compare=False)

    @property
    def remarks(self) -> tuple[str, ...]:
        """All sentences about the rows: caveats, then legend."""
        return self.caveats + self.legend

    def entries(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries with the keys of :meth:`to_dataframe`."""
        words = {True: "higher", False: "lower", None: None}
        remarks = " ".join(self.caveats)
        return [
            {
                **{name: getattr(row, name) for name in COLUMNS},
                "direction": words[self.directions[row.metric].higher_is_better],
                "remarks": remarks,
            }
            for row in self.rows
        ]

    def to_dataframe(self) -> pd.DataFrame:
        """Return the rows as a DataFrame.

        The columns are test_case (None for the whole suite), metric, n, base, candidate,
        difference, ci_low, ci_high, p_value, p_adjusted, verdict, margin, within_margin,
        right_to_wrong and wrong_to_right, as in :class:`Row`; direction, which is ``higher`` or
        ``lower``, whichever is better, or None if that is not known; and remarks, the caveats of
        the comparison, the same in each row.
        """
        return dataframe_of(self.entries())

    def worst(self, n: int) -> list[ChangedSample]:
        """Return the samples of the suite that got worse, metric by metric, the worst first.

        Args:
            n: the maximum number of samples for each metric.

        Raises:
            InputValidationError: ``n`` is not an integer.
            IncorrectUsageError: a metric has no direction.
        """
        if not isinstance(n, Integral):
            raise InputValidationError(
                f"worst() takes an integer number of samples, not {n!r:.80}."
            )
        self.check_directions()
        return [sample for metric in self._suite for sample in self.worst_of(metric, n)]

    def worst_of(self, metric: str, n: int) -> list[ChangedSample]:
        """Return the samples of the suite that got worse in a metric, the worst first.

        Samples that are equally worse are in the order of the suite.

        Args:
            metric: a metric whose direction is known.
            n: the maximum number of samples.
        """
        pairs = self._suite[metric].pairs
        differences = pairs.differences
        sign = 1 if self.directions[metric].higher_is_better else -1
        order = np.lexsort((self._places(pairs.ids), sign * differences))[: max(n, 0)]
        return self._changed(metric, order[sign * differences[order] < 0])

    def flips(self) -> list[ChangedSample]:
        """Return the samples of the suite whose bools changed, metric by metric.

        Those that were right and are wrong now come first, each kind in the order of the suite.

        Raises:
            IncorrectUsageError: no metric that is compared is a bool, or one has no direction.
        """
        booleans = [metric for metric, part in self._suite.items() if part.boolean]
        if not booleans:
            raise IncorrectUsageError(
                "Only bools can flip between right and wrong, and none of the metrics compared is"
                f" one: {', '.join(self._suite)}."
            )
        self.check_directions()
        found = []
        for metric in booleans:
            pairs = self._suite[metric].pairs
            sign = 1 if self.directions[metric].higher_is_better else -1
            order = np.lexsort((self._places(pairs.ids), sign * pairs.differences))
            found += self._changed(metric, order[pairs.differences[order] != 0])
        return found

    def _places(self, sample_ids: Ids) -> Ids:
        """Return where in the suite samples are."""
        by_id = np.argsort(self._order)
        places: Ids = by_id[np.searchsorted(self._order, sample_ids, sorter=by_id)]
        return places

    def _changed(self, metric: str, chosen: Ids) -> list[ChangedSample]:
        """Return samples by their indices among the pairs of a metric."""
        pairs = self._suite[metric].pairs
        ids = pairs.ids[chosen].tolist()
        numbers = (pairs.base[chosen], pairs.candidate[chosen], pairs.differences[chosen])
        columns = (ids, self._details(ids), *(column.tolist() for column in numbers))
        return [
            ChangedSample(metric, sample_id, one.locator, *values, *one)
            for sample_id, one, *values in zip(*columns, strict=True)
        ]

    def scores(self, sample_id: int) -> dict[str, tuple[float, float]]:
        """Return the metrics that a sample of the suite is compared by: base and candidate.

        Args:
            sample_id: the id of the sample in the store.
        """
        found: dict[str, tuple[float, float]] = {}
        for metric, part in self._suite.items():
            start = int(np.searchsorted(part.pairs.ids, sample_id))
            here = slice(start, start + (sample_id in part.pairs.ids[start : start + 1]))
            sides = (part.pairs.base[here].tolist(), part.pairs.candidate[here].tolist())
            for base, candidate in zip(*sides, strict=True):
                both = (base, candidate)
                found[metric] = (bool(base), bool(candidate)) if part.boolean else both
        return found

    @property
    def undeclared(self) -> tuple[str, ...]:
        """The metrics for which it is not known whether higher or lower is better."""
        return tuple(name for name, one in self.directions.items() if one.source == UNDECLARED)

    @property
    def refusal(self) -> str | None:
        """What to write before these metrics can be judged; None if they can be."""
        if not self.undeclared:
            return None
        first, *_ = self.undeclared
        types = {name: "bool" if self._suite[name].boolean else "float" for name in self.undeclared}
        lines = [f"'{name}: HigherIsBetter[{type_}]'" for name, type_ in types.items()]
        declare = (
            f"Write {', '.join(lines)} (or LowerIsBetter, both from kolena_local.workflow) in the"
            " class of the metrics and evaluate again"
        )
        if self.evaluator == EVALUATOR:
            declare = f"Store the results again with `datasets results --higher-is-better {first}`"
        return (
            f"Whether higher or lower is better is not declared for {', '.join(types)}, so nothing"
            f" can be called better or worse. {declare}, or pass"
            f" higher_is_better={{{first!r}: True}} (--higher-is-better {first}, or"
            " --lower-is-better); or choose other metrics with metrics= (--metric)."
        )

    def check_directions(self) -> None:
        """Check that it is known of each metric whether higher or lower is better.

        Raises:
            IncorrectUsageError: it is not; the message says what to write.
        """
        if self.refusal is not None:
            raise IncorrectUsageError(self.refusal)

    @property
    def is_worse(self) -> bool:
        """Whether the candidate is worse in any metric in any test case or over the suite.

        Raises:
            IncorrectUsageError: a metric has no direction.
        """
        self.check_directions()
        return any(row.verdict == WORSE for row in self.rows)

    @property
    def regressions(self) -> tuple[str, ...]:
        """Why the candidate may not replace the base, a sentence for each row that says so.

        A row with a margin has to show that the loss is not larger: too few samples and samples
        that are left out count against the candidate. A row without a margin must not be worse.

        Raises:
            IncorrectUsageError: a metric has no direction.
        """
        self.check_directions()
        return tuple(regressions(report.listed(self.rows), self.directions))

    @property
    def is_better(self) -> bool:
        """Whether the candidate is better in every metric over the suite, and worse nowhere.

        Raises:
            IncorrectUsageError: a metric has no direction.
        """
        return not self.is_worse and all(row.verdict == BETTER for row in self._whole_suite)

    @property
    def is_doubtful(self) -> bool:
        """Whether a metric has no direction, or the whole suite is not decided or lacks samples."""
        return bool(self.undeclared) or any(
            row.verdict == NOT_DECIDED or row.left_out > 0 for row in self._whole_suite
        )

    @property
    def _whole_suite(self) -> list[Row]:
        return [row for row in self.rows if row.test_case is None]

    @property
    def title(self) -> str:
        """What is compared, in one line."""
        by = self.evaluator or "an evaluator without a name"
        under = "" if self.configuration is None else f", {self.configuration}"
        warning = self.stale and f"{self.stale}: "
        return (
            f"{warning}{self.candidate} (candidate) against {self.base} (base) on"
            f" {self.test_suite}@{self.test_suite_version}, by {by}{under}"
        )

    def table(self, flips: bool = False) -> tuple[list[str], list[list[report.Cell]]]:
        """Return the header and the cells of the table that ``str()`` shows.

        Args:
            flips: whether to add how many bools changed in each direction.

        Raises:
            InputValidationError: ``flips`` is not a bool.
        """
        return report.table(self.rows, check_bool(flips, "flips"))

    def __str__(self) -> str:
        return "\n".join([self.title, "", report.text(*self.table()), "", *self.remarks])

    def __repr__(self) -> str:
        return f"<Comparison: {self.title}>"

    def _repr_html_(self) -> str:
        return report.html(self.title, self.to_dataframe(), self.remarks)
