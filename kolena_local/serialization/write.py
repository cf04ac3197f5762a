"""From objects to JSON values: one function per class, composed once and kept.

Derived fields are left out, because they are computed again on the way in, and so are fields that
the store keeps apart. A value that its field's type could not give back is refused here, before
anything is written, rather than on a later day when somebody wants to load it.
"""

import types
import typing
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Union

from kolena_local.errors import InputValidationError
from kolena_local.payload import Json
from kolena_local.serialization.compiled import compiled_encoder, types_kept
from kolena_local.serialization.decode import converter_for
from kolena_local.serialization.hints import is_class
from kolena_local.serialization.layout import Layout, Structured, layout_of, per_class
from kolena_local.serialization.scalar import SCALARS, Mismatch, plain, shown

Encoder = Callable[[Any], Json]

_AS_IS = frozenset({bool, int, float, str, type(None)})
_TEXT = frozenset({str})
_UNIONS = (Union, types.UnionType)
_TOO_DEEP = "{} is nested too deeply to be stored, or holds itself; flatten it"


def encode(data_object: Structured) -> dict[str, Json]:
    """Return a data object as the JSON object that is stored.

    Args:
        data_object: any data object.

    Returns:
        Fields in order of declaration, then extras, then ``data_type``; derived fields and fields
        kept apart are left out.

    Raises:
        InputValidationError: a value does not fit its field, or is nothing that JSON can hold; the
            message names class and path.
    """
    cls = type(data_object)
    try:
        return _object_encoder(cls)(data_object)
    except Mismatch as mismatch:
        raise InputValidationError(f"{cls.__name__}{mismatch.path}: {mismatch.problem}") from None
    except RecursionError:
        raise InputValidationError(_TOO_DEEP.format(cls.__name__)) from None


def encode_value(value: Any, name: str) -> Json:
    """Return any value as JSON: scalars (numpy's too), lists, arrays, dicts, data objects.

    Args:
        value: the value.
        name: what the value is called in a message.

    Raises:
        InputValidationError: something in it is none of these; the message has its path.
    """
    try:
        return _any(value)
    except Mismatch as mismatch:
        raise InputValidationError(f"{name}{mismatch.path}: {mismatch.problem}") from None
    except RecursionError:
        raise InputValidationError(_TOO_DEEP.format(name)) from None


def to_dict(data_object: Structured) -> "OrderedDict[str, Any]":
    """Return a data object as an ordered JSON object that shows derived fields too.

    Raises:
        InputValidationError: a value is nothing that JSON can hold; the message has its path.
    """
    try:
        return _object_shown(data_object)
    except Mismatch as mismatch:
        path = f"{type(data_object).__name__}{mismatch.path}"
        raise InputValidationError(f"{path}: {mismatch.problem}") from None
    except RecursionError:
        raise InputValidationError(_TOO_DEEP.format(type(data_object).__name__)) from None


def _object_shown(data_object: Structured) -> "OrderedDict[str, Any]":
    layout = layout_of(type(data_object))
    values = data_object.__dict__
    result: OrderedDict[str, Any] = OrderedDict()
    for name in layout.names + (layout.extra_names(values) if layout.extras else ()):
        if name not in layout.apart:
            result[name] = _shown(_attribute(data_object, name), f".{name}")
    if layout.data_type is not None:
        result["data_type"] = layout.data_type
    return result


def _shown(value: Any, step: str) -> Any:
    try:
        if isinstance(value, Structured):
            return _object_shown(value)
        if isinstance(value, (list, tuple)):
            return [_shown(item, f"[{index}]") for index, item in enumerate(value)]
        if isinstance(value, dict):
            return {key: _shown(item, f".{key}") for key, item in value.items()}
        return value if isinstance(value, SCALARS) else _any(value)
    except Mismatch as mismatch:
        raise mismatch.under(step) from None


@per_class
def _object_encoder(cls: type[Any]) -> Callable[[Any], dict[str, Json]]:
    layout = layout_of(cls)
    if layout.unkept:
        raise InputValidationError(
            f"{cls.__name__} could not be loaded again, because no object keeps its InitVar"
            f" {layout.unkept[0]!r}; make it a field or give it a default"
        )
    return compiled_encoder(layout, encoder_for, _general_encoder(layout))


def _general_encoder(layout: Layout) -> Callable[[Any], dict[str, Json]]:
    steps = tuple(
        (field.name, field.hint if field.hint in SCALARS else None, encoder_for(field.hint))
        for field in layout.fields
        if field.name not in layout.apart
    )
    data_type = layout.data_type
    loose = layout.cls._loose

    def convert(data_object: Any) -> dict[str, Json]:
        values = data_object.__dict__
        result: dict[str, Json] = {}
        for name, exact, encode_field in steps:
            # Slots, and attributes deleted by force, are not in __dict__.
            value = values[name] if name in values else _attribute(data_object, name)
            if type(value) is exact:
                result[name] = value
                continue
            try:
                result[name] = _loosely(encode_field, value) if loose else encode_field(value)
            except Mismatch as mismatch:
                raise mismatch.under(f".{name}") from None
        if layout.extras:
            _add_extras(layout, values, result)
        if data_type is not None:
            result["data_type"] = data_type
        return result

    return convert


def _loosely(encode_field: Encoder, value: Any) -> Json:
    try:
        return encode_field(value)
    except Mismatch:
        return _any(value)


def _attribute(data_object: Any, name: str) -> Any:
    try:
        return getattr(data_object, name)
    except AttributeError:
        raise Mismatch(
            f"the attribute {name!r} is missing; set it when the object is made"
        ) from None


