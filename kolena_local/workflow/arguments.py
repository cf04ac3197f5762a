"""Checks of the arguments of models, test cases and test suites, before a store is opened.

Values are converted where Kolena's client converts them: a number becomes a name, a list of tags a
set, and a tuple, set or generator a list.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import GeneratorType
from typing import Any, Final, TypeVar

from kolena_local.errors import InputValidationError
from kolena_local.flags import not_a_flag
from kolena_local.payload import Json
from kolena_local.plurals import sentence
from kolena_local.serialization.write import write_value

Written = TypeVar("Written")

#: What is accepted as a list. Strings, bytes and dicts are not, nor are other iterators, which the
#: caller may still need.
_SERIES: Final = (list, tuple, set, frozenset, deque, GeneratorType)

_YES: Final = frozenset({"1", "true", "t", "yes", "y", "on"})
_NO: Final = frozenset({"0", "false", "f", "no", "n", "off"})
_LARGEST_VERSION: Final = 2**63 - 1


def check_name(value: Any, kind: str) -> str:
    """Return a name as text.

    Args:
        value: the argument.
        kind: the kind of object that is named, for the message.

    Raises:
        InputValidationError: it is blank, or neither text nor a number.
    """
    name = _text(value)
    if name is None:
        raise InputValidationError(f"The name of a {kind} must be text, not {value!r:.80}.")
    if not name.strip():
        raise InputValidationError(f"The name of a {kind} is blank; choose a name.")
    return storable(name, f"The name of a {kind}")


def check_description(value: Any) -> str | None:
    """Return a description as text, None as None.

    Raises:
        InputValidationError: it is neither text nor a number.
    """
    if value is None:
        return None
    description = _text(value)
    if description is None:
        raise InputValidationError(f"A description must be text, not {value!r:.80}.")
    return storable(description, "A description")


def check_version(value: Any) -> int | None:
    """Return a version as an int; a string of digits (from an environment variable, say) is one.

    Raises:
        InputValidationError: it is not an integer.
    """
    if value is None:
        return None
    try:
        version = int(value)
        whole = not isinstance(value, bool) and version == float(value)
    except (TypeError, ValueError, OverflowError):
        version, whole = -1, False
    if not whole or not 0 <= version <= _LARGEST_VERSION:
        raise InputValidationError(f"A version must be 0, 1, 2 …, not {value!r:.80}.")
    return version


def check_flag(value: Any, name: str) -> bool:
    """Return a flag such as ``reset`` as a bool; 0, 1, "yes", "no" and the like are accepted.

    Raises:
        InputValidationError: it cannot be read as a bool.
    """
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in _YES | _NO:
        raise not_a_flag(value, name)
    return word in _YES


def check_list(value: Any, what: str) -> list[Any]:
    """Return lists, tuples, sets, deques and generators as a list, None as an empty one.

    Args:
        value: the argument.
        what: the argument and its content, for the message.

    Raises:
        InputValidationError: it is none of those.
    """
    if value is None:
        return []
    if not isinstance(value, _SERIES):
        is_one = isinstance(value, str) or not isinstance(value, Iterable)
        call = "[…]" if is_one else "list(…)"
        raise InputValidationError(f"{what}, not {value!r:.80}; put it into {call}.")
    return list(value)


def check_type(
    place: str, value: Any, expected: type, unfit: type[Exception] = InputValidationError
) -> None:
    """Check the type of a value.

    Args:
        place: the argument or item, for the message.
        value: the argument.
        expected: the type that it must have.
        unfit: the error to raise.

    Raises:
        unfit: it is not an instance of the expected type.
    """
    if not isinstance(value, expected):
        found, wanted = ((it.__module__, it.__qualname__) for it in (type(value), expected))
        again = (
            f" {expected.__name__} was redefined in {expected.__module__} after this object was"
            " created, as by running a cell of a notebook twice; create it with the new class."
        )
        raise unfit(
            f"{place} must be an instance of {expected.__name__}, not {value!r:.80}"
            f" ({type(value).__name__}).{again if found == wanted else ''}"
        )


def check_pairs(
    place: str,
    pairs: Any,
    expected: Mapping[str, type],
    unfit: type[Exception] = InputValidationError,
) -> tuple[Sequence[Any], Sequence[Any]]:
    """Check that a value is a list of pairs of two types.

    Args:
        place: the argument or result, for the message.
        pairs: the argument or result.
        expected: the names and types of the two members.
        unfit: the error to raise for a member of another type.

    Returns:
        The first members and the second members.

    Raises:
        InputValidationError: it is not a list, or an item is not a pair.
        unfit: a member of a pair has another type.
    """
    if not isinstance(pairs, (list, tuple)):
        raise InputValidationError(f"{place} must be a list of pairs, not {pairs!r:.80}.")
    first, second = expected.values()
    # There may be a million pairs, so they are checked one by one only if their types require it.
    if {tuple, list}.issuperset(map(type, pairs)) and {2}.issuperset(map(len, pairs)):
        firsts, seconds = [it[0] for it in pairs], [it[1] for it in pairs]
        if all(issubclass(kind, first) for kind in set(map(type, firsts))) and all(
            issubclass(kind, second) for kind in set(map(type, seconds))
        ):
            return firsts, seconds
    for index, pair in enumerate(pairs):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise InputValidationError(
                f"{place}[{index}] must be a pair of {' and '.join(expected)}, not {pair!r:.80}."
            )
        check_type(f"{place}[{index}][0]", pair[0], first, unfit)
        check_type(f"{place}[{index}][1]", pair[1], second, unfit)
    return [it[0] for it in pairs], [it[1] for it in pairs]


def write_all(
    write: Callable[[Sequence[Any]], Written], values: Sequence[Any], name: str
) -> Written:
    """Convert all values at once; if one cannot be stored, find it.

    Args:
        write: converts values to their stored form.
        values: the argument.
        name: the name of the argument, for the message.

    Raises:
        InputValidationError: a value cannot be stored; the message has its position and path.
    """
    try:
        return write(values)
    except InputValidationError:
        for index, value in enumerate(values):
            try:
                write([value])
            except InputValidationError as error:
                raise InputValidationError(f"{name}[{index}]: {sentence(error)}") from None
        raise


def check_named(value: Any, what: str) -> list[Any]:
    """Return objects that have a name, or their names, as a list.

    Args:
        value: the argument.
        what: the argument and its content, for the message.

    Raises:
        InputValidationError: it is not a list, or an item has no name.
    """
    found = check_list(value, what)
    for given in found:
        if not isinstance(getattr(given, "name", given), str):
            raise InputValidationError(f"{what} or names, and {given!r:.80} is neither.")
    return found


def check_tags(value: Any) -> set[str] | None:
    """Return tags as a set, None as None; numbers become text.

    Raises:
        InputValidationError: it is not a collection of strings, or a tag is blank.
    """
    if value is None:
        return None
    tags = set()
    for given in check_list(value, "tags must be a set of strings"):
        tag = _text(given)
        if tag is None or not tag.strip():
            raise InputValidationError(f"A tag must be text that is not blank, not {given!r:.80}.")
        tags.add(storable(tag, "A tag"))
    return tags


def check_infer(value: Any, name: str = "infer") -> Any:
    """Return a function of a model, None as None.

    Raises:
        InputValidationError: it cannot be called.
    """
    if value is not None and not callable(value):
        raise InputValidationError(
            f"{name} must be a function from test sample to inference, not {value!r:.80}."
        )
    return value


def check_metadata(value: Any) -> dict[str, Json]:
    """Return metadata as a JSON object, None as an empty one; keys that are numbers become text.

    Raises:
        InputValidationError: it is not a dict with strings as keys, or a value in it has no JSON
            form; the message has its path.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InputValidationError(f"metadata must be a dict, not {value!r:.80}.")
    named: dict[str, Any] = {}
    for given, content in value.items():
        key = _text(given)
        if key is None or key in named:
            raise InputValidationError(
                f"metadata: the key {given!r:.80} must be text, and unique when written as text."
            )
        named[key] = content
    encoded = write_value(named, "metadata")
    assert isinstance(encoded, dict)  # a dict is written as an object
    return encoded


def check_keys(value: Any) -> list[str]:
    """Return keys of metadata as a list, None as an empty one; numbers become text.

    Raises:
        InputValidationError: it is not a list, or an item is not a key.
    """
    keys = []
    for given in check_list(value, "unset must be a list of keys"):
        key = _text(given)
        if key is None:
            raise InputValidationError(f"A key in unset must be text, not {given!r:.80}.")
        keys.append(key)
    return keys


def storable(text: str, what: str) -> str:
    """Return a text unchanged, if SQLite can store it.

    Args:
        text: the text.
        what: a description of it, for the message.

    Raises:
        InputValidationError: it has an unpaired surrogate or a NUL character.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputValidationError(
            f"{what} has an unpaired surrogate at position {error.start}: {text!r:.80}."
        ) from None
    if "\0" in text:
        raise InputValidationError(f"{what} has a NUL character: {text!r:.80}.")
    return text


def _text(value: Any) -> str | None:
    # DataFrames use NaN for missing values; it must not become the string "nan".
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or value != value:
        return None
    # For a member of a string enumeration, str() would return its name.
    return str.__str__(value) if isinstance(value, str) else str(value)
