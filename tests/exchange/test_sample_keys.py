"""A prediction in a file goes to the very sample that its line names, and never to a neighbor."""

from __future__ import annotations

import json
import math
import shutil
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, Union

import pyarrow
import pyarrow.parquet
import pytest

from kolena_local import initialize
from kolena_local.payload import dumps
from kolena_local.repository import close_store, open_store
from kolena_local.serialization.write import write as encode
from kolena_local.workflow import (
    GroundTruth,
    Image,
    ImagePair,
    Inference,
    TestRun,
    TestSample,
    Text,
    define_workflow,
)
from tests.cli.conftest import Invoke
from tests.conftest import sampled
from tests.exchange.guesses import write


@dataclass(frozen=True)
class Number(Inference):
    value: float


@dataclass(frozen=True)
class Id(TestSample):
    uid: int


@dataclass(frozen=True)
class Ratio(TestSample):
    ratio: float


@dataclass(frozen=True)
class Either(TestSample):
    either: Union[int, str, bool, None]


@dataclass(frozen=True)
class Maybe(TestSample):
    name: Optional[str]


@dataclass(frozen=True)
class Page(Image):
    number: int


@dataclass(frozen=True)
class Clash(TestSample):
    value: int  # as the inference's field is called


COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "é.png") for form in ("NFC", "NFD"))
NEIGHBORS: dict[str, tuple[Any, Any]] = {
    "ids beyond 2^63": (Id(2**64 - 1), Id(2**64 - 2)),
    "ids beyond 2^53": (Id(2**53), Id(2**53 + 1)),
    "negative ids": (Id(-(2**64)), Id(-(2**64) - 1)),
    "1 and true": (Id(1), Id(True)),
    "0 and false": (Either(0), Either(False)),
    "a number and its digits": (Either(7), Either("7")),
    "true and its letters": (Either(True), Either("true")),
    "null and its letters": (Either(None), Either("null")),
    "null and the empty text": (Maybe(None), Maybe("")),
    "empty text and a blank": (Text(""), Text(" ")),
    "text up to NUL": (Text("a\0b"), Text("a")),
    "text after NUL": (Text("a\0b"), Text("a\0c")),
    "leading zeros": (Text("7"), Text("007")),
    "text that is a number": (Text("1"), Text("1.0")),
    "a blank before": (Text("a"), Text(" a")),
    "capitals": (Text("a"), Text("A")),
    "ends of line": (Text("a\nb"), Text("a\r\nb")),
    "half characters": (Text("\ud800"), Text("\ud801")),
    "how exports say that text is empty": (Text(""), Text('""')),
    "floats side by side": (Ratio(0.1), Ratio(0.1 + 2**-56)),
    "the largest float and infinity": (Ratio(1.7976931348623157e308), Ratio(math.inf)),
    "infinity and NaN": (Ratio(math.inf), Ratio(math.nan)),
    "pages of a book": (Page("book.pdf", 1), Page("book.pdf", 2)),
    "pairs of images": (ImagePair(Image("a"), Image("b")), ImagePair(Image("a"), Image("c"))),
    "an attribute that is no field": (Image("a"), Image("a", by="me")),  # type: ignore[call-arg]
    "values of such an attribute": (Image("a", n=1), Image("a", n=True)),  # type: ignore[call-arg]
}


def make(path: Path, *samples: Any) -> tuple[Any, Any]:
    """Make a store with these samples and the model "m"; return the model and the test case."""
    initialize(db=path, verbose=False)
    _, TestCase, _, Model = define_workflow("Samples", type(samples[0]), GroundTruth, Number)
    case = TestCase("all", test_samples=[(sample, GroundTruth()) for sample in samples])
    return Model("m"), case


def values(path: Path) -> dict[str, float]:
    """Return the stored values, by the JSON of their samples."""
    query = "SELECT test_sample, inference FROM v_inference WHERE model = 'm'"
    with open_store(str(path)).read() as unit:
        rows = unit.query(query, {}).rows
    return {sample: json.loads(inference)["value"] for sample, inference in rows}


def exported(invoke: Invoke, path: Path, answers: list[tuple[Any, float]]) -> list[Path]:
    """Store inferences of a model and export them in every format."""
    model, case = make(path, *(sample for sample, _ in answers))
    _, _, TestSuite, _ = define_workflow("Samples", type(answers[0][0]), GroundTruth, Number)
    suite = TestSuite("all", test_cases=[case])
    TestRun(model, suite).upload_inferences([(sample, Number(value)) for sample, value in answers])
    files = [path.with_suffix(suffix) for suffix in (".csv", ".jsonl", ".parquet")]
    for file in files:
        result = invoke("--db", path, "inferences", "export", "m", "-o", file)
        assert result.exit_code == 0, result.stderr
    return files


