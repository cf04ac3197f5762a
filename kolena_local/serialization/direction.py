"""Declare in a metric's type whether higher or lower is better.

The types of metrics are those of their values: to Python and to type checkers, a
``LowerIsBetter[float]`` is a ``float``.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, TypeVar

from kolena_local.errors import InputValidationError
from kolena_local.serialization.fields import per_class
from kolena_local.serialization.hints import hints_of
from kolena_local.serialization.type_shapes import Better, direction_of, shape_of

Number = TypeVar("Number", bound=float | None)

#: The type of a bool or number that is better when it is higher: ``iou: HigherIsBetter[float]``.
HigherIsBetter = Annotated[Number, Better.HIGHER]

#: The type of a bool or number that is better when it is lower: ``missed: LowerIsBetter[bool]``.
LowerIsBetter = Annotated[Number, Better.LOWER]


def declared_directions(classes: Iterable[type[Any]]) -> dict[str, str]:
    """Return ``higher`` or ``lower`` for each metric that metrics classes declare so.

    Metrics of a class that a list holds are called by both names: ``by_label[].recall``.

    Raises:
        InputValidationError: two of the classes contradict each other.
    """
    found: dict[str, str] = {}
    for cls in classes:
        for metric, better in _of_class(cls):
            if found.setdefault(metric, better) != better:
                raise InputValidationError(
                    f"The evaluator returned metrics of several classes. {cls.__name__} declares"
                    f" that {better} is better for {metric!r}, and another class the opposite;"
                    " declare the same in each, or rename one of the metrics."
                )
    return found


@per_class
def _of_class(cls: type[Any]) -> list[tuple[str, str]]:
    hints = hints_of(cls)
    nested = [
        (f"{name}[].", inner) for name, hint in hints.items() for inner in shape_of(hint).objects()
    ]
    return [*_own(hints), *(one for path, it in nested for one in _own(hints_of(it.cls), path))]


def _own(hints: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for name, hint in hints.items():
        better = direction_of(hint)
        if better is not None:
            yield path + name, better.value
