"""Slices: the samples of a test suite or test case that satisfy conditions, as test cases.

A slice is planned in a read, which may take long, and stored in a short write. Its description says
where it came from, so that it can be made again.
"""

from __future__ import annotations

import json
import re
from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from kolena_local.errors import IncorrectUsageError, InputValidationError, NameConflictError
from kolena_local.payload import Json
from kolena_local.plurals import agreeing, counted
from kolena_local.repository.conditions import Condition
from kolena_local.repository.held import HeldRows
from kolena_local.repository.metadata_paths import Path, path_text
from kolena_local.repository.models import Models
from kolena_local.repository.records import (
    HeldRow,
    MemberChange,
    TestCaseRecord,
)
from kolena_local.repository.rows import Repository, Sql, as_ids
from kolena_local.repository.sample_conditions import (
    joined,
    read_all,
    satisfying,
    values_of,
)
from kolena_local.repository.sample_search import SampleSearch, Source
from kolena_local.repository.strata import by_bucket, by_value
from kolena_local.repository.test_cases import TestCases
from kolena_local.repository.test_suites import TestSuites
from kolena_local.repository.workflows import Workflows

_NAME: Final = r'("(?:[^"\\]|\\.)*")'
_DESCRIPTION: Final = re.compile(
    rf"Slice of the test (suite|case) {_NAME}(?: with inferences of {_NAME})? where (.*)", re.DOTALL
)


class Slice(NamedTuple):
    """A test case that is not stored yet: samples with their ground truths, by their ids.

    ``source`` is the row of the test suite or test case that they were found in.
    """

    source: HeldRow
    workflow: str
    name: str
    description: str
    samples: array[int]
    ground_truths: array[int]


