"""Whatever is changed in an export: it is refused in a sentence, or makes a sound store.

`KOLENA_LOCAL_TESTS=long` tries thousands of them.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import pytest

from kolena_local.payload import digest, loads
from kolena_local.repository import close_stores, open_store
from kolena_local.repository.health.checks import check
from kolena_local.repository.records import MemberChange
from tests.cli.conftest import Invoke
from tests.conftest import IS_LONG, sampled
from tests.files.make import fill

SEEDS = 24 if IS_LONG else 2  # of every two and of every three, one is special
READS = [
    ["models", "list", "--json"],
    ["models", "show", "first"],
    ["test-suites", "list"],
    ["test-suites", "show", "animals"],
    ["test-suites", "show", "animals", "--diff", "0", "1"],
    ["test-cases", "list"],
    ["test-cases", "show", "day"],
    ["test-cases", "show", 'night 🌙 "dark" 100%', "--diff", "1", "2"],
    ["runs", "list", "--csv"],
    ["runs", "show", "1"],
    ["results", "first", "animals@1"],
    ["compare", "first", "second", "-s", "animals@1", "--configuration", "threshold 0.5"],
    ["inferences", "export", "first"],
    ["inferences", "export", "second", "--format", "jsonl", "--test-suite", "animals"],
    ["sql", "SELECT * FROM v_metrics"],
    ["sql", "SELECT * FROM v_inference"],
    ["db", "info"],
]
NUMBERS = [0, 1, 2, 3, -1, 2**31, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 1.5, True, None]
TEXTS = [
    "",
    " ",
    "\u2003",
    "x",
    "\0",
    "day\0",
    "\ud800",
    "e\u0301",
    "running",
    "01" * 17,
    "É" * 999,
]
ESCAPES: list[Any] = [
    {"$": "nan"},
    {"$": "what"},
    {"$": ["nan"]},
    {"$": "text", "utf-16-le": "00d8"},
    {"$": "text", "utf-16-le": "zz"},
    {"$": "object", "items": [["$", 1]]},
    {"$": "object", "items": 3},
]
VALUES = [*NUMBERS, *TEXTS, *ESCAPES, [], {}, [1, [2]], {"a": {"b": None}}]
# What JSON does not have, or not every reader of it takes.
SPELLINGS = ["NaN", "-Infinity", "1e999", '"\\ud800"', "[" * 500 + "]" * 500, "1" * 5000, "{"]
SPELLED = "spelled"

Line = dict[str, Any]
Change = Callable[[Random, list[Line]], None]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store with something of everything."""
    path = tmp_path_factory.mktemp("original") / "store.db"
    fill(path)
    return path


