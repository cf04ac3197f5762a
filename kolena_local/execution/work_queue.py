"""The share of one process in the samples that are pending.

It takes samples page by page under a lease, so that several processes that run the same test do
different ones, and saves answers in batches. A lease is extended whenever something is saved. One
that runs out all the same, because a single answer took longer, lets another process do the sample
too: the model answers the same, and either answer will do.
"""

from __future__ import annotations

import secrets
import time
from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kolena_local.errors import InputValidationError
from kolena_local.log import logger
from kolena_local.plurals import counted, sentence

if TYPE_CHECKING:
    from kolena_local.repository.held import HeldStore
    from kolena_local.repository.leases import Claim
    from kolena_local.serialization.codec import Codec

#: A batch is saved when it has this many inferences, or is this old. A killed process loses one
#: batch.
BATCH_INFERENCES = 1000
BATCH_SECONDS = 1.0

#: Without a sign of life for so long, a process gives up what it has leased. When it is known to be
#: gone, nobody waits that long.
LEASE_SECONDS = 60.0

# A page is meant to take a second or a few: less, and taking pages costs more than it is worth;
# more, and another process waits for the last one. It begins small, because models may be slow.
_SMALLEST_PAGE, _LARGEST_PAGE = 4, 4096
_PAGE_SECONDS = 1.0

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5


class WorkQueue:
    """Takes pending samples and saves their inferences.

    Args:
        store: the store.
        codec: the workflow's.
        model_id: the model's number in the store.
        pending: the samples that are pending, in order.
    """

    def __init__(self, store: HeldStore, codec: Codec, model_id: int, pending: array[int]) -> None:
        self._store = store
        self._codec = codec
        self._model_id = model_id
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
        """Iterate over pages of samples to do; those that another process is doing are left out."""
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
            # What others have is passed over in few steps.
            look = self._page if claim.granted else min(4 * look, _LARGEST_PAGE)
            if claim.granted:
                self._pause = _SHORTEST_PAUSE
                yield claim.granted
                self._fit_page(time.monotonic() - begun)

    def wait_for_others(self) -> bool:
        """Wait a moment if other processes are at samples that this one wanted.

        Returns:
            Whether there are such samples; then :meth:`pages` has those that are not done by now.
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
        """Save an inference, soon.

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
        """Save what is unsaved, and go on holding what is not done.

        Raises:
            InputValidationError: an inference cannot be stored; all others are saved.
        """
        self._held.difference_update(self._unsaved)
        self._write(hold=bool(self._held))

    def end(self) -> None:
        """Save what is unsaved, and give back what is not done.

        Raises:
            InputValidationError: as :meth:`save`.
        """
        self._write(hold=False)

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
                unit.inferences.put(self._model_id, samples, payloads, replace=True)
            if hold:
                unit.leases.extend(self._owner, seconds=LEASE_SECONDS)
            else:
                unit.leases.drop(self._owner)
        self.saved += len(samples)
        self._unsaved = {}
        if refused is not None:
            raise refused

    def _payloads(self) -> tuple[list[int], list[str], InputValidationError | None]:
        """Return what can be saved, and the error of the first inference that cannot."""
        samples, inferences = list(self._unsaved), list(self._unsaved.values())
        try:
            return samples, self._codec.write_inferences(inferences), None
        except InputValidationError:
            pass  # they were written all at once; now look for the one at fault
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
            f"What was inferred for the test sample {row.payload:.200} is refused:"
            f" {sentence(error)}"
        )

    def _fit_page(self, seconds: float) -> None:
        if seconds < _PAGE_SECONDS:
            self._page = min(4 * self._page, _LARGEST_PAGE)
        elif seconds > 4 * _PAGE_SECONDS:
            self._page = max(self._page // 2, 1)
