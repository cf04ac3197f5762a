"""Names that look the same are not given to two things."""

from __future__ import annotations

from pathlib import Path

import pytest

import kolena_local
from kolena_local.errors import NameConflictError
from kolena_local.repository import open_store
from tests.files.make import AnimalCase, AnimalModel, AnimalSuite


@pytest.mark.parametrize(
    ("first", "second"),
    [("caf\u00e9", "cafe\u0301"), ("bert", "be\u200brt"), ("be\u2060rt", "bert"), ("a\ufe0f", "a")],
)
def test_a_name_that_looks_like_another_is_refused(
    store_path: Path, first: str, second: str
) -> None:
    with kolena_local.session(db=store_path):
        for kind in (AnimalModel, AnimalCase, AnimalSuite):
            kind(first)
            with pytest.raises(NameConflictError, match="looks like"):
                kind(second)
            assert kind.load(first).name == first
        AnimalModel("another")
    with (
        open_store(str(store_path)).write() as unit,
        pytest.raises(NameConflictError, match="looks"),
    ):
        unit.models.rename("another", second)


def test_a_name_is_replaced_by_one_that_looks_the_same(store_path: Path) -> None:
    with kolena_local.session(db=store_path):
        for kind in (AnimalModel, AnimalCase, AnimalSuite):
            kind("be\u200brt")
    with open_store(str(store_path)).write() as unit:
        for rows in (unit.models, unit.test_cases, unit.test_suites):
            assert rows.rename("be\u200brt", "bert").name == "bert"
