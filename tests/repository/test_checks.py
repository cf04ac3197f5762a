"""A check finds what was made wrong on purpose, and a repair loses nothing."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kolena_local.errors import InputValidationError, StoreNotFoundError
from kolena_local.payload import Json
from kolena_local.repository import Store, close_stores, open_store
from kolena_local.repository.health import environment_checks
from kolena_local.repository.health.checks import check
from kolena_local.repository.health.findings import Finding
from kolena_local.repository.health.repairs import repair
from tests.python_process import run_python
from tests.repository.conftest import add_case, add_suite, put_pairs

CAT: Json = {"label": "cat"}


@pytest.fixture
def path(file_store: Store) -> str:
    """Return the path of a store with a bit of everything."""
    with file_store.write() as unit:
        pairs = put_pairs(unit, ["a", "b", "c"], CAT)
        case = add_case(unit, "case", pairs)
        other = add_case(unit, "other", pairs[:2])
        suite = add_suite(unit, "suite", [case, other])
        model = unit.models.add(unit.workflows.ensure("workflow").id, "model", {"a": 1}, ["t"])
        unit.inferences.put(
            model.id, [sample for sample, _ in pairs], ["{}"] * len(pairs), replace=False
        )
        unit.test_runs.ensure(model.id, suite.id, suite.version, "evaluator")
    close_stores()
    return file_store.location


def alter(path: str, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA ignore_check_constraints = ON")
        raw.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            raw.execute(statement)


def errors(path: str) -> list[Finding]:
    return [finding for finding in check(path) if finding.severity == "error"]


def warnings(path: str) -> list[Finding]:
    found = [finding for finding in check(path) if finding.severity == "warning"]
    return [finding for finding in found if finding.rule != "sqlite version"]


def test_a_sound_store_has_no_findings(path: str) -> None:
    assert errors(path) == []
    assert warnings(path) == []


def test_nothing_is_checked_where_nothing_is(tmp_path: Path) -> None:
    with pytest.raises(StoreNotFoundError):
        check(str(tmp_path / "missing.db"))
    with pytest.raises(InputValidationError):
        check(":memory:")
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("statement", "rule", "words"),
    [
        ("UPDATE model SET created_at = 'x'", "integrity", "CHECK constraint"),
        ("DELETE FROM workflow", "foreign keys", "workflow that does not exist"),
        ("UPDATE test_sample SET payload = '{}' WHERE id = 2", "digests", "test_sample 2"),
        ("UPDATE ground_truth SET payload = '{' WHERE id = 2", "payloads", "ground_truth 2"),
        ("UPDATE inference SET payload = 'NaN' WHERE id = 1", "payloads", "cannot be read"),
        ("UPDATE test_sample SET metadata = '[]' WHERE id = 1", "payloads", "not a JSON object"),
        ("UPDATE test_case SET version = 5 WHERE id = 1", "versions", "at version 5"),
        (
            "DELETE FROM test_suite_version WHERE version = 0",
            "versions",
            "the number of its versions is 1 and the newest is 1",
        ),
        ("UPDATE test_case_member SET removed = 7", "members", "version that does not exist"),
        (
            "UPDATE test_case_member SET position = 9223372036854775807 WHERE position = 0",
            "members",
            "has a position that is too large",
        ),
        (
            "UPDATE test_case_member SET ground_truth_id = 1 WHERE test_sample_id = 2",
            "members",
            "ground truth of another",
        ),
        (
            "UPDATE test_case_version SET sample_count = 9",
            "sample counts",
            "says that the number of its samples is 9",
        ),
    ],
)
def test_what_was_made_wrong_is_found(path: str, statement: str, rule: str, words: str) -> None:
    alter(path, statement)
    found = [finding.text for finding in errors(path) if finding.rule == rule]
    assert any(words in text for text in found), found


SECOND_VERSION = (
    "UPDATE test_case SET version = 2 WHERE id = 1",
    "INSERT INTO test_case_version SELECT 1, 2, '', 4, created_at, 1 FROM test_case WHERE id = 1",
)


def test_a_sample_that_is_there_twice_is_found(path: str) -> None:
    alter(
        path,
        *SECOND_VERSION,
        "INSERT INTO test_case_member SELECT 1, 9, 1, 2, test_sample_id, ground_truth_id"
        " FROM test_case_member WHERE test_case_id = 1 AND position = 0",
    )
    assert any("there twice in one version" in finding.text for finding in errors(path))


def test_two_members_at_one_place_are_found(path: str) -> None:
    alter(
        path,
        *SECOND_VERSION,
        "INSERT INTO test_sample SELECT 9, workflow_id, zeroblob(17), '{}', '{}'"
        " FROM test_sample LIMIT 1",
        "INSERT INTO ground_truth SELECT 9, 9, digest, payload FROM ground_truth LIMIT 1",
        "INSERT INTO test_case_member VALUES (1, 0, 2, NULL, 9, 9)",
    )
    assert any("shares its position" in finding.text for finding in errors(path))


def test_only_the_first_of_many_are_told(file_store: Store) -> None:
    with file_store.write() as unit:
        put_pairs(unit, [str(number) for number in range(25)], CAT)
    close_stores()
    alter(file_store.location, "UPDATE test_sample SET payload = '{}'")
    found = [finding.text for finding in errors(file_store.location)]
    assert len(found) == 11
    assert found[-1] == "There are 15 more of this kind."


def test_what_belongs_to_different_workflows_is_found(path: str) -> None:
    alter(
        path,
        "INSERT INTO workflow SELECT 9, 'other', created_at, NULL, NULL, NULL FROM workflow",
        "UPDATE test_case SET workflow_id = 9 WHERE name = 'other'",
        "UPDATE model SET workflow_id = 9",
    )
    assert {(finding.rule, finding.text) for finding in errors(path)} == {
        (
            "members",
            f'The sample at position {position} of the test case "other" belongs to another'
            " workflow; restore a backup.",
        )
        for position in range(2)
    } | {
        (
            "workflows",
            'Version 1 of the test suite "suite" has the test case "other" of another workflow;'
            " restore a backup.",
        ),
        (
            "workflows",
            'The model "model" was tested on the test suite "suite" of another workflow;'
            " restore a backup.",
        ),
        *(
            (
                "workflows",
                f'The model "model" has an inference for the test sample {sample} of another'
                " workflow; restore a backup.",
            )
            for sample in (1, 2, 3)
        ),
    }


@pytest.mark.parametrize(
    "result", ["metrics_test_case VALUES (1, {}, '{{}}')", "plot VALUES (1, {}, 0, '{{}}')"]
)
def test_results_of_a_test_case_that_was_not_tested_are_found(path: str, result: str) -> None:
    alter(
        path,
        "INSERT INTO evaluator_configuration (id, test_run_id, display_name) VALUES (1, 1, '')",
        f"INSERT INTO {result.format(1)}",
    )
    assert errors(path) == []
    alter(
        path,
        "INSERT INTO test_case SELECT 9, workflow_id, 'new', 0, created_at, created_at"
        " FROM test_case WHERE id = 1",
        "INSERT INTO test_case_version SELECT 9, 0, '', 0, created_at, 1 FROM test_case_version"
        " WHERE test_case_id = 1 AND version = 0",
        f"INSERT INTO {result.format(9)}",
    )
    assert [(one.rule, one.text) for one in errors(path)] == [
        (
            "results",
            'The model "model" has results for the test case "new", which version 1 of the test'
            ' suite "suite" does not have; restore a backup.',
        )
    ]


ENDLESS = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"


def test_who_interrupts_a_check_does_not_wait_for_its_end(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(connection: sqlite3.Connection) -> Iterator[Finding]:
        raise KeyboardInterrupt
        yield

    def endless(connection: sqlite3.Connection) -> Iterator[Finding]:
        connection.execute(ENDLESS)
        return iter(())

    rules = (("one", interrupted), ("other", endless))
    monkeypatch.setattr("kolena_local.repository.health.checks._RULES", rules)
    with pytest.raises(KeyboardInterrupt):
        check(path)


KILLED = """
import os, sys
from kolena_local.repository import open_store
with open_store(sys.argv[1]).write() as unit:
    unit.test_runs.start(1)
