"""Finds the test samples that the lines of an import refer to; private to ``inference_exchange``.

Lines and samples are compared as canonical JSON, in Python. SQLite's JSON functions are not faster,
cut text at NUL, and convert integers beyond 2^63 to floats.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from kolena_local.payload import Json, canonical
from kolena_local.repository.rows import Sql, as_objects

_PAGE: Final = 1000
_UNMATCHED: Final = """
    FROM arrival WHERE NOT EXISTS (SELECT 1 FROM match WHERE match.line = arrival.line)
"""
_FOUND: Final = """
    INSERT INTO temp.match (line, test_sample_id, candidates, respelled)
    SELECT sought.line, found.test_sample_id, found.candidates, ?
    FROM (SELECT key, min(test_sample_id) AS test_sample_id, count(*) AS candidates
        FROM candidate GROUP BY key) AS found
    CROSS JOIN sought ON sought.key = found.key
"""

Path = tuple[str, ...]


def match(sql: Sql, workflow_id: int, paths: Sequence[Mapping[str, Path]]) -> None:
    """Fill the table ``match`` with the samples of the lines in ``arrival``.

    A line that has all fields of a sample is matched with that sample, if it exists. Otherwise it
    is matched with the samples that have the same values in the fields of the line; if there are
    none, with those that have them in another Unicode spelling.

    Args:
        sql: the transaction.
        workflow_id: the workflow of the samples.
        paths: for each set of columns that occurs in keys, the paths of their values in a sample.
    """
    sql.execute(
        """
        INSERT INTO temp.match (line, test_sample_id, candidates, respelled)
        SELECT arrival.line, sample.id, 1, 0 FROM temp.arrival CROSS JOIN test_sample AS sample
            ON sample.workflow_id = ? AND sample.digest = arrival.digest
        """,
        (workflow_id,),
    )
    for respelled in (False, True):
        if not sql.value(f"SELECT 1 {_UNMATCHED} LIMIT 1"):
            return
        _search(sql, workflow_id, paths, respelled)


def _search(
    sql: Sql, workflow_id: int, paths: Sequence[Mapping[str, Path]], respelled: bool
) -> None:
    sql.driver.create_function("respelled", 1, _respelled, deterministic=True)
    sql.execute("CREATE TEMP TABLE sought (line INTEGER NOT NULL, key TEXT NOT NULL)")
    sql.execute("CREATE TEMP TABLE candidate (key TEXT NOT NULL, test_sample_id INTEGER NOT NULL)")
    key = "respelled(key)" if respelled else "key"
    sql.execute(f"INSERT INTO temp.sought (line, key) SELECT line, {key} {_UNMATCHED}")
    sql.execute("CREATE INDEX temp.sought_key ON sought (key)")
    # Without an index, all samples are read in the order of the file.
    samples = sql.pages(
        "SELECT id, payload FROM test_sample NOT INDEXED WHERE workflow_id = ? ORDER BY id",
        (workflow_id,),
        _PAGE,
    )
    for page in samples:
        contents = as_objects([payload for _, payload in page])
        for columns in paths:
            keys = [_key(content, columns) for content in contents]
            if respelled:
                keys = [_respelled(key) for key in keys]
            sql.look_up(
                [(key, id_) for key, (id_, _) in zip(keys, page, strict=True)],
                "key, id",
                "INSERT INTO temp.candidate SELECT wanted.key, wanted.id FROM wanted"
                " WHERE EXISTS (SELECT 1 FROM sought WHERE sought.key = wanted.key)",
            )
    sql.execute(_FOUND, (respelled,))
    for table in ("sought", "candidate"):
        sql.execute(f"DROP TABLE temp.{table}")


def _key(content: Json, columns: Mapping[str, Path]) -> str:
    return canonical({column: _at(content, path) for column, path in columns.items()})


def _at(content: Json, path: Path) -> Json:
    for step in path:
        content = content.get(step) if isinstance(content, dict) else None
    return content


def _respelled(key: str) -> str:
    """Return a key with all texts in Unicode's composed form (NFC)."""
    # The canonical form escapes all characters beyond ASCII, and ASCII is already composed.
    return canonical(_composed(json.loads(key))) if "\\" in key else key


def _composed(value: Json) -> Json:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, dict):
        return {key: _composed(item) for key, item in value.items()}
    if isinstance(value, list):
        return list(map(_composed, value))
    return value
