"""Versions of test cases: the stored rows must always say the same as plain copies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolena_local.errors import NameConflictError, NotFoundError
from kolena_local.repository import Store, Unit, open_store
from kolena_local.repository.records import MemberChange, TestCaseRecord
from tests.repository.conftest import add_case, put_pairs

SAMPLES = 6


def content(unit: Unit, case: TestCaseRecord) -> list[tuple[int, str]]:
    rows = unit.test_cases.pairs(case.id, case.version, after=-1, limit=100)
    assert [row.test_sample_id for row in rows] == list(
        unit.test_cases.sample_ids(case.id, case.version)
    )
    return [(row.test_sample_id, row.ground_truth) for row in rows]


def expected(
    before: list[tuple[int, int]], changes: list[MemberChange], reset: bool
) -> list[tuple[int, int]]:
    """What an edit means, said with a plain dict, which keeps the order of insertion."""
    after = {} if reset else dict(before)
    for sample, truth, to_end in changes:
        if truth is None:
            after.pop(sample, None)
            continue
        if to_end:
            after.pop(sample, None)
        after[sample] = truth
    return list(after.items())


edits = st.lists(
    st.tuples(
        st.booleans(),
        st.lists(
            st.tuples(st.integers(0, SAMPLES - 1), st.sampled_from([None, 0, 1]), st.booleans()),
            unique_by=lambda change: change[0],
        ),
        st.sampled_from([None, "", "one", "two"]),
    ),
    max_size=8,
)


@given(edits)
def test_every_version_stays_what_it_was(
    edits: list[tuple[bool, list[tuple[int, int | None, bool]], str | None]],
) -> None:
    with open_store(":memory:").write() as unit:
        pairs = [put_pairs(unit, "abcdef", truth) for truth in ("cat", "dog")]
        case = add_case(unit, f"case {len(unit.test_cases.list())}", ())
        versions: list[tuple[TestCaseRecord, list[tuple[int, int]]]] = [(case, [])]
        for reset, plan, description in edits:
            changes = [
                MemberChange(
                    pairs[0][sample][0], None if truth is None else pairs[truth][sample][1], to_end
                )
                for sample, truth, to_end in plan
            ]
            latest, before = versions[-1]
            after = expected(before, changes, reset)
            edited = unit.test_cases.edit(
                case.id, latest.version, description=description, reset=reset, changes=changes
            )
            if after == before and description in (None, latest.description):
                assert edited == latest
                continue
            assert edited.version == latest.version + 1
            assert edited.description == (
                latest.description if description is None else description
            )
            assert edited.sample_count == len(after)
            versions.append((edited, after))
        truths = {
            truth: text
            for found, text in zip(pairs, ('"cat"', '"dog"'), strict=True)
            for _, truth in found
        }
        for record, members in versions:
            assert unit.test_cases.get(record.name, record.version).sample_count == len(members)
            assert unit.test_cases.get(record.name, record.version).description == (
                record.description
            )
            assert content(unit, record) == [(sample, truths[truth]) for sample, truth in members]


def test_a_new_case_is_empty_and_found_by_name(store: Store) -> None:
    with store.write() as unit:
        workflow = unit.workflows.ensure("workflow")
        case = unit.test_cases.add(workflow.id, "case", "about")
        assert (case.workflow, case.version, case.sample_count) == ("workflow", 0, 0)
        assert unit.test_cases.find("case") == unit.test_cases.get("case", 0) == case
        assert unit.test_cases.find("other") is unit.test_cases.find("case", 1) is None
        with pytest.raises(NameConflictError, match="already"):
            unit.test_cases.add(unit.workflows.ensure("other").id, "case", "")
        with pytest.raises(NotFoundError, match="did you mean 'case'"):
            unit.test_cases.get("cass")
        with pytest.raises(NotFoundError, match="no version 7; the latest is 0"):
            unit.test_cases.get("case", 7)
        assert unit.test_cases.list("other") == []
        assert unit.test_cases.list("workflow") == unit.test_cases.list() == [case]


def test_an_edit_of_an_older_version_is_refused_and_loses_nothing(store: Store) -> None:
    with store.write() as unit:
        case = add_case(unit, "case", put_pairs(unit, "ab"))
    refused = pytest.raises(NameConflictError, match=r"version 1 by now.*load it again")
    with refused, store.write() as unit:
        unit.test_cases.edit(case.id, 0, description="new", reset=True, changes=())
    with store.read() as unit:
        assert unit.test_cases.get("case") == case
        assert len(content(unit, case)) == 2


def test_a_case_that_is_not_there_cannot_be_edited(store: Store) -> None:
    with store.write() as unit, pytest.raises(NotFoundError, match="id 5"):
        unit.test_cases.edit(5, 0, description=None, reset=False, changes=())


def test_pages_follow_each_other(store: Store) -> None:
    with store.write() as unit:
        pairs = put_pairs(unit, [str(number) for number in range(25)])
        case = add_case(unit, "case", pairs)
        case = unit.test_cases.edit(
            case.id,
            1,
            description=None,
            reset=False,
            changes=[MemberChange(sample, None, False) for sample, _ in pairs[5:10]],
        )
        seen: list[int] = []
        after = -1
        while rows := unit.test_cases.pairs(case.id, 2, after=after, limit=7):
            assert len(rows) == 7 or len(seen) + len(rows) == 20
            seen += [row.test_sample_id for row in rows]
            after = rows[-1].position
        assert seen == [sample for sample, _ in pairs[:5] + pairs[10:]]
