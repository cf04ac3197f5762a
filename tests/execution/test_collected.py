"""What was collected comes back as it went in, however much it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kolena_local.execution import collected
from kolena_local.repository import open_store
from kolena_local.workflow import test as run_test
from tests.execution import things
from tests.execution.test_collector import Right
from tests.execution.things import Model, make_suite


def metrics_of(model: str) -> list[Any]:
    with open_store().read() as unit:
        (run,) = unit.test_runs.list(model=model)
        return [
            (record.test_case, record.payload, record.metrics)
            for record in unit.test_runs.sample_metrics(run.id)
        ]


@pytest.mark.parametrize("evaluator", [things.evaluate, Right()])
def test_many_results_are_stored_as_few_are(
    evaluator: Any, monkeypatch: pytest.MonkeyPatch, db: Path
) -> None:
    suite = make_suite(50)
    run_test(Model("few", infer=things.guess), suite, evaluator)
    monkeypatch.setattr(collected, "_FOLDED_ROWS", 20)
    run_test(Model("many", infer=things.guess), suite, evaluator)
    assert len(metrics_of("few")) == 50
    assert metrics_of("many") == metrics_of("few")
