"""What a test run says when it ends, and when a model or an evaluator raises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import kolena_local
from kolena_local.errors import InputValidationError
from kolena_local.workflow import no_op_evaluator, test
from tests.workflow.results import runs
from tests.workflow.types import Counting, Judge, Model, TestSuite, cat, suite_of


def test_the_end_of_a_run_says_how_to_see_its_results(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level("INFO", logger="kolena_local"):
        test(Model("my model", infer=cat), suite_of("a"), Judge())
    assert caplog.messages[-1].endswith("see: kolena-local results 'my model' s")


def test_the_end_of_a_run_says_where_its_results_are_if_a_command_would_look_elsewhere(
    caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "my store.db"
    kolena_local.initialize(db=place)
    with caplog.at_level("INFO", logger="kolena_local"):
        test(Model("m", infer=cat), suite_of("a"), Judge())
        assert caplog.messages[-1].endswith(f"results m s --db '{place}'")
        monkeypatch.setenv("KOLENA_LOCAL_DB", str(place))
        test(Model("m"), TestSuite("s"), Judge())
        assert caplog.messages[-1].endswith("results m s")
        with kolena_local.session(db=tmp_path / "other.db"):
            test(Model("m", infer=cat), suite_of("a"), Judge())
        assert caplog.messages[-1].endswith(f"results m s --db {tmp_path / 'other.db'}")


@pytest.mark.parametrize("evaluator", [None, no_op_evaluator, lambda *_: None])
def test_the_end_of_a_run_without_metrics_does_not_say_how_to_see_them(
    caplog: pytest.LogCaptureFixture, evaluator: Any
) -> None:
    with caplog.at_level("INFO", logger="kolena_local"):
        test(Model("m", infer=cat), suite_of("a"), evaluator)
    assert caplog.messages[-1] == "tested model 'm' on test suite 's' (version 1)"


def test_the_end_of_a_run_in_memory_does_not_send_anybody_to_another_store(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level("INFO", logger="kolena_local"), kolena_local.session(db=":memory:"):
        test(Model("m", infer=cat), suite_of("a"), Judge())
    assert caplog.messages[-1] == "tested model 'm' on test suite 's' (version 1)"


def test_a_model_that_raises_says_at_which_sample() -> None:
    error = ValueError("no cat")
    suite = suite_of("a", "b", "c")
    for _ in range(2):  # the same exception again gets no second note
        with pytest.raises(ValueError) as raised:
            test(Model("m", infer=Counting("b", error)), suite)
    assert raised.value is error and str(error) == "no cat"
    note = "while inferring the test sample 'b.png'"
    assert error.__notes__ == [note]  # type: ignore[attr-defined]
    (run,) = runs()
    assert run.error == f"ValueError: no cat\n{note}"


def test_a_model_that_raises_at_a_batch_says_where_it_begins() -> None:
    def fail(samples: Any) -> Any:
        raise KeyError(samples[1].locator)

    with pytest.raises(KeyError):
        test(Model("m", infer_batch=fail), suite_of("a", "b", "c"))
    (run,) = runs()
    assert run.error.splitlines() == [
        "KeyError: 'b.png'",
        "while inferring 3 test samples, the first of which is 'a.png'",
    ]
    model = Model.create("n", infer_batch=lambda samples: [])
    with pytest.raises(InputValidationError, match="returned 0 inferences"):
        test(model, TestSuite("s"))


def test_an_exception_that_takes_no_note_goes_on_as_it_is() -> None:
    class Fixed(Exception):
        def __setattr__(self, name: str, value: object) -> None:
            if name == "__notes__":
                raise AttributeError(name)
            super().__setattr__(name, value)

    error = Fixed("no cat")
    with pytest.raises(Fixed) as raised:
        test(Model("m", infer=Counting("b", error)), suite_of("a", "b"))
    assert raised.value is error
    assert runs()[0].error == "Fixed: no cat"


def test_what_an_evaluator_raises_is_not_said_of_a_sample() -> None:
    def evaluator(*_: Any) -> Any:
        raise ValueError("no metrics")

    with pytest.raises(ValueError):
        test(Model("m", infer=cat), suite_of("a"), evaluator)
    assert runs()[0].error == "ValueError: no metrics"
