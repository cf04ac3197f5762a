"""Rules that hold in every sound store and that constraints of the tables cannot express.

``db check`` reports what breaks them, and an import refuses it. Rules about single values are
functions; rules about rows are queries that read each row a fixed number of times and keep few in
memory. A violation names the row as a dump of the store does, so that an import can name the
line at fault.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from kolena_local.errors import StoreDamagedError
from kolena_local.payload import digest, loads, loads_all
from kolena_local.repository.dataset_records import fields_of, names_of

OBJECTS: Final[Mapping[str, tuple[str, ...]]] = {
    "test_sample": ("payload", "metadata"),
    "ground_truth": ("payload",),
    "inference": ("payload",),
    "evaluator_configuration": ("payload", "directions"),
    "metrics_test_sample": ("payload",),
    "metrics_test_case": ("payload",),
    "metrics_test_suite": ("payload",),
    "plot": ("payload",),
    "model": ("metadata",),
    "provenance": ("payload",),
    "determinism_check": ("payload",),
    "quality_standard": ("payload",),
}
"""The columns, by table, in which each text is a JSON object."""

IDENTIFIED: Final = ("test_sample", "ground_truth", "provenance")
"""The tables whose rows are identified by the digest of their payload."""

Row = tuple[Any, ...]


class LastIds(NamedTuple):
    """The greatest ids before an import; only rows with greater ids are checked."""

    model: int = 0
    test_case: int = 0
    test_suite: int = 0
    test_run: int = 0


class Rule(NamedTuple):
    """A rule about rows.

    Args:
        name: what is checked, in a word or two.
        line_type: the type of line that the row has in a dump.
        query: selects the rows that break the rule: their keys in a dump, then the problem,
            which names the object. Its parameters are the fields of :class:`LastIds`.
        fixable: whether it can be repaired without losing anything.
    """

    name: str
    line_type: str
    query: str
    fixable: bool = False

    def broken(
        self, connection: sqlite3.Connection, last_ids: LastIds
    ) -> Iterator[tuple[Row, str]]:
        """Yield the key of each row that breaks the rule, and the problem without a full stop."""
        for *key, problem in connection.execute(self.query, last_ids._asdict()):
            yield tuple(key), problem


class NamesRule(Rule):
    """A rule about the names of commits, whose query selects them after the keys."""

    def broken(
        self, connection: sqlite3.Connection, last_ids: LastIds
    ) -> Iterator[tuple[Row, str]]:
        """Yield the key of each commit with wrong names, and the problem."""
        for name, number, *fields, tags in connection.execute(self.query, last_ids._asdict()):
            try:
                fields_of(*fields)
                names_of(tags)
            except StoreDamagedError:
                yield (
                    (name, number),
                    f'the commit {number} of the dataset "{name}" has columns, id fields or tags'
                    " that are not names, are repeated, or do not belong together",
                )


def object_problem(text: object) -> str | None:
    """Return why a text is not a JSON object in the form of the store, or None if it is."""
    try:
        if isinstance(text, str) and ("\\u" in text or not text.isascii()):
            # JSON can spell unpaired surrogates, which SQLite cannot hold.
            json.dumps(json.loads(text), ensure_ascii=False).encode()
        value = loads(text)  # type: ignore[arg-type]  # a damaged row may hold anything
    except (RecursionError, TypeError, ValueError) as error:
        return str(error)
    return None if isinstance(value, dict) else "it is not a JSON object"


def digest_problem(text: str, stored: object) -> str | None:
    """Return why the stored digest of a text is wrong, or None if it is right."""
    try:
        found = digest(loads(text))
    except RecursionError:
        return "its fields are nested too deeply for a digest"
    return None if found == stored else f"its fields have the digest {found.hex()}"


def are_sound(columns: Sequence[Sequence[Any]], digests: Sequence[object] = ()) -> bool:
    """Return whether none of many texts has one of the two problems above.

    It takes half the time of asking for each text. False may be wrong; True never is.

    Args:
        columns: columns of texts; None is skipped.
        digests: the stored digests of the texts in the first column, if they have any.
    """
    try:
        for number, column in enumerate(columns):
            texts = [text for text in dict.fromkeys(column) if text is not None]
            values = loads_all(texts)
            if not set(map(type, values)) <= {dict} or any("\\u" in text for text in texts):
                return False
            if digests and number == 0:
                expected = dict(zip(texts, map(digest, values), strict=True))
                if [expected[text] for text in column] != [*digests]:
                    return False
    except (KeyError, RecursionError, StoreDamagedError, TypeError, ValueError):
        return False
    return True


_VERSIONS: Final = """
    SELECT noun.name, printf('the {words} "%s" is at version %d, but the number of its versions is'
        || ' %d and the newest is %s', noun.name, noun.version, count(version.version),
        ifnull(max(version.version), 'none'))
    FROM {noun} AS noun LEFT JOIN {noun}_version AS version ON version.{noun}_id = noun.id
    WHERE noun.id > :{noun} GROUP BY noun.id
    HAVING count(version.version) <> noun.version + 1
        OR max(version.version) IS NOT noun.version
