"""Inference on a real cluster of Dask, with workers in processes of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

from kolena_local.errors import InputValidationError
from kolena_local.workflow import test as run_test
from tests.conftest import long_only, sampled
from tests.execution import toy_workflow
from tests.execution.toy_workflow import (
    Guess,
    Image,
    Model,
    TestCase,
    TestSuite,
    Truth,
    expected,
    make_suite,
    stored,
)

COUNT = 40


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    # Here, not above: each process that collects the tests would take the time of importing it.
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            # Any free port: several test processes may have a cluster at once.
            dashboard_address=":0",
            local_directory=str(tmp_path_factory.mktemp("dask")),
            silence_logs="CRITICAL",
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def executor(client: Any) -> Executor:
    found: Executor = client.get_executor()
    return found


@long_only  # a cluster starts processes for several seconds
@pytest.mark.parametrize(
    ("functions", "size"),
    sampled([({"infer_batch": toy_workflow.guess_all}, 7), ({"infer": toy_workflow.guess}, None)]),
)
def test_a_cluster_infers_all_samples_for_its_executor_and_not_for_its_client(
    client: Any, executor: Executor, functions: dict[str, Any], size: Any
) -> None:
    model, suite = Model("m", **functions), make_suite(COUNT)
    with pytest.raises(InputValidationError, match=r"client\.get_executor"):
        run_test(model, suite, executor=client)
    run_test(model, suite, toy_workflow.evaluate, executor=executor, batch_size=size)
    assert stored("m") == expected(COUNT)


@long_only
def test_a_function_of_a_notebook_does_too(executor: Executor) -> None:
    suffix = "!"
    model = Model("m", infer=lambda sample: Guess(sample.locator + suffix, n=0, twin=0))
    run_test(model, make_suite(4), executor=executor)
    assert {name for name, *_ in stored("m").values()} == {f"{n}.png!" for n in range(4)}


@long_only
def test_samples_that_differ_in_extra_attributes_alone_are_not_taken_for_one(
    executor: Executor,
) -> None:
    pairs = [(Image("same.png", metadata={"n": 0}, twin=twin), Truth("a")) for twin in range(9)]
    case = TestCase("twins", test_samples=pairs)
    model = Model("m", infer=toy_workflow.guess)
    run_test(model, TestSuite("suite", test_cases=[case]), executor=executor)
    for sample, _, inference in model.load_inferences(case):
        assert inference.twin == sample.twin


@long_only
def test_a_worker_that_is_killed_half_way_costs_nothing(
    executor: Executor, tmp_path: Path, run_of: Callable[[str], Any]
) -> None:
    model = Model("m", infer=toy_workflow.DiesOnce(tmp_path / "died"))
    run_test(model, make_suite(COUNT), executor=executor)
    assert (tmp_path / "died").exists()
    assert stored("m") == expected(COUNT)
    assert run_of("m").status == "completed"


@long_only
@pytest.mark.filterwarnings("ignore:.*made by other code")
def test_a_failure_ends_the_run_and_keeps_what_is_done(
    executor: Executor, run_of: Callable[[str], Any]
) -> None:
    suite = make_suite(COUNT)
    with pytest.raises(ValueError, match="five is too much"):
        run_test(Model("m", infer=toy_workflow.fail_at_5), suite, executor=executor)
    assert stored("m").items() <= expected(COUNT).items()
    assert run_of("m").status == "crashed"
    run_test(Model.load("m", infer=toy_workflow.guess), suite, executor=executor)
    assert stored("m") == expected(COUNT)


@long_only
def test_a_failure_is_not_remembered_when_the_run_is_tried_again(
    executor: Executor, tmp_path: Path
) -> None:
    model, suite = Model("m", infer=toy_workflow.FailsOnce(tmp_path / "failed")), make_suite(COUNT)
    # The exception's traceback keeps the futures alive, and with them what Dask knows of them.
    with pytest.raises(ValueError, match="not now") as _failure:
        run_test(model, suite, executor=executor)
    run_test(model, suite, executor=executor)
    assert stored("m") == expected(COUNT)