@pytest.mark.parametrize(
    ("mine", "other"), sampled(NEIGHBORS.values(), 7), ids=sampled(NEIGHBORS, 7)
)
def test_neighbors_get_each_their_own_and_nobody_elses(
    tmp_path: Path, invoke: Invoke, mine: Any, other: Any
) -> None:
    files = exported(invoke, tmp_path / "a.db", [(mine, 0.25), (other, 0.75)])
    expected = values(tmp_path / "a.db")
    make(tmp_path / "one.db", mine)
    make(tmp_path / "both.db", other, mine)
    close_store(str(tmp_path / "both.db"))
    for file in files:
        both = shutil.copyfile(tmp_path / "both.db", tmp_path / f"{file.name}.db")
        result = invoke("--db", both, "inferences", "import", "m", file)
        assert (result.exit_code, result.stderr) == (0, "2 inferences of m were stored.\n")
        found = values(both)
        assert len(found) == 2 and found == expected
        result = invoke("--db", tmp_path / "one.db", "inferences", "import", "m", file)
        assert (result.exit_code, result.stdout, values(tmp_path / "one.db")) == (1, "", {})
        assert "no sample has the" in result.stderr and len(result.stderr.splitlines()) == 1


def run(
    invoke: Invoke, tmp_path: Path, samples: list[Any], content: str, *options: str
) -> tuple[list[Any], str]:
    """Import a file; return the values of the samples, None for none, and what was said."""
    store = tmp_path / f"{len(list(tmp_path.iterdir()))}.db"
    make(store, *samples)
    suffix = "jsonl" if content.startswith("{") else "csv"
    file = write(tmp_path / f"file.{suffix}", content)
    result = invoke("--db", store, "inferences", "import", "m", file, *options)
    assert (result.exit_code == 0) == result.stderr.endswith("stored.\n"), result.stderr
    found = values(store)
    return [found.get(dumps(encode(sample))) for sample in samples], result.stderr


@pytest.mark.parametrize(
    ("samples", "content", "expected"),
    sampled(
        [
            ([Id(5)], "uid,value\n 5 ,1\n", [1]),
            ([Id(5)], "uid,value\n5.0,1\n", [1]),
            ([Id(5)], '{"uid": 5.0, "value": 1}\n', [1]),
            ([Id(1), Id(True)], "uid,value\n1,1\ntrue,2\n", [1, 2]),
            ([Id(1), Id(True)], '{"uid": true, "value": 1}\n{"uid": 1, "value": 2}\n', [2, 1]),
            ([Ratio(0.1)], "ratio,value\n0.10000000000000001,1\n", [1]),
            ([Ratio(1e22)], "ratio,value\n10000000000000000000000,1\n", [1]),
            ([Ratio(-0.0)], "ratio,value\n0,1\n", [1]),
            ([Ratio(math.inf)], '{"ratio": Infinity, "value": 1}\n', [1]),
            ([Text("007"), Text("7")], "text,value\n7,1\n007,2\n", [2, 1]),
            ([Text("true"), Text("null")], "text,value\nnull,1\ntrue,2\n", [2, 1]),
            ([Text(""), Text("x")], 'text,value\n"""""",1\n', [1, None]),
            ([Text(""), Text("a\0b")], '{"text": "a\\u0000b", "value": 1}\n', [None, 1]),
            ([Text("\ud800")], '{"text": "\\ud800", "value": 1}\n', [1]),
            ([Maybe(None), Maybe("")], 'name,value\n,1\n"""""",2\n', [1, 2]),
            ([Either(1), Either("1")], 'either,value\n"""1""",1\n1,2\n', [2, 1]),
            ([Page("a", 1), Page("a", 2)], "locator,number,value\na,2,1\n", [None, 1]),
            ([Page("a", 1), Page("a", 2)], "number,value\n2,1\n", [None, 1]),
            ([Page("a", 1), Page("b", 1)], '{"locator": "b", "value": 1}\n', [None, 1]),
            ([Image("a", by="me")], "locator,value\na,1\n", [1]),  # type: ignore[call-arg]
            ([Clash(1), Clash(2)], "test_sample.value,value\n2,1\n", [None, 1]),
            (
                [ImagePair(Image("a"), Image("b")), ImagePair(Image("a"), Image("c"))],
                '{"a": {"locator": "a"}, "b": {"locator": "c"}, "value": 1}\n',
                [None, 1],
            ),
        ],
        2,
    ),
)
def test_a_file_written_by_hand_finds_its_samples(
    tmp_path: Path, invoke: Invoke, samples: list[Any], content: str, expected: list[Any]
) -> None:
    found, said = run(invoke, tmp_path, samples, content)
    assert found == expected, said
    assert "Warning" not in said


