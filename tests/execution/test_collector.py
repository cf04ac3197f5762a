"""The garbage collector is as it was after an evaluation, however that ends."""

from __future__ import annotations

import contextlib
import gc
import itertools
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from kolena_local.workflow import Evaluator
from kolena_local.workflow import test as run_test
from tests.conftest import long_only, sampled
from tests.execution import toy_workflow
from tests.execution.toy_workflow import CaseMetrics, Model, SampleMetrics, make_suite


class Right(Evaluator):
    def compute_test_sample_metrics(self, test_case: Any, triples: Any, _: Any = None) -> Any:
        assert gc.isenabled()
        return [(sample, SampleMetrics(True)) for sample, _, _ in triples]

    def compute_test_case_metrics(self, _: Any, triples: Any, *more: Any) -> Any:
        return CaseMetrics(len(triples))


class Failing(Right):
    def compute_test_case_metrics(self, *arguments: Any) -> Any:
        raise ValueError("no")


@pytest.fixture(autouse=True)
def unfrozen() -> Iterator[None]:
    yield
    gc.unfreeze()


@pytest.mark.parametrize(
    ("evaluator", "frozen"),
    sampled(itertools.product([Right(), Failing(), toy_workflow.evaluate], [False, True])),
)
def test_the_collector_is_left_as_it_was(evaluator: Any, frozen: bool) -> None:
    if frozen:
        gc.freeze()
    with contextlib.suppress(ValueError):
        run_test(Model("m", infer=toy_workflow.guess), make_suite(6), evaluator)
    assert (gc.get_freeze_count() > 0) == frozen
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    class Cycle:
        def __init__(self) -> None:
            self.itself = self

    suite = make_suite(6)
    gc.disable()
    try:
        left = weakref.ref(Cycle())
        run_test(Model("m", infer=toy_workflow.guess), suite, toy_workflow.evaluate)
        Model.load("m").load_inferences(suite.test_cases[0])
        assert not gc.isenabled() and left() is not None
    finally:
        gc.enable()


@long_only
@pytest.mark.parametrize("evaluator", [Right(), toy_workflow.evaluate])
def test_what_an_evaluator_is_given_is_never_walked(evaluator: Any) -> None:
    suite, walked = make_suite(3000), []
    run_test(Model("m", infer=toy_workflow.guess), suite)

    def count(phase: str, about: dict[str, int]) -> None:
        if phase == "start":
            young = (
                it for age in range(min(about["generation"], 1) + 1) for it in gc.get_objects(age)
            )
            walked.append(sum(type(it) is toy_workflow.Guess for it in young))

    gc.callbacks.append(count)
    try:
        run_test(Model.load("m"), suite, evaluator)
    finally:
        gc.callbacks.remove(count)
    assert not any(walked)


@pytest.mark.parametrize("frozen", [False, True])
def test_what_was_loaded_is_not_walked_at_once(frozen: bool) -> None:
    suite = make_suite(6)
    run_test(Model("m", infer=toy_workflow.guess), suite, toy_workflow.evaluate)
    model, (case, *_) = Model.load("m"), suite.test_cases
    if frozen:
        gc.freeze()
    before = gc.get_freeze_count()
    loaded = model.load_inferences(case)
    assert gc.get_freeze_count() <= before and gc.isenabled()
    young = {id(it) for generation in (0, 1) for it in gc.get_objects(generation)}
    assert young.isdisjoint(id(sample) for sample, _, _ in loaded) is not frozen


def test_what_a_user_left_behind_is_collected_before_a_load() -> None:
    class Cycle:
        def __init__(self) -> None:
            self.itself = self

    suite = make_suite(6)
    run_test(Model("m", infer=toy_workflow.guess), suite, toy_workflow.evaluate)
    left = weakref.ref(Cycle())
    Model.load("m").load_inferences(suite.test_cases[0])
    assert left() is None
