"""What differs between two versions, and the versions as ``name@3`` names them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolena_local.errors import IncorrectUsageError, NotFoundError
from kolena_local.repository import Store, Unit, open_store
from kolena_local.repository.records import MemberChange
from tests.repository.conftest import add_case, add_suite, put_pairs


def edit(unit: Unit, name: str, changes: list[MemberChange], *, reset: bool = False) -> None:
    case = unit.test_cases.get(name)
    unit.test_cases.edit(case.id, case.version, description=None, reset=reset, changes=changes)


def test_a_diff_tells_added_removed_and_changed_samples(store: Store) -> None:
    with store.write() as unit:
        cats = put_pairs(unit, ["1", "2", "3", "4"])
        dogs = put_pairs(unit, ["1", "2", "3", "4"], truth="dog")
        add_case(unit, "case", cats[:3])
        (one, _), (two, _), (three, cat), (four, _) = cats
        edit(unit, "case", [MemberChange(one, None, False), MemberChange(four, cats[3][1], False)])
        edit(unit, "case", [MemberChange(two, dogs[1][1], False), MemberChange(three, cat, True)])
        changes = unit.test_cases.diff("case", 1, 3)
        assert {(change.payload, change.before, change.after) for change in changes} == {
            ('{"locator":"1"}', '"cat"', None),
            ('{"locator":"2"}', '"cat"', '"dog"'),
            ('{"locator":"4"}', None, '"cat"'),
        }
        assert [change.before for change in unit.test_cases.diff("case", 3, 2)] == ['"dog"']
        assert unit.test_cases.diff("case", 2, 2) == []
        assert [record.sample_count for record in unit.test_cases.versions(1)] == [0, 3, 3, 3]
        with pytest.raises(NotFoundError, match="no version 4"):
            unit.test_cases.diff("case", 4, 1)


CONTENTS = st.lists(
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["cat", "dog"])),
    min_size=1,
    max_size=4,
)


@given(contents=CONTENTS)
def test_a_diff_leads_from_any_version_to_any_other(contents: list[dict[str, str]]) -> None:
    with open_store(":memory:").read() as unit:  # nothing of it is kept
        add_case(unit, "case", [])
        versions: dict[int, dict[str, str]] = {}
        for content in contents:
            pairs = [put_pairs(unit, [name], truth)[0] for name, truth in content.items()]
            edit(unit, "case", [MemberChange(*pair, False) for pair in pairs], reset=True)
            versions[unit.test_cases.get("case").version] = content
        for first, old in versions.items():
            for second, new in versions.items():
                changed = {
                    (change.payload[12:-2], change.before, change.after)
                    for change in unit.test_cases.diff("case", first, second)
                }
                quoted = {None: None, "cat": '"cat"', "dog": '"dog"'}
                assert changed == {
                    (name, quoted[old.get(name)], quoted[new.get(name)])
                    for name in {**old, **new}
                    if old.get(name) != new.get(name)
                }


def test_a_diff_of_suites_tells_the_versions_of_test_cases(store: Store) -> None:
    with store.write() as unit:
        a, b, c = (add_case(unit, name, put_pairs(unit, [name])) for name in "abc")
        suite = add_suite(unit, "suite", [a, b])
        edit(unit, "a", [MemberChange(*put_pairs(unit, ["more"])[0], False)])
        unit.test_suites.replace_test_cases(suite.id, 1, [(c.id, 1), (a.id, 2)])
        assert unit.test_suites.diff("suite", 1, 2) == [("a", 1, 2), ("b", 1, None), ("c", None, 1)]
        assert unit.test_suites.diff("suite", 2, 2) == []
        assert [len(record.test_cases) for record in unit.test_suites.versions(suite.id)] == [
            0,
            2,
            2,
        ]
        assert unit.suite_samples.count(suite.id, 2) == 3


def test_a_label_names_a_version(store: Store) -> None:
    with store.write() as unit:
        add_case(unit, "night", put_pairs(unit, ["1"]))
        add_case(unit, "mail@home@7", [])
        add_suite(unit, "suite", [])
        assert unit.test_cases.resolve("night").version == 1
        assert unit.test_cases.resolve("night@0").version == 0
        assert unit.test_cases.resolve("mail@home@7").name == "mail@home@7"
        assert unit.test_cases.resolve("mail@home@7@0").version == 0
        assert unit.test_suites.resolve("suite@0").version == 0
        with pytest.raises(NotFoundError, match="no version 9"):
            unit.test_cases.resolve("night@9")
        with pytest.raises(NotFoundError, match="did you mean 'night'"):
            unit.test_cases.resolve("nigth@1")
        with pytest.raises(NotFoundError, match="no test suite 'sute@x'; did you mean 'suite'"):
            unit.test_suites.resolve("sute@x")


def test_lists_take_a_pattern(store: Store) -> None:
    with store.write() as unit:
        for name in ("day", "night"):
            add_case(unit, name, [])
            add_suite(unit, name, [])
        for repository in (unit.test_cases, unit.test_suites):
            assert [record.name for record in repository.list(pattern="n*")] == ["night"]


def test_a_test_case_is_kept_while_any_version_of_a_test_suite_has_it(store: Store) -> None:
    with store.write() as unit:
        pairs = put_pairs(unit, ["1.png"])
        kept, other = add_case(unit, "kept", pairs), add_case(unit, "other", pairs)
        suites = [add_suite(unit, f"suite {number}", [kept]) for number in range(6)]
        for version in range(1, 7):
            pinned = [(kept.id, 1), (other.id, 1)][version % 2 :]
            unit.test_suites.replace_test_cases(suites[0].id, version, pinned)
        with pytest.raises(IncorrectUsageError) as refused:
            unit.test_cases.delete(["other", "kept"])
        assert str(refused.value) == (
            "The test case 'other' is used by the test suite 'suite 0' (versions 2, 3, 4 and 3"
            " more); delete that first."
        )
        with pytest.raises(IncorrectUsageError) as refused:
            unit.test_cases.delete(["kept"])
        assert str(refused.value) == (
            "The test case 'kept' is used by the test suites 'suite 0' (versions 1, 3, 5 and 7),"
            " 'suite 1' (version 1), 'suite 2' (version 1) and 3 more; delete those first."
        )
        unit.test_suites.delete([suite.name for suite in suites])
        assert len(unit.test_cases.delete(["other", "kept"])) == 2
        assert unit.test_cases.list() == []
