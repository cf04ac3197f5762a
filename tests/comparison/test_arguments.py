"""Arguments of the wrong kind get a sentence from ``compare``."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kolena_local import comparison, initialize, session
from kolena_local.comparison import Gate, Margin, difficulty, find_slices, rank
from kolena_local.errors import InputValidationError
from kolena_local.repository import close_store
from kolena_local.workflow.visualization import ColormapJet
from tests.comparison.test_extremes import Measure, Model, Suite, compare, evaluate


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store that is only read."""
    path = tmp_path_factory.mktemp("evaluated") / "store.db"
    with session(db=path):
        evaluate([1.0, 2.0], [2.0, 1.0])
    close_store(str(path))
    return path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"confidence": "0.95"}, "confidence must be between 0.5 and 1, such as 0.95, not '0.95'"),
        ({"confidence": None}, "confidence must be"),
        ({"confidence": math.nan}, "confidence must be .*not nan"),
        ({"confidence": 10**400}, "confidence must be"),
        ({"confidence": [0.9]}, "confidence must be"),
        ({"confidence": np.longdouble(1) - np.finfo(np.longdouble).epsneg}, "confidence must be"),
        ({"resamples": "x"}, "resamples must be an integer of at least 100.*not 'x'"),
        ({"resamples": 1e3}, "resamples must be .*not 1000.0"),
        ({"resamples": True}, "resamples must be .*not True"),
        ({"resamples": 10**20}, "resamples must be at most 10,000,000"),
        ({"seed": -1}, "seed must be an integer of at least 0, not -1"),
        *(
            ({"runs": runs}, "runs must be the ids of two runs, that of the base first")
            for runs in ((1,), "ab", (1.5, 2), 3, (1, True))
        ),
        ({"seed": 1.5}, "seed must be"),
        ({"seed": None}, "seed must be"),
        ({"seed": "x"}, "seed must be"),
        ({"metrics": 3}, "metrics must be the name of a metric or a list of names, not 3"),
        ({"metrics": [None]}, "metrics must be"),
        ({"metrics": [["m"]]}, "metrics must be"),
        ({"metrics": b"m"}, "metrics must be"),
        ({"metrics": np.array(0.95)}, "metrics must be"),
        ({"higher_is_better": ["m"]}, r"higher_is_better must map metrics .*not \['m'\]"),
        ({"higher_is_better": False}, "higher_is_better must map metrics"),
        ({"higher_is_better": {"m": 1}}, "must be True or False, not 1"),
        ({"higher_is_better": {"m": np.array([1, 2])}}, "must be True or False, not array"),
        ({"cluster": 3}, "cluster must be the name of a field of the samples' metadata, not 3"),
        ({"cluster": ["n"]}, "cluster must be"),
        ({"correction": None}, "no correction None"),
        ({"correction": np.array(["holm", "holm"])}, "no correction array"),
        ({"noise": -(10**400)}, "noise must be"),
        *(
            ({"margin": margin, "higher_is_better": {"m": True}}, message)
            for margin, message in (
                ({}, "margin names no metric"),
                (10**400, "margin must be a number"),
                (np.float32("inf"), "margin must be .*not (np|inf)"),
            )
        ),
        ({"evaluator": Measure}, "An evaluator or configuration, or the name of one, is needed"),
        ({"configuration": 0.5}, "An evaluator or configuration, or the name of one, is needed"),
        ({"test_suite": 3}, "A test suite, or the name of one, is needed, not 3"),
        ({"base": b"b"}, "A model or test suite, or the name of one, is needed"),
    ],
)
def test_argument_of_the_wrong_kind_gets_a_sentence(
    evaluated: Path, arguments: Any, message: str
) -> None:
    with session(db=evaluated), pytest.raises(InputValidationError, match=message):
        compare(**{"base": "b", "candidate": "c", "test_suite": "s", **arguments})


FLAGS: list[tuple[Callable[..., Any], str]] = [
    (partial(function, *names), flag)
    for function, names in (
        (comparison.compare, ("b", "c", "s")),
        (rank, (["b", "c"], "s", "m")),
        (difficulty, ("s", "m")),
        (find_slices, ("b", "s", "m")),
    )
    for flag in ("stale_ok", "different_evaluators_ok")
]
FLAGS += [
    (partial(rank, None, "s", "m"), "higher_is_better"),
    (lambda m: compare("b", "c", "s", higher_is_better={"m": m}), "m"),
    (lambda flips: compare("b", "c", "s").table(flips), "flips"),
    (lambda objects: Model("b").to_dataframe(Suite("s"), objects=objects), "objects"),
    (partial(initialize, db="unused.db"), "verbose"),
    (partial(initialize, db="unused.db"), "provenance"),
    (ColormapJet, "fade_low_activation"),
]


@pytest.mark.parametrize(("function", "flag"), FLAGS)
def test_a_series_or_an_array_as_a_flag_gets_a_sentence(
    evaluated: Path, function: Callable[..., Any], flag: str
) -> None:
    for value in (pd.Series([True, False]), pd.Series([True]), np.array([]), pd.NA):
        with (
            session(db=evaluated),
            pytest.raises(InputValidationError, match=f"{flag}'? must be True or False, not .+"),
        ):
            function(**{flag: value})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"metrics": {1: Margin(0.1)}}, "The name of a metric must be a string, not 1"),
        ({"per": np.array(["suite", "suite"])}, 'must be "suite" or "test case"'),
        ({"stale": ["fail"]}, 'must be "fail" or'),
    ],
)
def test_gate_of_the_wrong_kind_gets_a_sentence(arguments: Any, message: str) -> None:
    with pytest.raises(InputValidationError, match=message):
        Gate(**{"suite": "s", "baseline": "b", "metrics": {"m": Margin(0.1)}, **arguments})


def test_number_of_samples_of_a_slice_may_be_a_small_integer_of_numpy(evaluated: Path) -> None:
    with session(db=evaluated), pytest.raises(InputValidationError, match="at least 200 with"):
        find_slices("b", "s", "m", min_samples=np.int8(100))
