"""From stored texts straight to objects: pydantic's core reads, checks and makes them in one step.

Loading is mostly this, and it takes half the time of reading JSON first and looking at the values
afterwards. A text goes this way if its content is exactly as declared. Whatever differs goes the
general way (``decode``), which knows extras, conversions, and what to say about errors: nothing
about them is decided here, and nothing is different for being fast.
"""

import types
import typing
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, Union

from pydantic_core import CoreSchema, SchemaValidator, ValidationError
from pydantic_core import core_schema as core

from kolena_local.payload import as_array, loads_all
from kolena_local.serialization.compiled import types_kept
from kolena_local.serialization.decode import converter_for, decode_all
from kolena_local.serialization.hints import is_class
from kolena_local.serialization.layout import Field, Layout, Structured, layout_of, per_class
from kolena_local.serialization.scalar import Mismatch

StructuredType = TypeVar("StructuredType", bound=Structured)
Reader = Callable[[Sequence[str]], list[Any]]

# Few enough that what the parser holds of them stays in the processor's cache.
_TEXTS_AT_ONCE = 100
_UNIONS = (Union, types.UnionType)
_SCALARS: dict[Any, CoreSchema] = {
    bool: core.bool_schema(strict=True),
    int: core.int_schema(strict=True),
    float: core.float_schema(strict=True, allow_inf_nan=False),
    str: core.str_schema(strict=True),
}


def read_all(cls: type[StructuredType], texts: Sequence[str]) -> list[StructuredType]:
    """Make objects of a class, each of its stored text.

    Args:
        cls: the class.
        texts: what ``payload.dumps`` wrote of what ``encode`` returned.

    Raises:
        InputValidationError: a text is no JSON, or a value is missing or does not fit; the message
            has its path.
    """
    read = _reader(cls)
    made: list[StructuredType] = []
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        made += read(texts[start : start + _TEXTS_AT_ONCE])
    return made


def read_samples(
    cls: type[StructuredType], payloads: Sequence[str], metadata: Sequence[str]
) -> list[StructuredType]:
    """Make test samples, whose metadata is stored apart.

    Args:
        cls: the class.
        payloads: as for :func:`read_all`.
        metadata: their metadata; where it is empty, a class that declares some takes its default.

    Raises:
        InputValidationError: as :func:`read_all`.
    """
    convert = _metadata_converter(cls)
    if convert is not None:
        made = read_all(cls, payloads)
        try:
            for sample, kept in zip(made, loads_all(metadata), strict=True):
                if kept:
                    sample.__dict__["metadata"] = convert(kept)
            return made
        except Mismatch:
            pass  # what is read together below has a path to tell
    return read_all(cls, list(map(_with_metadata, payloads, metadata)))


def _with_metadata(payload: str, metadata: str) -> str:
    return payload if metadata == "{}" else f'{payload[:-1]},"metadata":{metadata}}}'


@per_class
def _metadata_converter(cls: type[Any]) -> Callable[[Any], Any] | None:
    """Return what converts metadata, if the rest of a sample can be made without it."""
    layout = layout_of(cls)
    if not _is_plain(layout) or hasattr(cls, "__post_init__"):
        return None
    for field in layout.fields:
        if field.name == "metadata" and not field.required:
            return _new_value_converter(field.hint)
    return None


@per_class
def _reader(cls: type[Any]) -> Reader:
    def read_slowly(texts: Sequence[str]) -> list[Any]:
        return decode_all(cls, loads_all(texts))

    if not _is_plain(layout_of(cls)):
        return read_slowly
    composer = _Composer()
    validate = SchemaValidator(composer.list_of(cls)).validate_json

    def read(texts: Sequence[str]) -> list[Any]:
        text = as_array(texts)
        # Fields of any type would take the words of a damaged text, which is no strict JSON.
        if text is not None and not (composer.is_open and ("NaN" in text or "Infinity" in text)):
            try:
                made: list[Any] = validate(text)
            # The last two are what a user's __post_init__ raises besides.
            except (ValidationError, Mismatch, RecursionError, TypeError):
                return read_slowly(texts)
            # What is damaged may still be JSON when it is put together with its neighbours.
            if len(made) == len(texts):
                return made
        return read_slowly(texts)

    return read


