"""The garbage collector is as it was after an evaluation, however that ends."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from typing import Any

import pytest

from kolena_local.workflow import Evaluator
from kolena_local.workflow import test as run_test
from tests.execution import things
from tests.execution.things import CaseMetrics, Model, SampleMetrics, make_suite


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


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("evaluator", [Right(), Failing(), things.evaluate])
def test_the_collector_is_left_as_it_was(evaluator: Any, frozen: bool) -> None:
    if frozen:
        gc.freeze()
    with contextlib.suppress(ValueError):
        run_test(Model("m", infer=things.guess), make_suite(6), evaluator)
    assert (gc.get_freeze_count() > 0) == frozen
    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        run_test(Model("m", infer=things.guess), make_suite(6), things.evaluate)
        assert not gc.isenabled()
    finally:
        gc.enable()
