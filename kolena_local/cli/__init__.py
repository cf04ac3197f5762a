"""``kolena-local``: what a person asks of a store without writing Python.

A command parses, asks the repository, prints; it has no user classes and no second road to the
tables. Nouns come first, verbs second, one file for each noun. Help and completion import click and
the standard library only: what a command needs beyond that, it imports when it runs.
"""

import click

from kolena_local import __version__
from kolena_local.cli.root import Root
from kolena_local.cli.store import db_option

__all__ = ["main"]

COMMANDS = {
    "models": "kolena_local.cli.models:models",
    "test-suites": "kolena_local.cli.test_suites:test_suites",
    "test-cases": "kolena_local.cli.test_cases:test_cases",
    "inferences": "kolena_local.cli.inferences:inferences",
    "runs": "kolena_local.cli.runs:runs",
    "results": "kolena_local.cli.results:results",
    "compare": "kolena_local.cli.compare:compare",
    "sql": "kolena_local.cli.sql:sql",
    "db": "kolena_local.cli.db:db",
    "export": "kolena_local.cli.text_form:export",
    "import": "kolena_local.cli.text_form:import_",
    "demo": "kolena_local.cli.demo:demo",
}


@click.group(
    cls=Root,
    commands_at=COMMANDS,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "KOLENA_LOCAL",
    },
)
@db_option
# KOLENA_LOCAL_VERSION is a likely name for the version that somebody's script installs.
@click.version_option(__version__, prog_name="kolena-local", allow_from_autoenv=False)
def main() -> None:
    """Look into a store of models, test suites and results.

    The store is one SQLite file: the one given with --db, else the one that the variable
    KOLENA_LOCAL_DB names, else store.db in the folder KOLENA_LOCAL_HOME, else the one among your
    user data. Results go to standard output, everything else to standard error.

    Exit codes: 0 done, 1 error, 2 wrong usage, 3 and 4 see compare, 5 the store is busy, damaged,
    newer or not a store, 130 interrupted.
    """
