"""Test suites pin versions of test cases; description and tags belong to all versions."""

from __future__ import annotations

import pytest

from kolena_local.errors import InputValidationError, NameConflictError, NotFoundError
from kolena_local.repository import Store
from tests.repository.conftest import add_case, add_suite, put_pairs


def test_a_suite_pins_its_test_cases(store: Store) -> None:
    with store.write() as unit:
        pairs = put_pairs(unit, "abcd")
        one, two = add_case(unit, "one", pairs[:2]), add_case(unit, "two", pairs[2:])
        suite = add_suite(unit, "suite", [two, one])
        assert (suite.version, suite.test_cases) == (1, (two, one))
        edited = unit.test_cases.edit(one.id, 1, description="new", reset=True, changes=())
        assert unit.test_suites.get("suite") == suite
        later = unit.test_suites.replace_test_cases(suite.id, 1, [(one.id, 2)])
        assert (later.version, later.test_cases) == (2, (edited,))
        assert unit.test_suites.get("suite", 1).test_cases == (two, one)
        assert unit.test_suites.get("suite", 0).test_cases == ()
        assert unit.test_suites.replace_test_cases(suite.id, 2, []).test_cases == ()
        with pytest.raises(NameConflictError, match=r"version 3 by now.*load it again"):
            unit.test_suites.replace_test_cases(suite.id, 2, [])


def test_other_tags_change_the_moment_of_the_last_change(store: Store) -> None:
    moment = "2020-01-01T00:00:00.000Z"
    with store.write() as unit:
        suite = add_suite(unit, "suite", [])
        unit._sql.execute("UPDATE test_suite SET updated_at = ?", (moment,))
    with store.write() as unit:
        unit.test_suites.set_tags(suite.id, ["b"])
    with store.read() as unit:
        assert unit.test_suites.get("suite").updated_at > moment


def test_description_and_tags_are_those_of_all_versions(store: Store) -> None:
    with store.write() as unit:
        suite = add_suite(unit, "suite", [])
        unit.test_suites.set_description(suite.id, "new")
        unit.test_suites.set_tags(suite.id, ["a", "b"])
        unit.test_suites.set_tags(suite.id, ["b", "c", "c"])
        for version in (0, 1, None):
            record = unit.test_suites.get("suite", version)
            assert (record.description, record.tags) == ("new", {"b", "c"})
        assert record.version == 1
        with pytest.raises(InputValidationError, match="tag"):
            unit.test_suites.set_tags(suite.id, [""])
        unit.test_suites.set_tags(suite.id, [])
        assert unit.test_suites.get("suite").tags == frozenset()
        with pytest.raises(NotFoundError, match="id 99"):
            unit.test_suites.set_description(99, "")


def test_suites_are_listed_in_order_by_workflow_and_by_all_tags(store: Store) -> None:
    with store.write() as unit:
        case = add_case(unit, "case", put_pairs(unit, "a"))
        second = add_suite(unit, "z", [case])
        unit.test_suites.set_tags(second.id, ["x", "y"])
        other = unit.test_suites.add(unit.workflows.ensure("other").id, "a", "about", ["x"])
        z, a = unit.test_suites.list()
        assert (z.name, z.version, z.test_cases, a) == ("z", 1, (case,), other)
        assert unit.test_suites.list("other") == [a]
        assert unit.test_suites.list(tags={"x", "y"}) == [z]
        assert unit.test_suites.list(tags={"x", "none"}) == []


def test_names_and_versions_that_are_not_there(store: Store) -> None:
    with store.write() as unit:
        case = add_case(unit, "case", ())
        suite = add_suite(unit, "suite", [])
        with pytest.raises(NameConflictError, match="already"):
            unit.test_suites.add(unit.workflows.ensure("other").id, "suite", "", ())
        with pytest.raises(NotFoundError, match="the store has 'suite'"):
            unit.test_suites.get("sweet")
        with pytest.raises(NotFoundError, match="no version 4; the latest is 1"):
            unit.test_suites.get("suite", 4)
        assert unit.test_suites.find("suite", 4) is None
    with pytest.raises(NotFoundError), store.write() as unit:
        unit.test_suites.replace_test_cases(suite.id, 1, [(case.id, 7)])
