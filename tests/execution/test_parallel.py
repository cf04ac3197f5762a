"""Inference through executors and in batches comes to the same as one sample after the other."""

from __future__ import annotations

import multiprocessing
import pickle
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

from kolena_local.errors import InputValidationError
from kolena_local.execution import work_queue
from kolena_local.execution.model_calls import TASKS_PER_WORKER
from kolena_local.workflow import test as run_test
from kolena_local.workflow.test_run import TestRun
from tests.conftest import IS_LONG, sampled
from tests.execution import toy_workflow
from tests.execution.toy_workflow import Guess, Image, Model, expected, make_suite, stored

COUNT = 40


def processes(method: str) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method))


@pytest.fixture(scope="module")
def spawned() -> Iterator[ProcessPoolExecutor]:
    """Return a pool that may be used by all tests: its processes take long to start."""
    with processes("spawn") as pool:
        yield pool


@pytest.fixture(params=["here", "workers", "threads", "fork", "spawn"])
def means(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    if request.param == "here":
        yield {}
    elif request.param == "workers":
        yield {"workers": 3}
    elif request.param == "spawn":
        yield {"executor": request.getfixturevalue("spawned")}
    else:
        pool = ThreadPoolExecutor(2) if request.param == "threads" else processes(request.param)
        with pool:
            yield {"executor": pool}


pytestmark = pytest.mark.filterwarnings(
    # The fork of a process that has threads is what is tested.
    "ignore:.*use of fork:DeprecationWarning"
)


@pytest.mark.parametrize(
    ("functions", "size"),
    sampled([({"infer": toy_workflow.guess}, None), ({"infer_batch": toy_workflow.guess_all}, 7)]),
)
def test_all_samples_are_inferred_once(
    means: dict[str, Any], functions: dict[str, Any], size: Any, run_of: Callable[[str], Any]
) -> None:
    model = Model("m", **functions)
    run_test(model, make_suite(COUNT), toy_workflow.evaluate, batch_size=size, **means)
    assert stored("m") == expected(COUNT)
    assert run_of("m").status == "completed"


@pytest.mark.filterwarnings("ignore:.*made by other code")
@pytest.mark.parametrize(
    "functions",
    sampled([{"infer_batch": toy_workflow.fail_at_5_of_many}, {"infer": toy_workflow.fail_at_5}]),
)
def test_a_failure_ends_the_run_and_keeps_what_is_done(
    means: dict[str, Any],
    functions: dict[str, Any],
    run_of: Callable[[str], Any],
    leases: Callable[[], list[Any]],
) -> None:
    suite = make_suite(COUNT)
    with pytest.raises(ValueError) as raised:
        run_test(Model("m", **functions), suite, batch_size=1, **means)
    assert str(raised.value) == "five is too much"
    done = stored("m")
    assert "5.png" not in done
    # Each other worker may have taken a sample and not yet begun it, which is then cancelled.
    assert len(set(expected(5)) - set(done)) <= (2 if means else 0)
    assert done.items() <= expected(COUNT).items()
    note_of_sample = "while inferring the test sample '5.png'"
    assert raised.value.__notes__ == [note_of_sample]  # type: ignore[attr-defined]
    error = f"ValueError: five is too much\n{note_of_sample}"
    assert (run_of("m").status, run_of("m").error) == ("crashed", error)
    assert leases() == []
    asked: list[str] = []

    def note(sample: Image) -> Guess:
        asked.append(sample.locator)
        return toy_workflow.guess(sample)

    run_test(Model.load("m", infer=note), suite)
    assert sorted(asked) == sorted(set(expected(COUNT)) - set(done))
    assert stored("m") == expected(COUNT)


class Counting(Executor):
    """Hands on to a pool, and counts."""

    _max_workers = 2

    def __init__(self, pool: Executor) -> None:
        self.pool = pool
        self.open: set[Future[Any]] = set()
        self.most = self.asked = 0
        self.is_full = threading.Event()

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.open = {future for future in self.open if not future.done()}
        future = self.pool.submit(function, *args, **kwargs)
        self.open.add(future)
        self.asked += 1
        self.most = max(self.most, len(self.open))
        if len(self.open) == 2 * TASKS_PER_WORKER:
            self.is_full.set()
        return future


def test_few_samples_are_in_an_executors_hands() -> None:
    with ThreadPoolExecutor(2) as pool:
        executor = Counting(pool)

        def infer(sample: Image) -> Guess:
            assert executor.is_full.wait(60)
            return toy_workflow.guess(sample)

        run_test(Model("m", infer=infer), make_suite(100), executor=executor)
    assert executor.asked == 100
    assert executor.most == 2 * TASKS_PER_WORKER


def test_after_a_failure_nothing_more_is_asked_and_what_runs_is_kept() -> None:
    failed = threading.Event()

    def infer(sample: Image) -> Guess:
        if sample.locator == "0.png":
            assert failed.wait(60)
            time.sleep(0.05)
        if sample.locator == "1.png":
            failed.set()
            raise ValueError("no")
        return toy_workflow.guess(sample)

    with ThreadPoolExecutor(2) as pool:
        executor = Counting(pool)
        with pytest.raises(ValueError, match="no"):
            run_test(Model("m", infer=infer), make_suite(100), executor=executor)
    assert executor.asked < 20
    assert "0.png" in stored("m")


def test_answers_are_saved_as_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_queue, "BATCH_SECONDS", 0.0)
    seen = threading.Event()

    def infer(sample: Image) -> Guess:
        if sample.locator == "0.png":
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline and len(stored("m")) < 3:
                time.sleep(0.01)
            assert len(stored("m")) >= 3
            seen.set()
        return toy_workflow.guess(sample)

    run_test(Model("m", infer=infer), make_suite(10), workers=2)
    assert seen.is_set()
    assert stored("m") == expected(10)