"""

# In the order of versions, each row of a position or sample must be removed before the next one is
# added. So at most one other row is looked up for each row, and none for most rows.
_MEMBERS: Final = """
    SELECT name, position, added,
        printf('the sample at position %d of the test case "%s" %s', position, name, problem)
    FROM (SELECT test_case.name AS name, member.position, member.added, CASE
        WHEN member.added > test_case.version OR member.removed > test_case.version
            THEN 'comes or goes in a version that does not exist'
        WHEN truth.test_sample_id <> member.test_sample_id
            THEN 'has the ground truth of another sample'
        WHEN sample.workflow_id <> test_case.workflow_id THEN 'belongs to another workflow'
        -- There must be positions left for samples that are added later.
        WHEN member.position > 1 << 62 THEN 'has a position that is too large'
        WHEN member.added > 1 AND member.added < (
            SELECT ifnull(earlier.removed, 9e18) FROM test_case_member AS earlier
            WHERE earlier.test_case_id = member.test_case_id
                AND earlier.position = member.position AND earlier.added < member.added
            ORDER BY earlier.added DESC LIMIT 1
            ) THEN 'shares its position with another one'
        WHEN member.removed IS NOT NULL AND member.removed > coalesce((
            SELECT later.added FROM test_case_member AS later
            WHERE later.test_sample_id = member.test_sample_id
                AND later.test_case_id = member.test_case_id
                -- Without the plus, the index is not used for this.
                AND ifnull(later.removed, 0) > +member.removed
            ORDER BY ifnull(later.removed, 0) LIMIT 1
            ), (
            SELECT later.added FROM test_case_member AS later
            WHERE later.test_sample_id = member.test_sample_id
                AND later.test_case_id = member.test_case_id AND ifnull(later.removed, 0) = 0
            )) THEN 'is there twice in one version'
        END AS problem
    FROM test_case_member AS member
    JOIN test_case ON test_case.id = member.test_case_id
    JOIN ground_truth AS truth ON truth.id = member.ground_truth_id
    JOIN test_sample AS sample ON sample.id = member.test_sample_id
    WHERE problem IS NOT NULL AND member.test_case_id > :test_case)
"""

# Sums what each version adds and removes, so that members are not counted for each version.
WRONG_COUNTS: Final = """
    WITH change (test_case_id, version, number, stored) AS (
        SELECT test_case_id, version, 0, sample_count FROM test_case_version
        UNION ALL
        SELECT test_case_id, added, count(*), NULL FROM test_case_member GROUP BY 1, 2
        UNION ALL
        SELECT test_case_id, removed, -count(*), NULL FROM test_case_member
        WHERE removed IS NOT NULL GROUP BY 1, 2
    )
    SELECT * FROM (
        SELECT test_case_id, version, max(stored) AS stored,
            sum(sum(number)) OVER (PARTITION BY test_case_id ORDER BY version) AS found
        FROM change WHERE test_case_id > :test_case GROUP BY 1, 2
    ) WHERE stored <> found
"""
"""The versions of test cases with a wrong number of samples: the stored and the right number."""

# A row that only moves ends and begins in one version. A commit with the version of the one before
# it, such as one that only drops a column, adds and removes nothing.
WRONG_CHANGES: Final = """
    WITH change (test_case_id, version, added, removed) AS (
        SELECT member.test_case_id, member.added, count(*) - count(moved.added),
            -count(moved.added)
        FROM dataset CROSS JOIN test_case_member AS member USING (test_case_id)
        LEFT JOIN test_case_member AS moved ON moved.test_sample_id = member.test_sample_id
            AND moved.test_case_id = member.test_case_id
            -- Without the plus, the index is not used for this.
            AND ifnull(moved.removed, 0) = +member.added
            AND moved.ground_truth_id = member.ground_truth_id
        WHERE dataset.test_suite_id > :test_suite GROUP BY 1, 2
        UNION ALL
        SELECT member.test_case_id, member.removed, 0, count(*)
        FROM dataset CROSS JOIN test_case_member AS member USING (test_case_id)
        WHERE dataset.test_suite_id > :test_suite AND member.removed IS NOT NULL GROUP BY 1, 2
    )
    SELECT * FROM (
        SELECT made.test_suite_id, made.number, made.n_added, made.n_removed,
            ifnull(found.added, 0) AS added, ifnull(found.removed, 0) AS removed
        FROM dataset JOIN dataset_commit AS made USING (test_suite_id)
        LEFT JOIN dataset_commit AS before ON before.test_suite_id = made.test_suite_id
            AND before.number = made.number - 1
            AND before.test_case_version = made.test_case_version
        LEFT JOIN (
            SELECT test_case_id, version, sum(added) AS added, sum(removed) AS removed
            FROM change GROUP BY 1, 2
        ) AS found ON found.test_case_id = dataset.test_case_id
            AND found.version = made.test_case_version AND before.number IS NULL
        WHERE dataset.test_suite_id > :test_suite
    ) WHERE n_added <> added OR n_removed <> removed
