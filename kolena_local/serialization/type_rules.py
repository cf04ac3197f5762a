"""The rules on fields: which types test samples, ground truths, inferences and metrics may have.

Only fields declared in the very body of a class are looked at, never those of its bases, and never
their values. Types are told by their category (``ANNOTATION/…``, ``TEST_SAMPLE/…``), so that this
room need not know the classes.

The types of a workflow are checked when the workflow is defined, and every annotation must be
resolvable by then. Metrics are checked when their class is defined. An annotation that is text may
then name a class that comes further down in the module; the fields that can be resolved are checked
at once, and the whole class again at its first use, when what is still missing is an error.
"""

import inspect
import types
import typing
from collections.abc import Callable
from functools import partial
from typing import Any, Union

from kolena_local.errors import InputValidationError
from kolena_local.serialization.decode import claimant
from kolena_local.serialization.hints import (
    UnresolvedAnnotationError,
    hints_of,
    is_class,
    own_hint,
    own_names,
    shown_hint,
)
from kolena_local.serialization.layout import Structured, check_at_first_use
from kolena_local.serialization.scalar import SCALARS

Rule = Callable[[Any], bool]

_UNIONS = (Union, types.UnionType)
_SAMPLE = "TEST_SAMPLE/"
_COMPOSITE = "TEST_SAMPLE/COMPOSITE"
_CUSTOM = "TEST_SAMPLE/CUSTOM"
_THRESHOLDED = "METRICS/THRESHOLDED"
_BASES_OF_SAMPLES = "Composite, Image, Text, BaseVideo, Document, PointCloud, Audio"
_TYPES_OF_SAMPLES = frozenset(
    _SAMPLE + name
    for name in ("COMPOSITE", "IMAGE", "TEXT", "VIDEO", "DOCUMENT", "POINT_CLOUD", "AUDIO")
)

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
        InputValidationError: it extends none of the known samples, or a field is not allowed.
    """
    _check_category(cls)
    composite = _is_composite(cls)
    for name in _checked_names(cls):
        hint = own_hint(cls, name)
        if name == "metadata":
            _require(_is_metadata(hint), cls, name, hint, _METADATA_CONTENT)
        elif composite and _is_sample(hint):
            if _is_composite(hint):
                raise InputValidationError(
                    f"{cls.__name__}.{name} is the composite {shown_hint(hint)}; a composite may"
                    " hold basic test samples only, one level deep"
                )
            check_test_sample_type(hint)
        else:
            allowed = f"a test sample, {_CONTENT}" if composite else _CONTENT
            _require(_is_content(hint), cls, name, hint, allowed)


def check_ground_truth_type(cls: type[Structured], test_sample_type: type[Structured]) -> None:
    """Check a workflow's ground truth type.

    Args:
        cls: a subclass of ``GroundTruth``.
        test_sample_type: the workflow's test sample type; where it is a composite, a field named
            like one of its elements may be a data object.

    Raises:
        InputValidationError: a field is not allowed.
    """
    elements = _elements(test_sample_type)
    for name in _checked_names(cls):
        hint = own_hint(cls, name)
        if name in elements and _is_object(hint) and not _is_content(hint):
            _check_fields(hint, _is_content, _CONTENT)
        else:
            allowed = f"a data object, {_CONTENT}" if name in elements else _CONTENT
            _require(_is_content(hint), cls, name, hint, allowed)


def check_inference_type(cls: type[Structured], test_sample_type: type[Structured]) -> None:
    """Check a workflow's inference type, by the rules of :func:`check_ground_truth_type`.

    Args:
        cls: a subclass of ``Inference``.
        test_sample_type: the workflow's test sample type.

    Raises:
        InputValidationError: a field is not allowed.
    """
    check_ground_truth_type(cls, test_sample_type)


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
    allowed = f"{_SCALAR_CONTENT}, or List of {base.__name__} classes that have only such fields"
    _check_at_definition(cls, partial(_is_case_content, base), allowed)


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
            hint = own_hint(cls, name)
            fits = rule(hint)
        except UnresolvedAnnotationError:
            check_at_first_use(cls, partial(_check_fields, cls, rule, allowed))
        else:
            _require(fits, cls, name, hint, allowed)


def _check_fields(cls: type, rule: Rule, allowed: str) -> None:
    for name in _checked_names(cls):
        hint = own_hint(cls, name)
        _require(rule(hint), cls, name, hint, allowed)


def _require(fits: bool, cls: type, name: str, hint: Any, allowed: str) -> None:
    private = name.startswith("_") and typing.ClassVar in (hint, typing.get_origin(hint))
    if not fits and not private:
        raise InputValidationError(
            f"{cls.__name__}.{name} is {shown_hint(hint)}, which cannot be stored; allowed are"
            f" {allowed}"
        )


def _checked_names(cls: type) -> tuple[str, ...]:
    names = own_names(cls)
    if "data_type" in names:
        raise InputValidationError(
            f"{cls.__name__}.data_type is a name that the store needs for itself; rename the field"
        )
    return names


def _check_category(cls: type[Structured]) -> None:
    bases = {base._data_type() for base in cls.__mro__ if _claims_its_type(base)}
    if cls._data_type() != _CUSTOM and not bases & _TYPES_OF_SAMPLES:
        raise InputValidationError(
            f"{cls.__name__} has the data type {cls._data_type()!r}; extend one of"
            f" {_BASES_OF_SAMPLES}, or leave _data_type() as it is"
        )


def _claims_its_type(cls: type) -> typing.TypeGuard[type[Structured]]:
    return issubclass(cls, Structured) and claimant(cls._data_type()) is cls


def _elements(test_sample_type: type[Structured]) -> set[str]:
    if not _is_composite(test_sample_type):
        return set()
    return {name for name, hint in hints_of(test_sample_type).items() if _is_sample(hint)}


def _is_content(hint: Any) -> bool:
    """Tell whether a type is a value, a list of values, or a union of such."""
    return _is_value(hint) or _is_list(hint, _is_values) or _is_union(hint, _is_content)


def _is_values(hint: Any) -> bool:
    return _is_value(hint) or _is_union(hint, _is_values)


def _is_value(hint: Any) -> bool:
    if _is_scalar(hint):
        return True
    data_type = _category(hint)
    return data_type == _THRESHOLDED or (
        data_type.startswith(("ANNOTATION/", "ASSET/")) and not inspect.isabstract(hint)
    )


def _is_metadata(hint: Any) -> bool:
    arguments = typing.get_args(hint)
    return (
        typing.get_origin(hint) is dict
        and arguments[:1] == (str,)
        and _is_metadata_value(arguments[1])
    )


def _is_metadata_value(hint: Any) -> bool:
    stands_for = getattr(hint, "_stands_for", None)
    return (
        (stands_for is not None and _is_metadata_value(stands_for))
        or _is_scalar_or_none(hint)
        or _is_list(hint, _is_scalars_or_none)
        or _is_union(hint, _is_metadata_value)
    )


def _is_case_content(base: type[Structured], hint: Any) -> bool:
    def is_nested(inner: Any) -> bool:
        several = _is_union(inner, is_nested) and type(None) not in typing.get_args(inner)
        return several or _is_nested_metrics(inner, base)

    def is_list(inner: Any) -> bool:
        return _is_scalar(inner) or _is_list(inner, is_nested) or _is_union(inner, is_list)

    return is_list(hint)


def _is_nested_metrics(hint: Any, base: type[Structured]) -> bool:
    if not is_class(hint, base):
        return False
    _check_fields(hint, _is_scalar_content, f"(in a list of nested metrics) {_SCALAR_CONTENT}")
    return True


def _is_scalar_content(hint: Any) -> bool:
    return _is_scalar(hint) or _is_union(hint, _is_scalar_content)


def _is_scalars_or_none(hint: Any) -> bool:
    return _is_scalar_or_none(hint) or _is_union(hint, _is_scalars_or_none)


def _is_scalar_or_none(hint: Any) -> bool:
    return hint is None or hint is type(None) or _is_scalar(hint)


def _is_scalar(hint: Any) -> bool:
    return is_class(hint, *SCALARS)


def _is_list(hint: Any, rule: Rule) -> bool:
    return typing.get_origin(hint) is list and any(map(rule, typing.get_args(hint)))


def _is_union(hint: Any, rule: Rule) -> bool:
    """Tell whether a type is a union whose members, None aside, all keep a rule."""
    if typing.get_origin(hint) not in _UNIONS:
        return False
    return all(
        member is type(None) or rule(_without_notes(member)) for member in typing.get_args(hint)
    )


def _without_notes(hint: Any) -> Any:
    return typing.get_args(hint)[0] if typing.get_origin(hint) is typing.Annotated else hint


def _is_object(hint: Any) -> bool:
    return is_class(hint, Structured) and not inspect.isabstract(hint)


def _is_sample(hint: Any) -> bool:
    return _category(hint).startswith(_SAMPLE)


def _is_composite(hint: Any) -> bool:
    return _category(hint) == _COMPOSITE


def _category(hint: Any) -> str:
    """Return the data type of a data object's class, nothing for every other type."""
    return (hint._data_type() or "") if is_class(hint, Structured) else ""
