"""The JSON text that the store keeps, and the digests that identify content.

The text is strict JSON, so that SQLite's JSON functions work on every row. Values that strict JSON
does not have (NaN, infinities, unpaired surrogates) are the escape objects of ``escapes``.

The canonical form must never change, because every later version must find the digests of existing
stores. It is only hashed, never stored, so it may spell NaN and infinity as Python does.

This module knows JSON values only; ``serialization`` converts typed objects to them.
"""

import json
import math
import re
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, TypeGuard, cast

import pydantic_core

from kolena_local.errors import InputValidationError, StoreDamagedError
from kolena_local.escapes import Json as Json
from kolena_local.escapes import escape, may_have_escapes, unescape

#: First byte of every digest: the canonical form and hash that made it. 1 is this module's
#: ``canonical`` under BLAKE2b with 16 bytes.
DIGEST_TAG = b"\x01"
DIGEST_LENGTH = 17

#: The key under which the content of an object names its class, as a list of module and qualified
#: name, where the declared type does not determine it. The module is not part of the canonical
#: form, because a script has another module name once it is imported.
CLASS_KEY = "$class"

#: From here on floats skip integers, so that a float may have been another integer before.
LARGEST_EXACT = 2**53
#: Python's default limit of digits in an integer that it parses.
DIGITS_READ = 4300
_UNREADABLE = 10**DIGITS_READ
_TOO_MANY_DIGITS = re.compile(rf"\d{{{DIGITS_READ + 1}}}")
#: Few enough that their text stays in the processor's cache.
_AT_ONCE = 200
#: Copied for each digest, which is faster than creating one with parameters.
_NEW_HASHER = blake2b(digest_size=16)

_strict_json = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), check_circular=False
).encode
_sorted_json = json.JSONEncoder(
    ensure_ascii=True, sort_keys=True, separators=(",", ":"), check_circular=False
).encode


def dumps(value: Json) -> str:
    """Write a JSON value as the text that is stored: compact, with keys in their order.

    Args:
        value: made of dicts with text keys, lists, tuples, text, bool, int, float and None.

    Returns:
        Strict JSON, readable by any parser.

    Raises:
        ValueError: the value is nested too deeply, or holds an integer too long, to be read back.
    """
    try:
        text = pydantic_core.to_json(value, inf_nan_mode="constants").decode()
    except pydantic_core.PydanticSerializationError:
        # An unpaired surrogate, or nested too deeply for the fast writer.
        return _dumps_escaped(value)
    if may_have_escapes(text) or not _is_finite(text):
        return _dumps_escaped(value)
    return _readable(text)


def dumps_all(values: Sequence[Json]) -> list[str]:
    """Write many values at once, which takes half the time.

    Args:
        values: as for :func:`dumps`.

    Returns:
        What :func:`dumps` writes of each.

    Raises:
        ValueError: as :func:`dumps`, for the first that it cannot write.
    """
    texts: list[str] = []
    for start in range(0, len(values), _AT_ONCE):
        some = values[start : start + _AT_ONCE]
        try:
            array = pydantic_core.to_json(followed_by_null(some), inf_nan_mode="constants").decode()
        except pydantic_core.PydanticSerializationError:
            written = None
        else:
            written = from_array(array, len(some)) if _is_finite(array) else None
        # A long text may contain an integer with too many digits.
        is_good = written is not None and max(map(len, written)) <= DIGITS_READ
        texts += written if written is not None and is_good else map(dumps, some)
    return texts


def followed_by_null(values: Sequence[Any]) -> list[Any]:
    """Return values with None after each, which :func:`from_array` splits their texts at."""
    both: list[Any] = [None] * (2 * len(values))
    both[::2] = values
    return both


def from_array(text: str, count: int) -> list[str] | None:
    """Split the text of many values into one text for each, as :func:`dumps` writes it.

    Args:
        text: a JSON array of the values with a null after each, without NaN and infinities.
        count: the number of values.

    Returns:
        The texts, or None if they cannot be split, or one of them needs an escape object.
    """
    if may_have_escapes(text):
        return None
    texts = text[1 : -len(",null]")].split(",null,")
    return texts if len(texts) == count else None


