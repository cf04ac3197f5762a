"""Leases: which pending samples of a model a process is working on.

Two processes that run the same test use them to share the work. They only keep work from being done
twice; no result depends on them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from kolena_local.repository.names import now
from kolena_local.repository.processes import Process, is_gone, this_process
from kolena_local.repository.rows import Repository, as_json

# Selects what is done, because usually nothing is: a row costs more than a failed look-up.
_DONE: Final = """
    SELECT wanted.value FROM json_each(:samples) AS wanted
    CROSS JOIN inference
        ON inference.model_id = :model AND inference.test_sample_id = wanted.value
    WHERE NOT EXISTS (SELECT 1 FROM inference INDEXED BY inference_stale
        WHERE model_id = :model AND test_sample_id = wanted.value AND stale = 1)
"""

_LONGEST_SECONDS: Final = 60.0


class Claim(NamedTuple):
    """The outcome of a request for samples; those with an inference are in none of the lists.

    Args:
        granted: the process may work on these.
        refused: another process is working on these.
        left: these are free, but beyond the limit.
    """

    granted: array[int]
    refused: array[int]
    left: array[int]


class Leases(Repository):
    """The leases of a store, inside one transaction."""

    def claim(
        self,
        owner: str,
        model_id: int,
        samples: Sequence[int],
        *,
        limit: int,
        held: Iterable[int],
        seconds: float,
    ) -> Claim:
        """Lease those of the samples that are pending and that no other process is working on.

        Args:
            owner: a unique text.
            samples: the samples that are wanted, the most wanted first.
            limit: at most so many are granted.
            held: samples that the owner has leased before and goes on working on.
            seconds: when the lease runs out, unless it is extended; a minute at most.
        """
        done = set(self._sql.fetch_ids(_DONE, {"samples": as_json(samples), "model": model_id}))
        pending = array("q", [sample for sample in samples if sample not in done])
        taken = self._taken_by_others(owner, model_id)
        free = array("q", [sample for sample in pending if sample not in taken])
        granted = free[:limit]
        if granted:
            self._sql.execute(
                """
                INSERT INTO inference_lease
                    (owner, model_id, test_sample_ids, expires_at, host, pid, process_started)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (owner) DO UPDATE SET
                    test_sample_ids = excluded.test_sample_ids, expires_at = excluded.expires_at
                """,
                (owner, model_id, as_json([*held, *granted]), now(seconds), *this_process()),
            )
        refused = array("q", [sample for sample in pending if sample in taken])
        return Claim(granted, refused, free[limit:])

    def extend(self, owner: str, *, seconds: float) -> None:
        """Extend the owner's lease; one that was dropped is not restored."""
        self._sql.execute(
            "UPDATE inference_lease SET expires_at = ? WHERE owner = ?", (now(seconds), owner)
        )

    def drop(self, owner: str) -> None:
        """End the owner's lease."""
        self._sql.execute("DELETE FROM inference_lease WHERE owner = ?", (owner,))

    def _taken_by_others(self, owner: str, model_id: int) -> set[int]:
        # A clock that runs ahead can make a lease too long. From here on it ends by this clock,
        # unless its owner extends it.
        self._sql.execute(
            "UPDATE inference_lease SET expires_at = :longest"
            " WHERE model_id = :model AND owner <> :owner AND expires_at > :longest",
            {"longest": now(_LONGEST_SECONDS), "model": model_id, "owner": owner},
        )
        rows = self._sql.fetch(
            "SELECT owner, expires_at, host, pid, process_started FROM inference_lease"
            " WHERE model_id = ? AND owner <> ?",
            (model_id, owner),
        )
        moment = now()
        for other, expires_at, *process in rows:
            # A process that was killed cannot drop its lease.
            if expires_at <= moment or is_gone(Process._make(process)):
                self.drop(other)
        return set(
            self._sql.fetch_ids(
                "SELECT sample.value FROM inference_lease AS lease"
                " CROSS JOIN json_each(lease.test_sample_ids) AS sample"
                " WHERE lease.model_id = ? AND lease.owner <> ?",
                (model_id, owner),
            )
        )
