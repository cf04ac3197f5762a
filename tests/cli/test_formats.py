"""The same records in every format, to standard output or whole into a file."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import stat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Dict, List, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kolena_local.cli.output.formats import markdown, separated
from kolena_local.repository import open_store
from tests.cli.conftest import Invoke, register
from tests.conftest import sampled

KEYS = st.text(st.characters(exclude_characters=".\0", exclude_categories=["Cs"]), min_size=1)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    st.lists(st.integers(), max_size=2),
)
ENTRIES = st.lists(
    st.fixed_dictionaries(
        {"name": st.text("ab,\"'\n\r\t|=é"), "metadata": st.dictionaries(KEYS, VALUES, max_size=3)}
    ),
    max_size=4,
)


@given(entries=ENTRIES, delimiter=st.sampled_from(",\t"))
def test_csv_is_read_back_as_it_was(entries: List[Dict[str, Any]], delimiter: str) -> None:
    text = separated(["name", "metadata"], entries, delimiter, str)
    header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    assert header[0] == "name"
    assert len(set(header)) == len(header)
    assert len(rows) == len(entries)
    for row, entry in zip(rows, entries, strict=True):
        cells = dict(zip(header, row, strict=True))
        assert cells.pop("name") == entry["name"]
        for key, value in entry["metadata"].items():
            shown = cells.pop(f"metadata.{key}")
            if isinstance(value, float):
                assert float(shown) == value or math.isnan(value)
            elif isinstance(value, str):
                assert shown == value
            else:
                assert (json.loads(shown) if shown else None) == value
        assert set(cells.values()) <= {""}


@given(cells=st.lists(st.text(), min_size=1, max_size=3))
def test_markdown_has_a_line_for_a_row_and_no_column_too_many(cells: List[str]) -> None:
    lines = markdown(["h"] * len(cells), [cells]).split("\n")
    assert len(lines) == 3
    assert lines[2].replace(r"\|", "").count("|") == len(cells) + 1


def test_one_listing_in_every_format(invoke: Invoke, store: Path) -> None:
    def output(*options: str) -> str:
        result = invoke("models", "list", "--db", store, "-t", "v1", *options)
        assert (result.exit_code, result.stderr) == (0, "")
        return result.stdout

    (entry,) = json.loads(output("--json"))
    assert output("--format", "json") == output("--json")
    assert [json.loads(line) for line in output("--format", "jsonl").splitlines()] == [entry]
    assert output("--format", "csv") == output("--csv")
    rows = list(csv.DictReader(io.StringIO(output("--csv"))))
    assert rows == [
        {
            "name": "resnet-50",
            "workflow": "Animals",
            "tags": '["baseline", "v1"]',
            "metadata.framework": "pytorch",
            "metadata.seed": "0",
            "created_at": entry["created_at"],
            "updated_at": entry["updated_at"],
        }
    ]
    assert list(csv.DictReader(io.StringIO(output("--format", "tsv")), delimiter="\t")) == rows
    header, rule, line = output("--format", "md").splitlines()
    assert header == "| model | workflow | tags | created | updated |"
    assert rule == "| --- | --- | --- | --- | --- |"
    assert line.startswith("| resnet-50 | Animals | baseline, v1 | ")
    assert output("--format", "table") == output()


@pytest.mark.parametrize(
    ("name", "format"),
    sampled(
        [
            ("x.json", "json"),
            ("x.jsonl", "jsonl"),
            ("x.ndjson", "jsonl"),
            ("x.CSV", "csv"),
            ("x.tsv", "tsv"),
            ("x.md", "md"),
            ("x.html", "html"),
            ("x.txt", "table"),
            ("csv", "table"),
        ]
    ),
)
@pytest.mark.parametrize("command", [["list"], ["show", "resnet-50"]])
def test_the_suffix_of_a_file_tells_the_format(
    invoke: Invoke, store: Path, tmp_path: Path, name: str, format: str, command: List[str]
) -> None:
    arguments = ("models", *command, "--db", store)
    assert invoke(*arguments, "-o", tmp_path / name).exit_code == 0
    written = (tmp_path / name).read_text()
    assert written == invoke(*arguments, "--format", format).stdout
    assert invoke(*arguments, "-o", tmp_path / name, "--format", "jsonl").exit_code == 0
    assert (tmp_path / name).read_text() == invoke(*arguments, "--format", "jsonl").stdout


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (("models", "list"), "x.xlsx"),
        (("models", "create", "new", "-w", "Animals"), "x.parquet"),
        (("inferences", "export", "resnet-50"), "x.json"),
        (("report", "all animals"), "x.pdf"),
    ],
)
def test_a_file_does_not_get_the_suffix_of_a_format_that_it_does_not_have(
    invoke: Invoke, store: Path, tmp_path: Path, command: Tuple[str, ...], name: str
) -> None:
    path = tmp_path / name
    output = () if command[0] == "inferences" else ("-o",)
    refused = invoke(*command, *output, path, "--db", store)
    assert (refused.exit_code, refused.stdout, path.exists()) == (2, "", False)
    assert f"{path} would not have the format that its suffix" in refused.stderr
    assert "new" not in invoke("models", "list", "--db", store).stdout
    for other in ("models-2026.11", "models.txt"):
        assert invoke("models", "list", "-o", tmp_path / other, "--db", store).exit_code == 0
    typed = ("--format", "csv", "-o", tmp_path / "models.dat")
    assert invoke("models", "list", *typed, "--db", store).exit_code == 0


def test_names_in_html_are_text(invoke: Invoke, store: Path) -> None:
    with open_store(str(store)).write() as unit:
        register(unit, "<script>alert('&')</script>", note="</td><b>")
        run = unit.test_runs.start(2)
        unit.test_runs.crash(run.id, "<i>first\n<i>second")
    pages = [
        invoke(*command, "--format", "html", "--db", store).stdout
        for command in (
            ["models", "list"],
            ["models", "show", "<script>alert('&')</script>"],
            ["runs", "show", 2],
            ["runs", "list"],
        )
    ]
    for page in pages:
        assert page.startswith("<!doctype html>\n")
        for tag in ("<script", "<b>", "<i>"):
            assert tag not in page
    assert "<td>&lt;script&gt;alert(&#x27;&amp;&#x27;)&lt;/script&gt;" in pages[0]
    assert "&lt;i&gt;first<br>\n&lt;i&gt;second\n" in pages[2]


def test_nothing_is_still_a_listing(invoke: Invoke, store: Path) -> None:
    def output(*options: str) -> str:
        return invoke("models", "list", "--db", store, "no such", *options).stdout

    assert output("--csv") == "name,workflow,tags,metadata,created_at,updated_at\n"
    assert output("--json") == "[]\n"
    assert output("--format", "jsonl") == output("--format", "md") == ""


def test_an_object_in_every_format(invoke: Invoke, store: Path) -> None:
    def output(*options: str) -> str:
        return invoke("models", "show", "resnet-50", "--db", store, *options).stdout

    entry = json.loads(output("--json"))
    assert json.loads(output("--format", "jsonl")) == entry
    (row,) = csv.DictReader(io.StringIO(output("--csv")))
    assert (row["metadata.seed"], json.loads(row["runs"])) == ("0", entry["runs"])
    assert "| model | resnet-50 |" in output("--format", "md")
    assert "\n### metadata\n" in output("--format", "md")


def test_quiet_keeps_results_and_errors_only(invoke: Invoke, store: Path) -> None:
    result = invoke("models", "list", "no such", "--db", store, "-q")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert invoke("models", "show", "no such", "--db", store, "--quiet").stderr != ""


def test_one_format_at_a_time_and_what_is_typed_wins(
    invoke: Invoke, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = invoke("models", "list", "--db", store, "--json", "--csv")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Choose one format: json or csv." in result.stderr
    assert invoke("models", "list", "--db", store, "--format", "xml").exit_code == 2
    monkeypatch.setenv("KOLENA_LOCAL_MODELS_LIST_FORMAT", "csv")
    assert invoke("models", "list", "--db", store).stdout.startswith("name,")
    assert invoke("models", "list", "--db", store, "--json").stdout.startswith("[")


def test_a_file_appears_when_it_is_whole(invoke: Invoke, store: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.json"
    result = invoke("models", "list", "--db", store, "--json", "-o", target)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"Wrote {target}.\n"
    first = target.read_bytes()
    assert len(json.loads(first)) == 3
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    target.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(target)
    for arguments in (["models", "show", "no such"], ["sql", "SELEC"], ["runs", "delete", "1"]):
        assert invoke(*arguments, "--db", store, "-o", link).exit_code == 1
        assert target.read_bytes() == first
    assert invoke("models", "list", "bert", "--db", store, "--json", "-o", link).exit_code == 0
    assert link.is_symlink()
    assert [entry["name"] for entry in json.loads(target.read_bytes())] == ["bert"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert invoke("models", "list", "no such", "--db", store, "--output", target).exit_code == 0
    assert target.read_bytes() == b"[]\n"
    assert {path.name for path in tmp_path.iterdir() if path.suffix != ".db"} - {
        "fresh.db-shm", "fresh.db-wal",
    } == {"out.json", "link.json"}  # fmt: skip


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="this system has no such folder")
def test_a_file_in_shared_memory_is_replaced_too(invoke: Invoke, store: Path) -> None:
    with TemporaryDirectory(dir="/dev/shm") as folder:
        target = Path(folder, "out.json")
        for _ in range(2):
            assert invoke("models", "list", "--db", store, "--json", "-o", target).exit_code == 0
        assert len(json.loads(target.read_bytes())) == 3


def test_a_file_that_cannot_be_written_is_one_sentence(
    invoke: Invoke, store: Path, tmp_path: Path
) -> None:
    result = invoke("models", "list", "--db", store, "-o", tmp_path / "missing" / "file")
    assert result.exit_code == 2
    assert "does not exist" in result.stderr
    result = invoke("models", "list", "--db", store, "-o", tmp_path)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "cannot be written" in result.stderr
    result = invoke("models", "list", "--db", store, "-o", "-")
    assert result.stdout == invoke("models", "list", "--db", store).stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is full")
def test_a_full_disk_is_one_sentence(invoke: Invoke, store: Path) -> None:
    result = invoke("models", "list", "--db", store, "-o", "/dev/full")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "No space left" in result.stderr
    assert Path("/dev/full").exists()
    assert invoke("models", "list", "--db", store, "-o", "/dev/null").exit_code == 0


def test_nan_and_lone_surrogates_in_every_format(invoke: Invoke, store_path: Path) -> None:
    with open_store(str(store_path)).write() as unit:
        register(unit, "odd", loss=math.nan, best=-math.inf, lone="\ud800", text="a|b\x1b")
    for name, loss in (("json", "null"), ("jsonl", "null"), ("csv", "nan"), ("tsv", "nan")):
        result = invoke("models", "list", "--db", store_path, "--format", name)
        assert result.exit_code == 0
        assert loss in result.stdout
        result.stdout.encode()


@pytest.mark.parametrize("name", ["x" * 300 + ".csv", "x" * 300 + "/a.csv"])
@pytest.mark.parametrize(
    "command",
    ["models list -o", "export", "inferences export two -o", "inferences import two"],
)
def test_a_file_name_that_is_too_long_is_refused_in_a_sentence(
    invoke: Invoke, guessed: Path, tmp_path: Path, command: str, name: str
) -> None:
    result = invoke(*command.split(), tmp_path / name, "--db", guessed)
    assert result.exit_code in (1, 2)
    assert "(File name too long); give" in result.stderr or "does not exist;" in result.stderr
