"""The samples of a test suite or test case that satisfy conditions, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

from kolena_local.errors import InputValidationError
from kolena_local.repository.conditions import Condition
from kolena_local.repository.metadata_paths import Path, path_text
from kolena_local.repository.models import Models
from kolena_local.repository.names import split_label, unknown
from kolena_local.repository.records import (
    FoundSample,
    HeldRow,
    ModelRecord,
    TestCaseRecord,
    TestSuiteRecord,
)
from kolena_local.repository.rows import Repository, as_records
from kolena_local.repository.sample_conditions import check_fields, satisfying
from kolena_local.repository.suite_samples import PLACES
from kolena_local.repository.test_cases import TestCases
from kolena_local.repository.test_suites import TestSuites

_PAGE: Final = 2000


class Source(NamedTuple):
    """Where samples are looked for.

    Attributes:
        record: a version of a test suite or a test case.
        label: its name, or ``name@3`` if it is always to be this version.
        model: the model whose inferences conditions are about.
    """

    record: TestSuiteRecord | TestCaseRecord
    label: str
    model: ModelRecord | None = None

    @property
    def noun(self) -> str:
        """What it is, ``test suite`` or ``test case``."""
        return "test suite" if isinstance(self.record, TestSuiteRecord) else "test case"

    @property
    def row(self) -> HeldRow:
        """The row that the record was made from."""
        one = self.record
        return HeldRow(self.noun, one.name, one.id, one.uid, one.version)

    def __str__(self) -> str:
        return f"the {self.noun} '{self.label}'"


class SampleSearch(Repository):
    """The search for samples, inside one transaction."""

    def source(self, label: str, model: str | None = None) -> Source:
        """Return the test suite or the test case of a name; the test suite if there are both.

        Args:
            label: its name, or ``name@3`` for a version of it.
            model: the name of a model.

        Raises:
            NotFoundError: there is none, or no such model.
        """
        suites, cases = TestSuites(self._sql), TestCases(self._sql)
        found = suites.find(label) or cases.find(label)
        if found is None:
            name, version = split_label(label)
            if suites.find(name) is not None:
                found = suites.get(name, version)
            elif cases.find(name) is not None:
                found = cases.get(name, version)
            else:
                names = [one.name for one in suites.list()] + [one.name for one in cases.list()]
                raise unknown("test suite or test case", name, names)
        return Source(found, label, None if model is None else Models(self._sql).get(model))

    def find(
        self, source: Source, conditions: Sequence[Condition], *, after: int = -1
    ) -> Iterator[FoundSample]:
        """Iterate over the samples that satisfy conditions, in order, with one page in memory.

        A sample to which test cases of a suite give different ground truths comes once with each.

        Args:
            source: where to look.
            conditions: all must hold.
            after: the place of the last sample that was seen; -1 to begin.

        Raises:
            InputValidationError: no sample has the field of a condition, or it needs a model.
        """
        self.check(source, [condition.path for condition in conditions])
        pages = self.pages(source, after)
        return chain.from_iterable(satisfying(page, conditions) for page in pages)

    def pages(self, source: Source, after: int = -1) -> Iterator[list[FoundSample]]:
        """Iterate over all samples that come after a place, in order.

        Those of a dataset are its rows.
        """
        record = source.record
        cases = self._cases(record) if isinstance(record, TestSuiteRecord) else (record,)
        model = None if source.model is None else source.model.id
        suite: dict[str, int | None] = {"suite": None, "suite_version": None}
        if isinstance(record, TestSuiteRecord) and len(cases) > 1:
            suite = {"suite": record.id, "suite_version": record.version}
        for number, case in enumerate(cases):
            given = {"case": case.id, "version": case.version, "number": number, "model": model}
            start = max(after, number * PLACES - 1)
            while page := self._page({**suite, **given, "after": start - number * PLACES}):
                yield page
                start = page[-1].place

    def _cases(self, suite: TestSuiteRecord) -> Sequence[TestCaseRecord]:
        # A dataset's suite may have slices of it, which keep rows that it had earlier.
        rows = self._sql.value(
            "SELECT test_case_id FROM dataset WHERE test_suite_id = ?", (suite.id,)
        )
        return [case for case in suite.test_cases if rows is None or case.id == rows]

    def check(self, source: Source, paths: Sequence[Path]) -> None:
        """Make sure that each field exists in at least one sample.

        Raises:
            InputValidationError: one does not, or it needs a model.
        """
        for path in paths:
            if path[0] == "inference" and source.model is None:
                raise InputValidationError(
                    f"'{path_text(path)}' is in the inferences of models; choose a model."
                )
        whose = "" if source.model is None else f" with inferences of '{source.model.name}'"
        check_fields(paths, self.pages(source), f"{source}{whose}")

    def _page(self, parameters: dict[str, Any]) -> list[FoundSample]:
        rows = self._sql.fetch(
            f"""
            SELECT :number * {PLACES} + member.position, sample.id, truth.id, sample.payload,
                sample.metadata, truth.payload, inference.payload
            FROM test_case_member AS member
            CROSS JOIN test_sample AS sample ON sample.id = member.test_sample_id
            CROSS JOIN ground_truth AS truth ON truth.id = member.ground_truth_id
            LEFT JOIN inference ON inference.model_id = :model
                AND inference.test_sample_id = member.test_sample_id AND inference.stale = 0
            WHERE member.test_case_id = :case AND member.position > :after
                AND member.added <= :version
                AND (member.removed IS NULL OR member.removed > :version)
                AND NOT EXISTS (
                    -- The same in an earlier test case of the suite.
                    SELECT 1 FROM test_case_member AS other INDEXED BY test_case_member_sample
                    CROSS JOIN test_suite_member AS pinned
                        ON pinned.test_suite_id = :suite AND pinned.version = :suite_version
                        AND pinned.test_case_id = other.test_case_id
                        AND pinned.position < :number
                        AND other.added <= pinned.test_case_version
                        AND (other.removed IS NULL OR other.removed > pinned.test_case_version)
                    WHERE :number > 0 AND other.test_sample_id = member.test_sample_id
                        AND other.ground_truth_id = member.ground_truth_id)
            ORDER BY member.position LIMIT {_PAGE}
            """,
            parameters,
        )
        return as_records(FoundSample, rows)
