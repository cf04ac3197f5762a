"""Call a model for every pending sample, and save its inferences as they arrive."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kolena_local.collector import collector_paused
from kolena_local.errors import KolenaError
from kolena_local.execution.model_calls import (
    InferenceOptions,
    ModelFunctions,
    Numbered,
    call_model,
)
from kolena_local.execution.progress import progress_bar
from kolena_local.execution.work_queue import BATCH_SECONDS, WorkQueue
from kolena_local.log import logger
from kolena_local.serialization.codec import Codec

if TYPE_CHECKING:
    from kolena_local.repository.held import HeldStore
    from kolena_local.repository.records import Facts

_PAGE = 500


def infer_pending(
    store: HeldStore,
    codec: Codec,
    model_id: int,
    pending: array[int],
    test_suite: str,
    model: ModelFunctions,
    options: InferenceOptions,
    provenance: Facts | None = None,
) -> int:
    """Infer samples, saving in batches; return when all are done, by this process or by others.

    If the model raises or the run is interrupted, finished inferences are saved before the
    exception propagates.

    Args:
        store: the store.
        codec: the codec of the workflow.
        model_id: the id of the model in the store.
        pending: the ids of the pending samples, in order.
        test_suite: the name of their test suite, for messages.
        model: the model's functions.
        options: how they are called.
        provenance: what code and environment are; None if it is not known.

    Returns:
        How many inferences this process saved.

    Raises:
        InputValidationError: the model returned something that is not an inference of the workflow,
            or not one for each sample of a batch.
    """
    queue = WorkQueue(store, codec, model_id, pending, provenance)
    with progress_bar(len(pending), "performing inference") as advance:

        def keep(sample_id: int, inference: Any) -> None:
            queue.add(sample_id, inference)
            advance()

        try:
            while True:
                samples = (
                    numbered
                    for sample_ids in queue.pages()
                    for numbered in iter_samples(store, codec, sample_ids, test_suite)
                )
                call_model(
                    model, samples, options, keep, idle=queue.save, idle_seconds=BATCH_SECONDS
                )
                queue.save()
                if not queue.wait_for_others():
                    break
        except BaseException as error:
            _end_after(queue, error)
            raise
        queue.end()
    return queue.saved


def _end_after(queue: WorkQueue, first: BaseException) -> None:
    try:
        queue.end()
    except KolenaError as second:
        # The first exception matters more.
        if str(second) != str(first):
            logger.error("the last inferences could not be saved: %s", second)


def iter_samples(
    store: HeldStore, codec: Codec, sample_ids: array[int], test_suite: str
) -> Iterator[Numbered]:
    """Iterate over pairs of sample id and test sample, with one page in memory.

    Args:
        store: the store.
        codec: the codec of the workflow.
        sample_ids: the ids of the samples in the store, in order.
        test_suite: the name of their test suite, for messages.
    """
    for start in range(0, len(sample_ids), _PAGE):
        with store.read() as unit:
            rows = unit.test_samples.rows(sample_ids[start : start + _PAGE])
        with collector_paused(), codec.reading(f"the test suite {test_suite!r}"):
            ids, payloads, metadata = zip(*rows, strict=True)
            page = list(zip(ids, codec.read_samples(payloads, metadata), strict=True))
        yield from page
