"""The text in the store: strict JSON that loses nothing, and digests that never change."""

import json
import math
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolena_local import payload
from kolena_local.errors import InputValidationError

texts = st.text(st.characters()) | st.sampled_from(
    ["$", "NaN", "\ud800", "a\udfffb", "\ud83d\ude00", '"$"', "", "\x00"]
)
numbers = (
    st.integers()
    | st.floats()
    | st.sampled_from([2**70, -(2**70), -0.0, 1e16, 2.0**53, math.nan, math.inf, -math.inf])
)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(texts | st.just("$"), inner, max_size=4)
    ),
    max_leaves=12,
)


def same(left: Any, right: Any) -> bool:
    """Equal in type and value, with NaN equal to NaN and -0.0 unlike 0.0."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return repr(left) == repr(right)


@given(values)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert same(payload.loads(payload.dumps(value)), value)


@given(values)
def test_the_text_is_strict_json_that_sqlite_reads(value: Any) -> None:
    text = payload.dumps(value)
    json.loads(text, parse_constant=lambda word: pytest.fail(f"bare word {word}"))
    with closing(sqlite3.connect(":memory:")) as connection:
        assert connection.execute("select json_valid(?)", (text,)).fetchone() == (1,)


@given(values)
def test_the_digest_survives_the_store(value: Any) -> None:
    assert payload.digest(payload.loads(payload.dumps(value))) == payload.digest(value)


@given(st.dictionaries(texts, values, min_size=2))
def test_the_digest_does_not_depend_on_the_order_of_keys(value: dict[str, Any]) -> None:
    assert payload.digest(dict(reversed(value.items()))) == payload.digest(value)


@pytest.mark.parametrize(
    ("left", "right"),
    [(1, 1.0), (0, -0.0), ([1, 2.0], (1.0, 2)), ({"a": {"b": 3.0}}, {"a": {"b": 3}})],
)
def test_equal_content_has_one_digest(left: Any, right: Any) -> None:
    assert payload.digest(left) == payload.digest(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1, True),
        (1, "1"),
        (None, "null"),
        (math.nan, "NaN"),
        (math.nan, {"$": "nan"}),
        ([], {}),
        ("\ud800", "\\ud800"),
        (2**53, 2**53 + 1),
    ],
)
def test_unlike_content_has_unlike_digests(left: Any, right: Any) -> None:
    assert payload.digest(left) != payload.digest(right)


def test_digests_of_released_files_are_found_again() -> None:
    value = {"locator": "a.png", "b": [1.0, -0.0, 0.5, math.inf, None, True], "é": "\ud800"}
    assert payload.canonical(value) == (
        '{"b":[1,0,0.5,Infinity,null,true],"locator":"a.png","\\u00e9":"\\ud800"}'
    )
    assert payload.digest(value).hex() == "014b7b27e616619e64e9837c932d42ad59"


def test_deep_nesting_is_stored_or_refused_with_a_sentence() -> None:
    value: Any = []
    for _ in range(400):
        value = [value]
    assert payload.loads(payload.dumps(value)) == value
    for _ in range(100_000):
        value = [value]
    with pytest.raises(ValueError, match="nested too deeply"):
        payload.dumps(value)
    with pytest.raises(ValueError, match="nested too deeply"):
        payload.loads("[" * 100_000 + "]" * 100_000)


@pytest.mark.parametrize(
    "text",
    ["", "{", "NaN", '{"a":Infinity}', '{"$":"what"}', '{"$":["nan"]}', '{"$":"text"}', "1 2"],
)
def test_text_that_is_no_payload_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        payload.loads(text)


@given(st.lists(values, max_size=5))
def test_many_texts_are_read_like_each(many: list[Any]) -> None:
    stored = [payload.dumps(value) for value in many]
    assert all(map(same, payload.loads_all(stored), many))


@given(st.lists(values, max_size=5), st.integers(1, 3))
def test_many_values_are_written_like_each(many: list[Any], at_once: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(payload, "_AT_ONCE", at_once)
        assert payload.dumps_all(many) == [payload.dumps(value) for value in many]


@pytest.mark.parametrize("value", [",null,", [1, None, 2], [[None], None], {"$": 1}, "\ud800"])
def test_values_that_look_like_several_are_written_like_each(value: Any) -> None:
    assert payload.dumps_all([1, value, {}]) == ["1", payload.dumps(value), "{}"]


@pytest.mark.parametrize("bad", ["", "{", "1, 2", "1] [2", "[NaN]", '{"$": "other"}'])
def test_one_bad_text_among_many_is_an_error(bad: str) -> None:
    with pytest.raises(InputValidationError) as alone:
        payload.loads(bad)
    with pytest.raises(InputValidationError) as among_others:
        payload.loads_all(["1", bad, "{}"])
    assert str(among_others.value) == str(alone.value)


def test_an_integer_that_could_not_be_read_back_is_refused() -> None:
    assert payload.loads(payload.dumps(10**4299)) == 10**4299
    assert payload.loads(payload.dumps("9" * 5000)) == "9" * 5000
    with pytest.raises(ValueError, match="more than 4300 digits"):
        payload.dumps({"n": 10**4300})
    for value in ([float("inf"), 10**4300], {"$": 10**4300}):
        with pytest.raises(InputValidationError, match="more than 4300 digits"):
            payload.dumps(value)
        with pytest.raises(InputValidationError, match="more than 4300 digits"):
            payload.canonical(value)


@given(values)
def test_what_others_write_is_read_as_they_meant_it(value: Any) -> None:
    assert same(payload.loads_foreign(payload.dumps(value)), value)
    text = json.dumps({"value": value})
    if '"$"' not in text:
        # Two surrogates in a row are one character to every reader of JSON.
        assert same(payload.loads_foreign(text), json.loads(text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1e400", "number 1e400 is too large"),
        ('{"a": [-1E+0400, "x"]}', "number -1E.0400 is too large"),
        (f'{{"a": {"9" * 309}.0}}', "number 9+ is too large"),
        ('["\\ud800", 1e999]', "number 1e999 is too large"),
        ("9" * 5000, "more than 4300 digits"),
        ("[" * 100_000, "nested too deeply"),
        ("[1", "line 1"),
    ],
)
def test_what_others_write_and_no_float_holds_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        payload.loads_foreign(text)


def test_the_words_of_python_are_no_json_where_they_may_be_text() -> None:
    assert payload.loads_foreign("[1e308, Infinity]") == [1e308, math.inf]
    with pytest.raises(ValueError):
        payload.loads_foreign("Infinity", words=False)
