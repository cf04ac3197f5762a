"""What a type of line in a dump is, and the SQL that follows from it.

A line has names and digests where the tables have ids. Private to the dump.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

JSON_KINDS: Final = ("object", "schema", "standard", "names", "pins", "directions", "list")
CHOSEN: Final = (
    "workflow",
    "provenance",
    "test_sample",
    "ground_truth",
    "test_case",
    "test_suite",
    "model",
)
"""The tables by whose rows a selection of the store is known."""

_KEPT: Final = ("schema", "time", "maker", "vector", "standard")
"""The kinds of columns whose values in a store stay, whatever a file has."""

_JOINED: Final = re.compile(r"(?<!LEFT )JOIN (\w+)")

# SQLite's function is the faster one, and cuts text at NUL.
_LOCATOR: Final = r"""
    , CASE WHEN instr(test_sample.payload, '\u0000') THEN locator(test_sample.payload)
        ELSE json_extract(test_sample.payload, '$.locator') END AS locator
"""


class Column(NamedTuple):
    """A key of a line.

    Attributes:
        name: the key.
        kind: the kind of value.
        nullable: whether it may be null.
        source: the column of the line type's table that has the value, if its name differs; or an
            SQL expression of what is stored elsewhere.
        missing: the value in lines that lack the key, because an earlier version wrote them or they
            have no times or no provenance; empty if none may lack it.
    """

    name: str
    kind: str = "name"
    nullable: bool = False
    source: str = ""
    missing: tuple[str | None, ...] = ()

    @property
    def stored(self) -> str | None:
        """The column of the line type's table that has the value; None if it is elsewhere."""
        place = self.source or self.name
        return place if place.isidentifier() else None

    def value(self, table: str) -> str:
        """Return the SQL that reads the value."""
        value = f"{table}.{self.stored}" if self.stored else self.source
        return f"normal_json({value})" if self.kind in JSON_KINDS else value

    def select(self, table: str) -> str:
        """Return the SQL that reads the value under the column's name."""
        return f"{self.value(table)} AS {self.name}"


class Parent(NamedTuple):
    """A table whose ids a line type's table has in a column.

    Attributes:
        table: its name.
        joined: the SQL that joins it to the line type's table.
        found: the SQL that joins it to lines that are read, by names or digests.
    """

    table: str
    joined: str
    found: str


def named(table: str, child: str) -> Parent:
    """Return a parent that lines call by its name, of a table that has its ids."""
    return Parent(
        table,
        f"JOIN {table} ON {table}.id = {child}.{table}_id",
        f"JOIN {table} ON {table}.name = incoming.{table}",
    )


def sample_in(workflow: str, child: str) -> Parent:
    """Return the sample of a line, in the workflow with this id, as the parent of a table."""
    return Parent(
        "test_sample",
        f"JOIN test_sample ON test_sample.id = {child}.test_sample_id",
        f"JOIN test_sample ON test_sample.workflow_id = {workflow}"
        " AND test_sample.digest = incoming.test_sample",
    )


def made_by(child: str) -> Parent:
    """Return the provenance of a line as the parent of a table; there may be none."""
    return Parent(
        "provenance",
        f"LEFT JOIN provenance ON provenance.id = {child}.provenance_id",
        "LEFT JOIN provenance ON provenance.digest = incoming.provenance",
    )