@pytest.mark.parametrize(
    ("samples", "content", "message"),
    [
        (
            [Id(2**53)],
            "uid,value\n9007199254740992.0,1\n",
            "line 2, column uid: a whole number without a decimal point (floats of this size are"
            " rounded) is expected, not '9007199254740992.0'",
        ),
        ([Id(2**53)], '{"uid": 9007199254740992.0, "value": 1}\n', "no sample has the uid 9007"),
        ([Ratio(2.0**53)], "ratio,value\n9007199254740993,1\n", "has the ratio 9007199254740993"),
        ([Ratio(2.0**53)], '{"ratio": 9007199254740993, "value": 1}\n', "no sample has the ratio"),
        ([Id(1)], '{"uid": true, "value": 1}\n', "column uid: no sample has the uid true"),
        ([Id(1)], '{"uid": "1", "value": 1}\n', "column uid: no sample has the uid '1'"),
        ([Id(1)], f"uid,value\n{'1' * 5000},1\n", "column uid: a whole number is expected, not"),
        ([Id(1)], f'{{"uid": {"1" * 5000}, "value": 1}}\n', "an integer of more than 4300 digits"),
        ([Id(1)], "uid,value\n,1\n", "column uid: a whole number is expected, not nothing"),
        (
            [Ratio(math.inf)],
            "ratio,value\n1e400,1\n",
            "column ratio: a number of at most 1.8e308 (infinity is written inf) is expected, not"
            " '1e400'",
        ),
        ([Ratio(math.inf)], '{"ratio": 1e400, "value": 1}\n', "the number 1e400 is too large"),
        ([Ratio(0.0)], "ratio,value\n0,1\n-0.0,1\n", "line 3, column ratio: line 2 is about the"),
        ([Text("")], "text,value\n,1\n", "column text: text is expected, not nothing"),
        ([Text("7")], '{"text": 7, "value": 1}\n', "column text: no sample has the text 7"),
        ([Text("7")], '{"text": null, "value": 1}\n', "column text: text is expected, not null"),
        (
            [Page("a", 1)],
            "locator,number,value\na,7,1\n",
            "line 2: no sample has the locator 'a' and the number 7",
        ),
        (
            [Page("a", 1)],
            "locator,number,value\na,1,1\na,1,2\n",
            "line 3: line 2 is about the same sample (the locator 'a' and the number 1)",
        ),
        (
            [Page("a", 1), Page("a", 2)],
            "locator,value\na,1\n",
            "line 2, column locator: 2 samples have the locator 'a', choose another field with"
            " --on, or give more of their fields",
        ),
        ([Image("a", by="me")], "locator,test_sample.by,value\na,,1\n", "'a' and the by null"),  # type: ignore[call-arg]
        ([Image("a")], "locator,test_sample.by,value\na,me,1\n", "'a' and the by 'me'"),
        ([Page("a", 1)], "value\n1\n", 'The file has no column "locator" (text)'),
        ([Page("a", 1)], '{"value": 1}\n', "column locator: text is expected, not nothing"),
    ],
)
def test_a_line_that_names_no_sample_is_refused(
    tmp_path: Path, invoke: Invoke, samples: list[Any], content: str, message: str
) -> None:
    found, said = run(invoke, tmp_path, samples, content)
    assert found == [None] * len(samples)
    assert message in said and len(said.splitlines()) == 1, said


def test_on_says_which_fields_to_go_by(tmp_path: Path, invoke: Invoke) -> None:
    pages = [Page("a", 1), Page("a", 2)]
    file = "locator,number,value\nA,2,1\n"
    found, _ = run(invoke, tmp_path, pages, file, "--on", "number")
    assert found == [None, 1]
    both = ("--on", "locator", "--on", "number")
    found, said = run(invoke, tmp_path, pages, "number,value\n1,1\n", *both)
    assert 'The file has no column "locator" (text)' in said
    found, said = run(invoke, tmp_path, pages, '{"number": 1, "value": 1}\n', *both)
    assert "line 1, column locator: text is expected, not nothing" in said


