"""Inference: ask the model for the inferences that a run still needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kolena_local.errors import InputValidationError
from kolena_local.execution.infer_pending import infer_pending
from kolena_local.execution.model_calls import InferenceOptions, ModelFunctions
from kolena_local.fingerprint import comparable, infer_fingerprint
from kolena_local.log import logger
from kolena_local.plurals import agreeing, counted
from kolena_local.warn import warn
from kolena_local.workflow.model import Model

if TYPE_CHECKING:
    from kolena_local.workflow.test_run import TestRun


def infer_run(run: TestRun, options: InferenceOptions) -> None:
    """Infer the samples of a run that have no inference, and save the inferences.

    Raises:
        InputValidationError: there are some and the model has no ``infer``; or an inference cannot
            be stored.
    """
    model, suite, store = run.model, run.test_suite, run._store()
    with store.read() as unit:
        pending = unit.inferences.pending(model._id, suite._id, suite.version)
    if not pending:
        logger.info("model %r has all inferences of test suite %r", model.name, suite.name)
        return
    functions = ModelFunctions(model.infer, model.infer_batch)
    if functions == (None, None):
        raise InputValidationError(
            f"The model {model.name!r} has no infer, and {counted(len(pending), 'sample')} of"
            f" the test suite {suite.name!r} {agreeing(len(pending), 'has', 'have')} no"
            f" inference; pass infer to {type(model).__name__}()."
        )
    with store.write() as unit:
        begins = not unit.inferences.count(model._id)
        if run.reset or begins:
            unit.models.set_infer_fingerprint(model._id, _fingerprint(model))
        if run.reset or (begins and run._provenance is not None):
            unit.provenances.set_of_model(model._id, run._provenance, replace=True)
    codec = suite.workflow._codec
    infer_pending(store, codec, model._id, pending, suite.name, functions, options, run._provenance)


def warn_of_another_infer(run: TestRun) -> None:
    """Warn if other code made the inferences that the run uses."""
    model, suite = run.model, run.test_suite
    with run._store().read() as unit:
        before = unit.models.infer_fingerprint(model._id)
        now = _fingerprint(model)
        if before == now or not comparable(before, now):
            return
        pending = len(unit.inferences.pending(model._id, suite._id, suite.version))
        done = unit.suite_samples.count(suite._id, suite.version) - pending
    if done:
        warn(
            f"The model {model.name!r} has {counted(done, 'inference')} of the test suite"
            f" {suite.name!r} that were made by other code than the infer passed now, and keeps"
            " them. Pass reset=True to infer all samples again, or give the model another name."
        )


def _fingerprint(model: Model) -> str | None:
    return infer_fingerprint(model.infer_batch or model.infer)
