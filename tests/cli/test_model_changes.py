"""Models are created, edited, renamed and deleted by commands, each in one write."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Dict, List

import pytest

from kolena_local.cli import model_changes, prompts
from kolena_local.repository import open_store
from tests.cli.conftest import Invoke, register, stored
from tests.conftest import sampled


def names(store: Path) -> List[str]:
    with open_store(str(store)).read() as unit:
        return [model.name for model in unit.models.list()]


def test_create_makes_store_workflow_and_model(invoke: Invoke, store_path: Path) -> None:
    result = invoke(
        "models", "create", "new", "-w", "Animals", "--db", store_path,
        "-m", "seed=3", "-m", "optimizer.name=adam", "-m", "optimizer.rate=1e-3", "-m", "ok=true",
        "-m", 'quoted="3"', "-m", "text=hello = world", "-m", '"a.b c"=[1, null]', "-m", "loss=NaN",
        "-t", "b", "-t", "a",
    )  # fmt: skip
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "Created the model 'new' in the new workflow 'Animals'.\n"
    model = stored(store_path, "new")
    assert math.isnan(model.metadata.pop("loss"))  # type: ignore[arg-type]
    assert model.metadata == {
        "seed": 3,
        "optimizer": {"name": "adam", "rate": 0.001},
        "ok": True,
        "quoted": "3",
        "text": "hello = world",
        "a.b c": [1, None],
    }
    assert model.tags == {"a", "b"}


def test_a_model_that_is_refused_makes_no_store(
    invoke: Invoke, store_path: Path, own_home: Path
) -> None:
    for arguments in ((" ", "-w", "A"), ("m", "-w", " "), ("m", "-w", "A", "-t", " ")):
        for place in ((), ("--db", store_path)):
            result = invoke("models", "create", *arguments, *place)
            assert (result.exit_code, result.stdout) == (1, "")
            assert "must not be blank" in result.stderr
    found = [*store_path.parent.rglob("*"), *own_home.rglob("*")]
    assert [path for path in found if path.is_file()] == []
    assert invoke("models", "create", "m", "-w", "A").exit_code == 0
    assert (own_home / "kolena_local" / "store.db").is_file()


def test_create_takes_a_file_with_options_on_top(
    invoke: Invoke, store: Path, tmp_path: Path
) -> None:
    file = tmp_path / "metadata.json"
    file.write_text('{"seed": 1, "crop": {"size": 8}}', encoding="utf-8-sig")
    arguments = ("models", "create", "new", "-w", "Animals", "--db", store, "--metadata-file", file)
    (entry,) = json.loads(invoke(*arguments, "-m", "crop.flip=false", "--json", "-q").stdout)
    assert entry["metadata"] == {"seed": 1, "crop": {"size": 8, "flip": False}}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"a": 1, "a": 2}', "'a' twice"),
        (b"\xff\xfe", "not valid UTF-8"),
        (b"[" * 100_000, "not JSON|too deeply"),
        (b'{"a": 1e999}', "1e999 is too large"),
        (b'{"a": ' + b"9" * 4_301 + b"}", "more than 4300 digits"),
    ],
)
def test_create_refuses_a_file_that_is_no_metadata(
    invoke: Invoke, store_path: Path, tmp_path: Path, content: bytes, sentence: str
) -> None:
    file = tmp_path / "metadata.json"
    file.write_bytes(content)
    result = invoke(
        "models", "create", "new", "-w", "A", "--db", store_path, "--metadata-file", file
    )
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert any(part in result.stderr for part in sentence.split("|"))
    assert not store_path.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    sampled(
        [
            (["create", "resnet-50", "-w", "Animals"], 1, "There is a model"),
            (["create", " ", "-w", "Animals"], 1, "blank"),
            (["create", "new"], 2, "--workflow"),
            (["create", "new", "-w", "Animals", "-m", "seed"], 2, "not KEY=VALUE"),
            (["create", "new", "-w", "Animals", "-m", "a..b=1"], 2, "not KEY=VALUE"),
            (["create", "new", "-w", "Animals", "-m", "a=1", "-m", "a.b=1"], 1, "not an object"),
            (["edit", "resnet-5", "-m", "a=1"], 1, "did you mean 'resnet-50'"),
            (["edit", "resnet-50", "--unset", "sed"], 1, "'framework', 'seed'"),
            (["edit", "resnet-50", "--unset", "a b"], 2, "is not a field"),
            (["edit", "resnet-50", "--untag", "v2"], 1, "'baseline', 'v1'"),
            (["edit", "resnet-50", "-m", "new=1", "--untag", "v2"], 1, "'baseline', 'v1'"),
            (["rename", "resnet-5", "x"], 1, "did you mean 'resnet-50'"),
            (["rename", "resnet-50", "bert"], 1, "There is a model"),
            (["delete", "resnet-50", "no such", "--yes"], 1, "no model 'no such'"),
            (["delete"], 2, "NAME"),
        ]
    ),
)
def test_what_cannot_be_done_changes_nothing(
    invoke: Invoke, store: Path, arguments: List[str], code: int, sentence: str
) -> None:
    before = invoke("models", "list", "--json", "--db", store).stdout
    result = invoke("models", *arguments, "--db", store)
    assert (result.exit_code, result.stdout) == (code, "")
    assert sentence in result.stderr
    assert code == 2 or result.stderr.count("\n") == 1
    assert invoke("models", "list", "--json", "--db", store).stdout == before


@pytest.mark.parametrize(
    "verb", [["edit", "a", "-m", "b=1"], ["rename", "a", "b"], ["delete", "a"]]
)
def test_only_create_makes_a_store(invoke: Invoke, store_path: Path, verb: List[str]) -> None:
    result = invoke("models", *verb, "--db", store_path)
    assert (result.exit_code, store_path.exists()) == (1, False)
    assert "There is no store" in result.stderr


def test_edit_changes_what_it_says(invoke: Invoke, store: Path) -> None:
    result = invoke(
        "models", "edit", "resnet-50", "--db", store, "-m", "optimizer.name=adam",
        "--unset", "seed", "-t", "v2", "--untag", "v1", "--csv",
    )  # fmt: skip
    assert (result.exit_code, result.stderr) == (0, "Saved the model 'resnet-50'.\n")
    assert result.stdout.startswith(
        "name,workflow,tags,metadata.framework,metadata.optimizer.name,"
    )
    model = stored(store, "resnet-50")
    assert model.metadata == {"framework": "pytorch", "optimizer": {"name": "adam"}}
    assert model.tags == {"baseline", "v2"}


@pytest.mark.parametrize(
    ("text", "value"),
    sampled(
        [
            ("True", True),
            ("False", False),
            ("None", None),
            (".5", 0.5),
            ("-.5e-3", -0.0005),
            ("5.", 5.0),
            ("1e-5", 1e-5),
            ("inf", math.inf),
            ("-inf", -math.inf),
            ('"True"', "True"),
            ('"007"', "007"),
            ("v1.2", "v1.2"),
            ("2026-11-27", "2026-11-27"),
            ("", ""),
        ]
    ),
)
def test_values_are_read_as_in_json_or_python(
    invoke: Invoke, store_path: Path, text: str, value: object
) -> None:
    result = invoke("models", "create", "m", "-w", "w", "-m", f"a={text}", "--db", store_path)
    assert result.stderr == "Created the model 'm' in the new workflow 'w'.\n"
    found = stored(store_path, "m").metadata["a"]
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("007", "not as a number"),
        ("1_000", "not as a number"),
        ("0,5", "not as a number"),
        ("NAN", "not as a number"),
        ("TRUE", "not as true"),
        ("none", "not as null"),
        ("[1, 2", "because it is not valid JSON"),
        ("{adam: 1}", "because it is not valid JSON"),
    ],
)
def test_a_string_that_was_probably_meant_otherwise_is_warned_of(
    invoke: Invoke, store: Path, text: str, remark: str
) -> None:
    arguments = ("models", "edit", "bert", "-m", f"b.a={text}", "--db", store)
    result = invoke(*arguments)
    warning = f"Warning: b.a is stored as the string '{text}', {remark}.\n"
    assert result.stderr == f"{warning}Saved the model 'bert'.\n"
    assert stored(store, "bert").metadata["b"] == {"a": text}
    assert invoke(*arguments, "-q").stderr == ""


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(
    invoke: Invoke, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def edit(text: str, **_: Any) -> str:
        with open_store(str(store)).write() as unit:
            unit.models.edit("resnet-50", assign=[(("theirs",), 1)])
        return '{"mine": 1}'

    monkeypatch.setenv("EDITOR", "ed")
    monkeypatch.setattr(model_changes.click, "edit", edit)
    result = invoke("models", "edit", "resnet-50", "--db", store)
    assert result.exit_code == 1
    assert "changed by someone else" in result.stderr
    assert '{"mine": 1}' in result.stderr  # so that nothing that was typed is lost
    assert "theirs" in stored(store, "resnet-50").metadata


def test_rename_keeps_everything(invoke: Invoke, store: Path) -> None:
    before = stored(store, "resnet-50")
    result = invoke("models", "rename", "resnet-50", "renamed", "--db", store)
    assert result.stderr == "Renamed the model 'resnet-50' to 'renamed'.\n"
    assert (stored(store, "renamed").id, stored(store, "renamed").tags) == (before.id, before.tags)
    assert "renamed" in invoke("runs", "list", "-m", "renamed", "--db", store).stdout


PLANNED: List[Dict[str, Any]] = [
    {"model": "resnet-50", "workflow": "Animals", "inference_count": 3, "run_count": 1},
    {"model": "bert", "workflow": "Texts", "inference_count": 0, "run_count": 0},
]


def test_delete_says_what_would_go_and_deletes_nothing(invoke: Invoke, store: Path) -> None:
    arguments = ("models", "delete", "resnet-50", "bert", "--db", store)
    result = invoke(*arguments, "--dry-run", "--json")
    assert json.loads(result.stdout) == PLANNED
    result = invoke(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "resnet-50  Animals            3     1" in result.stderr
    assert result.stderr.endswith("add --yes to delete without asking.\n")
    assert len(names(store)) == 3


def test_delete_asks_where_is_interactive(
    invoke: Invoke, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompts, "is_interactive", lambda: True)
    answers = iter(["n", "y"])
    # The question stands on standard error; click's own would put a blank on standard output.
    monkeypatch.setattr(prompts, "read_answer", lambda: next(answers))
    assert invoke("models", "delete", "bert", "--db", store).exit_code == 1
    assert len(names(store)) == 3
    result = invoke("models", "delete", "bert", "--db", store)
    assert result.exit_code == 0
    assert result.stderr.splitlines()[-1] == "Delete all of this? [y/N]: Deleted 1 model."
    assert names(store) == ["resnet-50", "resnet-101"]


def test_delete_goes_no_further_than_what_somebody_has_agreed_to(
    invoke: Invoke, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def agree() -> str:
        with open_store(str(store)).write() as unit:
            unit.models.delete(["resnet-50"])
            register(unit, "resnet-50")
        return "y"

    monkeypatch.setattr(prompts, "is_interactive", lambda: True)
    monkeypatch.setattr(prompts, "read_answer", agree)
    result = invoke("models", "delete", "resnet-50", "--db", store)
    assert result.exit_code == 1
    assert "Nothing was deleted, because what you confirmed has changed" in result.stderr
    assert len(names(store)) == 3


def test_delete_takes_what_belongs_to_the_models(invoke: Invoke, store: Path) -> None:
    result = invoke("models", "delete", "resnet-50", "bert", "--db", store, "--yes", "--json")
    assert (json.loads(result.stdout), result.stderr) == (PLANNED, "Deleted 2 models.\n")
    assert names(store) == ["resnet-101"]
    query = "SELECT count(*) AS n FROM v_inference"
    assert json.loads(invoke("sql", query, "--json", "--db", store).stdout) == [{"n": 0}]
