"""What an import does where the file and the store differ: refuse, keep, take, or rename.

It changes the lines that wait in temporary tables, and removes from the store what they replace.
What is left of them is stored as if nothing differed. Private to the dump.

Nothing is combined that was not computed together. If the store's things are kept, the file's test
suites that use other versions of test cases are left out, and so are the test runs on them and
those of models whose inferences differ. If the file's things are taken, and something of the store
that is not in the file depends on what they replace, the import is refused.
"""

from __future__ import annotations

import json
from typing import Final, Literal

from kolena_local.errors import NameConflictError
from kolena_local.repository.dump.differences import (
    BY_NAME,
    HISTORIES,
    NOUNS,
    RUN_KEYS,
    RUN_TYPES,
    Difference,
    Differences,
    NounPlan,
)
from kolena_local.repository.dump.line_text import normal_json
from kolena_local.repository.rows import Sql

OnConflict = Literal["error", "keep", "take", "rename"]

_GROUPS: Final = (
    *((noun,) for noun in NOUNS[:-3]),
    # A model is renamed with its inferences and test runs.
    NOUNS[-3:],
)
_RENAMED: Final = ("test_case", "test_suite", "model")
_OUTCOMES: Final = {"error": "", "keep": "kept as in the store", "take": "replaced by the file's"}
_KEYS: Final = ", ".join(f"ifnull({key}, '')" for key in RUN_KEYS)
_DIVERGED: Final = "(since <= min(ours, theirs))"


