"""One transaction and the repositories that work in it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from sqlalchemy import Connection

from kolena_local.repository import free_query
from kolena_local.repository.ground_truths import GroundTruths
from kolena_local.repository.inference_exchange import InferenceExchange
from kolena_local.repository.inferences import Inferences
from kolena_local.repository.leases import Leases
from kolena_local.repository.models import Models
from kolena_local.repository.orm import LateSession
from kolena_local.repository.records import QueryResult
from kolena_local.repository.suite_samples import SuiteSamples
from kolena_local.repository.test_cases import TestCases
from kolena_local.repository.test_runs import TestRuns
from kolena_local.repository.test_samples import TestSamples
from kolena_local.repository.test_suites import TestSuites
from kolena_local.repository.text_form import TextForm
from kolena_local.repository.workflows import Workflows


class Unit:
    """What may be asked and done inside one ``read()`` or ``write()`` of a store.

    Everything happens in one transaction, which the store begins and ends. A unit must not be used
    after its ``with`` block, and no user code should run inside it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @cached_property
    def _late(self) -> LateSession:
        return LateSession(self._connection)

    @cached_property
    def workflows(self) -> Workflows:
        """The workflows."""
        return Workflows(self._connection)

    @cached_property
    def models(self) -> Models:
        """The models, with their metadata and tags."""
        return Models(self._late, self._connection)

    @cached_property
    def test_samples(self) -> TestSamples:
        """The test samples of all workflows."""
        return TestSamples(self._connection)

    @cached_property
    def ground_truths(self) -> GroundTruths:
        """The ground truths of the test samples."""
        return GroundTruths(self._connection)

    @cached_property
    def test_cases(self) -> TestCases:
        """The test cases and their versions."""
        return TestCases(self._late, self._connection)

    @cached_property
    def test_suites(self) -> TestSuites:
        """The test suites and their versions."""
        return TestSuites(self._late, self._connection)

    @cached_property
    def suite_samples(self) -> SuiteSamples:
        """The test samples of the test suites."""
        return SuiteSamples(self._connection)

    @cached_property
    def inferences(self) -> Inferences:
        """What the models said about the test samples."""
        return Inferences(self._connection)

    @cached_property
    def exchange(self) -> InferenceExchange:
        """The export and import of many inferences."""
        return InferenceExchange(self._connection)

    @cached_property
    def leases(self) -> Leases:
        """Which samples some process is asking a model about."""
        return Leases(self._connection)

    @cached_property
    def test_runs(self) -> TestRuns:
        """The test runs, their configurations and results."""
        return TestRuns(self._late, self._connection)

    @cached_property
    def text_form(self) -> TextForm:
        """The whole store as lines of text."""
        return TextForm(self._connection)

    def query(
        self,
        question: str,
        parameters: Mapping[str, str | int | float | None],
        limit: int | None = None,
    ) -> QueryResult:
        """Answer a question that somebody wrote in SQL; nothing can be changed by it.

        Parameters:
            question: one statement, with ``:name`` where a parameter goes.
            limit: at most so many rows.

        Raises:
            InputValidationError: SQLite does not understand it, or it is no mere question.
        """
        return free_query.query(self._connection, question, parameters, limit)
