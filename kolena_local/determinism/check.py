"""``check_determinism``: ask a model again for answers that are stored, and compare."""

from __future__ import annotations

import multiprocessing
import pickle
import random
from array import array
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from kolena_local.comparison.statistics.proportion import exact_interval
from kolena_local.determinism.answers import (
    DIFFERENT,
    IDENTICAL,
    WITHIN_TOLERANCE,
    check_tolerance,
    differing,
    outcome,
    worst,
)
from kolena_local.determinism.flips import changed_metrics
from kolena_local.errors import IncorrectUsageError, InputValidationError
from kolena_local.execution.infer_pending import iter_samples
from kolena_local.execution.model_calls import InferenceOptions, ModelFunctions, call_model, noting
from kolena_local.payload import dumps, loads
from kolena_local.plurals import agreeing, counted, sentence
from kolena_local.repository.determinism_checks import (
    AnswerDifference,
    CheckSettings,
    DeterminismCheck,
    MetricChange,
)
from kolena_local.warn import warn
from kolena_local.workflow.arguments import check_flag, check_list
from kolena_local.workflow.run_arguments import check_arguments, display_name

if TYPE_CHECKING:
    from kolena_local.repository.held import HeldStore
    from kolena_local.workflow import Evaluator, Model, TestSuite

_KEPT: Final = 100


def check_determinism(
    model: Model,
    test_suite: TestSuite,
    n: int = 60,
    seed: int = 0,
    tolerance: float | None = None,
    fresh_process: bool = False,
    evaluator: Evaluator | Any | None = None,
    configurations: list[Any] | None = None,
) -> DeterminismCheck:
    """Ask a model again for a random sample of its stored answers, and compare.

    The samples come in random order, so that what depends on the order, such as a random state that
    was seeded once, is found. The stored inferences stay as they are; the result of the check is
    stored and shown by ``kolena-local models show``.

    Answers are compared as they are stored. They are *identical* if all fields are equal, where NaN
    equals NaN; *within tolerance* if they differ only in floats, each by no more than 1e-5 plus
    1.3e-6 of the stored value (what ``torch.testing.assert_close`` allows for float32); else
    *different*.

    Args:
        model: the model, with ``infer`` or ``infer_batch``.
        test_suite: a test suite of the same workflow.
        n: how many stored inferences to infer again. With fewer, all of them are, and a
            ``KolenaWarning`` says so. If none of 60 differ, less than 5 % of all do, with a
            confidence of 95 %.
        seed: the seed of the random sample and its order.
        tolerance: allowed are differences of this plus this times the stored value instead; 0
            allows none.
        fresh_process: ask in a new Python process instead of this one. The model's function is
            pickled, so it must be defined in a module.
        evaluator: also compute per-sample metrics from the stored and from the new answers, and
            count those that change. It is given the chosen samples only.
        configurations: the settings for an evaluator function that takes a configuration.

    Returns:
        The counts, the interval of the share that differs, and the samples that differ.

    Raises:
        InputValidationError: the model has no ``infer``, or did not return an inference; or an
            argument is invalid.
        IncorrectUsageError: there are no stored inferences, ``infer`` cannot be pickled, or the new
            process ended.
        WorkflowMismatchError: model and test suite belong to different workflows.
        NotFoundError: model or test suite was deleted since it was loaded.
    """
    configurations = check_list(configurations, "configurations must be a list")
    check_arguments(model, test_suite, evaluator, configurations)
    number, seed = _whole("n", n, 1), _whole("seed", seed, 0)
    allowed, fresh = check_tolerance(tolerance), check_flag(fresh_process, "fresh_process")
    functions = ModelFunctions(model.infer, model.infer_batch)
    if functions == (None, None):
        raise InputValidationError(
            f"The model {model.name!r} has no infer, so it cannot be asked again; pass infer to"
            f" {type(model).__name__}()."
        )
    provenance, store = model._captured(), test_suite._store(model)
    chosen = _chosen(model, test_suite, store, number, seed)
    again = _infer_again(model, test_suite, store, chosen, functions, fresh)
    counts = dict.fromkeys((IDENTICAL, WITHIN_TOLERANCE, DIFFERENT), 0)
    differences = []
    with store.read() as unit:
        stored = unit.inferences.payloads(model._id, chosen)
        samples = dict(zip(chosen, unit.test_samples.rows(chosen), strict=True))
    if not stored:
        raise _nothing_stored(model, test_suite)
    for sample_id in chosen:
        if sample_id not in stored:
            continue  # deleted by someone else meanwhile
        leaves = list(differing(loads(stored[sample_id]), loads(again[sample_id]), allowed))
        counts[outcome(leaves)] += 1
        if outcome(leaves) == DIFFERENT:
            one = worst(leaves)
            name = _locator(samples[sample_id].payload)
            differences.append(
                AnswerDifference(sample_id, name, one.path, one.stored, one.again, one.difference)
            )
    compared: int | None = None
    flipped: int | None = None
    changes: tuple[MetricChange, ...] = ()
    if evaluator is not None:
        with noting(f"computing metrics by the evaluator {display_name(evaluator)!r}"):
            compared, flipped, changes = changed_metrics(
                model, test_suite, evaluator, configurations, stored, again, allowed
            )
    check = DeterminismCheck(
        model.name,
        test_suite.name,
        test_suite.version,
        "",
        counts[IDENTICAL],
        counts[WITHIN_TOLERANCE],
        counts[DIFFERENT],
        exact_interval(counts[DIFFERENT], sum(counts.values())),
        CheckSettings(seed, *allowed, fresh, display_name(evaluator)),
        tuple(differences[:_KEPT]),
        changes,
        compared,
        flipped,
        provenance,
    )
    with store.write() as unit:
        checked_at = unit.determinism_checks.add(model._id, test_suite._id, check, stored)
    return replace(check, checked_at=checked_at)


