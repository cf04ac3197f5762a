"""Options that several commands share, besides ``--db`` and the options of ``output``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from kolena_local.cli.completion import names_of

_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])

tag_option = click.option(
    "-t",
    "--tag",
    "tags",
    metavar="TAG",
    multiple=True,
    help="Only those with this tag (repeatable; all must match).",
)
added_tag_option = click.option(
    "-t", "--tag", "tags", metavar="TAG", multiple=True, help="Add a tag (repeatable)."
)
untag_option = click.option(
    "--untag", metavar="TAG", multiple=True, help="Remove a tag (repeatable)."
)
diff_option = click.option(
    "--diff",
    metavar="FROM TO",
    nargs=2,
    type=click.IntRange(min=0),
    help="Show the differences between two versions instead.",
)


def names_argument(noun: str) -> Callable[[_Decorated], _Decorated]:
    """Return an argument for one or more names, such as those of ``model``, with completion."""
    return click.argument(
        "names", metavar="NAME...", nargs=-1, required=True, shell_complete=names_of(noun)
    )


def name_option(
    *names: str, help: str, required: bool = False
) -> Callable[[_Decorated], _Decorated]:
    """Return an option for a name, such as ``--model``, with completion."""
    return click.option(
        *names,
        metavar="NAME",
        required=required,
        shell_complete=names_of(names[-1].removeprefix("--").replace("-", "_")),
        help=help,
    )
