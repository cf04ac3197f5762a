"""Samples and ground truths are stored once; metadata is merged key by key."""

from __future__ import annotations

import json

import pytest

from kolena_local.errors import NotFoundError
from kolena_local.payload import digest, dumps
from kolena_local.repository import Store
from kolena_local.repository.records import NewGroundTruth
from tests.repository.conftest import new_sample


def test_content_is_stored_once_in_a_workflow(store: Store) -> None:
    with store.write() as unit:
        one, two = (unit.workflows.ensure(name).id for name in ("one", "two"))
        a, b, again = unit.test_samples.put(one, [new_sample(name) for name in "aba"])
        assert a == again != b
        assert unit.test_samples.put(one, [new_sample("b"), new_sample("c")])[0] == b
        assert unit.test_samples.put(two, [new_sample("a")]) != [a]
        wanted = [new_sample(name).digest for name in ("b", "none", "a")]
        assert unit.test_samples.find_ids(one, wanted) == [b, None, a]
        assert unit.test_samples.find_ids(one, []) == unit.test_samples.put(one, []) == []


def test_rows_come_in_the_order_asked_for(store: Store) -> None:
    with store.write() as unit:
        workflow = unit.workflows.ensure("workflow").id
        names = [str(number) for number in range(1, 2345)]  # more than one statement
        ids = unit.test_samples.put(workflow, [new_sample(name) for name in names])
        backwards = [row.payload for row in unit.test_samples.rows(ids[::-1])]
        assert backwards == [dumps({"locator": name}) for name in names[::-1]]
        with pytest.raises(NotFoundError, match="9999"):
            unit.test_samples.rows([ids[0], 9999])


def test_metadata_is_merged_key_by_key(store: Store) -> None:
    with store.write() as unit:
        workflow = unit.workflows.ensure("workflow").id

        def put(*metadata: dict[str, object]) -> object:
            ids = unit.test_samples.put(workflow, [new_sample("a", m) for m in metadata])  # type: ignore[arg-type]
            return json.loads(unit.test_samples.rows(ids[:1])[0].metadata)

        assert put({"kept": 1, "changed": {"deep": 1}}) == {"kept": 1, "changed": {"deep": 1}}
        assert put({"changed": {"other": 2}}) == {"kept": 1, "changed": {"other": 2}}
        assert put({}) == {"kept": 1, "changed": {"other": 2}}
        assert put({"changed": None}) == {"kept": 1, "changed": None}
        assert put({"x": 1, "y": 1}, {"x": 2}) == {"kept": 1, "changed": None, "x": 2, "y": 1}
        same_batch = unit.test_samples.put(
            workflow, [new_sample("new", {"x": 1, "y": 1}), new_sample("new", {"x": 2})]
        )
        assert json.loads(unit.test_samples.rows(same_batch[:1])[0].metadata) == {"x": 2, "y": 1}


def test_putting_does_not_change_what_was_given(store: Store) -> None:
    first, second = new_sample("a", {"x": 1}), new_sample("a", {"y": 2})
    with store.write() as unit:
        unit.test_samples.put(unit.workflows.ensure("workflow").id, [first, second])
    assert (first.metadata, second.metadata) == ({"x": 1}, {"y": 2})


def test_a_ground_truth_is_stored_once_for_its_sample(store: Store) -> None:
    with store.write() as unit:
        workflow = unit.workflows.ensure("workflow").id
        a, b = unit.test_samples.put(workflow, [new_sample("a"), new_sample("b")])
        cat, dog = (lambda s: NewGroundTruth(s, digest("cat"), '"cat"')), digest("dog")
        ids = unit.ground_truths.put([cat(a), cat(b), cat(a), NewGroundTruth(a, dog, '"dog"')])
        assert ids[0] == ids[2]
        assert len(set(ids)) == 3
        assert unit.ground_truths.put([cat(b), cat(a)]) == [ids[1], ids[0]]
        assert unit.ground_truths.put([]) == []


def test_a_ground_truth_needs_its_sample(store: Store) -> None:
    with pytest.raises(NotFoundError), store.write() as unit:
        unit.ground_truths.put([NewGroundTruth(1, digest("cat"), '"cat"')])
