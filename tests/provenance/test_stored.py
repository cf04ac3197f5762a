"""What is stored of code and environment: where it is linked, shown, compared and carried to."""

from __future__ import annotations

import json
import os
import runpy
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest

import kolena_local
from kolena_local import provenance
from kolena_local.comparison import compare
from kolena_local.errors import InputValidationError, KolenaWarning
from kolena_local.provenance import Provenance
from kolena_local.repository import close_store, open_store
from kolena_local.workflow import TestRun
from kolena_local.workflow import test as run_test
from tests.cli.conftest import Invoke, invoke
from tests.comparison.conftest import Closeness, Guess, LengthModel, World, make_world
from tests.conftest import long_only
from tests.provenance.conftest import Project
from tests.python_process import run_python

__all__ = ["invoke"]  # the fixture


def made(commit: str = "a" * 40, numpy: str = "1", *, diff: Optional[str] = None) -> Provenance:
    """Return a provenance with what remarks are about."""
    git: Dict[str, Any] = {"commit": commit, "branch": "main", "is_dirty": diff is not None}
    return Provenance(
        {
            "python": {"version": "3.11.1", "implementation": "cpython"},
            "git": git if diff is None else {**git, "diff": diff},
            "packages": {"numpy": numpy, "scipy": "5"},
        }
    )


def model(name: str, given: object, metres: float = 0.0) -> LengthModel:
    return LengthModel(name, infer=lambda photo: Guess(metres), provenance=given)  # type: ignore[arg-type]


def counts(name: str) -> List[Any]:
    """Return commit and number of a model's inferences, most first."""
    with open_store().read() as unit:
        found = unit.provenances.of_inferences(unit.models.get(name).id)
    return [(one.provenance and one.provenance["git"]["commit"][0], one.number) for one in found]


