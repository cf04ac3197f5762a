"""A union takes numpy's values, and enumerations, as what they inherit from."""

import enum
from typing import Any, List, Union

import numpy as np
import pytest

from kolena_local.errors import InputValidationError
from kolena_local.serialization.data_object import DataObject
from kolena_local.serialization.restore_many import restore_many
from kolena_local.serialization.write_many import write_many


class Colour(str, enum.Enum):
    RED = "7"


class IntFirst(DataObject):
    value: Union[int, float, str]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (np.str_("5"), "5"),
        (np.float64(3.0), 3.0),
        (np.int64(3), 3),
        (Colour.RED, Colour.RED),
        ("5", "5"),
        (3.0, 3.0),
    ],
)
def test_text_stays_text_and_floats_stay_floats(given: Any, kept: Any) -> None:
    value = IntFirst(given).value
    assert (value, type(value)) == (kept, type(kept))


def test_a_list_of_anything_takes_anything() -> None:
    class Anything(DataObject):
        values: list[Any]

    given = [1, "a", None, {"b": [2.0]}]
    assert Anything(given).values == given
    assert Anything._from_dict({"values": given}).values == given


def test_an_error_names_the_members_as_they_are_written() -> None:
    class Nested(DataObject):
        value: Union[float, list[Union[float, None]], dict[str, int]]

    with pytest.raises(InputValidationError, match="is not one of float, list"):
        Nested(object())


class TextFirst(DataObject):
    value: Union[bool, str, float]


class FloatFirst(DataObject):
    value: Union[float, int, bool]


class TruthFirst(DataObject):
    value: Union[bool, int]


@pytest.mark.parametrize(
    ("cls", "given", "kept"),
    [
        (TextFirst, 1, 1.0),
        (TextFirst, np.int64(1), 1.0),
        (TextFirst, np.float32(0.5), 0.5),
        (TextFirst, np.bool_(True), True),
        (TruthFirst, np.int64(1), 1),
        (TruthFirst, np.int8(0), 0),
        (TruthFirst, 1.0, 1),
        (FloatFirst, np.int64(3), 3),
        (FloatFirst, np.int64(2**53 + 1), 2**53 + 1),
        (FloatFirst, np.float32(0.5), 0.5),
        (FloatFirst, 3, 3),
        (FloatFirst, np.bool_(True), True),
    ],
)
def test_numbers_stay_numbers(cls: Any, given: Any, kept: Any) -> None:
    value = cls(given).value
    assert (value, type(value)) == (kept, type(kept))


class Lists(DataObject):
    value: Union[List[bool], List[float], List[List[int]], List[Colour]]


@pytest.mark.parametrize(
    "value", [[True], [1.0, 0.0], [], [[1], [0]], [[]], [Colour.RED], [True, False]], ids=repr
)
def test_what_is_in_a_list_says_which_of_several_lists_it_is(value: Any) -> None:
    loaded = restore_many(Lists, write_many([Lists(value)]))[0].value
    assert repr(loaded) == repr(value)


def test_ones_and_zeros_do_not_become_true_and_false() -> None:
    assert repr(Lists([1, 0]).value) == "[1.0, 0.0]"
