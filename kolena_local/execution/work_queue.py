"""The pending samples that one process infers.

A process leases samples page by page, so that several processes that run the same test infer
different samples, and saves inferences in batches. Saving extends the lease. If a lease expires
because a single inference took too long, another process may infer the same sample; either
inference will do.
"""

from __future__ import annotations

import secrets
import time
from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kolena_local.errors import InputValidationError, NotFoundError
from kolena_local.log import logger
from kolena_local.plurals import counted, sentence

if TYPE_CHECKING:
    from kolena_local.repository.held import HeldStore
    from kolena_local.repository.leases import Claim
    from kolena_local.repository.records import Facts
    from kolena_local.serialization.codec import Codec

#: A batch is saved once it has this many inferences or is this old. A killed process loses one
#: batch.
BATCH_INFERENCES = 1000
BATCH_SECONDS = 1.0

#: A lease expires after this time without a save. If the process is known to have died, its samples
#: are free at once.
LEASE_SECONDS = 60.0

# A page should take one to four seconds. Smaller pages cost too many transactions; larger ones make
# other processes wait for the last page. The first is small, because the model may be slow.
_SMALLEST_PAGE, _LARGEST_PAGE = 4, 4096
_PAGE_SECONDS = 1.0

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5


class WorkQueue:
    """Leases pending samples and saves their inferences.

    Args:
        store: the store.
        codec: the codec of the workflow.
        model_id: the id of the model in the store.
        pending: the ids of the pending samples, in order.
        provenance: what code and environment are; None if it is not known.
    """

    def __init__(
        self,
        store: HeldStore,
        codec: Codec,
        model_id: int,
        pending: array[int],
        provenance: Facts | None = None,
    ) -> None:
        self._store = store
        self._codec = codec
        self._model_id = model_id
        self._provenance = provenance
        self._owner = secrets.token_hex(16)
        self._todo = pending
        self._refused = array("q")
        self._held: set[int] = set()
        self._unsaved: dict[int, Any] = {}
        self._due = 0.0
        self._page = _SMALLEST_PAGE
        self._pause = _SHORTEST_PAUSE
        self.saved = 0

    def pages(self) -> Iterator[array[int]]:
        """Iterate over pages of sample ids to infer, without those that other processes lease."""
        todo, self._todo = self._todo, array("q")
        ahead = array("q")
        place, look = 0, self._page
        while ahead or place < len(todo):
            fresh = todo[place : place + max(look - len(ahead), 0)]
            place += len(fresh)
            begun = time.monotonic()
            claim = self._claim(ahead + fresh)
            self._refused += claim.refused
            ahead = claim.left
            # Skip samples of other processes in few steps.
            look = self._page if claim.granted else min(4 * look, _LARGEST_PAGE)
            if claim.granted:
                self._pause = _SHORTEST_PAUSE
                yield claim.granted
                self._fit_page(time.monotonic() - begun)

    def wait_for_others(self) -> bool:
        """Wait a moment if other processes lease samples of this queue.

        Returns:
            Whether they do; :meth:`pages` then yields those samples that are still pending.
        """
        if not self._refused:
            return False
        if self._pause == _SHORTEST_PAUSE:
            logger.info(
                "waiting for another process, which infers %s",
                counted(len(self._refused), "sample"),
            )
        time.sleep(self._pause)
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        self._todo, self._refused = self._refused, array("q")
        return True

    def add(self, sample_id: int, inference: Any) -> None:
        """Add an inference to the batch, and save the batch when it is due.

        Raises:
            InputValidationError: as :meth:`save`.
        """
        now = time.monotonic()
        if not self._unsaved:
            self._due = now + BATCH_SECONDS
        self._unsaved[sample_id] = inference
        if len(self._unsaved) >= BATCH_INFERENCES or now >= self._due:
            self.save()

    def save(self) -> None:
        """Save the batch, and extend the lease of samples that are not done.

        Raises:
            InputValidationError: an inference cannot be stored; all others were saved.
        """
        self._held.difference_update(self._unsaved)
        self._write(hold=bool(self._held))

    def end(self) -> None:
        """Save the batch, and release samples that are not done.

        Raises:
            InputValidationError: as :meth:`save`.
            NotFoundError: the model or the test suite was deleted; nothing was saved.
        """
        try:
            self._write(hold=False)
        except NotFoundError:
            # Another run would wait for these samples until the lease expires.
            with self._store.store.write() as unit:
                unit.leases.drop(self._owner)
            raise

    def _claim(self, wanted: array[int]) -> Claim:
        with self._store.write() as unit:
            claim = unit.leases.claim(
                self._owner,
                self._model_id,
                wanted,
                limit=self._page,
                held=self._held,
                seconds=LEASE_SECONDS,
            )
        self._held.update(claim.granted)
        return claim

    def _write(self, *, hold: bool) -> None:
        samples, payloads, refused = self._payloads()
        with self._store.write() as unit:
            if samples:
                unit.inferences.put(
                    *(self._model_id, samples, payloads),
                    replace=True,
                    provenance=self._provenance,
                )
            if hold:
                unit.leases.extend(self._owner, seconds=LEASE_SECONDS)
            else:
                unit.leases.drop(self._owner)
        self.saved += len(samples)
        self._unsaved = {}
        if refused is not None:
            raise refused

    def _payloads(self) -> tuple[list[int], list[str], InputValidationError | None]:
        """Return the ids and payloads that can be saved, and the error of the first that cannot."""
        samples, inferences = list(self._unsaved), list(self._unsaved.values())
        try:
            return samples, self._codec.write_inferences(inferences), None
        except InputValidationError:
            pass  # written one by one below, to find those at fault
        good: dict[int, str] = {}
        refused: InputValidationError | None = None
        for sample_id, inference in self._unsaved.items():
            try:
                (good[sample_id],) = self._codec.write_inferences([inference])
            except InputValidationError as error:
                refused = refused or self._about(sample_id, error)
        return list(good), list(good.values()), refused

    def _about(self, sample_id: int, error: InputValidationError) -> InputValidationError:
        with self._store.read() as unit:
            (row,) = unit.test_samples.rows([sample_id])
        return InputValidationError(
            f"The inference for the test sample {row.payload:.200} cannot be stored:"
            f" {sentence(error)}"
        )

    def _fit_page(self, seconds: float) -> None:
        if seconds < _PAGE_SECONDS:
            self._page = min(4 * self._page, _LARGEST_PAGE)
        elif seconds > 4 * _PAGE_SECONDS:
            self._page = max(self._page // 2, 1)
