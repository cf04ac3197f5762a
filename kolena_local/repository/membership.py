"""How an edit becomes rows of ``test_case_member``; private to the test cases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count as count_from
from itertools import islice
from typing import NamedTuple

from kolena_local.repository.records import MemberChange
from kolena_local.repository.rows import Row, Sql, as_json


class _Present(NamedTuple):
    position: int
    ground_truth_id: int


class Membership:
    """The members of a test case at the moment of an edit that makes ``version``."""

    def __init__(self, sql: Sql, test_case_id: int, version: int, sample_count: int) -> None:
        self._sql = sql
        self._test_case_id = test_case_id
        self._version = version
        self._sample_count = sample_count

    def change(self, changes: Sequence[MemberChange]) -> int | None:
        """Apply changes to the present content.

        Returns:
            The number of samples afterwards, or None if nothing changes.
        """
        present = self._present([change.test_sample_id for change in changes])
        end = count_from(self._next_position())
        gone: list[int] = []
        come: list[Row] = []
        moved: list[int] | None = []  # None once there is a change other than a move
        for sample, truth, to_end in changes:
            before = present.get(sample)
            if truth is None:
                if before is not None:
                    gone.append(sample)
                    moved = None
                continue
            if before is None:
                come.append(self._row(next(end), sample, truth))
                moved = None
                continue
            same = before.ground_truth_id == truth
            if same and not to_end:
                continue
            if moved is not None and same:
                moved.append(sample)
            else:
                moved = None
            gone.append(sample)
            come.append(self._row(next(end) if to_end else before.position, sample, truth))
        if moved is not None and moved == self._last(len(moved)):
            return None
        self._remove(gone)
        self._insert(come)
        return self._sample_count - len(gone) + len(come)

    def reset(self, changes: Sequence[MemberChange]) -> int | None:
        """Replace the content by the changes; the rows of a common beginning stay.

        Returns:
            The number of samples afterwards, or None if nothing changes.
        """
        wanted = [(sample, truth) for sample, truth, _ in changes if truth is not None]
        present = self._sql.fetch(
            """
            SELECT test_sample_id, ground_truth_id FROM test_case_member
            WHERE test_case_id = ? AND removed IS NULL ORDER BY position
            """,
            (self._test_case_id,),
        )
        same = 0
        for pair, wanted_pair in zip(present, wanted, strict=False):
            if pair != wanted_pair:
                break
            same += 1
        if same == len(present) == len(wanted):
            return None
        self._remove([sample for sample, _ in present[same:]])
        end = count_from(self._next_position())
        self._insert(self._row(next(end), *pair) for pair in islice(wanted, same, None))
        return len(wanted)

    def _present(self, samples: Sequence[int]) -> dict[int, _Present]:
        if not self._sample_count:
            return {}
        rows = self._sql.fetch(
            """
            SELECT member.test_sample_id, member.position, member.ground_truth_id
            FROM json_each(?) AS wanted CROSS JOIN test_case_member AS member
            WHERE member.test_case_id = ? AND member.test_sample_id = wanted.value
                AND ifnull(member.removed, 0) = 0
            """,
            (as_json(samples), self._test_case_id),
        )
        return {sample: _Present(position, truth) for sample, position, truth in rows}

    def _next_position(self) -> int:
        # Positions of removed rows are not reused: old versions still have them.
        query = "SELECT ifnull(max(position), -1) + 1 FROM test_case_member WHERE test_case_id = ?"
        return int(self._sql.value(query, (self._test_case_id,)))

    def _last(self, number: int) -> list[int]:
        query = """
            SELECT test_sample_id FROM test_case_member
            WHERE test_case_id = ? AND removed IS NULL ORDER BY position DESC LIMIT ?
        """
        return [*reversed(self._sql.fetch_ids(query, (self._test_case_id, number)))]

    def _row(self, position: int, sample: int, truth: int) -> Row:
        return self._test_case_id, position, self._version, sample, truth

    def _remove(self, samples: Sequence[int]) -> None:
        if samples:
            self._sql.execute(
                """
                UPDATE test_case_member SET removed = ?
                WHERE test_case_id = ? AND ifnull(removed, 0) = 0
                    AND test_sample_id IN (SELECT value FROM json_each(?))
                """,
                (self._version, self._test_case_id, as_json(samples)),
            )

    def _insert(self, rows: Iterable[Row]) -> None:
        self._sql.insert(
            "INSERT INTO test_case_member"
            " (test_case_id, position, added, test_sample_id, ground_truth_id)",
            rows,
        )
