"""Options that several commands share, besides ``--db`` and the options of ``output``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from kolena_local.cli.completion import names_of

_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])


class Probability(click.FloatRange):
    """A probability in a range; the refusal of a percentage says which number it means."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the probability as a float."""
        try:
            return float(super().convert(value, param, ctx))
        except click.BadParameter as error:
            try:
                percent = float(value)
            except ValueError:
                raise error from None
            if 50 <= percent < 100:
                hint = f"Write {percent / 100:.12g} for {percent:.12g} %."
                self.fail(f"{error.message} {hint}", param, ctx)
            raise


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
metric_option = click.option(
    "--metric", metavar="NAME", help="The metric; required if there are several."
)
direction_option = click.option(
    "--higher-is-better/--lower-is-better",
    default=None,
    help="Which values of the metric are better.",
)
cluster_option = click.option(
    "--cluster", metavar="FIELD", help="Group samples by this metadata field."
)
correction_option = click.option(
    "--correction",
    type=click.Choice(["holm", "benjamini-hochberg"]),
    metavar="NAME",
    default="holm",
    help="Adjust p-values for multiple comparisons by holm (default) or benjamini-hochberg.",
)


def evaluator_options(command: _Decorated) -> _Decorated:
    """Add ``--evaluator`` and ``--configuration``, which choose among results."""
    for name in ("configuration", "evaluator"):
        help_ = f"Use the results of this {name}; '' is the one without a name."
        option = click.option(f"--{name}", metavar="NAME", help=help_)
        command = option(command)
    return command


def confidence_option(of: str) -> Callable[[_Decorated], _Decorated]:
    """Return ``--confidence``, the confidence level of intervals or verdicts."""
    return click.option(
        "--confidence",
        metavar="P",
        type=Probability(0.5, 1, max_open=True),
        default=0.95,
        help=f"Confidence level of {of} (default: 0.95).",
    )


def names_argument(noun: str) -> Callable[[_Decorated], _Decorated]:
    """Return an argument for one or more names, such as those of ``model``, with completion."""
    return click.argument(
        "names", metavar="NAME...", nargs=-1, required=True, shell_complete=names_of(noun)
    )


def name_option(
    *names: str, help: str, noun: str = "", metavar: str = "NAME", **settings: Any
) -> Callable[[_Decorated], _Decorated]:
    """Return an option for a name, such as ``--model``, with completion.

    Args:
        names: the names of the option and of its parameter, as for :func:`click.option`.
        help: its description.
        noun: what is named, if that is not the long name of the option.
        metavar: what stands for the name in the help.
        settings: further arguments of :func:`click.option`.
    """
    long = next(name for name in names if name.startswith("--"))
    completed = names_of(noun or long.removeprefix("--").replace("-", "_"))
    return click.option(*names, metavar=metavar, shell_complete=completed, help=help, **settings)
