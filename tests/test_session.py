"""``session``: another store for a block of code."""

from pathlib import Path

import kolena_local
from kolena_local.repository import open_store
from kolena_local.workflow import GroundTruth, Image, Inference, define_workflow

Model = define_workflow("sessions", Image, GroundTruth, Inference)[3]


def names() -> list[str]:
    return [model.name for model in Model.load_all()]


def test_every_session_in_memory_has_a_store_of_its_own() -> None:
    with kolena_local.session(":memory:") as outer:
        Model("outer")
        with kolena_local.session(":memory:") as inner:
            assert names() == []
            Model("inner")
        assert names() == ["outer"]
    assert outer != inner
    with kolena_local.session(":memory:"):
        assert names() == []


def test_a_model_goes_on_in_its_session_s_store_until_the_block_ends() -> None:
    with kolena_local.session(":memory:") as place:
        model = Model("kept", metadata={"seed": 1})
        assert model._store().store is open_store(place)
        assert Model.load("kept") == model


def test_a_session_with_a_file_leaves_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.db"
    with kolena_local.session(file):
        Model("filed")
    with kolena_local.session(file):
        assert names() == ["filed"]


def test_initialize_with_memory_is_one_store_for_the_process() -> None:
    kolena_local.initialize(db=":memory:", verbose=False)
    Model("first")
    kolena_local.initialize(db=":memory:", verbose=False)
    assert names() == ["first"]
