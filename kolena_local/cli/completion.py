"""Complete names in the shell; imports only SQLite, to be fast.

Completion must not fail or print messages. If the store cannot be read, there are no completions.
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
DATASETS = "(SELECT name FROM dataset JOIN test_suite ON test_suite.id = test_suite_id)"

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def names_of(table: str) -> Complete:
    """Return a function that completes the names in a table."""
    query = (
        f"SELECT name FROM {table} WHERE substr(name, 1, length(:typed)) = :typed"
        f" ORDER BY name LIMIT {_MOST}"
    )

    def complete(
        context: click.Context, parameter: click.Parameter, typed: str
    ) -> list[CompletionItem]:
        with context.scope(cleanup=False):
            names = _names(query, typed)
        # The shell would read a name with a line break as two names.
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
            # In an untrusted file, a view in place of a table could run forever.
            if migrations.differences(connection, migrations.load()[:version]):
                return []
            return [name for (name,) in connection.execute(query, {"typed": typed})]
    except Exception:
        return []


def _for_shell(name: str) -> str:
    """Escape characters that are special to bash; the other shells escape names themselves."""
    if not os.environ.get("_KOLENA_LOCAL_COMPLETE", "").startswith("bash"):
        return name
    # Two backslashes: click's script reads the names with `read`, which removes one.
    return "".join(
        letter if letter.isalnum() or letter in "@%+=:,./-_" else rf"\\{letter}" for letter in name
    )
