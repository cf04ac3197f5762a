"""``compare`` on numbers at the edges of what a float holds, and on arguments of the wrong kind."""

from __future__ import annotations

import itertools
import json
import math
import sys
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any, Callable, List, Optional, Union

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from kolena_local import comparison
from kolena_local.cli import main
from kolena_local.comparison import Comparison, power
from kolena_local.comparison.statistics.boolean import proportion_interval
from kolena_local.errors import InputValidationError
from kolena_local.workflow import (
    Evaluator,
    GroundTruth,
    HigherIsBetter,
    Image,
    Inference,
    MetricsTestCase,
    MetricsTestSample,
    define_workflow,
)
from kolena_local.workflow import test as run_test
from tests.comparison.slices import compared, make_slice
from tests.conftest import IS_LONG, sampled

# Each model gets values of its own from an evaluator of its own.
compare = partial(comparison.compare, different_evaluators_ok=True)
LARGEST, SMALLEST = sys.float_info.max, 5e-324


@dataclass(frozen=True)
class Truth(GroundTruth):
    pass


@dataclass(frozen=True)
class Guess(Inference):
    pass


@dataclass(frozen=True)
class Measured(MetricsTestSample):
    m: HigherIsBetter[Union[bool, int, float, None]]


@dataclass(frozen=True)
class Nothing(MetricsTestCase):
    pass


_, Case, Suite, Model = define_workflow("Measurements", Image, Truth, Guess)

Values = List[Any]


class Measure(Evaluator):
    """Gives the samples of each test case their metrics; no metrics where ``...`` stands."""

    def __init__(self, of: Callable[[str, int], Any]) -> None:
        super().__init__()
        self.of = of

    def compute_test_sample_metrics(
        self, test_case: Any, inferences: Any, configuration: Any = None
    ) -> Any:
        found = [
            (sample, self.of(test_case.name, int(sample.locator))) for sample, *_ in inferences
        ]
        return [(sample, Measured(value)) for sample, value in found if value is not ...]

    def compute_test_case_metrics(
        self, test_case: Any, inferences: Any, metrics: Any, configuration: Any = None
    ) -> Nothing:
        return Nothing()


def samples(n: int) -> Any:
    return [(Image(str(index)), Truth()) for index in range(n)]


def evaluate(base: Values, candidate: Values) -> None:
    suite = Suite("s", test_cases=[Case("all", test_samples=samples(len(base)))])
    for name, values in (("b", base), ("c", candidate)):
        model = Model(name, infer=lambda _: Guess())
        run_test(model, suite, Measure(lambda _, index, values=values: values[index]))


def measured(base: Values, candidate: Values, **arguments: Any) -> Comparison:
    evaluate(base, candidate)
    return compare("b", "c", "s", **arguments)


def whole(found: Comparison) -> Any:
    return next(row for row in found.rows if row.test_case is None)


def exact_mean(values: Values) -> float:
    return float(sum(map(Fraction, values)) / len(values))


@pytest.mark.parametrize("size", sampled([1e-308, 1e-150, 1e-120, 2.0**1016, 1e300]))
def test_size_of_the_numbers_changes_nothing_but_the_size_of_the_answer(size: float) -> None:
    base = [math.sin(index) for index in range(40)]
    candidate = [value + 0.3 + math.sin(7 * index) for index, value in enumerate(base)]
    usual = whole(measured(base, candidate))
    scaled = whole(measured([size * one for one in base], [size * one for one in candidate]))
    # Numbers near the smallest ones have fewer digits.
    assert scaled.p_value == pytest.approx(usual.p_value, rel=1e-9)
    assert scaled.verdict == usual.verdict
    assert scaled.more_samples == usual.more_samples
    for name in ("base", "candidate", "difference", "ci_low", "ci_high"):
        assert getattr(scaled, name) == pytest.approx(size * getattr(usual, name), rel=1e-9), name


def together(numbers: List[int], values: Values) -> List[Any]:
    """Return every number of samples with every value; by default each is in a pair or two."""
    pairs = [*itertools.product(numbers, values)]
    if IS_LONG:
        return pairs
    longer = max(len(numbers), len(values))
    return [*itertools.islice(zip(itertools.cycle(numbers), itertools.cycle(values)), longer + 1)]


