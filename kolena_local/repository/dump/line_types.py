"""What a kind of line in a store's text form is, and SQL that several kinds need.

Private to the text form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple


class Column(NamedTuple):
    """A key of a line: its name, the kind of value, and whether it may be null."""

    name: str
    kind: str = "name"
    nullable: bool = False


@dataclass(frozen=True)
class Kind:
    """A kind of line.

    Attributes:
        name: what the lines say they are.
        keys: the columns by which one is known.
        content: its other columns.
        select: the query of all columns; it also has the locator if ``locator`` is set.
        insert: statements that store what the table ``incoming`` has and the store has not;
            ``:model`` and the like are the greatest ids there were before the import.
        locator: whether lines also show the sample's locator, for readers only.
    """

    name: str
    keys: tuple[Column, ...]
    content: tuple[Column, ...]
    select: str
    insert: tuple[str, ...]
    locator: bool = False

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns that are read back, keys first."""
        return self.keys + self.content

    @property
    def compared(self) -> tuple[Column, ...]:
        """The columns that must be the same in a store that has the line already."""
        if any(column.name == "digest" for column in self.keys):
            # The digest stands for the fields: 1 and 1.0 have the same, and not the same text.
            return tuple(column for column in self.columns if column.name != "fields")
        return self.columns


# SQLite's function is the faster one, and cuts text at NUL.
LOCATOR: Final = r"""
    , CASE WHEN instr(sample.payload, '\u0000') THEN locator(sample.payload)
        ELSE json_extract(sample.payload, '$.locator') END AS locator
"""
SAMPLE: Final = Column("test_sample", "digest")
END: Final = "WHERE true ORDER BY incoming.line ON CONFLICT DO NOTHING"


def tags_of(table: str, alias: str) -> str:
    """Return the SQL of a thing's tags, sorted, as JSON."""
    return f"""
        normal_json((SELECT json_group_array(tag) FROM (
            SELECT tag FROM {table}_tag WHERE {table}_id = {alias}.id ORDER BY tag)))
    """


def join_sample(parent: str) -> str:
    """Return the SQL that finds the sample of a line in the workflow of its parent."""
    return f"""
        JOIN test_sample AS sample
            ON sample.workflow_id = {parent}.workflow_id AND sample.digest = incoming.test_sample
    """
