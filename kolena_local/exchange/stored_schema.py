"""Reads the stored schemas of a workflow's types, and trusts none of them.

Anybody may edit the file that the text is in. What ``schema_check`` could not work with is refused
here once, as damage; unknown keywords are ignored.
"""

from __future__ import annotations

from kolena_local.errors import StoreDamagedError
from kolena_local.exchange.schema_check import Schema
from kolena_local.payload import loads
from kolena_local.repository.schema_text import schema_problem


def read_schema(text: str, workflow: str, kind: str) -> Schema:
    """Return the schema of one of a workflow's types.

    Args:
        text: as it is stored.
        workflow: the workflow's name, for the message.
        kind: what the type is called, for the message.

    Raises:
        StoreDamagedError: it is not a schema that a workflow's definition has written.
    """
    try:
        schema = loads(text)
        problem = schema_problem(schema)
    except ValueError as error:
        problem = str(error)
    if problem is not None:
        raise StoreDamagedError(
            f'The stored schema of the {kind} of the workflow "{workflow}" is damaged ({problem});'
            " define the workflow again and make a model or test case of it, or restore a backup."
        )
    assert isinstance(schema, dict)  # it was checked
    return schema
