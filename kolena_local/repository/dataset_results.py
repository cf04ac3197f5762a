"""Results of models on the rows of datasets, which were computed elsewhere and uploaded.

They are the per-sample metrics of a test run, so that whatever compares or shows metrics does so
with them. There is one run for a model and a dataset. It moves on with the dataset's commits: a
result belongs to a row's id, whatever the row's other fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from kolena_local.errors import NotFoundError
from kolena_local.payload import dumps, loads
from kolena_local.repository.dataset_commits import as_array
from kolena_local.repository.dataset_means import store_means
from kolena_local.repository.dataset_records import (
    EVALUATOR,
    CommitRecord,
    DatasetRecord,
    ResultCounts,
    names_of,
)
from kolena_local.repository.datasets import HAS_RESULTS
from kolena_local.repository.models import Models
from kolena_local.repository.records import (
    ConfigurationRecord,
    ModelRecord,
    TestRunRecord,
)
from kolena_local.repository.rows import Repository, Row, as_json
from kolena_local.repository.test_runs import TestRuns
from kolena_local.repository.test_suites import TestSuites


class DatasetResults(Repository):
    """The uploaded results of a store, inside one transaction."""

    def models(self, dataset: DatasetRecord) -> list[ModelRecord]:
        """Return the models that have results on a dataset, in the order of their creation."""
        ids = self._sql.fetch_ids(
            """
            SELECT DISTINCT model_id FROM test_run AS run
            WHERE test_suite_id = ? AND evaluator = ? AND superseded_at IS NULL AND EXISTS (
                SELECT 1 FROM evaluator_configuration WHERE test_run_id = run.id)
            ORDER BY model_id
            """,
            (dataset.id, EVALUATOR),
        )
        return Models(self._sql).of_ids(ids)

    def start(self, dataset: DatasetRecord, model: ModelRecord) -> TestRunRecord:
        """Return the run that has a model's results on the latest rows, for more of them."""
        runs = TestRuns(self._sql)
        version = TestSuites(self._sql).get(dataset.name).version
        found = self._run(dataset, model.id, dataset.id_fields)
        if found is not None:
            self._sql.execute(
                "UPDATE test_run SET test_suite_version = ? WHERE id = ?", (version, found)
            )
        run = runs.ensure(model.id, dataset.id, version, EVALUATOR)
        return runs.start(run.id)

    def configuration(
        self,
        run_id: int,
        name: str,
        payload: str | None,
        higher_is_better: Mapping[str, bool],
    ) -> ConfigurationRecord:
        """Return a configuration of a run for results.

        Args:
            run_id: the run.
            name: the canonical JSON of the configuration; empty if there is none.
            payload: its JSON as it was given; None if there is none.
            higher_is_better: the directions of some result fields; those known stay.
        """
        runs = TestRuns(self._sql)
        known = {one.display_name or "": one for one in runs.configurations(run_id)}.get(name)
        found = loads((known and known.directions) or "{}")
        of_samples = found.get("sample") if isinstance(found, dict) else None
        directions = {
            **(of_samples if isinstance(of_samples, dict) else {}),
            **{key: "higher" if up else "lower" for key, up in higher_is_better.items()},
        }
        # Those of the means are the same.
        text = dumps({"sample": directions, "case": directions}) if directions else None
        if known is not None:
            payload = known.payload  # 1 and 1.0 are the same configuration
        return runs.ensure_configuration(run_id, name, payload, text)

    def finish(self, dataset: DatasetRecord, run_id: int) -> None:
        """Compute the means of all results of a run, and note that it is complete."""
        runs = TestRuns(self._sql)
        for configuration in runs.configurations(run_id):
            store_means(self._sql, dataset, configuration.id)
        runs.complete(run_id)

    def put(
        self,
        configuration_id: int,
        samples: Mapping[bytes, int],
        rows: Iterable[tuple[Sequence[bytes], Sequence[str]]],
    ) -> ResultCounts:
        """Store results of rows; those of the same rows are replaced, those of no row are left out.

        Args:
            configuration_id: the configuration that they were computed under.
            samples: the test samples of the dataset's rows, by the digests of their id fields.
            rows: pages of such digests and results, as JSON objects.
        """
        inserted = updated = 0
        has_results = TestRuns(self._sql).has_sample_scores(configuration_id)
        for keys, payloads in rows:
            found = [samples.get(key) for key in keys]
            new = {one: text for one, text in zip(found, payloads, strict=True) if one is not None}
            changed: list[tuple[str, int]] = []
            if has_results:
                stored = self.of_samples(configuration_id, list(new))
                changed = [(new[one], one) for one, text in stored.items() if new[one] != text]
                new = {one: text for one, text in new.items() if one not in stored}
            self._sql.execute_each(
                "UPDATE metrics_test_sample SET payload = ?"
                f" WHERE evaluator_configuration_id = {configuration_id:d}"
                " AND ifnull(test_case_id, 0) = 0 AND test_sample_id = ?",
                changed,
            )
            self._sql.insert_columns(
                "INSERT INTO metrics_test_sample"
                " (evaluator_configuration_id, test_sample_id, payload)",
                [list(new), list(new.values())],
                first=[configuration_id],
            )
            inserted += len(new)
            updated += len(changed)
        return ResultCounts(inserted, updated)

    def count_missing(self, dataset: DatasetRecord, configuration_id: int) -> int:
        """Return how many of the latest rows have no result under a configuration."""
        found: int = self._sql.value(
            """
            SELECT count(*) FROM test_case_member AS member
            WHERE member.test_case_id = ? AND member.removed IS NULL
                AND member.test_sample_id NOT IN (
                    SELECT test_sample_id FROM metrics_test_sample
                    WHERE evaluator_configuration_id = ? AND ifnull(test_case_id, 0) = 0)
            """,
            (dataset.test_case_id, configuration_id),
        )
        return found

    def configurations(
        self, dataset: DatasetRecord, model: ModelRecord, commit: CommitRecord
    ) -> list[ConfigurationRecord]:
        """Return the configurations under which a model has results, oldest first.

        There are none if the rows of the commit are identified by other fields than the results.

        Raises:
            NotFoundError: the model has no results on the dataset.
        """
        if model.id not in {one.id for one in self.models(dataset)}:
            raise NotFoundError(
                f"Results of the model '{model.name}' do not exist on dataset '{dataset.name}';"
                " upload some with upload_results()."
            )
        found = self._run(dataset, model.id, commit.id_fields)
        return [] if found is None else TestRuns(self._sql).configurations(found)

    def of_changed_rows(
        self, dataset: DatasetRecord, commit: CommitRecord
    ) -> tuple[int, Sequence[str]]:
        """Return how many rows that the latest commit changed have results, and of which models."""
        ((count, names),) = self._sql.fetch(
            f"""
            WITH closed AS MATERIALIZED (
                SELECT truth.id, truth.digest FROM test_case_member AS member
                CROSS JOIN ground_truth AS truth ON truth.id = member.ground_truth_id
                WHERE member.test_case_id = :test_case AND member.removed = :version),
            changed AS MATERIALIZED (
                SELECT member.test_sample_id FROM test_case_member AS member
                CROSS JOIN ground_truth AS truth ON truth.id = member.ground_truth_id
                WHERE member.test_case_id = :test_case AND member.added = :version
                    AND truth.digest IN (SELECT digest FROM closed)
                    AND truth.id NOT IN (SELECT id FROM closed))
            SELECT count(DISTINCT changed.test_sample_id), json_group_array(DISTINCT model.name)
            FROM test_run AS run
            CROSS JOIN model ON model.id = run.model_id
            CROSS JOIN evaluator_configuration AS configuration
                ON configuration.test_run_id = run.id
            CROSS JOIN changed
            CROSS JOIN metrics_test_sample AS metrics
                ON metrics.evaluator_configuration_id = configuration.id
                AND ifnull(metrics.test_case_id, 0) = 0
                AND metrics.test_sample_id = changed.test_sample_id
            WHERE {HAS_RESULTS} AND run.test_suite_version = :suite_version
            """,
            {
                "dataset": dataset.id,
                "fields": as_array(dataset.id_fields),
                "test_case": dataset.test_case_id,
                "version": commit.test_case_version,
                "suite_version": commit.test_suite_version,
            },
        )
        return count, sorted(names_of(names))

    def left_behind(self, dataset: DatasetRecord) -> list[str]:
        """Return the models all of whose results are of rows identified by other fields."""
        return [
            model.name
            for model in self.models(dataset)
            if self._run(dataset, model.id, dataset.id_fields) is None
        ]

    def pages(self, configuration_id: int, limit: int) -> Iterator[list[Row]]:
        """Yield pages of the results under a configuration, in the order of their test samples.

        Each has the digest of the id fields' values of its row, and the result.
        """
        return self._sql.pages(
            """
            SELECT truth.digest, metrics.payload
            FROM metrics_test_sample AS metrics
            CROSS JOIN ground_truth AS truth ON truth.test_sample_id = metrics.test_sample_id
            WHERE metrics.evaluator_configuration_id = ? AND ifnull(metrics.test_case_id, 0) = 0
            ORDER BY metrics.test_sample_id
            """,
            (configuration_id,),
            limit,
        )

    def of_samples(self, configuration_id: int, samples: Sequence[int]) -> dict[int, str]:
        """Return the results under a configuration of some test samples, by their ids."""
        return dict(
            self._sql.fetch(
                """
                SELECT metrics.test_sample_id, metrics.payload
                FROM json_each(?) AS wanted CROSS JOIN metrics_test_sample AS metrics
                    ON metrics.evaluator_configuration_id = ?
                    AND ifnull(metrics.test_case_id, 0) = 0
                    AND metrics.test_sample_id = wanted.value
                """,
                (as_json(samples), configuration_id),
            )
        )

    def _run(self, dataset: DatasetRecord, model_id: int, id_fields: tuple[str, ...]) -> int | None:
        found: int | None = self._sql.value(
            f"""
            SELECT run.id FROM test_run AS run WHERE run.model_id = :model AND {HAS_RESULTS}
            ORDER BY run.test_suite_version DESC
            """,
            {"model": model_id, "dataset": dataset.id, "fields": as_array(id_fields)},
        )
        return found
