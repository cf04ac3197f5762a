"""Which metrics the classes of an evaluator's results declare to be better when higher or lower."""

from collections.abc import Iterable, Iterator
from typing import Any

from kolena_local.errors import InputValidationError
from kolena_local.serialization.hints import hints_of
from kolena_local.serialization.type_shapes import direction_of, shape_of


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


def _of_class(cls: type[Any]) -> Iterator[tuple[str, str]]:
    hints = hints_of(cls)
    yield from _own(hints)
    for name, hint in hints.items():
        for inner in shape_of(hint).objects():
            yield from _own(hints_of(inner.cls), f"{name}[].")


def _own(hints: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for name, hint in hints.items():
        better = direction_of(hint)
        if better is not None:
            yield path + name, better.value
