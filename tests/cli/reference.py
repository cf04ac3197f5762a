"""The command reference in the README of `cli/`, made from what ``--help`` prints.

``python -m tests.cli.reference`` writes it again. It is made from the commands' own descriptions
rather than from the printed text, whose layout differs between versions of click.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from typing import Iterator, List

import click

from kolena_local.cli import main
from tests.conftest import CHECKOUT

README = CHECKOUT / "kolena_local" / "cli" / "README.md"
BLOCK = re.compile(r"(?<=<!-- commands -->\n).*?(?=<!-- end of commands -->)", re.DOTALL)
WIDTH = 118
EVERYWHERE = ("format", "json", "csv", "output", "quiet", "db")


def reference() -> str:
    """Return the block of the README, without the marks around it."""
    lines = [line for _, command, path in commands() for line in described(command, path)]
    return "\n".join(["```text", *lines[:-1], "```", ""])


def commands() -> Iterator[tuple[click.Context, click.Command, str]]:
    """Yield every command with its context and path."""

    def below(
        group: click.Group, context: click.Context, path: str
    ) -> Iterator[tuple[click.Context, click.Command, str]]:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            inner = click.Context(command, parent=context, info_name=name)
            if isinstance(command, click.Group):
                yield from below(command, inner, f"{path} {name}")
            elif not command.hidden:
                yield inner, command, f"{path} {name}"

    yield from below(main, click.Context(main, info_name="kolena-local"), "kolena-local")


def described(command: click.Command, path: str) -> List[str]:
    """Return the lines about one command."""
    arguments = [shown(one) for one in command.params if isinstance(one, click.Argument)]
    lines = [" ".join([path, *arguments])]
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        lines += textwrap.wrap(paragraph, WIDTH, initial_indent="  ", subsequent_indent="  ")
    options = [
        option
        for option in command.params
        if isinstance(option, click.Option) and not option.hidden and option.name not in EVERYWHERE
    ]
    return [*lines, *option_lines(options), ""]


def option_lines(options: List[click.Option]) -> List[str]:
    """Return the lines about options, aligned."""
    heads = [
        f"    {', '.join(option.opts)}{f' {option.metavar}' if option.metavar else ''}"
        for option in options
    ]
    width = max(map(len, heads), default=0) + 2
    lines: List[str] = []
    for head, option in zip(heads, options, strict=True):
        lines += textwrap.wrap(
            option.help or "",
            WIDTH,
            initial_indent=head.ljust(width),
            subsequent_indent=" " * width,
        )
    return lines


def shown(argument: click.Argument) -> str:
    """Return an argument as the usage line has it."""
    name = argument.metavar or str(argument.name).upper()
    return name if argument.required else f"[{name}]"


if __name__ == "__main__":
    README.write_text(BLOCK.sub(lambda _: reference(), README.read_text("utf-8")), encoding="utf-8")