"""
"""The commits with wrong numbers of datapoints: the stored and the right numbers."""

# A dump has the keys after the test case's name for some of the results.
_RESULTS: Final = """
    SELECT model.name, suite.name, run.test_suite_version, nullif(run.evaluator, ''),
        nullif(configuration.display_name, ''), test_case.name, {keys} printf('the model "%s" has'
        || ' results for the test case "%s", which version %d of the test suite "%s" does not have',
        model.name, test_case.name, run.test_suite_version, suite.name)
    FROM test_run AS run
    CROSS JOIN evaluator_configuration AS configuration ON configuration.test_run_id = run.id
    CROSS JOIN {table} AS result ON result.evaluator_configuration_id = configuration.id
    JOIN test_case ON test_case.id = result.test_case_id
    JOIN model ON model.id = run.model_id JOIN test_suite AS suite ON suite.id = run.test_suite_id
    WHERE run.id > :test_run AND NOT EXISTS (SELECT 1 FROM test_suite_member AS pinned
        WHERE pinned.test_suite_id = suite.id AND pinned.version = run.test_suite_version
            AND pinned.test_case_id = test_case.id)
"""

RULES: Final = (
    # The latest version is there, and so is every version before it.
    Rule("versions", "test_case", _VERSIONS.format(noun="test_case", words="test case")),
    Rule("versions", "test_suite", _VERSIONS.format(noun="test_suite", words="test suite")),
    # Members come and go in versions that exist, have their own truth, and are there once.
    Rule("members", "test_case_member", _MEMBERS),
    Rule(
        "sample counts",
        "test_case_version",
        f"""
        SELECT name, wrong.version, printf('version %d of the test case "%s" says that the number'
            || ' of its samples is %d, but it is %d', wrong.version, name, stored, found)
        FROM ({WRONG_COUNTS}) AS wrong JOIN test_case ON test_case.id = wrong.test_case_id
        """,
        fixable=True,
    ),
    Rule(
        "datasets",
        "test_suite_dataset",
        """
        SELECT suite.name, printf('the dataset "%s" %s', suite.name, problem) FROM (
            SELECT test_suite_id, CASE
                WHEN count(made.number) = 0 THEN 'has no commit'
                WHEN max(made.number) <> count(made.number) THEN 'lacks a commit'
                WHEN max(made.test_case_version) > test_case.version
                    THEN 'has a commit of a version that does not exist'
                END AS problem
            FROM dataset LEFT JOIN dataset_commit AS made USING (test_suite_id)
            JOIN test_case ON test_case.id = dataset.test_case_id
            WHERE test_suite_id > :test_suite GROUP BY test_suite_id
        ) JOIN test_suite AS suite ON suite.id = test_suite_id WHERE problem IS NOT NULL
        """,
    ),
    NamesRule(
        "datasets",
        "test_suite_commit",
        """
        SELECT suite.name, number, id_fields, columns, made.tags
        FROM dataset_commit AS made JOIN test_suite AS suite ON suite.id = test_suite_id
        WHERE test_suite_id > :test_suite
        """,
    ),
    Rule(
        "datapoint counts",
        "test_suite_commit",
        f"""
        SELECT name, number, printf('the commit %d of the dataset "%s" says that it added %d and'
            || ' removed %d datapoints, but it added %d and removed %d', number, name, n_added,
            n_removed, added, removed)
        FROM ({WRONG_CHANGES}) AS wrong JOIN test_suite ON test_suite.id = wrong.test_suite_id
        """,
        fixable=True,
    ),
    # What is tested together belongs to one workflow.
    Rule(
        "workflows",
        "test_suite_version",
        """
        SELECT suite.name, pinned.version, printf('version %d of the test suite "%s" has the test'
            || ' case "%s" of another workflow', pinned.version, suite.name, test_case.name)
        FROM test_suite_member AS pinned JOIN test_suite AS suite ON suite.id = test_suite_id
        JOIN test_case ON test_case.id = pinned.test_case_id
        WHERE test_case.workflow_id <> suite.workflow_id AND suite.id > :test_suite
        """,
    ),
    Rule(
        "workflows",
        "test_run",
        """
        SELECT model.name, suite.name, run.test_suite_version, nullif(run.evaluator, ''), printf(
            'the model "%s" was tested on the test suite "%s" of another workflow', model.name,
            suite.name)
        FROM test_run AS run JOIN model ON model.id = run.model_id
        JOIN test_suite AS suite ON suite.id = run.test_suite_id
        WHERE model.workflow_id <> suite.workflow_id AND run.id > :test_run
        """,
    ),
    Rule(
        "workflows",
        "inference",
        """
        SELECT model.name, sample.digest, printf('the model "%s" has an inference for the test'
            || ' sample %d of another workflow', model.name, sample.id)
        FROM model CROSS JOIN inference ON inference.model_id = model.id
        CROSS JOIN test_sample AS sample ON sample.id = inference.test_sample_id
        WHERE model.workflow_id <> sample.workflow_id AND model.id > :model
        """,
    ),
    Rule("results", "metrics_test_case", _RESULTS.format(table="metrics_test_case", keys="")),
    Rule("results", "plot", _RESULTS.format(table="plot", keys="position,")),
)
