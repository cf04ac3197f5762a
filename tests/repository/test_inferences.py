"""What is pending, what is stale, what may be overwritten; pages and coverage."""

from __future__ import annotations

import sqlite3

import pytest

from kolena_local.errors import InputValidationError, NotFoundError, RemoteError
from kolena_local.payload import Json
from kolena_local.repository import Store, Unit
from kolena_local.repository.records import Coverage, MemberChange, ModelRecord
from tests.repository.conftest import add_case, add_suite, put_pairs


def add_model(unit: Unit, name: str = "model") -> ModelRecord:
    return unit.models.add(unit.workflows.ensure("workflow").id, name, {}, ())


def test_pending_shrinks_and_grows_again_when_stale(store: Store) -> None:
    with store.write() as unit:
        (a, _), (b, _), (c, _) = pairs = put_pairs(unit, "abc")
        model, other = add_model(unit), add_model(unit, "other")
        one = add_suite(
            unit, "one", [add_case(unit, "ab", pairs[:2]), add_case(unit, "bc", pairs[1:])]
        )
        two = add_suite(unit, "two", [add_case(unit, "c", pairs[2:])])

        def pending() -> list[list[int]]:
            return [list(unit.inferences.pending(model.id, suite.id, 1)) for suite in (one, two)]

        assert pending() == [[a, b, c], [c]]
        unit.inferences.put(model.id, [b, c], ['"b"', '"c"'], replace=False)
        assert pending() == [[a], []]
        assert unit.inferences.count(model.id) == 2
        assert unit.inferences.mark_stale(model.id, two.id, 1) == 1
        assert unit.inferences.mark_stale(model.id, two.id, 1) == 0
        assert pending() == [[a, c], [c]]
        assert unit.inferences.suite_rows(model.id, two.id, 1, [c])[0].inference == '"c"'
        unit.inferences.put(model.id, [c, a], ['"new"', '"a"'], replace=False)
        assert pending() == [[], []]
        assert unit.inferences.suite_rows(model.id, two.id, 1, [c])[0].inference == '"new"'
        assert unit.inferences.count(model.id) == 3
        assert unit.inferences.count(other.id) == 0
        assert list(unit.inferences.pending(other.id, one.id, 1)) == [a, b, c]


def test_a_conflict_names_the_sample_and_no_other(store: Store) -> None:
    with store.write() as unit:
        ((sample, _),) = put_pairs(unit, ["a\0b"])
        model = add_model(unit)
        unit.inferences.put(model.id, [sample], ['"old"'], replace=False)
        with pytest.raises(RemoteError, match="for the test sample a\0b already"):
            unit.inferences.put(model.id, [sample], ['"new"'], replace=False)


def test_a_fresh_inference_is_overwritten_only_on_demand(store: Store) -> None:
    with store.write() as unit:
        (a, _), (b, _) = put_pairs(unit, "ab")
        model = add_model(unit)
        suite = add_suite(unit, "suite", [add_case(unit, "case", put_pairs(unit, "ab"))])
        unit.inferences.put(model.id, [b], ['"old"'], replace=False)
        with pytest.raises(RemoteError, match='"model" has an inference for the test sample b'):
            unit.inferences.put(model.id, [a, b], ['"new"'] * 2, replace=False)
        assert list(unit.inferences.pending(model.id, suite.id, 1)) == [a]
        rows = unit.inferences.suite_rows(model.id, suite.id, 1, [b, a])
        assert [row.inference for row in rows] == ['"old"', None]
        unit.inferences.put(model.id, [a, b], ['"new"'] * 2, replace=True)
        rows = unit.inferences.suite_rows(model.id, suite.id, 1, [b, a])
        assert [row.inference for row in rows] == ['"new"', '"new"']
        unit.inferences.put(model.id, [], [], replace=False)


def test_a_sample_given_twice_is_a_mistake_unless_replacing(store: Store) -> None:
    with store.write() as unit:
        ((a, _),) = put_pairs(unit, "a")
        model = add_model(unit)
        with pytest.raises(InputValidationError, match="twice"):
            unit.inferences.put(model.id, [a, a], ["1", "2"], replace=False)
        assert unit.inferences.count(model.id) == 0
        unit.inferences.put(model.id, [a, a], ["1", "2"], replace=True)
        assert unit.inferences.count(model.id) == 1


def test_an_inference_needs_model_and_sample(store: Store) -> None:
    with store.write() as unit:
        ((a, _),) = put_pairs(unit, "a")
        model = add_model(unit)
    for model_id, sample_id in ((model.id, 99), (99, a)):
        with pytest.raises(NotFoundError), store.write() as unit:
            unit.inferences.put(model_id, [sample_id], ["1"], replace=False)


