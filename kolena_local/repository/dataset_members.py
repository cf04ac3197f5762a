"""How an upload of a dataset becomes rows of ``test_case_member``; private to the datasets.

The ground truth of a row has its id fields' values, so its id stands for the row as a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import count as count_from
from typing import NamedTuple

from kolena_local.repository.membership import Membership
from kolena_local.repository.rows import as_json


class Change(NamedTuple):
    """What an upload changes.

    Attributes:
        come: the ground truths of rows that are new, or have another content.
        gone: those of rows that are not there any more, or had another content.
        is_change: whether something changes at all; the order alone may.
    """

    come: list[int]
    gone: list[int]
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
        come = [truth for truth in truths if truth not in present]
        gone = [*present.keys() - truths] if present else []
        places = self._places(truths, present, come, gone)
        end = count_from(self._next_position())
        positions = [next(end) if place is None else place for place in places]
        changed = [
            number
            for number, (truth, position) in enumerate(zip(truths, positions, strict=True))
            if present.get(truth) != position
        ]
        moved = [truths[number] for number in changed if truths[number] in present]
        self._close([*gone, *moved])
        self._sql.insert_columns(
            "INSERT INTO test_case_member"
            " (test_case_id, added, position, test_sample_id, ground_truth_id)",
            [[column[number] for number in changed] for column in (positions, samples, truths)],
            first=[self._test_case_id, self._version],
        )
        return Change(come, gone, bool(changed or gone))

    def _places(
        self,
        truths: Sequence[int],
        present: dict[int, int],
        come: Sequence[int],
        gone: Sequence[int],
    ) -> list[int | None]:
        """Return the position of each row, None for those after all that are there.

        A row whose content was changed has the place of the old one.
        """
        places: list[int | None] = [None] * len(truths)
        if not present:
            return places
        free = {key: present[truth] for truth, key in self.keys(gone)} if come else {}
        inherited = {truth: free[key] for truth, key in self.keys(come) if key in free}
        last = -1
        for number, truth in enumerate(truths):
            place = present.get(truth, inherited.get(truth))
            if place is None or place <= last:
                break
            places[number] = last = place
        return places

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
