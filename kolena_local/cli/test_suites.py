"""``kolena-local test-suites``: test suites, their versions, and the differences between them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from kolena_local.cli.completion import names_of
from kolena_local.cli.entries import (
    TEST_SUITES,
    change_between,
    joined_tags,
    label,
    local_time,
    test_suite_entry,
)
from kolena_local.cli.lazy import Group
from kolena_local.cli.options import (
    added_tag_option,
    diff_option,
    name_option,
    names_argument,
    tag_option,
    untag_option,
)
from kolena_local.cli.output.formats import Entry
from kolena_local.cli.output.output_options import output_options
from kolena_local.cli.output.printing import Columns, Listing, print_listing, print_sheet, report
from kolena_local.cli.prompts import delete_named, deletion_options
from kolena_local.cli.store_option import reading, writing
from kolena_local.plurals import counted

if TYPE_CHECKING:
    from kolena_local.repository.records import CaseChange, TestSuiteRecord

_FIELDS: Columns = {
    "test suite": label,
    "workflow": "workflow",
    "description": lambda suite: suite["description"] or None,
    "tags": lambda suite: joined_tags(suite) or None,
    "samples": "sample_count",
    "created": local_time("created_at"),
    "updated": local_time("updated_at"),
}
_TEST_CASES: Columns = {"test case": label, "samples": "sample_count"}
_VERSIONS: Columns = {
    "version": "version",
    "test cases": "test_case_count",
    "created": local_time("created_at"),
}
_CHANGES = Listing(
    ("change", "test_case", "version_before", "version_after"),
    {
        "change": "change",
        "test case": "test_case",
        "before": "version_before",
        "after": "version_after",
    },
    "The two versions have the same test cases.",
)

_description_option = click.option(
    "--description", metavar="TEXT", help="What the test suite is for."
)
_case_option = partial(name_option, noun="test_case", multiple=True)


@click.group("test-suites", cls=Group)
def test_suites() -> None:
    """List, show, create, edit, rename, and delete test suites."""


@test_suites.command("list")
@click.argument("pattern", required=False, shell_complete=names_of("test_suite"))
@name_option("-w", "--workflow", help="Only test suites of this workflow.")
@tag_option
@output_options
def list_test_suites(pattern: str | None, workflow: str | None, tags: tuple[str, ...]) -> None:
    """List the latest versions of test suites in the order in which they were created.

    PATTERN matches the whole name: * is any text, ? is any character, [ab] is a or b.
    """
    with reading() as unit:
        if workflow is not None:
            unit.workflows.get(workflow)
        records = unit.test_suites.list(workflow, tags, pattern)
    print_listing(TEST_SUITES, [test_suite_entry(record) for record in records])


@test_suites.command("show")
@click.argument("name", shell_complete=names_of("test_suite"))
@diff_option
@output_options
def show_test_suite(name: str, diff: tuple[int, int] | None) -> None:
    """Show a test suite with its test cases and versions.

    NAME@3 is version 3; NAME is the latest version. --diff 1 3 lists the test cases that were
    added, removed, or changed to another version from version 1 to version 3.
    """
    if diff is not None:
        with reading() as unit:
            changes = unit.test_suites.diff(unit.test_suites.resolve(name).name, *diff)
        print_listing(_CHANGES, [_change_entry(change) for change in changes])
        return
    with reading() as unit:
        record = unit.test_suites.resolve(name)
        entry = test_suite_entry(record)
        entry["sample_count"] = unit.suite_samples.count(record.id, record.version)
        entry["versions"] = [
            {
                "version": one.version,
                "test_case_count": len(one.test_cases),
                "created_at": one.updated_at,
            }
            for one in unit.test_suites.versions(record.id)
        ]
    print_sheet(entry, _FIELDS, {"test cases": _TEST_CASES, "versions": _VERSIONS})


@test_suites.command("create")
@click.argument("name")
@_case_option(
    "--test-case", "test_cases", required=True, help="A test case of the test suite (repeatable)."
)
@_description_option
@added_tag_option
@output_options
def create_test_suite(
    name: str, test_cases: tuple[str, ...], description: str | None, tags: tuple[str, ...]
) -> None:
    """Create a test suite of test cases.

    A test case is given as NAME, its latest version, as NAME@3, version 3, or as a pattern that
    matches whole names, in which * is any text, ? is any character, and [ab] is a or b.
    """
    with writing() as unit:
        record = unit.suite_changes.create(name, test_cases, description or "", tags)
    cases = counted(len(record.test_cases), "test case")
    _report(f"Created the test suite '{name}' of {cases}.", record)


@test_suites.command("edit")
@click.argument("name", shell_complete=names_of("test_suite"))
@_case_option("--add", help="Add a test case, or its version in place of another (repeatable).")
@_case_option("--remove", help="Remove a test case (repeatable).")
@_description_option
@added_tag_option
@untag_option
@output_options
def edit_test_suite(
    name: str,
    add: tuple[str, ...],
    remove: tuple[str, ...],
    description: str | None,
    tags: tuple[str, ...],
    untag: tuple[str, ...],
) -> None:
    """Add and remove test cases, in a new version, and edit description and tags.

    Test cases are given as for `create`. Description and tags are those of all versions.
    """
    if not (add or remove or tags or untag) and description is None:
        raise click.UsageError(
            "Nothing to change; add --add, --remove, --description, -t, or --untag."
        )
    with writing() as unit:
        record = unit.suite_changes.edit(
            name, add=add, remove=remove, description=description, tags=tags, untag=untag
        )
    _report(f"Saved the test suite '{name}' (version {record.version}).", record)


@test_suites.command("rename")
@click.argument("old", shell_complete=names_of("test_suite"))
@click.argument("new")
@output_options
def rename_test_suite(old: str, new: str) -> None:
    """Rename a test suite and change nothing else."""
    with writing() as unit:
        record = unit.test_suites.rename(old, new)
    _report(f"Renamed the test suite '{old}' to '{new}'.", record)


@test_suites.command("delete")
@names_argument("test_suite")
@deletion_options
@output_options
def delete_test_suites(names: tuple[str, ...], yes: bool, dry_run: bool) -> None:
    """Delete test suites with all their versions and the runs on them.

    If one of the names is unknown, no test suite is deleted. Test cases and inferences stay.
    """
    delete_named(
        "test suite", names, "version_count", "run_count", "result_count", yes=yes, dry_run=dry_run
    )


def _change_entry(change: CaseChange) -> Entry:
    return {
        "change": change_between(change.before, change.after),
        "test_case": change.test_case,
        "version_before": change.before,
        "version_after": change.after,
    }


def _report(sentence: str, record: TestSuiteRecord) -> None:
    report(sentence, TEST_SUITES, [test_suite_entry(record)])
