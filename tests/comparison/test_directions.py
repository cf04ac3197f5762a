"""Whether higher or lower is better: declared with the metric, overridden, or not known."""

from __future__ import annotations

import csv
import json
import re
from functools import partial
from pathlib import Path
from typing import Any, Callable, Optional, Tuple

import pytest
from click.testing import Result

import kolena_local
from kolena_local import comparison
from kolena_local.cli import main
from kolena_local.comparison import Comparison
from kolena_local.directions import directions
from kolena_local.errors import IncorrectUsageError, InputValidationError
from kolena_local.repository import open_store
from tests.cli.conftest import separating_runner
from tests.comparison.directed import (
    Declared,
    Inherited,
    OfPydantic,
    Opposite,
    Signed,
    Undeclared,
    Undecorated,
    evaluate,
)
from tests.conftest import sampled
from tests.files import freeze

# Each model gets metrics of its own from an evaluator of its own.
compare = partial(comparison.compare, different_evaluators_ok=True)


def evaluate_both(base: Any = Undeclared, candidate: Any = None) -> None:
    """Store a base with False everywhere, and a candidate with True."""
    evaluate("base", lambda _: base(hallucinated=False))
    evaluate("candidate", lambda _: (candidate or base)(hallucinated=True))


def command(*arguments: object) -> Result:
    words = ["compare", "base", "candidate", "-s", "suite", *map(str, arguments)]
    return separating_runner().invoke(main, [*words, "--different-evaluators-ok"])


def verdicts(found: Comparison) -> set[str]:
    return {row.verdict for row in found.rows}


@pytest.mark.parametrize("cls", sampled([Declared, Undecorated, OfPydantic, Inherited], 2))
def test_declared_direction_decides_in_python_and_in_a_command(cls: Any) -> None:
    more = {"residual": None} if cls is Declared else {}
    evaluate("base", lambda _: cls(hallucinated=False, **more))
    evaluate("candidate", lambda _: cls(hallucinated=True, **more))
    found = compare("base", "candidate", "suite", "hallucinated")
    assert found.directions["hallucinated"] == ("hallucinated", False, "declared")
    assert verdicts(found) == {"worse"}
    result = command("--metric", "hallucinated", "--fail-on", "worse")
    assert result.exit_code == 3
    assert "\nLower is better: hallucinated (as declared).\n" in result.stdout


@pytest.mark.parametrize("metric", sampled(["residual", "offset", "fail_to_detect", "drift"]))
def test_every_form_of_a_number_may_be_declared(metric: str) -> None:
    for name, shift in (("base", 0), ("candidate", -1)):
        values = {"hallucinated": False, "residual": 1.0}
        evaluate(name, lambda number, s=shift, v=values: Declared(**{**v, metric: number % 5 + s}))
    assert verdicts(compare("base", "candidate", "suite", metric)) == {"better"}


def test_store_of_before_directions_were_stored_is_judged_by_names(tmp_path: Path) -> None:
    path = tmp_path / "first.db"
    path.write_bytes((Path(freeze.__file__).parent / "0.1.0" / freeze.STORE).read_bytes())
    with kolena_local.session(db=path):
        chosen = {"configuration": "threshold 0.5", "stale_ok": True}
        found = compare("first", "second", "animals@1", **chosen)  # type: ignore[arg-type]
    assert found.directions["is_correct"] == ("is_correct", True, "name")
    assert not found.is_worse


def test_metric_without_a_direction_is_higher_or_lower_never_better_or_worse() -> None:
    evaluate_both()
    found, back = (
        compare(*pair, "suite") for pair in (("base", "candidate"), ("candidate", "base"))
    )
    assert (verdicts(found), verdicts(back)) == ({"higher"}, {"lower"})
    assert found.undeclared == ("hallucinated",)
    assert found.is_doubtful
    assert "Whether higher or lower is better is not declared: hallucinated." in str(found)
    for judge in (lambda: found.is_worse, lambda: found.is_better, lambda: found.worst(3)):
        with pytest.raises(
            IncorrectUsageError, match=r"Write 'hallucinated: HigherIsBetter\[bool\]"
        ):
            judge()


