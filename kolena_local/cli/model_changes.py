"""``kolena-local models create``, ``edit``, ``rename``, and ``delete``."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING

import click

from kolena_local.cli.completion import names_of
from kolena_local.cli.entries import MODELS, picked
from kolena_local.cli.metadata import ASSIGNMENT, KEY
from kolena_local.cli.options import added_tag_option, name_option, names_argument, untag_option
from kolena_local.cli.output.output_options import output_options
from kolena_local.cli.output.printing import report
from kolena_local.cli.prompts import delete_named, deletion_options, is_interactive
from kolena_local.cli.store_option import reading, write_or_create, writing
from kolena_local.errors import IncorrectUsageError, InputValidationError, KolenaError
from kolena_local.plurals import printable

if TYPE_CHECKING:
    from kolena_local.payload import Json
    from kolena_local.repository import Unit
    from kolena_local.repository.metadata_paths import Path
    from kolena_local.repository.records import ModelRecord

_metadata_option = click.option(
    "-m",
    "--metadata",
    metavar="KEY=VALUE",
    type=ASSIGNMENT,
    multiple=True,
    help="Set metadata; VALUE is as in JSON or Python, or else a string; dots in KEY make objects"
    " (repeatable).",
)


@click.command("create")
@click.argument("name")
@name_option("-w", "--workflow", required=True, help="The workflow; created if it does not exist.")
@_metadata_option
@click.option(
    "--metadata-file",
    metavar="FILE",
    type=click.File("rb"),
    help="Read metadata from a JSON file; -m overrides it.",
)
@added_tag_option
@output_options
def create_model(
    name: str,
    workflow: str,
    metadata: tuple[tuple[Path, Json], ...],
    metadata_file: IO[bytes] | None,
    tags: tuple[str, ...],
) -> None:
    """Create a model.

    To test it, load it in a script that defines how it infers.
    """
    from kolena_local.repository.metadata_paths import assigned
    from kolena_local.repository.metadata_text import read_metadata

    values = {} if metadata_file is None else read_metadata(_text(metadata_file))
    for path, value in metadata:
        values = assigned(values, path, value)

    def add(unit: Unit) -> tuple[bool, ModelRecord]:
        is_new = unit.workflows.find(workflow) is None
        return is_new, unit.models.add(unit.workflows.ensure(workflow).id, name, values, tags)

    is_new, record = write_or_create(add)
    _report(f"Created the model '{name}' in the {'new ' * is_new}workflow '{workflow}'.", record)


@click.command("edit")
@click.argument("name", shell_complete=names_of("model"))
@_metadata_option
@click.option(
    "--unset", metavar="KEY", type=KEY, multiple=True, help="Remove a metadata key (repeatable)."
)
@added_tag_option
@untag_option
@output_options
def edit_model(
    name: str,
    metadata: tuple[tuple[Path, Json], ...],
    unset: tuple[Path, ...],
    tags: tuple[str, ...],
    untag: tuple[str, ...],
) -> None:
    """Edit a model's metadata and tags.

    Without -m, --unset, -t, or --untag, the metadata opens as JSON in your editor ($VISUAL or
    $EDITOR), where NaN and Infinity are valid values.
    """
    if metadata or unset or tags or untag:
        with writing() as unit:
            record = unit.models.edit(name, assign=metadata, unset=unset, tags=tags, untag=untag)
    else:
        record, is_changed = _edit_in_editor(name)
        if not is_changed:
            _report(f"The metadata of the model '{name}' did not change.", record)
            return
    _report(f"Saved the model '{name}'.", record)


@click.command("rename")
@click.argument("old", shell_complete=names_of("model"))
@click.argument("new")
@output_options
def rename_model(old: str, new: str) -> None:
    """Rename a model and change nothing else."""
    with writing() as unit:
        record = unit.models.rename(old, new)
    _report(f"Renamed the model '{old}' to '{new}'.", record)


@click.command("delete")
@names_argument("model")
@deletion_options
@output_options
def delete_models(names: tuple[str, ...], yes: bool, dry_run: bool) -> None:
    """Delete models with their inferences and runs.

    If one of the names is unknown, no model is deleted.
    """
    delete_named("model", names, "inference_count", "run_count", yes=yes, dry_run=dry_run)


def _edit_in_editor(name: str) -> tuple[ModelRecord, bool]:
    """Return the model as it is then, and whether its metadata changed."""
    from kolena_local.repository.metadata_text import as_text, read_metadata

    with reading() as unit:
        before = unit.models.get(name)
    if not (is_interactive() or os.environ.get("VISUAL") or os.environ.get("EDITOR")):
        raise IncorrectUsageError(
            "Nothing was changed, because there is no terminal to open an editor in; pass the"
            " changes with -m, --unset, -t, or --untag."
        )
    first = text = as_text(before.metadata)
    try:
        while True:
            text = _edited(text)
            if text.strip() in ("", first.strip()):
                return before, False
            try:
                metadata = read_metadata(text)
                break
            except InputValidationError as error:
                if not is_interactive():
                    raise
                click.echo(f"Error: {printable(str(error))}", err=True)
                click.confirm("Edit again?", default=True, abort=True, err=True)
        with writing() as unit:
            return unit.models.replace_metadata(name, metadata, seen=before.metadata), True
    except (KolenaError, click.Abort, click.ClickException):
        # Do not lose what the user typed.
        if text != first:
            lines = "\n".join(map(printable, text.split("\n")))
            click.echo(f"This metadata was not saved:\n{lines}", err=True)
        raise


def _edited(text: str) -> str:
    try:
        return click.edit(text, extension=".json", require_save=False) or ""
    except UnicodeDecodeError as error:
        # Not valid JSON like this, so it is refused and shown.
        typed: bytes = error.object
        return typed.decode("utf-8", "backslashreplace")
    except OSError as error:
        raise InputValidationError(
            f"The editor left no file that can be read ({error.strerror}), so nothing was changed;"
            " choose another editor with EDITOR, or pass the changes with -m."
        ) from error


def _text(file: IO[bytes]) -> str:
    try:
        return file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputValidationError(
            f"The file {file.name} is not valid UTF-8; save it as UTF-8."
        ) from error


def _report(sentence: str, record: ModelRecord) -> None:
    report(sentence, MODELS, [picked(record, MODELS.keys)])
