"""Test runs: a model's tests on versions of test suites, with their status, times and results."""

from __future__ import annotations

import builtins
import json
from collections.abc import Iterable
from typing import Any, Final

from kolena_local.errors import NotFoundError
from kolena_local.repository.held import new_uid
from kolena_local.repository.names import now
from kolena_local.repository.processes import Process, is_gone, this_process
from kolena_local.repository.provenances import ensure_provenance
from kolena_local.repository.records import (
    ConfigurationRecord,
    Facts,
    RunDeletion,
    TestRunRecord,
)
from kolena_local.repository.results import RunResults
from kolena_local.repository.rows import Row, as_json
from kolena_local.repository.test_suites import TestSuites

_RECORDS: Final = """
    SELECT run.id, run.uid, workflow.name, model.name, suite.name, run.test_suite_version,
        nullif(run.evaluator, ''), run.status, run.error,
        run.created_at, run.started_at, run.finished_at,
        run.superseded_at, stale.stale_reason, stale.stale_since,
        run.host, run.pid, run.process_started
    FROM test_run AS run
    -- Of several configurations: the first that became stale, else one of unknown age.
    LEFT JOIN evaluator_configuration AS stale ON stale.id = (
        SELECT id FROM evaluator_configuration
        WHERE test_run_id = run.id AND stale_reason IS NOT NULL
        ORDER BY stale_since IS NULL, stale_since LIMIT 1)
    JOIN model ON model.id = run.model_id
    JOIN test_suite AS suite ON suite.id = run.test_suite_id
    JOIN workflow ON workflow.id = suite.workflow_id
"""
# An import stores a run that was going on as created, with earlier results.
_IS_BEGUN: Final = """
    (run.status <> 'created'
        OR EXISTS (SELECT 1 FROM evaluator_configuration WHERE test_run_id = run.id))
"""