@pytest.mark.parametrize(
    "option", sampled(["--fail-on=worse", "--fail-on=not-better", "--worst=3"], 2)
)
@pytest.mark.parametrize("hallucinated", [True, False])
def test_command_that_cannot_judge_shows_the_rows_and_exits_with_2(
    option: str, hallucinated: bool
) -> None:
    evaluate("base", lambda _: Undeclared(hallucinated=False))
    evaluate("candidate", lambda _: Undeclared(hallucinated=hallucinated))
    result = command(option)
    assert result.exit_code == 2
    assert "(whole suite)" in result.stdout
    error = result.stderr.splitlines()[-1]
    assert error.startswith("Error: Whether higher or lower is better is not declared for halluc")
    assert "hallucinated: HigherIsBetter[bool]" in error
    assert "--higher-is-better hallucinated, or --lower-is-better" in error
    assert command(option, "--lower-is-better", "hallucinated").exit_code in (0, 3)
    assert command("--strict").exit_code == 4


def test_assertion_refuses_to_judge_a_metric_without_a_direction(
    assert_no_regression: Callable[..., Comparison],
) -> None:
    evaluate_both()
    check = partial(assert_no_regression, different_evaluators_ok=True)
    for margin in (None, 0.5):
        with pytest.raises(IncorrectUsageError, match="hallucinated: HigherIsBetter"):
            check("candidate", "base", "suite", margin=margin)
        check("candidate", "base", "suite", margin=margin, higher_is_better={"hallucinated": True})
        with pytest.raises(pytest.fail.Exception, match="worse"):
            check(
                "candidate",
                "base",
                "suite",
                margin=margin,
                higher_is_better={"hallucinated": False},
            )


def test_given_direction_overrides_the_declared_one() -> None:
    evaluate_both(Undecorated)
    given = {"hallucinated": True}
    assert verdicts(compare("base", "candidate", "suite", higher_is_better=given)) == {"better"}
    result = command("--higher-is-better", "hallucinated", "--fail-on", "not-better")
    assert result.exit_code == 0
    assert "Higher is better: hallucinated (as specified)." in result.stdout


def test_results_that_declare_the_opposite_are_refused_unless_told() -> None:
    evaluate_both(Opposite, Undecorated)
    with pytest.raises(
        IncorrectUsageError, match=r"base declare that higher .* candidate that low"
    ):
        compare("base", "candidate", "suite")
    assert command().exit_code == 1
    assert command("--lower-is-better", "hallucinated").exit_code == 0


@pytest.mark.parametrize(
    "directions", sampled([{"sample": 5}, {"x": 1}, [1], {"sample": {"hallucinated": [1]}}, 5, ""])
)
def test_direction_that_a_changed_file_makes_up_is_not_one(directions: Any) -> None:
    evaluate_both(Undeclared)
    with open_store().write() as unit:
        statement = "UPDATE evaluator_configuration SET directions = ?"
        unit._sql.execute(statement, (json.dumps(directions),))
    assert verdicts(compare("base", "candidate", "suite")) == {"higher"}


@pytest.mark.parametrize(
    ("classes", "side"), [((Undeclared, Opposite), "candidate"), ((Opposite, Undeclared), "base")]
)
def test_direction_that_only_one_of_two_declares_holds_with_a_remark(
    classes: Any, side: str
) -> None:
    evaluate_both(*classes)
    found = compare("base", "candidate", "suite")
    assert verdicts(found) == {"better"}
    remark = f"Higher is better: hallucinated (as declared by the results of the {side} only)."
    assert found.remarks[0] == remark


def test_named_metric_that_only_one_model_has_is_refused_with_its_name() -> None:
    evaluate("old", lambda number: Signed(float(number)))
    evaluate("new", lambda number: Undeclared(number % 2 == 0))
    sentence = (
        "'hallucinated' is only in the results of 'new' (run 2), not in those of 'old' (run 1)"
    )
    with pytest.raises(InputValidationError, match=re.escape(sentence)):
        comparison.compare(
            "old", "new", "suite", metrics="hallucinated", different_evaluators_ok=True
        )
    with pytest.raises(InputValidationError, match="'old' has no metric 'hallucinated'; evaluate"):
        comparison.compare("old", "new", "suite", different_evaluators_ok=True)


