"""``kolena-local sql``: one SQL query, which cannot change the store."""

from __future__ import annotations

import click

from kolena_local.cli.metadata import value_of
from kolena_local.cli.output.output_options import output_options
from kolena_local.cli.output.printing import Listing, print_listing, say
from kolena_local.cli.store_option import reading


@click.command()
@click.argument("query")
@click.option(
    "-p",
    "--parameter",
    "parameters",
    metavar="NAME VALUE",
    nargs=2,
    multiple=True,
    help="Set :NAME in the query; VALUE is a number, null, or else a string (repeatable).",
)
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(min=0),
    default=1000,
    help="At most N rows (default: 1000); 0 prints all rows.",
)
@output_options
def sql(query: str, parameters: tuple[tuple[str, str], ...], limit: int) -> None:
    """Run a read-only SQL query.

    The views v_model, v_inference, v_metrics, v_plot, and v_provenance are made for queries;
    `sql "SELECT sql FROM sqlite_master"` prints all tables and views with their comments.
    """
    with reading() as unit:
        answer = unit.query(
            query, {name: _parameter(text) for name, text in parameters}, limit or None
        )
    columns = {name: name for name in answer.columns}
    listing = Listing(tuple(columns), columns, "The query returned no rows.")
    rows = [dict(zip(answer.columns, map(_shown, row), strict=True)) for row in answer.rows]
    print_listing(listing, rows)
    if answer.more:
        say(f"There are more rows than {limit}; --limit 0 prints them all.")


def _parameter(text: str) -> str | int | float | None:
    value = value_of(text)
    return text if isinstance(value, (bool, str, dict, list)) else value


def _shown(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value
