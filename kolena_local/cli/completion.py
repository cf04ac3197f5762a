"""Names for the shell's completion, read as fast as can be: plain SQLite, nothing else loaded.

Completion must never fail nor say anything: whatever is wrong with the store, there are no names.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from kolena_local import location
from kolena_local.cli.store_option import given_location

_MOST = 500
_QUERIES = {
    table: f"SELECT name FROM {table} WHERE substr(name, 1, length(:typed)) = :typed"
    f" ORDER BY name LIMIT {_MOST}"
    for table in ("workflow", "model", "test_case", "test_suite")
}

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def names_of(table: str) -> Complete:
    """Return what completes the names that are in a table."""

    def complete(
        context: click.Context, parameter: click.Parameter, typed: str
    ) -> list[CompletionItem]:
        with context.scope(cleanup=False):
            names = _names(_QUERIES[table], typed)
        # A name with a line break would be two to the shell.
        return [CompletionItem(_for_shell(name)) for name in names if name.isprintable()]

    return complete


def _names(query: str, typed: str) -> list[str]:
    try:
        from kolena_local.repository.file import migrations
        from kolena_local.repository.file.connection import connect

        path = location.resolve(given_location())
        if location.is_memory(path) or not Path(path).exists():
            return []
        with closing(connect(path, writable=False)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            # In somebody else's file a name may be a question that never ends.
            if migrations.differences(connection, migrations.load()[:version]):
                return []
            return [name for (name,) in connection.execute(query, {"typed": typed})]
    except Exception:
        return []


def _for_shell(name: str) -> str:
    """Escape what bash takes for more than a letter; the other shells do it themselves."""
    if not os.environ.get("_KOLENA_LOCAL_COMPLETE", "").startswith("bash"):
        return name
    # Two backslashes for one: click's script reads its answer with `read`, which takes one away.
    return "".join(
        letter if letter.isalnum() or letter in "@%+=:,./-_" else rf"\\{letter}" for letter in name
    )
