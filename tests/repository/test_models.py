"""Workflows and models: names, metadata, tags, and what is said about a name that is not there."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from kolena_local.errors import InputValidationError, NameConflictError, NotFoundError
from kolena_local.repository import Store, Unit


def test_a_workflow_is_made_once(store: Store) -> None:
    with store.write() as unit:
        first = unit.workflows.ensure("one")
        assert unit.workflows.ensure("one") == first
        assert unit.workflows.find("one") == first
        assert unit.workflows.find("two") is None
        assert unit.workflows.ensure("two").id != first.id


def test_a_model_comes_back_as_it_was_put(store: Store) -> None:
    metadata = {"b": [1, 2.5, None], "a": {"nan": math.inf}, "": "é"}
    with store.write() as unit:
        workflow = unit.workflows.ensure("workflow")
        model = unit.models.add(workflow.id, "model", metadata, ["x", "y", "x"])
    with store.read() as unit:
        assert unit.models.get("model") == unit.models.find("model") == model
        assert (model.workflow, model.name, model.tags) == ("workflow", "model", {"x", "y"})
        assert model.metadata == metadata
        assert list(model.metadata) == list(metadata)


def test_names_are_unique_across_workflows(store: Store) -> None:
    with store.write() as unit:
        unit.models.add(unit.workflows.ensure("one").id, "model", {}, ())
        with pytest.raises(NameConflictError, match='in the workflow "one"'):
            unit.models.add(unit.workflows.ensure("two").id, "model", {}, ())


def test_models_are_listed_in_order_by_workflow_and_by_all_tags(store: Store) -> None:
    with store.write() as unit:
        one, two = (unit.workflows.ensure(name).id for name in ("one", "two"))
        for name, workflow, tags in (("z", one, "ab"), ("a", two, "a"), ("m", one, "b")):
            unit.models.add(workflow, name, {}, tags)

        def names(workflow: str | None = None, tags: str = "") -> str:
            return "".join(model.name for model in unit.models.list(workflow, tags))

        assert names() == "zam"
        assert names("one") == "zm"
        assert names(tags="a") == "za"
        assert names(tags="ab") == "z"
        assert names("one", "b") == "zm"
        assert names(tags="c") == names("three") == ""


@pytest.mark.parametrize("name", ["", " \n\t", "\ud800"])
@pytest.mark.parametrize(
    "add",
    [
        lambda unit, name: unit.workflows.ensure(name),
        lambda unit, name: unit.models.add(1, name, {}, ()),
        lambda unit, name: unit.models.add(1, "model", {}, [name]),
        lambda unit, name: unit.test_cases.add(1, name, ""),
        lambda unit, name: unit.test_suites.add(1, name, "", ()),
        lambda unit, name: unit.test_suites.add(1, "suite", "", [name]),
    ],
)
def test_a_name_must_be_one(
    file_store: Store, name: str, add: Callable[[Unit, str], object]
) -> None:
    with file_store.write() as unit:
        unit.workflows.ensure("workflow")
    with pytest.raises(InputValidationError, match=r"blank|Unicode"), file_store.write() as unit:
        add(unit, name)
    with file_store.read() as unit:
        assert not unit.models.list() + unit.test_cases.list() + unit.test_suites.list()


def test_an_unknown_name_is_answered_with_the_nearest(store: Store) -> None:
    with store.write() as unit:
        with pytest.raises(NotFoundError, match="no model 'resnet'; none is in the store"):
            unit.models.get("resnet")
        workflow = unit.workflows.ensure("workflow")
        for name in ("resnet-50", "resnet-101", "resnet-18", "completely different"):
            unit.models.add(workflow.id, name, {}, ())
        with pytest.raises(NotFoundError, match="did you mean 'resnet-") as caught:
            unit.models.get("resnet")
        assert "different" not in str(caught.value)
