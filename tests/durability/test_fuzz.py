"""Store files come from other people: whatever is in them, nothing but our errors comes out.

Stores are changed at random, as bytes and as values, and every command that reads is asked.
`KOLENA_LOCAL_TESTS=long` tries hundreds.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

import kolena_local
from kolena_local.cli import main
from kolena_local.errors import KolenaError
from kolena_local.repository import close_stores
from kolena_local.repository.health.checks import check
from kolena_local.workflow import Image, test
from tests.conftest import IS_LONG, long_only, sampled
from tests.durability.watch import TRAP, watch
from tests.files.make import AnimalCase, AnimalModel, AnimalSuite, Judge, guess

pytestmark = pytest.mark.usefixtures("watched")
MUTATED = 90 if IS_LONG else 30
COMMANDS = [
    ["models", "list"],
    ["models", "list", "--json"],
    ["models", "show", "first"],
    ["models", "show", "first", "--json"],
    ["test-suites", "list"],
    ["test-suites", "show", "animals"],
    ["test-cases", "list"],
    ["test-cases", "show", "day"],
    ["runs", "list"],
    ["runs", "list", "--csv"],
    ["runs", "show", "1"],
    ["results", "first", "animals@1"],
    ["compare", "first", "second", "-s", "animals@1", "--configuration", "threshold 0.5"],
    ["sql", "SELECT * FROM v_metrics"],
    ["sql", "SELECT * FROM v_inference"],
    ["db", "info"],
    ["db", "check"],
]


def ask(path: Path, commands: Sequence[list[str]] = COMMANDS) -> dict[str, int]:
    """Ask commands; return their exit codes."""
    codes = {}
    runner = CliRunner()
    for command in commands:
        result = runner.invoke(main, [*command, "--db", str(path)])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise AssertionError(f"{command}: {result.exception!r}") from result.exception
        assert result.exit_code in (0, 1, 5), (command, result.output)
        # Programs get the bytes as they are, terminals and tables do not.
        assert "--csv" in command or "\x1b" not in result.output
        codes[" ".join(command)] = result.exit_code
        close_stores()
    return codes


def some(seed: int) -> list[list[str]]:
    """Return commands by turns: the next ones with the next seed."""
    return [COMMANDS[(seed * 4 + place) % len(COMMANDS)] for place in range(4)]


def use_the_api(path: Path) -> None:
    """Do what a script would do; what is not an error of ours comes from damage that is found."""
    try:
        with kolena_local.session(db=path):
            suite = AnimalSuite.load("animals")
            for case in suite.test_cases:
                case.load_test_samples()
            AnimalModel.load("first").load_inferences(AnimalCase.load("day"))
            test(AnimalModel("new", infer=guess), suite, Judge())
    except KolenaError:
        pass
    except Exception:
        assert errors_in(path)
    finally:
        close_stores()


def errors_in(path: Path) -> list[str]:
    """Return what a check calls wrong."""
    try:
        return [found.text for found in check(str(path)) if found.severity == "error"]
    except KolenaError as error:
        return [str(error)]


def flip_bytes(chance: random.Random, content: bytearray) -> None:
    for _ in range(chance.choice([1, 3, 30, 300])):
        content[chance.randrange(len(content))] = chance.randrange(256)


def fill_page(chance: random.Random, content: bytearray) -> None:
    page = chance.randrange(len(content) // 4096) * 4096
    content[page : page + 4096] = chance.choice([bytes(4096), chance.randbytes(4096)])


def swap_pages(chance: random.Random, content: bytearray) -> None:
    one, two = (chance.randrange(len(content) // 4096) * 4096 for _ in range(2))
    content[one : one + 4096], content[two : two + 4096] = (
        content[two : two + 4096],
        content[one : one + 4096],
    )


def flip_header(chance: random.Random, content: bytearray) -> None:
    content[chance.randrange(100)] = chance.randrange(256)


def flip_schema(chance: random.Random, content: bytearray) -> None:
    place = chance.randrange(100, 5 * 4096)
    content[place : place + 4] = chance.randbytes(4)


BYTES: list[Callable[[random.Random, bytearray], None]] = [
    flip_bytes,
    fill_page,
    swap_pages,
    flip_header,
    flip_schema,
]


@pytest.mark.parametrize("mutate", sampled(BYTES))
def test_a_file_with_other_bytes_gives_our_errors(
    filled: Path, tmp_path: Path, mutate: Callable[[random.Random, bytearray], None]
) -> None:
    original = filled.read_bytes()
    path = tmp_path / "mutated.db"
    refused = 0
    for seed in range(MUTATED // len(BYTES)):
        content = bytearray(original)
        mutate(random.Random(seed), content)
        path.write_bytes(content)
        try:
            refused += any(ask(path, some(seed)).values())
            use_the_api(path)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
        for rest in tmp_path.glob("mutated.db*"):
            rest.unlink()
    assert refused


TEXTS = [
    "",
    "{",
    "null",
    "[]",
    "1e999",
    "NaN",
    '"text"',
    '{"$": "what"}',
    '{"$": "object", "items": 3}',
    '{"$": "text", "utf-16-le": "zz"}',
    '{"data_type": "os.system", "locator": "' + TRAP + '"}',
    '{"locator": ["' + TRAP + '"], "data_type": {"__class__": 1}}',
    '{"accuracy": {"accuracy": [{"accuracy": null}]}}',
    '{"accuracy": 123456789012345678901234567890}',
    "[" * 5000 + "]" * 5000,
    '{"a":' * 900 + "1" + "}" * 900,
    "\x1b]0;title\x07\x1b[2J",
    "2026-13-45T99:99:99.999Z",
    "../" * 20 + TRAP,
    "x" * 100_000,
    "\x00\x00",
]
VALUES: list[object] = [*TEXTS, 0, -1, 2**62, b"\xff\x00"]


def columns(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as raw:
        return [
            (table, row[1])
            for (table,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for row in raw.execute(f"PRAGMA table_info({table})")
        ]


def test_a_store_with_other_values_gives_our_errors(filled: Path, tmp_path: Path) -> None:
    original = filled.read_bytes()
    places = columns(filled)
    path = tmp_path / "mutated.db"
    for seed in range(MUTATED if IS_LONG else MUTATED // 8):
        chance = random.Random(seed)
        path.write_bytes(original)
        changed = False
        with closing(sqlite3.connect(path, isolation_level=None)) as raw:
            raw.execute("PRAGMA ignore_check_constraints = ON")
            while not changed:
                table, column = chance.choice(places)
                value = chance.choice(VALUES)
                cast = "CAST(? AS TEXT)" if isinstance(value, bytes) else "?"
                try:
                    changed = (
                        raw.execute(
                            f"UPDATE {table} SET {column} = {cast}"
                            + chance.choice(["", " WHERE rowid = 1"]),
                            (value,),
                        ).rowcount
                        > 0
                    )
                except sqlite3.Error:
                    continue
        try:
            ask(path, some(seed))
            use_the_api(path)
        except AssertionError as error:
            raise AssertionError(
                f"seed {seed}, {table}.{column} = {value!r:.60}: {error}"
            ) from error
        for rest in tmp_path.glob("mutated.db*"):
            rest.unlink()


@pytest.mark.parametrize("form", [[], ["--json"], ["--csv"]])
def test_metadata_that_is_nested_deeply_is_an_error_of_ours(filled: Path, form: list[str]) -> None:
    with closing(sqlite3.connect(filled, isolation_level=None)) as raw:
        raw.execute("UPDATE model SET metadata = ?", ('{"a":' * 900 + "1" + "}" * 900,))
    result = CliRunner().invoke(main, ["models", "list", *form, "--db", str(filled)])
    assert isinstance(result.exception, (SystemExit, type(None))), result.exception
    assert result.exit_code in (0, 1)


def test_a_schema_that_wants_to_do_more_does_nothing(filled: Path, tmp_path: Path) -> None:
    trap = tmp_path / TRAP
    with closing(sqlite3.connect(filled, isolation_level=None)) as raw:
        raw.execute("DROP VIEW v_model")
        raw.execute(f"CREATE VIEW v_model AS SELECT load_extension('{trap}') AS name")
        raw.execute(
            f"CREATE TRIGGER evil AFTER INSERT ON model BEGIN SELECT load_extension('{trap}'); END"
        )
    ask(filled)
    runner = CliRunner()
    assert runner.invoke(main, ["sql", "SELECT * FROM v_model", "--db", str(filled)]).exit_code
    close_stores()
    with kolena_local.session(db=filled), pytest.raises(KolenaError):
        AnimalModel("new")
    assert not trap.exists()


def test_locators_are_never_opened(store_path: Path, tmp_path: Path) -> None:
    trap = tmp_path / TRAP
    watch.on = False
    trap.write_text("secret")
    watch.on = True
    with kolena_local.session(db=store_path):
        sample = Image(str(trap), metadata={"path": str(trap)})
        from tests.files.make import Animal, ClassificationLabel, Guess

        case = AnimalCase("day", test_samples=[(sample, Animal(ClassificationLabel("cat")))])
        suite = AnimalSuite("animals", test_cases=[case])
        test(AnimalModel("first", infer=lambda _: Guess("cat")), suite, Judge())
        case.load_test_samples()
    close_stores()
    ask(store_path)


@long_only
def test_nothing_needs_the_network(
    filled: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import socket

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked for")

    monkeypatch.setattr(socket, "socket", refuse)
    for name in ("create_connection", "getaddrinfo", "gethostbyname"):
        monkeypatch.setattr(socket, name, refuse)
    assert not any(ask(filled).values()), ask(filled)
    use_the_api(filled)
    runner = CliRunner()
    demo = runner.invoke(main, ["demo", "--db", str(tmp_path / "demo.db")])
    assert demo.exit_code == 0, demo.output


def test_everything_that_is_made_is_private(own_home: Path, tmp_path: Path) -> None:
    from kolena_local.repository.file.backups import back_up, restore

    old = os.umask(0)
    try:
        AnimalModel("one")  # in the home of this test, whose folder is made
        store = own_home / "kolena_local" / "store.db"
        copy = back_up(str(store), str(tmp_path / "copy.db"))
        shutil.copy(store, tmp_path / "loose.db")
        made = [store, *store.parent.glob("store.db-*"), Path(copy)]
        close_stores()
        restore(str(tmp_path / "restored.db"), copy)
        modes = {path.name: path.stat().st_mode & 0o777 for path in made if path.exists()}
        modes["restored.db"] = (tmp_path / "restored.db").stat().st_mode & 0o777
    finally:
        os.umask(old)
    assert set(modes.values()) == {0o600}, modes
    assert store.parent.stat().st_mode & 0o777 == 0o700
