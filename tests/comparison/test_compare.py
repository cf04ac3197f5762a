"""``compare`` on models that were really tested: what it pairs, refuses, counts and says."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

import kolena_local
from kolena_local import repository
from kolena_local.comparison import compare
from kolena_local.errors import (
    IncorrectUsageError,
    InputValidationError,
    KolenaWarning,
    NotFoundError,
)
from kolena_local.repository.dump.importing import import_lines
from kolena_local.workflow import test as run_test
from tests.comparison.conftest import (
    Closeness,
    Length,
    LengthCase,
    LengthModel,
    LengthSuite,
    Photo,
    Tolerance,
    World,
    closeness,
)

COLUMNS = [
    "test_case", "metric", "n", "base", "candidate", "difference", "ci_low", "ci_high", "p_value",
    "p_adjusted", "verdict", "margin", "within_margin", "right_to_wrong",
    "wrong_to_right", "direction", "remarks",
]  # fmt: skip


def row(result: Any, test_case: Any, metric: str) -> Any:
    (one,) = [one for one in result.rows if (one.test_case, one.metric) == (test_case, metric)]
    return one


def test_better_model_is_better_in_every_row(world: World) -> None:
    base = world.test("base", {index: 2.0 + index / 100 for index in range(50)})
    candidate = world.test("candidate", {})
    result = compare(base, candidate, world.suite)
    assert {(one.test_case, one.metric, one.n) for one in result.rows} == {
        (case, metric, n)
        for case, n in (("first", 30), ("second", 30), (None, 50))
        for metric in ("close", "error")
    }
    assert {one.verdict for one in result.rows} == {"better"}
    suite = row(result, None, "error")
    assert (suite.base, suite.candidate) == (pytest.approx(2.245), 0)
    assert suite.difference == pytest.approx(-2.245)
    assert suite.ci_low < suite.difference < suite.ci_high < 0
    assert row(result, None, "close").p_value == pytest.approx(2 * 0.5**50)
    assert not result.directions["error"].higher_is_better
    assert "Lower is better: error (by its name)." in result.remarks
    assert result.is_better and not result.is_worse and not result.is_doubtful


def test_names_say_the_same_as_objects_and_nothing_is_drawn_at_random(world: World) -> None:
    base = world.test("base", {index: index % 7 / 10 for index in range(50)})
    candidate = world.test("candidate", {index: index % 5 / 10 for index in range(50)})
    result = compare(base, candidate, world.suite, "error", Closeness())
    assert compare("base", "candidate", "lengths@1", ["error"], "Closeness") == result
    assert compare("base", "candidate", "lengths", "error", seed=1, resamples=100) == result


def test_an_imported_store_compares_alike(world: World, tmp_path: Path) -> None:
    world.test("base", {index: index % 7 / 10 for index in range(50)})
    world.test("candidate", {index: 2 + index % 5 / 10 for index in range(50)})
    result = compare("base", "candidate", "lengths")
    with repository.open_store().read() as unit:
        lines = [line.encode() for line in unit.dump.lines()]
    other = str(tmp_path / "other.db")
    import_lines(other, lambda: lines)
    with kolena_local.session(other):
        imported = compare("base", "candidate", "lengths")
    assert imported == result
    samples, others = ([one.locator for one in some.worst(20)] for some in (result, imported))
    assert samples == others
    assert samples[:3] == ["0.png", "1.png", "2.png"]  # equally worse, in the suite's order


def test_data_frame_has_the_rows_under_their_names(world: World) -> None:
    world.test("base", {1: 5.0})
    world.test("candidate", {2: 5.0})
    result = compare("base", "candidate", "lengths")
    frame = result.to_dataframe()
    assert list(frame.columns) == COLUMNS
    assert len(frame) == len(result.rows) == 6
    assert frame["test_case"].isna().sum() == 2
    assert set(frame["verdict"]) == {"not decided"}
    assert frame["p_adjusted"].is_monotonic_increasing


def test_repr_is_one_short_line_and_notebooks_show_the_table(world: World) -> None:
    world.test("a<b", {})
    result = compare("a<b", "a<b", "lengths")
    assert repr(result) == f"<Comparison: {result.title}>" and "\n" not in repr(result)
    assert "a&lt;b" in result._repr_html_() and "<table" in result._repr_html_()


def test_models_compared_with_themselves_are_not_decided(world: World) -> None:
    world.test("base", {1: 5.0})
    result = compare("base", "base", "lengths")
    assert {(one.difference, one.p_value, one.verdict) for one in result.rows} == {
        (0, 1, "not decided")
    }
    assert result.is_doubtful and not result.is_better


def test_nan_and_missing_values_are_counted_and_never_averaged(world: World) -> None:
    world.test("base", {0: math.nan, 1: None, 25: math.inf})
    world.test("candidate", {2: math.nan, 25: 1.0})
    result = compare("base", "candidate", "lengths", "error")
    suite, first = row(result, None, "error"), row(result, "first", "error")
    assert (suite.n, suite.without_number, first.n, first.without_number) == (46, 4, 26, 4)
    assert (suite.base, suite.candidate) == (0, 0)
    sides = "the base (3 samples) or the candidate (1 sample)"
    left_out = f"4 samples are left out: a value of {sides} is NaN, infinite or missing."
    assert left_out in result.remarks
    assert "no number" in str(result)


def test_samples_that_only_one_model_has_are_counted(world: World) -> None:
    base, candidate = LengthModel("base"), LengthModel("candidate")
    guess = world.suite.test_cases[0].workflow.inference_type
    for model, present in ((base, range(40)), (candidate, range(10, 50))):
        run = kolena_local.workflow.TestRun(model, world.suite, Closeness())
        run.upload_inferences([(world.photo(index), guess(index / 10)) for index in present])
        with pytest.warns(KolenaWarning, match="no inference"):
            run.evaluate()
    result = compare(base, candidate, world.suite, "error")
    suite, first = row(result, None, "error"), row(result, "first", "error")
    assert (suite.n, suite.only_base, suite.only_candidate, suite.untested) == (30, 10, 10, 0)
    assert (first.n, first.only_base, first.only_candidate) == (20, 10, 0)
    assert "10 samples are left out: only the base has a result." in result.remarks
    assert "10 samples are left out: only the candidate has a result." in result.remarks
    assert result.is_doubtful


def test_evaluator_function_sees_each_sample_once(world: World) -> None:
    world.test("base", dict.fromkeys(range(20, 30), 3.0), closeness)
    world.test("candidate", {}, closeness)
    result = compare("base", "candidate", "lengths", "close", evaluator=closeness)
    assert [(one.test_case, one.n) for one in result.rows].count((None, 50)) == 1
    assert row(result, "first", "close").base == pytest.approx(20 / 30)
    assert row(result, "second", "close").base == pytest.approx(20 / 30)
    assert row(result, None, "close").base == pytest.approx(40 / 50)


def test_worst_samples_come_with_their_locators(world: World) -> None:
    world.test("base", {})
    world.test("candidate", {7: 3.0, 41: 9.0, 22: 0.5})
    worst = compare("base", "candidate", "lengths").worst(2)
    assert [(one.metric, one.locator, one.base, one.candidate) for one in worst] == [
        ("close", "7.png", 1, 0),
        ("close", "41.png", 1, 0),
        ("error", "41.png", 0, 9),
        ("error", "7.png", 0, 3),
    ]
    assert compare("candidate", "base", "lengths").worst(5) == []
    worst_of_all = worst[0]
    assert worst_of_all.test_sample["locator"] == "7.png"
    answers = (worst_of_all.base_inference, worst_of_all.candidate_inference)
    assert [list(answer.values()) for answer in answers] == [[0.0], [3.0]]
    assert list(worst_of_all.ground_truth.values()) == [0.0]


def test_a_test_case_that_is_the_whole_suite_has_no_row_of_its_own_in_the_table(
    world: World,
) -> None:
    everything = LengthCase(
        "everything", test_samples=[(world.photo(index), Length(0.0)) for index in range(50)]
    )
    suite = LengthSuite("twice", test_cases=[everything, *world.suite.test_cases])
    for name, guesses in (("base", {}), ("candidate", {7: 3.0, 41: math.nan})):
        world._replace(suite=suite).test(name, guesses)
    found = compare("base", "candidate", "twice")
    names = [row[0] for row in found.table()[1]]
    assert len(names) == 2 * len({"(whole suite)", "first", "second"})
    assert "everything" not in names
    assert "everything" in {row.test_case for row in found.rows}
    remark = "'everything' is the same as (whole suite) and not listed again."
    assert found.remarks.count(remark) == 1


def test_clusters_are_what_is_drawn(world: World) -> None:
    world.test("base", {})
    world.test("candidate", dict.fromkeys(range(25), 1.0))
    by_sample = row(compare("base", "candidate", "lengths", "error"), None, "error")
    result = compare("base", "candidate", "lengths", "error", cluster="patient")
    by_patient = row(result, None, "error")
    assert (by_sample.units, by_patient.units, by_patient.n) == (50, 10, 50)
    assert by_patient.ci_high - by_patient.ci_low > 1.5 * (by_sample.ci_high - by_sample.ci_low)
    # Five patients got worse, and no sign but all five is as extreme: 2 of 32.
    assert by_patient.p_value == pytest.approx(2 / 32)
    assert (by_sample.verdict, by_patient.verdict) == ("worse", "not decided")
    assert "Samples are clustered by patient: 10 clusters." in result.remarks
    with pytest.raises(InputValidationError, match=r"has 'site' in its metadata .* patient, odd"):
        compare("base", "candidate", "lengths", cluster="site")


def test_samples_whose_cluster_is_nan_are_not_one_cluster(world: World) -> None:
    patients = [math.nan if index % 2 else index // 4 for index in range(12)]
    photos = [
        Photo(f"{number}", metadata={"patient": patient}) for number, patient in enumerate(patients)
    ]
    case = LengthCase("nan", test_samples=[(photo, Length(0.0)) for photo in photos])
    other = World(LengthSuite("nan", test_cases=[case]))
    other.test("base", {})
    other.test("candidate", {})
    result = compare("base", "candidate", "nan", "error", cluster="patient")
    assert row(result, None, "error").units == 3 + 6
    assert any("9 clusters, 6 of them single samples without" in one for one in result.remarks)


def test_booleans_in_clusters_are_not_called_independent(world: World) -> None:
    world.test("base", {})
    world.test("candidate", dict.fromkeys(range(10), 9.0))
    alone = row(compare("base", "candidate", "lengths", "close"), None, "close")
    clustered = compare("base", "candidate", "lengths", "close", cluster="patient")
    assert alone.verdict == "worse"
    assert row(clustered, None, "close").p_value == pytest.approx(0.5)


def test_metric_that_nobody_has_and_one_that_is_no_number(world: World) -> None:
    world.test("base", {})
    world.test("candidate", {})
    with pytest.raises(InputValidationError, match=r"'speed' to compare; .* close, error"):
        compare("base", "candidate", "lengths", ["speed"])
    with pytest.raises(InputValidationError, match="'remark' is neither a bool nor a number"):
        compare("base", "candidate", "lengths", "remark")
    with pytest.raises(InputValidationError, match="No metric to compare was named"):
        compare("base", "candidate", "lengths", [])


def test_model_without_results_is_told_what_to_run(world: World) -> None:
    world.test("base", {})
    LengthModel("untested")
    with pytest.raises(NotFoundError, match=r"'untested' was never tested on .*; run test\(\)"):
        compare("base", "untested", "lengths")
    world.test("unevaluated", {}, None)
    with pytest.raises(NotFoundError, match="'unevaluated' has no per-sample metrics"):
        compare("base", "unevaluated", "lengths")
    with pytest.raises(NotFoundError, match="no model 'bse'; did you mean 'base'"):
        compare("bse", "base", "lengths")
    with pytest.raises(NotFoundError, match="no test suite 'length'; did you mean 'lengths'"):
        compare("base", "base", "length")


def test_different_evaluators_are_refused(world: World) -> None:
    world.test("base", {})
    world.test("candidate", {}, closeness)
    with pytest.raises(IncorrectUsageError, match=r"'Closeness'.* 'closeness'.* same evaluator"):
        compare("base", "candidate", "lengths")
    with pytest.raises(NotFoundError, match="'candidate' has no results of the evaluator"):
        compare("base", "candidate", "lengths", evaluator="Closeness")
    world.test("candidate", {})
    world.test("base", {}, closeness)
    with pytest.raises(InputValidationError, match=r"several evaluators: .*--evaluator"):
        compare("base", "candidate", "lengths")
    assert compare("base", "candidate", "lengths", evaluator=Closeness()).evaluator == "Closeness"


def test_different_configurations_are_refused(world: World) -> None:
    strict, usual = Tolerance(0.1, "strict"), Tolerance(1.0)
    world.test("base", {}, Closeness([strict, usual]))
    world.test("candidate", {}, Closeness([strict, usual]))
    world.test("other", {}, Closeness([Tolerance(5.0, "lax")]))
    world.test("same name", {}, Closeness([Tolerance(0.2, "strict")]))
    with pytest.raises(InputValidationError, match="several configurations: 'strict', 'usual'"):
        compare("base", "candidate", "lengths")
    assert compare("base", "candidate", "lengths", configuration=strict).configuration == "strict"
    with pytest.raises(IncorrectUsageError, match="'lax': only results of the same configuration"):
        compare("base", "other", "lengths")
    with pytest.raises(IncorrectUsageError, match="'strict' had other settings for 'base'"):
        compare("base", "same name", "lengths")


def test_different_suite_versions_are_refused(world: World) -> None:
    world.test("base", {})
    world.test("both", {})
    with world.suite.test_cases[0].edit() as editor:
        editor.add(world.photo(77), Length(0.0))
    with world.suite.edit() as editor:
        editor.add(world.suite.test_cases[0])
    newer = World(LengthSuite.load("lengths"))
    newer.test("candidate", {})
    with pytest.raises(IncorrectUsageError, match="test suite version '1', 'candidate' of '2'"):
        compare("base", "candidate", "lengths")
    with pytest.raises(NotFoundError, match=r"'base' has no results .* version '2'"):
        compare("base", "candidate", newer.suite)
    result = compare("base", "both", "lengths")
    assert result.test_suite_version == 1
    assert any("its latest version is 2" in remark for remark in result.remarks)


def test_results_of_before_a_crash_say_so(world: World) -> None:
    world.test("base", {})
    candidate = world.test("candidate", {})

    class Broken(Closeness):
        def display_name(self) -> str:
            return "Closeness"

        def compute_test_case_metrics(self, *_: object) -> Any:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_test(candidate, world.suite, Broken())  # type: ignore[arg-type]
    result = compare("base", "candidate", "lengths")
    assert any(
        "last run of 'candidate' has not completed (crashed)" in remark for remark in result.remarks
    )


def test_objects_of_two_stores_are_refused(world: World, tmp_path: Any) -> None:
    base = world.test("base", {})
    with kolena_local.session(db=tmp_path / "other.db"):
        other = LengthModel("other")
    with pytest.raises(IncorrectUsageError, match="in different stores"):
        compare(base, other, world.suite)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"confidence": 95}, "confidence must be between 0.5 and 1, such as 0.95, not 95"),
        ({"correction": "none"}, "no correction 'none'"),
        ({"resamples": 5}, "resamples must be an integer of at least 100"),
        ({"evaluator": 5}, "An evaluator or configuration, or the name of one, is needed, not 5"),
        ({"higher_is_better": {"speed": True}}, "'speed', which is not compared"),
    ],
)
def test_arguments_out_of_range_are_refused(world: World, arguments: Any, message: str) -> None:
    world.test("base", {})
    with pytest.raises(InputValidationError, match=message):
        compare("base", "base", "lengths", **arguments)
    with pytest.raises(InputValidationError, match="A model or test suite, or the name of one"):
        compare(None, "base", "lengths")  # type: ignore[arg-type]
