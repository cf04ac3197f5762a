"""Whatever can be stored survives a file: exported, imported for another model, exported again."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kolena_local.exchange.cell_text import Kind, read, spelled
from kolena_local.payload import digest, dumps, loads
from kolena_local.repository import open_store
from kolena_local.repository.records import NewSample, WorkflowSchemas
from kolena_local.serialization.schema import schema_of
from kolena_local.serialization.write import write as encode
from kolena_local.workflow import GroundTruth, Image, Inference, TestSample
from tests.cli.conftest import Invoke
from tests.conftest import IS_LONG
from tests.serialization import generated

_numbers = itertools.count()
# Of every three formats each has its own examples.
HALF = settings(max_examples=settings.default.max_examples // (1 if IS_LONG else 2))


@dataclasses.dataclass(frozen=True)
class Numbered(Inference):
    number: int


@st.composite
def several(draw: st.DrawFn) -> list[Any]:
    """Return up to three objects of one generated class."""
    cls, fields = draw(generated.classes(("standard", "ordered", "undecorated")))
    made = []
    for _ in range(draw(st.integers(1, 3))):
        values = [draw(kind.values) for kind in fields]
        more = draw(generated.extras) if cls.__init__ is generated.DataObject.__init__ else {}
        made.append(generated.make(cls, values, more))
    return made


def add(store: Path, objects: list[Any]) -> tuple[str, str]:
    number = next(_numbers)
    schemas = [dumps(schema_of(cls)) for cls in (Image, GroundTruth, type(objects[0]))]
    with open_store(str(store)).write() as unit:
        workflow = unit.workflows.ensure(f"workflow {number}", WorkflowSchemas(*schemas)).id
        contents = [
            {"locator": f"{index}.png", "data_type": "TEST_SAMPLE/IMAGE"}
            for index in range(len(objects))
        ]
        samples = unit.test_samples.put(
            workflow, [NewSample(digest(one), dumps(one), {}) for one in contents]
        )
        first = unit.models.add(workflow, f"first {number}", {}, ())
        second = unit.models.add(workflow, f"second {number}", {}, ())
        payloads = [dumps(encode(one)) for one in objects]
        unit.inferences.put(first.id, samples, payloads, replace=False)
    return first.name, second.name


def stored(store: Path, model: str) -> list[Any]:
    with open_store(str(store)).read() as unit:
        rows = unit.query(
            "SELECT inference FROM v_inference WHERE model = :model ORDER BY locator",
            {"model": model},
        ).rows
    return [loads(text) for (text,) in rows]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
@HALF
@given(objects=several())
def test_everything_comes_back(
    store_path: Path, tmp_path: Path, invoke: Invoke, suffix: str, objects: list[Any]
) -> None:
    first, second = add(store_path, objects)
    one, other = tmp_path / f"one.{suffix}", tmp_path / f"other.{suffix}"
    run = ("--db", store_path, "inferences")
    result = invoke(*run, "export", first, "-o", one)
    assert result.exit_code == 0, result.stderr
    result = invoke(*run, "import", second, one)
    assert result.exit_code == 0, result.stderr
    before, after = stored(store_path, first), stored(store_path, second)
    assert [repr(sorted_keys(value)) for value in after] == [
        repr(sorted_keys(value)) for value in before
    ]
    assert invoke(*run, "export", second, "-o", other).exit_code == 0
    assert other.read_bytes() == one.read_bytes()


@st.composite
def neighbors(draw: st.DrawFn) -> tuple[Any, list[Any]]:
    """Return a class, and contents of samples that differ in little."""
    cls, fields = draw(generated.classes(("standard", "ordered", "undecorated")))
    first = [draw(kind.values) for kind in fields]
    made = []
    for _ in range(draw(st.integers(1, 4))):
        values = [
            draw(kind.values) if draw(st.booleans()) else value
            for kind, value in zip(fields, first, strict=True)
        ]
        more = draw(generated.extras) if cls.__init__ is generated.DataObject.__init__ else {}
        made.append(encode(generated.make(cls, values, more)))
    return cls, made


def add_samples(store: Path, cls: Any, contents: list[Any], inferred: list[Any]) -> tuple[str, str]:
    """Store samples, and for some of them what the first of two models says: another number each.

    Returns:
        The names of the models.
    """
    number = next(_numbers)
    schemas = [dumps(schema_of(one)) for one in (cls, GroundTruth, Numbered)]
    with open_store(str(store)).write() as unit:
        workflow = unit.workflows.ensure(f"workflow {number}", WorkflowSchemas(*schemas)).id
        first = unit.models.add(workflow, f"first {number}", {}, ())
        second = unit.models.add(workflow, f"second {number}", {}, ())
        unit.test_samples.put(
            workflow, [NewSample(digest(one), dumps(one), {}) for one in contents]
        )
        digests = list(dict.fromkeys(map(digest, inferred)))
        ids = [id_ for id_ in unit.test_samples.find_ids(workflow, digests) if id_ is not None]
        payloads = [dumps({"number": place}) for place in range(len(ids))]
        unit.inferences.put(first.id, ids, payloads, replace=False)
    return first.name, second.name


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
@HALF
@given(drawn=neighbors(), data=st.data())
def test_inferences_go_back_to_the_very_same_samples(
    store_path: Path, tmp_path: Path, invoke: Invoke, suffix: str, drawn: Any, data: st.DataObject
) -> None:
    cls, contents = drawn
    inferred = data.draw(st.lists(st.sampled_from(contents), min_size=1))
    carry_over(store_path, tmp_path, invoke, suffix, cls, contents, inferred)


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_the_inference_of_a_sample_without_fields_goes_back_to_it(
    store_path: Path, tmp_path: Path, invoke: Invoke, suffix: str
) -> None:
    only = [encode(TestSample())]
    carry_over(store_path, tmp_path, invoke, suffix, TestSample, only, only)


def carry_over(
    store_path: Path,
    tmp_path: Path,
    invoke: Invoke,
    suffix: str,
    cls: Any,
    contents: list[Any],
    inferred: list[Any],
) -> None:
    """Export the inferences of a model, import them for another one, and compare."""
    first, second = add_samples(store_path, cls, contents, inferred)
    file = tmp_path / f"file.{suffix}"
    result = invoke("--db", store_path, "inferences", "export", first, "-o", file)
    assert result.exit_code == 0, result.stderr
    result = invoke("--db", store_path, "inferences", "import", second, file)
    assert result.exit_code == 0, result.stderr
    query = "SELECT test_sample, inference FROM v_inference WHERE model = :model ORDER BY 1"
    with open_store(str(store_path)).read() as unit:
        before, after = (unit.query(query, {"model": name}).rows for name in (first, second))
    assert after == before


def sorted_keys(value: Any) -> Any:
    """Return a value without the order of its keys, which columns do not have."""
    if isinstance(value, dict):
        return {key: sorted_keys(value[key]) for key in sorted(value)}
    return list(map(sorted_keys, value)) if isinstance(value, list) else value


@settings(max_examples=settings.default.max_examples * 8)
@given(generated.json_values)
def test_every_value_has_a_cell(value: Any) -> None:
    text = spelled(Kind.JSON_OR_TEXT, value)
    assert (text is None) == (value is None)
    if text is not None:
        text.encode()
        assert repr(read(Kind.JSON_OR_TEXT, text, {})) == repr(value)
    if value is not None and not isinstance(value, str):
        assert repr(read(Kind.JSON, str(text), {})) == repr(value)


@given(generated.texts | st.sampled_from(['""', '{"$"', '{"$":"x"}', "null", "5", "nan"]))
def test_every_text_has_a_cell_and_most_are_themselves(text: str) -> None:
    cell = spelled(Kind.TEXT, text)
    assert cell is not None
    assert read(Kind.TEXT, cell, {}) == text
    if text.isprintable() and not text.startswith('{"$"') and text != '""':
        assert cell == text
    assert json.loads(dumps(text)) == text or "utf-16-le" in dumps(text)
