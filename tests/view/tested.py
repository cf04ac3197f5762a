"""Stores with models that were tested, made of records, whatever the names and metrics are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kolena_local.payload import digest, dumps
from kolena_local.repository import open_store
from kolena_local.repository.records import MemberChange, NewGroundTruth, NewSample
from kolena_local.repository.result_records import CaseMetrics, CasePlot, Results, SampleMetrics

Plots = Callable[[str, str], Sequence[Mapping[str, Any]]]


def make_tested(
    path: Path,
    models: Mapping[str, Mapping[str, Any]],
    cases: Mapping[str, int],
    *,
    workflow: str = "Animals",
    suite: str = "animals",
    description: str = "",
    metrics: Callable[[str, str], Mapping[str, Any]] = lambda model, case: {"accuracy": 0.5},
    scores: Callable[[str, int], Mapping[str, Any]] = lambda model, place: {"correct": True},
    plots: Plots = lambda model, case: (),
    answer: Callable[[str, int], Mapping[str, Any]] = lambda model, place: {"label": "cat"},
    configurations: Sequence[str | None] = (None,),
    evaluator: str = "Judge",
) -> Path:
    """Make a store in which models were tested on one suite.

    What is made of each model is given as functions: its metrics and plots in a test case, and its
    metrics and answer for a sample, by the sample's place among all.
    """
    with open_store(str(path)).write() as unit:
        workflow_id = unit.workflows.ensure(workflow).id
        made, members, first = [], {}, 0
        for name, count in cases.items():
            contents = [{"locator": f"{place}.png"} for place in range(first, first + count)]
            first += count
            samples = unit.test_samples.put(
                workflow_id, [NewSample(digest(one), dumps(one), {}) for one in contents]
            )
            truth = dumps({"label": "dog"})
            truths = unit.ground_truths.put(
                [NewGroundTruth(sample, digest({"label": "dog"}), truth) for sample in samples]
            )
            case = unit.test_cases.add(workflow_id, name, "")
            pairs = zip(samples, truths, strict=True)
            changes = [MemberChange(*pair, False) for pair in pairs]
            case = unit.test_cases.edit(
                case.id, case.version, description=None, reset=False, changes=changes
            )
            made.append(case)
            members[case.id] = samples
        record = unit.test_suites.add(workflow_id, suite, description, ())
        record = unit.test_suites.replace_test_cases(
            record.id, record.version, [(case.id, case.version) for case in made]
        )
        everyone = [sample for samples in members.values() for sample in samples]
        places = {sample: place for place, sample in enumerate(everyone)}
        for name, metadata in models.items():
            model = unit.models.add(workflow_id, name, dict(metadata), ())
            answers = [dumps(answer(name, place)) for place in places.values()]
            unit.inferences.put(model.id, everyone, answers, replace=False)
            run = unit.test_runs.start(
                unit.test_runs.ensure(model.id, record.id, record.version, evaluator).id
            )
            for configuration in configurations:
                stored = unit.test_runs.ensure_configuration(run.id, configuration, None)
                results = Results(
                    [
                        SampleMetrics(
                            [case] * len(samples),
                            list(samples),
                            [dumps(scores(name, places[sample])) for sample in samples],
                        )
                        for case, samples in members.items()
                    ],
                    [CaseMetrics(case.id, dumps(metrics(name, case.name))) for case in made],
                    [
                        CasePlot(case.id, place, dumps(plot))
                        for case in made
                        for place, plot in enumerate(plots(name, case.name))
                    ],
                    None,
                )
                unit.test_runs.replace_results(stored.id, results)
            unit.test_runs.complete(run.id)
    return path
