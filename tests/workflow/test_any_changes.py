"""Whatever happens to a store, exactly those results become stale that it touches."""

from __future__ import annotations

from typing import Any, Dict, List, Set, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kolena_local
from kolena_local.errors import IncorrectUsageError
from kolena_local.repository import open_store
from kolena_local.workflow import TestRun
from tests.workflow.test_freshness import suite_of
from tests.workflow.types import Animal, Guess, Judge, Model, TestCase, photo

# Samples without an inference, and models that answer otherwise later, are what this is about.
pytestmark = pytest.mark.filterwarnings("ignore::kolena_local.errors.KolenaWarning")

SAMPLES = "abcdef"
SUITES = {"first": "abcd", "second": "cdef"}
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from(SAMPLES), st.sampled_from(["cat", "dog"])),
        st.tuples(st.just("reset"), st.sampled_from(list(SUITES)), st.none()),
        st.tuples(st.just("evaluate"), st.sampled_from(list(SUITES)), st.none()),
        st.tuples(st.just("metadata"), st.sampled_from(SAMPLES), st.integers(0, 2)),
    ),
    max_size=12,
)


@given(STEPS)
def test_any_changes_make_stale_what_they_touch_and_nothing_else(
    steps: List[Tuple[str, str, Any]],
) -> None:
    with kolena_local.session(db=":memory:"):
        suites = {name: suite_of(*samples, name=name) for name, samples in SUITES.items()}
        everything, model = suite_of(*SAMPLES, name="all"), Model("model")
        # What the store should say: inferences, those waiting, metadata, and stale results.
        known: Dict[str, str] = {}
        waiting: Set[str] = set()
        metadata: Dict[str, int] = {}
        stale: Dict[str, bool] = {}

        def touch(samples: Set[str]) -> None:
            stale.update({name: True for name in stale if samples & set(SUITES[name])})

        for step, name, value in steps:
            if step == "put":
                run = TestRun(model, everything, reset=True)
                run.upload_inferences([(photo(name), Guess(value))])
                if known.get(name) != value:
                    touch({name})
                known[name] = value
                waiting.discard(name)
            elif step == "reset":
                with open_store().write() as unit:
                    suite = suites[name]
                    unit.inferences.mark_stale(model._id, suite._id, suite.version)
                added = set(SUITES[name]) & set(known)
                waiting |= added
                touch(added)
            elif step == "evaluate":
                run = TestRun(model, suites[name], Judge())
                if waiting & set(SUITES[name]):
                    with pytest.raises(IncorrectUsageError):
                        run.evaluate()
                else:
                    run.evaluate()
                    stale[name] = False
            else:
                TestCase("more", test_samples=[(photo(name, n=value), Animal("cat"))], reset=True)
                if metadata.get(name) != value:
                    touch({name})
                metadata[name] = value
            for suite_name, is_stale in stale.items():
                found = suites[suite_name].results_dataframe(["model"])
                assert set(found["is_stale"]) == {is_stale}, suite_name
