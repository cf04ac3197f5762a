"""``kolena-local demo``: the one command that is a user of the workflow API."""

from __future__ import annotations

import click

from kolena_local.cli.output.output_file import write_text
from kolena_local.cli.store_option import db_option, given_location


@click.command()
@click.option(
    "--delay",
    type=click.FloatRange(min=0),
    default=0.0,
    hidden=True,
    help="Seconds that each inference takes longer.",
)
@db_option
def demo(delay: float) -> None:
    """Test two real models on images of handwritten digits.

    It needs no network. The models and their results are kept in the store; run again, it goes on
    from there.
    """
    # Here, because it loads pandas and the whole workflow API.
    from kolena_local.demo import run

    run(given_location(), delay=delay, echo=write_text)