@pytest.mark.parametrize(
    ("n", "value"), together([1, 2, 5, 6, 12, 30], [SMALLEST, 1e-310, 1e-150, 1e300, LARGEST])
)
def test_candidate_that_is_better_everywhere_by_the_same_may_lose_as_much_where_nobody_looked(
    n: int, value: float
) -> None:
    row = whole(measured([0.0] * n, [value] * n))
    assert (row.n, row.base, row.candidate, row.difference) == (n, 0, value, value)
    if n == 1:
        assert math.isnan(row.ci_low) and math.isnan(row.ci_high)
        return
    assert row.ci_low < row.ci_high == pytest.approx(value)
    if value < 1:
        # Of a metric from 0 to 1, one unseen loss of 1 may outweigh so small a gain.
        assert (row.p_value > 0.05, row.verdict) == (True, "not decided")
        return
    assert row.p_value == pytest.approx(2 ** (1 - n))
    assert row.verdict == ("better" if n >= 6 else "not decided")
    assert (row.ci_low > 0) == (n >= 6)


@pytest.mark.parametrize(
    ("n", "value"), together([1, 2, 30], [0.1, 1e-160, LARGEST, 2**60 + 1, True])
)
def test_models_that_are_equal_are_not_decided(n: int, value: Any) -> None:
    row = whole(measured([value] * n, [value] * n))
    assert (row.base, row.candidate, row.difference) == (float(value), float(value), 0)
    assert (row.p_value, row.verdict, row.more_samples) == (1, "not decided", None)


def test_difference_that_is_rounded_to_zero_still_has_a_side() -> None:
    row = whole(measured([0.0] * 40, [SMALLEST] * 15 + [0.0] * 25))
    assert row.difference == 0.0
    assert (row.p_value < 0.001, row.verdict) == (True, "better")


def test_one_value_as_large_as_they_get_is_a_number_like_others() -> None:
    base = [1.0] * 30
    candidate = [LARGEST, *(1 + 0.001 * (-1) ** index for index in range(29))]
    found = measured(base, candidate)
    row = whole(found)
    assert row.candidate == exact_mean(candidate)
    assert row.difference == pytest.approx(LARGEST / 30)
    assert row.ci_low < 0.001 < LARGEST / 60 < row.ci_high
    assert (row.p_value > 0.3, row.verdict) == (True, "not decided")
    assert "5.992e+306" in str(found)


def test_largest_values_of_both_models_cancel_out() -> None:
    base, candidate = [LARGEST, LARGEST, *[1.0] * 10], [*[1.0] * 10, LARGEST, LARGEST]
    row = whole(measured(base, candidate))
    assert row.difference == 0
    assert row.ci_low < 0 < row.ci_high
    assert (row.p_value, row.verdict) == (1, "not decided")


