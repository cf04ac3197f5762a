"""Buffered results are stored unchanged, however many there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kolena_local.execution import result_buffer
from kolena_local.repository import open_store
from kolena_local.workflow import test as run_test
from tests.execution import toy_workflow
from tests.execution.test_collector import Right
from tests.execution.toy_workflow import Model, make_suite


def metrics_of(model: str) -> list[Any]:
    with open_store().read() as unit:
        (run,) = unit.test_runs.list(model=model)
        return [
            (record.test_case, record.payload, record.metrics)
            for record in unit.test_runs.sample_metrics(run.id)
        ]


@pytest.mark.parametrize("evaluator", [toy_workflow.evaluate, Right()])
def test_many_results_are_stored_as_few_are(
    evaluator: Any, monkeypatch: pytest.MonkeyPatch, db: Path
) -> None:
    suite = make_suite(50)
    run_test(Model("few", infer=toy_workflow.guess), suite, evaluator)
    monkeypatch.setattr(result_buffer, "_COMPRESSED_ROWS", 20)
    run_test(Model("many", infer=toy_workflow.guess), suite, evaluator)
    assert len(metrics_of("few")) == 50
    assert metrics_of("many") == metrics_of("few")
