"""No error of a library below reaches the user."""

from __future__ import annotations

import inspect
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
import sqlalchemy.exc

from kolena_local.errors import KolenaError, StoreBusyError, StoreDamagedError, StoreFullError
from kolena_local.repository import Store


def subclasses(base: type[BaseException]) -> Iterator[type[BaseException]]:
    yield base
    for child in base.__subclasses__():
        yield from subclasses(child)


def instance(kind: type[BaseException]) -> BaseException:
    """Make an exception whatever its constructor asks for."""
    error = kind.__new__(kind, "a text")
    required = [
        parameter
        for parameter in list(inspect.signature(kind.__init__).parameters.values())[1:]
        if parameter.default is parameter.empty
        and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    try:
        error.__init__(*["a text"] * max(1, len(required)))  # type: ignore[misc]
    except (TypeError, AttributeError):
        error.args = ("a text",)
    return error


@pytest.mark.parametrize(
    "kind",
    sorted(
        {*subclasses(sqlalchemy.exc.SQLAlchemyError), *subclasses(sqlite3.Error)},
        key=lambda kind: kind.__qualname__,
    ),
)
def test_every_error_below_becomes_one_of_ours(
    file_store: Store, kind: type[BaseException]
) -> None:
    error = instance(kind)
    with pytest.raises(KolenaError) as caught, file_store.read():
        raise error
    assert caught.value.__cause__ is error
    assert file_store.location in str(caught.value)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("database is locked", StoreBusyError),
        ("database table is locked", StoreBusyError),
        ("database disk image is malformed", StoreDamagedError),
        ("disk I/O error", StoreDamagedError),
        ("database or disk is full", StoreFullError),
    ],
)
def test_what_sqlite_says_is_understood(
    file_store: Store, text: str, meaning: type[KolenaError]
) -> None:
    with pytest.raises(meaning), file_store.write():
        raise sqlite3.OperationalError(text)


def test_errors_of_users_pass_through(store: Store) -> None:
    error = ValueError("mine")
    with pytest.raises(ValueError, match="mine") as caught, store.write():
        raise error
    assert caught.value is error


def test_a_closed_pipe_is_no_reason_to_check_the_file(file_store: Store) -> None:
    with file_store.write() as unit:
        unit.workflows.ensure("one")
    with closing(sqlite3.connect(file_store.location)) as connection, connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(
            "INSERT INTO model (workflow_id, name, metadata, created_at, updated_at)"
            " SELECT id, 'm', 'no JSON', created_at, created_at FROM workflow"
        )
    with pytest.raises(StoreDamagedError), file_store.read():
        raise ValueError
    with pytest.raises(BrokenPipeError), file_store.read():
        raise BrokenPipeError
