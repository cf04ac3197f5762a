"""One transaction and the repositories that work in it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from kolena_local.repository import free_query
from kolena_local.repository.dataset_commits import DatasetCommits
from kolena_local.repository.dataset_embeddings import DatasetEmbeddings
from kolena_local.repository.dataset_results import DatasetResults
from kolena_local.repository.datasets import Datasets
from kolena_local.repository.determinism_checks import DeterminismChecks
from kolena_local.repository.dump.store_dump import StoreDump
from kolena_local.repository.ground_truths import GroundTruths
from kolena_local.repository.headlines import Headlines
from kolena_local.repository.held import HeldRows
from kolena_local.repository.inference_exchange import InferenceExchange
from kolena_local.repository.inferences import Inferences
from kolena_local.repository.leases import Leases
from kolena_local.repository.model_listing import ModelListing
from kolena_local.repository.models import Models
from kolena_local.repository.provenances import Provenances
from kolena_local.repository.quality_standards import QualityStandards
from kolena_local.repository.records import QueryResult
from kolena_local.repository.rows import Sql
from kolena_local.repository.sample_search import SampleSearch
from kolena_local.repository.sample_table import SampleTable
from kolena_local.repository.slices import Slices
from kolena_local.repository.suite_changes import SuiteChanges
from kolena_local.repository.suite_samples import SuiteSamples
from kolena_local.repository.test_cases import TestCases
from kolena_local.repository.test_runs import TestRuns
from kolena_local.repository.test_samples import TestSamples
from kolena_local.repository.test_suites import TestSuites
from kolena_local.repository.workflows import Workflows

_STEPS_BETWEEN_LOOKS: Final = 10_000


class Unit:
    """The repositories inside one ``read()`` or ``write()`` of a store.

    Everything happens in one transaction, which the store begins and ends. Do not use this object
    after its ``with`` block, and do not run user code inside the block.

    Attributes:
        held: the rows that objects in memory were made from.
        workflows: the workflows.
        models: the models, with their metadata and tags.
        model_listing: the models by the page.
        headlines: single metrics of all models.
        test_samples: the test samples of all workflows.
        ground_truths: the ground truths of the test samples.
        test_cases: the test cases and their versions.
        test_suites: the test suites and their versions.
        suite_changes: changes of test suites by the names of their test cases.
        suite_samples: the test samples of the test suites.
        sample_search: the samples of test suites and test cases that satisfy conditions.
        sample_table: the samples with what belongs to them, as tables for people.
        slices: test cases of such samples.
        inferences: the models' inferences for the test samples.
        exchange: the export and import of many inferences.
        leases: which samples a process is running a model on.
        test_runs: the test runs, their configurations and results.
        provenances: what code and environment were when all of these were made.
        determinism_checks: whether models still answered the same when they were asked again.
        datasets: the datasets and their rows.
        dataset_commits: the commits of datasets.
        dataset_results: the results of models that were uploaded for datasets.
        dataset_embeddings: the embeddings of datasets.
        quality_standards: the quality standards of datasets.
        dump: the whole store as JSON lines.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._sql = sql = Sql(connection)
        self.held = HeldRows(sql)
        self.workflows = Workflows(sql)
        self.models = Models(sql)
        self.model_listing = ModelListing(sql)
        self.headlines = Headlines(sql)
        self.test_samples = TestSamples(sql)
        self.ground_truths = GroundTruths(sql)
        self.test_cases = TestCases(sql)
        self.test_suites = TestSuites(sql)
        self.suite_changes = SuiteChanges(sql)
        self.suite_samples = SuiteSamples(sql)
        self.sample_search = SampleSearch(sql)
        self.sample_table = SampleTable(sql)
        self.slices = Slices(sql)
        self.inferences = Inferences(sql)
        self.exchange = InferenceExchange(sql)
        self.leases = Leases(sql)
        self.test_runs = TestRuns(sql)
        self.provenances = Provenances(sql)
        self.determinism_checks = DeterminismChecks(sql)
        self.datasets = Datasets(sql)
        self.dataset_commits = DatasetCommits(sql)
        self.dataset_results = DatasetResults(sql)
        self.dataset_embeddings = DatasetEmbeddings(sql)
        self.quality_standards = QualityStandards(sql)
        self.dump = StoreDump(sql)

    def query(
        self,
        question: str,
        parameters: Mapping[str, str | int | float | None],
        limit: int | None = None,
    ) -> QueryResult:
        """Run a read-only query that a user wrote.

        Args:
            question: one statement, with ``:name`` for parameters.
            parameters: the values of the parameters.
            limit: the greatest number of rows; None for all.

        Raises:
            InputValidationError: it is not valid SQL, or it does more than read.
        """
        return free_query.query(self._sql.driver, question, parameters, limit)

    @contextmanager
    def time_limit(self, seconds: float) -> Iterator[None]:
        """Interrupt queries that still run when the block has taken this long.

        Do not call :meth:`query` in the block, since that would end the limit.

        Raises:
            StoreBusyError: a query was interrupted.
        """
        raw, end = self._sql.driver, time.monotonic() + seconds
        raw.set_progress_handler(lambda: time.monotonic() > end, _STEPS_BETWEEN_LOOKS)
        try:
            yield
        finally:
            raw.set_progress_handler(None, 0)
