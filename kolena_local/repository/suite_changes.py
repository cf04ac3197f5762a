"""Test suites made and changed by the names of their test cases, as the command line does."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from kolena_local.errors import InputValidationError, NameConflictError, NotFoundError
from kolena_local.repository.records import TestCaseRecord, TestSuiteRecord
from kolena_local.repository.rows import Repository
from kolena_local.repository.test_cases import TestCases
from kolena_local.repository.test_suites import TestSuites
from kolena_local.repository.workflows import Workflows


class SuiteChanges(Repository):
    """Changes of test suites, inside one transaction.

    Test cases are given by name, as ``name@3`` for a version, or as patterns with ``*``, ``?`` and
    ``[…]``.
    """

    def create(
        self, name: str, test_cases: Sequence[str], description: str, tags: Collection[str]
    ) -> TestSuiteRecord:
        """Make a test suite at version 1.

        Raises:
            NameConflictError: a test suite of that name exists.
            NotFoundError: there is no such test case.
            InputValidationError: the name or a tag is blank, or a test case is given in two
                versions or belongs to another workflow than the first.
        """
        suites = TestSuites(self._sql)
        known = suites.find(name)
        if known is not None:
            raise NameConflictError(
                f"There is a test suite '{name}' already (version {known.version}); edit it, or"
                " give the new one another name."
            )
        cases = self._named(test_cases)
        workflow = next(iter(cases.values())).workflow
        _check_workflow(cases.values(), f"test suite '{name}'", workflow)
        suite = suites.add(Workflows(self._sql).get(workflow).id, name, description, tags)
        return suites.replace_test_cases(suite.id, suite.version, _pins(cases))

    def edit(
        self,
        name: str,
        *,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        description: str | None = None,
        tags: Collection[str] = (),
        untag: Collection[str] = (),
    ) -> TestSuiteRecord:
        """Change a test suite; there is a new version only if its list of test cases changes.

        Args:
            add: test cases; one that is there in another version keeps its place.
            remove: test cases, in whatever version.
            description: the new description; None keeps it.
            tags: tags to add.
            untag: tags to remove.

        Raises:
            NotFoundError: there is no such test suite or test case, or it is not there to remove.
            InputValidationError: as :meth:`create`.
        """
        suites = TestSuites(self._sql)
        record = suites.get(name)
        before = {case.id: case for case in record.test_cases}
        cases = dict(before)
        for id_, case in self._named(remove).items():
            if cases.pop(id_, None) is None:
                raise NotFoundError(
                    f"The test suite '{name}' has no test case '{case.name}' to remove."
                )
        added = self._named(add)
        _check_workflow(added.values(), f"test suite '{name}'", record.workflow)
        cases.update(added)
        if description is not None:
            suites.set_description(record.id, description)
        if tags or untag:
            suites.set_tags(record.id, suites.changed_tags(record, tags, untag))
        if _pins(cases) != _pins(before):
            suites.replace_test_cases(record.id, record.version, _pins(cases))
        return suites.get(name)

    def _named(self, names: Sequence[str]) -> dict[int, TestCaseRecord]:
        rows = TestCases(self._sql)
        found: dict[int, TestCaseRecord] = {}
        for name in names:
            matching = [] if rows.find(name) else rows.list(pattern=name)
            for case in matching or [rows.resolve(name)]:
                if found.setdefault(case.id, case) != case:
                    raise InputValidationError(
                        f"The test case '{case.name}' is given in the versions"
                        f" {found[case.id].version} and {case.version}; a test suite has it once."
                    )
        return found


def _check_workflow(cases: Collection[TestCaseRecord], whose: str, workflow: str) -> None:
    for case in cases:
        if case.workflow != workflow:
            raise InputValidationError(
                f"The test case '{case.name}' belongs to the workflow '{case.workflow}', but the"
                f" {whose} to '{workflow}'; leave it out."
            )


def _pins(cases: dict[int, TestCaseRecord]) -> list[tuple[int, int]]:
    return [(case.id, case.version) for case in cases.values()]
