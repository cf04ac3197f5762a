"""Slices hold exactly the samples that plain Python would choose, and say so in words it reads."""

from __future__ import annotations

import json
import math
import shutil
from itertools import islice
from pathlib import Path
from typing import Any, List, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolena_local.errors import (
    IncorrectUsageError,
    InputValidationError,
    KolenaError,
    NameConflictError,
    NotFoundError,
)
from kolena_local.payload import Json, digest, dumps
from kolena_local.repository import Store, Unit, close_store, open_store, sample_search, slices
from kolena_local.repository.conditions import Condition
from kolena_local.repository.metadata_paths import parse_path
from kolena_local.repository.records import NewGroundTruth, NewSample, TestCaseRecord
from kolena_local.repository.sample_conditions import joined, read_all
from kolena_local.repository.sample_search import Source
from kolena_local.repository.strata import by_bucket, by_value
from tests.repository.conftest import add_case, add_suite

Pair = Tuple[int, int]


def put(unit: Unit, name: str, metadata: Any = None, label: str = "cat") -> Pair:
    workflow = unit.workflows.ensure("workflow")
    content: dict[str, Json] = {"locator": name}
    sample = NewSample(digest(content), dumps(content), metadata or {})
    (id_,) = unit.test_samples.put(workflow.id, [sample])
    truth: dict[str, Json] = {"label": label, "boxes": [{"x": 1}]}
    (truth_id,) = unit.ground_truths.put([NewGroundTruth(id_, digest(truth), dumps(truth))])
    return id_, truth_id


@pytest.fixture(scope="module")
def animals_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("animals") / "template.db"
    with open_store(str(path)).write() as unit:
        rain = {"hour": 21, "weather": "rain", "place": {"city name": "Oslo"}}
        a = put(unit, "a.png", {"hour": 3, "weather": "sun"})
        b = put(unit, "b.png", rain, "dog")
        c = put(unit, "c.png", {"hour": 22.5, "weather": "fog", "rare": None})
        d = put(unit, "d.png", {"hour": math.nan})
        e = put(unit, "e.png", {"uid": 2**64 - 1, "note": "x\0y and z"})
        one, two = add_case(unit, "one", [c, a]), add_case(unit, "two", [a, b, c, d, e])
        add_suite(unit, "animals", [one, two])
        model = unit.models.add(unit.workflows.ensure("workflow").id, "resnet", {}, ())
        answers = [dumps({"score": score}) for score in (0.25, 0.75)]
        unit.inferences.put(model.id, [a[0], b[0]], answers, replace=False)
    close_store(str(path))
    return path


@pytest.fixture
def animals(animals_file: Path, store_path: Path) -> Store:
    """Return a store with a suite of two overlapping test cases, and a model with inferences."""
    return open_store(str(shutil.copyfile(animals_file, store_path)))


def found(store: Store, *texts: str, label: str = "animals", model: Any = "resnet") -> List[str]:
    with store.read() as unit:
        rows = list(
            unit.sample_search.find(unit.sample_search.source(label, model), read_all(texts))
        )
    return [json.loads(row.sample)["locator"][0] for row in rows]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("metadata.hour >= 20", "cb"),
        ('metadata.hour >= 20 and metadata.weather != "fog"', "b"),
        ("metadata.hour != 3", "cbde"),
        ("metadata.hour = null", "e"),
        ("metadata.rare = null", "cabde"),
        ('sample.locator = "d.png"', "d"),
        ('ground_truth.label = "dog"', "b"),
        ("ground_truth.boxes[0].x = 1", "cabde"),
        ('metadata.place."city name" = "Oslo"', "b"),
        ("metadata.uid = 18446744073709551615", "e"),
        ("metadata.uid = 18446744073709551616", ""),
        (r'metadata.note = "x\u0000y and z"', "e"),
        ('metadata.note = "x"', ""),
        ("inference.score < 0.5", "a"),
        ("inference.score = null", "cde"),
    ],
)
def test_a_slice_has_the_samples_that_satisfy_its_conditions(
    animals: Store, text: str, names: str
) -> None:
    assert found(animals, text) == list(names)
    assert found(animals, text, label="two") == [name for name in "abcde" if name in names]