def _is_plain(layout: Layout) -> bool:
    # The core would take the validator of a pydantic class, even of one that is only a base.
    own_validator = hasattr(layout.cls, "__pydantic_validator__")
    return layout.plain_init and not layout.derived_defaults and not own_validator


class _Composer:
    """Composes the schema of one class and of those that it holds."""

    def __init__(self) -> None:
        self._begun: set[type] = set()
        #: Whether a field takes other values than the schema alone allows.
        self.is_open = False

    def list_of(self, hint: Any) -> CoreSchema:
        """Return the schema of a list of a declared type."""
        finish = _finisher(hint)
        if finish is None or hint in self._begun:
            return core.list_schema(self._of(hint))

        def finish_all(made: list[Any]) -> list[Any]:
            for item in made:
                finish(item)
            return made

        # One call for the whole list: boxes are most of what is loaded.
        items = core.list_schema(self._unfinished(layout_of(hint)))
        return core.no_info_after_validator_function(finish_all, items)

    def _of(self, hint: Any) -> CoreSchema:
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if isinstance(hint, type) and hint in _SCALARS:  # other hints may have no hash
            return _SCALARS[hint]
        if origin in _UNIONS and len(arguments) == 2 and type(None) in arguments:
            return core.nullable_schema(self._of(arguments[arguments[0] is type(None)]))
        if origin is list and arguments:
            return self.list_of(arguments[0])
        if origin is tuple and arguments and Ellipsis not in arguments:
            return core.tuple_schema([self._of(argument) for argument in arguments])
        if is_class(hint, Structured) and hint not in self._begun and _is_plain(layout_of(hint)):
            return self._object(hint)
        self.is_open = True
        return core.no_info_plain_validator_function(_new_value_converter(hint))

    def _object(self, cls: type[Any]) -> CoreSchema:
        schema, finish = self._unfinished(layout_of(cls)), _finisher(cls)
        if finish is None:
            return schema

        def finished(made: Any) -> Any:
            finish(made)
            return made

        return core.no_info_after_validator_function(finished, schema)

    def _unfinished(self, layout: Layout) -> CoreSchema:
        # A class that holds objects of its own kind holds them without end.
        self._begun.add(layout.cls)
        fields = [
            core.dataclass_field(field.name, _or_default(field, self._of(field.hint)))
            for field in layout.fields
        ]
        self._begun.discard(layout.cls)
        names = [field.name for field in layout.fields]
        if layout.data_type is not None and "data_type" not in layout.names:
            # Looked at, and not kept.
            name = core.literal_schema([layout.data_type])
            fields.append(core.dataclass_field("data_type", name, init_only=True))
        arguments = core.dataclass_args_schema(
            layout.cls.__name__, fields, collect_init_only=True, extra_behavior="forbid"
        )
        return core.dataclass_schema(layout.cls, arguments, names)


def _new_value_converter(hint: Any) -> Callable[[Any], Any]:
    """Return the converter of values that nobody else holds."""
    convert, arguments = converter_for(hint), typing.get_args(hint)
    if typing.get_origin(hint) is not dict or arguments[0] is not str:
        return convert
    kept = types_kept(arguments[1])

    def convert_dict(value: Any) -> Any:
        # Metadata, mostly: texts and numbers by name.
        if type(value) is dict and kept.issuperset(map(type, value.values())):
            return value
        return convert(value)

    return convert_dict


def _finisher(hint: Any) -> Callable[[Any], None] | None:
    if not is_class(hint, Structured) or not _is_plain(layout_of(hint)):
        return None
    return getattr(hint, "__post_init__", None)


def _or_default(field: Field, schema: CoreSchema) -> CoreSchema:
    if field.required:
        return schema
    # As a mere default the core would copy what has no hash.
    return core.with_default_schema(schema, default_factory=field.make_default)