os.kill(os.getpid(), 9)
"""


def test_a_run_whose_process_was_killed_is_interrupted_until_it_is_repaired(path: str) -> None:
    assert run_python(KILLED, path).returncode == -9
    (finding,) = errors(path)
    assert finding.rule == "test runs"
    assert "interrupted" in finding.text
    assert finding.fixable
    backup, done = repair(path)
    assert done == ['Marked the run 1 of the model "model" on "suite" as crashed.']
    assert backup is not None
    assert errors(path) == []
    with open_store(path).read() as unit:
        (run,) = unit.test_runs.list()
        assert (run.status, run.is_interrupted) == ("crashed", False)
        assert "ended unexpectedly" in (run.error or "")
    with open_store(backup).read() as unit:
        assert unit.test_runs.list()[0].is_interrupted


def test_a_run_that_goes_on_is_left_alone(path: str) -> None:
    with open_store(path).write() as unit:
        unit.test_runs.start(1)
    assert errors(path) == []
    assert repair(path) == (None, [])


def test_counts_indexes_and_permissions_are_repaired(path: str) -> None:
    alter(path, "UPDATE test_case_version SET sample_count = 9 WHERE sample_count = 3")
    # An index that knows nothing of the row: it was another one while the row was changed.
    change = "UPDATE sqlite_master SET sql = replace(sql, 'stale = {}', 'stale = {}')"
    alter(path, change.format(1, 2))
    alter(path, "UPDATE inference SET stale = 1 WHERE id = 1")
    alter(path, change.format(2, 1))
    Path(path).chmod(0o644)
    assert {finding.rule for finding in errors(path)} == {"integrity", "sample counts"}
    assert [finding.rule for finding in warnings(path)] == ["permissions"]
    _, done = repair(path)
    assert done == [
        "Rebuilt all indexes from their tables.",
        'Counted 3 samples in version 1 of the test case "case".',
        f"Made {path} private.",
    ]
    assert errors(path) == warnings(path) == []


def test_what_cannot_be_repaired_is_left_as_it_is(path: str) -> None:
    alter(path, "UPDATE test_sample SET payload = '{}' WHERE id = 2")
    before = Path(path).read_bytes()
    assert repair(path) == (None, [])
    assert Path(path).read_bytes() == before


def test_a_store_that_is_half_noise_is_reported_not_raised(path: str) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA journal_mode = DELETE")
        (page,) = raw.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'test_sample'"
        ).fetchone()
    content = bytearray(Path(path).read_bytes())
    content[(page - 1) * 4096 : page * 4096] = os.urandom(4096)
    Path(path).write_bytes(content)
    assert "integrity" in {finding.rule for finding in errors(path)}


@pytest.mark.parametrize(
    ("mounts", "kind"),
    [
        ("host:/home {folder} nfs4 rw 0 0", "nfs4"),
        ("//host/share {folder} cifs rw 0 0", "cifs"),
        ("me@host: {folder} fuse.sshfs rw 0 0", "fuse.sshfs"),
        (
            "/dev/sda1 / ext4 rw 0 0\nhost:/x {folder} nfs rw 0 0\n/dev/sdb {folder} xfs rw 0 0",
            None,
        ),
        ("host:/home /elsewhere nfs4 rw 0 0", None),
        ("/dev/sda1 {folder} fuseblk rw 0 0", None),
    ],
)
def test_a_network_disk_is_warned_of(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mounts: str, kind: str | None
) -> None:
    table = tmp_path / "mounts"
    folder = str(tmp_path.resolve()).replace(" ", "\\040")
    table.write_text(mounts.format(folder=folder) + "\n")
    monkeypatch.setattr(environment_checks, "_MOUNTS", str(table))
    found = [finding.text for finding in warnings(path) if finding.rule == "file system"]
    assert [f"of type {kind}," in text for text in found] == ([True] if kind else [])


@pytest.mark.parametrize(
    ("folder", "program"),
    [
        ("Dropbox (Personal)", "Dropbox"),
        ("OneDrive - Company", "OneDrive"),
        ("Mobile Documents", "iCloud"),
        ("GoogleDrive-me@example.org", "Google Drive"),
        ("Nextcloud", "a cloud service"),
        ("droplets", None),
    ],
)
def test_a_synchronized_folder_is_warned_of(
    tmp_path: Path, folder: str, program: str | None
) -> None:
    (tmp_path / folder).mkdir()
    path = str(tmp_path / folder / "store.db")
    open_store(path)
    found = [finding.text for finding in warnings(path)]
    assert [f"that {program} seems" in text for text in found] == ([True] if program else [])


def test_a_second_name_of_the_file_is_warned_of(path: str, tmp_path: Path) -> None:
    os.link(path, tmp_path / "second.db")
    assert [finding.rule for finding in warnings(path)] == ["hard links"]


@pytest.mark.parametrize(("version", "warned"), [((3, 51, 2), True), ((3, 51, 3), False)])
def test_a_sqlite_with_a_known_fault_is_warned_of(
    path: str, monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int], warned: bool
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    assert ("sqlite version" in {finding.rule for finding in check(path)}) is warned
