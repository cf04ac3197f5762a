"""``kolena-local test-cases``: test cases, their versions, and the differences between them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING

import click

from kolena_local.cli.completion import names_of
from kolena_local.cli.entries import TEST_CASES, change_between, label, local_time, picked
from kolena_local.cli.lazy import Group
from kolena_local.cli.metadata import KEY, SAMPLE_CONDITIONS
from kolena_local.cli.options import diff_option, name_option, names_argument
from kolena_local.cli.output.formats import Entry
from kolena_local.cli.output.output_options import chosen_format, output_options
from kolena_local.cli.output.printing import (
    Columns,
    Listing,
    print_listing,
    print_sheet,
    report,
    say,
)
from kolena_local.cli.prompts import delete_named, deletion_options
from kolena_local.cli.store_option import reading, writing
from kolena_local.plurals import counted

if TYPE_CHECKING:
    from kolena_local.repository.conditions import Condition
    from kolena_local.repository.metadata_paths import Path
    from kolena_local.repository.records import SampleChange, TestCaseRecord

_FIELDS: Columns = {
    "test case": label,
    "workflow": "workflow",
    "description": lambda case: case["description"] or None,
    "samples": "sample_count",
    "created": local_time("created_at"),
    "updated": local_time("updated_at"),
}
_VERSIONS: Columns = {
    "version": "version",
    "samples": "sample_count",
    "created": local_time("created_at"),
    "description": lambda version: version["description"] or None,
}
_CHANGES = Listing(
    ("change", "test_sample_id", "test_sample", "ground_truth_before", "ground_truth_after"),
    {
        "change": "change",
        "test sample": lambda change: change["test_sample"].get("locator", change["test_sample"]),
        "before": "ground_truth_before",
        "after": "ground_truth_after",
    },
    "The two versions have the same samples and ground truths.",
)

_DONE = {
    "created": "Created the test case {}.",
    "edited": "Made a new version of the test case {}.",
    "kept": "The test case {} has these samples already.",
}


@click.group("test-cases", cls=Group)
def test_cases() -> None:
    """List, show, create, rename, and delete test cases."""


@test_cases.command("list")
@click.argument("pattern", required=False, shell_complete=names_of("test_case"))
@name_option("-w", "--workflow", help="Only test cases of this workflow.")
@output_options
def list_test_cases(pattern: str | None, workflow: str | None) -> None:
    """List the latest versions of test cases in the order in which they were created.

    PATTERN matches the whole name: * is any text, ? is any character, [ab] is a or b.
    """
    with reading() as unit:
        if workflow is not None:
            unit.workflows.get(workflow)
        records = unit.test_cases.list(workflow, pattern)
    print_listing(TEST_CASES, [picked(record, TEST_CASES.keys) for record in records])


@test_cases.command("show")
@click.argument("name", shell_complete=names_of("test_case"))
@diff_option
@output_options
def show_test_case(name: str, diff: tuple[int, int] | None) -> None:
    """Show a test case and its versions.

    NAME@3 is version 3; NAME is the latest version. --diff 1 3 lists the samples that were added
    or removed from version 1 to version 3, and those whose ground truth changed.
    """
    if diff is not None:
        with reading() as unit:
            changes = unit.test_cases.diff(unit.test_cases.resolve(name).name, *diff)
        print_listing(_CHANGES, [_change_entry(change) for change in changes])
        return
    with reading() as unit:
        record = unit.test_cases.resolve(name)
        entry = picked(record, TEST_CASES.keys)
        entry["versions"] = [
            picked(one, ("version", "sample_count", "description")) | {"created_at": one.updated_at}
            for one in unit.test_cases.versions(record.id)
        ]
    print_sheet(entry, _FIELDS, {"versions": _VERSIONS})


@test_cases.command("create")
@click.argument("name", shell_complete=names_of("test_case"))
@name_option(
    "--from",
    "source",
    noun="test_suite",
    help="The test suite or test case that has the samples; the suite if there are both.",
)
@click.option(
    "--where",
    metavar="CONDITION",
    type=SAMPLE_CONDITIONS,
    multiple=True,
    help="Only samples that match the condition (repeatable; all must match).",
)
@name_option("--model", help="The model whose inferences conditions are about.")
@click.option(
    "--stratify",
    metavar="FIELD",
    type=KEY,
    help="Create a test case for each value of the field, up to 100.",
)
@click.option(
    "--buckets",
    metavar="N",
    type=click.IntRange(2, 100),
    help="With --stratify: divide numbers into N test cases of about equal size, at quantiles.",
)
@click.option(
    "--reset", is_flag=True, help="Make a new version if the test case has other samples."
)
@output_options
def create_test_cases(
    name: str,
    source: str | None,
    where: tuple[list[Condition], ...],
    model: str | None,
    stratify: Path | None,
    buckets: int | None,
    reset: bool,
) -> None:
    """Create a test case of the samples of a test suite or test case that match conditions.

    CONDITION is a field, one of = != < <= > >=, and a JSON value; `and` joins several:
    'metadata.hour >= 20', 'ground_truth.label = "cat" and sample.width > 640', 'inference.score <
    0.5'. Numbers compare only with numbers and strings only with strings; != is true wherever = is
    not, and where the field is missing.

    --stratify creates a test case for each value, such as 'NAME: weather = rain', or with --buckets
    for ranges such as 'NAME: hour >= 6 and < 12'; samples without a value are in none. The
    description tells what a test case was created from. If it exists with the same samples, nothing
    changes; with --reset and without --from, it is created again by its description.
    """
    if buckets is not None and stratify is None:
        raise click.UsageError("--buckets divides the values of a field; add --stratify FIELD.")
    if source is None and (not reset or where or model or stratify):
        raise click.UsageError("Missing option '--from': the test suite or test case to look in.")
    if source is not None and not where and stratify is None:
        raise click.UsageError("Give a condition with --where, or a field with --stratify.")
    remarks: list[str] = []
    with reading() as unit:
        if source is None:
            made_from = unit.slices.described(unit.test_cases.get(name).description)
        else:
            made_from = unit.sample_search.source(source, model), list(chain.from_iterable(where))
        if stratify is None:
            planned = [unit.slices.plan(name, *made_from)]
        else:
            planned, remarks = unit.slices.plan_strata(name, *made_from, stratify, buckets)
    for remark in remarks:
        say(f"Warning: {remark}")
    with writing() as unit:
        done = unit.slices.put(planned, reset=reset)
    if chosen_format() is not None:
        print_listing(TEST_CASES, [picked(record, TEST_CASES.keys) for _, record in done])
    say_done(done)


def say_done(done: Iterable[tuple[str, TestCaseRecord]]) -> None:
    """Print what was done with each test case."""
    for what, record in done:
        samples = counted(record.sample_count, "sample")
        say(_DONE[what].format(f"'{record.name}' (version {record.version}, {samples})"))


@test_cases.command("rename")
@click.argument("old", shell_complete=names_of("test_case"))
@click.argument("new")
@output_options
def rename_test_case(old: str, new: str) -> None:
    """Rename a test case and change nothing else."""
    with writing() as unit:
        record = unit.test_cases.rename(old, new)
    report(
        f"Renamed the test case '{old}' to '{new}'.", TEST_CASES, [picked(record, TEST_CASES.keys)]
    )


@test_cases.command("delete")
@names_argument("test_case")
@deletion_options
@output_options
def delete_test_cases(names: tuple[str, ...], yes: bool, dry_run: bool) -> None:
    """Delete test cases with all their versions.

    A test case that any version of a test suite has is not deleted; delete the test suite first. If
    one of the names is unknown or in use, no test case is deleted. Test samples, ground truths, and
    inferences stay: a test case that has the same samples again uses them again.
    """
    delete_named("test case", names, "version_count", "sample_count", yes=yes, dry_run=dry_run)


def _change_entry(change: SampleChange) -> Entry:
    from kolena_local.payload import loads

    before, after = (
        None if text is None else loads(text) for text in (change.before, change.after)
    )
    return {
        "change": change_between(change.before, change.after),
        "test_sample_id": change.test_sample_id,
        "test_sample": loads(change.payload),
        "ground_truth_before": before,
        "ground_truth_after": after,
    }