def test_of_inferences_that_cannot_be_stored_none_is_even_if_the_write_goes_on(
    store: Store,
) -> None:
    with store.write() as unit:
        ((a, _),) = put_pairs(unit, "a")
        model = add_model(unit)
        with pytest.raises(sqlite3.IntegrityError):
            unit.inferences.put(model.id, [a, 99], ["1", "2"], replace=True)
        assert unit.inferences.count(model.id) == 0
        unit.inferences.put(model.id, [a], ["1"], replace=False)
    with store.read() as unit:
        assert unit.inferences.count(model.id) == 1


def test_pages_have_only_samples_with_an_inference(store: Store) -> None:
    with store.write() as unit:
        pairs = put_pairs(unit, [str(number) for number in range(20)])
        model = add_model(unit)
        case = add_case(unit, "case", pairs)
        suite = add_suite(unit, "suite", [case])
        samples = [a for a, _ in pairs[::2]]
        unit.inferences.put(model.id, samples, [f'"{a}"' for a in samples], replace=False)
        unit.inferences.mark_stale(model.id, suite.id, 1)
        seen: list[int] = []
        after = -1
        while rows := unit.inferences.rows(model.id, case.id, 1, after=after, limit=3):
            for _, sample, _, _, truth, inference, _ in rows:
                assert (truth, inference) == ('"cat"', f'"{sample}"')
                seen.append(sample)
            after = rows[-1][0]
        assert seen == samples


def test_the_first_test_case_of_the_version_gives_the_ground_truth(store: Store) -> None:
    with store.write() as unit:
        ((a, cat),) = put_pairs(unit, "a", "cat")
        ((_, dog),) = put_pairs(unit, "a", "dog")
        model = add_model(unit)
        cats, dogs = add_case(unit, "cats", [(a, cat)]), add_case(unit, "dogs", [(a, dog)])
        suite = add_suite(unit, "suite", [dogs, cats])
        unit.test_suites.replace_test_cases(suite.id, 1, [(cats.id, 1), (dogs.id, 1)])
        unit.test_cases.edit(
            dogs.id, 1, description=None, reset=False, changes=[MemberChange(a, None, False)]
        )
        unit.test_suites.replace_test_cases(suite.id, 2, [(dogs.id, 2)])

        def truth(version: int) -> str:
            return unit.inferences.suite_rows(model.id, suite.id, version, [a])[0].ground_truth

        assert (truth(1), truth(2)) == ('"dog"', '"cat"')
        with pytest.raises(NotFoundError, match="not in this version"):
            truth(3)


def test_coverage_is_that_of_the_latest_versions_that_were_run_or_have_inferences(
    store: Store,
) -> None:
    with store.write() as unit:
        pairs = put_pairs(unit, "abc")
        model = add_model(unit)
        all_, some = add_case(unit, "all", pairs), add_case(unit, "some", pairs[:2])
        suite = add_suite(unit, "suite", [some])
        add_suite(unit, "of another sample", [add_case(unit, "another", pairs[2:])])
        add_suite(unit, "not run", [some])
        assert unit.inferences.coverage(model.id) == []
        unit.test_runs.ensure(model.id, suite.id, 1, None)
        unit.inferences.put(model.id, [a for a, _ in pairs[:2]], ["1", "1"], replace=False)
        assert unit.inferences.coverage(model.id) == [
            Coverage("suite", 1, 2, 2),
            Coverage("not run", 1, 2, 2),
        ]
        unit.test_suites.replace_test_cases(suite.id, 1, [(all_.id, 1), (some.id, 1)])
        assert unit.inferences.coverage(model.id) == [
            Coverage("suite", 2, 3, 2),
            Coverage("not run", 1, 2, 2),
        ]


def test_an_inference_that_is_replaced_loses_what_was_known_of_the_earlier_one(
    store: Store,
) -> None:
    old: dict[str, Json] = {"git": {"commit": "1"}}
    new: dict[str, Json] = {"git": {"commit": "2"}}
    with store.write() as unit:
        (a, _), (b, _), (c, _) = put_pairs(unit, "abc")
        model = add_model(unit)

        def put(answers: dict[int, str], provenance: dict[str, Json] | None) -> list[object]:
            given = (model.id, [*answers], [*answers.values()])
            unit.inferences.put(*given, replace=True, provenance=provenance)
            return [tuple(one) for one in unit.provenances.of_inferences(model.id)]

        assert put({a: '"a"', b: '"b"', c: '"c"'}, old) == [(3, old)]
        assert put({a: '"other"'}, None) == [(2, old), (1, None)]
        # An answer that is the same as before stays, with what is known of it.
        assert put({b: '"b"'}, None) == [(2, old), (1, None)]
        # It was given anew.
        assert put({b: '"b"', c: '"other"'}, {**new}) == [(2, new), (1, None)]
        assert put({a: '"a"'}, {**old}) == [(2, new), (1, old)]
