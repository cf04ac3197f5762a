"""``power``: what a test suite can show, before any model is tested on it."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from numbers import Integral
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from kolena_local.comparison import report
from kolena_local.comparison.arguments import selection_of
from kolena_local.comparison.candidates import Candidates, Wanted, read_candidates
from kolena_local.comparison.dataframe import dataframe_of
from kolena_local.comparison.scores import sample_ids_of
from kolena_local.comparison.settings import check_settings
from kolena_local.comparison.statistics.all_pairs import paired
from kolena_local.comparison.statistics.estimate import scaled_differences
from kolena_local.comparison.statistics.pairs import Ids, Numbers
from kolena_local.comparison.statistics.scaling import Mask, unscaled
from kolena_local.errors import InputValidationError
from kolena_local.plurals import agreeing, counted, enumerated, quoted
from kolena_local.real_numbers import as_float
from kolena_local.warn import warn

if TYPE_CHECKING:
    import pandas as pd

    from kolena_local.workflow import Evaluator, EvaluatorConfiguration, Model, TestSuite

_FEWEST: Final = 50
"""With fewer samples, the spread is that of the whole suite."""
_MOST_MODELS: Final = 20
_ROUNDING: Final = 4 * np.finfo(np.float64).eps


@dataclass(frozen=True)
class PowerRow:
    """What a test case, or the whole suite, can show.

    Attributes:
        test_case: the name of the test case; None for the whole suite, with each sample once.
        n: the number of its samples.
        spread: for numbers, the standard deviation of the differences between two models; for
            bools, the share of samples on which only one of them is right.
        smallest_difference: the smallest difference of the means that would be shown with the
            wanted probability; NaN if none could be.
        samples_needed: how many samples would show the wanted difference; None if none was given.
    """

    test_case: str | None
    n: int
    spread: float
    smallest_difference: float
    samples_needed: int | None


@dataclass(frozen=True)
class PowerAnalysis:
    """What the samples of a test suite can show.

    Attributes:
        test_suite: the name of the test suite.
        test_suite_version: its version.
        metric: the name of the metric; None if the spread was given and no metric named.
        confidence: the confidence of the verdicts.
        power: the probability with which a difference is to be shown.
        difference: the wanted difference; None if none was given.
        comparisons: for how many comparisons p-values are adjusted.
        rows: a row for the whole suite, and one for each test case.
        remarks: sentences about where the spread comes from, and what the columns mean.
    """

    test_suite: str
    test_suite_version: int
    metric: str | None
    confidence: float
    power: float
    difference: float | None
    comparisons: int
    rows: tuple[PowerRow, ...]
    remarks: tuple[str, ...]
    _same: frozenset[str] = field(default=frozenset(), repr=False, compare=False)

    def entries(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries."""
        return [dict(vars(row)) for row in self.rows]

    def to_dataframe(self) -> pd.DataFrame:
        """Return the rows as a DataFrame with the columns of :class:`PowerRow`."""
        return dataframe_of(self.entries())

    @property
    def title(self) -> str:
        """What is analyzed, in one line."""
        by = "" if self.metric is None else f" by {self.metric}"
        return f"what {self.test_suite}@{self.test_suite_version} can show{by}"

    def table(self) -> tuple[list[str], list[list[report.Cell]]]:
        """Return the header and the cells of the table that ``str()`` shows.

        A test case that is the same as the whole suite has no line of its own.
        """
        rows = [row for row in self.rows if row.test_case not in self._same]
        header = ["test case", "n", "spread", "smallest difference"]
        cells: list[list[report.Cell]] = [
            [
                report.WHOLE_SUITE if row.test_case is None else row.test_case,
                row.n,
                report.rounded(row.spread, 3),
                report.rounded(row.smallest_difference, 3),
            ]
            for row in rows
        ]
        if self.difference is not None:
            header.append("samples needed")
            for line, row in zip(cells, rows, strict=True):
                line.append(row.samples_needed)
        return header, cells

    def __str__(self) -> str:
        return "\n".join([self.title, "", report.text(*self.table()), "", *self.remarks])

    def __repr__(self) -> str:
        return f"<PowerAnalysis: {self.title}>"

    def _repr_html_(self) -> str:
        return report.html(self.title, self.to_dataframe(), self.remarks)


class _Spread(NamedTuple):
    """How much two models differ on samples, and how that is known."""

    of: Callable[[Ids], float]
    boolean: bool
    remark: str