class TestRuns(RunResults):
    """The test runs of a store and their results, inside one transaction."""

    __test__ = False

    def ensure(
        self, model_id: int, test_suite_id: int, test_suite_version: int, evaluator: str | None
    ) -> TestRunRecord:
        """Return the run of a model on a version of a suite by an evaluator; create it if needed.

        Args:
            evaluator: the evaluator's display name; None if it has none, or there is no evaluator.

        Raises:
            NotFoundError: there is no such model, test suite or version of it.
        """
        from sqlmodel import select

        from kolena_local.repository.tables import TestRunTable

        key: dict[str, Any] = {
            "model_id": model_id,
            "test_suite_id": test_suite_id,
            "test_suite_version": test_suite_version,
            "evaluator": evaluator or "",
            "superseded_at": None,
        }
        with self._sql.session() as session:
            row = session.exec(select(TestRunTable).filter_by(**key)).one_or_none()
            if row is None:
                row = TestRunTable(**key, status="created", created_at=now())
                session.add(row)
        assert row.id is not None, "a row that was written has its id"
        return self.get(row.id)

    def start(self, run_id: int, provenance: Facts | None = None) -> TestRunRecord:
        """Note that the run begins, for the first time or again, in this process.

        Args:
            run_id: the run.
            provenance: by what code, in what environment; None if it is not known.
        """
        return self._set(
            run_id,
            status="running",
            started_at=now(),
            finished_at=None,
            error=None,
            provenance_id=ensure_provenance(self._sql, provenance),
            **this_process()._asdict(),
        )

    def begin_evaluation(self, run_id: int) -> None:
        """Note that data is read from now on; what happens to it makes the results stale."""
        self._sql.execute("UPDATE test_run SET data_change = NULL WHERE id = ?", (run_id,))

    def complete(self, run_id: int) -> TestRunRecord:
        """Note that the run has ended well."""
        return self._finish(run_id, status="completed", error=None)

    def crash(self, run_id: int, error_text: str) -> TestRunRecord:
        """Note that the run was ended by an exception."""
        # The text of an exception may hold anything, and noting it must not fail.
        text = error_text.encode("utf-8", "backslashreplace").decode()
        return self._finish(run_id, status="crashed", error=text)

    def get(self, run_id: int) -> TestRunRecord:
        """Return a run by its id.

        Raises:
            NotFoundError: there is none.
        """
        found = self._select("WHERE run.id = :id", {"id": run_id})
        if not found:
            raise NotFoundError(
                f"There is no test run with the id {run_id}; list the runs to see their ids."
            )
        return found[0]

    def list(
        self,
        workflow: str | None = None,
        model: str | None = None,
        test_suite: str | None = None,
        *,
        begun: bool = False,
        superseded: bool = False,
    ) -> builtins.list[TestRunRecord]:
        """Return the runs, newest first, of a workflow, model or suite by name, or all.

        Args:
            workflow: only runs of this workflow.
            model: only runs of this model.
            test_suite: only runs on this test suite.
            begun: leave out runs that were created and never started.
            superseded: also those whose results were superseded.
        """
        return self._select(
            f"""
            WHERE (:workflow IS NULL OR workflow.name = :workflow)
                AND (:model IS NULL OR model.name = :model)
                AND (:suite IS NULL OR suite.name = :suite)
                AND (NOT :begun OR {_IS_BEGUN})
                AND (:superseded OR run.superseded_at IS NULL)
            ORDER BY ifnull(run.superseded_at, 'Z') DESC, run.id DESC
            """,
            {
                "workflow": workflow,
                "model": model,
                "suite": test_suite,
                "begun": begun,
                "superseded": superseded,
            },
        )

    def of_models(
        self, test_suite_id: int, models: Iterable[str], version: int | None = None
    ) -> builtins.list[TestRunRecord]:
        """Return the current runs of some models on a test suite, the oldest first.

        Args:
            models: the names of the models.
            version: only runs on this version of the test suite.
        """
        return self._select(
            f"""
            WHERE model.name IN (SELECT value FROM json_each(:models))
                AND run.test_suite_id = :suite AND run.superseded_at IS NULL
                AND run.test_suite_version = ifnull(:version, run.test_suite_version)
                AND {_IS_BEGUN}
            ORDER BY run.id
            """,
            {"models": json.dumps(list(models)), "suite": test_suite_id, "version": version},
        )

    def tested_models(
        self, test_suite_ids: Iterable[int]
    ) -> dict[int, builtins.list[tuple[str, int]]]:
        """Return which models were tested on which versions of test suites, the latest run first.

        Returns:
            For each test suite's id, the names of models, each with a version of the suite.
        """
        rows = self._sql.fetch(
            f"""
            SELECT run.test_suite_id, model.name, run.test_suite_version
            FROM json_each(?) AS wanted
            CROSS JOIN test_run AS run ON run.test_suite_id = wanted.value
            CROSS JOIN model ON model.id = run.model_id
            WHERE run.superseded_at IS NULL AND {_IS_BEGUN}
            GROUP BY run.test_suite_id, run.model_id, run.test_suite_version
            ORDER BY max(run.id) DESC
            """,
            (as_json(test_suite_ids),),
        )
        found: dict[int, builtins.list[tuple[str, int]]] = {}
        for suite, model, version in rows:
            found.setdefault(suite, []).append((model, version))
        return found

    def latest(
        self, model: str, test_suite: str, version: int | None = None, evaluator: str | None = None
    ) -> builtins.list[TestRunRecord]:
        """Return the runs of a model on one version of a test suite, one for each evaluator.

        Args:
            version: None is the newest version that the model was tested on.
            evaluator: only the run of the evaluator of this name.

        Raises:
            NotFoundError: there is none.
        """
        found = [
            run
            for run in self.list(model=model, test_suite=test_suite, begun=True)
            if version in (None, run.test_suite_version) and evaluator in (None, run.evaluator)
        ]
        if not found:
            at = "" if version is None else f"@{version}"
            by = "" if evaluator is None else f" by the evaluator '{evaluator}'"
            raise NotFoundError(
                f"The model '{model}' was never tested on the test suite '{test_suite}{at}'{by};"
                " list the runs to see what was (kolena-local runs list)."
            )
        newest = max(run.test_suite_version for run in found)
        return [run for run in found if run.test_suite_version == newest][::-1]

    def of_label(
        self, model: str, label: str, evaluator: str | None = None
    ) -> builtins.list[TestRunRecord]:
        """Return the runs of a model on a test suite, or on the version that ``name@3`` names.

        Raises:
            NotFoundError: there is no such test suite, or the model was never tested on it.
        """
        suites = TestSuites(self._sql)
        suite = suites.resolve(label)
        version = None if suite.name == label else suite.version
        return self.latest(model, suite.name, version, evaluator)

    def deletion(self, run_ids: Iterable[int]) -> builtins.list[RunDeletion]:
        """Return what deleting these runs would delete; nothing is deleted.

        Raises:
            NotFoundError: one of them does not exist.
        """
        return [
            RunDeletion(self.get(run_id), self._count_results(run_id))
            for run_id in dict.fromkeys(run_ids)
        ]

    def delete(self, run_ids: Iterable[int]) -> builtins.list[RunDeletion]:
        """Delete runs with their results, not their inferences; return what was deleted.

        Raises:
            NotFoundError: one of them does not exist; none is deleted.
        """
        deleted = self.deletion(run_ids)
        self._sql.execute_each(
            "DELETE FROM test_run WHERE id = ?", [(one.run.id,) for one in deleted]
        )
        return deleted

    def ensure_configuration(
        self,
        run_id: int,
        display_name: str | None,
        payload: str | None,
        directions: str | None = None,
        fingerprint: str | None = None,
        provenance: Facts | None = None,
    ) -> ConfigurationRecord:
        """Return a run's configuration for new results; create it if needed.

        If it has results that are stale, or were computed by another evaluator, they are kept: they
        move to a run of their own, which is superseded.

        Args:
            display_name: None for an evaluator that is called without a configuration.
            payload: its JSON text, which replaces the stored one.
            directions: the JSON text of the directions of its metrics, which does so, too.
            fingerprint: the digest of the evaluator's code and settings.
            provenance: by what code, in what environment; None if it is not known.

        Raises:
            NotFoundError: there is no such run.
        """
        from sqlmodel import select

        from kolena_local.repository.tables import EvaluatorConfigurationTable

        made = ensure_provenance(self._sql, provenance)
        key: dict[str, Any] = {"test_run_id": run_id, "display_name": display_name or ""}
        for earlier in self.configurations(run_id):
            if earlier.display_name == (display_name or None) and self._has_results(earlier.id):
                known = (earlier.is_stale, earlier.fingerprint, earlier.payload)
                if known != (False, fingerprint, payload):
                    self._supersede(earlier)
        with self._sql.session() as session:
            query = select(EvaluatorConfigurationTable).filter_by(**key)
            row = session.exec(query).one_or_none() or EvaluatorConfigurationTable(**key)
            row.payload, row.directions = payload, directions
            row.fingerprint, row.evaluated_at = fingerprint, now()
            row.provenance_id = made
            row.stale_reason = self._sql.value(
                "SELECT data_change FROM test_run WHERE id = ?", (run_id,)
            )
            row.stale_since = row.stale_reason and now()
            session.add(row)
        return next(
            one for one in self.configurations(run_id) if one.display_name == (display_name or None)
        )

    def _supersede(self, earlier: ConfigurationRecord) -> None:
        """Move a configuration with its results to a run that is kept beside the current one."""
        parameters = {
            "run": earlier.test_run_id,
            "name": earlier.display_name or "",
            "finished": earlier.evaluated_at,
            "now": now(),
            "uid": new_uid(),
        }
        # All configurations of one evaluation go to the same run.
        kept = self._sql.value(
            """
            SELECT max(kept.id) FROM test_run AS run JOIN test_run AS kept
                ON kept.model_id = run.model_id AND kept.test_suite_id = run.test_suite_id
                AND kept.test_suite_version = run.test_suite_version
                AND kept.evaluator = run.evaluator AND kept.superseded_at >= run.started_at
            WHERE run.id = :run AND NOT EXISTS (SELECT 1 FROM evaluator_configuration
                WHERE test_run_id = kept.id AND display_name = :name)
            """,
            parameters,
        )
        if kept is None:
            kept = self._sql.next_id("test_run")
            self._sql.execute(
                """
                INSERT INTO test_run (id, model_id, test_suite_id, test_suite_version, evaluator,
                    status, created_at, finished_at, superseded_at, uid, provenance_id)
                SELECT :kept, model_id, test_suite_id, test_suite_version, evaluator,
                    'completed', created_at, :finished, :now, :uid,
                    (SELECT provenance_id FROM evaluator_configuration WHERE id = :earlier)
                FROM test_run WHERE id = :run
                """,
                {**parameters, "kept": kept, "earlier": earlier.id},
            )
        self._sql.execute(
            "UPDATE evaluator_configuration SET test_run_id = ? WHERE id = ?", (kept, earlier.id)
        )

    def configurations(self, run_id: int) -> builtins.list[ConfigurationRecord]:
        """Return the configurations under which a run's evaluator was called, oldest first."""
        rows = self._sql.fetch(
            """
            SELECT id, test_run_id, nullif(display_name, ''), payload, directions, fingerprint,
                evaluated_at, stale_reason, stale_since
            FROM evaluator_configuration WHERE test_run_id = ? ORDER BY id
            """,
            (run_id,),
        )
        return [ConfigurationRecord(*row) for row in rows]

    def _finish(self, run_id: int, **values: str | None) -> TestRunRecord:
        return self._set(
            run_id, finished_at=now(), host=None, pid=None, process_started=None, **values
        )

    def _set(self, run_id: int, **values: str | int | None) -> TestRunRecord:
        from kolena_local.repository.tables import TestRunTable

        with self._sql.session() as session:
            row = session.get(TestRunTable, run_id)
            if row is not None:
                for name, value in values.items():
                    setattr(row, name, value)
        return self.get(run_id)

    def _select(self, condition: str, parameters: dict[str, Any]) -> builtins.list[TestRunRecord]:
        rows = self._sql.fetch(_RECORDS + condition, parameters)
        return [_record(row) for row in rows]


def _record(row: Row) -> TestRunRecord:
    process = Process._make(row[-3:])
    values = (*row[:-3], process.host is not None and is_gone(process))
    return TestRunRecord(*values)
