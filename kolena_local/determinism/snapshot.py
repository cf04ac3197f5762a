"""``assert_inferences_match``: whether a model's inferences are those of a snapshot in a file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from kolena_local.comparison.arguments import location_of, name_of, selection_of
from kolena_local.determinism.answers import Leaf, Tolerance, check_tolerance, differing
from kolena_local.determinism.snapshot_file import (
    Answer,
    Answers,
    SnapshotFile,
    answer_of,
    in_order,
)
from kolena_local.errors import IncorrectUsageError, InputValidationError, WorkflowMismatchError
from kolena_local.exchange.schema_check import SchemaError, fitting, shown
from kolena_local.exchange.stored_schema import read_schema
from kolena_local.payload import CLASS_KEY, is_class_name
from kolena_local.plurals import agreeing, counted
from kolena_local.workflow.arguments import check_flag

if TYPE_CHECKING:
    from kolena_local.exchange.schema_check import Schema
    from kolena_local.repository import Unit
    from kolena_local.repository.records import ModelRecord, TestSuiteRecord
    from kolena_local.workflow import Model, TestSuite

_PAGE: Final = 1000
_SHOWN: Final = 5
_UPDATE: Final = "run pytest with --kolena-update (or pass update=True, without pytest)"


def assert_inferences_match(
    model: str | Model,
    test_suite: str | TestSuite,
    path: str | os.PathLike[str],
    tolerance: float | None = None,
    *,
    update: bool = False,
) -> str | None:
    """Assert that a model's stored inferences for a test suite are those of a snapshot.

    A snapshot is a JSON Lines file with the sample and the inference on each line. Floats may
    differ by the tolerance; everything else must be equal, where NaN equals NaN, and 1 equals 1.0.

    Args:
        model: a model that was tested on the suite, or its name.
        test_suite: the test suite, or its name; ``name@3`` is version 3.
        path: the file; a relative path starts at the current folder, and with the pytest fixture
            of this name at the folder of the test's file.
        tolerance: floats may differ by this plus this times the value of the snapshot; 0 allows
            nothing. None allows 1e-5 plus 1.3e-6 of the value, as
            ``torch.testing.assert_close`` does for float32.
        update: write what differs into the file instead, or a new file. Inferences that are within
            the tolerance stay as they are in the file.

    Returns:
        With ``update``, a sentence on what has changed in the file; None if nothing has.

    Raises:
        AssertionError: an inference differs, or a sample is not in both; or there is no such file.
        IncorrectUsageError: a sample has no inference, or one that waits to be inferred again; or
            the test suite has no samples.
        InputValidationError: an argument is invalid, or the file is not a snapshot of this
            workflow; it is not overwritten then.
        WorkflowMismatchError: model and test suite belong to different workflows.
        NotFoundError: there is no such model or test suite.
    """
    from kolena_local.repository import open_store

    allowed, is_update = check_tolerance(tolerance), check_flag(update, "update")
    store = open_store(location_of(model, test_suite), create=False)
    with store.read() as unit:
        record = unit.models.get(name_of(unit, model))
        chosen = selection_of(unit, test_suite, None, None)
        suite = unit.test_suites.get(chosen.test_suite, chosen.version)
        if record.workflow != suite.workflow:
            raise WorkflowMismatchError(
                f"The model {record.name!r} belongs to the workflow {record.workflow!r}, the test"
                f" suite {suite.name!r} to {suite.workflow!r}; choose them from one workflow."
            )
        file = SnapshotFile(path, record.workflow)
        if not file.exists and not is_update:
            raise AssertionError(f"There is no snapshot {file.name}; to write it, {_UPDATE}.")
        now = in_order(_answers(unit, record, suite))
        schemas = unit.workflows.schemas(record.workflow)
    schema: Schema = {"title": "Inference"}
    if schemas is not None:
        schema = read_schema(schemas.inference, record.workflow, "inference")
    if is_update:
        return _update(file, now, allowed, store.location)
    found = _Comparison.of(file.read(), now, allowed)
    if not found.is_equal:
        raise AssertionError(
            f"The inferences of the model {record.name!r} for the test suite {suite.name!r} do not"
            f" match the snapshot {file.name}:\n{found.report(schema)}\n"
            f"To accept the inferences as they are now, {_UPDATE}."
        )
    return None


class _Difference(NamedTuple):
    before: Answer
    after: Answer
    leaf: Leaf


class _Comparison(NamedTuple):
    """What a snapshot and the inferences of now have in common, and what not."""

    common: int
    differences: list[_Difference]
    added: list[Answer]
    removed: list[Answer]

    @classmethod
    def of(cls, before: Answers, now: Answers, allowed: Tolerance) -> _Comparison:
        common = [key for key in now if key in before]
        differences = []
        for key in common:
            leaves = differing(before[key].inference, now[key].inference, allowed)
            leaf = next((one for one in leaves if not one.is_allowed), None)
            if leaf is not None:
                differences.append(_Difference(before[key], now[key], leaf))
        added = [one for key, one in now.items() if key not in before]
        removed = [one for key, one in before.items() if key not in now]
        return cls(len(common), differences, added, removed)

    @property
    def is_equal(self) -> bool:
        return not (self.differences or self.added or self.removed)

    def report(self, schema: Schema) -> str:
        """Return what differs, line by line."""
        lines = []
        if self.differences:
            number = len(self.differences)
            verb = agreeing(number, "differs", "differ")
            lines.append(f"{number} of {counted(self.common, 'sample')} {verb}:")
            lines += [f"  {_described(one, schema)}" for one in self.differences[:_SHOWN]]
            lines += ["  ..."] * (number > _SHOWN)
        if self.added:
            verb = agreeing(len(self.added), "is", "are")
            lines.append(
                f"{counted(len(self.added), 'sample')} {verb} not in the snapshot:"
                f" {_names(self.added)}"
            )
        if self.removed:
            verb = agreeing(len(self.removed), "is", "are")
            lines.append(
                f"{counted(len(self.removed), 'sample')} of the snapshot {verb} not in the test"
                f" suite: {_names(self.removed)}"
            )
        return "\n".join(lines + self._outdated(schema))

    def _outdated(self, schema: Schema) -> list[str]:
        """Return a line if the snapshot does not fit the class of today."""
        fit = fitting(schema)
        for one in self.differences:
            try:
                fit(one.before.inference)
            except SchemaError as error:
                return [
                    f"The snapshot was written for an earlier {schema['title']}, whose fields were"
                    f" different: {error}, in the sample {one.before.name!r:.80}."
                ]
        return []


def _answers(unit: Unit, model: ModelRecord, suite: TestSuiteRecord) -> Answers:
    """Return the model's inferences.

    Raises:
        IncorrectUsageError: some are missing or waiting, or there is nothing to infer.
    """
    ids = unit.suite_samples.ids(suite.id, suite.version)
    if not ids:
        raise IncorrectUsageError(
            f"The test suite {suite.name!r} has no samples, so there is nothing to match."
        )
    found: Answers = {}
    pending = []
    for start in range(0, len(ids), _PAGE):
        page = ids[start : start + _PAGE]
        for row in unit.inferences.suite_rows(model.id, suite.id, suite.version, page):
            key, one = answer_of(
                f'{{"sample":{row.payload},"inference":{row.inference or "null"}}}'
            )
            found[key] = one
            if row.inference is None or row.is_waiting:
                pending.append(one)
    if pending:
        raise IncorrectUsageError(
            f"{len(pending)} of {counted(len(ids), 'sample')} of the test suite {suite.name!r}"
            f" {agreeing(len(pending), 'has', 'have')} no inference of the model {model.name!r}, or"
            f" one that is waiting to be inferred again: {_names(pending)}; run test() first."
        )
    return found


def _update(file: SnapshotFile, now: Answers, allowed: Tolerance, store: str) -> str | None:
    before: Answers = {}
    problem = ""
    if file.exists:
        try:
            before = file.read()
        except InputValidationError:  # conflict markers, say
            problem = ", which could not be read before"
    found = _Comparison.of(before, now, allowed)
    different = {id(one.after) for one in found.differences}
    kept = [
        one if key not in before or id(one) in different else before[key]
        for key, one in now.items()
    ]
    if not file.write(kept, store):
        return None
    parts = [
        f"{counted(len(some), 'inference')} {verb}"
        for some, verb in (
            (found.differences, "changed"),
            (found.added, "added"),
            (found.removed, "removed"),
        )
        if some
    ]
    done = "updated" if file.exists else "written"
    return f"The snapshot {file.name}{problem} was {done}: {', '.join(parts) or 'lines moved'}."


def _described(one: _Difference, schema: Schema) -> str:
    leaf, kind = one.leaf, schema["title"]
    if isinstance(one.after.inference, dict):
        named = one.after.inference.get(CLASS_KEY)
        kind = named[1] if is_class_name(named) else kind
    before = "missing" if leaf.missing == "stored" else shown(leaf.stored, 100)
    after = "missing" if leaf.missing == "again" else shown(leaf.again, 100)
    by = "" if leaf.difference is None else f", a difference of {leaf.difference:.3g}"
    place = f"{kind}.{leaf.path}" if leaf.path else kind
    return f"{one.after.name!r:.200}: {place} is {before} in the snapshot and {after} now{by}"


def _names(answers: Iterable[Answer]) -> str:
    names = [repr(one.name) for one in answers]
    return ", ".join([*names[:_SHOWN], *(["..."] if len(names) > _SHOWN else [])])