class Settling:
    """Settles the differences between the lines of a file and the store."""

    def __init__(self, sql: Sql, on_conflict: OnConflict) -> None:
        self._sql = sql
        self._on_conflict = on_conflict
        self._differences = Differences(sql)
        self._new_names: dict[tuple[str, str], str] = {}
        sql.driver.create_function("renamed", 3, _renamed, deterministic=True)

    def settle(self) -> tuple[NounPlan, ...]:
        """Prepare the lines and the store, unless something differs and nothing may.

        Returns:
            What is done with the things of each kind.

        Raises:
            NameConflictError: something differs that cannot be settled in this manner.
        """
        self._drop_runs(
            f"SELECT theirs.line FROM {BY_NAME['test_run'].matched}"
            " WHERE theirs.status = 'created' AND ours.status <> 'created'"
        )
        plans: list[NounPlan] = []
        for group in _GROUPS:
            plans += map(self._differences.find, group)
            if self._on_conflict == "rename" and group[0] in _RENAMED:
                if group[0] == "test_case":
                    plans[-1] = self._with_cases_of_datasets(plans[-1])
                self._rename(group)
        plans = [plan._replace(differences=self._with_outcomes(plan)) for plan in plans]
        differ = any(plan.different for plan in plans)
        if differ and self._on_conflict == "error":
            return tuple(plans)
        if differ:
            self._check_unnamed()
        if differ and self._on_conflict == "keep":
            self._keep()
        if differ and self._on_conflict == "take":
            self._take()
        for noun in HISTORIES:
            self._shorten(noun)
        self._make_room()
        for place, plan in enumerate(plans):
            if self._on_conflict == "keep":
                new = self._differences.new(plan.noun)
                plans[place] = plan._replace(new=new, left_out=plan.new - new)
        return tuple(plans)

    def _with_outcomes(self, plan: NounPlan) -> tuple[Difference, ...]:
        if self._on_conflict != "rename":
            outcome = _OUTCOMES[self._on_conflict]
            return tuple(one._replace(outcome=outcome) for one in plan.differences)
        noun = plan.noun if plan.noun in HISTORIES else "model"
        return tuple(
            one._replace(outcome=f"imported as {self._new_names.get((noun, one.name), one.name)}")
            for one in plan.differences
        )

    def _check_unnamed(self) -> None:
        """Refuse what can neither be kept nor taken, or what has no name to change."""
        if self._on_conflict == "rename":
            if self._sql.value("SELECT 1 FROM temp.different_test_sample"):
                raise NameConflictError(
                    "The metadata of test samples differ, and a test sample has no name that could"
                    " be changed; import with --on-conflict keep or take. Nothing was imported."
                )
            return
        for noun in _RENAMED:
            for name, ours, theirs in self._sql.fetch(
                f"SELECT theirs.name, ours.workflow, theirs.workflow FROM {BY_NAME[noun].matched}"
                " WHERE ours.workflow <> theirs.workflow LIMIT 1"
            ):
                raise NameConflictError(
                    f'The {noun.replace("_", " ")} "{name}" belongs to the workflow "{ours}" in'
                    f' the store and to "{theirs}" in the file, so neither can replace the other;'
                    " import with --on-conflict rename. Nothing was imported."
                )

    def _rename(self, group: tuple[str, ...]) -> None:
        """Give things free names, until all of them are new or the same as the store's."""
        noun = group[0]
        originals: dict[str, tuple[str, int]] = {}
        while names := self._sql.fetch(
            " UNION ".join(
                f"SELECT {'name' if one == noun else noun} FROM temp.incoming_{one}"
                f" WHERE line IN temp.different_{one}"
                for one in group
            )
        ):
            for (name,) in names:
                original, number = originals.pop(name, (name, 1))
                taken = True
                while taken:
                    number += 1
                    new = f"{original} ({number})"
                    query = f"SELECT 1 FROM temp.incoming_{noun} WHERE name = ?"
                    taken = self._sql.value(query, [new]) is not None
                self._rename_one(noun, name, new)
                originals[new] = original, number
                self._new_names[noun, original] = new
            for one in group:
                self._differences.find(one)

    def _with_cases_of_datasets(self, plan: NounPlan) -> NounPlan:
        """Let the test case of a dataset differ if its test suite does: they are one thing."""
        self._differences.find("test_suite")
        found = self._sql.fetch(
            f"""
            SELECT theirs.line, theirs.name FROM {BY_NAME["test_case"].matched}
            JOIN temp.incoming_test_suite_dataset AS dataset ON dataset.test_case = theirs.name
            JOIN temp.incoming_test_suite AS suite ON suite.name = dataset.test_suite
            WHERE suite.line IN temp.different_test_suite
                AND theirs.line NOT IN temp.different_test_case
            """
        )
        self._sql.insert(
            "INSERT INTO temp.different_test_case (line)", [(line,) for line, _ in found]
        )
        added = (Difference(f'test case "{name}"', name) for _, name in found)
        return plan._replace(
            same=plan.same - len(found),
            different=plan.different + len(found),
            differences=(*plan.differences, *added),
        )

    def _rename_one(self, noun: str, name: str, new: str) -> None:
        for line_type in BY_NAME.values():
            for column in line_type.columns:
                if column.name == (noun if line_type.name != noun else "name"):
                    self._sql.execute(
                        f"UPDATE temp.incoming_{line_type.name} SET {column.name} = :new"
                        f" WHERE {column.name} = :name",
                        {"new": new, "name": name},
                    )
                elif column.kind == "pins" and noun == "test_case":
                    self._sql.execute(
                        f"UPDATE temp.incoming_{line_type.name}"
                        f" SET {column.name} = renamed({column.name}, :name, :new)",
                        {"new": new, "name": name},
                    )

    def _keep(self) -> None:
        """Drop lines that differ, and those that make sense only with them."""
        # The first version of each test suite that is not as in the file.
        self._sql.make_temporary(
            "kept",
            f"""
            AS SELECT test_suite AS name, min(version) AS since FROM (
                SELECT name AS test_suite, since AS version FROM temp.history_test_suite
                WHERE {_DIVERGED}
                UNION ALL SELECT suite.test_suite, suite.version
                FROM temp.incoming_test_suite_version AS suite
                JOIN json_each(suite.test_cases) AS pin
                JOIN temp.history_test_case AS used ON used.name = json_extract(pin.value, '$[0]')
                    AND json_extract(pin.value, '$[1]') >= used.since
                WHERE {_DIVERGED}
            ) GROUP BY test_suite
            """,
        )
        self._drop_runs(
            """
            SELECT line FROM temp.different_test_run
            UNION SELECT run.line FROM temp.incoming_test_run AS run
            JOIN temp.kept ON kept.name = run.test_suite AND run.test_suite_version >= kept.since
            UNION SELECT run.line FROM temp.incoming_test_run AS run WHERE run.model IN (
                SELECT model FROM temp.incoming_inference WHERE line IN temp.different_inference)
            """
        )
        for noun in ("test_sample", "model", "inference"):
            self._sql.execute(
                f"DELETE FROM temp.incoming_{noun} WHERE line IN temp.different_{noun}"
            )
        self._drop_histories(
            "test_case", f"SELECT name FROM temp.history_test_case WHERE {_DIVERGED}"
        )
        self._drop_histories("test_suite", "SELECT name FROM temp.kept")
        suite = BY_NAME["test_suite"].matched
        self._sql.execute(
            f"""
            UPDATE temp.incoming_test_suite AS changed
            SET description = kept.description, tags = kept.tags
            FROM (SELECT theirs.line, ours.description, ours.tags FROM {suite}) AS kept
            WHERE kept.line = changed.line
            """
        )

    def _take(self) -> None:
        """Remove from the store what lines replace as a whole."""
        self._check_nothing_is_lost()
        inferences = " ".join(parent.found for parent in BY_NAME["inference"].parents)
        run, _ = BY_NAME["configuration"].parents
        for table, joins in (
            (
                "inference",
                f"{inferences} JOIN inference ON inference.model_id = model.id"
                " AND inference.test_sample_id = test_sample.id",
            ),
            ("test_run", run.found),
        ):
            self._sql.execute(
                f"""
                DELETE FROM {table} WHERE id IN (
                    SELECT {table}.id FROM temp.incoming_{table} AS incoming {joins}
                    WHERE incoming.line IN temp.different_{table})
                """
            )
        for noun, versions in (("test_suite", "since"), ("test_case", "theirs + 1")):
            self._sql.execute(
                f"""
                DELETE FROM {noun}_version WHERE ({noun}_id, version) IN (
                    SELECT {noun}_id, {noun}_version.version FROM temp.history_{noun} AS history
                    JOIN {noun} ON {noun}.name = history.name
                    JOIN {noun}_version ON {noun}_id = {noun}.id
                        AND {noun}_version.version >= {versions}
                    WHERE {_DIVERGED})
                """
            )

    def _check_nothing_is_lost(self) -> None:
        query = f"""
            WITH replaced (id, version, noun, name) AS (
                SELECT test_suite_id, member.version, 'test case', test_case.name
                FROM test_suite_member AS member
                JOIN test_case ON test_case.id = member.test_case_id
                JOIN temp.history_test_case AS history ON history.name = test_case.name
                    AND member.test_case_version >= since
                WHERE {_DIVERGED}
                UNION SELECT suite.id, version.version, 'test suite', suite.name
                FROM temp.history_test_suite AS history
                JOIN test_suite AS suite ON suite.name = history.name
                JOIN test_suite_version AS version ON version.test_suite_id = suite.id
                    AND version.version >= since
                WHERE {_DIVERGED}
            )
            SELECT noun, replaced.name,
                printf('version %d of the test suite "%s"', replaced.version, suite.name)
            FROM replaced JOIN test_suite AS suite ON suite.id = replaced.id
            WHERE (suite.id, replaced.version) NOT IN (
                SELECT id, version FROM replaced WHERE noun = 'test suite')
            AND (suite.name, replaced.version) NOT IN (
                SELECT test_suite, version FROM temp.incoming_test_suite_version)
            UNION ALL
            SELECT noun, replaced.name, printf('the test run of "%s" on version %d of "%s"', model,
                test_suite_version, test_suite)
            FROM ({BY_NAME["test_run"].select}) AS run
            JOIN test_suite AS suite ON suite.name = run.test_suite
            JOIN replaced ON replaced.id = suite.id
                AND replaced.version = run.test_suite_version
            WHERE ({_KEYS}) NOT IN (SELECT {_KEYS} FROM temp.incoming_test_run)
            LIMIT 1
        """
        for noun, name, dependent in self._sql.fetch(query):
            raise NameConflictError(
                f'The {noun} "{name}" cannot be replaced, because {dependent} depends on it and is'
                " not in the file; delete that, or import with --on-conflict keep or rename."
                " Nothing was imported."
            )

    def _shorten(self, noun: str) -> None:
        """Drop the versions of histories that the store knows longer."""
        shorter = f"SELECT name FROM temp.history_{noun} WHERE theirs < ours AND NOT {_DIVERGED}"
        self._sql.execute(
            f"""
            UPDATE temp.incoming_{noun} AS changed SET version = history.ours
            FROM temp.history_{noun} AS history
            WHERE history.name = changed.name AND history.name IN ({shorter})
            """
        )
        self._drop_histories(noun, shorter, and_itself=False)

    def _make_room(self) -> None:
        """Remove members of test cases that a longer or another history has otherwise."""
        member = BY_NAME["test_case_member"]
        same = " AND ".join(f"ours.{one.name} IS theirs.{one.name}" for one in member.columns)
        self._sql.execute(
            f"""
            DELETE FROM test_case_member WHERE (test_case_id, position, added) IN (
                SELECT test_case.id, ours.position, ours.added
                FROM temp.history_test_case AS history
                JOIN test_case ON test_case.name = history.name
                JOIN ({member.select}) AS ours ON ours.test_case = history.name
                LEFT JOIN temp.incoming_test_case_member AS theirs ON {same}
                WHERE history.since <= history.theirs AND theirs.line IS NULL
                    AND history.name IN (SELECT test_case FROM temp.incoming_test_case_version))
            """
        )

    def _drop_histories(self, noun: str, names: str, *, and_itself: bool = True) -> None:
        for line_type in BY_NAME.values():
            key = line_type.columns[0].name
            if line_type.name.startswith(f"{noun}_") and key == noun:
                self._sql.execute(
                    f"DELETE FROM temp.incoming_{line_type.name} WHERE {noun} IN ({names})"
                )
        if and_itself:
            self._sql.execute(f"DELETE FROM temp.incoming_{noun} WHERE name IN ({names})")

    def _drop_runs(self, lines: str) -> None:
        self._sql.make_temporary(
            "dropped_run", f"AS SELECT {_KEYS} FROM temp.incoming_test_run WHERE line IN ({lines})"
        )
        if self._sql.value("SELECT 1 FROM temp.dropped_run"):
            for line_type in RUN_TYPES:
                self._sql.execute(
                    f"DELETE FROM temp.incoming_{line_type.name}"
                    f" WHERE ({_KEYS}) IN (SELECT * FROM temp.dropped_run)"
                )


def _renamed(pins: str, name: str, new: str) -> str | None:
    changed = [[new if case == name else case, version] for case, version in json.loads(pins)]
    return normal_json(json.dumps(changed))