def test_matches_are_read_on_from_any_place(
    animals: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample_search, "_PAGE", 2)
    with animals.read() as unit:
        source = unit.sample_search.source("animals")
        wanted = [*unit.sample_search.find(source, [])]
        assert len(wanted) == 5
        for size in (1, 2, 3):
            got: List[Any] = []
            while page := [
                *islice(
                    unit.sample_search.find(source, [], after=got[-1].place if got else -1), size
                )
            ]:
                got += page
            assert got == wanted


def test_an_inference_that_is_to_be_made_again_does_not_count(animals: Store) -> None:
    with animals.write() as unit:
        unit.inferences.mark_stale(unit.models.get("resnet").id, 1, 1)
    with pytest.raises(InputValidationError, match=r"No sample .* with inferences of 'resnet' "):
        found(animals, "inference.score < 0.5")


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([2**53 + 1, 2.0**53, 2**64, 2.0**64, -0.0, math.nan, math.inf, -math.inf]),
    st.sampled_from(["", "a", "3", "true", "é", "a\0", 'say "and" b', " and ", "\ud800", "x y"]),
)


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


@given(values=st.lists(scalars | st.just(...), min_size=1, max_size=12), edge=st.integers(-3, 3))
def test_a_slice_equals_filtering_in_python(values: List[Any], edge: int) -> None:
    with open_store(":memory:").read() as unit:  # nothing of it is kept
        pairs = [
            put(unit, str(place), {"known": 1} if value is ... else {"known": 1, "v": value})
            for place, value in enumerate(values)
        ]
        record = add_case(unit, "property", pairs)
        source = Source(record, record.name)
        given = [None if value is ... else value for value in values]
        if all(value is ... for value in values):
            with pytest.raises(
                InputValidationError, match="No sample of the test case 'property' has"
            ):
                unit.sample_search.find(source, read_all(["metadata.v = 1"]))
            return
        conditions = read_all([f"metadata.v >= {edge} and metadata.known = 1"])
        expected = [
            pair[0] for pair, it in zip(pairs, given, strict=True) if is_number(it) and it >= edge
        ]
        assert [
            row.test_sample_id for row in unit.sample_search.find(source, conditions)
        ] == expected
        if all(it is None or (isinstance(it, float) and not math.isfinite(it)) for it in given):
            with pytest.raises(InputValidationError, match="has a value in"):
                unit.slices.plan_strata("by", source, [], parse_path("metadata.v"))
            return
        planned, remarks = unit.slices.plan_strata("by", source, [], parse_path("metadata.v"))
        kinds = [(isinstance(it, bool), it) for it in given]
        groups = {
            kind: [pair[0] for pair, other in zip(pairs, kinds, strict=True) if other == kind]
            for kind in kinds
            if kind[1] is not None and not (isinstance(kind[1], float) and not is_number(kind[1]))
        }
        assert sorted(map(list, groups.values())) == sorted(list(one.samples) for one in planned)
        missing = len(values) - sum(len(one.samples) for one in planned)
        assert [int(remark.split()[0]) for remark in remarks] == [missing] * bool(missing)
        for (what, made), one in zip(unit.slices.put(planned), planned, strict=True):
            assert (what, made.sample_count) == ("created", len(one.samples))
            # The description alone leads to the same samples.
            again = unit.slices.plan(one.name, *unit.slices.described(made.description))
            assert again == one


@given(
    values=st.lists(st.integers(-4, 4) | st.floats(-4, 4) | st.none(), max_size=40),
    count=st.integers(2, 6),
)
def test_buckets_divide_all_numbers_at_numbers_that_occur(values: List[Any], count: int) -> None:
    numbers = [value for value in values if value is not None]
    strata = by_bucket(("metadata", "x"), values, count)
    assert len(strata) <= count
    assert (len(strata) > 1) == (len(set(numbers)) > 1)
    assert sorted(place for one in strata for place in one.places) == [
        place for place, value in enumerate(values) if value is not None
    ]
    for stratum in strata:
        chosen = [
            place
            for place, value in enumerate(values)
            if all(condition.admits(value) for condition in stratum.conditions)
        ]
        assert chosen == list(stratum.places) != []
    if len(set(numbers)) == len(numbers) >= count:
        assert {len(one.places) for one in strata} <= {
            len(numbers) // count,
            len(numbers) // count + 1,
        }


