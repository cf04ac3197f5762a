"""How an upload of a dataset becomes rows of ``test_case_member``; private to the datasets.

The ground truth of a row has its id fields' values, so its id stands for the row as a whole.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from typing import NamedTuple

from kolena_local.repository.membership import Membership
from kolena_local.repository.rows import as_ids, as_json


class Change(NamedTuple):
    """What an upload changes.

    Attributes:
        added: the ground truths of rows that are new, or have another content.
        removed: those of rows that are not there any more, or had another content.
        is_change: whether something changes at all; the order alone may.
    """

    added: Sequence[int]
    removed: Sequence[int]
    is_change: bool


class DatasetMembers(Membership):
    """The rows of a dataset at the moment of an upload that makes ``version``."""

    def replace(self, samples: Sequence[int], truths: Sequence[int]) -> Change:
        """Replace the rows by others, which keep their places if they can.

        Args:
            samples: the test samples of all rows, in order.
            truths: their ground truths.
        """
        present: dict[int, int] = dict(
            self._sql.fetch(
                """
                SELECT ground_truth_id, position FROM test_case_member
                WHERE test_case_id = ? AND removed IS NULL ORDER BY position
                """,
                (self._test_case_id,),
            )
        )
        added = array("q", (truth for truth in truths if truth not in present))
        removed = as_ids(present.keys() - truths if present else ())
        positions = self._positions(truths, present, added, removed)
        changed = array("q", range(len(truths)))
        if present:
            pairs = enumerate(zip(truths, positions, strict=True))
            changed = array("q", (it for it, (truth, at) in pairs if present.get(truth) != at))
            moved = (truths[number] for number in changed if truths[number] in present)
            self._close([*removed, *moved])
        columns = (array("q", map(it.__getitem__, changed)) for it in (positions, samples, truths))
        self._sql.insert_columns(
            "INSERT INTO test_case_member"
            " (test_case_id, added, position, test_sample_id, ground_truth_id)",
            [*columns],
            first=[self._test_case_id, self._version],
        )
        return Change(added, removed, len(changed) + len(removed) > 0)

    def _positions(
        self,
        truths: Sequence[int],
        present: dict[int, int],
        added: Sequence[int],
        removed: Sequence[int],
    ) -> array[int]:
        """Return the position of each row.

        A row whose content was changed has the position of the old one. From the first row on that
        is new, or comes in another order, the rows stand after all that are there.
        """
        free = {key: present[truth] for truth, key in self.keys(removed)} if added else {}
        inherited = {
            truth: free[key] for truth, key in self.keys(added if free else ()) if key in free
        }
        positions, last = array("q"), -1
        for truth in truths if present else ():
            position = present.get(truth, inherited.get(truth, -1))
            if position <= last:
                break
            positions.append(position)
            last = position
        first = self._next_position()
        positions.extend(range(first, first + len(truths) - len(positions)))
        return positions

    def keys(self, truths: Collection[int]) -> list[tuple[int, bytes]]:
        """Return ground truths with their digests."""
        rows = self._sql.fetch(
            """
            SELECT truth.id, truth.digest
            FROM json_each(?) AS wanted CROSS JOIN ground_truth AS truth
            WHERE truth.id = wanted.value
            """,
            (as_json(truths),),
        )
        return [(id_, digest) for id_, digest in rows]

    def _close(self, truths: Sequence[int]) -> None:
        if truths:
            self._sql.execute(
                """
                UPDATE test_case_member SET removed = ?
                WHERE test_case_id = ? AND removed IS NULL
                    AND ground_truth_id IN (SELECT value FROM json_each(?))
                """,
                (self._version, self._test_case_id, as_json(truths)),
            )
