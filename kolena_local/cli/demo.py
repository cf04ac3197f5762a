"""``kolena-local demo``: the only command that uses the workflow API."""

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
    help="Seconds to wait in each inference.",
)
@db_option
def demo(delay: float) -> None:
    """Test two real models on images of handwritten digits.

    The demo works offline. It saves the models and their results in the store; if you run it again,
    it reuses the stored inferences.
    """
    # Late, because it imports pandas and the workflow API and help must start fast.
    from kolena_local.demo import run

    run(given_location(), delay=delay, echo=write_text)