@pytest.fixture
def world(store_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("KOLENA_LOCAL_DB", str(store_path))
    return make_world()


def test_models_inferences_runs_and_results_are_linked(world: World, invoke: Invoke) -> None:
    first = model("m", made("a"))
    run_test(first, world.suite, Closeness())
    captured = first.load_provenance()
    assert captured is not None
    fingerprint = captured.facts["infer"]
    assert captured == Provenance({**made("a").facts, "infer": fingerprint})

    # Another state of the code answers anew for some, and nothing is known of others.
    photos = [(world.photo(index), Guess(1.0)) for index in range(20)]
    again = LengthModel.load("m", provenance=made("b"))
    TestRun(again, world.suite, reset=True).upload_inferences(photos[:15])
    assert counts("m") == [("a", 35), ("b", 15)]
    TestRun(LengthModel.load("m"), world.suite, reset=True).upload_inferences(
        [(photo, Guess(2.0)) for photo, _ in photos[10:]]
    )
    assert counts("m") == [("a", 30), ("b", 10), (None, 10)]
    run_test(LengthModel.load("m"), world.suite, Closeness())
    assert counts("m") == [("a", 30), ("b", 10), (None, 10)]

    # The current run knows nothing, the earlier one, which it replaced, its own.
    runs = json.loads(invoke("runs", "list", "--all", "--json").stdout)
    current, earlier = (
        json.loads(invoke("runs", "show", run["id"], "--json").stdout) for run in runs
    )
    assert (current["superseded_at"], current["provenance"]) == (None, None)
    assert earlier["provenance"] == captured.facts
    assert "git.commit             a" in invoke("runs", "show", earlier["id"]).stdout
    printed = invoke("models", "show", "m", "--provenance").stdout
    assert "provenance of 10 inferences" in printed and "numpy 1, scipy 5" in printed
    found = json.loads(invoke("models", "show", "m", "--provenance", "--json").stdout)
    assert found["provenance"] == captured.facts
    assert [one["count"] for one in found["inference_provenance"]] == [30, 10, 10]
    assert found["inference_provenance"][2]["provenance"] is None
    rows = json.loads(
        invoke(
            "sql",
            "SELECT model, what, inferences, git_commit, packages FROM v_provenance"
            " ORDER BY what, git_commit",
            "--json",
        ).stdout
    )
    packages = json.dumps(made().facts["packages"], separators=(",", ":"))
    assert [tuple(row.values()) for row in rows] == [
        ("m", "inferences", 30, "a", packages),
        ("m", "inferences", 10, "b", packages),
        ("m", "model", None, "a", packages),
        ("m", "run", None, "a", packages),
    ]

    # Infer all again, and all that was known is replaced.
    run_test(model("m", made("c")), world.suite, Closeness(), reset=True)
    assert counts("m") == [("c", 50)]
    reloaded = LengthModel.load("m").load_provenance()
    assert reloaded is not None and reloaded.facts["git"]["commit"] == "c"
    assert invoke("db", "check").exit_code == 0


def test_it_is_captured_where_it_is_asked_for(
    project: Project, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = project.git("rev-parse", "HEAD")
    project.write(
        "register.py",
        "def register(kind, name, **given): return kind(name, **given).load_provenance()\n",
    )
    register = runpy.run_path(str(project.folder / "register.py"))["register"]

    def captured(name: str, **given: Any) -> bool:
        found = register(LengthModel, name, **given)
        assert found is None or found.facts["git"]["commit"] == commit
        return found is not None

    assert [captured("a"), captured("b", provenance=True)] == [False, True]
    location = os.environ["KOLENA_LOCAL_DB"]
    with kolena_local.session(location, provenance=True):
        assert [captured("c"), captured("d", provenance=False)] == [True, False]
        with kolena_local.session(location):
            assert captured("e")
        with kolena_local.session(location, provenance=False):
            assert not captured("f")
    kolena_local.initialize(db=location, provenance=True)
    assert captured("g")
    kolena_local.initialize(db=location)
    assert not captured("h")
    monkeypatch.setenv("KOLENA_LOCAL_PROVENANCE", "on")
    assert captured("i")
    kolena_local.initialize(db=location, provenance=False, verbose=False)
    assert not captured("j")
    kolena_local.initialize(db=location, verbose=False)
    monkeypatch.setenv("KOLENA_LOCAL_PROVENANCE", "maybe")
    with pytest.warns(KolenaWarning, match="KOLENA_LOCAL_PROVENANCE is 'maybe' and was ignored"):
        assert not captured("k")
    for bad in ("yes", 1, {"seed": 0}):
        for call in (
            lambda: LengthModel("l", provenance=bad),  # noqa: B023
            lambda: kolena_local.initialize(provenance=bad),  # type: ignore[arg-type]  # noqa: B023
        ):
            with pytest.raises(InputValidationError, match="provenance must be"):
                call()


@long_only
def test_models_that_are_made_one_after_the_other_do_not_differ(
    project: Project, store_path: Path
) -> None:
    script = project.write(
        "two.py",
        "from tests.comparison.conftest import LengthModel\n"
        "from kolena_local.provenance import git; git.TIME_LIMIT = 60.0\n"
        "first, second = (LengthModel(name, provenance=True) for name in ('a', 'b'))\n"
        "print(first.diff(second))",
    )
    project.commit()
    done = subprocess.run(
        [sys.executable, script],
        check=True,
        stdout=subprocess.PIPE,
        env={**os.environ, "KOLENA_LOCAL_DB": str(store_path)},
    )
    assert done.stdout == b"[]\n"


def test_two_models_differ_in_metadata_and_provenance(world: World, invoke: Invoke) -> None:
    one = LengthModel("one", metadata={"seed": 1, "opt": {"lr": 0.1}}, provenance=made("a"))
    two = LengthModel("two", metadata={"seed": True, "opt": {"lr": 0.1}}, provenance=made("b", "2"))
    expected = [
        ("metadata.seed", 1, True),
        ("provenance.git.commit", "a", "b"),
        ("provenance.packages.numpy", "1", "2"),
    ]
    assert one.diff(two) == expected
    assert one.diff(one) == []
    with pytest.raises(InputValidationError, match="other must be"):
        one.diff("two")  # type: ignore[arg-type]
    found = json.loads(invoke("models", "diff", "one", "two", "--json").stdout)
    assert [tuple(row.values()) for row in found] == expected
    assert "provenance.git.commit      a " in invoke("models", "diff", "one", "two").stdout
    nothing = invoke("models", "diff", "one", "one")
    assert (nothing.stdout, nothing.stderr) == ("", "The models do not differ.\n")


def test_keys_with_full_stops_and_objects_in_lists_differ_only_where_they_do(world: World) -> None:
    one = LengthModel("one", metadata={"a.b": 1, "a": {"b": 2}, "list": [{"x": 1, "y": 2}]})
    two = LengthModel("two", metadata={"a.b": 7, "a": {"b": 2}, "list": [{"y": 2, "x": 1}]})
    assert one.diff(two) == [('metadata."a.b"', 1, 7)]
    three = LengthModel("three", metadata={"a": {"b": 1}, 'a"."c': 2})
    four = LengthModel("four", metadata={"a.b": 1, "a": {"c": 2}})
    assert [field for field, *_ in three.diff(four)] == [
        "metadata.a.b",
        r'metadata."a\".\"c"',
        'metadata."a.b"',
        "metadata.a.c",
    ]


def test_a_comparison_remarks_on_code_and_environments(world: World, invoke: Invoke) -> None:
    def remarks(base: str, candidate: str) -> List[str]:
        found = compare(base, candidate, "lengths").caveats
        about = ("commit", "states", "changes", "environment")
        return [one for one in found if any(word in one for word in about)]

    for name, given, metres in (("a", made("a" * 40), 0.0), ("b", made("b" * 40), 1.0)):
        run_test(model(name, given, metres), world.suite, Closeness())
    run_test(model("unknown", None), world.suite, Closeness())
    # A candidate has another commit than the base, and more may be imported.
    assert remarks("a", "b") == remarks("a", "unknown") == []

    run_test(model("dirty", made("c" * 40, diff="1")), world.suite, Closeness())
    assert remarks("a", "dirty") == [
        "The inferences of 'dirty' were made with uncommitted changes to the code (cccccccccc with"
        " changes)."
    ]
    run_test(model("other", made("d" * 40, "2")), world.suite, Closeness())
    assert remarks("other", "a") == [
        "The environments of base and candidate differ: numpy 2 and 1; a difference in the results"
        " may be due to that."
    ]
    later = LengthModel.load("other", provenance=made("e" * 40, "3"))
    photos = [(world.photo(index), Guess(4.0)) for index in range(20)]
    TestRun(later, world.suite, reset=True).upload_inferences(photos)
    run_test(later, world.suite, Closeness())
    mixed = [
        "The inferences of 'other' come from 2 commits: dddddddddd (30 samples) and eeeeeeeeee (20"
        " samples).",
        "The inferences of 'other' were made in different environments: numpy 2 and 3.",
        "The environments of base and candidate differ: numpy 2/3 and 1; a difference in the"
        " results may be due to that.",
    ]
    assert remarks("other", "a") == mixed
    printed = invoke("compare", "other", "a", "-s", "lengths").stdout.replace("\n", " ")
    assert all(one in printed for one in mixed)


def test_exports_and_merges_carry_it(world: World, invoke: Invoke, tmp_path: Path) -> None:
    run_test(model("m", made("a")), world.suite, Closeness())
    model("other", made("b"))
    whole, part = tmp_path / "whole.jsonl", tmp_path / "part.jsonl"
    invoke("export", str(whole))
    invoke("export", "--model", "m", str(part))
    kinds = [
        [json.loads(line)["kind"] for line in file.read_text().splitlines()]
        for file in (whole, part)
    ]
    assert [one.count("provenance") for one in kinds] == [2, 1]

    copies = [str(tmp_path / name) for name in ("imported.db", "merged.db")]
    assert invoke("import", str(whole), "--db", copies[0]).exit_code == 0
    merged = invoke("db", "merge", os.environ["KOLENA_LOCAL_DB"], "--db", copies[1])
    assert merged.exit_code == 0, merged.stderr
    question = "SELECT * FROM v_provenance ORDER BY model, what"
    expected = invoke("sql", question).stdout
    for copy in copies:
        assert invoke("sql", question, "--db", copy).stdout == expected
        assert invoke("export", "--db", copy, str(tmp_path / "again.jsonl")).exit_code == 0
        assert (tmp_path / "again.jsonl").read_text() == whole.read_text()
    with open_store(copies[0]).read() as unit:
        (found,) = unit.test_runs.configurations(1)
        assert unit.provenances.of_configuration(found.id) is not None

    # The same inferences by other code are the same, and stay as they are.
    with kolena_local.session(str(tmp_path / "third.db")):
        run_test(model("m", made("c")), make_world().suite, Closeness())
        assert invoke("import", str(part), "--db", str(tmp_path / "third.db")).exit_code == 0
        assert counts("m") == [("c", 50)]

    lines = whole.read_text().splitlines()
    broken = [line for line in lines if json.loads(line)["kind"] != "provenance"]
    part.write_text("\n".join(broken))
    refused = invoke("import", str(part), "--db", str(tmp_path / "fourth.db"))
    assert refused.exit_code == 1
    assert "refers to something that is neither in the file nor in the store" in refused.stderr


SECRETS = {
    "environment": "s3cret-environment-value",
    "argument": "s3cret-argument",
    "diff": "s3cret-in-a-diff",
    "remote": "s3cret-remote-password",
    "user": "s3cret.user",
    "home": "s3cret-home",
    "host": "s3cret-host",
}
SCRIPT = """
import os, sys
from kolena_local.workflow import test
from tests.comparison.conftest import Closeness, Guess, LengthModel, make_world

password = "s3cret-in-a-diff"
model = LengthModel("m", infer=lambda photo: Guess(0.0), provenance=True)
test(model, make_world().suite, Closeness())
"""


def test_no_secret_reaches_the_file_nor_an_export(
    project: Project,
    tmp_path: Path,
    store_path: Path,
    invoke: Invoke,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = tmp_path / SECRETS["home"] / SECRETS["user"]
    folder = home / "users" / SECRETS["user"]
    folder.parent.mkdir(parents=True)
    project.folder.rename(folder)
    project = Project(folder)
    project.write(f"{SECRETS['user']}/run.py", "")
    project.write(f"{SECRETS['user']}/uv.lock", "lock")
    project.commit()
    project.write(f"{SECRETS['user']}/run.py", SCRIPT)
    project.git("checkout", "-q", "-b", f"{SECRETS['user']}/fix-{SECRETS['user'].upper()}")
    project.git("remote", "add", "origin", f"https://joe:{SECRETS['remote']}@example.org/x.git")
    variables = {
        "HOME": str(home),
        "USER": SECRETS["user"],
        "LOGNAME": SECRETS["user"],
        "API_TOKEN": SECRETS["environment"],
        "KOLENA_LOCAL_DB": str(store_path),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    script = folder / SECRETS["user"] / "run.py"
    code = (
        "import platform, runpy, socket\n"
        f"platform.node = socket.gethostname = lambda: {SECRETS['host']!r}\n"
        "from kolena_local.provenance import git; git.TIME_LIMIT = 60.0\n"
        f"runpy.run_path({str(script)!r}, run_name='__main__')"
    )
    done = run_python(code, f"--token={SECRETS['argument']}")
    assert done.returncode == 0, done.stderr
    exported = tmp_path / "export.jsonl"
    assert invoke("export", str(exported), "--db", str(store_path)).exit_code == 0
    with open_store(str(store_path)).read() as unit:
        facts = unit.provenances.of_model(1)
    assert facts is not None
    git: Any = facts["git"]
    assert (git["branch"], git["is_dirty"]) == ("~/fix-~", True)
    assert facts["lock_file"]["path"] == "~/uv.lock"  # type: ignore[call-overload,index]
    close_store(str(store_path))
    for file in (*store_path.parent.glob(f"{store_path.name}*"), exported):
        content = file.read_bytes()
        for secret in (*SECRETS.values(), str(tmp_path)):
            assert secret.encode().lower() not in content.lower(), (file, secret)


def test_a_host_is_told_from_others_by_a_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    import platform

    hosts = []
    for name in ("one", "two", "one"):
        monkeypatch.setattr(platform, "node", lambda name=name: name)
        hosts.append(provenance.capture().facts["system"]["host"])
    assert hosts[0] == hosts[2] != hosts[1]
    assert all(len(bytes.fromhex(host)) == 16 for host in hosts)


def test_a_damaged_provenance_is_found(world: World, invoke: Invoke, store_path: Path) -> None:
    model("m", made())
    close_store(str(store_path))
    with closing(sqlite3.connect(store_path)) as raw:
        raw.execute("""UPDATE provenance SET payload = '{"git": 1}'""")
        raw.execute("UPDATE model SET provenance_id = 7")
        raw.commit()
    found = invoke("db", "check", "--db", str(store_path)).stdout
    assert "provenance 1 is stored under the digest of other content" in found
    assert "model refers to a row of provenance that does not exist" in found
