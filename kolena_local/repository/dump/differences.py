"""Where the lines of a file and the store differ: one row for each thing, in temporary tables.

``different_<noun>`` has the numbers of the lines that contradict the store. ``history_<noun>`` has
the test cases or test suites that both have, and the first version that only one of them has so. A
test run differs if any of its results does. Private to the dump.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from kolena_local.plurals import counted
from kolena_local.repository.dump.data_lines import LINE_TYPES
from kolena_local.repository.dump.line_types import LineType
from kolena_local.repository.rows import Sql

BY_NAME: Final = {line_type.name: line_type for line_type in LINE_TYPES}
RUN_KEYS: Final = tuple(key.name for key in BY_NAME["test_run"].keys)
RUN_TYPES: Final = tuple(
    one for one in LINE_TYPES if tuple(key.name for key in one.keys[: len(RUN_KEYS)]) == RUN_KEYS
)
HISTORIES: Final = ("test_case", "test_suite")
NOUNS: Final = (
    "workflow",
    "test_sample",
    "ground_truth",
    *HISTORIES,
    "model",
    "inference",
    "test_run",
)
NEVER: Final = "9e999"  # SQL for infinity, beyond every version
_MOST: Final = 10
_LONGEST: Final = 40

# What happened in each version. A member comes in one version and may go in a later one.
_EVENTS: Final = {
    "test_case": """
        SELECT test_case AS name, version, samples, description, NULL, NULL FROM {test_case_version}
        UNION ALL SELECT test_case, added, position, test_sample, ground_truth, 'comes'
        FROM {test_case_member}
        UNION ALL SELECT test_case, removed, position, test_sample, ground_truth, 'goes'
        FROM {test_case_member} WHERE removed IS NOT NULL
    """,
    "test_suite": """
        SELECT test_suite AS name, version, test_cases FROM {test_suite_version}
        UNION ALL SELECT test_suite, test_suite_version, hash || tags FROM {test_suite_commit}
    """,
}


class Difference(NamedTuple):
    """Something that differs between store and file, or several inferences of one model.

    Attributes:
        thing: what it is, such as ``model "resnet"``.
        name: its own name, or that of its model.
        differs: how it differs; empty if nothing more is known.
        outcome: what the import does about it; empty if it refuses it.
    """

    thing: str
    name: str
    differs: str = ""
    outcome: str = ""

    def __str__(self) -> str:
        return self.thing + (f" ({self.differs})" if self.differs else "")


class NounPlan(NamedTuple):
    """What an import does with the things of one kind, such as models.

    Attributes:
        noun: the kind.
        new: how many the store does not have.
        same: how many the store has already.
        extended: how many test cases or test suites get further versions.
        different: how many are different in the store.
        left_out: how many of the new ones cannot be imported without those that are different.
        differences: the first of the different ones.
    """

    noun: str
    new: int
    same: int
    extended: int
    different: int
    left_out: int
    differences: tuple[Difference, ...]


class ImportPlan(NamedTuple):
    """What an import did, or what it would do.

    Attributes:
        lines: the number of lines in the file that are not blank, without the first.
        nouns: what it does with the things of each kind.
    """

    lines: int
    nouns: tuple[NounPlan, ...]

    @property
    def different(self) -> int:
        """How many things are different in the store."""
        return sum(plan.different for plan in self.nouns)

    @property
    def changes_something(self) -> bool:
        """Whether the store is not the same afterwards."""
        return any(plan.new or plan.extended or plan.different for plan in self.nouns)


class Differences:
    """Compares the lines of a file, which are in temporary tables, with the store."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def find(self, noun: str) -> NounPlan:
        """Compare the things of one kind, and fill their temporary tables."""
        line_type = BY_NAME[noun]
        self._sql.make_temporary(f"different_{noun}", "(line INTEGER PRIMARY KEY)")
        extended = 0
        if noun in HISTORIES:
            extended = self._compare_histories(line_type)
        elif noun == "test_run":
            self._compare_runs()
        else:
            self._sql.execute(
                f"INSERT INTO different_{noun} SELECT theirs.line FROM {line_type.matched}"
                f" WHERE {line_type.differs}"
            )
        both = self._sql.value(f"SELECT count(*) FROM {line_type.matched}")
        different = self._sql.value(f"SELECT count(*) FROM different_{noun}")
        examples = tuple(self._examples(line_type)) if different else ()
        same = both - extended - different
        return NounPlan(noun, self.new(noun), same, extended, different, 0, examples)

    def new(self, noun: str) -> int:
        """Return how many things of one kind only the file has."""
        both = self._sql.value(f"SELECT count(*) FROM {BY_NAME[noun].matched}")
        return int(self._sql.value(f"SELECT count(*) FROM temp.incoming_{noun}") - both)

    def _compare_histories(self, line_type: LineType) -> int:
        noun = line_type.name
        edited = [one for one in line_type.compared if one.name in ("description", "tags")]
        edited_sql = " OR ".join(f"ours.{one.name} IS NOT theirs.{one.name}" for one in edited)
        self._sql.make_temporary(
            f"history_{noun}", "(name TEXT PRIMARY KEY, line, ours, theirs, moved, edited, since)"
        )
        self._sql.execute(
            f"""
            INSERT INTO history_{noun}
            SELECT theirs.name, theirs.line, ours.version, theirs.version,
                ours.workflow <> theirs.workflow, {edited_sql or "false"}, {NEVER}
            FROM {line_type.matched}
            """
        )
        ours, theirs = _events(noun)
        self._sql.execute(
            f"""
            UPDATE history_{noun} SET since = found.since FROM (
                SELECT name, min(version) AS since FROM (
                    SELECT * FROM ({ours} EXCEPT {theirs})
                    UNION ALL SELECT * FROM ({theirs} EXCEPT {ours})
                ) GROUP BY name
            ) AS found WHERE found.name = history_{noun}.name
            """
        )
        self._sql.execute(
            f"INSERT INTO different_{noun} SELECT line FROM temp.history_{noun}"
            " WHERE moved OR edited OR since <= min(ours, theirs)"
        )
        return int(
            self._sql.value(
                f"SELECT count(*) FROM temp.history_{noun}"
                " WHERE since > ours AND theirs > ours AND NOT moved AND NOT edited"
            )
        )

    def _compare_runs(self) -> None:
        for line_type in RUN_TYPES:
            self._sql.execute(
                f"""
                INSERT OR IGNORE INTO different_test_run
                SELECT run.line FROM (
                    SELECT DISTINCT {", ".join(f"theirs.{key}" for key in RUN_KEYS)}
                    FROM {line_type.matched} WHERE {line_type.differs}
                ) AS found
                JOIN temp.incoming_test_run AS run
                    ON {" AND ".join(f"run.{key} IS found.{key}" for key in RUN_KEYS)}
                """
            )

    def _examples(self, line_type: LineType) -> Iterator[Difference]:
        different = f"temp.different_{line_type.name}"
        if line_type.name == "inference":
            for model, number in self._sql.fetch(
                "SELECT model, count(*) FROM temp.incoming_inference"
                f" WHERE line IN {different} GROUP BY model ORDER BY model LIMIT {_MOST}"
            ):
                yield Difference(f'{counted(number, "inference")} of the model "{model}"', model)
        elif line_type.name == "test_run":
            for model, suite, version, evaluator in self._sql.fetch(
                f"SELECT {', '.join(RUN_KEYS)} FROM temp.incoming_test_run"
                f" WHERE line IN {different} ORDER BY line LIMIT {_MOST}"
            ):
                by = f' by "{evaluator}"' if evaluator else ""
                run = f'test run of "{model}" on version {version} of "{suite}"{by}'
                yield Difference(run, model)
        else:
            yield from self._fields(line_type)

    def _fields(self, line_type: LineType) -> Iterator[Difference]:
        names = [one.name for one in line_type.compared if one not in line_type.keys]
        name = "theirs.name" if line_type.name != "test_sample" else "locator(theirs.fields)"
        is_history = line_type.name in HISTORIES
        since = f"(SELECT since FROM temp.history_{line_type.name} WHERE name = theirs.name)"
        for found, first, *values in self._sql.fetch(
            f"""
            SELECT {name}, {since if is_history else "NULL"},
                {", ".join(f"ours.{name}, theirs.{name}" for name in names)}
            FROM {line_type.matched} WHERE theirs.line IN temp.different_{line_type.name}
            ORDER BY theirs.line LIMIT {_MOST}
            """
        ):
            pairs = dict(zip(names, zip(values[::2], values[1::2], strict=True), strict=True))
            version = pairs.pop("version", (0, 0))
            said = [
                f"{field} is {_values(ours, theirs)}"
                for field, (ours, theirs) in pairs.items()
                if ours != theirs
            ]
            if first is not None and first <= min(version):
                said.append(f"version {first} has other content")
            thing = f'{line_type.name.replace("_", " ")} "{found or "without a locator"}"'
            yield Difference(thing, found or "", ", ".join(said))


def _events(noun: str) -> Iterator[str]:
    """Yield the queries of what happened to test cases or test suites that store and file have."""
    for tables in (
        {name: f"({one.select})" for name, one in BY_NAME.items()},
        {name: f"temp.incoming_{name}" for name in BY_NAME},
    ):
        events = _EVENTS[noun].format_map(tables)
        yield f"SELECT * FROM ({events}) WHERE name IN (SELECT name FROM temp.history_{noun})"


def _values(ours: Any, theirs: Any) -> str:
    """Say both values; long ones from shortly before the place where they begin to differ."""
    texts = [
        value
        if isinstance(value, str) and value[:1] in "{["
        else json.dumps(value, ensure_ascii=False)
        for value in (ours, theirs)
    ]
    start = 0
    if max(map(len, texts)) > _LONGEST:
        same = [left == right for left, right in zip(*texts, strict=False)]
        # One may be the beginning of the other.
        start = max(0, [*same, False].index(False) - _LONGEST // 2)
    cut = [
        ("…" if start else "")
        + text[start : start + _LONGEST]
        + ("…" if len(text) > start + _LONGEST else "")
        for text in texts
    ]
    return f"{cut[0]} in the store and {cut[1]} in the file"
