"""``kolena-local db``: the store's file itself."""

from __future__ import annotations

import os
from pathlib import Path

import click

from kolena_local import location
from kolena_local.cli.store import db_option, given_location


@click.group()
def db() -> None:
    """The store's file."""


@db.command()
@db_option
def path() -> None:
    """Print where the store is.

    It answers for a store that is not there yet too, and says so on standard error.
    """
    place = location.resolve(given_location())
    # Byte for byte, whatever the encoding of the output: a shell takes it as an argument.
    click.echo(os.fsencode(place))
    if place != location.MEMORY and not Path(place).exists():
        click.echo("There is no store yet; it is made when something is stored.", err=True)
