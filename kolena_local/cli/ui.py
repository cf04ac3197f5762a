"""``kolena-local ui``: the store in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kolena_local.cli.output.printing import say
from kolena_local.cli.store_option import db_option, given_location

if TYPE_CHECKING:
    from kolena_local.view.page.settings import Settings


@click.command()
@db_option
@click.option(
    "--port",
    metavar="N",
    type=click.IntRange(0, 65_535),
    default=0,
    help="The port to serve on; by default, one that is free.",
)
@click.option("--no-browser", is_flag=True, help="Print the address, and do not open a browser.")
@click.option("--read-only", is_flag=True, help="Show everything, and let nothing be changed.")
@click.option(
    "--images",
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Show images whose locators lead to files in this folder.",
)
@click.option(
    "--host",
    metavar="ADDRESS",
    default="127.0.0.1",
    show_default=True,
    help="The address to serve on. Anyone who reaches another one and has the link can read and"
    " change the store, and the connection is not encrypted.",
)
def ui(port: int, no_browser: bool, read_only: bool, images: Path | None, host: str) -> None:
    """Show the store in your browser.

    The page is served on this machine only, and ends with Ctrl-C. The address works once, in one
    browser. Needs the extra: pip install 'kolena-local[view]'.
    """
    from kolena_local.errors import InputValidationError
    from kolena_local.location import is_memory
    from kolena_local.repository import open_store
    from kolena_local.view.page.serve import serve
    from kolena_local.view.page.settings import Settings

    store = open_store(given_location(), create=False)
    if is_memory(store.location):
        raise InputValidationError(
            "The store ':memory:' belongs to one process and is empty here; give the path of a"
            " file with --db."
        )
    wanted = Settings(store.location, host, port, read_only=read_only, images=images)
    serve(wanted, open_browser=not no_browser, say=_announce)


def _announce(settings: Settings) -> None:
    from kolena_local.view.page.serve import is_this_machine_only

    click.echo(settings.address)
    if not is_this_machine_only(settings.host):
        say(
            f"Warning: the page is served on {settings.host}, without encryption. Whoever opens the"
            " address first, or reads along, can read and change the store."
        )
    say("Press Ctrl-C to stop.")
