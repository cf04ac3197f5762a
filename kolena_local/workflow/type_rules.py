"""The field types that test samples, ground truths, inferences and metrics may have.

Only fields declared in the body of the class itself are checked, not those of its bases. Data
objects are recognized by their data type (``ANNOTATION/…``, ``TEST_SAMPLE/…``), which a user's
class may return without extending ours, except that of a test sample.

The types of a workflow are checked when the workflow is defined, and every annotation must be
resolvable by then. Metrics are checked when their class is defined. At that point a string
annotation may name a class that is defined further down in the module: fields that can be resolved
are checked at once, and the whole class again at first use, when an unresolved name is an error.
"""

import inspect
from collections.abc import Callable
from functools import partial
from typing import TypeGuard

from kolena_local.errors import InputValidationError
from kolena_local.serialization import type_shapes as shapes
from kolena_local.serialization.classes import Structured
from kolena_local.serialization.fields import check_at_first_use
from kolena_local.serialization.hints import (
    UnresolvedAnnotationError,
    hints_of,
    own_hint,
    own_names,
)
from kolena_local.serialization.type_shapes import Shape, direction_of, marks_of, shape_of
from kolena_local.workflow.test_sample import (
    Audio,
    BaseVideo,
    Composite,
    Document,
    Image,
    PointCloud,
    Text,
)

Rule = Callable[[Shape], bool]

_SAMPLE = "TEST_SAMPLE/"
_COMPOSITE = "TEST_SAMPLE/COMPOSITE"
_CUSTOM = "TEST_SAMPLE/CUSTOM"
_THRESHOLDED = "METRICS/THRESHOLDED"
_SAMPLES = (Composite, Image, Text, BaseVideo, Document, PointCloud, Audio)

_CONTENT = (
    "str, bool, int, float, an annotation, an asset, ThresholdedMetrics, or Optional, Union or List"
    " of these"
)
_METADATA_CONTENT = (
    "Dict[str, ...] of str, bool, int, float, None, or Optional, Union or List of these"
)
_SCALAR_CONTENT = "str, bool, int, float, or Optional or Union of these"


def check_test_sample_type(cls: type[Structured]) -> None:
    """Check a workflow's test sample type.

    Args:
        cls: a subclass of ``TestSample``.

    Raises:
        InputValidationError: it extends none of the known test samples, or a field has a type that
            is not allowed.
    """
    _check_category(cls)
    composite = _category(cls) == _COMPOSITE
    for name in _checked_names(cls):
        shape = _own_shape(cls, name)
        if name == "metadata":
            _require(_is_metadata(shape), cls, name, shape, _METADATA_CONTENT)
        elif composite and _is_sample(shape):
            if _category(shape.cls) == _COMPOSITE:
                raise InputValidationError(
                    f"{cls.__name__}.{name} is the composite {shape}; a composite may hold basic"
                    " test samples only, one level deep"
                )
            check_test_sample_type(shape.cls)
        else:
            allowed = f"{_CONTENT}; or a test sample by itself" if composite else _CONTENT
            _require(_is_content(shape), cls, name, shape, allowed)


def check_ground_truth_type(cls: type[Structured], test_sample_type: type[Structured]) -> None:
    """Check a workflow's ground truth type.

    Args:
        cls: a subclass of ``GroundTruth``.
        test_sample_type: the workflow's test sample type; if it is a composite, a field with the
            name of one of its elements may be a data object.

    Raises:
        InputValidationError: a field is not allowed.
    """
    elements = _elements(test_sample_type)
    for name in _checked_names(cls):
        shape = _own_shape(cls, name)
        if name in elements and _is_concrete_object(shape) and not _is_content(shape):
            _check_fields(shape.cls, _is_content, _CONTENT)
        else:
            allowed = f"{_CONTENT}; or a data object by itself" if name in elements else _CONTENT
            _require(_is_content(shape), cls, name, shape, allowed)


#: Inferences follow the same rules as ground truths.
check_inference_type = check_ground_truth_type


def check_metrics_test_sample(cls: type[Structured]) -> None:
    """Check metrics of test samples while their class is being defined.

    Args:
        cls: a subclass of ``MetricsTestSample``, as ``__init_subclass__`` gets it.

    Raises:
        InputValidationError: a field is not allowed.
    """
    _check_at_definition(cls, _is_content, _CONTENT)


def check_metrics_test_case(cls: type[Structured], base: type[Structured]) -> None:
    """Check metrics of test cases while their class is being defined.

    Args:
        cls: a subclass of ``MetricsTestCase``, as ``__init_subclass__`` gets it.
        base: ``MetricsTestCase`` itself: lists of its subclasses are allowed, one level deep.

    Raises:
        InputValidationError: a field is not allowed.
    """
    rule = partial(_is_made_of, leaf=_is_scalar, item=partial(_is_nested_metrics, base=base))
    allowed = f"{_SCALAR_CONTENT}, or List of {base.__name__} classes that have only such fields"
    _check_at_definition(cls, rule, allowed)


def check_metrics_test_suite(cls: type[Structured]) -> None:
    """Check metrics of test suites while their class is being defined.

    Args:
        cls: a subclass of ``MetricsTestSuite``, as ``__init_subclass__`` gets it.

    Raises:
        InputValidationError: a field is not allowed.
    """
    _check_at_definition(cls, _is_scalar_content, _SCALAR_CONTENT)


