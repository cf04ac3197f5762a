"""Snapshots: inferences are compared with a file field by field; the file can be reviewed."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Callable, List, Optional, Union

import pytest

from kolena_local.determinism import assert_inferences_match
from kolena_local.errors import (
    IncorrectUsageError,
    InputValidationError,
    NotFoundError,
    WorkflowMismatchError,
)
from kolena_local.repository import open_store
from kolena_local.workflow import GroundTruth, Image, Inference, define_workflow
from kolena_local.workflow import test as run_test
from kolena_local.workflow.annotation import ScoredLabeledBoundingBox

BOX = ScoredLabeledBoundingBox((0, 0), (1, 2), "cat", 0.5)


@dataclass(frozen=True)
class Label(GroundTruth):
    label: str


@dataclass(frozen=True)
class Guess(Inference):
    boxes: List[ScoredLabeledBoundingBox]
    score: Optional[float] = None
    count: int = 2**60
    label: str = "a\u2028b\ud800"
    sure: bool = True
    more: List[Union[int, float, str, None]] = field(default_factory=lambda: [1, 1.5, None])


@dataclass(frozen=True)
class OtherGuess(Guess):
    pass


GUESS = Guess([BOX, BOX, BOX], math.nan)

_, Case, Suite, Model = define_workflow("snapshots", Image, Label, Guess)


@pytest.fixture(autouse=True)
def store(store_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KOLENA_LOCAL_DB", str(store_path))
    return store_path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "snapshot.jsonl"


def make_suite(numbers: range = range(10), name: str = "suite") -> Any:
    samples = [(Image(f"{number}.png"), Label("cat")) for number in numbers]
    return Suite(name, test_cases=[Case(f"{name}'s", test_samples=samples)])


def inferred_by(
    suite: Any, name: str, infer: Callable[[Image], Guess] = lambda sample: GUESS
) -> Any:
    model = Model(name, infer=infer)
    run_test(model, suite)
    return model


def failure(*arguments: Any) -> str:
    with pytest.raises(AssertionError) as info:
        assert_inferences_match(*arguments)
    return str(info.value)


def test_the_first_field_that_differs_is_named_with_its_sample_and_both_values(file: Path) -> None:
    suite = make_suite()
    assert "no snapshot" in failure(inferred_by(suite, "old"), suite, file)
    done = assert_inferences_match("old", "suite", file, update=True)
    assert done == f"The snapshot {file} was written: 10 inferences added."
    longer = replace(GUESS, boxes=[BOX, BOX, BOX, BOX])
    changes = {
        "boxes[2].score is 0.5 in the snapshot and 0.75 now, a difference of 0.25": replace(
            GUESS, boxes=[BOX, BOX, replace(BOX, score=0.75)]
        ),
        "boxes[1].label is 'cat' in the snapshot and 'dog' now": replace(
            GUESS, boxes=[BOX, replace(BOX, label="dog"), BOX]
        ),
        "boxes[3] is missing in the snapshot and {'top_left'": longer,
        "boxes[2] is {'top_left'": replace(GUESS, boxes=[BOX, BOX]),
        "score is nan in the snapshot and 0.0 now": replace(GUESS, score=0.0),
        "score is nan in the snapshot and null now": replace(GUESS, score=None),
        f"count is {2**60} in the snapshot and {2**60 + 1} now": replace(GUESS, count=2**60 + 1),
        r"label is 'a\u2028b\ud800' in the snapshot and 'ab' now": replace(GUESS, label="ab"),
        "sure is true in the snapshot and false now": replace(GUESS, sure=False),
        "more[2] is null in the snapshot and 'x' now": replace(GUESS, more=[1, 1.5, "x"]),
        "more[0] is 1 in the snapshot and 2 now": replace(GUESS, more=[2, 1.5, None]),
        "more[1] is 1.5 in the snapshot and inf now": replace(GUESS, more=[1, math.inf, None]),
    }
    for expected, guess in changes.items():
        new = inferred_by(
            suite, expected, lambda it, guess=guess: guess if it.locator > "7" else GUESS
        )  # type: ignore[misc]
        said = failure(new, suite, file)
        assert f"3 of 10 samples differ:\n  '7.png': Guess.{expected}" in said
        assert "run pytest with --kolena-update" in said
    other = inferred_by(suite, "other", lambda _: OtherGuess(**vars(GUESS)))
    assert "10 of 10 samples differ:\n  '0.png': OtherGuess.$class is missing" in failure(
        other, suite, file
    )
    assert assert_inferences_match("old", suite, file) is None


def test_floats_may_differ_by_the_tolerance_of_which_the_default_is_that_of_float32(
    file: Path,
) -> None:
    suite = make_suite()
    assert_inferences_match(
        inferred_by(suite, "old", lambda _: replace(GUESS, score=1000.0)), suite, file, update=True
    )
    new = inferred_by(suite, "new", lambda _: replace(GUESS, score=1000.001))
    assert assert_inferences_match(new, suite, file) is None
    assert assert_inferences_match(new, suite, file, 1e-6) is None
    assert "score is 1000.0 in the snapshot and 1000.001" in failure(new, suite, file, 9e-7)
    assert failure(new, suite, file, 0)
    before = file.read_bytes()
    assert assert_inferences_match(new, suite, file, update=True) is None
    assert file.read_bytes() == before
    assert assert_inferences_match(new, suite, file, 0, update=True) == (
        f"The snapshot {file} was updated: 10 inferences changed."
    )


def test_an_update_rewrites_only_the_lines_of_what_has_changed(file: Path) -> None:
    def values(sample: Image) -> Guess:
        return replace(GUESS, score=float(sample.locator.removesuffix(".png")) / 3 + 5e-324)

    suite, more = make_suite(range(1, 10)), make_suite(range(11), "more")
    assert_inferences_match(inferred_by(suite, "old", values), suite, file, update=True)
    lines = file.read_text("utf-8").split("\n")
    assert lines.pop() == ""
    for line in lines:
        json.loads(line, parse_constant=pytest.fail)
    assert [json.loads(line)["inference"]["score"] for line in lines[1:]] == [
        number / 3 for number in range(1, 10)
    ]
    both = inferred_by(more, "old", values)
    said = failure(both, more, file)
    assert said.splitlines()[1] == "2 samples are not in the snapshot: '0.png', '10.png'"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))  # git on Windows
    done = assert_inferences_match(both, more, file, update=True)
    assert done == f"The snapshot {file} was updated: 2 inferences added."
    now = file.read_text("utf-8").split("\n")
    assert [line for line in now[:-1] if line in lines] == lines
    assert [now.index(line) for line in now if '"0.png"' in line or '"10.png"' in line] == [1, 3]
    said = failure(both, suite, file)
    assert "2 samples of the snapshot are not in the test suite: '0.png', '10.png'" in said
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("update", [False, True])
def test_what_is_not_a_snapshot_of_this_workflow_is_not_overwritten(
    update: bool, store: Path, file: Path
) -> None:
    suite = make_suite()
    model = inferred_by(suite, "m")
    file.parent.mkdir()
    header = {"kind": "kolena-local snapshot of inferences", "format": 1, "workflow": "snapshots"}
    for content, said in {
        "": "is not a snapshot of inferences",
        "notes\n": "is not a snapshot of inferences",
        '{"kind":"kolena-local store","format":1}\n': "is not a snapshot of inferences",
        json.dumps({**header, "format": 2}): "has the format 2, and this kolena-local knows 1",
        json.dumps({**header, "workflow": "x"}): "is of the workflow 'x', not 'snapshots'",
    }.items():
        file.write_text(content)
        with pytest.raises(InputValidationError, match=said):
            assert_inferences_match(model, suite, file, update=update)
        assert file.read_text() == content
    for path in (file.parent, store, "/dev/null"):
        with pytest.raises(InputValidationError, match="is not a snapshot of inferences"):
            assert_inferences_match(model, suite, path, update=update)
    with pytest.raises(InputValidationError, match="or belongs to one"):
        assert_inferences_match(model, suite, f"{store}-journal", update=True)
    assert open_store(str(store)).location == str(store)


def test_a_damaged_snapshot_is_refused_with_the_line_and_an_update_writes_it_again(
    file: Path,
) -> None:
    suite = make_suite()
    model = inferred_by(suite, "m")
    assert_inferences_match(model, suite, file, update=True)
    good = file.read_bytes()
    lines = good.split(b"\n")
    for number, line in (
        (3, b"<<<<<<< HEAD"),
        (4, b'{"sample":{}}'),
        (5, lines[2]),
        (2, b"\xff"),
        (2, lines[1].replace(b'{"$":"nan"}', b"NaN")),
    ):
        file.write_bytes(b"\n".join([*lines[: number - 1], line, *lines[number:]]))
        with pytest.raises(InputValidationError, match=f"Line {number} of the snapshot"):
            assert_inferences_match(model, suite, file)
        done = assert_inferences_match(model, suite, file, update=True)
        assert done is not None
        assert "could not be read before" in done
        assert file.read_bytes() == good


def test_a_snapshot_of_an_earlier_class_is_told_from_other_inferences(file: Path) -> None:
    suite = make_suite()
    model = inferred_by(suite, "m")
    assert_inferences_match(model, suite, file, update=True)
    content = file.read_text("utf-8")
    file.write_text(content.replace('"sure":true', '"certain":true'), "utf-8")
    said = failure(model, suite, file)
    assert "'0.png': Guess.certain is true in the snapshot and missing now" in said
    file.write_text(content.replace('"sure":true', '"sure":"yes"'), "utf-8")
    said = failure(model, suite, file)
    assert "written for an earlier Guess, whose fields were different: true or false is" in said


def test_inferences_that_are_missing_or_waiting_and_bad_arguments_get_one_sentence(
    file: Path,
) -> None:
    suite = make_suite()
    for update in (False, True):
        file.parent.mkdir(exist_ok=True)
        file.write_text(
            '{"kind":"kolena-local snapshot of inferences","format":1,"workflow":"snapshots"}'
        )
        model = Model("m", infer=lambda _: GUESS)
        with pytest.raises(IncorrectUsageError, match=r"10 of 10 samples .* '0.png', .* run test"):
            assert_inferences_match(model, suite, file, update=update)

    def failing(sample: Image) -> Guess:
        if sample.locator == "9.png":
            raise OSError("no GPU")
        return GUESS

    run_test(model, suite)
    with pytest.raises(OSError, match="no GPU"):
        run_test(Model("m", infer=failing), suite, reset=True)
    with pytest.raises(IncorrectUsageError, match=r"1 of 10 samples .* waiting .* '9.png'; run"):
        assert_inferences_match(model, suite, file, update=True)
    with pytest.raises(IncorrectUsageError, match="has no samples"):
        assert_inferences_match(model, Suite("empty"), file, update=True)
    _, _, OtherSuite, _ = define_workflow("others", Image, Label, Guess)
    with pytest.raises(WorkflowMismatchError, match="'others'; choose"):
        assert_inferences_match(model, OtherSuite("other"), file)
    with pytest.raises(NotFoundError, match="no model 'x'"):
        assert_inferences_match("x", suite, file)
    for arguments, said in (
        ((3, suite, file), "A model or test suite"),
        ((model, None, file), "A test suite"),
        ((model, suite, 3), "path must be"),
        ((model, suite, ""), "path must be"),
        ((model, suite, "a\0b"), "path must be"),
        ((model, suite, file, "much"), "tolerance must be"),
        ((model, suite, file, -1), "tolerance must be"),
        ((model, suite, file, math.nan), "tolerance must be"),
    ):
        with pytest.raises(InputValidationError, match=said):
            assert_inferences_match(*arguments)
    with pytest.raises(InputValidationError, match="cannot be read or written"):
        assert_inferences_match(
            inferred_by(suite, "good"), suite, file / "below.jsonl", update=True
        )
    unwritable = file.parent / "new" / "deep" / ("s" * 250)  # its draft has a longer name
    with pytest.raises(InputValidationError, match="cannot be written"):
        assert_inferences_match("good", suite, unwritable, update=True)
    assert not (file.parent / "new").exists()