def power(
    test_suite: str | TestSuite,
    metric: str | None = None,
    *,
    models: Sequence[str | Model] | None = None,
    spread: float | None = None,
    discordant: float | None = None,
    difference: float | None = None,
    confidence: float = 0.95,
    power: float = 0.8,
    comparisons: int | None = None,
    evaluator: str | Evaluator | Any | None = None,
    configuration: str | EvaluatorConfiguration | None = None,
) -> PowerAnalysis:
    """Tell the smallest difference between two models that a test suite can show.

    It depends on how much two models differ on single samples. That is taken from the results that
    the test suite has: of two models that differ the most, or of one, as if another one made
    independent mistakes. Without results, or for a plan of one's own, give it.

    Numbers are planned for by the t-test, bools by McNemar's test; the functions in
    :mod:`kolena_local.comparison.statistics.power` name the sources. Skewed differences need more
    samples.

    Args:
        test_suite: the test suite or its name; ``name@3`` means version 3.
        metric: the metric, a bool or a number for each sample; None means the only one.
        models: the models whose results are used; None means all that have results; of more than
            20, the first 20 by name, as a remark says.
        spread: the standard deviation of the differences of a number, instead of results. Then
            ``models``, ``evaluator`` and ``configuration`` have no effect, as a ``KolenaWarning``
            says, and ``metric`` is only shown.
        discordant: the share of samples on which only one model is right, for a bool.
        difference: a difference of the means that is wanted, in the unit of the metric.
        confidence: the confidence of the verdicts.
        power: the probability with which a difference is to be shown.
        comparisons: for how many comparisons p-values are adjusted; None means one for the suite
            and for each of its test cases, as ``compare`` does for one metric. It is cautious: the
            first one that Holm's method looks at needs so small a p-value, the others do not.
        evaluator: the evaluator or its name; required if there are results of several.
        configuration: the configuration or its display name; required if there are several.

    Returns:
        The smallest difference for the whole suite and each test case, and how many samples
        ``difference`` needs.

    Raises:
        NotFoundError: the test suite is not in the store, or has no results and neither ``spread``
            nor ``discordant`` is given.
        InputValidationError: an argument is invalid, or the models do not differ on any sample, or
            by the same amount on all.
    """
    from kolena_local.repository import open_store

    settings = check_settings(confidence)
    _check(spread, discordant, difference, power, comparisons)
    if spread is not None or discordant is not None:
        _warn_of_unused(models=models, evaluator=evaluator, configuration=configuration)
    wanted = Wanted(
        models=models,
        test_suite=test_suite,
        metric=metric,
        test_case=None,
        evaluator=evaluator,
        configuration=configuration,
        # How much models differ is the same in both directions, and known from old results as well.
        higher_is_better=True,
        stale_ok=True,
        different_evaluators_ok=True,
    )
    difference = None if difference is None else float(difference)
    store = open_store(wanted.location, create=False)
    with store.read() as unit:
        if spread is None and discordant is None:
            found = read_candidates(unit, wanted, "")
            suite, metric = found.test_suite, found.metric
            known = _from_results(found, None if models else _MOST_MODELS)
        else:
            chosen = selection_of(unit, test_suite, None, None)
            suite = unit.test_suites.get(chosen.test_suite, chosen.version)
            known = _as_given(spread, discordant)
        if known.boolean:
            _check_number("difference", difference, 1.0)
        members: list[tuple[str | None, Ids]] = [
            (None, np.array(unit.suite_samples.ids(suite.id, suite.version), dtype=np.int64)),
            *((case.name, sample_ids_of(unit, case)) for case in suite.test_cases),
        ]
    sets = {name: frozenset(ids.tolist()) for name, ids in members}
    same = frozenset(name for name, ids in sets.items() if name and ids == sets[None])
    tests = len({*sets.values()})
    tests = tests if comparisons is None else int(comparisons)
    level = (1 - settings.confidence) / tests
    rows = [_row(name, ids, known, level, float(power), difference) for name, ids in members]
    return PowerAnalysis(
        suite.name,
        suite.version,
        metric,
        settings.confidence,
        float(power),
        difference,
        tests,
        tuple(rows),
        (
            *report.not_listed([name for name in sets if name in same]),
            known.remark,
            *_legend(settings.confidence, float(power), tests, difference),
        ),
        same,
    )


def _row(
    name: str | None,
    ids: Ids,
    known: _Spread,
    level: float,
    power: float,
    difference: float | None,
) -> PowerRow:
    from kolena_local.comparison.statistics import power as formulas  # late: SciPy

    spread = known.of(ids)
    smallest, needed = (
        (formulas.smallest_change, formulas.samples_for_change)
        if known.boolean
        else (formulas.smallest_difference, formulas.samples_for_difference)
    )
    return PowerRow(
        name,
        len(ids),
        spread,
        smallest(len(ids), spread, level, power),
        None if difference is None else needed(difference, spread, level, power),
    )


def _warn_of_unused(**arguments: Any) -> None:
    unused = [name for name, value in arguments.items() if value is not None]
    if unused:
        warn(
            f"No results are used, because the spread was specified, so {enumerated(unused)}"
            f" {agreeing(len(unused), 'has', 'have')} no effect; leave one or the other out."
        )


