"""The test cases: their versions, what differs between them, and the test suites that have them."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from kolena_local.payload import Json, loads
from kolena_local.view.html import Column
from kolena_local.view.page import changes
from kolena_local.view.page.paging import number_from, part_of
from kolena_local.view.page.rendering import page
from kolena_local.view.page.store import reading
from kolena_local.view.result_tables import in_words

if TYPE_CHECKING:
    from kolena_local.repository.records import SampleChange

test_cases = Blueprint("test_cases", __name__)

_CHANGES = 100


class ShownChange(NamedTuple):
    """A sample in which two versions differ."""

    change: str
    sample: Json
    before: Json
    after: Json


@test_cases.get("/test-cases")
def index() -> Response:
    """Show all test cases."""
    workflow = request.args.get("workflow") or None
    words = request.args.get("search", "").casefold().split()
    with reading() as unit:
        workflows = [one.name for one in unit.workflows.list()]
        records = unit.test_cases.list(workflow)
    found = [
        one
        for one in records
        if all(word in f"{one.name}\n{one.description}".casefold() for word in words)
    ]
    return page(
        "test_cases.html",
        part=part_of(found),
        workflows=workflows,
        is_filtered=bool(workflow or words),
        asked=request.args,
        columns=[
            Column("test case"),
            Column("workflow"),
            Column("version", number=True),
            Column("samples", number=True),
            Column("description"),
            Column("updated"),
        ],
    )


@test_cases.get("/test-case")
def show() -> Response:
    """Show a version of a test case."""
    name = request.args.get("name", "")
    before, after = number_from("before"), number_from("after")
    with reading() as unit:
        latest = unit.test_cases.get(name)
        version = number_from("version")
        case = latest if version is None else unit.test_cases.get(name, version)
        versions = part_of(unit.test_cases.versions(case.id)[::-1], 20, "versions")
        suites: dict[str, list[tuple[int, int]]] = {}
        for suite, of_suite, of_case in unit.test_cases.uses(name):
            suites.setdefault(suite, []).append((of_suite, of_case))
        diff, count = None, 0
        if before is not None and after is not None:
            diff, count = unit.test_cases.first_changes(name, before, after, limit=_CHANGES)
    return page(
        "test_case.html",
        case=case,
        label=name if case.version == latest.version else f"{name}@{case.version}",
        quoted=shlex.quote(name),
        latest=latest,
        versions=versions,
        suites=part_of(list(suites.items()), 50, "suites"),
        diff=None if diff is None else list(map(_shown, diff)),
        diff_count=count,
        in_words=in_words,
        before=before,
        after=after,
    )


@test_cases.get("/test-case/edit")
def edit() -> Response:
    """Show the forms that change a test case."""
    return changes.form("test case")


@test_cases.post("/test-case/rename")
def rename() -> AnyResponse:
    """Rename a test case."""
    return changes.rename("test case")


@test_cases.post("/test-case/delete")
def delete() -> AnyResponse:
    """Delete a test case."""
    return changes.delete("test case")


def _shown(change: SampleChange) -> ShownChange:
    before, after = (
        None if text is None else loads(text) for text in (change.before, change.after)
    )
    what = "added" if change.before is None else "removed" if change.after is None else "changed"
    sample = loads(change.payload)
    locator = sample.get("locator") if isinstance(sample, dict) else None
    return ShownChange(what, locator or sample, before, after)
