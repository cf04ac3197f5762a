"""``TestCase.init_many`` makes all test cases or none."""

from __future__ import annotations

from typing import Any

import pytest

from kolena_local.errors import IncorrectUsageError, KolenaWarning, WorkflowMismatchError
from kolena_local.workflow import Text
from tests.workflow.types import (
    Animal,
    Guess,
    OtherTestCase,
    TestCase,
    names,
    none_of,
    pairs,
    photo,
)


def test_init_many_creates_and_loads_in_order() -> None:
    TestCase("has some", description="kept", test_samples=pairs("a"))
    TestCase("is empty")
    data = [
        ("new", pairs("a", "b")),
        ("has some", pairs("z")),
        ("is empty", pairs("y")),
        ("new and empty", []),
    ]
    with pytest.warns(KolenaWarning, match="'has some' .* 1 new, 1 left out"):
        cases = TestCase.init_many(data)
    assert [(case.name, case.version, names(case)) for case in cases] == [
        ("new", 1, "ab"),
        ("has some", 1, "a"),
        ("is empty", 1, "y"),
        ("new and empty", 0, ""),
    ]
    assert [case.description for case in cases] == ["", "kept", "", ""]
    assert cases[0] == TestCase.load("new")


def test_init_many_with_reset_replaces_samples_but_not_by_none() -> None:
    TestCase("c", description="kept", test_samples=pairs("a"))
    TestCase("d", test_samples=pairs("a"))
    with pytest.warns(KolenaWarning, match="'d' .* keeps its 1 sample"):
        c, d = TestCase.init_many([("c", pairs("b")), ("d", [])], reset=True)
    assert (c.version, c.description, names(c)) == (2, "kept", "b")
    assert (d.version, names(d)) == (1, "a")


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (("new", []), IncorrectUsageError),
        (("taken", pairs("a")), WorkflowMismatchError),
        (("", pairs("a")), ValueError),
        (("b", [(photo("a"), Guess("cat"))]), TypeError),
        (("b", [(Text("a"), Animal("cat"))]), TypeError),
        (("b", [(photo("a"),)]), ValueError),
        (("b",), TypeError),
        ("bc", TypeError),
        (("b", [(photo("a", bad={1}), Animal("cat"))]), ValueError),
    ],
)
def test_init_many_makes_all_or_none(bad: Any, error: Any) -> None:
    OtherTestCase("taken")
    TestCase("old", test_samples=pairs("a"))
    with pytest.raises(error) as raised:
        TestCase.init_many([("new", pairs("a")), ("old", pairs("b")), bad], reset=True)
    name = bad[0] if isinstance(bad, tuple) else bad
    assert (repr(name) if name else "blank") in str(raised.value)
    none_of("new")
    assert names(TestCase.load("old")) == "a"


def test_init_many_stores_nothing_when_its_data_raise() -> None:
    def data() -> Any:
        yield "new", pairs("a")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        TestCase.init_many(data())
    none_of("new")
