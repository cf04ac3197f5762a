"""Find the field of a ground truth or inference that an evaluator reads, by its type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kolena_local.annotation import Label
from kolena_local.errors import InputValidationError
from kolena_local.serialization.fields import fields_of
from kolena_local.serialization.type_shapes import (
    Items,
    Maybe,
    Null,
    Object,
    OneOf,
    Scalar,
    Shape,
)

Kind = Callable[[Shape], bool]


@dataclass(frozen=True)
class FieldChoice:
    """What an evaluator reads from ground truths or from inferences.

    Args:
        reader: the name of the evaluator's class, for messages.
        argument: the evaluator's argument that names the field.
        given: the name that was given, None to find the field.
        content: what the field holds, for messages.
        kinds: the kinds of types to look for; a kind is tried if no field is of an earlier one.
    """

    reader: str
    argument: str
    given: str | None
    content: str
    kinds: Sequence[Kind]

    def __post_init__(self) -> None:
        if self.given is not None and not isinstance(self.given, str):
            raise InputValidationError(
                f"{self.reader}({self.argument}=…) must be the name of a field, not"
                f" {self.given!r:.80}."
            )

    def read(self, objects: Iterable[Any]) -> list[Any]:
        """Return the value of the field for each object.

        Raises:
            InputValidationError: no field or more than one could be meant, or an object does not
                have the field that was given.
        """
        names: dict[type, str] = {}
        values = []
        for one in objects:
            cls = type(one)
            if cls not in names:
                names[cls] = self._name(one)
            values.append(getattr(one, names[cls]))
        return values

    def _name(self, one: Any) -> str:
        cls = type(one)
        fields = fields_of(cls).stored
        if self.given is not None:
            if not hasattr(one, self.given):
                has = ", ".join(field.name for field in fields) or "none"
                raise InputValidationError(
                    f"{cls.__name__} does not have the field {self.given!r} that"
                    f" {self.reader}({self.argument}=…) names; its fields are: {has}."
                )
            return self.given
        for kind in self.kinds:
            found = [field.name for field in fields if kind(field.shape)]
            if len(found) > 1:
                raise InputValidationError(
                    f"{self.reader} cannot tell which field of {cls.__name__} holds"
                    f" {self.content}, {' or '.join(map(repr, found))}; name it:"
                    f" {self.reader}({self.argument}={found[0]!r})."
                )
            if found:
                return found[0]
        raise InputValidationError(
            f"{self.reader} found no field of {cls.__name__} that could hold {self.content}; name"
            f" it: {self.reader}({self.argument}=…)."
        )


def is_label(shape: Shape) -> bool:
    """Return whether values are labels."""
    shape = _present(shape)
    return isinstance(shape, Object) and issubclass(shape.cls, Label)


def is_text(shape: Shape) -> bool:
    """Return whether values are text."""
    shape = _present(shape)
    return isinstance(shape, Scalar) and shape.base is str


def is_whole(shape: Shape) -> bool:
    """Return whether values are bools or integers."""
    shape = _present(shape)
    return isinstance(shape, Scalar) and shape.base in (bool, int)


def is_number(shape: Shape) -> bool:
    """Return whether values are numbers, but not bools."""
    shape = _present(shape)
    if isinstance(shape, OneOf):
        return all(isinstance(one, Null) or is_number(one) for one in shape.members)
    return isinstance(shape, Scalar) and shape.base in (int, float)


@dataclass(frozen=True)
class ListOf:
    """The kind of lists of a kind; a class, so that evaluators can be sent to other processes."""

    kind: Kind

    def __call__(self, shape: Shape) -> bool:
        """Return whether values are lists of the kind."""
        shape = _present(shape)
        return isinstance(shape, Items) and self.kind(shape.item)


def _present(shape: Shape) -> Shape:
    return shape.present if isinstance(shape, Maybe) else shape