@pytest.mark.parametrize("runs", [(1, 2), (2, 1)])
def test_named_metric_that_only_one_run_of_a_model_has_is_refused(runs: Tuple[int, int]) -> None:
    evaluate("model", lambda number: Signed(float(number)))
    evaluate("model", lambda number: Undeclared(number % 2 == 0))  # the first results are run 2 now
    sentence = "only in the results of 'model' (run 1), not in those of 'model' (run 2)"
    with pytest.raises(InputValidationError, match=re.escape(sentence)):
        comparison.compare(
            "model", "model", "suite", "hallucinated", runs=runs, different_evaluators_ok=True
        )


def test_error_with_a_sign_is_not_better_when_it_is_lower() -> None:
    evaluate("base", lambda number: Signed(0.1))
    evaluate("candidate", lambda number: Signed(-5.0 - number / 10))
    assert verdicts(compare("base", "candidate", "suite")) == {"lower"}
    evaluate("third", lambda number: Signed(5.0 + number / 10))
    assert verdicts(compare("base", "third", "suite")) == {"worse"}


@pytest.mark.parametrize("format_", sampled(["table", "md", "csv", "tsv", "json", "jsonl"], 2))
def test_file_in_every_format_says_what_the_verdicts_rest_on(tmp_path: Path, format_: str) -> None:
    evaluate_both(Undecorated)
    remark, file = "Lower is better: hallucinated (as declared).", tmp_path / "found"
    for more in ([], ["--worst", 2]):
        assert command("--format", format_, "-o", file, "--quiet", *more).exit_code == 0
        assert remark in file.read_text()
    if format_ == "csv":
        command("--csv", "-o", file)
        rows = list(csv.DictReader(file.read_text().splitlines()))
        assert {row["direction"] for row in rows} == {"lower"}


NAMES = {
    True: """
    accuracy mean_accuracy accuracy_score balancedAccuracy top5_accuracy val_accuracy is_correct
    wasCorrect precision macro_precision recall recall_at_5 f1 f1_score macroF1 AUC auroc auprc IoU
    mIoU mean_iou dice jaccard ndcg bleu psnr SSIM quality tpr specificity success
""",
    False: """
    error errors absErr mean_squared_error abs_error relErr loss val_loss log_loss logLoss RMSE mae
    MSE wer cer brier nll perplexity distance l2_distance hausdorff_distance latency_ms is_wrong
    incorrect fpr fnr top1_error pixel_error
""",
    None: """
    score confidence residual hallucinated fail_to_detect bias offset drift n_boxes coverage rate
    error_rate miss_rate false_positive_rate true_negative_rate win_rate fid params n_fp
    no_error no_errors noError not_wrong notCorrect non_error without_errors zero_error
    is_error_free errorFree false_alarm_free loss_free fn_free lossless correctness_lost no_miss
    never_wrong
    loss_reduction error_reduction reduced_error error_drop accuracy_drop accuracy_loss loss_avoided
    prevented_errors fixed_errors detected_errors caught_error errors_found error_detected
    errors_corrected cost_saving runtime_saved gain_over_error inverse_distance negative_loss
    neg_log_likelihood neg_mean_squared_error minus_error one_minus_accuracy accuracy_gap
    distance_correct error_correct precision_loss precision_error dice_loss error_std error_score
    quality_loss
    brier_skill min_distance safety_distance distance_travelled zero_loss_share below_error_5
    risk_coverage_auc mean_precision_error_adjusted inaccuracy error_tolerance loss_ratio
    1-error !correct -loss error>5 не_error kein_Fehler error_не
""",
}


@pytest.mark.parametrize("higher", NAMES)
def test_name_decides_only_without_any_doubt(higher: Optional[bool]) -> None:
    source = "undeclared" if higher is None else "name"
    for name in NAMES[higher].split():
        assert directions([name], None)[name] == (name, higher, source)
