"""No error of a library below reaches the user."""

from __future__ import annotations

import inspect
import sqlite3
from collections.abc import Iterator
from contextlib import nullcontext

import pytest
from sqlalchemy.exc import SQLAlchemyError

from kolena_local.errors import (
    KolenaError,
    NotFoundError,
    StoreBusyError,
    StoreDamagedError,
    StoreFullError,
)
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
        {*subclasses(SQLAlchemyError), *subclasses(sqlite3.Error)},
        key=lambda kind: kind.__qualname__,
    ),
)
def test_every_error_below_becomes_one_of_ours(
    file_store: Store, kind: type[BaseException]
) -> None:
    error = instance(kind)
    # SQLAlchemy works in sessions only.
    in_session = issubclass(kind, SQLAlchemyError)
    with (
        pytest.raises(KolenaError) as caught,
        file_store.read() as unit,
        unit._sql.session() if in_session else nullcontext(),
    ):
        raise error
    cause = caught.value.__cause__
    assert cause is not None
    assert error in (cause, cause.__cause__)
    assert file_store.location in str(caught.value)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("database is locked", StoreBusyError),
        ("database table is locked", StoreBusyError),
        ("database disk image is malformed", StoreDamagedError),
        ("disk I/O error", StoreDamagedError),
        ("user-defined function raised exception", StoreDamagedError),
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


@pytest.mark.parametrize("begin", ["read", "write"])
@pytest.mark.parametrize(
    "error", [ValueError("mine"), BrokenPipeError(), KeyboardInterrupt(), NotFoundError("mine")]
)
def test_an_exception_passes_at_once_and_the_file_is_not_looked_at(
    file_store: Store, monkeypatch: pytest.MonkeyPatch, begin: str, error: BaseException
) -> None:
    # A store in which a check would find something.
    with file_store.write() as unit:
        unit.workflows.ensure("one")
        connection = unit._sql.driver
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(
            "INSERT INTO model (workflow_id, name, metadata, created_at, updated_at)"
            " SELECT id, 'm', 'no JSON', created_at, created_at FROM workflow"
        )
    assert statements_after(error, file_store, begin, monkeypatch) == []


@pytest.mark.parametrize("begin", ["read", "write"])
def test_damage_that_sqlite_reports_leads_to_a_quick_check_at_most(
    file_store: Store, monkeypatch: pytest.MonkeyPatch, begin: str
) -> None:
    error = sqlite3.DatabaseError("database disk image is malformed")
    statements = statements_after(error, file_store, begin, monkeypatch, StoreDamagedError)
    assert set(statements) <= {"PRAGMA quick_check"}


def statements_after(
    error: BaseException,
    store: Store,
    begin: str,
    monkeypatch: pytest.MonkeyPatch,
    expected: type[BaseException] | None = None,
) -> list[str]:
    """Raise an error inside a read or write; return which statements were run after it."""
    statements: list[str] = []

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the file was opened")

    with pytest.raises(expected or type(error)) as caught, getattr(store, begin)() as unit:
        unit._sql.driver.set_trace_callback(statements.append)
        monkeypatch.setattr(sqlite3, "connect", refuse)
        raise error
    monkeypatch.undo()
    assert expected is not None or caught.value is error
    return [statement for statement in statements if statement != "ROLLBACK"]
