"""Conditions on models mean the same as in Python, and nothing that is typed becomes SQL."""

from __future__ import annotations

import json
import math
import operator
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolena_local.errors import InputValidationError
from kolena_local.repository import Store, close_store, open_store
from kolena_local.repository.conditions import parse

METADATA: dict[str, dict[str, Any]] = {
    "none": {},
    "null": {"seed": None},
    "three": {"seed": 3, "nested": {"deep key": {"x.y": 1}}, "sizes": [5, 6]},
    "float": {"seed": 3.5},
    "negative": {"seed": -1},
    "text": {"seed": "3"},
    "quote": {"seed": 'it\'s "so"; DROP TABLE model; --'},
    "true": {"seed": True},
    "false": {"seed": False},
    "list": {"seed": [3]},
    "object": {"seed": {"a": 3}},
    "nan": {"seed": math.nan},
    "inf": {"seed": math.inf},
    "huge": {"seed": 10**400},
    "id": {"uid": 2**64 - 1, "note": "a\0b", "rate": 2**53 + 1},
    "neighbor": {"uid": 2**64 - 2, "note": "a\0c", "rate": 2**53},
    "rounded": {"uid": float(2**64), "note": "a", "rate": float(2**53)},
    "naïve": {"größe": 1},
}


@pytest.fixture(scope="module")
def models_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "template.db"
    with open_store(str(path)).write() as unit:
        workflow = unit.workflows.ensure("w")
        for name, metadata in METADATA.items():
            unit.models.add(workflow.id, name, metadata, ())
    close_store(str(path))
    return path


@pytest.fixture
def models(models_file: Path, store_path: Path) -> Store:
    return open_store(str(shutil.copyfile(models_file, store_path)))


def found(store: Store, *texts: str, **options: Any) -> list[str]:
    with store.read() as unit:
        return [
            model.name
            for model in unit.models.list(where=[parse(text) for text in texts], **options)
        ]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("metadata.seed >= 3", ["three", "float", "huge"]),
        ("  metadata.seed<3 ", ["negative"]),
        ("metadata.seed = 3.0", ["three"]),
        ("metadata.seed == 3", ["three"]),
        ("metadata.seed >= 1180591620717411303424", ["huge"]),
        ("metadata.seed < -1e999", []),
        ('metadata.seed = "3"', ["text"]),
        ('metadata.seed > "a"', ["quote"]),
        (r'metadata.seed = "it\'s \"so\"; DROP TABLE model; --"'.replace("\\'", "'"), ["quote"]),
        ("metadata.seed = true", ["true"]),
        ("metadata.seed=false", ["false"]),
        ("metadata.seed = null", ["none", "null", "id", "neighbor", "rounded", "naïve"]),
        ("metadata.seed = 1180591620717411303425", []),
        ("metadata.uid = 18446744073709551615", ["id"]),
        ("metadata.uid < 18446744073709551615", ["neighbor"]),
        ("metadata.uid > 18446744073709551614", ["id", "rounded"]),
        ("metadata.uid = 18446744073709551616", ["rounded"]),
        ("metadata.rate = 9007199254740993", ["id"]),
        ("metadata.rate = 9007199254740992.0", ["neighbor", "rounded"]),
        (r'metadata.note = "a\u0000b"', ["id"]),
        (r'metadata.note > "a\u0000b"', ["neighbor"]),
        ('metadata.note = "a"', ["rounded"]),
        ('metadata.nested."deep key"."x.y" = 1', ["three"]),
        ("metadata.sizes[1] = 6", ["three"]),
        ("metadata.größe = 1", ["naïve"]),
        ('name = "text"', ["text"]),
        ('workflow = "other"', []),
        ('created_at < "2000"', []),
    ],
)
def test_conditions_find_what_they_say(models: Store, text: str, names: list[str]) -> None:
    assert found(models, text) == names


def test_all_conditions_must_hold(models: Store) -> None:
    assert found(models, "metadata.seed >= 3", "metadata.seed < 3.5") == ["three"]


