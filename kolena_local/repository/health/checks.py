"""Checks of a store: SQLite's own checks, the rules of ``invariants``, and the file's environment.

They only read, and use no mapped classes, because the file may be damaged. ``repairs`` repairs what
can be repaired safely.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from itertools import chain
from threading import Event
from typing import Final

from kolena_local.plurals import agreeing
from kolena_local.repository.file.connection import connect
from kolena_local.repository.file.opening import file_of, reading
from kolena_local.repository.health import environment_checks, invariants, leftovers
from kolena_local.repository.health.findings import Finding, error
from kolena_local.repository.processes import Process, is_gone

Rule = Callable[[sqlite3.Connection], Iterator[Finding]]

# How many findings of a kind are listed; the rest is counted.
_SHOWN: Final = 10
_PAGE: Final = 1000
# SQLite takes some 50 milliseconds for so many steps; a shorter interval would slow it down.
_STEPS: Final = 1_000_000


def check(location: str) -> list[Finding]:
    """Check everything about a store.

    Args:
        location: a path, as :func:`kolena_local.location.resolve` returns it.

    Returns:
        Errors and warnings, errors first.

    Raises:
        StoreError: there is no store, or SQLite cannot read it at all.
    """
    path = file_of(location)
    with reading(path) as writable:
        found = _examine(path, writable)
    found += environment_checks.examine(path)
    found += leftovers.examine(path)
    return sorted(found, key=lambda finding: finding.severity)


def _examine(path: str, writable: bool) -> list[Finding]:
    """Apply all rules, two at a time, as SQLite releases Python's lock while it works."""
    with (
        closing(connect(path, writable=writable)) as one,
        closing(connect(path, writable=writable)) as other,
        ThreadPoolExecutor(2) as pool,
    ):
        unused = [one, other]
        end = Event()
        for connection in unused:
            connection.set_progress_handler(end.is_set, _STEPS)
            connection.execute("BEGIN")

        def apply(rule: tuple[str, Rule]) -> list[Finding]:
            connection = unused.pop()
            try:
                return _apply(*rule, connection)
            finally:
                unused.append(connection)

        try:
            return [*chain.from_iterable(pool.map(apply, _RULES))]
        finally:
            # After an interruption, stop the rules that are still running.
            end.set()


def _apply(name: str, rule: Rule, connection: sqlite3.Connection) -> list[Finding]:
    shown: list[Finding] = []
    counts: Counter[str] = Counter()
    try:
        for finding in rule(connection):
            counts[finding.rule] += 1
            if counts[finding.rule] <= _SHOWN:
                shown.append(finding)
    except sqlite3.DatabaseError as cause:
        shown.append(error(name, f"This could not be checked ({cause}); restore a backup."))
    for kind, count in counts.items():
        if (rest := count - _SHOWN) > 0:
            more = f"There {agreeing(rest, 'is', 'are')} {rest} more of this kind."
            shown.append(error(kind, more))
    return shown


def _integrity(connection: sqlite3.Connection) -> Iterator[Finding]:
    for (text,) in connection.execute("PRAGMA integrity_check"):
        if text != "ok":
            # An index can be rebuilt from its table; nothing else can be repaired.
            index = "missing from index" in text or "wrong # of entries in index" in text
            advice = "" if index else "; restore a backup, or rescue what is there with `.recover`"
            yield error("integrity", f"SQLite: {text}{advice}.", fixable=index)


def _foreign_keys(connection: sqlite3.Connection) -> Iterator[Finding]:
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        name = "A row" if row is None else f"The row {row}"
        yield error(
            "foreign keys",
            f"{name} of {table} refers to a row of {parent} that does not exist; restore a backup.",
        )


def _payloads(connection: sqlite3.Connection) -> Iterator[Finding]:
    for table, columns in invariants.OBJECTS.items():
        key = "digest" if table in invariants.IDENTIFIED else "NULL"
        rows = connection.execute(f"SELECT rowid, {key}, {', '.join(columns)} FROM {table}")
        while page := rows.fetchmany(_PAGE):
            _, digests, *texts = zip(*page, strict=True)
            if not invariants.are_sound(texts, digests if key == "digest" else ()):
                for id_, stored, *values in page:
                    yield from _of_row(table, id_, stored, dict(zip(columns, values, strict=True)))


def _of_row(
    table: str, id_: int, stored: object, texts: dict[str, str | None]
) -> Iterator[Finding]:
    for column, text in texts.items():
        problem = None if text is None else invariants.object_problem(text)
        if problem is not None:
            yield error(
                "payloads",
                f"The {column} of the {table} {id_} cannot be read ({problem}); restore a backup.",
            )
        elif stored is not None and column == "payload" and text is not None:
            problem = invariants.digest_problem(text, stored)
            if problem is not None:
                yield error(
                    "digests",
                    f"The {table} {id_} is stored under the digest of other content, so it cannot"
                    f" be found ({problem}); restore a backup.",
                )


def _broken(rule: invariants.Rule, connection: sqlite3.Connection) -> Iterator[Finding]:
    advice = "--fix repairs it" if rule.fixable else "restore a backup"
    for _, problem in rule.broken(connection, invariants.LastIds()):
        text = f"{problem[0].upper()}{problem[1:]}; {advice}."
        yield error(rule.name, text, fixable=rule.fixable)


def _test_runs(connection: sqlite3.Connection) -> Iterator[Finding]:
    for id_, model, suite, *process in stale_runs(connection):
        pid = process[1]
        yield error(
            "test runs",
            f'The run {id_} of the model "{model}" on "{suite}" was interrupted: its status is'
            f" running, but its process {pid} has ended; test again to continue, or mark it as"
            " crashed with --fix.",
            fixable=True,
        )


def stale_runs(connection: sqlite3.Connection) -> list[tuple[int, str, str, str, int, int | None]]:
    """Return id, model, test suite and process of running runs whose process has ended."""
    rows = connection.execute(
        "SELECT run.id, model.name, test_suite.name, run.host, run.pid, run.process_started"
        " FROM test_run AS run JOIN model ON model.id = run.model_id"
        " JOIN test_suite ON test_suite.id = run.test_suite_id WHERE run.status = 'running'"
    ).fetchall()
    return [row for row in rows if is_gone(Process(*row[3:]))]


# The slowest come first, so that none of them runs alone at the end.
_RULES: Final[tuple[tuple[str, Rule], ...]] = (
    ("integrity", _integrity),
    ("payloads", _payloads),
    ("foreign keys", _foreign_keys),
    *((rule.name, partial(_broken, rule)) for rule in invariants.RULES),
    ("test runs", _test_runs),
)
