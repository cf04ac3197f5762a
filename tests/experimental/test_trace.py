"""``kolena_trace``: what is stored of calls, and that nothing comes in the way of the function."""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List

import numpy as np
import pandas as pd
import pytest

from kolena_local._experimental.trace import kolena_trace
from kolena_local.annotation import Label
from kolena_local.dataset import (
    download_dataset,
    download_results,
    list_datasets,
    upload_dataset,
)
from kolena_local.location import default_file
from tests.conftest import long_only
from tests.experimental.test_dataset import frame


@dataclass
class Request:
    words: List[str]


def push(traced: Any) -> None:
    traced._push_data()


def test_calls_are_datapoints_and_results() -> None:
    @kolena_trace
    def answer(question: Any, *rest: int, style: str = "short", **others: Any) -> Any:
        """Say it."""
        question.words.append("changed")
        return np.float32(0.5)

    assert (answer.__name__, answer.__doc__) == ("answer", "Say it.")
    assert answer(Request(["a"]), 1, 2, x={3}) == 0.5
    with pytest.raises(TypeError, match="question"):
        answer()
    push(answer)
    (row,) = download_dataset("answer").to_dict("records")
    assert row["question"] == {"words": ["a"]} and row["rest"] == [1, 2]
    assert (row["style"], row["others"]) == ("short", {"x": [3]})
    _, ((_, results),) = download_results("answer", "answer_model")
    (result,) = results.to_dict("records")
    assert result["result"] == 0.5 and result["_kolena_time_elapsed"] >= 0
    assert result["_kolena_id"] == row["_kolena_id"]
    assert row["_kolena_timestamp"] <= result["_kolena_timestamp"]


def test_ids_and_models_come_from_arguments_and_the_last_call_counts() -> None:
    @kolena_trace(
        dataset_name="d", id_fields=["key"], model_name_field="model", record_timestamp=False
    )
    def score(key: str, value: int, model: Any = None) -> Any:
        return {"score": value, "label": Label("x")} if value else {}

    score("a", 1)
    score("a", 2)
    score("b", 0, model="m")
    with pytest.raises(ValueError, match="id field 'key' must not be None"):
        score(None, 3)  # type: ignore[arg-type]
    push(score)
    push(score)
    assert download_dataset("d")[["key", "value"]].to_numpy().tolist() == [["a", 2], ["b", 0]]
    _, ((_, results),) = download_results("d", "d_model")
    assert results.score.tolist() == [2, None] and results.label[0] == Label("x")
    _, ((_, results),) = download_results("d", "m")
    assert results.result.tolist() == [None, {}]
    # The same key with another value is stored with its own result, so there is nothing to warn of.
    score("a", 4)
    push(score)
    _, ((_, results),) = download_results("d", "d_model")
    assert results.score.tolist() == [4, None]


def test_fields_that_do_not_fit_are_refused_at_the_definition() -> None:
    assert not Path(default_file()).exists()
    for arguments in ({"id_fields": ["key"]}, {"model_name_field": "key"}):
        with pytest.raises(ValueError, match="has no parameter 'key'"):
            kolena_trace(**arguments)(lambda value: value)  # type: ignore[call-overload]
    assert not Path(default_file()).exists()
    upload_dataset("d", frame(key=["a"]), id_fields=["key"])
    with pytest.raises(ValueError, match=r"has the id fields \['key'\], not \['value'\]"):
        kolena_trace(dataset_name="d", id_fields=["value"])(lambda key, value: value)
    adopted: Any = kolena_trace(dataset_name="d")(lambda key: key)
    assert adopted._trace.id_fields == ["key"]


def results_of(traced: Any) -> List[Any]:
    push(traced)
    name = traced._trace.dataset_name
    _, ((_, results),) = download_results(name, f"{name}_model")
    return results["result"].tolist()


def test_the_time_of_a_call_is_that_of_the_function_alone() -> None:
    converted_at = []

    class Slow:
        def tolist(self) -> List[int]:
            converted_at.append(time.perf_counter())
            return [1]

    @kolena_trace
    def slow() -> Any:
        return Slow()

    began = time.perf_counter()
    slow()
    push(slow)
    _, ((_, results),) = download_results("slow", "slow_model")
    assert results["_kolena_time_elapsed"][0] <= converted_at[0] - began


def test_a_generator_that_yields_nothing_has_an_empty_list() -> None:
    @kolena_trace
    def silent(lines: int) -> Iterator[int]:
        yield from range(lines)

    assert ([*silent(0)], [*silent(2)]) == ([], [0, 1])
    assert results_of(silent) == [[], [0, 1]]


def test_methods_of_each_kind_are_traced_without_their_owner() -> None:
    class Service:
        @kolena_trace(record_timestamp=False)
        def double(self, value: int) -> int:
            return 2 * value

        @classmethod
        @kolena_trace
        def name(cls, value: int) -> str:
            return cls.__name__ * value

        @kolena_trace
        @staticmethod
        def outside(value: int) -> int:
            return value

    service = Service()
    assert (service.double(3), service.name(1), service.outside(4)) == (6, "Service", 4)
    assert results_of(Service.double) == [6]
    assert results_of(Service.name) == ["Service"]
    assert results_of(Service.outside) == [4]
    assert set(download_dataset("double").columns) == {"value", "_kolena_id"}


