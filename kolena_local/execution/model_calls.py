"""Ask a model: sample by sample or batch by batch, here or through an executor.

Nothing here knows the store. Answers are handed to a function in the calling process, whoever has
found them, so the store keeps its single writer. What crosses to an executor is the model's own
function and the samples, and inferences come back; how they are pickled is the executor's business.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from kolena_local.errors import InputValidationError
from kolena_local.plurals import counted

#: So many tasks are in an executor's hands for each of its workers: enough to keep them busy, few
#: enough to hold little in memory.
TASKS_PER_WORKER = 4

_BATCH_SIZE = 64

# For executors that do not say how many workers they have, such as Dask's.
_SUPPOSED_WORKERS = 64

Keep = Callable[[int, Any], object]
Numbered = tuple[int, Any]


@dataclass(frozen=True)
class InferenceOptions:
    """With what a model is asked.

    Args:
        executor: where; None asks in this thread.
        workers: so many threads instead.
        batch_size: how many samples at a time, where the model takes several; None is 64.

    Raises:
        InputValidationError: executor and workers are both given, or one of the three is nothing to
            work with.
    """

    executor: Executor | None = None
    workers: int | None = None
    batch_size: int | None = None

    def __post_init__(self) -> None:
        if self.executor is not None and self.workers is not None:
            raise InputValidationError(
                "executor and workers are both given; workers=N makes a pool of N threads, so leave"
                " one of them out."
            )
        if self.executor is not None and not isinstance(self.executor, Executor):
            raise InputValidationError(
                f"executor must be a concurrent.futures.Executor, not {self.executor!r:.80}; of a"
                " Dask client pass client.get_executor()."
            )
        _check_count("workers", self.workers)
        _check_count("batch_size", self.batch_size)

    @contextmanager
    def opened(self) -> Iterator[Executor | None]:
        """Give the executor to ask through; one that was made for this is shut down at the end."""
        if self.workers is None:
            yield self.executor
            return
        pool = ThreadPoolExecutor(self.workers, thread_name_prefix="kolena_local")
        try:
            yield pool
        finally:
            # Not waiting: whoever interrupts a run is not kept by a thread that is still busy.
            pool.shutdown(wait=False, cancel_futures=True)


class ModelFunctions(NamedTuple):
    """A model to ask; of the two functions, ``infer_batch`` is taken when it is there."""

    infer: Callable[[Any], Any] | None
    infer_batch: Callable[[list[Any]], Sequence[Any]] | None


class _Task(NamedTuple):
    """One call of a model, as it is sent to an executor.

    The samples' numbers and a text that no other run has go with it, though the model is not told
    them: Dask takes two tasks that look alike for one. It does not look at the extra attributes of
    samples, and would answer a run that is tried again with the failure of the one before.
    """

    run: str
    function: Callable[[Any], Any]
    batched: bool
    sample_ids: tuple[int, ...]
    samples: tuple[Any, ...]

    def answer(self) -> list[Any]:
        if not self.batched:
            return [self.function(sample) for sample in self.samples]
        given: Any = self.function(list(self.samples))
        if not isinstance(given, (list, tuple)):
            raise InputValidationError(
                f"infer_batch must return a list of inferences, not {given!r:.80}"
                f" ({type(given).__name__})."
            )
        if len(given) != len(self.samples):
            raise InputValidationError(
                f"infer_batch returned {counted(len(given), 'inference')} for"
                f" {counted(len(self.samples), 'test sample')}; it must return one for each, in"
                " their order."
            )
        return list(given)


def call_model(
    model: ModelFunctions,
    samples: Iterator[Numbered],
    options: InferenceOptions,
    keep: Keep,
    *,
    idle: Callable[[], object],
    idle_seconds: float,
) -> None:
    """Ask a model about samples, and hand over each answer as it comes.

    When the model raises, nothing more is asked; what is being answered just then is waited for and
    handed over before the same exception goes on. An interruption waits for nothing.

    Args:
        model: with at least one of its functions.
        samples: numbers and samples.
        options: with what.
        keep: takes a sample's number and its inference.
        idle: called now and then while answers are waited for.
        idle_seconds: how often.

    Raises:
        InputValidationError: ``infer_batch`` returned no list, or not one inference for each
            sample.
    """
    with options.opened() as executor:
        if executor is not None:
            _call_through(executor, _tasks(model, samples, options), keep, idle, idle_seconds)
        elif model.infer_batch is None and model.infer is not None:
            for sample_id, sample in samples:
                keep(sample_id, model.infer(sample))
        else:
            for task in _tasks(model, samples, options):
                for sample_id, inference in zip(task.sample_ids, task.answer(), strict=True):
                    keep(sample_id, inference)


def _tasks(
    model: ModelFunctions, samples: Iterator[Numbered], options: InferenceOptions
) -> Iterator[_Task]:
    batched = model.infer_batch is not None
    function = model.infer_batch if batched else model.infer
    assert function is not None, "a model that is asked has a function"
    size = (options.batch_size or _BATCH_SIZE) if batched else 1
    run = secrets.token_hex(16)
    while group := tuple(islice(samples, size)):
        sample_ids, objects = zip(*group, strict=True)
        yield _Task(run, function, batched, sample_ids, objects)


def _call_through(
    executor: Executor,
    tasks: Iterator[_Task],
    keep: Keep,
    idle: Callable[[], object],
    idle_seconds: float,
) -> None:
    workers = getattr(executor, "_max_workers", None) or _SUPPOSED_WORKERS
    answered: SimpleQueue[Future[list[Any]]] = SimpleQueue()
    asked: dict[Future[list[Any]], tuple[int, ...]] = {}
    try:
        while True:
            for task in islice(tasks, workers * TASKS_PER_WORKER - len(asked)):
                future = executor.submit(_Task.answer, task)
                asked[future] = task.sample_ids
                future.add_done_callback(answered.put)
            if not asked:
                return
            try:
                future = answered.get(timeout=idle_seconds)
            except Empty:
                idle()
                continue
            for sample_id, inference in zip(asked.pop(future), future.result(), strict=True):
                keep(sample_id, inference)
    except BaseException as error:
        _keep_the_rest(asked, keep, wait=isinstance(error, Exception))
        raise


def _keep_the_rest(
    asked: dict[Future[list[Any]], tuple[int, ...]], keep: Keep, *, wait: bool
) -> None:
    # What could be cancelled is out of this: not every executor tells when that has come through.
    begun = [future for future in asked if not future.cancel()]
    for future in as_completed(begun) if wait else [one for one in begun if one.done()]:
        if future.exception() is not None:
            continue
        try:
            for sample_id, inference in zip(asked[future], future.result(), strict=True):
                keep(sample_id, inference)
        except Exception:
            # The first exception is the one that goes on.
            return


def _check_count(name: str, value: Any) -> None:
    if value is not None and (type(value) is not int or value < 1):
        raise InputValidationError(f"{name} must be a whole number from 1 on, not {value!r:.80}.")