class Slices(Repository):
    """The slices of test suites and test cases, inside one transaction."""

    def __init__(self, sql: Sql) -> None:
        super().__init__(sql)
        self._search = SampleSearch(sql)

    def described(self, description: str) -> tuple[Source, list[Condition]]:
        """Return where a slice came from and its conditions, by its description.

        Raises:
            InputValidationError: it is not the description of a slice.
            NotFoundError: the test suite, test case or model of that name is no longer there.
        """
        match = _DESCRIPTION.fullmatch(description)
        if match is None:
            raise InputValidationError(
                f"{description!r:.80} is not the description of a slice; give the test suite and"
                " the conditions."
            )
        noun, label, model, conditions = match.groups()
        rows = TestSuites(self._sql) if noun == "suite" else TestCases(self._sql)
        record = rows.resolve(json.loads(label))
        whose = None if model is None else Models(self._sql).get(json.loads(model))
        return Source(record, json.loads(label), whose), read_all([conditions])

    def plan(self, name: str, source: Source, conditions: Sequence[Condition]) -> Slice:
        """Return the test case of the samples that satisfy conditions.

        Raises:
            InputValidationError: as :meth:`SampleSearch.find`; or there is no condition, or no
                sample that satisfies all.
            IncorrectUsageError: a sample would have two ground truths.
        """
        if not conditions:
            raise InputValidationError(
                "A slice needs at least one condition, such as metadata.hour >= 20."
            )
        samples, truths = array("q"), array("q")
        self._search.check(source, [condition.path for condition in conditions])
        for page in self._search.pages(source):
            found = satisfying(page, conditions)
            samples += as_ids(row.test_sample_id for row in found)
            truths += as_ids(row.ground_truth_id for row in found)
        if not samples:
            raise InputValidationError(
                f"No sample of {source} satisfies {joined(conditions)}, so there is no test case to"
                " make; change the conditions."
            )
        return self._slice(name, source, conditions, samples, truths)

    def plan_strata(
        self,
        name: str,
        source: Source,
        conditions: Sequence[Condition],
        path: Path,
        buckets: int | None = None,
    ) -> tuple[list[Slice], list[str]]:
        """Return a test case for each value of a field, or for each of some ranges of numbers.

        Args:
            name: how the names of the test cases begin.
            source: where to look.
            conditions: only samples that satisfy all of them.
            path: the field.
            buckets: how many ranges; None for single values.

        Returns:
            The test cases, and what the caller did not get: samples that are in none, because they
            have no value, and buckets.

        Raises:
            InputValidationError: as :meth:`SampleSearch.find`; or there would be no test case, or
                too many; or the values are not numbers to be divided, or not single values.
            IncorrectUsageError: a sample would have two ground truths.
        """
        self._search.check(source, [path, *(condition.path for condition in conditions)])
        samples, truths, values = array("q"), array("q"), list[Json]()
        for page in self._search.pages(source):
            found = satisfying(page, conditions)
            samples += as_ids(row.test_sample_id for row in found)
            truths += as_ids(row.ground_truth_id for row in found)
            values += values_of(found, path)
        strata = by_value(path, values) if buckets is None else by_bucket(path, values, buckets)
        if not strata:
            raise InputValidationError(
                f"No sample of {source} that satisfies the conditions has a value in"
                f" {path_text(path)}, so there is no test case to make; change them."
            )
        slices = [
            self._slice(
                f"{name}: {label}",
                source,
                [*conditions, *added],
                array("q", [samples[place] for place in places]),
                array("q", [truths[place] for place in places]),
            )
            for label, added, places in strata
        ]
        missing = len(values) - sum(len(one.samples) for one in slices)
        remarks = []
        if missing:
            remarks.append(
                f"{counted(missing, 'sample')} of {source} {agreeing(missing, 'is', 'are')} in none"
                f" of the test cases, because {agreeing(missing, 'it has', 'they have')} no value"
                f" in {path_text(path)}."
            )
        if buckets is not None and len(slices) < buckets:
            remarks.append(
                f"{path_text(path)} makes {counted(len(slices), 'test case')} instead of {buckets},"
                " because equal numbers are not divided."
            )
        return slices, remarks

    def put(
        self, slices: Sequence[Slice], *, reset: bool = False
    ) -> list[tuple[str, TestCaseRecord]]:
        """Store test cases; one that has the same samples already stays as it is.

        Args:
            slices: what to store.
            reset: whether a test case that has other samples gets these, in a new version.

        Returns:
            What was done with each, ``created``, ``edited`` or ``kept``, and its record.

        Raises:
            NameConflictError: a test case has the name but other samples, or belongs to another
                workflow.
            NotFoundError: the test suite or test case that samples were found in was deleted since,
                or the store file replaced.
            InputValidationError: the name is blank.
        """
        HeldRows(self._sql).check({one.source for one in slices})
        return [self._put(one, reset) for one in slices]

    def _put(self, wanted: Slice, reset: bool) -> tuple[str, TestCaseRecord]:
        cases = TestCases(self._sql)
        before = cases.find(wanted.name)
        what = "created"
        if before is None:
            workflow = Workflows(self._sql).get(wanted.workflow)
            record = cases.add(workflow.id, wanted.name, wanted.description)
        else:
            record = before
            if record.workflow != wanted.workflow:
                raise NameConflictError(
                    f"The test case '{record.name}' belongs to the workflow '{record.workflow}',"
                    f" not '{wanted.workflow}'; choose another name."
                )
            what = "edited"
            if not reset:
                self._refuse_different(record, wanted)
                return "kept", record
        changes = [
            MemberChange(*pair, False)
            for pair in zip(wanted.samples, wanted.ground_truths, strict=True)
        ]
        edited = cases.edit(
            record.id,
            record.version,
            description=wanted.description,
            reset=True,
            changes=changes,
        )
        return "kept" if edited.version == record.version else what, edited

    def _refuse_different(self, record: TestCaseRecord, wanted: Slice) -> None:
        query = """
            SELECT test_sample_id, ground_truth_id FROM test_case_member
            WHERE test_case_id = ? AND removed IS NULL
        """
        stored = set(self._sql.fetch(query, (record.id,)))
        planned = set(zip(wanted.samples, wanted.ground_truths, strict=True))
        if stored != planned:
            raise NameConflictError(
                f"There is a test case '{record.name}' already (version {record.version}), with"
                f" other samples: {len(planned - stored)} would be added and"
                f" {len(stored - planned)} removed; use reset for a new version, or choose another"
                " name."
            )

    def _slice(
        self,
        name: str,
        source: Source,
        conditions: Sequence[Condition],
        samples: array[int],
        truths: array[int],
    ) -> Slice:
        if len(set(samples)) < len(samples):
            twin = next(id_ for id_, times in Counter(samples).items() if times > 1)
            payload = self._sql.value("SELECT payload FROM test_sample WHERE id = ?", (twin,))
            raise IncorrectUsageError(
                f"Test cases of {source} have different ground truths for the same sample, such as"
                f" {payload:.200}; make the slice from one of its test cases, or add a condition on"
                " the ground truth."
            )
        description = _description(source, conditions)
        return Slice(source.row, source.record.workflow, name, description, samples, truths)


def _description(source: Source, conditions: Sequence[Condition]) -> str:
    """Return the description of a slice, which :meth:`Slices.described` reads."""
    whose = "" if source.model is None else f" with inferences of {_quoted(source.model.name)}"
    return f"Slice of the {source.noun} {_quoted(source.label)}{whose} where {joined(conditions)}"


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)