def are_readable(numbers: Sequence[int]) -> bool:
    """Return whether no integer has more digits than Python parses."""
    return not numbers or -_UNREADABLE < min(numbers) <= max(numbers) < _UNREADABLE


def needs_escape(value: Json) -> bool:
    """Return whether a value is written with an escape object."""
    return may_have_escapes(dumps(value))


def _is_finite(text: str) -> bool:
    # A string may contain the words too; the slow writer then writes the same JSON. Searching for a
    # letter first is ten times as fast as searching for the word.
    return "NaN" not in text and not ("y" in text and "Infinity" in text)


def _readable(text: str) -> str:
    # The digits may be part of a string, so the parser decides.
    if len(text) > DIGITS_READ and _TOO_MANY_DIGITS.search(text):
        try:
            json.loads(text)
        except ValueError:
            raise _too_long() from None
    return text


def _too_long() -> InputValidationError:
    return InputValidationError(
        f"an integer of more than {DIGITS_READ} digits cannot be read back; store it as text"
    )


def loads(text: str) -> Json:
    """Read what :func:`dumps` wrote.

    Args:
        text: strict JSON.

    Returns:
        The JSON value, with NaN, infinities and unpaired surrogates restored.

    Raises:
        InputValidationError: the text is not strict JSON, or holds an escape object of an unknown
            form. It is a ValueError.
    """
    try:
        try:
            value: Json = pydantic_core.from_json(text, allow_inf_nan=False)
        except ValueError:
            # The fast parser stops at 200 levels; the standard one tells what is wrong.
            value = json.loads(text, parse_constant=_refuse_constant)
        return unescape(value) if may_have_escapes(text) else value
    except RecursionError:
        raise InputValidationError("the stored JSON is nested too deeply to be read") from None
    except json.JSONDecodeError as error:
        raise InputValidationError(f"the stored text {text!r:.80} is not JSON ({error})") from None
    except (TypeError, ValueError) as error:
        raise InputValidationError(str(error)) from None


def with_item(text: str, key: str, value: str) -> str:
    """Add an item to the text of an object that is not empty; its key needs no escapes."""
    if text.startswith('{"$"'):  # it is inside an escape object
        return dumps({**cast("dict[str, Json]", loads(text)), key: loads(value)})
    return f'{text[:-1]},"{key}":{value}}}'


def loads_foreign(text: str, *, words: bool = True) -> Json:
    """Read JSON that another program wrote.

    Args:
        text: JSON, with escape objects or without.
        words: whether the words NaN and Infinity are allowed, as Python writes them.

    Raises:
        ValueError: the text is not JSON, is nested too deeply, or has a number beyond the largest
            float, or an object with a key twice.
    """
    try:
        value = loads(text)
    except InputValidationError:
        if not words:
            raise
        try:
            value = json.loads(text)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        except json.JSONDecodeError:
            raise
        except ValueError:  # about the digits of an integer
            raise _too_long() from None
    try:
        is_finite = _is_finite(pydantic_core.to_json(value, inf_nan_mode="constants").decode())
    except pydantic_core.PydanticSerializationError:
        is_finite = False
    if not is_finite:
        # Both parsers read 1e400 as infinity.
        json.loads(text, parse_float=_checked_float)
    if text.count(":") > 1:
        # Of two keys that are equal, both parsers drop the first.
        json.loads(text, object_pairs_hook=_refuse_twins)
    return value


def _refuse_twins(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        twin = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twin!r:.80} occurs twice in an object; keep one")


def _checked_float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text:.40} is too large; infinity is written as Infinity")
    return number


def loads_all(texts: Sequence[str]) -> list[Json]:
    """Read many texts at once, which takes half the time.

    Args:
        texts: what :func:`dumps` wrote.

    Raises:
        InputValidationError: as :func:`loads`, for the first that it cannot read.
    """
    text = as_array(texts)
    if text is None:
        return [loads(text) for text in texts]
    try:
        values: list[Json] = pydantic_core.from_json(text, allow_inf_nan=False)
    except ValueError:
        return [loads(text) for text in texts]
    # Damaged texts may be valid JSON once they are joined.
    return values if len(values) == len(texts) else [loads(text) for text in texts]