def test_strata_are_named_after_their_values() -> None:
    values = [3, 3.0, "3", True, "rain at night", "true", "", 'a "b"', 0.5, "é\n", 1]
    labels = [stratum.label for stratum in by_value(("metadata", "a b", 0), values)]
    assert labels == [
        '"a b"[0] = 0.5', '"a b"[0] = true', '"a b"[0] = 1', '"a b"[0] = 3', '"a b"[0] = ""',
        '"a b"[0] = "3"', r'"a b"[0] = "a \"b\""', '"a b"[0] = rain at night',
        '"a b"[0] = "true"', r'"a b"[0] = "é\n"',
    ]  # fmt: skip
    labels = [stratum.label for stratum in by_bucket(("metadata", "hour"), list(range(24)), 3)]
    assert labels == ["hour < 8", "hour >= 8 and < 16", "hour >= 16"]
    assert [one.label for one in by_bucket(("m", "x"), [1, 1, 1, 5], 2)] == ["x < 5", "x >= 5"]
    assert [one.label for one in by_bucket(("m", "x"), [1, 1], 2)] == ["x = 1"]


names = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('"\\ andwhere'))
keys = st.sampled_from(["hour", "a b", "and", "x.y", "größe", "where"])


@given(
    label=names,
    model=st.none() | names,
    conditions=st.lists(
        st.builds(
            Condition,
            st.tuples(st.just("metadata"), keys),
            st.sampled_from(["=", "!="]),
            scalars.filter(lambda it: it == it) | names,
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_what_is_written_is_read_again(label: str, model: Any, conditions: List[Any]) -> None:
    assert [*map(repr, read_all([joined(conditions)]))] == [*map(repr, conditions)]
    record = TestCaseRecord(1, 1, "w", label, 1, "", 1, "", "")
    source = Source(record, label, None if model is None else _Model(model))  # type: ignore[arg-type]
    match = slices._DESCRIPTION.fullmatch(slices._description(source, conditions))
    assert match is not None
    assert json.loads(match[2]) == label
    assert match[3] is None if model is None else json.loads(match[3]) == model
    assert match[4] == joined(conditions)


class _Model:
    def __init__(self, name: str) -> None:
        self.name = name


def plan(unit: Unit, name: str, label: str, *texts: str) -> slices.Slice:
    return unit.slices.plan(name, unit.sample_search.source(label), read_all(texts))


def test_a_slice_is_made_once_and_again_only_by_a_reset(animals: Store) -> None:
    with animals.write() as unit:
        night = plan(unit, "night", "animals", "metadata.hour >= 20")
        ((what, record),) = unit.slices.put([night])
        assert (what, record.version, record.sample_count) == ("created", 1, 2)
        assert record.description == ('Slice of the test suite "animals" where metadata.hour >= 20')
        rows = unit.sample_search.find(Source(record, "night"), [])
        assert [row.ground_truth_id for row in rows] == [*night.ground_truths]
        for reset in (False, True):
            ((what, same),) = unit.slices.put([night], reset=reset)
            assert (what, same) == ("kept", record)
        put(unit, "d.png", {"hour": 23})
        put(unit, "b.png", {"hour": 4})
        source, conditions = unit.slices.described(record.description)
        later = unit.slices.plan("night", source, conditions)
        with pytest.raises(NameConflictError, match="1 would be added and 1 removed"):
            unit.slices.put([later])
        ((what, record),) = unit.slices.put([later], reset=True)
        assert (what, record.version) == ("edited", 2)
        assert [*unit.test_cases.sample_ids(record.id, 2)] == [*later.samples]
        assert [*unit.test_cases.sample_ids(record.id, 1)] == [*night.samples]


def test_all_strata_are_stored_or_none(animals: Store) -> None:
    with animals.write() as unit:
        path = parse_path("metadata.weather")
        planned, remarks = unit.slices.plan_strata(
            "w", unit.sample_search.source("animals"), [], path
        )
        names = ["w: weather = fog", "w: weather = rain", "w: weather = sun"]
        assert [one.name for one in planned] == names
        assert remarks == [
            "2 samples of the test suite 'animals' are in none of the test cases, because they have"
            " no value in metadata.weather."
        ]
        unit.test_cases.add(unit.workflows.ensure("workflow").id, "w: weather = sun", "")
    with pytest.raises(NameConflictError, match="weather = sun"), animals.write() as unit:
        unit.slices.put(planned)
    with animals.read() as unit:
        assert unit.test_cases.find("w: weather = fog") is None


def test_a_slice_of_another_file_is_not_stored(animals: Store) -> None:
    with animals.read() as unit:
        night = plan(unit, "night", "animals", "metadata.hour >= 20")
    message = "was deleted or the store file was replaced"
    with pytest.raises(NotFoundError, match=message), open_store(":memory:").write() as unit:
        unit.slices.put([night])
    with pytest.raises(NotFoundError, match=message), animals.write() as unit:
        unit.test_suites.delete(["animals"])
        unit.slices.put([night])


def test_a_sample_with_two_ground_truths_needs_a_choice(animals: Store) -> None:
    with animals.write() as unit:
        other = add_case(unit, "other", [put(unit, "b.png", label="wolf")])
        suite = unit.test_suites.get("animals")
        pinned = [(case.id, case.version) for case in (*suite.test_cases, other)]
        unit.test_suites.replace_test_cases(suite.id, 1, pinned)
    with animals.read() as unit:
        message = "different ground truths for the same sample, such as .*b.png.*; make the slice"
        with pytest.raises(IncorrectUsageError, match=message):
            plan(unit, "night", "animals", "metadata.hour >= 20")
        wolf = plan(
            unit, "wolves", "animals", 'metadata.hour >= 20 and ground_truth.label = "wolf"'
        )
        (only,) = unit.sample_search.find(Source(other, "other"), [])
        assert [*wolf.ground_truths] == [only.ground_truth_id]
        assert len(plan(unit, "night", "animals@1", "metadata.hour >= 20").samples) == 2
        assert len(plan(unit, "early", "animals", "metadata.hour < 20").samples) == 1


@pytest.mark.parametrize(
    ("label", "text", "sentence"),
    [
        ("animals", "metadata.huor >= 20", "No sample .*animals.* did you mean 'metadata.hour'?"),
        ("animals", "hour >= 20", "did you mean 'metadata.hour'?"),
        ("two", "label = 3", "test case 'two' has the field 'label'; did you mean 'ground_truth.l"),
        ("two", "metadta.hour = 3", "did you mean 'metadata.hour'?"),
        (
            "two",
            "metadata.zzzzzz = 3",
            "there are 'sample.locator', 'metadata.hour', .* and . more",
        ),
        ("two", "metadata = 3", "has the field 'metadata'"),
        ("two", "inference.score = 3", "'inference.score' is in the inferences of models; choose"),
        ("two", "metadata.hour = 50", "satisfies metadata.hour = 50, so there is no test case"),
        ("two", "metadata.hour > 3 and", "not a value"),
        ("two", "metadata.hour", "not a condition"),
        (
            "animal",
            "metadata.hour > 3",
            "no test suite or test case 'animal'; did you mean 'animals'",
        ),
        ("animals@7", "metadata.hour > 3", "no version 7"),
        ("two@0", "metadata.hour > 3", "'metadata.hour'; it has no samples"),
    ],
)
def test_what_makes_no_slice_is_refused_in_one_sentence(
    animals: Store, label: str, text: str, sentence: str
) -> None:
    with animals.read() as unit, pytest.raises(KolenaError, match=sentence) as caught:
        plan(unit, "new", label, text)
    assert isinstance(caught.value, (InputValidationError, NotFoundError))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "buckets", "values", "sentence"),
    [
        ("ids", None, list(range(101)), "metadata.ids has more than 100 values"),
        ("place", None, [{"city": "Oslo"}], "lists or objects"),
        ("weather", 4, [1, "rain"], 'not always a number, but also "rain"; leave out buckets'),
        ("truth", 4, [True], "but also true"),
    ],
)
def test_what_makes_no_strata_is_refused(
    path: str, buckets: Any, values: List[Any], sentence: str
) -> None:
    field = parse_path(f"metadata.{path}")
    with pytest.raises(InputValidationError, match=sentence):
        by_value(field, values) if buckets is None else by_bucket(field, values, buckets)
