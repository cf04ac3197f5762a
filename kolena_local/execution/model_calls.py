"""Call a model sample by sample or batch by batch, in this thread or through an executor.

Nothing here knows the store. Inferences are passed to a function in the calling process, wherever
they were computed, so that the store has a single writer. Only the model's own function and samples
go to an executor, and inferences come back; the executor decides how they are pickled.
"""

from __future__ import annotations

import pickle
import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from kolena_local.errors import InputValidationError, KolenaError
from kolena_local.plurals import counted

#: How many tasks an executor is given for each of its workers: enough to keep them busy, few enough
#: to hold little in memory.
TASKS_PER_WORKER = 4

_BATCH_SIZE = 64

# For executors that do not say how many workers they have, such as Dask's.
_ASSUMED_WORKERS = 64

Keep = Callable[[int, Any], object]
Numbered = tuple[int, Any]


@dataclass(frozen=True)
class InferenceOptions:
    """How a model is called.

    Args:
        executor: where the model runs; None runs it in this thread.
        workers: the number of threads to run it in instead.
        batch_size: how many samples ``infer_batch`` gets at a time; None means 64.

    Raises:
        InputValidationError: executor and workers are both given, or one of the three is invalid.
    """

    executor: Executor | None = None
    workers: int | None = None
    batch_size: int | None = None

    def __post_init__(self) -> None:
        if self.executor is not None and self.workers is not None:
            raise InputValidationError(
                "executor and workers are both given; workers=N creates a pool of N threads, so"
                " pass only one of them."
            )
        if self.executor is not None and not isinstance(self.executor, Executor):
            raise InputValidationError(
                f"executor must be a concurrent.futures.Executor, not {self.executor!r:.80}; for a"
                " Dask client, pass client.get_executor()."
            )
        _check_count("workers", self.workers)
        _check_count("batch_size", self.batch_size)

    @contextmanager
    def opened(self) -> Iterator[Executor | None]:
        """Yield the executor to use; a pool that was created for this is shut down at the end."""
        if self.workers is None:
            yield self.executor
            return
        pool = ThreadPoolExecutor(self.workers, thread_name_prefix="kolena_local")
        try:
            yield pool
        finally:
            # Without waiting: a busy thread must not delay the user who interrupts the run.
            pool.shutdown(wait=False, cancel_futures=True)


class ModelFunctions(NamedTuple):
    """The functions of a model; ``infer_batch`` is called if there is one, else ``infer``."""

    infer: Callable[[Any], Any] | None
    infer_batch: Callable[[list[Any]], Sequence[Any]] | None


class _Task(NamedTuple):
    """One call of a model, as it is sent to an executor.

    It includes the sample ids and a token of the run, which the model does not get, because Dask
    treats two tasks that look alike as one: it ignores extra attributes of samples, and would
    answer a repeated run with the failure of the previous one.
    """

    run: str
    function: Callable[[Any], Any]
    batched: bool
    sample_ids: tuple[int, ...]
    samples: tuple[Any, ...]

    def infer(self) -> list[Any]:
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
    """Call a model for each sample, and pass on each inference as it arrives.

    If the model raises, no further calls start. Calls that are already running are waited for and
    their inferences passed on before the exception propagates; an interruption waits for nothing.

    Args:
        model: the model, with at least one of its functions.
        samples: pairs of sample id and sample.
        options: how the model is called.
        keep: receives a sample id and its inference.
        idle: called regularly while waiting for an executor.
        idle_seconds: the time between two such calls.

    Raises:
        InputValidationError: ``infer_batch`` did not return a list, or not one inference for each
            sample.
    """
    with options.opened() as executor:
        if executor is not None:
            _call_through(executor, _tasks(model, samples, options), keep, idle, idle_seconds)
        elif model.infer_batch is None and model.infer is not None:
            for sample_id, sample in samples:
                try:
                    inference = model.infer(sample)
                except Exception as error:
                    _note_samples(error, (sample,))
                    raise
                keep(sample_id, inference)
        else:
            for task in _tasks(model, samples, options):
                for sample_id, inference in zip(
                    task.sample_ids, _answer(task.infer, task), strict=True
                ):
                    keep(sample_id, inference)


