"""What models, test cases and test suites share: they have unique names and belong to workflows.

In queries, ``noun`` is the alias of the table itself, ``made`` that of the table of its versions.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, ClassVar, Final, Generic, TypeVar

from kolena_local.errors import NameConflictError, NotFoundError
from kolena_local.repository.names import as_seen, checked, now, split_label, unknown
from kolena_local.repository.records import Deletion, ModelRecord, TestCaseRecord, TestSuiteRecord
from kolena_local.repository.rows import Parameters, Repository, as_json

LATEST: Final = "made.version = noun.version"

Record = TypeVar("Record", ModelRecord, TestCaseRecord, TestSuiteRecord)
VersionRecord = TypeVar("VersionRecord", TestCaseRecord, TestSuiteRecord)


class Named(Repository, ABC, Generic[Record]):
    """The base of repositories whose rows have a unique name and belong to a workflow."""

    _noun: ClassVar[str]

    #: What is deleted with a row of ``noun``: the query that counts it, by the name of the count.
    _belongings: ClassVar[Mapping[str, str]]

    @property
    def _table(self) -> str:
        return self._noun.replace(" ", "_")

    @abstractmethod
    def find(self, name: str) -> Record | None:
        """Return the record with this name, or None."""

    @abstractmethod
    def get(self, name: str) -> Record:
        """Return the record with this name, or raise ``NotFoundError``."""

    @abstractmethod
    def _select(self, condition: str, parameters: Parameters) -> list[Record]:
        """Return the records that a query selects, given from its WHERE clause on."""

    def rename(self, name: str, new_name: str) -> Record:
        """Give a row another name, and change nothing else.

        Raises:
            NotFoundError: there is none of this name.
            NameConflictError: the new name is taken, in any workflow, or looks like one that is.
            InputValidationError: the new name is blank.
        """
        row = self.get(name)
        if new_name != name:
            self._refuse_taken(new_name, own_id=row.id)
            self._sql.execute(
                f"UPDATE {self._table} SET name = ?, updated_at = ? WHERE id = ?",
                (checked(self._noun, new_name), now(), row.id),
            )
        return self.get(new_name)

    def deletion(self, names: Iterable[str]) -> list[Deletion]:
        """Return what deleting rows by their names would delete; nothing is deleted.

        Raises:
            NotFoundError: one of them does not exist.
        """
        ids = dict.fromkeys(self.get(name).id for name in names)
        rows = self._sql.fetch(
            f"""
            SELECT noun.name, workflow.name, {", ".join(self._belongings.values())}
            FROM json_each(?) AS wanted
            CROSS JOIN {self._table} AS noun ON noun.id = wanted.value
            JOIN workflow ON workflow.id = noun.workflow_id
            ORDER BY wanted.key
            """,
            (as_json(ids),),
        )
        return [
            Deletion(name, workflow, dict(zip(self._belongings, counts, strict=True)))
            for name, workflow, *counts in rows
        ]

    def delete(self, names: Iterable[str]) -> list[Deletion]:
        """Delete rows with all that belongs to them; return what was deleted.

        Raises:
            NotFoundError: one of them does not exist; none is deleted.
        """
        deleted = self.deletion(names)
        self._sql.execute_each(
            f"DELETE FROM {self._table} WHERE name = ?", [(one.name,) for one in deleted]
        )
        return deleted

    def _list(
        self,
        workflow: str | None,
        pattern: str | None,
        tags: Collection[str] | None = None,
        *,
        versions: str = "true",
        limit: int | None = None,
    ) -> list[Record]:
        """Return records in the order of creation.

        Args:
            workflow: only those of the workflow of that name.
            pattern: only those whose whole name matches it, with ``*``, ``?`` and ``[…]``.
            tags: only those that have all of these; None if there are no tags to have.
            versions: an SQL condition on the versions.
            limit: the greatest number of records; None for all.
        """
        has_tags = "true"
        if tags is not None:
            has_tags = f"""
                NOT EXISTS (SELECT 1 FROM json_each(:tags) AS wanted WHERE wanted.value NOT IN (
                    SELECT tag FROM {self._table}_tag WHERE {self._table}_id = noun.id))
            """
        return self._select(
            f"""
            WHERE {versions} AND {has_tags}
                AND (:workflow IS NULL OR workflow.name = :workflow)
                AND (:pattern IS NULL OR noun.name GLOB :pattern)
            ORDER BY noun.id LIMIT ifnull(:limit, -1)
            """,
            {
                "workflow": workflow,
                "pattern": pattern,
                "tags": json.dumps(sorted(tags or ())),
                "limit": limit,
            },
        )

    def _add_row(
        self, table: Callable[..., Any], name: str, **values: str | int
    ) -> tuple[int, str]:
        """Add a row under a new name; return its id and when it was made."""
        self._refuse_taken(name)
        moment = now()
        row = table(name=checked(self._noun, name), created_at=moment, updated_at=moment, **values)
        with self._sql.session() as session:
            session.add(row)
        return row.id, moment

    def _put_tags(self, id_: int, tags: Iterable[str]) -> None:
        """Replace all tags of a row."""
        self._sql.execute(f"DELETE FROM {self._table}_tag WHERE {self._table}_id = ?", (id_,))
        self._sql.insert(
            f"INSERT INTO {self._table}_tag ({self._table}_id, tag)",
            [(id_, checked("tag", tag)) for tag in sorted(set(tags))],
        )

    def changed_tags(
        self,
        record: ModelRecord | TestSuiteRecord,
        added: Collection[str],
        removed: Collection[str],
    ) -> AbstractSet[str]:
        """Return the tags of a record after some are removed and others added.

        Raises:
            NotFoundError: it does not have one that is to be removed.
        """
        for tag in removed:
            if tag not in record.tags:
                known = ", ".join(f"'{other}'" for other in sorted(record.tags)) or "none"
                raise NotFoundError(
                    f"The {self._noun} '{record.name}' has no tag '{tag}' to remove; it has"
                    f" {known}."
                )
        return (record.tags - set(removed)) | set(added)

    def _unknown(self, name: str) -> NotFoundError:
        known = self._sql.fetch(f"SELECT name FROM {self._table}")
        return unknown(self._noun, name, (other for (other,) in known))

    def _unknown_id(self, id_: int) -> NotFoundError:
        return NotFoundError(f"There is no {self._noun} with the id {id_}; load it by its name.")

    def _refuse_taken(self, name: str, own_id: int | None = None) -> None:
        """Refuse a name that another row has, or one that looks the same.

        Args:
            own_id: the row that gets the name; its present one may look the same.
        """
        rows = self._sql.fetch(
            f"""
            SELECT name, (SELECT name FROM workflow WHERE id = workflow_id) FROM {self._table}
            WHERE id IS NOT :own_id AND (
                name = :name OR NOT :is_ascii OR length(name) < length(CAST(name AS BLOB)))
            """,
            # Only a name that is not ASCII can look like one that is.
            {"name": name, "is_ascii": name.isascii(), "own_id": own_id},
        )
        seen = as_seen(name)
        alike = {other: workflow for other, workflow in rows if as_seen(other) == seen}
        if name in alike:
            raise NameConflictError(
                f'There is a {self._noun} "{name}" already, in the workflow "{alike[name]}";'
                " load it, or give the new one another name."
            )
        for other in alike:
            raise NameConflictError(
                f"The name {name!a} of the new {self._noun} looks like {other!a}, which exists"
                " already; load that one, or give the new one another name."
            )


class Versioned(Named[VersionRecord]):
    """The base of repositories whose rows have numbered versions."""

    def find(self, name: str, version: int | None = None) -> VersionRecord | None:
        """Return a version, the latest if none is given; None if it does not exist."""
        found = self._select(
            "WHERE noun.name = :name AND made.version = ifnull(:version, noun.version)",
            {"name": name, "version": version},
        )
        return found[0] if found else None

    def find_or_refuse(self, name: str, version: int | None) -> VersionRecord | None:
        """Return a version, the latest if none is given; None if the name does not exist.

        Raises:
            NameConflictError: the name exists, but not in this version.
        """
        found = self.find(name, version)
        latest = found or self.find(name)
        if found is None and latest is not None:
            raise NameConflictError(
                f"The {self._noun} {name!r} has no version {version}, the latest is"
                f" {latest.version}; load one of those, or leave the version out."
            )
        return found

    def get(self, name: str, version: int | None = None) -> VersionRecord:
        """Return a version, the latest if none is given.

        Raises:
            NotFoundError: the name or the version does not exist.
        """
        found = self.find(name, version)
        if found is not None:
            return found
        latest = self.find(name)
        if latest is None:
            raise self._unknown(name)
        raise NotFoundError(
            f'The {self._noun} "{name}" has no version {version}; the latest is {latest.version}.'
        )

    def at(self, id_: int, version: int | None = None) -> VersionRecord:
        """Return a version of what has that id, whatever its name by now; None is the latest.

        Raises:
            NotFoundError: there is nothing with that id, or it has no such version.
        """
        found = self._select(
            "WHERE noun.id = :id AND made.version = ifnull(:version, noun.version)",
            {"id": id_, "version": version},
        )
        if not found:
            raise self._unknown_id(id_)
        return found[0]

    def resolve(self, label: str) -> VersionRecord:
        """Return the latest version for a name, or version 3 for ``name@3``.

        Raises:
            NotFoundError: the name or the version does not exist.
        """
        return self.find(label) or self.get(*split_label(label))

    def latest_for_edit(self, id_: int, base_version: int) -> VersionRecord:
        """Return the latest version if an edit is based on it.

        Raises:
            NotFoundError: the id does not exist.
            NameConflictError: the edit is based on an earlier version.
        """
        latest = self.at(id_)
        if latest.version != base_version:
            raise NameConflictError(
                f'The {self._noun} "{latest.name}" is at version {latest.version} by now, but the'
                f" edit was based on version {base_version}; load it again and repeat the edit."
            )
        return latest