def test_an_answer_of_another_type_is_refused(means: dict[str, Any]) -> None:
    model = Model("m", infer=type)
    with pytest.raises(InputValidationError, match="must be an instance of Guess"):
        run_test(model, make_suite(10), **means)
    assert stored("m") == {}


@pytest.mark.parametrize("means", [{}, {"workers": 2}])
def test_an_interruption_keeps_what_is_done(
    means: dict[str, Any], run_of: Callable[[str], Any], leases: Callable[[], list[Any]]
) -> None:
    def infer(sample: Image) -> Guess:
        if sample.locator == "30.png":
            raise KeyboardInterrupt
        return toy_workflow.guess(sample)

    with pytest.raises(KeyboardInterrupt):
        run_test(Model("m", infer=infer), make_suite(COUNT), **means)
    running = 1 if means else 0  # what the other thread was in the middle of
    assert len(set(expected(30)) - set(stored("m"))) <= running
    assert (run_of("m").status, run_of("m").error) == ("crashed", "KeyboardInterrupt")
    assert leases() == []


def test_a_pool_whose_process_is_killed_ends_the_run_and_another_goes_on(
    tmp_path: Path, run_of: Callable[[str], Any]
) -> None:
    model, suite = Model("m", infer=toy_workflow.DiesOnce(tmp_path / "died")), make_suite(COUNT)
    method = "spawn" if IS_LONG else "fork"
    with processes(method) as pool, pytest.raises(BrokenProcessPool):
        run_test(model, suite, executor=pool)
    assert run_of("m").status == "crashed"
    assert len(stored("m")) >= 10
    with processes(method) as pool:
        run_test(model, suite, executor=pool)
    assert stored("m") == expected(COUNT)


def test_batches_have_the_size_that_is_asked_for_and_infer_batch_comes_first() -> None:
    sizes: list[int] = []

    def infer_batch(samples: list[Image]) -> tuple[Guess, ...]:
        sizes.append(len(samples))
        return tuple(map(toy_workflow.guess, samples))

    suite = make_suite(150)
    run_test(Model("m", infer=toy_workflow.fail_at_5, infer_batch=infer_batch), suite)
    assert sizes == [64, 64, 22]
    TestRun(Model.load("m", infer_batch=infer_batch), suite, reset=True).run(batch_size=100)
    assert sizes[3:] == [100, 50]
    with pytest.raises(ValueError, match="five"):
        run_test(Model.create("n", infer=toy_workflow.fail_at_5), suite)


@pytest.mark.parametrize("means", [{}, {"workers": 2}])
@pytest.mark.parametrize(
    ("answer", "message"),
    sampled(
        [
            (
                lambda samples: toy_workflow.guess_all(samples)[1:],
                "returned 3 inferences for 4 test samples",
            ),
            (lambda samples: [], "returned 0 inferences for 4 test samples"),
            (lambda samples: None, "must return a list of inferences, not None"),
            (lambda samples: Guess("one"), "must return a list of inferences, not Guess"),
            (lambda samples: ["a", "b", "c", "d"], "an inference must be an instance of Guess"),
        ]
    ),
)
def test_a_batch_without_an_inference_for_each_sample_is_refused(
    answer: Any, message: str, means: dict[str, Any]
) -> None:
    with pytest.raises(InputValidationError, match=message):
        run_test(Model("m", infer_batch=answer), make_suite(8), batch_size=4, **means)
    assert stored("m") == {}


@pytest.mark.parametrize(
    ("means", "message"),
    [
        ({"workers": 0}, "workers must be an integer of at least 1, not 0"),
        ({"workers": True}, "workers must be"),
        ({"workers": 1.5}, "workers must be"),
        ({"batch_size": 0}, "batch_size must be"),
        ({"batch_size": "8"}, "batch_size must be"),
        ({"executor": 4}, "executor must be a concurrent.futures.Executor, not 4"),
        ({"executor": ThreadPoolExecutor(1), "workers": 1}, "executor and workers are both given"),
    ],
)
def test_means_that_are_none_are_refused_before_anything_is_run(
    means: dict[str, Any], message: str
) -> None:
    model, suite = Model("m", infer=toy_workflow.guess), make_suite(2)
    with pytest.raises(InputValidationError, match=message):
        run_test(model, suite, **means)
    with pytest.raises(InputValidationError, match=message):
        TestRun(model, suite).run(**means)
    assert stored("m") == {}


@pytest.mark.parametrize("name", ["infer", "infer_batch"])
def test_a_model_function_must_be_one(name: str) -> None:
    with pytest.raises(InputValidationError, match=f"{name} must be a function"):
        Model("m", **{name: 5})


def test_a_lambda_cannot_be_sent_to_a_process_and_the_error_says_what_can(
    spawned: ProcessPoolExecutor,
) -> None:
    model = Model("m", infer=lambda sample: Guess("cat"))
    message = r"infer cannot be sent to another process \(.*lambda.*define it with def in a module"
    with pytest.raises(InputValidationError, match=message):
        run_test(model, make_suite(3), executor=spawned)


def test_data_objects_can_be_pickled_with_their_extras() -> None:
    sample = Image("a.png", metadata={"x": 1.5}, source="camera")
    for made in (
        sample,
        toy_workflow.Truth("cat"),
        toy_workflow.guess(Image("b", metadata={"n": 1}, twin=0)),
    ):
        copy = pickle.loads(pickle.dumps(made))
        assert copy == made and vars(copy) == vars(made)