def exported(path: Path) -> list[str]:
    with open_store(str(path), create=False).read() as unit:
        lines = list(unit.dump.lines())
    close_stores()
    return lines


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return where values are in a JSON value: what they are in, and their key there."""
    keys = [*value] if isinstance(value, dict) else [*range(len(value))]
    inner = [item for key in keys if isinstance(item := value[key], (dict, list))]
    return [(value, key) for key in keys] + [place for item in inner for place in places(item)]


def a_value(chance: Random) -> Any:
    return deepcopy(chance.choice(VALUES))  # whatever holds it may be changed further


def change_a_value(chance: Random, lines: list[Line]) -> None:
    inside, key = chance.choice(places(chance.choice(lines)))
    inside[key] = a_value(chance)


def change_a_number(chance: Random, lines: list[Line]) -> None:
    found = [place for line in lines for place in places(line) if type(place[0][place[1]]) is int]
    inside, key = chance.choice(found)
    inside[key] = chance.choice(NUMBERS)


def change_a_version(chance: Random, lines: list[Line]) -> None:
    kinds = ("test_case", "test_suite")
    line = chance.choice([line for line in lines if str(line.get("kind")).startswith(kinds)])
    keys = {"version", "samples", "position", "added", "removed"} & {*line}
    line[chance.choice(sorted(keys or {"kind"}))] = chance.choice([0, 1, 2, 3, None])


def take_the_value_of_another_line(chance: Random, lines: list[Line]) -> None:
    line = chance.choice(lines)
    key = chance.choice([*line])
    line[key] = chance.choice([other[key] for other in lines if key in other])


def change_a_text_everywhere(chance: Random, lines: list[Line]) -> None:
    line = chance.choice(lines)
    old = chance.choice([value for key, value in line.items() if key != "kind"] or ["x"])
    new = a_value(chance)
    for inside, key in [place for line in lines for place in places(line)]:
        if inside[key] == old and key != "kind":
            inside[key] = new


def change_content_and_its_digest(chance: Random, lines: list[Line]) -> None:
    line = chance.choice([line for line in lines if "digest" in line])
    inside, key = chance.choice(places(line["fields"]))
    inside[key] = a_value(chance)
    try:
        new = digest(loads(json.dumps(line["fields"]))).hex()
    except ValueError:
        new = "01" * 17
    old = line["digest"]
    for other in lines:
        for key in ("digest", "test_sample", "ground_truth"):
            if other.get(key) == old:
                other[key] = new


def drop_a_key(chance: Random, lines: list[Line]) -> None:
    line = chance.choice(lines)
    del line[chance.choice([*line])]


def drop_lines(chance: Random, lines: list[Line]) -> None:
    kind = chance.choice(lines).get("kind")
    lines[:] = [line for line in lines if line.get("kind") != kind or chance.random() < 0.5]


def repeat_a_line_with_a_change(chance: Random, lines: list[Line]) -> None:
    line = json.loads(json.dumps(chance.choice(lines)))
    inside, key = chance.choice(places(line))
    inside[key] = a_value(chance)
    lines.append(line)


def shuffle_lines(chance: Random, lines: list[Line]) -> None:
    chance.shuffle(lines)


def spell_a_value_otherwise(chance: Random, lines: list[Line]) -> None:
    inside, key = chance.choice(places(chance.choice(lines)))
    inside[key] = {SPELLED: chance.choice(SPELLINGS)}


CHANGES: list[Change] = [
    change_a_value,
    change_a_number,
    change_a_version,
    take_the_value_of_another_line,
    change_a_text_everywhere,
    change_content_and_its_digest,
    drop_a_key,
    drop_lines,
    repeat_a_line_with_a_change,
    shuffle_lines,
    spell_a_value_otherwise,
]


def written(line: Line) -> str:
    spelled = rf'\{{"{SPELLED}": ("(?:[^"\\]|\\.)*")\}}'
    return re.sub(spelled, lambda found: str(json.loads(found[1])), json.dumps(line))


@pytest.mark.parametrize("change", sampled(CHANGES, 4))
def test_a_changed_export_is_refused_or_makes_a_sound_store(
    tmp_path: Path, invoke: Invoke, original: Path, change: Change
) -> None:
    header, *content = exported(original)
    first = CHANGES.index(change)
    for seed in range(first, first + SEEDS):
        chance = Random(seed)
        lines = [json.loads(line) for line in content]
        change(chance, lines)
        if seed % 2:
            chance.choice(CHANGES)(chance, lines)
        file, path = tmp_path / "changed.jsonl", tmp_path / f"{seed}.db"
        file.write_text("\n".join([header, *map(written, lines)]), "utf-8")
        # Every third time into the store that it was exported from.
        before = [header, *content] if seed % 3 == 2 else None
        if before:
            shutil.copyfile(original, path)
        try:
            try_to_import(invoke, file, path, before)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
        for rest in tmp_path.glob("*.db*"):
            rest.unlink()


def try_to_import(invoke: Invoke, file: Path, path: Path, before: list[str] | None) -> None:
    result = invoke("import", file, "--db", path)
    close_stores()
    if result.exit_code:
        # What differs from the store is named by its own name.
        start = (
            r"(.*\b[Ll]ine \d+|The store differs from the file:)" if before else r".*\b[Ll]ine \d+"
        )
        sentence = rf"Error: {start} .* Nothing was imported\.\n"
        assert re.fullmatch(sentence, result.stderr), result.stderr
        assert exported(path) == before if before else not [*path.parent.glob(f"{path.name}*")]
        return
    assert errors(path) == []
    for command in READS:
        found = invoke(*command, "--db", path)
        assert found.exit_code in (0, 1), (command, found.output)
        assert "unexpected" not in found.stderr and "damaged" not in found.stderr, found.stderr
    text = invoke("export", "--db", path).stdout_bytes
    file.write_bytes(text)
    again = path.with_name("again.db")
    assert invoke("import", file, "--db", again).exit_code == 0
    assert invoke("export", "--db", again).stdout_bytes == text
    close_stores()
    move_a_sample_of_every_test_case(path)
    assert errors(path) == []


def errors(path: Path) -> list[str]:
    return [found.text for found in check(str(path)) if found.severity == "error"]


def move_a_sample_of_every_test_case(path: Path) -> None:
    with open_store(str(path)).write() as unit:
        for case in unit.test_cases.list():
            rows = unit.query(
                "SELECT test_sample_id, ground_truth_id FROM test_case_member AS member"
                " JOIN test_case ON test_case.id = member.test_case_id"
                " WHERE name = :name AND removed IS NULL ORDER BY position LIMIT 1",
                {"name": case.name},
            ).rows
            changes = [MemberChange(int(sample), int(truth), True) for sample, truth in rows]
            unit.test_cases.edit(
                case.id, case.version, description=None, reset=False, changes=changes
            )
    close_stores()
