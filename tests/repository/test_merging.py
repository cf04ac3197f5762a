"""Two stores become one: what always holds, whatever they have, and what each choice does."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Set, Tuple

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from kolena_local.errors import NameConflictError
from kolena_local.payload import digest, dumps
from kolena_local.repository import Unit, close_store, open_store
from kolena_local.repository.freshness import STORED
from kolena_local.repository.health.invariants import RULES, LastIds
from kolena_local.repository.records import MemberChange, NewGroundTruth, NewSample
from kolena_local.repository.result_records import CaseMetrics, Results, SampleMetrics
from tests.conftest import IS_LONG, long_only

POLICIES = ("error", "keep", "take", "rename")
# An example fills two stores and merges them several times.
FEW = settings(max_examples=settings.default.max_examples if IS_LONG else 4)


class Content(NamedTuple):
    """What a store has: each test case is a list of versions, each version a set of samples."""

    cases: Dict[str, List[Dict[str, str]]]
    suites: Dict[str, List[List[Tuple[str, int]]]]
    models: Dict[str, Tuple[int, Dict[str, int]]]
    runs: Dict[Tuple[str, str, int], int]
    metadata: Dict[str, int]


@st.composite
def contents(draw: st.DrawFn, prefix: str = "") -> Content:
    names = st.sampled_from([f"{prefix}x", f"{prefix}y"])
    samples = st.sampled_from([f"{prefix}{n}.png" for n in range(3)])
    truths = st.dictionaries(samples, st.sampled_from(["cat", "dog"]), min_size=1, max_size=2)
    cases = draw(st.dictionaries(names, st.lists(truths, max_size=3), max_size=2))
    pins = [(name, version) for name, found in cases.items() for version in range(len(found) + 1)]
    pinned = st.lists(st.sampled_from(pins), max_size=2, unique_by=lambda pin: pin[0])
    versions = st.lists(pinned if pins else st.just([]), max_size=2)
    # A version that is like the one before is none.
    new = versions.map(
        lambda some: [one for one, last in zip(some, [[], *some], strict=False) if one != last]
    )
    suites = draw(st.dictionaries(names, new, max_size=2))
    guesses = st.dictionaries(samples, st.integers(0, 1), max_size=2)
    models = draw(st.dictionaries(names, st.tuples(st.integers(0, 1), guesses), max_size=2))
    tested = [
        (model, suite, version)
        for model in models
        for suite, found in suites.items()
        for version in range(len(found) + 1)
    ]
    runs = st.dictionaries(st.sampled_from(tested), st.integers(0, 1), max_size=2)
    metadata = draw(st.dictionaries(samples, st.integers(0, 1), max_size=2))
    return Content(cases, suites, models, draw(runs) if tested else {}, metadata)


def fill(unit: Unit, content: Content) -> None:
    workflow = unit.workflows.ensure("Animals").id

    def sample(locator: str) -> int:
        fields = {"locator": locator}
        metadata = {"seed": content.metadata[locator]} if locator in content.metadata else {}
        new = NewSample(digest(fields), dumps(fields), metadata)
        (found,) = unit.test_samples.put(workflow, [new])
        return found

    ids: Dict[str, int] = {}
    for name, versions in content.cases.items():
        case = unit.test_cases.add(workflow, name, "")
        ids[name] = case.id
        for number, members in enumerate(versions):
            changes = []
            for locator, label in members.items():
                truth = {"label": label}
                new = NewGroundTruth(sample(locator), digest(truth), dumps(truth))
                (truth_id,) = unit.ground_truths.put([new])
                changes.append(MemberChange(new.test_sample_id, truth_id, False))
            case = unit.test_cases.edit(
                case.id, case.version, description=str(number), reset=True, changes=changes
            )
    for name, pins in content.suites.items():
        suite = unit.test_suites.add(workflow, name, "", ())
        for version in pins:
            versions_of = [(ids[case], number) for case, number in version]
            suite = unit.test_suites.replace_test_cases(suite.id, suite.version, versions_of)
        ids[f"suite {name}"] = suite.id
    for name, (seed, guesses) in content.models.items():
        model = unit.models.add(workflow, name, {"seed": seed}, [f"t{seed}"])
        ids[f"model {name}"] = model.id
        found = [sample(locator) for locator in guesses]
        texts = [dumps({"label": label}) for label in guesses.values()]
        unit.inferences.put(model.id, found, texts, replace=False)
    for (name, suite_name, number), value in content.runs.items():
        run = unit.test_runs.ensure(
            ids[f"model {name}"], ids[f"suite {suite_name}"], number, "Score"
        )
        run = unit.test_runs.start(run.id)
        configuration = unit.test_runs.ensure_configuration(run.id, "", None)
        text = dumps({"score": value})
        used = content.suites[suite_name][number - 1] if number else []
        found = [sample(locator) for locator in content.models[name][1]]
        results = Results(
            [SampleMetrics([None] * len(found), found, [text] * len(found))],
            [CaseMetrics(ids[case], text) for case, _ in used],
            [],
            text,
        )
        unit.test_runs.replace_results(configuration.id, results)
        unit.test_runs.complete(run.id)


@contextmanager
def stores(folder: Path, *contents: Content) -> Iterator[List[str]]:
    """Yield the paths of stores with these contents."""
    paths = [str(folder / f"{place}.db") for place, _ in enumerate(contents)]
    for path, content in zip(paths, contents, strict=True):
        with open_store(path).write() as unit:
            fill(unit, content)
    try:
        yield paths
    finally:
        for path in paths:
            close_store(path)
        shutil.rmtree(folder)


def text_of(path: str, *, times: bool = False) -> List[str]:
    with open_store(path).read() as unit:
        return list(unit.dump.lines(times=times))


def merge(path: str, other: str, on_conflict: Any = "error", *, times: bool = False) -> Any:
    lines = [line.encode() for line in text_of(other, times=times)]
    with open_store(path).write() as unit:
        return unit.dump.read(lines, on_conflict)


def check_is_sound(path: str) -> None:
    with open_store(path).read() as unit:
        driver = unit._sql.driver
        assert driver.execute("PRAGMA foreign_key_check").fetchall() == []
        assert [list(rule.broken(driver, LastIds())) for rule in RULES] == [[]] * len(RULES)


def settled(lines: List[str]) -> Set[str]:
    """Return the lines that no longer history changes."""
    parsed = ((line, json.loads(line)) for line in lines)
    return {
        line
        for line, content in parsed
        if content["kind"] not in ("test_case", "test_suite") and content.get("removed") is None
    }


@FEW
@given(contents(), contents(), st.sampled_from(POLICIES))
def test_a_second_merge_changes_nothing_and_a_refused_one_neither(
    tmp_path_factory: pytest.TempPathFactory, ours: Content, theirs: Content, policy: str
) -> None:
    with stores(tmp_path_factory.mktemp("merge"), ours, theirs) as (path, other):
        before, given_lines = text_of(path), text_of(other)
        try:
            merge(path, other, policy)
        except NameConflictError:
            event(f"{policy} refused")
            assert text_of(path) == before
        else:
            event(f"{policy} merged")
            after = text_of(path)
            check_is_sound(path)
            merge(path, other, policy)
            assert text_of(path) == after
            # Only members that a longer history removes may change, and results, which an inference
            # that they do not know of makes stale.
            gone = {"keep": before, "rename": before, "take": given_lines, "error": before}[policy]
            changed = {line for line in settled(gone) if line not in set(after)}
            fresh, stale = (
                f'"stale_reason":{why},"is_stale":{int(is_stale)}}}'
                for why, is_stale in (("null", False), (f'"{STORED}"', True))
            )
            assert all(
                '"kind":"test_case_member"' in line or line.replace(fresh, stale) in after
                for line in changed
            )
        assert text_of(other) == given_lines


@long_only
@FEW
@given(contents(), contents())
def test_if_nothing_differs_the_order_makes_no_difference(
    tmp_path_factory: pytest.TempPathFactory, ours: Content, theirs: Content
) -> None:
    with stores(tmp_path_factory.mktemp("merge"), ours, theirs) as (path, other):
        given_lines = [line.encode() for line in text_of(path)]
        try:
            merge(path, other)
        except NameConflictError:
            event("refused")
            with open_store(other).write() as unit, pytest.raises(NameConflictError):
                unit.dump.read(given_lines)
        else:
            event("merged")
            with open_store(other).write() as unit:
                unit.dump.read(given_lines)
            assert text_of(other) == text_of(path)


@FEW
@given(contents("a"), contents("b"))
def test_stores_that_share_no_names_give_the_same_in_both_orders_with_all_times(
    tmp_path_factory: pytest.TempPathFactory, ours: Content, theirs: Content
) -> None:
    with stores(tmp_path_factory.mktemp("merge"), ours, theirs) as (path, other):
        lines = {*text_of(path, times=True), *text_of(other, times=True)}
        given_lines = [line.encode() for line in text_of(path, times=True)]
        merge(path, other, times=True)
        with open_store(other).write() as unit:
            unit.dump.read(given_lines)
        both = text_of(path, times=True)
        assert text_of(other, times=True)[2:] == both[2:]
        # The workflow, in the second line, has the time of the store that was there first.
        assert {line for line in lines if '"kind":"workflow"' not in line} <= {*both}


@FEW
@given(contents(), st.sets(st.sampled_from("xy")), st.sets(st.sampled_from("xy")))
def test_a_part_of_a_store_is_a_store_and_all_of_it_is_in_the_whole(
    tmp_path_factory: pytest.TempPathFactory, content: Content, models: Set[str], suites: Set[str]
) -> None:
    empty = Content({}, {}, {}, {}, {})
    with stores(tmp_path_factory.mktemp("merge"), content, empty) as (path, other):
        with open_store(path).read() as unit:
            chosen = [unit.models.get(name).id for name in models & {*content.models}]
            of = [unit.test_suites.get(name).id for name in suites & {*content.suites}]
            part = [line.encode() for line in unit.dump.lines(chosen, of)]
        if not chosen and not of:
            assert part == [line.encode() for line in text_of(path)]
            return
        shutil.rmtree(other, ignore_errors=True)
        with open_store(f"{other}.new").write() as unit:
            unit.dump.read(part)
        assert [line.encode() for line in text_of(f"{other}.new")] == part
        close_store(f"{other}.new")
        with open_store(path).write() as unit:
            plan = unit.dump.read(part)
        assert not any(noun.new or noun.extended or noun.different for noun in plan.nouns)
        kinds = [json.loads(line)["kind"] for line in part]
        assert kinds.count("model") == len(chosen)
        assert kinds.count("test_suite") >= len(of)
        if not chosen:
            assert not {"inference", "test_run"} & {*kinds}
