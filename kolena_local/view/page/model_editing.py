"""Change models: create, edit metadata and tags, rename, delete.

A form sends back what it showed. If that is not what is stored any more, someone else has
changed it in the meantime, and nothing is saved before the user has seen both.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from kolena_local.errors import KolenaError, NotFoundError
from kolena_local.payload import Json, dumps
from kolena_local.plurals import agreeing, counted, printable
from kolena_local.repository import Unit
from kolena_local.repository.metadata_text import as_visible_text
from kolena_local.repository.records import ModelRecord
from kolena_local.view.page.metadata_form import (
    KINDS,
    Draft,
    Seen,
    draft_in,
    draft_of,
    seen_in,
    seen_of,
)
from kolena_local.view.page.model import models
from kolena_local.view.page.rendering import note, page
from kolena_local.view.page.settings import settings
from kolena_local.view.page.store import reading, writing

__all__ = ["models"]


class Difference(NamedTuple):
    """A key that is not the same everywhere: its values as JSON, None where there is none."""

    key: str
    before: str | None
    theirs: str | None
    yours: str | None
    merged: str | None


def _refuse_read_only() -> None:
    # The guard refuses what these forms send; nobody should fill one in for nothing.
    if settings().read_only:
        abort(403, "The page was opened read-only; start it without --read-only to change models.")


@models.get("/model/edit")
def edit() -> Response:
    """Show the form for metadata and tags."""
    _refuse_read_only()
    with reading() as unit:
        model = unit.models.get(request.args.get("name", ""))
    return _form(seen_of(model), draft_of(model, whole="whole" in request.args))


@models.post("/model/edit")
def save() -> AnyResponse:
    """Save metadata and tags, unless someone else changed them since the form was shown."""
    seen = seen_in(request.form.get("seen", ""))
    draft = draft_in(request.form, seen)
    metadata = draft.metadata(seen.metadata)
    if draft.errors:
        return _form(seen, draft, 400)
    try:
        with writing() as unit:
            model = _stored(unit, seen)
            if model is None:
                typed = as_visible_text({"metadata": metadata, "tags": [*draft.tags]})
                return _gone(unit, seen, typed)
            if not seen.is_as(model):
                return _conflict(seen, model, metadata, draft.tags)
            unit.models.replace_metadata(model.name, metadata, seen=seen.metadata)
            saved = unit.models.edit(
                model.name, tags=draft.tags, untag=[*model.tags - {*draft.tags}]
            )
    except KolenaError as error:
        draft.errors["form"] = str(error)
        return _form(seen, draft, 400)
    note("Nothing was changed." if saved == model else "Saved.")
    return _to(saved.name)


@models.get("/model/rename")
def new_name() -> Response:
    """Show the form for another name."""
    _refuse_read_only()
    with reading() as unit:
        model = unit.models.get(request.args.get("name", ""))
    return page(
        "model_rename.html", seen=seen_of(model), typed=_name_in_field(model.name), errors={}
    )


@models.post("/model/rename")
def rename() -> AnyResponse:
    """Rename a model, unless someone else did since the form was shown."""
    seen, typed = seen_in(request.form.get("seen", "")), request.form.get("new_name", "")
    try:
        with writing() as unit:
            model = _stored(unit, seen)
            if model is None:
                return _gone(unit, seen, typed)
            if model.name != seen.name:
                error = (
                    f"Someone else renamed this model from '{seen.name}' to '{model.name}' in the"
                    " meantime. Rename it again to replace that name with yours."
                )
                return _rename_form(seen_of(model), typed, error, 409)
            unit.models.rename(model.name, typed)
    except KolenaError as error:
        return _rename_form(seen, typed, str(error), 400)
    note("Renamed." if typed != seen.name else "Nothing was changed.")
    return _to(typed)


@models.get("/model/delete")
def confirm() -> Response:
    """Show what is deleted with a model, and ask for its name."""
    _refuse_read_only()
    with reading() as unit:
        model = unit.models.get(request.args.get("name", ""))
        return _delete_form(unit, seen_of(model))


@models.post("/model/delete")
def delete() -> AnyResponse:
    """Delete a model whose name was typed."""
    seen, typed = seen_in(request.form.get("seen", "")), request.form.get("typed", "")
    with writing() as unit:
        model = _stored(unit, seen)
        if model is None:
            return _gone(unit, seen)
        if model.name != seen.name or request.form.get("counts") != _counts(unit, model.name):
            error = "The model was changed by someone else in the meantime; look again."
            return _delete_form(unit, seen_of(model), typed, error, 409)
        if _as_read(typed) != _as_read(model.name):
            error = "That is not the name of the model, so nothing was deleted."
            return _delete_form(unit, seen, typed, error, 400)
        unit.models.delete([model.name])
    note(f"Deleted the model '{model.name:.80}'.")
    return redirect(url_for("models.index"), 303)


@models.route("/models/new", methods=["GET", "POST"])
def create() -> AnyResponse:
    """Create a model; its metadata is edited then."""
    _refuse_read_only()
    name, workflow = (request.form.get(field, "") for field in ("new_name", "workflow"))
    error = ""
    if request.method == "POST":
        try:
            with writing() as unit:
                unit.models.add(unit.workflows.ensure(workflow).id, name, {}, ())
            note("Created. Add what is known about it.")
            return redirect(url_for("models.edit", name=name), 303)
        except KolenaError as found:
            error = str(found)
    with reading() as unit:
        workflows = [one.name for one in unit.workflows.list()]
    return page(
        "model_new.html",
        400 if error else 200,
        typed=name,
        workflow=workflow or (workflows[0] if len(workflows) == 1 else ""),
        workflows=workflows,
        errors={"form": error} if error else {},
    )


def _stored(unit: Unit, seen: Seen) -> ModelRecord | None:
    """Return the model that a form showed, whatever its name is now; None if it was deleted."""
    try:
        return unit.models.get(unit.held.name(seen.row))
    except NotFoundError:
        return None


def _form(seen: Seen, draft: Draft, status: int = 200) -> Response:
    return page("model_edit.html", status, seen=seen, draft=draft, kinds=KINDS)


def _rename_form(seen: Seen, typed: str, error: str, status: int) -> Response:
    return page("model_rename.html", status, seen=seen, typed=typed, errors={"name": error})


def _delete_form(
    unit: Unit, seen: Seen, typed: str = "", error: str = "", status: int = 200
) -> Response:
    return page(
        "model_delete.html",
        status,
        seen=seen,
        typed=typed,
        counts=_counts(unit, seen.name),
        errors={"name": error} if error else {},
    )


def _counts(unit: Unit, name: str) -> str:
    """Return what is deleted with a model, in words."""
    ((_, _, counts),) = unit.models.deletion([name])
    inferences, runs = counts["inference_count"], counts["run_count"]
    noun = agreeing(inferences, "inference", "inferences")
    return f"{inferences:,} {noun} and {counted(runs, 'test run')}"


def _gone(unit: Unit, seen: Seen, typed: str = "") -> Response:
    other = unit.models.find(seen.name)
    return page("model_gone.html", 409, seen=seen, is_replaced=other is not None, typed=typed)


def _conflict(
    seen: Seen, model: ModelRecord, metadata: dict[str, Json], tags: list[str]
) -> Response:
    """Show what both changed, and what would be stored if the user's changes were applied."""
    merged = dict(model.metadata)
    for key in {**seen.metadata, **metadata}:
        if _text(seen.metadata, key) != _text(metadata, key):
            if key in metadata:
                merged[key] = metadata[key]
            else:
                merged.pop(key, None)
    merged_tags = (model.tags | {*tags} - {*seen.tags}) - ({*seen.tags} - {*tags})
    versions: list[dict[str, Any]] = [
        {**found, _TAGS: sorted(names)} if names else found
        for found, names in (
            (seen.metadata, seen.tags),
            (model.metadata, model.tags),
            (metadata, tags),
            (merged, merged_tags),
        )
    ]
    differences = []
    for key in dict.fromkeys(key for version in versions for key in version):
        texts = [_text(version, key) for version in versions]
        if len({*texts}) > 1:
            differences.append(Difference(key, *texts))
    return page(
        "model_conflict.html",
        409,
        seen=seen_of(model),
        differences=differences,
        text=as_visible_text(merged),
        kept=[place for place, tag in enumerate(sorted(model.tags)) if tag in merged_tags],
        added=sorted(merged_tags - model.tags),
    )


#: The line of the tags among those of the metadata.
_TAGS = "tags (of the model)"


def _text(values: dict[str, Json], key: str) -> str | None:
    return dumps(values[key]) if key in values else None


def _name_in_field(name: str) -> str:
    """Return a name that a field shows and sends back; an empty string if it cannot."""
    return name if printable(name) == name else ""


def _as_read(name: str) -> str:
    """Return a name as a browser shows it, which is how people type it."""
    return " ".join(printable(name).split())


def _to(name: str) -> AnyResponse:
    return redirect(url_for("models.show", name=name), 303)