def _from_results(found: Candidates, most: int | None) -> _Spread:
    models, columns = found.models[:most], found.columns[:most]
    one, other = models[0], None
    of_pair = _alone(found.boolean, columns[0])
    if len(models) > 1:
        pairs = [
            (_spread(found.boolean, columns[left], columns[right]), left, right)
            for left, right in combinations(range(len(models)), 2)
        ]
        _, left, right = max(pairs, key=lambda pair: pair[0])
        one, other = models[left], models[right]
        of_pair = _between(found.boolean, columns[left], columns[right])
    whole = of_pair(np.ones(len(found.ids), dtype=bool))
    if not whole > 0:
        raise InputValidationError(
            f"The results of {quoted(found.models)} either do not differ in {found.metric!r} on any"
            " sample or differ by the same amount on all of them, which says nothing about other"
            " models; give"
            + (" discordant= (--discordant)." if found.boolean else " spread= (--spread).")
        )

    def of(ids: Ids) -> float:
        inside = np.isin(found.ids, ids)
        own = of_pair(inside) if int(inside.sum()) >= _FEWEST else whole
        return own if own > 0 else whole

    if other is None:
        remark = (
            f"spread: as if another model made mistakes independently of '{one}', the only one"
            " with results. Models that were trained on the same data differ less."
        )
    else:
        remark = f"spread: as between '{one}' and '{other}', which differ the most."
        if len(models) < len(found.models):
            remark += (
                f" Only the first {len(models)} of {len(found.models)} models by name were looked"
                " at; models= (--model) chooses others."
            )
    remark += f" It is that of the whole suite where fewer than {_FEWEST} samples have results."
    return _Spread(of, found.boolean, remark)


def _as_given(spread: float | None, discordant: float | None) -> _Spread:
    value = float(discordant if spread is None else spread)  # type: ignore[arg-type]
    return _Spread(lambda _: value, spread is None, "spread: as specified.")


def _spread(boolean: bool, one: Numbers, other: Numbers) -> float:
    differences, exponent = scaled_differences(paired(np.arange(len(one)), one, other))
    if boolean:
        return float((differences != 0).mean())
    # Rounding errors are not a spread; they grow with the numbers, not with their differences.
    are_floats = one.dtype == other.dtype == np.float64  # others are subtracted exactly
    largest = float(max(np.abs(one).max(), np.abs(other).max())) if are_floats else 0.0
    if len(one) < 2 or unscaled(float(np.ptp(differences)), exponent) <= _ROUNDING * largest:
        return 0.0
    return unscaled(float(differences.std(ddof=1)), exponent)


def _between(boolean: bool, one: Numbers, other: Numbers) -> Callable[[Mask], float]:
    return lambda inside: _spread(boolean, one[inside], other[inside])


def _alone(boolean: bool, column: Numbers) -> Callable[[Mask], float]:
    """Return the spread between a model and an independent one of the same quality."""

    def of(inside: Mask) -> float:
        values = column[inside]
        if boolean:
            return 2 * float(values.astype(np.float64).var())
        return math.sqrt(2) * _spread(False, np.full_like(values, values[:1]), values)

    return of


def _legend(confidence: float, power: float, tests: int, difference: float | None) -> Iterator[str]:
    adjusted = f", adjusted for {counted(tests, 'comparison')} (Holm)" if tests > 1 else ""
    yield (
        f"smallest difference: what would be shown with a probability of {100 * power:.12g} %, at a"
        f" confidence of {100 * confidence:.12g} %{adjusted}."
    )
    if difference is not None:
        yield f"samples needed: how many would show a difference of {difference:.12g}."


def _check(spread: Any, discordant: Any, difference: Any, power: Any, comparisons: Any) -> None:
    if spread is not None and discordant is not None:
        raise InputValidationError(
            "Give either spread, for a number, or discordant, for a bool, not both."
        )
    _check_number("spread", spread, sys.float_info.max)
    _check_number("discordant", discordant, 1.0)
    _check_number("difference", difference, sys.float_info.max)
    wanted = as_float(power)
    if wanted is None or not 0.5 <= wanted <= 0.9999:
        raise InputValidationError(
            f"power must be from 0.5 to 0.9999, such as 0.8, not {power!r:.80}."
        )
    whole = isinstance(comparisons, Integral) and not isinstance(comparisons, bool)
    if comparisons is not None and not (whole and 1 <= comparisons <= 10**6):
        raise InputValidationError(
            f"comparisons must be an integer from 1 to 1,000,000, not {comparisons!r:.80}."
        )


def _check_number(name: str, value: Any, most: float) -> None:
    number = as_float(value)
    if value is not None and (number is None or not 0 < number <= most):
        upper = " and at most 1" if most == 1 else ""
        raise InputValidationError(
            f"{name} must be a number above 0{upper}, such as 0.1, not {value!r:.80}."
        )
