"""The fixture ``assert_inferences_match`` and the option ``--kolena-update``."""

from __future__ import annotations

import pytest

from tests.conftest import long_only
from tests.plugin.conftest import Run
from tests.plugin.test_fixtures import THINGS

pytest_plugins = ["pytester"]

SNAPSHOTS = """
    from things import judged, suite

    def test_one(kolena_store, assert_inferences_match):
        assert_inferences_match(judged("model", RIGHT, 4), suite(4), "snapshots/one.jsonl")

    def test_two(kolena_store, assert_inferences_match):
        judged("model", 3, 4)
        assert_inferences_match("model", "suite", "snapshots/two.jsonl", tolerance=0)
"""


def test_snapshots_lie_beside_the_test_and_are_written_with_the_option_only(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(things=THINGS)
    pytester.mkdir("tests")

    def run_with(right: int, *options: str) -> pytest.RunResult:
        source = pytester.makepyfile(test_it=SNAPSHOTS.replace("RIGHT", str(right)))
        source.replace(pytester.path / "tests" / "test_it.py")
        return run(*options)

    def snapshots() -> str:
        files = sorted(pytester.path.glob("tests/snapshots/*"))
        return "\n".join(file.read_text() for file in files)

    written = run_with(3, "--kolena-update")
    written.assert_outcomes(passed=2)
    written.stdout.fnmatch_lines(["*snapshots of inferences*", "*one.jsonl was written: 4 inf*"])
    content = snapshots()
    assert content.count('"locator"') == 8
    two = pytester.path / "tests" / "snapshots" / "two.jsonl"
    hidden = two.rename(pytester.path / "hidden")
    changed = run_with(2)
    changed.assert_outcomes(failed=2)
    said = changed.stdout.str()
    assert said.count("1 of 4 samples differs:") == 1
    assert "'2': Guess.label is 'cat' in the snapshot and 'dog' now" in said
    assert f"There is no snapshot {two}; to write it, run pytest with --kolena-update" in said
    assert not two.exists()
    hidden.rename(two)
    assert snapshots() == content
    accepted = run_with(2, "--kolena-update")
    accepted.assert_outcomes(passed=2)
    lines = accepted.stdout.lines
    assert [line for line in lines if ".jsonl was" in line] == [
        f"The snapshot {pytester.path}/tests/snapshots/one.jsonl was updated: 1 inference changed."
    ]
    assert snapshots() == content.replace('cat"}}\n', 'dog"}}\n', 3).replace(
        'dog"}}\n', 'cat"}}\n', 2
    )


SHARED = """
    import pytest
    from things import judged, suite

    @pytest.mark.parametrize("right", [4, 4, 3])
    def test_shared(kolena_store, assert_inferences_match, right):
        assert_inferences_match(judged("model", right, 4), suite(4), "link.jsonl")
"""


@long_only
def test_tests_that_overwrite_the_snapshot_of_each_other_fail(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(things=THINGS, test_it=SHARED)
    (pytester.path / "link.jsonl").symlink_to("target.jsonl")
    updated = run("--kolena-update")
    updated.assert_outcomes(passed=2, failed=1)
    updated.stdout.fnmatch_lines(
        ["*link.jsonl was updated: 1 inference changed. It was already that of test_it.py::test_*"]
    )
    assert "cat" in (pytester.path / "target.jsonl").read_text()
    run("--kolena-update", "-k", "3").assert_outcomes(passed=1)


@long_only
def test_the_summary_of_xdist_has_what_its_workers_have_written(
    pytester: pytest.Pytester, run: Run
) -> None:
    pytester.makepyfile(things=THINGS, test_it=SNAPSHOTS.replace("RIGHT", "3"))
    result = run("-n2", "--kolena-update")
    result.assert_outcomes(passed=2)
    for name in ("one", "two"):
        result.stdout.fnmatch_lines(f"*snapshots/{name}.jsonl was written: 4 inferences added.")
