"""``kolena-local demo``: the only command that uses the workflow API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kolena_local.cli.output.formats import Entry
from kolena_local.cli.output.output_file import write_text
from kolena_local.cli.prompts import delete, deletion_listing, deletion_options
from kolena_local.cli.store_option import db_option, given_location

if TYPE_CHECKING:
    from kolena_local.repository.records import Deletion

_COUNTS = ("inference_count", "run_count", "sample_count")


@click.command()
@click.option(
    "--delay",
    type=click.FloatRange(min=0),
    default=0.0,
    hidden=True,
    help="Seconds to wait in each inference.",
)
@click.option(
    "--remove", is_flag=True, help="Delete the models, test suite, and test cases of the demo."
)
@deletion_options
@db_option
def demo(delay: float, remove: bool, yes: bool, dry_run: bool) -> None:
    """Test two real models on images of handwritten digits.

    The demo works offline. It saves the models and their results in the store; if you run it again,
    it reuses the stored inferences. --remove deletes what the demo made, with all runs on its test
    suite; if a test suite of yours has a test case of the demo, nothing is deleted.
    """
    if remove:
        _remove(yes=yes, dry_run=dry_run)
        return
    if yes or dry_run:
        raise click.UsageError("--yes and --dry-run need --remove.")
    # Late, because it imports pandas and the workflow API and help must start fast.
    from kolena_local.demo import run

    run(given_location(), delay=delay, echo=write_text)


def _remove(*, yes: bool, dry_run: bool) -> None:
    from kolena_local.demo import removal

    delete(
        deletion_listing("kind", "name", *_COUNTS),
        "demo object",
        lambda unit: _entries(removal.planned(unit)),
        lambda unit: _entries(removal.remove(unit)),
        yes=yes,
        dry_run=dry_run,
    )


def _entries(deletions: list[tuple[str, Deletion]]) -> list[Entry]:
    return [
        {"kind": noun, "name": one.name, **{key: one.counts.get(key) for key in _COUNTS}}
        for noun, one in deletions
    ]