def _tasks(
    model: ModelFunctions, samples: Iterator[Numbered], options: InferenceOptions
) -> Iterator[_Task]:
    batched = model.infer_batch is not None
    function = model.infer_batch if batched else model.infer
    assert function is not None, "a model that is called has a function"
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
    workers = getattr(executor, "_max_workers", None) or _ASSUMED_WORKERS
    answered: SimpleQueue[Future[list[Any]]] = SimpleQueue()
    asked: dict[Future[list[Any]], _Task] = {}
    try:
        while True:
            for task in islice(tasks, workers * TASKS_PER_WORKER - len(asked)):
                future = executor.submit(_Task.infer, task)
                asked[future] = task
                future.add_done_callback(answered.put)
            if not asked:
                return
            try:
                future = answered.get(timeout=idle_seconds)
            except Empty:
                idle()
                continue
            task = asked.pop(future)
            try:
                answers = _answer(future.result, task)
            except Exception as error:
                if not isinstance(executor, ThreadPoolExecutor):
                    _refuse_what_cannot_be_sent(task, error)
                raise
            for sample_id, inference in zip(task.sample_ids, answers, strict=True):
                keep(sample_id, inference)
    except BaseException as error:
        _keep_the_rest(asked, keep, wait=isinstance(error, Exception))
        raise


def _keep_the_rest(asked: dict[Future[list[Any]], _Task], keep: Keep, *, wait: bool) -> None:
    # Canceled calls are left out: not every executor reports that they were canceled.
    begun = [future for future in asked if not future.cancel()]
    for future in as_completed(begun) if wait else [one for one in begun if one.done()]:
        if future.exception() is not None:
            continue
        try:
            for sample_id, inference in zip(asked[future].sample_ids, future.result(), strict=True):
                keep(sample_id, inference)
        except Exception:
            # The first exception is the one that propagates.
            return


def _refuse_what_cannot_be_sent(task: _Task, error: Exception) -> None:
    """Say what to do if an error is that pickle refuses the model's function, such as a lambda."""
    try:
        pickle.dumps(task.function)
    except Exception as again:
        if (type(again), str(again)) != (type(error), str(error)):
            return
        name = "infer_batch" if task.batched else "infer"
        raise InputValidationError(
            f"{name} cannot be sent to another process ({error}); define it with def in a module,"
            " or pass workers= to call it in threads."
        ) from error


def _answer(get: Callable[[], list[Any]], task: _Task) -> list[Any]:
    try:
        return get()
    except BrokenExecutor:
        raise  # the process that ended may have had any of the samples
    except Exception as error:
        _note_samples(error, task.samples)
        raise


def _note_samples(error: Exception, samples: Sequence[Any]) -> None:
    """Note on a model's exception which samples it is about."""
    # A user's own attributes may raise anything; the first exception is the one that goes on.
    with suppress(Exception):
        first = f"{getattr(samples[0], 'locator', samples[0])!r:.200}"
        note = f"while inferring the test sample {first}"
        if len(samples) > 1:
            note = f"while inferring {len(samples)} test samples, the first of which is {first}"
        _note(error, note)


def _note(error: Exception, note: str) -> None:
    # As `add_note` of Python 3.11 does; an exception may be raised more than once.
    notes = getattr(error, "__notes__", [])
    if note not in notes:
        error.__notes__ = [*notes, note]  # type: ignore[attr-defined]


@contextmanager
def noting(what: str) -> Iterator[None]:
    """Note on an exception of a user's code what was being done; errors of this package say it.

    Args:
        what: what, such as ``importing 'my_model'``.
    """
    try:
        yield
    except KolenaError:
        raise
    except Exception as error:
        with suppress(Exception):  # as above
            _note(error, f"while {what}")
        raise


def _check_count(name: str, value: Any) -> None:
    if value is not None and (type(value) is not int or value < 1):
        raise InputValidationError(f"{name} must be an integer of at least 1, not {value!r:.80}.")
