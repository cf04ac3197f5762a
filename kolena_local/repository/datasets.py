"""Datasets: tables of datapoints with commits, on test suites and test cases.

A dataset is a test suite with one test case of the same name. A datapoint is a test sample whose
fields are the columns; its ground truth has the values of the id fields. So conditions, slices and
comparisons need to know nothing about datasets, and a row that is in many commits, or in many
datasets, is stored once.
"""

from __future__ import annotations

import builtins
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from kolena_local.errors import NameConflictError
from kolena_local.repository.dataset_commits import DatasetCommits, as_array
from kolena_local.repository.dataset_means import store_means
from kolena_local.repository.dataset_members import DatasetMembers
from kolena_local.repository.dataset_records import (
    EVALUATOR,
    WORKFLOW,
    CommitRecord,
    DatasetRecord,
    NewRows,
    Upload,
    fields_of,
    names_of,
)
from kolena_local.repository.dataset_rows import DatasetRows
from kolena_local.repository.names import checked, unknown
from kolena_local.repository.records import Deletion
from kolena_local.repository.rows import Parameters, Repository, Row, as_ids, as_json
from kolena_local.repository.suite_samples import SAMPLES
from kolena_local.repository.test_cases import TestCases
from kolena_local.repository.test_suites import TestSuites
from kolena_local.repository.workflows import Workflows

_RECORDS: Final = """
    SELECT suite.id, suite.name, suite.description,
        (SELECT json_group_array(tag) FROM test_suite_tag WHERE test_suite_id = suite.id),
        dataset.test_case_id, latest.number, latest.id_fields, latest.columns,
        suite.created_at, suite.updated_at
    FROM dataset JOIN test_suite AS suite ON suite.id = dataset.test_suite_id
    JOIN dataset_commit AS latest ON latest.test_suite_id = dataset.test_suite_id
        AND latest.number = (
            SELECT max(number) FROM dataset_commit WHERE test_suite_id = dataset.test_suite_id)
"""
#: Which runs have the uploaded results of rows that are identified by the same fields.
HAS_RESULTS: Final = f"""
    run.test_suite_id = :dataset AND run.evaluator = '{EVALUATOR}' AND run.superseded_at IS NULL
    AND :fields = (
        SELECT id_fields FROM dataset_commit AS made WHERE made.test_suite_id = run.test_suite_id
            AND made.test_suite_version <= run.test_suite_version
        ORDER BY number DESC LIMIT 1)
"""
_TRUTH_CHUNK: Final = 10_000