large = [2**53 + 1, 2.0**53, 2**63, 2**63 - 1, 2.0**63, 2**64 - 1, 2**64 - 2, -(2**70), 1e300]
numbers = st.integers(-5, 5) | st.floats(-5, 5) | st.sampled_from(large)


@given(
    seeds=st.lists(
        st.one_of(
            st.none(),
            st.booleans(),
            numbers,
            st.text(max_size=3),
            st.sampled_from(["a", "a\0", "\0"]),
        ),
        max_size=6,
    ),
    value=st.one_of(numbers, st.sampled_from(["", "a", "é", "'", "a\0", "\0b"])),
    sign=st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
)
def test_a_condition_means_what_it_means_in_python(seeds: list[Any], value: Any, sign: str) -> None:
    compare = {
        "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
        ">": operator.gt, ">=": operator.ge,
    }[sign]  # fmt: skip

    def holds(seed: Any) -> bool:
        if isinstance(value, str):
            alike = isinstance(seed, str)
        else:
            alike = isinstance(seed, (int, float)) and not isinstance(seed, bool)
        if not alike:
            return sign == "!="
        if isinstance(value, str):
            return bool(compare(seed.encode(), value.encode()))
        return bool(compare(seed, value))

    with open_store(":memory:").read() as unit:  # nothing of it is kept
        workflow = unit.workflows.ensure("property")
        for number, seed in enumerate(seeds):
            unit.models.add(workflow.id, f"property {number}", {"seed": seed}, ())
        listed = unit.models.list(
            workflow="property", where=[parse(f"metadata.seed {sign} {json.dumps(value)}")]
        )
    expected = [f"property {number}" for number, seed in enumerate(seeds) if holds(seed)]
    assert [model.name for model in listed] == expected


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "not a condition"),
        ("metadata.seed", "not a condition"),
        ("metadata.seed >=", "not a condition"),
        ("metadata.seed >= 3; DROP TABLE model", "not a value"),
        ("metadata.seed >= 3 and metadata.a = 1", "one by one"),
        ("metadata.seed = 3 or metadata.seed = 4", "There is no 'or'; ask for each"),
        ("metadata.framework = pytorch", "double quotes"),
        ("metadata.seed = 'x'", "double quotes"),
        ("metadata.seed = [1]", "not a value"),
        ("metadata.seed = NaN", "not a value"),
        ("metadata.seed > true", "no order"),
        ("metadata.seed <= null", "no order"),
        ("metadata = 3", "no field"),
        ("seed = 3", "no field"),
        ("name = 3", "is text"),
        ("metadata..seed = 3", "not a condition"),
        ("metadata.a') OR 1=1 -- = 3", "not a condition"),
        ("1 = 1", "no field"),
        ("[" * 100_000 + " = 1", "not a condition"),
        ("metadata.seed = " + "[" * 100_000, "not a value"),
    ],
)
def test_anything_else_is_refused_in_one_sentence(text: str, part: str) -> None:
    with pytest.raises(InputValidationError, match=part) as caught:
        parse(text)
    assert "\n" not in str(caught.value)


def test_models_are_sorted_by_any_field_with_the_missing_last(models: Store) -> None:
    assert found(models, "metadata.seed >= -5", sort="metadata.seed") == [
        "negative", "three", "float", "huge"
    ]  # fmt: skip
    assert found(models, "metadata.seed >= -5", sort="-metadata.seed", limit=2) == ["huge", "float"]
    assert found(models, sort="name") == sorted(METADATA, key=str.encode)
    assert found(models, sort="metadata.größe")[0] == "naïve"
    assert found(models, sort="metadata.uid", limit=3) == ["neighbor", "id", "rounded"]
    assert found(models, sort="-metadata.note", limit=3) == ["neighbor", "id", "rounded"]
    seeds = found(models, sort="metadata.seed")
    assert seeds[:8] == ["negative", "false", "true", "three", "float", "huge", "text", "quote"]
    for field in ("seed", "metadata", "name; DROP TABLE model", "", "-", "--name"):
        with pytest.raises(InputValidationError, match="field"):
            found(models, sort=field)
