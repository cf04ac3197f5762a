"""The samples of a suite: each once, and found by their content."""

from __future__ import annotations

import pytest

from kolena_local.repository import Store
from kolena_local.repository.records import MemberChange
from tests.repository.conftest import add_case, add_suite, new_sample, put_pairs


def test_samples_come_once_where_they_stand_first(store: Store) -> None:
    with store.write() as unit:
        pairs = put_pairs(unit, "abcde")
        a, b, c, d, e = pairs
        one = add_case(unit, "one", [d, b])
        two = add_case(unit, "two", [a, b, c, d])
        two = unit.test_cases.edit(
            two.id, 1, description=None, reset=False, changes=[MemberChange(*a, True)]
        )
        suite = add_suite(unit, "suite", [one, two])
        add_suite(unit, "other", [add_case(unit, "three", [e])])
        wanted = [pair[0] for pair in (d, b, c, a)]
        assert list(unit.suite_samples.ids(suite.id, 1)) == wanted
        assert list(unit.suite_samples.ids(suite.id, 0)) == []
        assert unit.suite_samples.disagreeing(suite.id, 1) is None
        (other_truth,) = put_pairs(unit, "b", "dog")
        three = add_case(unit, "disagrees", [other_truth])
        unit.test_suites.replace_test_cases(suite.id, 1, [(one.id, 1), (three.id, 1)])
        assert unit.suite_samples.disagreeing(suite.id, 2) == b[0]


@pytest.mark.parametrize("others", [0, 50], ids=["most of the suite", "a few of many"])
def test_samples_are_found_in_the_suite_by_their_content(store: Store, others: int) -> None:
    with store.write() as unit:
        a, b, c, d = put_pairs(unit, "abcd")
        one = add_case(unit, "one", [a, b, *put_pairs(unit, [f"more {n}" for n in range(others)])])
        removed = [MemberChange(b[0], None, False)]
        unit.test_cases.edit(one.id, 1, description=None, reset=False, changes=removed)
        suite = add_suite(unit, "suite", [one, add_case(unit, "two", [c, a])])
        unit.test_suites.replace_test_cases(suite.id, 1, [(one.id, 2)])
        payloads = [new_sample(name).payload for name in "dacba"]
        found = [unit.suite_samples.find(suite.id, version, payloads) for version in range(3)]
        spaced = [payload.replace(":", ": ") for payload in payloads]
        assert unit.suite_samples.find(suite.id, 1, spaced) == found[1]
        by_text = unit.suite_samples._by_text({"suite": suite.id, "version": 1}, 5)
    # The sample d is stored but in no test case, and version 2 has neither b nor the case of c.
    assert found == [[None] * 5, [None, a[0], c[0], b[0], a[0]], [None, a[0], None, None, a[0]]]
    assert d[0] not in found[1]
    of_cases = {
        new_sample(name).payload: id_ for name, (id_, _) in zip("abc", (a, b, c), strict=True)
    }
    assert by_text == ({} if others else of_cases)


def test_samples_are_found_in_any_order_and_as_often_as_they_are_given(store: Store) -> None:
    names = [f"sample {number}" for number in range(2345)]
    with store.write() as unit:
        pairs = put_pairs(unit, names)
        cases = [add_case(unit, "one", pairs[:1500]), add_case(unit, "two", pairs[1500:])]
        suite = add_suite(unit, "suite", cases)
        ids = [id_ for id_, _ in pairs]
        known = {new_sample(name).payload: id_ for name, id_ in zip(names, ids, strict=True)}
        payloads = list(known)
        key = {"suite": suite.id, "version": 1}
        for size in (0, 1, 7, 1000, 1001, 2345):
            assert unit.suite_samples._matching_start(key, payloads[:size]) == ids[:size]
        moved = [*payloads[:2100], payloads[2101], payloads[2100], *payloads[2102:]]
        for wanted, start in (
            (payloads, ids),
            (moved, ids[:2000]),
            ([*payloads, payloads[0]], ids[:2000]),
            (payloads[1:], []),
            (payloads[::-1], []),
        ):
            assert unit.suite_samples._matching_start(key, wanted) == start
            assert unit.suite_samples.find(suite.id, 1, wanted) == [known[it] for it in wanted]
        assert unit.suite_samples.find(suite.id, 0, payloads) == [None] * len(payloads)


def test_samples_of_overlapping_test_cases_are_found(store: Store) -> None:
    with store.write() as unit:
        a, b, c, d = put_pairs(unit, "abcd")
        one = add_case(unit, "one", [a, d, b])
        gone = [MemberChange(d[0], None, False)]
        unit.test_cases.edit(one.id, 1, description=None, reset=False, changes=gone)
        two = add_case(unit, "two", [b, c])
        suite = add_suite(unit, "suite", [one, two])
        unit.test_suites.replace_test_cases(suite.id, 1, [(one.id, 2), (two.id, 1)])
        ids = {"a": a[0], "b": b[0], "c": c[0], "d": None}
        for names in ("ab", "abbc", "abc", "adb", "cab", "d"):
            wanted = [new_sample(name).payload for name in names]
            assert unit.suite_samples.find(suite.id, 2, wanted) == [ids[name] for name in names]
