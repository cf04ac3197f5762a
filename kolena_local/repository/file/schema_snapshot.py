"""Prints the schema of a fresh store.

``python -m kolena_local.repository.file.schema_snapshot > schema.sql`` writes the snapshot.

The text is made from a store that the migrations built, not from the migrations' own text, so that
it also shows what several migrations come to. SQLite alone can build a store from it.
"""

from __future__ import annotations

from contextlib import closing

from kolena_local.location import MEMORY
from kolena_local.repository.file.connection import connect
from kolena_local.repository.file.migrations import APPLICATION_ID, load
from kolena_local.repository.file.new_file import build

_HEAD = """\
-- The schema of a store of kolena_local, as the migrations build it. Generated; do not edit:
--     python -m kolena_local.repository.file.schema_snapshot > schema.sql
-- An empty store that the package opens is made by:
--     sqlite3 new.db < schema.sql

BEGIN;

-- The mark by which the package knows its files, and the number of the last migration.
PRAGMA application_id = {application_id};
PRAGMA user_version = {version};
"""


def text() -> str:
    """Return the statements that build an empty store."""
    with closing(connect(MEMORY)) as connection:
        build(connection, load())
        statements = [
            statement
            for (statement,) in connection.execute(
                "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
            )
        ]
    head = _HEAD.format(application_id=APPLICATION_ID, version=load()[-1].number)
    return "\n".join([head, *(statement + ";\n" for statement in statements), "COMMIT;\n"])


if __name__ == "__main__":
    print(text(), end="")
