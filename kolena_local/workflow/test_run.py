"""Test a model on a test suite: infer pending samples, evaluate, and store the results."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from kolena_local import location
from kolena_local.collector import collector_paused
from kolena_local.errors import (
    IncorrectUsageError,
    InputValidationError,
    KolenaError,
)
from kolena_local.execution.infer_pending import iter_samples
from kolena_local.execution.model_calls import InferenceOptions
from kolena_local.fingerprint import evaluator_fingerprint
from kolena_local.log import logger
from kolena_local.plurals import agreeing, counted
from kolena_local.repository.records import Facts, HeldRow, TestRunRecord
from kolena_local.warn import warn
from kolena_local.workflow import overview
from kolena_local.workflow.arguments import check_flag, check_list, check_pairs, write_all
from kolena_local.workflow.entity import Entity
from kolena_local.workflow.evaluator import Evaluator, EvaluatorConfiguration, name_in_code
from kolena_local.workflow.evaluator_function import BasicEvaluatorFunction
from kolena_local.workflow.inference import Inference
from kolena_local.workflow.model import Model
from kolena_local.workflow.plot import Plot
from kolena_local.workflow.run_arguments import check_arguments, check_version, display_name
from kolena_local.workflow.run_evaluation import evaluate_run
from kolena_local.workflow.run_inference import infer_run, warn_of_another_infer
from kolena_local.workflow.run_plots import load_plots
from kolena_local.workflow.test_sample import TestSample
from kolena_local.workflow.test_suite import TestSuite

if TYPE_CHECKING:
    import pandas as pd

    from kolena_local.repository import Unit


class TestRun(Entity):
    """The test of a model on a version of a test suite by an evaluator.

    A run that is already in the store is continued.

    Args:
        model: the model; ``run`` needs its ``infer`` if samples have no inference.
        test_suite: a test suite of the same workflow.
        evaluator: an :class:`Evaluator` or a function; None computes no metrics.
        configurations: the settings for an evaluator function that takes a configuration; an
            ``Evaluator`` has its own.
        reset: infer all samples again, even those that have an inference.

    Raises:
        WorkflowMismatchError: model and test suite belong to different workflows.
        NameConflictError: the test suite was loaded as the latest version, and there is a newer
            version now.
        InputValidationError: the evaluator is invalid, or takes a configuration and none is given.
    """

    _noun = "test run"

    model: Model
    test_suite: TestSuite
    evaluator: Evaluator | BasicEvaluatorFunction | None
    configurations: list[EvaluatorConfiguration] | None
    reset: bool
    _fingerprint: str | None
    _provenance: Facts | None

    def __init__(
        self,
        model: Model,
        test_suite: TestSuite,
        evaluator: Evaluator | BasicEvaluatorFunction | None = None,
        configurations: list[EvaluatorConfiguration] | None = None,
        reset: bool = False,
    ) -> None:
        given = check_list(configurations, "configurations must be a list")
        check_arguments(model, test_suite, evaluator, given)
        wanted_reset = check_flag(reset, "reset")
        evaluator_name, provenance = display_name(evaluator), model._captured()
        store = test_suite._store(model)
        with store.write() as unit:
            check_version(test_suite, unit.test_suites.at(test_suite._id).version)
            record = unit.test_runs.ensure(
                model._id, test_suite._id, test_suite.version, evaluator_name
            )
        self._mirror(
            store.store,
            record,
            model=model,
            test_suite=test_suite,
            evaluator=evaluator,
            configurations=None if configurations is None else given,
            reset=wanted_reset,
            # Now, before inference: the source may be edited while that takes its time.
            _fingerprint=None if evaluator is None else evaluator_fingerprint(evaluator),
            _provenance=provenance,
        )

    def run(
        self,
        *,
        executor: Executor | None = None,
        workers: int | None = None,
        batch_size: int | None = None,
    ) -> None:
        """Infer pending samples, then evaluate.

        Inferences are saved in batches as they arrive. If anything raises, the run is marked as
        crashed with the text of the exception, and the exception propagates, with a note that names
        the test sample if the model raised it; saved inferences stay, and the next run continues
        from there. Another process that tests the same model at the same time infers other samples,
        and both end with the same results.

        Args:
            executor: any ``concurrent.futures.Executor`` to infer in; None infers in this thread.
                Only this process writes to the store.
            workers: the number of threads to infer in instead.
            batch_size: how many samples the model's ``infer_batch`` gets at a time; None means 64.

        Raises:
            NotFoundError: run, model or test suite was deleted, or the store file replaced,
                since it was loaded.
            InputValidationError: samples are pending and the model has neither ``infer`` nor
                ``infer_batch``; one of these did not return an inference of the workflow for each
                sample; or executor and workers are both given.
        """
        self._run(InferenceOptions(executor, workers, batch_size))

    def _run(self, options: InferenceOptions) -> None:
        if (options.batch_size or 1) > 1 and self.model.infer_batch is None:
            warn(
                f"batch_size is not used, because the model {self.model.name!r} has no infer_batch;"
                " pass infer_batch to the model."
            )
        if not self.reset:
            warn_of_another_infer(self)
        with self._running(reset=self.reset):
            infer_run(self, options)
            self._evaluate()
            hint = self._hint()
        logger.info(
            "tested model %r on test suite %r (version %d)%s",
            self.model.name,
            self.test_suite.name,
            self.test_suite.version,
            hint,
        )

    def _hint(self) -> str:
        """Return how to see the metrics; an empty string if there are none, or no file."""
        with self._store().read() as unit:
            of_cases = unit.test_runs.case_metrics(self._id)
            of_suite = unit.test_runs.suite_metrics(self._id)
        has_metrics = any(row.metrics for row in of_cases) or any(row.metrics for row in of_suite)
        if not has_metrics or location.is_memory(self._location):
            return ""
        is_usual = os.path.realpath(location.usual()) == os.path.realpath(self._location)
        names = [self.model.name, self.test_suite.name]
        arguments = [*names, *([] if is_usual else ["--db", self._location])]
        return f"; see: kolena-local results {shlex.join(arguments)}"

    def load_test_samples(self) -> list[TestSample]:
        """Load the samples that the model has no inference for; with ``reset``, all samples."""
        return list(self.iter_test_samples())

    def iter_test_samples(self) -> Iterator[TestSample]:
        """Iterate over what :meth:`load_test_samples` returns, with one page in memory."""
        suite, store = self.test_suite, self._store()
        with store.read() as unit:
            if self.reset:
                sample_ids = unit.suite_samples.ids(suite._id, suite.version)
            else:
                sample_ids = unit.inferences.pending(self.model._id, suite._id, suite.version)
        for _, sample in iter_samples(store, suite.workflow._codec, sample_ids, suite.name):
            yield sample

    @collector_paused()
    def upload_inferences(self, inferences: Sequence[tuple[TestSample, Inference]]) -> None:
        """Store inferences from elsewhere: all of them, or none if one cannot be stored.

        Args:
            inferences: pairs of test sample and inference.

        Raises:
            NotFoundError: run, model or test suite was deleted, or the store file replaced,
                since it was loaded.
            TypeError: a sample is not an instance of the workflow's type.
            InputValidationError: it is not a list of pairs, a sample is not in the test suite, or
                a value cannot be stored.
            RemoteError: a sample already has an inference, and ``reset`` is False.
        """
        suite = self.test_suite
        codec = suite.workflow._codec
        pairs = check_list(inferences, "inferences must be a list of pairs")
        kinds = {"test sample": codec.test_sample_type, "inference": object}
        samples, answers = check_pairs("inferences", pairs, kinds, TypeError)
        if not pairs:
            return
        sample_payloads = codec.write_samples(samples)
        payloads = write_all(codec.write_inferences, answers, "inferences")
        with self._store().write() as unit:
            ids = unit.suite_samples.find(suite._id, suite.version, sample_payloads)
            if None in ids:
                raise InputValidationError(
                    f"{samples[ids.index(None)]!r:.200} is not in the test suite {suite.name!r};"
                    " add it to one of its test cases first."
                )
            unit.provenances.set_of_model(self.model._id, self._provenance)
            found = cast("list[int]", ids)
            unit.inferences.put(
                self.model._id, found, payloads, replace=self.reset, provenance=self._provenance
            )

    def evaluate(self) -> None:
        """Compute metrics from stored inferences.

        If anything raises, the run is marked as crashed, and the exception propagates.

        Raises:
            NotFoundError: run, model or test suite was deleted, or the store file replaced,
                since it was loaded.
            IncorrectUsageError: inferences are waiting to be inferred again, because a reset did
                not finish; or the evaluator is a function, which needs an inference for every
                sample, and a sample has none.
        """
        with self._running():
            self._evaluate()

    def metrics_dataframe(self, level: str = "case") -> pd.DataFrame:
        """Return the metrics that the run's evaluator computed.

        Args:
            level: what a row is: ``sample``, ``case`` or ``suite``.

        Returns:
            A DataFrame with the columns configuration, test_case (NA where a sample's metrics do
            not depend on it), is_stale (whether the data has changed since they were computed; NA
            if it is not known), the fields of the sample, such as ``sample.locator``, and the
            metrics, such as ``metrics.accuracy``. Missing values are NA.

        Raises:
            InputValidationError: the level is unknown.
        """
        from kolena_local.frames import store_frames

        return store_frames.of_metrics(self._store(), self._id, level)

    def plots(self, configuration: str | None = None) -> dict[str, list[Plot]]:
        """Load the plots that the run's evaluator made.

        A warning says if they are stale, because the data has changed since.

        Args:
            configuration: the display name of an evaluator's configuration; it may be left out if
                there is only one.

        Returns:
            The plots of each test case that has any, by its name, in the order of the test suite.

        Raises:
            NotFoundError: the run has no results of the configuration; or run, model or test suite
                was deleted, or the store file replaced, since it was loaded.
            InputValidationError: there are several configurations and none was chosen, or a plot's
                class is not defined here.
        """
        return load_plots(self, configuration)

    @classmethod
    def _record(cls, unit: Unit, row: HeldRow) -> TestRunRecord:
        return unit.test_runs.get(row.id)

    def __repr__(self) -> str:
        suite, evaluator = self.test_suite, self.evaluator
        return (
            f"TestRun({self.model.name!r}, {suite.name!r}, version={suite.version},"
            f" evaluator={name_in_code(evaluator)})"
        )

    def _repr_html_(self) -> str:
        return overview.of_test_run(self)

    def _held(self) -> tuple[HeldRow, ...]:
        model, suite = self.model, self.test_suite
        run = HeldRow(self._noun, f"{model.name} on {suite.name}", self._id, self._uid)
        return (*model._held(), *suite._held(), run)

    @contextmanager
    def _running(self, *, reset: bool = False) -> Iterator[None]:
        from kolena_local.repository.file.interrupts import exit_on_sigterm

        store, run_id = self._store(), self._id
        # Batch systems and `timeout` send SIGTERM; finished inferences are saved as after Ctrl-C.
        with exit_on_sigterm():
            with store.write() as unit:
                unit.test_runs.start(run_id, self._provenance)
                if reset:
                    unit.inferences.mark_stale(
                        self.model._id, self.test_suite._id, self.test_suite.version
                    )
            try:
                yield
                with store.write() as unit:
                    unit.test_runs.complete(run_id)
            except BaseException as error:
                self._record_crash(error)
                raise

    def _record_crash(self, error: BaseException) -> None:
        text = f"{type(error).__name__}: {error}".removesuffix(": ")
        text = "\n".join([text, *map(str, getattr(error, "__notes__", ()))])
        try:
            with self._store().write() as unit:
                unit.test_runs.crash(self._id, text)
        except KolenaError as second:
            # The first exception matters more.
            if str(second) != str(error):
                logger.error("the crash of the test run could not be recorded: %s", second)

    def _evaluate(self) -> None:
        if self.evaluator is None:
            logger.info("no evaluator was given; inferences are stored and no metrics computed")
            return
        self._begin_evaluation()
        evaluate_run(self)

    def _begin_evaluation(self) -> None:
        """Refuse to compute metrics of old and new inferences together; watch for changes."""
        model, suite = self.model, self.test_suite
        with self._store().write() as unit:
            unit.test_runs.begin_evaluation(self._id)
            waiting, inferred = unit.inferences.waiting(model._id, suite._id, suite.version)
        if waiting:
            raise IncorrectUsageError(
                f"Of {counted(inferred, 'inference')} that the model {model.name!r} has for the"
                f" test suite {suite.name!r}, {inferred - waiting} can be evaluated, and {waiting}"
                f" {agreeing(waiting, 'is', 'are')} waiting to be inferred again, because a reset"
                " did not finish; run test() without reset to infer the rest first."
            )


def test(
    model: Model,
    test_suite: TestSuite,
    evaluator: Evaluator | BasicEvaluatorFunction | None = None,
    configurations: list[EvaluatorConfiguration] | None = None,
    reset: bool = False,
    *,
    executor: Executor | None = None,
    workers: int | None = None,
    batch_size: int | None = None,
) -> None:
    """Test a model on a test suite: infer pending samples, evaluate, and store the results.

    No sample is inferred twice: inferences are shared by all suites, versions and evaluators that
    use the same sample.

    The evaluator's arguments are loaded with Python's cyclic garbage collector paused, and frozen
    (``gc.freeze``) while the evaluator runs; objects that you froze yourself stay frozen.

    Args:
        model: the model.
        test_suite: a test suite of the same workflow.
        evaluator: an :class:`Evaluator` or a function; None computes no metrics.
        configurations: the settings for an evaluator function that takes a configuration; an
            ``Evaluator`` has its own.
        reset: infer all samples again, even those that have an inference.
        executor: any ``concurrent.futures.Executor`` to infer in; None infers in this thread. Only
            this process writes to the store.
        workers: the number of threads to infer in instead.
        batch_size: how many samples the model's ``infer_batch`` gets at a time; None means 64.

    Raises:
        NotFoundError: model or test suite was deleted, or the store file replaced,
            since it was loaded.
        IncorrectUsageError: the test suite has no test cases.
        WorkflowMismatchError: model and test suite belong to different workflows.
        InputValidationError: the evaluator is invalid, or takes a configuration and none is given;
            ``infer`` did not return an inference of the workflow; or executor and workers are both
            given.
    """
    options = InferenceOptions(executor, workers, batch_size)
    if isinstance(test_suite, TestSuite) and not test_suite.test_cases:
        raise IncorrectUsageError(
            f"The test suite {test_suite.name!r} has no test cases; add some before testing."
        )
    TestRun(model, test_suite, evaluator, configurations, reset)._run(options)


test.__test__ = False  # type: ignore[attr-defined]  # the name would make pytest collect it
