"""``find_slices``: slices of stored samples on which a model is worse, and bad input."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
import pytest

from kolena_local.comparison import find_slices
from kolena_local.comparison.slices.fields import usable
from kolena_local.comparison.statistics.two_groups import lower_tails
from kolena_local.errors import IncorrectUsageError, InputValidationError, KolenaError
from kolena_local.workflow import (
    Evaluator,
    GroundTruth,
    HigherIsBetter,
    Image,
    Inference,
    LowerIsBetter,
    MetricsTestCase,
    MetricsTestSample,
    define_workflow,
)
from kolena_local.workflow import test as run_test
from tests.conftest import long_only

Scalar = Union[None, bool, int, float, str]


@dataclass(frozen=True)
class Scene(Image):
    metadata: Dict[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True)
class Nothing(GroundTruth):
    zero: float = 0.0


@dataclass(frozen=True)
class Answer(Inference):
    error: float


_, SceneCase, SceneSuite, SceneModel = define_workflow("Scenes", Scene, Nothing, Answer)


@dataclass(frozen=True)
class Judged(MetricsTestSample):
    right: HigherIsBetter[bool]
    error: LowerIsBetter[Optional[float]]
    oddity: float
    remark: str = "-"


@dataclass(frozen=True)
class Counted(MetricsTestCase):
    n: int


class Judge(Evaluator):
    def compute_test_sample_metrics(
        self, test_case: object, inferences: List[Any], configuration: object = None
    ) -> Sequence[Tuple[Scene, Judged]]:
        return [
            (scene, Judged(answer.error < 1.5, answer.error, answer.error))
            for scene, _, answer in inferences
        ]

    def compute_test_case_metrics(
        self, test_case: object, inferences: Any, metrics: Any, configuration: object = None
    ) -> Counted:
        return Counted(len(metrics))


def scenes(n: int) -> List[Scene]:
    drawn = random.Random(0)
    return [
        Scene(
            f"{number}.png",
            metadata={
                "weather": drawn.choice(["rain", "sun", None]),
                "hour": drawn.randrange(24),
                "indoors": drawn.random() < 0.5,
                "id": f"scene {number}",
            },
        )
        for number in range(n)
    ]


def wet_evening(scene: Scene) -> bool:
    return scene.metadata.get("weather") == "rain" and scene.metadata["hour"] >= 19


def made_suite(name: str, samples: List[Scene]) -> Any:
    half = len(samples) // 2
    cases = [
        SceneCase(f"{name} {part}", test_samples=[(scene, Nothing()) for scene in some])
        for part, some in enumerate((samples[: half + 5], samples[half:]))
    ]
    return SceneSuite(name, test_cases=cases)


def run_model(name: str, suite: Any, is_bad: Callable[[Scene], bool]) -> Any:
    def infer(scene: Scene) -> Answer:
        drawn = random.Random(f"{name} {scene.locator}")
        return Answer(drawn.gammavariate(1, 3.0 if is_bad(scene) else 0.4))

    model = SceneModel(name, infer=infer)
    run_test(model, suite, Judge())
    return model


@pytest.fixture
def suite() -> Any:
    suite = made_suite("scenes", scenes(900))
    run_model("before", suite, lambda scene: False)
    run_model("now", suite, wet_evening)
    return suite


def test_slice_on_which_a_model_is_worse_is_found_and_can_be_stored(suite: Any) -> None:
    found = find_slices("now", suite, "right")
    (row,) = (row for row in found.rows if row.verdict == "worse")
    assert found.rows[0] == row
    assert row.slice in (
        'metadata.weather = "rain" and metadata.hour >= 19',
        'metadata.weather = "rain" and metadata.hour >= 20',
    )
    assert row.inside < row.elsewhere
    assert row.ci_low <= row.difference <= row.ci_high < 0
    assert row.p_value <= row.p_adjusted < 0.01
    case = suite.slice("wet evenings", where=row.slice)
    assert len(case.load_test_samples()) == row.n
    assert "scenes@1 where right is worse: now, by Judge" in found.title
    assert "Higher is better: right (as declared)." in found.caveats
    assert any("groups" in one or "metadata.id" in one for one in found.caveats)
    frame = found.to_dataframe()
    assert frame.to_dict("records")[0]["slice"] == row.slice
    for shown in (str(found), found._repr_html_()):
        assert "metadata.weather" in shown and "the other half tested" in shown
    assert find_slices("now", "scenes", "right") == found
    fewer = find_slices("now", suite, "right", fields="metadata.indoors", higher_is_better=True)
    assert not [row for row in fewer.rows if row.verdict == "worse"]


@long_only
def test_slice_on_which_a_candidate_lost_is_found_by_its_differences(suite: Any) -> None:
    for metric, sign in (("right", -1), ("error", 1)):
        found = find_slices("now", suite, metric, base="before", fields=["weather", "hour"])
        first = found.rows[0]
        assert first.verdict == "worse"
        assert 'metadata.weather = "rain"' in first.slice
        assert first.inside * sign > 0.1 > abs(first.elsewhere)
        assert "now (candidate) against before (base)" in found.title
    # Where the candidate is worse everywhere, or better everywhere, no slice is to be named.
    for name, bad in (("worse", lambda scene: True), ("same", lambda scene: False)):
        run_model(name, suite, bad)
        found = find_slices(name, suite, "error", base="before", correction="holm")
        assert "worse" not in [row.verdict for row in found.rows]


def test_bad_input_of_a_search_is_one_sentence(suite: Any) -> None:
    few = made_suite("few", scenes(50))
    bare = made_suite("bare", [Scene(f"{number}.jpg") for number in range(80)])
    for one in (few, bare):
        run_model("now", one, wet_evening)
    cases: List[Tuple[Dict[str, Any], type[KolenaError], str]] = [
        ({"metric": None}, InputValidationError, "several metrics: right, error, oddity; choose"),
        ({"metric": "rigth"}, InputValidationError, "No sample has a metric 'rigth'"),
        ({"metric": "remark"}, InputValidationError, "neither a bool nor a number"),
        ({"metric": "oddity"}, IncorrectUsageError, "is not declared for 'oddity'"),
        ({"fields": "wether"}, InputValidationError, "did you mean 'metadata.weather'?"),
        ({"base": "now"}, InputValidationError, "'now' cannot be its own base"),
        ({"test_suite": few}, InputValidationError, "at least 60 .* but there are 50;"),
        ({"test_suite": bare}, InputValidationError, "'bare' has metadata to make slices of"),
        ({"min_samples": 3}, InputValidationError, "min_samples must be an integer of at least 10"),
        ({"buckets": True}, InputValidationError, "buckets must be an integer from 2 to 100"),
        ({"higher_is_better": 1}, InputValidationError, "must be True or False, not 1"),
    ]
    for changed, error, message in cases:
        arguments = {"model": "now", "test_suite": suite, "metric": "right", **changed}
        with pytest.raises(error, match=message) as refused:
            find_slices(**arguments)
        assert "\n" not in str(refused.value)


def test_fields_make_slices_of_their_values_and_of_ranges_of_numbers() -> None:
    n = 1_000
    found: Dict[Tuple[Union[str, int], ...], List[Any]] = {
        ("metadata", "flag"): [bool(number % 2) for number in range(n)],
        ("metadata", "count"): [number % 3 for number in range(n)],
        ("metadata", "camera", "height"): [number / 7 for number in range(n)],
        ("metadata", "mixed"): [None, "a", 1.5, float("nan"), [1]] * (n // 5),
        ("metadata", "owner"): [f"owner {number % 90}" for number in range(n)],
        ("metadata", "id"): [f"id {number}" for number in range(n)],
        ("metadata", 'a"b'): ["x", "y"] * (n // 2),
        ("metadata", 'a b"."c d'): ["x", "y"] * (n // 2),
    }
    fields, remarks = usable(found, 10, 4)
    texts = [[" and ".join(map(str, one)) for one in it.conditions] for it in fields]
    assert texts[0] == ["metadata.flag = false", "metadata.flag = true"]
    assert texts[1] == [f"metadata.count = {number}" for number in range(3)]
    assert len(texts[2]) == 4
    assert re.fullmatch(r"metadata\.camera\.height < 35\.7\d*", texts[2][0])
    assert texts[3] == ["metadata.mixed = 1.5", 'metadata.mixed = "a"']
    assert len(texts[4]) == 50
    assert (fields[3].column.codes >= 0).sum() == 400
    assert remarks == [
        "Only the 50 most frequent values were used: metadata.owner.",
        "Left out because no value makes two groups of at least 10 samples: metadata.id.",
        'Left out because conditions cannot express the name: metadata."a"b",'
        ' metadata."a b"."c d".',
    ]


@long_only
@pytest.mark.parametrize("kind", ["bool", "thirds", "normal", "skewed", "few"])
def test_tail_of_a_group_is_that_of_random_groups(kind: str) -> None:
    generator = np.random.default_rng(1)
    n, size = (120, 12) if kind == "few" else (1_500, 300)
    values = {
        "bool": (generator.random(n) < 0.7) * 1.0,
        "thirds": generator.choice([-1.0, 0.0, 1.0], n, p=[0.05, 0.9, 0.05]),
        "normal": generator.normal(size=n),
    }.get(kind, -generator.gamma(0.5, size=n))
    drawn = np.array([values[generator.permutation(n)[:size]].sum() for _ in range(4_000)])
    groups = []
    for share in (0.05, 0.2, 0.6):
        while True:
            group = np.zeros(n, dtype=bool)
            group[generator.permutation(n)[:size]] = True
            if abs((drawn <= values[group].sum()).mean() - share) < share / 3:
                groups.append(group)
                break
    expected = [float((drawn <= values[group].sum() + 1e-9).mean()) for group in groups]
    assert lower_tails(values, groups, 0) == pytest.approx(expected, rel=0.3)
