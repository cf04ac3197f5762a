"""Repair what a check found where nothing can be lost, after a backup."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Final

from kolena_local.errors import StoreReadOnlyError
from kolena_local.plurals import counted
from kolena_local.repository.file.backups import default_target
from kolena_local.repository.file.connection import connect, is_writable
from kolena_local.repository.file.copying import copy
from kolena_local.repository.file.failures import translated
from kolena_local.repository.file.interrupts import signals_deferred
from kolena_local.repository.file.opening import file_of
from kolena_local.repository.health import leftovers
from kolena_local.repository.health.checks import check, stale_runs
from kolena_local.repository.health.environment_checks import exposed, private_mode
from kolena_local.repository.health.invariants import WRONG_CHANGES, WRONG_COUNTS, LastIds
from kolena_local.repository.names import now

_CRASH: Final = "the process {pid} on {host} ended unexpectedly"


def repair(location: str) -> tuple[str | None, list[str]]:
    """Repair what can be repaired safely.

    Unfinished files that killed processes left beside the store are removed. Runs whose process has
    ended are marked as crashed, samples and datapoints are recounted, indexes are rebuilt from
    their tables, and the file is made private. Everything else needs a backup.

    Args:
        location: a path, as :func:`kolena_local.location.resolve` returns it.

    Returns:
        The path of the backup that was made before the store was changed, None if it was not; and
        what was done.

    Raises:
        StoreError: the store cannot be read or written, or the backup cannot be made.
    """
    path = file_of(location)
    fixable = [finding for finding in check(path) if finding.fixable]
    if not fixable:
        return None, []
    if not is_writable(path):
        raise StoreReadOnlyError(
            f"The store {path} is read-only; make the file and its folder writable first."
        )
    done = [*leftovers.remove(path)]
    fixable = [finding for finding in fixable if finding.rule != leftovers.RULE]
    if not fixable:
        return None, done
    backup = default_target(path)
    copy(path, backup)
    if any(finding.rule != "permissions" for finding in fixable):
        done += _repair_content(path, reindex=any(one.rule == "integrity" for one in fixable))
    return backup, done + list(_make_private(path))


def _repair_content(path: str, *, reindex: bool) -> list[str]:
    with translated(path), signals_deferred(), closing(connect(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        # Closing without COMMIT rolls back.
        done = [*_reindex(connection)] if reindex else []
        done += [*_end_stale_runs(connection), *_count_samples(connection)]
        done += _count_datapoints(connection)
        connection.commit()
    return done


def _reindex(connection: sqlite3.Connection) -> Iterator[str]:
    connection.execute("REINDEX")
    yield "Rebuilt all indexes from their tables."


def _end_stale_runs(connection: sqlite3.Connection) -> Iterator[str]:
    for id_, model, suite, host, pid, _ in stale_runs(connection):
        connection.execute(
            "UPDATE test_run SET status = 'crashed', error = ?, finished_at = ?, host = NULL,"
            " pid = NULL, process_started = NULL WHERE id = ?",
            (_CRASH.format(pid=pid, host=host), now(), id_),
        )
        yield f'Marked the run {id_} of the model "{model}" on "{suite}" as crashed.'


def _count_samples(connection: sqlite3.Connection) -> Iterator[str]:
    query = (
        f"SELECT name, wrong.* FROM ({WRONG_COUNTS}) AS wrong"
        " JOIN test_case ON test_case.id = wrong.test_case_id"
    )
    rows = connection.execute(query, LastIds()._asdict()).fetchall()
    for name, test_case, version, _, found in rows:
        connection.execute(
            "UPDATE test_case_version SET sample_count = ? WHERE test_case_id = ? AND version = ?",
            (found, test_case, version),
        )
        yield (
            f'Counted {counted(found, "sample")} in version {version} of the test case "{name}".'
        )


def _count_datapoints(connection: sqlite3.Connection) -> Iterator[str]:
    query = (
        f"SELECT name, wrong.* FROM ({WRONG_CHANGES}) AS wrong"
        " JOIN test_suite ON test_suite.id = wrong.test_suite_id"
    )
    rows = connection.execute(query, LastIds()._asdict()).fetchall()
    for name, suite, number, _, _, added, removed in rows:
        connection.execute(
            "UPDATE dataset_commit SET n_added = ?, n_removed = ?"
            " WHERE test_suite_id = ? AND number = ?",
            (added, removed, suite, number),
        )
        yield (
            f"Counted {added} added and {removed} removed datapoints in the commit {number} of the"
            f' dataset "{name}".'
        )


def _make_private(path: str) -> Iterator[str]:
    for place in exposed(path):
        if os.stat(place).st_uid == os.geteuid():
            os.chmod(place, private_mode(place))
            yield f"Made {place} private."
