"""The test samples of test suites, which are those of their test cases."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Final

from kolena_local.payload import digests_of
from kolena_local.repository.rows import Repository

SAMPLES: Final = """
    test_suite_member AS pinned
    CROSS JOIN test_case_member AS member
        ON member.test_case_id = pinned.test_case_id
        AND member.added <= pinned.test_case_version
        AND (member.removed IS NULL OR member.removed > pinned.test_case_version)
"""
"""The members of a suite's test cases, test case by test case; select the suite by `pinned`."""

PLACES: Final = 2**40
"""More places than a test case has."""

PLACE: Final = f"pinned.position * {PLACES} + member.position"
"""A sample's place in its suite as one number: first the test case's, then its own."""

_PAGE: Final = 1000

_PAYLOADS: Final = f"""
    SELECT sample.payload, sample.id
    FROM {SAMPLES} CROSS JOIN test_sample AS sample ON sample.id = member.test_sample_id
    WHERE pinned.test_suite_id = :suite AND pinned.version = :version
"""

# Reading samples in order takes a quarter of the time of looking them up.
_SCANNED: Final = 4


class SuiteSamples(Repository):
    """The samples of a store's test suites, inside one transaction."""

    def ids(
        self, test_suite_id: int, version: int, condition: str = "true", **parameters: int
    ) -> array[int]:
        """Return the ids of the suite's samples, each at its first position only.

        Args:
            condition: only those that satisfy this SQL condition on ``member``.
            parameters: the parameters of the condition.
        """
        return self._sql.fetch_ids(
            f"""
            SELECT test_sample_id FROM (
                SELECT member.test_sample_id, min({PLACE}) AS place FROM {SAMPLES}
                WHERE pinned.test_suite_id = :suite AND pinned.version = :version AND {condition}
                GROUP BY member.test_sample_id)
            ORDER BY place
            """,
            {"suite": test_suite_id, "version": version, **parameters},
        )

    def count(self, test_suite_id: int, version: int) -> int:
        """Return how many samples a version has, each counted once."""
        return len(self.ids(test_suite_id, version))

    def find(self, test_suite_id: int, version: int, payloads: Sequence[str]) -> list[int | None]:
        """Return the ids of the suite's samples with these payloads, None for unknown ones.

        Samples are identified by their digests. But most payloads are equal to the stored texts and
        in the order of the suite, so texts are compared first.

        Raises:
            InputValidationError: a payload is not strict JSON.
        """
        suite = {"suite": test_suite_id, "version": version}
        matching = self._matching_start(suite, payloads)
        if len(matching) == len(payloads):
            return [*matching]
        left = payloads[len(matching) :]
        ids = [*matching, *map(self._by_text(suite, len(left)).get, left)]
        others = [index for index, id_ in enumerate(ids) if id_ is None]
        digests = digests_of([payloads[index] for index in others])
        for index, id_ in zip(others, self._by_digest(suite, digests), strict=True):
            ids[index] = id_
        return ids

    def _matching_start(self, suite: dict[str, int], payloads: Sequence[str]) -> list[int]:
        """Return the ids of the suite's first samples, for as many pages as match the payloads."""
        ids: list[int] = []
        limit = max(1, min(_PAGE, len(payloads)))
        for page in self._sql.pages(_PAYLOADS, suite, limit):
            wanted = tuple(payloads[len(ids) : len(ids) + limit])
            texts, numbers = zip(*page, strict=True)
            if texts[: len(wanted)] != wanted:
                break
            ids += numbers[: len(wanted)]
            if len(ids) == len(payloads):
                break
        return ids

    def _by_text(self, suite: dict[str, int], wanted: int) -> dict[str, int]:
        """Return the suite's payloads with their ids; nothing if few of many are wanted."""
        size = self._sql.value(
            """
            SELECT ifnull(sum(sample_count), 0) FROM test_suite_member AS pinned
            JOIN test_case_version AS of ON of.test_case_id = pinned.test_case_id
                AND of.version = pinned.test_case_version
            WHERE pinned.test_suite_id = :suite AND pinned.version = :version
            """,
            suite,
        )
        if size >= _SCANNED * wanted:
            return {}
        return dict(self._sql.fetch(_PAYLOADS, suite))

    def _by_digest(self, suite: dict[str, int], digests: Sequence[bytes]) -> list[int | None]:
        rows = self._sql.look_up(
            [(digest, suite["suite"], suite["version"]) for digest in digests],
            "digest, suite, version",
            """
            SELECT sample.digest, sample.id
            FROM wanted
            CROSS JOIN test_suite AS suite ON suite.id = wanted.suite
            CROSS JOIN test_sample AS sample
                ON sample.workflow_id = suite.workflow_id AND sample.digest = wanted.digest
            WHERE EXISTS (
                SELECT 1 FROM test_case_member AS member INDEXED BY test_case_member_sample
                CROSS JOIN test_suite_member AS pinned
                    ON pinned.test_suite_id = suite.id AND pinned.version = wanted.version
                    AND pinned.test_case_id = member.test_case_id
                    AND member.added <= pinned.test_case_version
                    AND (member.removed IS NULL OR member.removed > pinned.test_case_version)
                WHERE member.test_sample_id = sample.id)
            """,
        )
        known: dict[bytes, int] = dict(rows)
        return [known.get(digest) for digest in digests]

    def disagreeing(self, test_suite_id: int, version: int) -> int | None:
        """Return the id of a sample whose ground truths differ between test cases, if any."""
        sample: int | None = self._sql.value(
            f"""
            SELECT member.test_sample_id FROM {SAMPLES}
            WHERE pinned.test_suite_id = ? AND pinned.version = ?
            GROUP BY member.test_sample_id
            HAVING min(member.ground_truth_id) <> max(member.ground_truth_id)
            ORDER BY min({PLACE}) LIMIT 1
            """,
            (test_suite_id, version),
        )
        return sample
