"""What is asked for and not done is a warning: each situation, its text, and where it points."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict

import pytest

import kolena_local
from kolena_local.errors import KolenaWarning
from tests.workflow.types import Model


@dataclass(frozen=True)
class Situation:
    """What is done first, what is asked for then, and the warning."""

    ask: Callable[[], Any]
    text: str
    before: Callable[[], Any] = lambda: None


SITUATIONS: Dict[str, Situation] = {
    "an argument of initialize that it does not have": Situation(
        lambda: kolena_local.initialize(database="mine.db", verbose=False),
        "initialize() does not have the argument database=, and ignored it; the store is chosen"
        " with db=, and messages with verbose=.",
    ),
    "a path as the token of initialize": Situation(
        lambda: kolena_local.initialize("mine.db", verbose=False),
        "initialize() does not have the argument 'mine.db', and ignored it; the store is chosen"
        " with db=, and messages with verbose=.",
    ),
    "other metadata for a model that exists": Situation(
        lambda: Model("m", metadata={"seed": 1}),
        "The model 'm' is already in the store, and its metadata were not changed: they are"
        " {'seed': 0}, and {'seed': 1} was passed. To change them, call update(metadata=…) on the"
        " model, or run kolena-local models edit.",
        before=lambda: Model("m", metadata={"seed": 0}),
    ),
    "other tags for a model that exists": Situation(
        lambda: Model("m", tags=["b"]),
        "The model 'm' is already in the store, and its tags were not changed: they are {'a'}, and"
        " {'b'} was passed. To change them, call update(tags=…) on the model, or run kolena-local"
        " models edit.",
        before=lambda: Model("m", tags=["a"]),
    ),
}


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
def test_what_is_not_done_is_one_warning_at_the_line_that_asked(situation: Situation) -> None:
    situation.before()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        situation.ask()
    assert [str(one.message) for one in caught] == [situation.text]
    assert [one.category for one in caught] == [KolenaWarning]
    assert [Path(one.filename).name for one in caught] == ["test_warnings.py"]
