"""Rename, describe and delete test suites and test cases.

A form holds the uid of the version that it was made for: what was replaced, edited or deleted in
the meantime is not changed.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from kolena_local.errors import IncorrectUsageError, KolenaError, NameConflictError
from kolena_local.payload import dumps
from kolena_local.plurals import agreeing, enumerated
from kolena_local.view.page.rendering import note, page
from kolena_local.view.page.store import reading, writing

if TYPE_CHECKING:
    from kolena_local.repository import Unit
    from kolena_local.repository.records import TestCaseRecord, TestSuiteRecord

_BLUEPRINTS: Final = {"test suite": "test_suites", "test case": "test_cases"}


def form(noun: str, status: int = 200, problem: str | None = None, **entered: str) -> Response:
    """Return the page with the forms that change a test suite or test case.

    Args:
        noun: ``test suite`` or ``test case``.
        status: the HTTP status.
        problem: why what the user has entered could not be stored.
        **entered: what the user has entered.
    """
    name = request.values.get("name", "")
    with reading() as unit:
        record = _all(unit, noun).get(name)
        try:
            (deletion,) = _all(unit, noun).deletion([name])
            counts, refusal = deletion.counts, None
        except IncorrectUsageError as error:
            counts, refusal = {}, str(error)
    with_it = [
        f"{n:,} {agreeing(n, what, f'{what}s')}"
        for what, n in ((key.removesuffix("_count"), n) for key, n in counts.items() if n)
    ]
    return page(
        "edit_named.html",
        status,
        noun=noun,
        blueprint=_BLUEPRINTS[noun],
        record=record,
        seen=_described(record),
        with_it=enumerated(with_it) if with_it else None,
        refusal=refusal,
        problem=problem,
        entered=entered,
    )


def rename(noun: str) -> AnyResponse:
    """Rename what the form was made for."""
    new_name = request.form.get("new_name", "")
    try:
        with writing() as unit:
            record = _all(unit, noun).rename(_held(unit, noun).name, new_name)
    except KolenaError as error:
        return _refused(noun, error, new_name=new_name)
    note(f"Renamed to '{record.name}'.")
    return _shown(noun, record.name)


def describe() -> AnyResponse:
    """Change the description and tags of a test suite, if nobody else has in the meantime."""
    description = request.form.get("description", "").replace("\r\n", "\n")
    tags = {tag.strip() for tag in request.form.get("tags", "").split(",") if tag.strip()}
    try:
        with writing() as unit:
            record = _held(unit, "test suite")
            if _described(record) != request.form.get("seen"):
                raise NameConflictError(
                    "Someone else has changed the description or the tags since you opened this"
                    " page, so nothing was stored. What is stored now stands beside your text;"
                    " save again to replace it."
                )
            unit.test_suites.set_description(record.id, description)
            unit.test_suites.set_tags(record.id, tags)
    except KolenaError as error:
        entered = {"description": description, "tags": ", ".join(sorted(tags))}
        return _refused("test suite", error, **entered)
    note("Saved.")
    return _shown("test suite", record.name)


def delete(noun: str) -> AnyResponse:
    """Delete what the form was made for, if its name was typed."""
    name = request.form.get("name", "")
    try:
        with writing() as unit:
            _held(unit, noun)
            if request.form.get("typed") != name:
                raise IncorrectUsageError(
                    f"Nothing was deleted: type the name of the {noun} as it is, '{name}'."
                )
            _all(unit, noun).delete([name])
    except KolenaError as error:
        return _refused(noun, error)
    note(f"Deleted the {noun} '{name}'.")
    return redirect(url_for(f"{_BLUEPRINTS[noun]}.index"), 303)


def _refused(noun: str, error: KolenaError, **entered: str) -> AnyResponse:
    status = 409 if isinstance(error, NameConflictError) else 400
    return form(noun, status, str(error), **entered)


def _shown(noun: str, name: str) -> AnyResponse:
    return redirect(url_for(f"{_BLUEPRINTS[noun]}.show", name=name), 303)


def _all(unit: Unit, noun: str) -> Any:
    return unit.test_suites if noun == "test suite" else unit.test_cases


def _held(unit: Unit, noun: str) -> Any:
    """Return the record that the form was made for.

    Raises:
        NotFoundError: nothing has its name any more.
        NameConflictError: it has another version now, or is another one of that name.
    """
    record = _all(unit, noun).get(request.form.get("name", ""))
    if str(record.uid) != request.form.get("uid"):
        raise NameConflictError(
            f"The {noun} '{record.name}' was replaced, or has a new version, since you opened this"
            " page, so nothing was changed. This is how it is now; repeat the change if it is still"
            " what you want."
        )
    return record


def _described(record: TestSuiteRecord | TestCaseRecord) -> str:
    """Return a digest of the description and tags of a record, to see whether they change."""
    text = dumps([record.description, sorted(getattr(record, "tags", ()))])
    return blake2b(text.encode(), digest_size=16).hexdigest()