def as_array(texts: Sequence[str]) -> str | None:
    """Join many texts into one JSON array; return None if one of them has an escape object.

    Raises:
        StoreDamagedError: one of them is not text.
    """
    try:
        text = f"[{','.join(texts)}]"
    except TypeError as error:
        raise StoreDamagedError(f"The store is damaged ({error}); restore a backup.") from error
    return None if may_have_escapes(text) else text


def canonical(value: Json) -> str:
    """Write a JSON value so that equal content has equal text.

    Keys are sorted, there is no whitespace, characters beyond ASCII are escaped, and a float below
    2**53 without a fraction is written as an integer (1.0 as 1, -0.0 as 0).

    Raises:
        InputValidationError: it holds an integer too long to be written.
    """
    (text,) = canonical_all([value])
    return text


def canonical_all(values: Sequence[Json]) -> list[str]:
    """Write many values at once, which takes half the time.

    Returns:
        What :func:`canonical` writes of each.

    Raises:
        InputValidationError: as :func:`canonical`.
    """
    texts: list[str] = []
    for start in range(0, len(values), _AT_ONCE):
        texts += _canonical_some(values[start : start + _AT_ONCE])
    return texts


def _canonical_some(values: Sequence[Json]) -> list[str]:
    try:
        text = _sorted_json(followed_by_null(values))
    except ValueError:
        # An integer with too many digits; no other JSON value raises this.
        raise _too_long() from None
    # All floats that become integers are written with ".0"; most content has none and needs no
    # second pass.
    if ".0" in text or CLASS_KEY in text:
        text = _sorted_json(followed_by_null([_normal(value) for value in values]))
    texts = text[1 : -len(",null]")].split(",null,")
    return texts if len(texts) == len(values) else [_sorted_json(_normal(it)) for it in values]


def digest(value: Json) -> bytes:
    """Return the 17 bytes that identify content: a tag, then BLAKE2b-16 of the canonical form."""
    return canonical_digests([canonical(value)])[0]


def digests_of(payloads: Sequence[str]) -> list[bytes]:
    """Return the digests of contents from their stored texts.

    Raises:
        InputValidationError: as :func:`loads` and :func:`canonical`.
    """
    # Payloads repeat: ground truths are often one of a few labels.
    unique = dict.fromkeys(payloads)
    texts = canonical_all(loads_all(list(unique)))
    digests = dict(zip(unique, canonical_digests(texts), strict=True))
    return [digests[payload] for payload in payloads]


def canonical_digests(texts: Sequence[str]) -> list[bytes]:
    """Return the digests of contents whose texts :func:`canonical` wrote."""
    digests = []
    new = _NEW_HASHER.copy
    for text in texts:
        hasher = new()
        hasher.update(text.encode("ascii"))
        digests.append(DIGEST_TAG + hasher.digest())
    return digests


def _dumps_escaped(value: Json) -> str:
    try:
        escaped = escape(value)
        try:
            # The fast writer if possible, so that numbers are written alike.
            return _readable(pydantic_core.to_json(escaped).decode())
        except pydantic_core.PydanticSerializationError:
            text: str = _strict_json(escaped)
            return text
    except RecursionError:
        raise InputValidationError(
            "the value is nested too deeply to be stored; flatten it"
        ) from None
    except InputValidationError:
        raise
    except ValueError:
        raise _too_long() from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"the stored JSON has the word {name}, which is not strict JSON")


def is_class_name(value: Any) -> TypeGuard[list[str]]:
    """Return whether a value is a class name as it is stored under :data:`CLASS_KEY`."""
    return isinstance(value, (list, tuple)) and list(map(type, value)) == [str, str]


def by_label(items: Sequence[dict[str, Json]]) -> list[tuple[str, Json]]:
    """Pair each object with its first text field if those differ, else with its position."""
    field = next((name for name, value in items[0].items() if isinstance(value, str)), None)
    if field is not None:
        names = [item.get(field) for item in items]
        if len(set(map(str, names))) == len(names):
            return [
                (str(name), {key: value for key, value in item.items() if key != field})
                for name, item in zip(names, items, strict=True)
            ]
    return [(str(place), item) for place, item in enumerate(items)]


def _normal(value: Json) -> Json:
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < LARGEST_EXACT else value
    if isinstance(value, dict):
        return {
            key: _normal(item[1] if key == CLASS_KEY and is_class_name(item) else item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_normal(item) for item in value]
    return value