@dataclass(frozen=True)
class LineType:
    """A type of line.

    Attributes:
        name: what the lines say they are.
        keys: the columns by which one is known.
        content: its other columns.
        parents: the tables that its table refers to.
        values: SQL for columns of the table that lines do not have.
        condition: SQL that says which lines can be stored.
        more: further statements that store what the table ``incoming`` has and the store has not.
        locator: whether lines also show the sample's locator, for readers only.
        table: the table, if its name is another one.
        selected: SQL that says which rows of the table are lines.
        is_inserted: whether lines become new rows; otherwise, only ``more`` stores them.
        is_updated: whether a line replaces the content of a row with the same keys.
    """

    name: str
    keys: tuple[Column, ...]
    content: tuple[Column, ...] = ()
    parents: tuple[Parent, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    condition: str = "true"
    more: tuple[str, ...] = ()
    locator: bool = False
    table: str = ""
    selected: str = "true"
    is_inserted: bool = True
    is_updated: bool = False

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns that are read back, keys first."""
        return self.keys + self.content

    @property
    def compared(self) -> tuple[Column, ...]:
        """The columns that must be the same in a store that has the line already."""
        # The latest definition in a store says what its types are; a file does not change that.
        # Equal inferences are equal, whatever made them.
        compared = [one for one in self.columns if one.kind not in _KEPT]
        if any(column.name == "digest" for column in self.keys):
            # The digest stands for the fields: 1 and 1.0 have the same, and not the same text.
            return tuple(column for column in compared if column.name != "fields")
        return tuple(compared)

    @property
    def table_name(self) -> str:
        """The name of its table."""
        return self.table or self.name

    @property
    def select(self) -> str:
        """The query of all columns, and of the locator if there is one."""
        table = self.table_name
        columns = ", ".join(column.select(table) for column in self.columns)
        joins = " ".join(parent.joined for parent in self.parents)
        locator = _LOCATOR if self.locator else ""
        return f"SELECT {columns} {locator} FROM {table} {joins} WHERE {self.selected}"

    @property
    def chosen(self) -> str:
        """SQL that says which rows of :attr:`select` belong to a selection of the store."""
        joins = " ".join(parent.joined for parent in self.parents)
        tables = {self.table_name, *_JOINED.findall(joins)} & {*CHOSEN}
        return " AND ".join(f"{table}.id IN temp.chosen_{table}" for table in sorted(tables))

    @property
    def matched(self) -> str:
        """SQL that joins lines, as ``theirs``, to what the store has under the same keys."""
        same = " AND ".join(f"ours.{key.name} IS theirs.{key.name}" for key in self.keys)
        return f"temp.incoming_{self.name} AS theirs JOIN ({self.select}) AS ours ON {same}"

    @property
    def differs(self) -> str:
        """SQL that says whether two lines with the same keys differ."""
        others = [column.name for column in self.compared if column not in self.keys]
        return " OR ".join(f"ours.{name} IS NOT theirs.{name}" for name in others) or "false"

    def inserts(self) -> Iterator[str]:
        """Yield the statements that store what ``incoming`` has and the store has not."""
        values = {f"{parent.table}_id": f"{parent.table}.id" for parent in self.parents}
        values |= {one.stored: f"incoming.{one.name}" for one in self.columns if one.stored}
        values |= self.values
        joins = " ".join(parent.found for parent in self.parents)
        if self.is_inserted:
            yield f"""
                INSERT INTO {self.table_name} ({", ".join(values)})
                SELECT {", ".join(values.values())} FROM incoming {joins}
                WHERE {self.condition} ORDER BY incoming.line ON CONFLICT {self._on_conflict()}
            """
        yield from self.more

    def _on_conflict(self) -> str:
        if not self.is_updated:
            return "DO NOTHING"
        keys = [one.stored or f"{one.source.split('.')[0]}_id" for one in self.keys]
        content = [one for one in self.compared if one.stored and one not in self.keys]
        # A model that is changed is still the same; a version that is changed is another one.
        renewed = {"updated_at", "uid"} & {*self.values}
        renewed -= {"uid"} if len(renewed) == 2 else set()
        columns = [*filter(None, (one.stored for one in content)), *sorted(renewed)]
        if any(one.kind == "maker" for one in self.columns):
            columns.append("provenance_id")
        changes = ", ".join(f"{column} = excluded.{column}" for column in columns)
        changed = " OR ".join(
            f"{one.value(self.table_name)} IS NOT excluded.{one.stored}" for one in content
        )
        return f"({', '.join(keys)}) DO UPDATE SET {changes} WHERE {changed}"


def tags_of(table: str) -> Column:
    """Return the column of a thing's tags, sorted."""
    query = f"SELECT tag FROM {table}_tag WHERE {table}_id = {table}.id ORDER BY tag"
    return Column("tags", "names", source=f"(SELECT json_group_array(tag) FROM ({query}))")


def store_tags(table: str) -> tuple[str, str]:
    """Return the statements that give things the tags of their lines."""
    joined = f"FROM incoming JOIN {table} ON {table}.name = incoming.name"
    return (
        f"""
        DELETE FROM {table}_tag WHERE ({table}_id, tag) IN (
            SELECT {table}_id, tag {joined} JOIN {table}_tag ON {table}_id = {table}.id
            WHERE tag NOT IN (SELECT value FROM json_each(incoming.tags)))
        """,
        f"""
        INSERT OR IGNORE INTO {table}_tag ({table}_id, tag)
        SELECT {table}.id, tag.value {joined} JOIN json_each(incoming.tags) AS tag
        """,
    )
