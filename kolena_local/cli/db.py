"""``kolena-local db``: the store's file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kolena_local import location
from kolena_local.cli.import_report import import_options, report_import
from kolena_local.cli.lazy import Group
from kolena_local.cli.output.output_file import write_path
from kolena_local.cli.output.output_options import output_options, quiet_option
from kolena_local.cli.output.printing import (
    Columns,
    Listing,
    print_fields,
    print_listing,
    print_object,
    say,
    shown,
)
from kolena_local.cli.store_option import db_option, given_location
from kolena_local.plurals import counted

if TYPE_CHECKING:
    from kolena_local.repository.dump.settling import OnConflict

_INFO: Columns = {
    "file": "path",
    "bytes": "size",
    "free bytes": "free_size",
    "bytes in the log": "log_size",
    "schema": "schema",
    "writable": lambda found: "yes" if found["writable"] else "no",
    "journal mode": "journal_mode",
    "SQLite": "sqlite_version",
}
_FINDINGS = Listing(
    keys=("severity", "rule", "text", "fixable"),
    columns={"severity": "severity", "about": "rule", "finding": "text"},
    otherwise="No problems found.",
)


@click.group(cls=Group)
def db() -> None:
    """Locate, check, back up, restore, and merge the store's file."""


@db.command()
@db_option
def path() -> None:
    """Print the path of the store's file.

    If the file does not exist yet, a message on standard error says so.
    """
    place = location.resolve(given_location())
    write_path(place)
    if not location.is_memory(place) and not Path(place).exists():
        click.echo("The store does not exist yet; it is created by the first write.", err=True)


@db.command()
@output_options
def info() -> None:
    """Show the size and contents of the store."""
    from kolena_local.repository.health.store_info import store_info

    found = store_info(location.resolve(given_location()))._asdict()
    counts = {f"{noun.replace('_', ' ')}s": count for noun, count in found["counts"].items()}
    print_object(found, lambda: print_fields(shown(_INFO, found) | counts))


@db.command()
@click.option("--fix", is_flag=True, help="Repair what can be repaired safely.")
@output_options
@click.pass_context
def check(context: click.Context, fix: bool) -> None:
    """Check the store for damage and unsafe settings.

    This runs SQLite's own checks and looks at digests, payloads, versions, test runs whose process
    died, permissions, the file system, and unfinished files beside the store. The exit code is 1 if
    there is an error, and 0 if there are only warnings.

    --fix removes unfinished files older than a minute. Then it makes a backup, marks runs whose
    process died as crashed, recounts samples and datapoints, rebuilds indexes, and makes the file
    private. To repair anything else, restore a backup.
    """
    from kolena_local.repository.health.checks import check as check_store
    from kolena_local.repository.health.repairs import repair

    place = location.resolve(given_location())
    if fix:
        backup, done = repair(place)
        if backup is not None:
            say(f"Backup before the repair: {backup}")
        for text in done:
            say(text)
    findings = check_store(place)
    print_listing(_FINDINGS, [finding._asdict() for finding in findings])
    errors = sum(finding.severity == "error" for finding in findings)
    if findings:
        fixable = sum(finding.fixable for finding in findings)
        advice = f"; --fix repairs {fixable} of them" if fixable else ""
        say(f"{counted(errors, 'error')}, {counted(len(findings) - errors, 'warning')}{advice}")
    if errors:
        context.exit(1)


@db.command()
@click.argument("file", required=False)
@quiet_option
@db_option
def backup(file: str | None) -> None:
    """Back up the store to FILE, which must not exist.

    The store may be in use; the backup is a consistent copy, which is checked before it gets its
    name. Without FILE, the backup is created beside the store. The command prints its path.
    """
    from kolena_local.repository.file.backups import back_up

    write_path(back_up(location.resolve(given_location()), file))


@db.command()
@click.argument("file")
@quiet_option
@db_option
def restore(file: str) -> None:
    """Replace the store with the backup FILE.

    FILE is checked first and does not change. The old store is renamed, never deleted; the command
    prints its new name. No other process may use the store during the command.
    """
    from kolena_local.repository.file.backups import restore as restore_store

    place = location.resolve(given_location())
    aside = restore_store(place, file)
    if aside is None:
        say(f"Restored {place}; there was no store before.")
    else:
        say(f"Restored {place}; the old store is now {aside}.")


@db.command()
@click.argument("other")
@import_options
@output_options
def merge(other: str, on_conflict: OnConflict, dry_run: bool) -> None:
    """Import the store OTHER into the store, after a backup.

    This is the same as exporting OTHER and importing the file, but creation times are kept. All is
    merged, or nothing. You can merge a store twice: the second time, nothing changes. What
    --on-conflict does is described at `kolena-local import --help`. OTHER is not changed, unless an
    older version of kolena-local wrote it; then it is brought up to date, as by every command.
    """
    from kolena_local.repository.dump.importing import merge as merge_stores

    done = merge_stores(given_location(), other, on_conflict, dry_run=dry_run)
    report_import(done, on_conflict, dry_run=dry_run)