def test_coroutines_and_generators_stay_what_they_are() -> None:
    @kolena_trace
    async def later(value: int) -> int:
        return value

    @kolena_trace
    def count(start: int) -> Any:
        given = yield start
        try:
            yield given
        except KeyError:
            yield "caught"
        return "end"

    @kolena_trace
    async def stream(start: int) -> Any:
        yield start
        yield start + 1

    async def collected() -> List[int]:
        return [item async for item in stream(5)]

    assert inspect.iscoroutinefunction(later) and inspect.isgeneratorfunction(count)
    assert inspect.isasyncgenfunction(stream)
    assert asyncio.run(later(4)) == 4
    assert asyncio.run(collected()) == [5, 6]
    generator = count(1)
    assert (next(generator), generator.send(2), generator.throw(KeyError())) == (1, 2, "caught")
    with pytest.raises(StopIteration, match="end"):
        next(generator)
    closed = count(7)
    next(closed)
    closed.close()
    assert (results_of(later), results_of(stream)) == ([4], [[5, 6]])
    assert results_of(count) == [[1, 2, "caught"], [7]]


@pytest.mark.parametrize("error", [KeyError("key"), KeyboardInterrupt()])
def test_an_exception_of_the_function_passes_and_its_call_is_stored(error: BaseException) -> None:
    @kolena_trace
    def failing(value: int) -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        failing(3)
    assert caught.value is error
    push(failing)
    (row,) = download_dataset("failing").to_dict("records")
    assert row["value"] == 3
    _, ((_, results),) = download_results("failing", "failing_model")
    assert results["_kolena_exception"].tolist() == [f"{type(error).__name__}: {error}"]


def test_a_call_that_cannot_be_stored_does_not_take_others_with_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @kolena_trace
    def echo(value: Any) -> Any:
        return value

    for value in (1, 10**5000, "a", pd.DataFrame({"x": [1, 2]})):
        echo(value)
    echo(np.zeros(2_000_000))
    assert "OverflowError('it has more than 1,000,000 values.')" in capsys.readouterr().err
    push(echo)
    assert download_dataset("echo")["value"].tolist() == [1, "a", {"x": [1, 2]}]
    assert "1 call could not be stored: The column 'value'" in capsys.readouterr().err


def squared(value: int) -> int:
    return value**2


def test_a_traced_function_can_be_pickled_as_processes_of_a_pool_need_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    traced = kolena_trace(squared)
    monkeypatch.setattr(sys.modules[__name__], "squared", traced)
    assert pickle.loads(pickle.dumps(traced)) is traced


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks a process")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_process_is_not_forked_while_a_thread_stores_calls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    traced: Any = kolena_trace(sync_interval=0)(squared)
    started, storing = threading.Event(), threading.Event()

    def store(*_: object) -> None:
        storing.set()
        started.set()
        time.sleep(0.2)
        storing.clear()

    monkeypatch.setattr(traced._trace._buffer, "_store", store)
    traced(2)
    started.wait()
    child = os.fork()
    if not child:
        os._exit(storing.is_set())
    assert os.waitpid(child, 0)[1] == 0
    traced._trace._thread.join()


def test_what_has_no_name_needs_the_name_of_a_dataset() -> None:
    with pytest.raises(ValueError, match="has no name; give a dataset_name"):
        kolena_trace(functools.partial(squared, 1))
    with pytest.raises(ValueError, match=r"'mine' is not a function; use @kolena_trace\(dataset_"):
        kolena_trace("mine")  # type: ignore[call-overload]


def test_what_goes_wrong_is_printed_and_the_function_goes_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    @kolena_trace(sync_interval=0)
    def echo(value: Any) -> Any:
        return value

    loop: List[Any] = []
    loop.append(loop)
    assert echo(loop) is loop
    assert "a call was not recorded: RecursionError" in capsys.readouterr().err
    (tmp_path / "folder").mkdir()
    monkeypatch.setenv("KOLENA_LOCAL_DB", str(tmp_path / "folder"))
    assert echo(1) == 1
    traced: Any = echo
    traced._trace._thread.join()
    assert "could not be stored yet" in capsys.readouterr().err
    (tmp_path / "folder").rmdir()  # the store can be written now, and nothing was lost
    push(echo)
    assert len(download_dataset("echo")) == 1


def test_a_dataset_that_got_other_ids_meanwhile_is_left_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @kolena_trace(dataset_name="d")
    def echo(value: int) -> int:
        return value

    upload_dataset("d", frame(key=["a"]), id_fields=["key"])
    echo(1)
    push(echo)
    assert "has the id fields ['key']" in capsys.readouterr().err
    assert download_dataset("d").key.tolist() == ["a"]


SCRIPT = """
import multiprocessing, os, sys
from kolena_local._experimental.trace import kolena_trace

@kolena_trace(record_timestamp=False)
def echo(value):
    return value

def work(value):
    echo(value)

if __name__ == "__main__":
    echo(0)
    context = multiprocessing.get_context(sys.argv[1])
    workers = [context.Process(target=work, args=(number,)) for number in (1, 2)]
    for worker in workers: worker.start()
    for worker in workers: worker.join()
    if hasattr(os, "fork"):
        child = os.fork()
        if not child:
            echo(3)
            sys.exit()
        os.waitpid(child, 0)
"""


@long_only
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_each_process_stores_its_own_calls_at_its_end(tmp_path: Path, method: str) -> None:
    script = tmp_path / "traced.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", script, method],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("", "")
    assert list_datasets() == ["echo"]
    assert sorted(download_dataset("echo").value) == [0, 1, 2, 3]
    _, ((_, results),) = download_results("echo", "echo_model")
    assert sorted(results.result) == [0, 1, 2, 3]
