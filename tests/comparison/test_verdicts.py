"""Verdicts, directions, the order of rows, and how many more samples would decide."""

from __future__ import annotations

import math
from typing import Optional

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolena_local.comparison.remarks.withheld import withheld
from kolena_local.comparison.report import legend
from kolena_local.comparison.statistics.pairs import Scores, first_of_each, pair
from kolena_local.comparison.verdicts import Slice, compare_slices
from kolena_local.directions import directions
from kolena_local.errors import InputValidationError
from tests.comparison.slices import SETTINGS, compared, make_slice


@pytest.mark.parametrize(
    ("name", "higher"),
    [
        ("is_correct", True), ("iou", True), ("f1", True), ("n_boxes", None), ("lossless", None),
        ("error", False), ("absolute_error", False), ("meanLoss", False), ("RMSE", False),
        ("hausdorff_distance", False), ("count_FP", None), ("nFalsePositives", None),
        ("distance_m", None), ("isWrong", False),
    ],
)  # fmt: skip
def test_direction_by_name(name: str, higher: Optional[bool]) -> None:
    assert directions([name], {})[name].higher_is_better is higher


def test_given_direction_wins_and_must_fit() -> None:
    assert directions(["error"], {"error": True})["error"] == ("error", True, "given")
    with pytest.raises(InputValidationError, match="for the metric 'speed', which is not"):
        directions(["error"], {"speed": True})
    with pytest.raises(InputValidationError, match="must be True or False, not 'no'"):
        directions(["error"], {"error": "no"})  # type: ignore[dict-item]


def test_verdict_follows_the_direction() -> None:
    low, high = np.zeros(30), np.linspace(1, 2, 30)
    (up,) = compared(make_slice(low, high))
    (down,) = compared(make_slice(low, high, metric="error"))
    (turned,) = compared(make_slice(low, high), accuracy=False)
    assert (up.verdict, down.verdict, turned.verdict) == ("better", "worse", "worse")
    higher, lower = compared(
        make_slice(low, high, metric="score"), make_slice(low, -high, metric="residual")
    )
    assert (higher.verdict, lower.verdict) == ("higher", "lower")
    assert up.difference == down.difference == pytest.approx(1.5)


def test_strongest_evidence_stands_first_and_an_empty_case_last() -> None:
    generator = np.random.default_rng(0)
    rows = compared(
        make_slice([], [], test_case="empty"),
        make_slice(np.zeros(50), generator.normal(0, size=50), test_case="none"),
        make_slice(np.zeros(50), generator.normal(2, size=50), test_case="strong"),
        make_slice(np.zeros(50), generator.normal(0.5, size=50), test_case="some"),
    )
    assert [row.test_case for row in rows] == ["strong", "some", "none", "empty"]
    empty = rows[-1]
    assert (empty.n, empty.verdict) == (0, "not decided")
    assert math.isnan(empty.base) and math.isnan(empty.p_value) and math.isnan(empty.p_adjusted)
    # Three comparisons, not four: nothing was tested in the empty one.
    assert rows[0].p_adjusted == pytest.approx(3 * rows[0].p_value)


def test_same_samples_twice_are_one_comparison() -> None:
    values = np.random.default_rng(0).normal(0.5, size=50)
    suite, case = compared(
        make_slice(np.zeros(50), values), make_slice(np.zeros(50), values, test_case="all")
    )
    assert suite.p_adjusted == suite.p_value == case.p_adjusted


def test_one_sample_decides_nothing() -> None:
    (number,) = compared(make_slice([0.0], [9.0]))
    (boolean,) = compared(make_slice([0.0], [1.0], boolean=True))
    assert (number.p_value, number.verdict, number.more_samples) == (1, "not decided", None)
    assert math.isnan(number.ci_low)
    assert (boolean.p_value, boolean.verdict) == (1, "not decided")


def test_same_samples_in_two_slices_and_in_another_order_are_one_comparison() -> None:
    generator = np.random.default_rng(0)
    members = np.arange(50)
    left, right = (Scores(members, generator.normal(mean, size=50)) for mean in (0, 0.5))
    clusters = members // 2
    slices = [
        Slice(name, "accuracy", False, pair(order, left, right), codes)
        for name, order in (
            (None, members),
            ("a", members[::-1]),
            ("b", members[10:]),
            ("c", members),
            ("d", members[:9:-1]),
        )
        for codes in [clusters[np.sort(order)]]
    ]
    rows, tests = compare_slices(slices, directions(["accuracy"], {}), SETTINGS)
    by_name = {row.test_case: row for row in rows}
    assert tests == 2
    assert by_name[None].p_value == by_name["a"].p_value == by_name["c"].p_value
    (explained, *_) = [line for line in legend(rows, 0.95, "holm", tests) if "adjusted for" in line]
    assert "adjusted for 2 different comparisons" in explained
    assert "of 3 rows" in explained  # those of a and c repeat the whole suite and are not listed