def _check_at_definition(cls: type, rule: Rule, allowed: str) -> None:
    for name in _checked_names(cls):
        try:
            _check_field(cls, name, rule, allowed)
        except UnresolvedAnnotationError:
            check_at_first_use(cls, partial(_check_fields, cls, rule, allowed))


def _check_fields(cls: type, rule: Rule, allowed: str) -> None:
    for name in _checked_names(cls):
        _check_field(cls, name, rule, allowed)


def _check_field(cls: type, name: str, rule: Rule, allowed: str) -> None:
    shape = _own_shape(cls, name)
    _require(rule(shape), cls, name, shape, allowed)


def _own_shape(cls: type[Structured], name: str) -> Shape:
    hint = own_hint(cls, name)
    shape = shape_of(hint)
    is_marked = bool(marks_of(hint))
    if is_marked and cls._is_loose and direction_of(hint) is None:
        raise InputValidationError(
            f"{cls.__name__}.{name} must be either HigherIsBetter or LowerIsBetter, of a bool or a"
            " number, such as LowerIsBetter[float]."
        )
    # Only metrics are better or worse. As in Kolena's client, any other Annotated is allowed inside
    # a union only.
    is_allowed = cls._is_loose if is_marked else shape.hint is hint
    return shape if is_allowed else shapes.Anything(hint)


def _require(fits: bool, cls: type, name: str, shape: Shape, allowed: str) -> None:
    private = name.startswith("_") and shapes.is_class_variable(shape.hint)
    if not fits and not private:
        raise InputValidationError(
            f"{cls.__name__}.{name} is {shape}, which cannot be stored; allowed types: {allowed}"
        )


def _checked_names(cls: type) -> tuple[str, ...]:
    names = tuple(own_names(cls))
    if "data_type" in names:
        raise InputValidationError(f"{cls.__name__}.data_type is a reserved name; rename the field")
    return names


def _check_category(cls: type[Structured]) -> None:
    if cls._data_type() != _CUSTOM and not issubclass(cls, _SAMPLES):
        raise InputValidationError(
            f"{cls.__name__} has the data type {cls._data_type()!r}; extend one of"
            f" {', '.join(base.__name__ for base in _SAMPLES)}, or leave _data_type() as it is"
        )


def _elements(test_sample_type: type[Structured]) -> set[str]:
    if _category(test_sample_type) != _COMPOSITE:
        return set()
    hints = hints_of(test_sample_type)
    return {name for name, hint in hints.items() if _is_sample(shape_of(hint))}


def _is_made_of(shape: Shape, leaf: Rule, item: Rule | None = None) -> bool:
    """Return whether a type satisfies a rule, or is a union of None and types that do.

    Args:
        shape: the type.
        leaf: the rule.
        item: the rule for items of a list; None if lists are not allowed.
    """
    match shape:
        case shapes.Maybe():
            return _is_made_of(shape.present, leaf, item)
        case shapes.OneOf():
            others = (member for member in shape.members if not isinstance(member, shapes.Null))
            return all(_is_made_of(member, leaf, item) for member in others)
        case shapes.Items(is_list=True) if item is not None:
            return item(shape.item)
    return leaf(shape)


def _is_value(shape: Shape) -> bool:
    if isinstance(shape, shapes.Scalar):
        return True
    category = _category(shape.cls) if _is_concrete_object(shape) else ""
    return category == _THRESHOLDED or category.startswith(("ANNOTATION/", "ASSET/"))


def _is_scalar(shape: Shape) -> bool:
    return isinstance(shape, shapes.Scalar)


def _is_scalar_or_none(shape: Shape) -> bool:
    return isinstance(shape, (shapes.Scalar, shapes.Null))


_is_content = partial(_is_made_of, leaf=_is_value, item=partial(_is_made_of, leaf=_is_value))
_is_scalar_content = partial(_is_made_of, leaf=_is_scalar)
_is_metadata_value = partial(
    _is_made_of, leaf=_is_scalar_or_none, item=partial(_is_made_of, leaf=_is_scalar_or_none)
)


def _is_metadata(shape: Shape) -> bool:
    return (
        isinstance(shape, shapes.Mapping)
        and shape.key.hint is str
        and _is_metadata_value(shape.value)
    )


def _is_nested_metrics(shape: Shape, base: type[Structured]) -> bool:
    if isinstance(shape, shapes.OneOf):
        return all(_is_nested_metrics(member, base) for member in shape.members)
    if not isinstance(shape, shapes.Object) or not issubclass(shape.cls, base):
        return False
    _check_fields(shape.cls, _is_scalar_content, f"(in a list of nested metrics) {_SCALAR_CONTENT}")
    return True


def _is_concrete_object(shape: Shape) -> TypeGuard[shapes.Object]:
    return isinstance(shape, shapes.Object) and not inspect.isabstract(shape.cls)


def _is_sample(shape: Shape) -> TypeGuard[shapes.Object]:
    return isinstance(shape, shapes.Object) and _category(shape.cls).startswith(_SAMPLE)


def _category(cls: type[Structured]) -> str:
    """Return the data type of a class, or an empty string if it has none."""
    return cls._data_type() or ""