def test_difference_beyond_the_range_of_a_float_is_infinite_and_decided() -> None:
    found = measured([-LARGEST] * 8, [LARGEST] * 8)
    row = whole(found)
    assert (row.base, row.candidate) == (-LARGEST, LARGEST)
    assert (row.difference, row.ci_high) == (math.inf, math.inf)
    assert row.ci_low > 0
    assert (row.p_value, row.verdict) == (2**-7, "better")
    assert found.to_dataframe()["difference"].tolist() == [math.inf] * 2
    assert "inf" in str(found) and "1.7976931348623157e+308" in str(found)
    back = compare("c", "b", "s")
    assert [one.difference for one in back.worst(1)] == [-math.inf]
    assert whole(back).verdict == "worse"
    command = ["compare", "b", "c", "-s", "s", "--json", "-q", "--different-evaluators-ok"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0
    assert {one["verdict"] for one in json.loads(result.stdout)} == {"better"}


@pytest.mark.parametrize("start", sampled([2**53, 2**63, -(2**64), 10**200]))
def test_whole_numbers_are_subtracted_exactly(start: int) -> None:
    base = [start] * 30
    candidate = [start + 1 if index % 3 else start for index in range(30)]
    row = whole(measured(base, candidate))
    assert row.difference == exact_mean([1 if index % 3 else 0 for index in range(30)])
    assert 0.4 < row.ci_low < row.difference < row.ci_high < 0.9
    assert (row.base, row.candidate) == (exact_mean(base), exact_mean(candidate))
    assert row.verdict == "better"
    worst = compare("c", "b", "s").worst(1)
    assert [(one.base, one.candidate, one.difference) for one in worst] == [(start + 1, start, -1)]


def test_whole_numbers_beside_floats_and_bools_are_subtracted_exactly() -> None:
    base = [2**53 + 1, 0.5, True, 2**53 + 3, None, 1.0, 2, 3]
    candidate = [float(2**53), 1, 2**54 + 2, 2**53 + 2, 2**53 + 1, math.nan, 2, 3]
    row = whole(measured(base, candidate))
    expected = exact_mean([-1, 0.5, 2**54 + 1, -1, 0, 0])
    assert (row.n, row.without_number, row.difference) == (6, 2, expected)


def test_whole_numbers_that_no_float_can_hold_count_as_infinite() -> None:
    found = measured([10**400, *[1] * 9], [2, -(10**309), *[1] * 8])
    row = whole(found)
    assert (row.n, row.without_number, row.difference) == (8, 2, 0)
    sides = "the base (1 sample) or the candidate (1 sample)"
    left_out = f"2 samples are left out: a value of {sides} is NaN, infinite or missing."
    assert left_out in found.remarks


FINITE = st.floats(allow_nan=False, allow_infinity=False)


@given(
    st.lists(
        st.tuples(FINITE | st.integers(), FINITE | st.integers(-(10**300), 10**300)),
        min_size=1,
        max_size=14,
    ),
    st.sampled_from([1, 3]),
)
def test_any_numbers_have_their_means_and_no_warning(pairs: List[Any], members: int) -> None:
    base, candidate = ([pair[side] for pair in pairs] for side in (0, 1))
    clusters = None if members == 1 else np.arange(len(pairs)) // members
    part = make_slice(base, candidate, clusters=clusters)
    (row,) = compared(part)
    # As floats here: what is exact beyond them is tested with a store.
    base, candidate = list(map(float, base)), list(map(float, candidate))
    assert row.base == pytest.approx(exact_mean(base), rel=1e-15)
    assert row.candidate == pytest.approx(exact_mean(candidate), rel=1e-15)
    exact = [Fraction(new) - Fraction(old) for old, new in zip(base, candidate, strict=True)]
    spread = sum(map(abs, exact))
    if spread < LARGEST:
        error = abs(Fraction(row.difference) - sum(exact) / len(pairs))
        assert error <= Fraction(1e-15) * spread + Fraction(SMALLEST)
    assert 0 < row.p_value <= 1
    assert not row.ci_low > row.ci_high
    (turned,) = compared(make_slice(candidate, base, clusters=clusters))
    assert (turned.p_value, turned.difference) == (row.p_value, -row.difference)


@pytest.mark.filterwarnings("ignore:The evaluator Measure returned no metrics")
def test_sample_of_several_test_cases_has_both_values_from_the_same_one() -> None:
    cases = [Case(name, test_samples=samples(20)) for name in ("A", "B")]
    suite = Suite("s", test_cases=cases)
    of = {
        "b": lambda case, index: 1.0 if case == "A" else 0.0,
        "c": lambda case, index: ... if case == "A" else 0.0,
        "apart": lambda case, index: ... if (case == "A") == (index < 15) else 0.0,
        "first": lambda case, index: 1.0 if case == "A" else ...,
    }
    for name, function in of.items():
        run_test(Model(name, infer=lambda _: Guess()), suite, Measure(function))
    row = whole(compare("b", "c", "s"))
    assert (row.n, row.base, row.candidate, row.difference) == (20, 0, 0, 0)
    row = whole(compare("c", "b", "s"))
    assert (row.n, row.difference) == (20, 0)
    # Five samples have a result of both models, but never in the same test case.
    row = whole(compare("first", "apart", "s"))
    assert (row.n, row.only_base, row.only_candidate, row.difference) == (5, 15, 0, -1)


def test_model_in_the_place_of_the_test_suite_is_told_so() -> None:
    evaluate([1.0], [2.0])
    with pytest.raises(InputValidationError, match="A test suite, or the name of one, is needed"):
        compare("b", "c", Model.load("c"))  # type: ignore[arg-type]


@pytest.mark.parametrize("n", [None, "3", 1.5])
def test_number_of_worst_samples_is_a_whole_number(n: Any) -> None:
    found = measured([2.0], [1.0])
    with pytest.raises(InputValidationError, match=r"worst\(\) takes an integer"):
        found.worst(n)
    assert len(found.worst(np.int8(3))) == 1


def test_arguments_may_be_numbers_of_numpy_and_any_series_of_names() -> None:
    evaluate([0.0, 1.0, 2.0] * 10, [1.0, 1.5, 1.0] * 10)
    usual = compare("b", "c", "s")
    same = compare(
        "b",
        "c",
        "s",
        (name for name in ["m", "m"]),
        confidence=np.float64(0.95),
        resamples=np.int16(2_000),
        seed=np.uint8(0),
        higher_is_better={"m": np.bool_(True)},
    )
    assert same.rows == usual.rows
    assert type(same.confidence) is float
    assert same.directions["m"].source == "given"
    small = np.float16(0.5)
    rows = compare("b", "c", "s", margin=small, noise=small, higher_is_better={"m": True}).rows
    assert {row.margin for row in rows} == {0.5}
    compare("b", "c", "s", noise=10**400)
    power("s", "m", power=small, difference=small)
    assert compare("b", "c", "s", seed=2**70, higher_is_better=None).rows == usual.rows


@pytest.mark.parametrize("n", sampled([2, 3, 30, 60]))
def test_any_confidence_below_one_has_an_interval(n: int) -> None:
    evaluate([0.0] * n, [1.0 if index % 4 else -1.0 for index in range(n)])
    for confidence in (0.5, 0.999999999, 1 - 2**-53):
        row = whole(compare("b", "c", "s", confidence=confidence))
        assert -math.inf < row.ci_low <= row.difference <= row.ci_high < math.inf
        low, high = proportion_interval(1, 2, n, 3, confidence)
        assert -1 <= low < (n - 2) / (n + 6) < high <= 1
        if confidence > 0.9:
            assert row.verdict == "not decided"


@pytest.mark.parametrize(
    "values",
    [
        [1e300, 3e300, -2e300],
        [LARGEST, -LARGEST, 1.0],
        [1e-300, 2e-300, 5e-300],
        [SMALLEST, 0.0, 0.0],
        [2**60, 2**60 + 1, 2**60 + 2],
        [1.7e9, 1.7e9 + 1, 1.7e9 + 2],
    ],
)
def test_plan_takes_its_spread_from_numbers_of_any_size(values: Values) -> None:
    evaluate([values[0]] * 3, values)
    middle = sum(map(Fraction, values)) / 3
    variance = sum((Fraction(value) - middle) ** 2 for value in values) / 2
    digits = 10**700
    deviation = float(Fraction(math.isqrt(int(variance * digits**2)), digits))
    assert power("s", "m").rows[0].spread == pytest.approx(deviation, rel=1e-9, abs=SMALLEST)
    alone = power("s", "m", models=["c"]).rows[0].spread
    assert alone == pytest.approx(math.sqrt(2) * deviation, rel=1e-6, abs=SMALLEST)


@pytest.mark.parametrize(("size", "shift"), [(0.1, 0.7), (12.3, 0.001), (1.7e6, 0.7)])
def test_rounding_of_a_difference_that_all_samples_have_is_not_a_spread(
    size: float, shift: float
) -> None:
    evaluate([size * index for index in range(9)], [size * index + shift for index in range(9)])
    with pytest.raises(InputValidationError, match="or differ by the same amount on all"):
        power("s", "m")


def test_user_who_makes_numpy_raise_gets_the_same() -> None:
    base: List[Optional[float]] = [1e-300 * index for index in range(30)]
    evaluate(base, [LARGEST, *[1e-320] * 29])
    usual = compare("b", "c", "s")
    with np.errstate(all="raise"):
        assert compare("b", "c", "s").rows == usual.rows
