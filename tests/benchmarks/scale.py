"""How a large store answers: ``python -m tests.benchmarks.scale`` fills one and asks it.

One file has 1,000,000 samples, three models with inferences for all of them, 500 test cases and
10,000 models. A store of a hundredth of that is asked the same, so that growth can be seen. Most
rows are written by SQL: filling is not what is measured here.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from kolena_local.repository import close_stores, open_store
from kolena_local.workflow import TestRun, test
from kolena_local.workflow.annotation import ClassificationLabel
from tests.benchmarks import plain
from tests.benchmarks.data import D1, Picture, Shown, pairs
from tests.benchmarks.measure import seconds_of
from tests.benchmarks.stores import MODEL, SUITE, settle, use
from tests.benchmarks.testing import Exact, infer, make_slices

_MODELS_ASKED = 3
_PENDING = 1000
_TURNS = 5


class Size(NamedTuple):
    """How large a store is."""

    samples: int
    test_cases: int
    models: int


def main() -> None:
    """Fill a small and a large store, and print how long both take to answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--test-cases", type=int, default=500)
    parser.add_argument("--models", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, help="for the temporary stores")
    options = parser.parse_args()
    large = Size(options.samples, options.test_cases, options.models)
    small = Size(*(max(number // 100, 5) for number in large))
    folder = Path(tempfile.mkdtemp(prefix="kolena-local-scale-", dir=options.folder))
    try:
        answers = [_answers(folder / f"{size.samples}.db", size) for size in (small, large)]
    finally:
        close_stores()
        shutil.rmtree(folder)
    print(f"{'question':34}{small.samples:>12,}{large.samples:>12,}   growth")
    for question, before in answers[0].items():
        after = answers[1][question]
        print(f"{question:34}{before * 1e3:9.1f} ms{after * 1e3:9.1f} ms{after / before:8.1f}x")


def _answers(path: Path, size: Size) -> dict[str, float]:
    _fill(path, size)
    use(path)
    return {
        question: statistics.median(seconds_of(ask) for ask in turns)
        for question, turns in _questions()
    }


def _fill(path: Path, size: Size) -> None:
    make_slices(path, pairs(size.samples), -(-size.samples // size.test_cases))
    use(path)
    for number in range(1, _MODELS_ASKED):
        D1.Model(f"{MODEL} {number}")
    TestRun(D1.Model.load(MODEL), D1.TestSuite.load(SUITE))
    close_stores()
    connection = plain.connect(path)
    connection.execute("BEGIN")
    connection.execute(
        "INSERT INTO inference (model_id, test_sample_id, payload)"
        " SELECT model.id, sample.id, ? FROM model CROSS JOIN test_sample AS sample",
        (D1.workflow._codec.write_inference(infer(Picture("any"))),),
    )
    moment = "2024-01-01T00:00:00.000Z"
    models = [
        (1, f"other {number}", f'{{"seed":{number}}}', moment, moment)
        for number in range(size.models - _MODELS_ASKED)
    ]
    head = "INSERT INTO model (workflow_id, name, metadata, created_at, updated_at)"
    plain.insert(connection, head, models)
    connection.execute("COMMIT")
    connection.close()
    settle(path)


def _questions() -> Iterator[tuple[str, list[Callable[[], Any]]]]:
    store = open_store()

    def asks(ask: Callable[[Any], Any]) -> list[Callable[[], Any]]:
        def one() -> None:
            with store.read() as unit:
                ask(unit)

        return [one] * _TURNS

    yield "list all models", asks(lambda unit: unit.models.list())
    yield "list 50 models", asks(lambda unit: unit.models.list(limit=50))
    yield "find a model", asks(lambda unit: unit.models.get(MODEL))
    yield "what a model covers", asks(lambda unit: unit.inferences.coverage(1))
    yield "list all test cases", asks(lambda unit: unit.test_cases.list())
    yield "list all test suites", asks(lambda unit: unit.test_suites.list())
    yield "list all runs", asks(lambda unit: unit.test_runs.list())
    yield (
        "a page of inferences",
        asks(lambda unit: unit.inferences.rows(1, 1, 1, after=-1, limit=50)),
    )
    yield "add one sample", [_edit(number) for number in range(_TURNS)]
    yield f"test(): {_PENDING:,} left, no metrics", [_resume(store, None)]
    yield f"test(): {_PENDING:,} left, evaluated", [_resume(store, Exact())]
    yield "show a run's metrics", asks(lambda unit: unit.test_runs.case_metrics(2))
    yield "a page of a run's samples", asks(lambda unit: unit.test_runs.sample_metrics(2, limit=50))
    yield "delete a model", [_delete(store, f"{MODEL} {number}") for number in (1, 2)]


def _edit(number: int) -> Callable[[], None]:
    def edit() -> None:
        with D1.TestCase.load("slice 0").edit() as editor:
            editor.add(Picture(f"new-{number}.jpg"), Shown(ClassificationLabel("cat")))

    return edit


def _resume(store: Any, evaluator: Any) -> Callable[[], None]:
    def resume() -> None:
        test(D1.Model.load(MODEL, infer), D1.TestSuite.load(SUITE), evaluator)

    with store.write() as unit:
        unit._sql.execute(
            "DELETE FROM inference WHERE model_id = 1 AND test_sample_id <= ?", (_PENDING,)
        )
    return resume


def _delete(store: Any, name: str) -> Callable[[], None]:
    def delete() -> None:
        with store.write() as unit:
            unit.models.delete([name])

    return delete


if __name__ == "__main__":
    main()
