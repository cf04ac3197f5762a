"""Check a store: SQLite's own checks, our rules about its content, and what is around the file.

It only reads, and needs no mapping of tables: it is meant for files that are not as they should be.
``repairs`` puts right what can be put right safely.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from typing import Final

from kolena_local.payload import Json, digest, loads
from kolena_local.repository import membership_rules, surroundings
from kolena_local.repository.connection import connect
from kolena_local.repository.failures import FOREIGN, translate
from kolena_local.repository.findings import Finding, error
from kolena_local.repository.opening import file_of, prepare
from kolena_local.repository.processes import Process, is_gone
from kolena_local.repository.watching import state_of, steady
from kolena_local.wording import agreeing

Rule = Callable[[sqlite3.Connection], Iterator[Finding]]

# More of a kind than anybody reads; the rest is counted.
_SHOWN: Final = 10
_PAGE: Final = 1000

# What has to be a JSON object.
_PAYLOADS: Final = {
    "inference": "payload",
    "evaluator_configuration": "payload",
    "metrics_test_sample": "payload",
    "metrics_test_case": "payload",
    "metrics_test_suite": "payload",
    "plot": "payload",
    "model": "metadata",
    "test_sample": "metadata",
}


def check(location: str) -> list[Finding]:
    """Check everything about a store.

    Parameters:
        location: a path, as :func:`kolena_local.location.resolve` returns it.

    Returns:
        What is wrong or endangers the store, errors first; empty if all is well.

    Raises:
        StoreError: there is no store, or SQLite cannot read it at all.
    """
    path = file_of(location)
    writable = prepare(path, create=False)
    before = state_of(path, writable=writable)
    try:
        with (
            steady(path, before, writable=writable),
            closing(connect(path, writable=writable)) as connection,
        ):
            connection.execute("BEGIN")
            found = [finding for rule in _RULES for finding in _apply(rule, connection)]
    except FOREIGN as cause:
        raise translate(cause, path) from cause
    found += surroundings.examine(path)
    return sorted(found, key=lambda finding: finding.severity)


def _apply(rule: Rule, connection: sqlite3.Connection) -> Iterator[Finding]:
    findings = rule(connection)
    try:
        yield from islice(findings, _SHOWN)
        rest = sum(1 for _ in findings)
    except sqlite3.DatabaseError as cause:
        name = rule.__name__.strip("_").replace("_", " ")
        yield error(name, f"This could not be checked ({cause}); restore a backup.")
        return
    if rest:
        name = rule.__name__.strip("_").replace("_", " ")
        yield error(name, f"There {agreeing(rest, 'is', 'are')} {rest} more of this kind.")


def _integrity(connection: sqlite3.Connection) -> Iterator[Finding]:
    for (text,) in connection.execute("PRAGMA integrity_check"):
        if text != "ok":
            # Entries of an index can be made again from the table; nothing else can.
            index = "missing from index" in text or "wrong # of entries in index" in text
            advice = "" if index else "; restore a backup, or rescue what is there with `.recover`"
            yield error("integrity", f"SQLite: {text}{advice}.", fixable=index)


def _foreign_keys(connection: sqlite3.Connection) -> Iterator[Finding]:
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        name = "a row" if row is None else f"row {row}"
        yield error(
            "foreign keys",
            f"{name} of {table} refers to a {parent} that is not there; restore a backup.",
        )


def _digests(connection: sqlite3.Connection) -> Iterator[Finding]:
    for table in ("test_sample", "ground_truth"):
        rows = connection.execute(f"SELECT id, digest, payload FROM {table}")
        while page := rows.fetchmany(_PAGE):
            for id_, stored, text in page:
                value, trouble = _parse(text)
                if trouble is not None:
                    yield _unreadable(table, id_, "payload", trouble)
                elif digest(value) != stored:
                    yield error(
                        "digests",
                        f"The {table} {id_} is stored under the digest of something else, so it"
                        " will not be found again; restore a backup.",
                    )


def _payloads(connection: sqlite3.Connection) -> Iterator[Finding]:
    for table, column in _PAYLOADS.items():
        rows = connection.execute(f"SELECT rowid, {column} FROM {table} WHERE {column} IS NOT NULL")
        while page := rows.fetchmany(_PAGE):
            for id_, text in page:
                value, trouble = _parse(text)
                if trouble is None and not isinstance(value, dict):
                    trouble = "it is no JSON object"
                if trouble is not None:
                    yield _unreadable(table, id_, column, trouble)


def _parse(text: object) -> tuple[Json, str | None]:
    try:
        return loads(text), None  # type: ignore[arg-type]  # a damaged row may hold anything
    except (TypeError, ValueError) as cause:
        return None, str(cause)


def _unreadable(table: str, id_: int, column: str, trouble: str) -> Finding:
    return error(
        "payloads",
        f"The {column} of the {table} {id_} cannot be read ({trouble}); restore a backup.",
    )


def _test_runs(connection: sqlite3.Connection) -> Iterator[Finding]:
    for id_, model, suite, *process in stale_runs(connection):
        pid = process[1]
        yield error(
            "test runs",
            f'The run {id_} of the model "{model}" on "{suite}" is stale: it is called running, but'
            f" its process {pid} is gone; test again to go on, or call it crashed with --fix.",
            fixable=True,
        )


def stale_runs(connection: sqlite3.Connection) -> list[tuple[int, str, str, str, int, int | None]]:
    """Return id, model, test suite and process of runs that are called running but are not."""
    rows = connection.execute(
        "SELECT run.id, model.name, test_suite.name, run.host, run.pid, run.process_started"
        " FROM test_run AS run JOIN model ON model.id = run.model_id"
        " JOIN test_suite ON test_suite.id = run.test_suite_id WHERE run.status = 'running'"
    ).fetchall()
    return [row for row in rows if is_gone(Process(*row[3:]))]


_RULES: Final[tuple[Rule, ...]] = (
    _integrity,
    _foreign_keys,
    _digests,
    _payloads,
    *membership_rules.RULES,
    _test_runs,
)
