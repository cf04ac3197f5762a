"""Per-sample metrics of stored and of new answers, computed by one evaluator, and what changed.

Both are computed now, from the same samples, so that neither an evaluator that was edited since nor
the samples that were not chosen make a difference.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from kolena_local.determinism.answers import DIFFERENT, Tolerance, differing, outcome
from kolena_local.execution.inferred import Inferred, SampleIds, Triple
from kolena_local.payload import Json, loads
from kolena_local.repository.determinism_checks import MetricChange
from kolena_local.serialization.write_many import write_many
from kolena_local.workflow.arguments import check_pairs, check_type
from kolena_local.workflow.evaluator import Evaluator, MetricsTestSample
from kolena_local.workflow.evaluator_function import (
    EvaluationResults,
    TestCases,
    takes_configuration,
)
from kolena_local.workflow.test_sample import TestSample

if TYPE_CHECKING:
    from kolena_local.workflow import Model, TestCase, TestSuite

Metrics = dict[int, dict[str, Json]]


class _Case(NamedTuple):
    """The chosen samples of a test case, by their ids in the store."""

    test_case: TestCase
    triples: dict[int, Triple]


def changed_metrics(
    model: Model,
    test_suite: TestSuite,
    evaluator: Any,
    configurations: list[Any],
    stored: Mapping[int, str],
    again: Mapping[int, str],
    tolerance: Tolerance,
) -> tuple[int, int, tuple[MetricChange, ...]]:
    """Return the number of samples compared, how many have a metric that changed, and the metrics.

    Args:
        model: the model.
        test_suite: the test suite.
        evaluator: an evaluator of either kind.
        configurations: for an evaluator function that takes one.
        stored: the stored answers by sample id.
        again: the new answers.
        tolerance: how much floats may differ.
    """
    codec = model.workflow._codec
    inferred = Inferred(test_suite._store(model), codec, model._id, model.name)
    before = [_Case(case, dict(_chosen(inferred, case, stored))) for case in test_suite.test_cases]
    answers = dict(zip(again, codec.read_inferences([*again.values()]), strict=True))
    after = [
        _Case(case, {id_: (*one[:2], answers[id_]) for id_, one in triples.items()})
        for case, triples in before
    ]
    compute = _by_case if isinstance(evaluator, Evaluator) else _at_once
    pairs = zip(
        compute(inferred, evaluator, configurations, before),
        compute(inferred, evaluator, configurations, after),
        strict=True,
    )
    seen, flipped = set(), set()
    values: dict[str, list[tuple[bool, float | None]]] = {}
    for old, new in pairs:
        for id_ in old.keys() & new.keys():
            seen.add(id_)
            for name in dict.fromkeys([*old[id_], *new[id_]]):
                change = _change(old[id_].get(name), new[id_].get(name), tolerance)
                values.setdefault(name, []).append(change)
                if change[0]:
                    flipped.add(id_)
        for id_ in old.keys() ^ new.keys():  # only one of the answers has metrics
            seen.add(id_)
            flipped.add(id_)
    return len(seen), len(flipped), tuple(_summary(*item) for item in values.items())


def _summary(name: str, changes: list[tuple[bool, float | None]]) -> MetricChange:
    sizes = [size for _, size in changes if size is not None]
    mean = math.fsum(sizes) / len(sizes) if len(sizes) == len(changes) else None
    return MetricChange(name, len(changes), sum(flipped for flipped, _ in changes), mean)


def _change(old: Json, new: Json, tolerance: Tolerance) -> tuple[bool, float | None]:
    """Return whether a metric changed, and by how much if that is a number."""
    leaves = list(differing(old, new, tolerance))
    flipped = outcome(leaves) == DIFFERENT
    if not leaves:
        return False, 0.0
    if isinstance(old, bool) and isinstance(new, bool):
        return flipped, 1.0
    return flipped, leaves[0].difference if isinstance(old, (int, float)) else None


def _chosen(
    inferred: Inferred, case: TestCase, stored: Mapping[int, str]
) -> Iterator[tuple[int, Triple]]:
    for ids, triples in inferred.pages(case._id, case.version, case.name):
        yield from (pair for pair in zip(ids, triples, strict=True) if pair[0] in stored)


def _by_case(
    inferred: Inferred, evaluator: Evaluator, _: list[Any], cases: list[_Case]
) -> Iterator[Metrics]:
    place = f"{evaluator.display_name()}.compute_test_sample_metrics()"
    some: list[Any] = [*evaluator.configurations]
    for configuration in some or [None]:
        metrics: Metrics = {}
        for case, triples in cases:
            if triples:
                found = evaluator.compute_test_sample_metrics(
                    case, [*triples.values()], configuration
                )
                check_pairs(place, found, {"test sample": TestSample, "metrics": MetricsTestSample})
                # A sample of several test cases counts once, as in comparisons.
                metrics = {**_by_id(inferred, triples, found), **metrics}
        yield metrics


def _at_once(
    inferred: Inferred, evaluator: Any, configurations: list[Any], cases: list[_Case]
) -> Iterator[Metrics]:
    # The ground truth is the one in the first test case, as in an evaluation.
    unique: dict[int, Triple] = {}
    for _, triples in cases:
        unique = {**triples, **unique}
    samples = {id_: sample for id_, (sample, _, _) in unique.items()}
    ids = SampleIds(inferred.codec, ((sample, id_) for id_, sample in samples.items()))
    members = [(case, [*triples]) for case, triples in cases]
    takes_one = takes_configuration(evaluator)
    for configuration in configurations if takes_one else [None]:
        columns = [list(column) for column in zip(*unique.values(), strict=True)]
        arguments = [*columns, TestCases(members, ids, samples)]
        found = evaluator(*arguments, *([configuration] if takes_one else []))
        if found is not None:
            check_type("The evaluator's result", found, EvaluationResults)
            yield _by_id(inferred, unique, found.metrics_test_sample)
        else:
            yield {}


def _by_id(inferred: Inferred, triples: dict[int, Triple], found: Any) -> Metrics:
    id_of = SampleIds(inferred.codec, ((triple[0], id_) for id_, triple in triples.items()))
    texts = write_many([metrics for _, metrics in found])
    values: Any = [loads(text) for text in texts]
    return dict(zip((id_of(sample) for sample, _ in found), values, strict=True))
