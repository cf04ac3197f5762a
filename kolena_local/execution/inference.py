"""Ask a model for every inference that is pending, and save the answers as they come."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from kolena_local.execution.progress import with_progress
from kolena_local.serialization.codec import Codec, collector_paused

if TYPE_CHECKING:
    from kolena_local.repository import Store

#: A batch is saved when it has this many inferences, or is this old. A killed process loses one
#: batch.
BATCH_INFERENCES = 500
BATCH_SECONDS = 1.0

_PAGE = 500


def infer_pending(
    store: Store,
    codec: Codec,
    model_id: int,
    sample_ids: array[int],
    infer: Callable[[Any], Any],
) -> int:
    """Infer samples one at a time, saving in batches.

    What was inferred before an exception (one of ``infer``'s own, or an interruption) is saved
    before it goes on.

    Args:
        store: the store.
        codec: the workflow's.
        model_id: the model's number in the store.
        sample_ids: the samples that are pending, in order.
        infer: the model.

    Returns:
        How many inferences were made.

    Raises:
        InputValidationError: ``infer`` returned something that is no inference of the workflow.
    """
    batch = _Batch(store, model_id)
    samples = iter_samples(store, codec, sample_ids)
    try:
        for sample_id, sample in with_progress(samples, len(sample_ids), "performing inference"):
            batch.add(sample_id, codec.write_inference(infer(sample)))
    finally:
        batch.save()
    return batch.saved


def iter_samples(store: Store, codec: Codec, sample_ids: array[int]) -> Iterator[tuple[int, Any]]:
    """Iterate over test samples with their numbers, holding one page in memory.

    Args:
        store: the store.
        codec: the workflow's.
        sample_ids: the samples' numbers in the store, in order.
    """
    for start in range(0, len(sample_ids), _PAGE):
        with store.read() as unit:
            rows = unit.test_samples.rows(sample_ids[start : start + _PAGE])
        with collector_paused():
            page = [(row.id, codec.read_sample(row.payload, row.metadata)) for row in rows]
        yield from page


class _Batch:
    """Inferences that are made and not yet saved."""

    def __init__(self, store: Store, model_id: int) -> None:
        self._store = store
        self._model_id = model_id
        self._waiting: list[tuple[int, str]] = []
        self._due = 0.0
        self.saved = 0

    def add(self, sample_id: int, payload: str) -> None:
        now = time.monotonic()
        if not self._waiting:
            self._due = now + BATCH_SECONDS
        self._waiting.append((sample_id, payload))
        if len(self._waiting) >= BATCH_INFERENCES or now >= self._due:
            self.save()

    def save(self) -> None:
        if not self._waiting:
            return
        with self._store.write() as unit:
            # Another process may test the same model meanwhile; models are deterministic, so
            # either's will do.
            unit.inferences.put(self._model_id, self._waiting, replace=True)
        self.saved += len(self._waiting)
        self._waiting = []