def test_two_columns_of_a_json_line_are_not_one_field(tmp_path: Path, invoke: Invoke) -> None:
    line = '{"locator": "a", "path": "b", "value": 1}\n'
    found, said = run(invoke, tmp_path, [Image("a"), Image("b")], line, "--map", "path=locator")
    assert found == [None, None]
    assert 'line 1: Two columns are the field "locator"' in said


@pytest.mark.parametrize(("stored", "given"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
def test_another_unicode_spelling_finds_the_only_sample_with_a_warning(
    tmp_path: Path, invoke: Invoke, stored: str, given: str
) -> None:
    samples = [Image("b.png"), Image(stored)]
    found, said = run(invoke, tmp_path, samples, f"locator,value\nb.png,1\n{given},2\n")
    assert found == [1, 2]
    warning, done = said.splitlines()
    assert warning.startswith(f"Warning: line 3, column locator: the store spells {given!r} with")
    assert done == "2 inferences of m were stored."


def test_unicode_spellings_are_never_merged(tmp_path: Path, invoke: Invoke) -> None:
    both = f"locator,value\n{DECOMPOSED},1\n{COMPOSED},2\n"
    found, said = run(invoke, tmp_path, [Image(COMPOSED), Image(DECOMPOSED)], both)
    assert (found, said) == ([2, 1], "2 inferences of m were stored.\n")
    found, said = run(invoke, tmp_path, [Image(COMPOSED)], both)
    assert found == [None]
    assert "line 3, column locator: line 2 is about the same sample" in said


def test_a_spelling_that_reads_like_two_samples_is_refused(tmp_path: Path, invoke: Invoke) -> None:
    samples = [Image("a\u0323\u0302"), Image("\u1ea1\u0302")]
    found, said = run(invoke, tmp_path, samples, "locator,value\n\u1ead,1\n")
    assert found == [None, None]
    assert "2 samples have the locator '\u1ead'" in said


def test_a_dry_run_counts_each_line_once(tmp_path: Path, invoke: Invoke) -> None:
    store = tmp_path / "store.db"
    make(store, Image("a"), Image("b"))
    file = write(tmp_path / "once.csv", "locator,value\na,1\n")
    assert invoke("--db", store, "inferences", "import", "m", file).exit_code == 0
    file = write(tmp_path / "twice.csv", "locator,value\na,2\na,3\nb,4\n")
    options = ("--dry-run", "--on-conflict", "replace")
    result = invoke("--db", store, "inferences", "import", "m", file, *options)
    assert result.stdout.splitlines() == [
        "3 lines: 1 new inference, 1 for samples that have one (replace), 1 problem",
        "line 3, column locator: line 2 is about the same sample 'a'",
    ]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pyarrow.array([2**64 - 1], pyarrow.uint64()), None),
        (
            pyarrow.array([2**64 - 2], pyarrow.uint64()),
            "no sample has the uid 18446744073709551614",
        ),
        (pyarrow.array([float(2**64 - 1)]), "no sample has the uid 1.8446744073709552e+19"),
        (pyarrow.array([str(2**64 - 1)]), None),
        (pyarrow.array([2**62], pyarrow.timestamp("us")), "A value in line 1 or after it of"),
        (pyarrow.array([b"x"]), "a whole number is expected, not b'x'"),
        (pyarrow.array([None], pyarrow.int64()), "a whole number is expected, not nothing"),
    ],
)
def test_columns_of_parquet_are_read_as_they_are(
    tmp_path: Path, invoke: Invoke, column: Any, message: Optional[str]
) -> None:
    make(tmp_path / "store.db", Id(2**64 - 1))
    file = tmp_path / "file.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"uid": column, "value": [0.5]}), file)
    result = invoke("--db", tmp_path / "store.db", "inferences", "import", "m", file)
    assert (result.exit_code == 0) == (message is None), result.stderr
    assert (message or "1 inference of m was stored") in result.stderr


def test_two_quotation_marks_in_parquet_are_text(tmp_path: Path, invoke: Invoke) -> None:
    make(tmp_path / "store.db", Text(""), Text('""'))
    file = tmp_path / "file.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"text": ['""', ""], "value": [1.0, 2.0]}), file)
    result = invoke("--db", tmp_path / "store.db", "inferences", "import", "m", file)
    assert result.exit_code == 0, result.stderr
    found = values(tmp_path / "store.db")
    assert [found[dumps(encode(one))] for one in (Text('""'), Text(""))] == [1, 2]