class Datasets(Repository):
    """The datasets of a store, inside one transaction."""

    def find(self, name: str) -> DatasetRecord | None:
        """Return the dataset of that name, or None."""
        found = self._select("WHERE suite.name = ?", (name,))
        return found[0] if found else None

    def get(self, name: str) -> DatasetRecord:
        """Return the dataset of that name.

        Raises:
            NotFoundError: there is none; the nearest names are listed.
        """
        found = self.find(name)
        if found is None:
            raise unknown("dataset", name, (other.name for other in self.list()))
        return found

    def list(self) -> builtins.list[DatasetRecord]:
        """Return all datasets in the order of their creation."""
        return self._select("ORDER BY suite.id", ())

    def pages(
        self, dataset: DatasetRecord, commit: CommitRecord, limit: int
    ) -> Iterator[builtins.list[Row]]:
        """Yield pages of a commit's rows, in order.

        Each has the id of its test sample, the digest of its id fields' values, and its content.
        """
        return self._sql.pages(
            """
            SELECT sample.id, truth.digest, sample.payload
            FROM test_case_member AS member
            CROSS JOIN test_sample AS sample ON sample.id = member.test_sample_id
            CROSS JOIN ground_truth AS truth ON truth.id = member.ground_truth_id
            WHERE member.test_case_id = :test_case AND member.added <= :version
                AND (member.removed IS NULL OR member.removed > :version)
            ORDER BY member.position
            """,
            {"test_case": dataset.test_case_id, "version": commit.test_case_version},
            limit,
        )

    def latest_ids(self, dataset: DatasetRecord) -> dict[bytes, int]:
        """Return the test samples of the latest rows by the digests of their id fields' values."""
        return dict(
            self._sql.fetch(
                """
                SELECT truth.digest, member.test_sample_id
                FROM test_case_member AS member
                CROSS JOIN ground_truth AS truth ON truth.id = member.ground_truth_id
                WHERE member.test_case_id = ? AND member.removed IS NULL
                ORDER BY member.position
                """,
                (dataset.test_case_id,),
            )
        )

    def outdated_slices(self, dataset: DatasetRecord) -> builtins.list[str]:
        """Return the other test cases of a dataset's suite that have former rows of it."""
        rows = self._sql.fetch(
            f"""
            SELECT test_case.name
            FROM {SAMPLES} CROSS JOIN test_case ON test_case.id = member.test_case_id
            WHERE pinned.test_suite_id = :suite
                AND pinned.version = (SELECT version FROM test_suite WHERE id = :suite)
                AND pinned.test_case_id <> :rows
                AND member.test_sample_id NOT IN (
                    SELECT test_sample_id FROM test_case_member
                    WHERE test_case_id = :rows AND removed IS NULL)
            GROUP BY test_case.id ORDER BY min(pinned.position)
            """,
            {"suite": dataset.id, "rows": dataset.test_case_id},
        )
        return [name for (name,) in rows]

    def put(self, name: str, rows: Iterable[NewRows], upload: Upload) -> CommitRecord | None:
        """Store an upload, in a new dataset if there is none of that name.

        Args:
            name: the dataset's name.
            rows: all rows, no two of them with the same key.
            upload: what else was uploaded.

        Returns:
            The new commit; None if nothing changes.

        Raises:
            NameConflictError: a test suite or test case that is not a dataset has the name, or
                rows are to be added that are identified by other fields than those that are there.
            InputValidationError: the name or a tag is blank.
        """
        dataset, commits = self.find(name), DatasetCommits(self._sql)
        parent = None if dataset is None else commits.get(dataset)
        if upload.append_only and dataset is not None:
            dataset.check_id_fields(upload.id_fields)
        workflow_id = Workflows(self._sql).ensure(WORKFLOW).id
        stored = DatasetRows(self._sql, workflow_id, are_known=dataset is not None)
        samples, truths = array("q"), array("q")
        for some in rows:
            for ids, more in zip((samples, truths), stored.put(some), strict=True):
                ids.extend(more)
        test_case_id = self._add(workflow_id, name) if dataset is None else dataset.test_case_id
        if upload.append_only:
            samples, truths = self._with_present(test_case_id, samples, truths)
        cases, suites = TestCases(self._sql), TestSuites(self._sql)
        before = cases.at(test_case_id)
        members = DatasetMembers(self._sql, test_case_id, before.version + 1, before.sample_count)
        change = members.replace(samples, truths)
        suite = suites.get(name)
        if change.is_change:
            after = cases.add_version(before, len(truths))
            pins = [(it.id, it.version) for it in suite.test_cases if it.id != test_case_id]
            suite = suites.replace_test_cases(
                suite.id, suite.version, [(test_case_id, after.version), *pins]
            )
        if upload.description is not None and upload.description != suite.description:
            suites.set_description(suite.id, upload.description)
        if not suite.tags.issuperset(upload.dataset_tags):
            suites.set_tags(suite.id, suite.tags | set(upload.dataset_tags))
        if upload.append_only and parent is not None:
            new = (name for name in upload.columns if name not in parent.columns)
            upload = upload._replace(columns=(*parent.columns, *new))
        same = (upload.id_fields, upload.columns)
        if parent and not change.is_change and (parent.id_fields, parent.columns) == same:
            commits.add_tags(suite.id, parent, upload.commit_tags)
            return None
        commits.add(suite.id, parent, upload, change, test_case_id)
        made = self.get(name)
        commit = commits.get(made)
        if parent is not None and change.is_change:
            self._take_results_along(made, commit, change.added)
        return commit

    def deletion(self, names: Iterable[str]) -> builtins.list[Deletion]:
        """Return what deleting datasets by their names would delete; nothing is deleted.

        Raises:
            NotFoundError: one of them does not exist.
            IncorrectUsageError: another test suite has the test case of one of them.
        """
        datasets = {name: self.get(name) for name in names}
        cases, found = TestCases(self._sql), []
        for name, dataset in datasets.items():
            cases.deletion([cases.at(dataset.test_case_id).name], list(datasets))
            commits = {"commit_count": len(DatasetCommits(self._sql).list(dataset))}
            for one in TestSuites(self._sql).deletion([name]):
                found.append(one._replace(counts=commits | dict(one.counts)))
        return found

    def delete(self, names: Iterable[str]) -> builtins.list[Deletion]:
        """Delete datasets with their commits, embeddings, and results; models stay.

        Returns:
            What was deleted.

        Raises:
            NotFoundError: one of them does not exist; none is deleted.
            IncorrectUsageError: another test suite has the test case of one of them.
        """
        cases, unique = TestCases(self._sql), dict.fromkeys(names)
        deleted = self.deletion(unique)
        test_cases = [cases.at(self.get(name).test_case_id).name for name in unique]
        self._sql.execute_each(
            "DELETE FROM dataset WHERE test_suite_id = (SELECT id FROM test_suite WHERE name = ?)",
            [(name,) for name in unique],
        )
        TestSuites(self._sql).delete(unique)
        cases.delete(test_cases)
        Workflows(self._sql).delete_unused(WORKFLOW)
        return deleted

    def _add(self, workflow_id: int, name: str) -> int:
        """Add an empty dataset, and return the id of its test case."""
        checked("dataset", name)
        for noun in ("test_suite", "test_case"):
            workflow = self._sql.value(
                f"SELECT workflow.name FROM {noun} JOIN workflow ON workflow.id = workflow_id"
                f" WHERE {noun}.name = ?",
                (name,),
            )
            if workflow is not None:
                raise NameConflictError(
                    f"The name '{name}' belongs to a {noun.replace('_', ' ')} of the workflow"
                    f" '{workflow}' that is not a dataset; give the dataset another name."
                )
        suite = TestSuites(self._sql).add(workflow_id, name, "", ())
        case = TestCases(self._sql).add(workflow_id, name, "")
        self._sql.execute(
            "INSERT INTO dataset (test_suite_id, test_case_id) VALUES (?, ?)", (suite.id, case.id)
        )
        return case.id

    def _with_present(
        self, test_case_id: int, samples: array[int], truths: array[int]
    ) -> tuple[array[int], array[int]]:
        """Return the present rows with others in place of those with the same keys, or after."""
        rows = self._sql.fetch(
            """
            SELECT truth.digest, member.test_sample_id, truth.id
            FROM test_case_member AS member
            CROSS JOIN ground_truth AS truth ON truth.id = member.ground_truth_id
            WHERE member.test_case_id = ? AND member.removed IS NULL ORDER BY member.position
            """,
            (test_case_id,),
        )
        merged = {key: (sample, truth) for key, sample, truth in rows}
        keys = dict(DatasetMembers(self._sql, test_case_id, 0, 0).keys(truths))
        for sample, truth in zip(samples, truths, strict=True):
            merged[keys[truth]] = (sample, truth)
        pairs = merged.values()
        return as_ids(one for one, _ in pairs), as_ids(one for _, one in pairs)

    def _take_results_along(
        self, dataset: DatasetRecord, commit: CommitRecord, added: Sequence[int]
    ) -> None:
        """Move uploaded results to a new commit: they belong to the rows' ids.

        Runs stay where the rows had other id fields, and so do all but the newest of a model: a
        merge brings the results that another store had at an earlier commit.
        """
        newest: dict[int, int] = dict(
            self._sql.fetch(
                f"SELECT run.model_id, run.id FROM test_run AS run WHERE {HAS_RESULTS}"
                " ORDER BY run.test_suite_version",
                {"dataset": dataset.id, "fields": as_array(dataset.id_fields)},
            )
        )
        runs = list(newest.values())
        self._sql.execute_each(
            "UPDATE test_run SET test_suite_version = ? WHERE id = ?",
            [(commit.test_suite_version, run) for run in runs],
        )
        configurations = self._sql.fetch_ids(
            """
            SELECT configuration.id FROM json_each(?) AS run
            JOIN evaluator_configuration AS configuration ON configuration.test_run_id = run.value
            """,
            (as_json(runs),),
        )
        if configurations and added:
            self._move_results(configurations, added)
        for configuration_id in configurations:
            store_means(self._sql, dataset, configuration_id)

    def _move_results(self, configurations: array[int], added: Sequence[int]) -> None:
        """Make results of rows that were changed those of the new rows with the same ids."""
        self._sql.make_temporary("added", "(key BLOB PRIMARY KEY, test_sample_id INTEGER)")
        for start in range(0, len(added), _TRUTH_CHUNK):
            self._sql.execute(
                """
                INSERT INTO temp.added SELECT truth.digest, truth.test_sample_id
                FROM json_each(?) AS wanted CROSS JOIN ground_truth AS truth
                    ON truth.id = wanted.value
                """,
                (as_json(added[start : start + _TRUTH_CHUNK]),),
            )
        self._sql.execute(
            """
            UPDATE metrics_test_sample AS metrics SET test_sample_id = added.test_sample_id
            FROM ground_truth AS truth, temp.added AS added
            WHERE truth.test_sample_id = metrics.test_sample_id AND added.key = truth.digest
                AND added.test_sample_id <> metrics.test_sample_id
                AND metrics.evaluator_configuration_id IN (SELECT value FROM json_each(?))
            """,
            (as_json(configurations),),
        )
        self._sql.execute("DROP TABLE temp.added")

    def _select(self, condition: str, parameters: Parameters) -> builtins.list[DatasetRecord]:
        return [
            DatasetRecord(
                id_,
                name,
                text,
                frozenset(names_of(tags)),
                case,
                number,
                *fields_of(ids, columns),
                *at,
            )
            for id_, name, text, tags, case, number, ids, columns, *at in self._sql.fetch(
                _RECORDS + condition, parameters
            )
        ]