def _chosen(model: Model, test_suite: TestSuite, store: HeldStore, n: int, seed: int) -> array[int]:
    with store.read() as unit:
        answered = unit.inferences.answered(model._id, test_suite._id, test_suite.version)
    if not answered:
        raise _nothing_stored(model, test_suite)
    if len(answered) < n:
        warn(
            f"The model {model.name!r} has {counted(len(answered), 'stored inference')} for the"
            f" test suite {test_suite.name!r}, not {n}; all of them"
            f" {agreeing(len(answered), 'is', 'are')} inferred again."
        )
    return array("q", random.Random(seed).sample(answered, min(n, len(answered))))


def _nothing_stored(model: Model, test_suite: TestSuite) -> IncorrectUsageError:
    return IncorrectUsageError(
        f"The model {model.name!r} has no stored inferences for the test suite"
        f" {test_suite.name!r}, so there is nothing to compare with; run test() first."
    )


def _infer_again(
    model: Model,
    test_suite: TestSuite,
    store: HeldStore,
    chosen: array[int],
    functions: ModelFunctions,
    fresh: bool,
) -> dict[int, str]:
    codec = test_suite.workflow._codec
    answers: dict[int, Any] = {}
    samples = iter_samples(store, codec, chosen, test_suite.name)
    with _fresh_process(model, functions, fresh) as options:
        call_model(
            functions, samples, options, answers.__setitem__, idle=lambda: None, idle_seconds=60
        )
    try:
        written = codec.write_inferences([*answers.values()])
    except InputValidationError as error:
        raise InputValidationError(
            f"What the model {model.name!r} answered again cannot be compared: {sentence(error)}"
        ) from error
    return dict(zip(answers, written, strict=True))


@contextmanager
def _fresh_process(
    model: Model, functions: ModelFunctions, fresh: bool
) -> Iterator[InferenceOptions]:
    if not fresh:
        yield InferenceOptions()
        return
    try:
        pickle.dumps(functions)
    except Exception as error:
        raise IncorrectUsageError(
            f"The infer of the model {model.name!r} cannot be sent to a new process ({error});"
            " define it in a module, as a function rather than a lambda or inside another function."
        ) from error
    # Not a fork: that would have the random states and loaded weights of this process.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        try:
            yield InferenceOptions(executor)
        except BrokenExecutor as error:
            raise IncorrectUsageError(
                f"The new process ended while the model {model.name!r} was asked again, so nothing"
                " was checked; ask in this process to see why."
            ) from error


def _locator(payload: str) -> str:
    sample = loads(payload)
    locator = sample.get("locator") if isinstance(sample, dict) else None
    return locator if isinstance(locator, str) else dumps(sample)


def _whole(name: str, value: Any, least: int) -> int:
    if type(value) is not int or value < least:
        raise InputValidationError(
            f"{name} must be an integer of at least {least}, not {value!r:.80}."
        )
    return value
