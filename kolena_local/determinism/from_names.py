"""Check models that are given by name, with functions and evaluators of the user's own modules."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from kolena_local import repository
from kolena_local.determinism.check import check_determinism
from kolena_local.determinism.metrics import MetricsCheck, verify_metrics
from kolena_local.errors import InputValidationError
from kolena_local.execution.model_calls import noting
from kolena_local.repository.determinism_checks import DeterminismCheck
from kolena_local.workflow.define_workflow import latest_classes


def verify(
    model: str,
    test_suite: str,
    infer: str | None,
    evaluator: str | None,
    *,
    n: int,
    seed: int,
    tolerance: float | None,
    fresh_process: bool,
) -> DeterminismCheck | MetricsCheck:
    """Ask a model again if ``infer`` is given; else compute its metrics again.

    Args:
        model: the name of the model.
        test_suite: the name of the test suite; ``name@3`` is version 3.
        infer: where the model's function is, as ``module:function``.
        evaluator: where the evaluator is, as ``module:object``; needed without ``infer``.
        n: as for the functions in Python, as are the others.
        seed: the seed of the random sample.
        tolerance: how much floats may differ.
        fresh_process: ask in a new process.

    Raises:
        InputValidationError: one of them cannot be found, or the modules do not define the
            workflow.
        KolenaError: as the functions in Python.
    """
    with repository.open_store(create=False).read() as unit:
        record = unit.models.get(model)
        suite = unit.test_suites.resolve(test_suite)
    function = None if infer is None else _imported("--infer", infer)
    judge = None if evaluator is None else _imported("--evaluator", evaluator)
    if isinstance(judge, type):
        with noting(f"making the evaluator {evaluator!r}"):
            judge = judge()
    classes = latest_classes(record.workflow)
    if classes is None:
        raise InputValidationError(
            f"The module of {infer or evaluator!r} does not define the workflow"
            f" {record.workflow!r}; import the module there that calls define_workflow() for it."
        )
    suite_class, model_class = classes
    subject = model_class.load(model, infer=function)
    on = suite_class.load(suite.name, version=suite.version)
    if function is None:
        return verify_metrics(subject, on, judge, n, seed, tolerance)
    return check_determinism(subject, on, n, seed, tolerance, fresh_process, judge)


def _imported(option: str, place: str) -> Any:
    """Import an object that the user named.

    Raises:
        InputValidationError: it is not of the form ``module:object``, or there is no such object.
    """
    module_name, _, path = place.partition(":")
    if not module_name or not path:
        raise InputValidationError(
            f"{option} must be of the form module:object, such as my_model:infer, not {place!r}."
        )
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)  # as python -m does
    try:
        with noting(f"importing {module_name!r}"):
            found: Any = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise InputValidationError(
            f"{option}: there is no module {error.name!r} in {folder!r} or among the installed"
            " ones; run the command where it is."
        ) from None
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            raise InputValidationError(
                f"{option}: the module {module_name!r} has no {path!r}."
            ) from None
    return found
