"""Slices of test suites and test cases: test cases of the samples that satisfy conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from kolena_local.errors import InputValidationError
from kolena_local.log import logger
from kolena_local.warn import warn
from kolena_local.workflow.arguments import check_flag, check_list, check_name
from kolena_local.workflow.entity import NamedEntity, check_models, current_name

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.repository.conditions import Condition
    from kolena_local.repository.sample_search import Source
    from kolena_local.repository.slices import Slice
    from kolena_local.workflow.model import Model
    from kolena_local.workflow.test_case import TestCase

_Plan = Callable[["Unit", "Source", "list[Condition]"], "tuple[list[Slice], list[str]]"]


class Sliceable(NamedEntity):
    """A test suite or test case, whose samples can be made into further test cases."""

    version: int

    def slice(
        self,
        name: str,
        where: str | Iterable[str],
        *,
        model: Model | str | None = None,
        reset: bool = False,
    ) -> TestCase:
        """Make a test case of the samples that satisfy conditions, with their ground truths.

        A test case of that name that has the same samples is loaded. The description has the
        conditions.

        Args:
            name: the name of the test case.
            where: a condition, such as ``metadata.hour >= 20 and ground_truth.label = "cat"``, or a
                list of conditions that must all hold. A field begins with ``sample``, ``metadata``,
                ``ground_truth`` or ``inference``; ``!=`` holds wherever ``=`` does not.
            model: the model whose inferences conditions on ``inference`` are about, or its name.
            reset: whether a test case of that name that has other samples gets these, in a new
                version.

        Returns:
            The test case.

        Raises:
            InputValidationError: a condition is invalid, no sample has one of its fields, or none
                satisfies all.
            IncorrectUsageError: a sample would have the ground truths of two test cases.
            NameConflictError: a test case of that name has other samples, or another workflow.
            NotFoundError: the model is not in the store; or this object was deleted, or the store
                file replaced, since it was loaded.
        """
        name = check_name(name, "test case")

        def plan(
            unit: Unit, source: Source, conditions: list[Condition]
        ) -> tuple[list[Slice], list[str]]:
            return [unit.slices.plan(name, source, conditions)], []

        (made,) = self._sliced(plan, where, model, reset)
        return made

    def stratify(
        self,
        name: str,
        by: str,
        *,
        buckets: int | None = None,
        where: str | Iterable[str] = (),
        model: Model | str | None = None,
        reset: bool = False,
    ) -> list[TestCase]:
        """Make a test case for each value of a field: all of them, or none if one fails.

        Their names are ``name: weather = rain``. Samples without a value, with NaN or with infinity
        are in none; a ``KolenaWarning`` says how many.

        Args:
            name: how the names of the test cases begin.
            by: the field, such as ``metadata.weather``.
            buckets: into how many test cases of about equal size numbers are divided, 2 to 100, at
                quantiles; equal numbers stay together. None means a test case for each value.
            where: as for :meth:`slice`; only these samples are divided.
            model: as for :meth:`slice`.
            reset: as for :meth:`slice`.

        Returns:
            The test cases, in the order of the values.

        Raises:
            InputValidationError: as :meth:`slice`; or the field has more than 100 values, lists or
                objects, or with ``buckets`` a value that is not a number.
            IncorrectUsageError: as :meth:`slice`.
            NameConflictError: as :meth:`slice`.
            NotFoundError: as :meth:`slice`.
        """
        name = check_name(name, "test case")
        if not isinstance(by, str):
            raise InputValidationError(f"by must be a field, such as 'metadata.hour', not {by!r}.")
        if buckets is not None and (type(buckets) is not int or not 2 <= buckets <= 100):
            raise InputValidationError(
                f"buckets must be an integer from 2 to 100, not {buckets!r}."
            )

        def plan(
            unit: Unit, source: Source, conditions: list[Condition]
        ) -> tuple[list[Slice], list[str]]:
            from kolena_local.repository.metadata_paths import parse_path

            return unit.slices.plan_strata(name, source, conditions, parse_path(by), buckets)

        return self._sliced(plan, where, model, reset)

    def _case_type(self) -> type[TestCase]:
        raise NotImplementedError

    def _sliced(self, plan: _Plan, where: Any, model: Any, reset: Any) -> list[TestCase]:
        # Late: importing the workflow must not import the database library.
        from kolena_local.repository.sample_conditions import read_all

        reset, conditions = check_flag(reset, "reset"), read_all(_check_texts(where))
        if model is not None:
            check_models(self, [model], "model must be a model")
        store = self._store()
        with store.read() as unit:
            planned, remarks = plan(unit, self._source(unit, model), conditions)
        for remark in remarks:
            warn(remark)
        with store.write() as unit:
            done = unit.slices.put(planned, reset=reset)
        for what, record in done:
            logger.info("%s test case %r (version %d)", what, record.name, record.version)
        return [self._case_type()._mirroring(store.store, record) for _, record in done]

    def _source(self, unit: Unit, model: Model | str | None) -> Source:
        from kolena_local.repository.sample_search import Source

        rows = self._rows(unit)
        record, latest = rows.at(self._id, self.version), rows.at(self._id)
        label = record.name if record == latest else f"{record.name}@{record.version}"
        chosen = None if model is None else unit.models.get(current_name(unit, model))
        return Source(record, label, chosen)


def _check_texts(where: Any) -> list[str]:
    texts = [where] if isinstance(where, str) else check_list(where, "where must be conditions")
    for text in texts:
        if not isinstance(text, str):
            raise InputValidationError(f"A condition is text, not {text!r:.80}.")
    return texts