def _add_extras(layout: Layout, values: dict[str, Any], result: dict[str, Json]) -> None:
    for name in layout.extra_names(values):
        if name in layout.apart:
            continue
        try:
            result[name] = _any(values[name])
        except Mismatch as mismatch:
            raise mismatch.under(f".{name}") from None


def encoder_for(hint: Any) -> Encoder:
    """Compose the function that writes values of a declared type.

    Args:
        hint: the type, as an annotation names it.

    Returns:
        A function of one value that returns JSON or raises :class:`Mismatch`.
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if is_class(hint, Structured):
        return _declared_object(hint)
    if origin is list and arguments:
        return _list(encoder_for(arguments[0]))
    if origin in _UNIONS:
        if len(arguments) == 2 and type(None) in arguments:
            encode_present = encoder_for(arguments[arguments[0] is type(None)])
            return lambda value: None if value is None else encode_present(value)
        return _union(arguments, _checked(hint))
    if origin is tuple and all(argument is float for argument in arguments):
        return _point(len(arguments), _checked(hint))
    if origin is dict and arguments:
        return _scalars_by_name(types_kept(arguments[1]), _checked(hint))
    if hint in (Any, object):
        return _any
    return _checked(hint)


def _declared_object(cls: type[Structured]) -> Encoder:
    encode_own: Callable[[Any], Json] | None = None

    def convert(value: Any) -> Json:
        nonlocal encode_own
        # Asked first, because asking an abstract class for its objects is slow.
        if type(value) is cls:
            # Not composed before there is an object: a class may name itself.
            encode_own = encode_own or _object_encoder(cls)
            return encode_own(value)
        if isinstance(value, cls):
            return _object_encoder(type(value))(value)
        if isinstance(value, Structured):
            # Another class with all that is declared and more, such as a box with a score: what
            # is declared comes back, and the rest as extras.
            encoded = _object_encoder(type(value))(value)
            converter_for(cls)(encoded)
            return encoded
        return _object_encoder(cls)(converter_for(cls)(value))

    return convert


def _union(hints: tuple[Any, ...], encode_slowly: Encoder) -> Encoder:
    classes = frozenset(hint for hint in hints if is_class(hint, Structured))

    def convert(value: Any) -> Json:
        cls = type(value)
        return _object_encoder(cls)(value) if cls in classes else encode_slowly(value)

    return convert


def _list(encode_item: Encoder) -> Encoder:
    def convert(value: Any) -> Json:
        if not isinstance(value, (list, tuple)):
            value = _as_list(value)
        try:
            return [encode_item(item) for item in value]
        except Mismatch:
            return _items(value, encode_item)

    return convert


def _items(value: Any, encode_item: Encoder) -> Json:
    result = []
    for index, item in enumerate(value):
        try:
            result.append(encode_item(item))
        except Mismatch as mismatch:
            raise mismatch.under(f"[{index}]") from None
    return result


def _as_list(value: Any) -> Any:
    # Arrays are accepted without numpy being asked for: only they have both.
    if hasattr(value, "tolist") and getattr(value, "shape", ()) != ():
        return value.tolist()
    raise Mismatch(f"{shown(value)} is no list")


def _point(length: int, encode_slowly: Encoder) -> Encoder:
    def convert(value: Any) -> Json:
        if type(value) is not tuple or len(value) != length:
            return encode_slowly(value)
        for item in value:
            if type(item) is not float:
                return encode_slowly(value)
        return value  # type: ignore[return-value]  # a tuple is written as a list

    return convert


def _scalars_by_name(kept: frozenset[type], encode_slowly: Encoder) -> Encoder:
    def convert(value: Any) -> Json:
        if (
            type(value) is dict
            and kept.issuperset(map(type, value.values()))
            and _TEXT.issuperset(map(type, value))
        ):
            return dict(value)
        return encode_slowly(value)

    return convert


def _checked(hint: Any) -> Encoder:
    convert_back = converter_for(hint)

    def convert(value: Any) -> Json:
        # Content has one form however it was made: what the field's type makes of it.
        return _any(convert_back(_any(value)))

    return convert


def _any(value: Any) -> Json:
    if type(value) in _AS_IS:
        return value  # type: ignore[no-any-return]  # a JSON scalar
    if isinstance(value, Structured):
        return _object_encoder(type(value))(value)
    if isinstance(value, (list, tuple)):
        return _items(value, _any)
    if isinstance(value, dict):
        return _dict(value)
    number_or_text = plain(value)
    for scalar in SCALARS:
        if isinstance(number_or_text, scalar):
            # Subclasses (enumerations of texts, numpy's float64) are written as what they are
            # underneath.
            return scalar.__str__(number_or_text) if scalar is str else scalar(number_or_text)
    if hasattr(value, "tolist") and getattr(value, "shape", ()) != ():
        return _items(_as_list(value), _any)
    raise Mismatch(
        f"{shown(value)} cannot be stored; use numbers, text, lists, dicts, None or data objects"
    )


def _dict(value: dict[Any, Any]) -> Json:
    result: dict[str, Json] = {}
    for key, item in value.items():
        name = _key(key)
        if name in result:
            raise Mismatch(f"two keys are written as {name!r}; rename one")
        try:
            result[name] = _any(item)
        except Mismatch as mismatch:
            raise mismatch.under(f".{name}") from None
    return result


def _key(key: Any) -> str:
    if type(key) is str:
        return key
    encoded = plain(key)
    if isinstance(encoded, str):
        return str.__str__(encoded)
    if encoded is None or isinstance(encoded, (bool, int, float)):
        # As JSON writers spell them: null, true, 1, 0.5.
        return {"None": "null", "True": "true", "False": "false"}.get(str(encoded), str(encoded))
    raise Mismatch(f"{shown(key)} cannot be a key; use text")
