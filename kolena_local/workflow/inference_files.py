"""Imports a model's inferences from a file, and exports them to one, with checked arguments."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kolena_local.drafts import Destination
from kolena_local.errors import IncorrectUsageError, InputValidationError
from kolena_local.exchange.export_file import export_inferences
from kolena_local.exchange.import_file import ImportResult, import_file
from kolena_local.exchange.import_request import ON_CONFLICT, ImportRequest
from kolena_local.exchange.row_files import FORMATS, format_of
from kolena_local.exchange.row_writers import Output
from kolena_local.plurals import agreeing, counted, enumerated
from kolena_local.repository.inference_exchange import Exported
from kolena_local.warn import warn
from kolena_local.workflow.arguments import check_flag, check_list, check_type
from kolena_local.workflow.test_case import TestCase
from kolena_local.workflow.test_suite import TestSuite

if TYPE_CHECKING:
    from kolena_local.workflow.model_inferences import ModelInferences


def request(
    path: Any, on: Any, mapping: Any, on_conflict: Any, chosen: Any, encoding: Any, delimiter: Any
) -> ImportRequest:
    """Return what to import, and how.

    Raises:
        InputValidationError: an argument cannot be used.
    """
    path = _path(path)
    chosen = _format(path, chosen)
    if chosen is None:
        raise InputValidationError(f"Give format: the name {path} does not tell what is in it.")
    on = [on] if isinstance(on, str) else check_list(on, "on must be a field or a list of fields")
    check_type("mapping", {} if mapping is None else mapping, Mapping)
    fields = {column: "" if field is None else field for column, field in (mapping or {}).items()}
    for name in (*on, *fields, *fields.values()):
        check_type("a name in on or mapping", name, str)
    check_type("encoding", encoding, str)
    check_type("delimiter", "" if delimiter is None else delimiter, str)
    on_conflict = _one_of("on_conflict", on_conflict, ON_CONFLICT)
    return ImportRequest(path, chosen, on, fields, on_conflict, encoding, delimiter)


def import_into(model: ModelInferences, request: ImportRequest, dry_run: bool) -> ImportResult:
    """Store the inferences of a file; see :meth:`Model.import_inferences`."""
    return import_file(
        model._store(), model._id, model.workflow.name, request, dry_run=dry_run, warn=warn
    )


def export_of(
    model: ModelInferences, path: Any, test_case: Any, test_suite: Any, chosen: Any, waiting: Any
) -> int:
    """Write inferences into a file; see :meth:`Model.export_inferences`."""
    path = _path(path)
    chosen = _format(path, chosen) or "csv"
    if test_case is not None and test_suite is not None:
        raise IncorrectUsageError("Give test_case or test_suite, not both.")
    store, case, suite = model._store(), None, None
    if test_case is not None:
        check_type("test_case", test_case, TestCase)
        store, case = model._store_with(test_case), (test_case._id, test_case.version)
    if test_suite is not None:
        check_type("test_suite", test_suite, TestSuite)
        store, suite = model._store_with(test_suite), (test_suite._id, test_suite.version)
    waiting = None if waiting is None else check_flag(waiting, "waiting")
    wanted = Exported(model._id, case, suite, waiting)
    with store.read() as unit:
        old = unit.inferences.count_waiting(model._id)
    if old and waiting is None:
        warn(
            f"{counted(old, 'inference')} of the model {model.name!r}"
            f" {agreeing(old, 'is', 'are')} waiting to be inferred again, because a reset did not"
            " finish, and are exported, too; waiting=False leaves them out."
        )
    with store.read() as unit, Destination(path, model._location) as file:
        return export_inferences(unit, wanted, model.workflow.name, chosen, Output(file.write))


def _path(value: Any) -> str:
    path = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(path, str) or "\0" in path:
        raise InputValidationError(f"path must be the path of a file, not {value!r:.80}.")
    return path


def _format(path: str, chosen: Any) -> str | None:
    return format_of(path, None if chosen is None else _one_of("format", chosen, FORMATS))


def _one_of(name: str, value: Any, choices: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in choices:
        names = enumerated(map(repr, choices)).replace(" and ", " or ")
        raise InputValidationError(f"{name} must be {names}, not {value!r:.80}.")
    return str(value)
