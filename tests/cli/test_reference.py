"""The command reference in the README of the command line matches the commands."""

from __future__ import annotations

import re

import click

from tests.cli.reference import BLOCK, EVERYWHERE, README, commands, reference


def test_the_readme_has_the_reference() -> None:
    (found,) = BLOCK.findall(README.read_text("utf-8"))
    assert found == reference(), "run: python -m tests.cli.reference"


def test_every_command_has_the_options_that_are_everywhere() -> None:
    changing_nothing_to_print = {"kolena-local demo", "kolena-local export", "kolena-local import"}
    # HTML and nothing else, to standard output or to a browser.
    changing_nothing_to_print |= {"kolena-local report", "kolena-local ui"}
    changing_nothing_to_print |= {"kolena-local gate init"}  # TOML and nothing else
    about_files = ("kolena-local db ", "kolena-local inferences ", "kolena-local plots")
    about_files += ("kolena-local datasets upload", "kolena-local datasets results")
    for _, command, path in commands():
        names = {option.name for option in command.params}
        missing = set(EVERYWHERE) - names
        assert "db" in names, path
        if path in changing_nothing_to_print or path.startswith(about_files):
            continue
        assert not missing, path


def test_every_option_is_explained_in_a_sentence_and_has_a_placeholder() -> None:
    for context, command, path in commands():
        assert command.help and re.match(r"[A-Z]", command.help), path
        assert command.get_short_help_str(200).endswith("."), path
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden:
                assert option.help and option.help.endswith("."), f"{path} {option.name}"
                assert option.is_flag or option.metavar, f"{path} {option.name}"
        assert context.info_name in path
