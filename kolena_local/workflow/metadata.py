"""The type of a test sample's ``metadata`` field.

To type checkers it is a dict from text to scalars and lists of scalars. While a program runs, the
value is a class of its own, so that every way of writing a test sample keeps ``True``, ``1``,
``1.0`` and ``"1"`` apart: pydantic 1 would take the first member of a union that fits at all.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from kolena_local.serialization.scalar import SCALARS, Mismatch, shown

_Scalar = None | str | float | int | bool
_Value = _Scalar | list[_Scalar]

if TYPE_CHECKING:
    MetadataValue = _Value
else:

    class MetadataValue:
        """One value of a metadata dict; nothing is ever an object of this class."""

        #: The type that the rules on fields shall read in place of this class.
        _stands_for: ClassVar[Any] = _Value

        @staticmethod
        def _convert_field(value: Any) -> _Value:
            return _convert(value)

        @classmethod
        def __get_validators__(cls) -> Iterator[Callable[[Any], _Value]]:
            """Tell pydantic 1 how a value is read."""
            yield _validate

        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
            """Tell pydantic 2 how a value is read."""
            from pydantic_core import core_schema

            return core_schema.no_info_plain_validator_function(_validate)


# None stands in the open for pydantic 1, which asks no class about it.
Metadata = dict[str, MetadataValue | None]


def _validate(value: Any) -> _Value:
    try:
        return _convert(value)
    except Mismatch as mismatch:
        raise ValueError(f"{mismatch.path}: {mismatch.problem}".removeprefix(": ")) from None


def _convert(value: Any) -> _Value:
    if isinstance(value, (list, tuple)):
        return [_scalar(item, f"[{index}]") for index, item in enumerate(value)]
    return _scalar(value)


def _scalar(value: Any, path: str = "") -> _Scalar:
    if value is None or type(value) in SCALARS:
        return value  # type: ignore[no-any-return]  # as was just asked
    number_or_text = value.item() if getattr(value, "shape", None) == () else value
    if isinstance(number_or_text, SCALARS):
        return number_or_text
    raise Mismatch(
        f"{shown(value)} is no metadata; use text, numbers, truth values, None or lists of these",
        path,
    )
