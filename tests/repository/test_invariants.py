"""Rules that are applied to many values or rows at once find what a look at each would find."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import combinations

from hypothesis import example, given
from hypothesis import strategies as st

from kolena_local.payload import digest, dumps
from kolena_local.repository.file import migrations
from kolena_local.repository.file.new_file import build
from kolena_local.repository.health.invariants import (
    RULES,
    LastIds,
    are_sound,
    digest_problem,
    object_problem,
)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
stored = st.dictionaries(st.text(max_size=3), values, max_size=2).map(
    lambda value: (dumps(value), digest(value))
)
wrong = st.tuples(
    st.sampled_from(
        [
            "",
            "{",
            "[]",
            "1",
            '{"$":"nan"}',
            '{"$":"what"}',
            '{"a":NaN}',
            r'{"a":"\ud800"}',
            5,
            b"{}",
        ]
    ),
    st.binary(min_size=17, max_size=17),
)
ROW = ('{"a":1}', digest({"a": 1}))


@given(st.lists(st.one_of(stored, stored, stored, wrong), min_size=1), st.booleans())
@example([ROW, ROW], True)
@example([ROW, (ROW[0], b"other")], True)
@example([ROW, (ROW[0], b"other")], False)
def test_many_are_sound_if_each_is(rows: list[tuple[object, bytes]], are_identified: bool) -> None:
    problems = [object_problem(text) for text, _ in rows]
    if are_identified and not any(problems):
        problems += [digest_problem(str(text), known) for text, known in rows]
    texts, digests = zip(*rows, strict=True)
    found = are_sound([texts], digests if are_identified else ())
    # A text with such an escape needs a closer look, whether it turns out to be sound or not.
    assert found is not any(problems) or (not found and any("\\u" in str(text) for text in texts))


SAMPLES = """
    INSERT INTO workflow VALUES (1, 'w', strftime('%Y-%m-%dT%H:%M:%fZ'), NULL, NULL, NULL);
    INSERT INTO test_sample SELECT value, 1, CAST(printf('%017d', value) AS BLOB), '{}', '{}'
    FROM json_each('[1, 2, 3]');
    INSERT INTO ground_truth SELECT id, id, digest, '{}' FROM test_sample;
    INSERT INTO test_case SELECT 1, 1, 'case', 7, created_at, created_at FROM workflow;
"""
members = st.lists(
    st.tuples(
        st.integers(0, 2),  # position
        st.integers(1, 5),  # added
        st.integers(2, 7) | st.just(99),  # removed, or never
        st.integers(1, 3),  # sample
    ).filter(lambda row: row[1] < row[2]),
    # As the tables themselves want it.
    unique_by=(lambda row: row[:2], lambda row: row[2:]),
)


@given(members)
def test_two_members_are_in_each_others_way_if_one_is_found(
    rows: list[tuple[int, int, int, int]],
) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        build(connection, migrations.load())
        connection.executescript(SAMPLES)
        connection.executemany(
            "INSERT INTO test_case_member VALUES (1, ?, ?, nullif(?, 99), ?4, ?4)", rows
        )
        found = [text for rule in RULES for _, text in rule.broken(connection, LastIds())]
    expected = set()
    for one, other in combinations(rows, 2):
        overlap = one[1] < other[2] and other[1] < one[2]
        if overlap and one[0] == other[0]:
            expected.add("shares its position")
        if overlap and one[3] == other[3]:
            expected.add("is there twice")
    phrases = ("shares its position", "is there twice")
    problems = {phrase for phrase in phrases for text in found if phrase in text}
    # Of a row only its first problem is told.
    assert bool(problems) is bool(expected) and problems <= expected
