"""The tree of exceptions: what people catch, and what they read."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest

from kolena_local import errors

CLASSES = [
    value
    for _, value in inspect.getmembers(errors, inspect.isclass)
    if value.__module__ == errors.__name__
]


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (errors.InputValidationError, ValueError),
        (errors.DuplicateDatapointIdError, errors.InputValidationError),
        (errors.IncorrectUsageError, RuntimeError),
        (errors.MissingExtraError, ImportError),
        (errors.InvalidTokenError, ValueError),
        (errors.InvalidClientStateError, RuntimeError),
        (errors.MissingTokenError, KeyError),
        (errors.DirectInstantiationError, RuntimeError),
        (errors.FrozenObjectError, RuntimeError),
        (errors.UnauthenticatedError, OSError),
        (errors.RemoteError, OSError),
        (errors.NotFoundError, errors.RemoteError),
        (errors.NameConflictError, errors.RemoteError),
        (errors.StoreError, errors.RemoteError),
        (errors.StoreNotFoundError, FileNotFoundError),
        (errors.StoreReadOnlyError, PermissionError),
    ],
)
def test_the_builtin_that_people_catch_catches_it(
    error: type[Exception], builtin: type[Exception]
) -> None:
    assert issubclass(error, builtin)
    assert issubclass(error, errors.KolenaError)


@pytest.mark.parametrize("error", CLASSES)
def test_every_class_is_drawn_in_the_tree_and_described(error: type[Exception]) -> None:
    assert error.__doc__
    assert re.search(rf"\b{error.__name__}\b", errors.__doc__ or "")
    assert issubclass(error, (errors.KolenaError, errors.KolenaWarning))


def test_warnings_are_shown_by_default_and_are_not_caught_as_errors() -> None:
    assert issubclass(errors.KolenaWarning, UserWarning)
    assert not issubclass(errors.KolenaWarning, errors.KolenaError)


def test_a_missing_token_reads_as_a_sentence() -> None:
    assert str(errors.MissingTokenError("no token is needed")) == "no token is needed"


def test_duplicate_ids_survive_the_way_between_processes() -> None:
    error = errors.DuplicateDatapointIdError("two rows are one", duplicate_ids=[{"locator": "a"}])
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == "two rows are one"
    assert again.duplicate_ids == [{"locator": "a"}]


def test_duplicate_ids_must_be_named() -> None:
    with pytest.raises(TypeError, match="duplicate_ids"):
        errors.DuplicateDatapointIdError("two rows are one")  # type: ignore[call-arg]
