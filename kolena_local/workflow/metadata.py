"""The type of a test sample's ``metadata`` field.

To type checkers it is a dict of strings to scalars and lists of scalars. At run time, the value is
a class of its own, so that ``True``, ``1``, ``1.0`` and ``"1"`` stay different however a test
sample's class is written: pydantic 1 would convert them to the first member of a union that fits.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from kolena_local.serialization.conversion import ConversionError, Leniency
from kolena_local.serialization.restore import read
from kolena_local.serialization.type_shapes import shape_of

# Members with equal costs are chosen in this order: numpy's 3 becomes an int, not a float.
_Scalar = None | bool | int | float | str
_Value = _Scalar | list[_Scalar]

if TYPE_CHECKING:
    MetadataValue = _Value
else:

    class MetadataValue:
        """One value of a metadata dict; the class has no instances."""

        #: The type that serialization uses in place of this class.
        _stands_for: ClassVar[Any] = _Value

        @classmethod
        def __get_validators__(cls) -> Iterator[Callable[[Any], _Value]]:
            """Tell pydantic 1 how a value is read."""
            yield _validate

        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
            """Tell pydantic 2 how a value is read."""
            from pydantic_core import core_schema

            return core_schema.no_info_plain_validator_function(_validate)


# None is declared for pydantic 1, which does not ask the class about it.
Metadata = dict[str, MetadataValue | None]

_SHAPE = shape_of(_Value)


def _validate(value: Any) -> _Value:
    try:
        return read(value, _SHAPE, Leniency.EQUAL)  # type: ignore[no-any-return]  # as the shape says
    except ConversionError as error:
        raise ValueError(
            f"{error.problem}; use strings, numbers, booleans, None or lists of these"
        ) from None