def test_row_of_too_few_clusters_says_that_they_cannot_decide() -> None:
    clusters = np.repeat(np.arange(5), 20)
    rows = compared(
        make_slice(np.zeros(100), np.linspace(1, 2, 100), clusters=clusters),
        make_slice(np.zeros(9), np.linspace(1, 2, 9), test_case="nine", first_id=1_000),
    )
    (suite,) = [row for row in rows if row.test_case is None]
    assert suite.p_value >= 2 / 2**5 and suite.verdict == "not decided"
    assert list(withheld(rows, 0.95, 2)) == [
        "Too few to decide, whatever the difference: (whole suite) with 5 clusters. At a"
        " confidence of 95 % and 2 comparisons, it takes at least 7 clusters."
    ]
    (alone,) = withheld([suite], 0.95, 1)
    assert "At a confidence of 95 %, it takes at least 6 clusters." in alone


@pytest.mark.parametrize("n", range(2, 12))
def test_as_many_samples_as_it_takes_can_decide(n: int) -> None:
    (row,) = compared(make_slice(np.zeros(n), np.full(n, 2.0)))
    assert (row.verdict == "better") == (not list(withheld([row], 0.95, 1))) == (n >= 6)


def test_verdict_that_rests_on_losses_not_being_there_is_withheld_and_says_why() -> None:
    # A twentieth of all samples might lose 1, so that the candidate is not better at all.
    (row,) = compared(make_slice(np.zeros(40), np.full(40, 1 / 19)))
    assert (row.plain_p_value, row.verdict) == (0, "not decided")
    (sentence,) = withheld([row], 0.95, 1)
    assert sentence.startswith("Not decided, although a t test would decide: (whole suite).")
    (clear,) = compared(make_slice(np.full(20, 0.9), np.full(20, 0.1)))
    assert clear.verdict == "worse" and list(withheld([clear], 0.95, 1)) == []


def test_equal_models_are_not_decided_and_no_number_of_samples_is_promised() -> None:
    (row,) = compared(make_slice(np.ones(80), np.ones(80)))
    assert (row.difference, row.ci_low, row.ci_high, row.p_value) == (0, 0, 0, 1)
    assert (row.verdict, row.more_samples) == ("not decided", None)


def test_so_many_more_samples_decide_in_four_of_five_cases() -> None:
    generator = np.random.default_rng(5)
    pilot = generator.normal(0, 1, size=40)
    pilot = (pilot - pilot.mean()) / pilot.std(ddof=1) + 0.2
    (row,) = compared(make_slice(np.zeros(40), pilot))
    assert row.verdict == "not decided"
    assert row.more_samples is not None
    n = 40 + row.more_samples
    decided = [
        compared(make_slice(np.zeros(n), generator.normal(0.2, 1, size=n)))[0].verdict
        for _ in range(200)
    ]
    assert decided.count("better") / 200 == pytest.approx(0.8, abs=0.09)


def test_samples_that_only_one_model_has_are_counted() -> None:
    base = Scores(np.array([5, 1, 2, 9]), np.array([0.5, 0.1, math.nan, 0.9]))
    candidate = Scores(np.array([1, 2, 3, 4, 9]), np.array([1.0, 2.0, 3.0, math.inf, -math.inf]))
    found = pair(np.array([1, 2, 3, 4, 5, 6, 9]), base, candidate)
    assert (found.ids.tolist(), found.base.tolist(), found.candidate.tolist()) == ([1], [0.1], [1])
    assert (found.only_base, found.only_candidate, found.untested) == (1, 2, 1)
    assert found.without_number == 2


@given(st.sets(st.integers(1, 30)), st.sets(st.integers(1, 30)), st.sets(st.integers(1, 30)))
def test_every_sample_is_compared_or_counted(members: set, left: set, right: set) -> None:
    scores = [Scores(np.array(sorted(one), dtype=int), np.ones(len(one))) for one in (left, right)]
    found = pair(np.array(sorted(members), dtype=int), *scores)
    left_out = found.only_base + found.only_candidate + found.untested + found.without_number
    assert len(found.ids) + left_out == len(members)
    assert set(found.ids.tolist()) == members & left & right


def test_sample_of_several_parts_keeps_its_first_value() -> None:
    parts = [
        Scores(np.array([3, 1]), np.array([0.3, 0.1])),
        Scores(np.array([1, 2]), np.array([9.0, 0.2])),
    ]
    ids, values = first_of_each(parts)
    assert (ids.tolist(), values.tolist()) == ([1, 2, 3], [0.1, 0.2, 0.3])
