"""``kolena-local``: what a person asks of a store without writing Python.

A command parses, asks the repository, prints; it has no user classes and no second road to the
tables. Nouns come first, verbs second, one file for each noun. Help and completion import click and
the standard library only: what a command needs beyond that, it imports when it runs.
"""

import click

from kolena_local import __version__
from kolena_local.cli.root import Root
from kolena_local.cli.store_option import db_option

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
    "export": "kolena_local.cli.dump:export",
    "import": "kolena_local.cli.dump:import_",
    "demo": "kolena_local.cli.demo:demo",
}

# As the commands say it themselves: help must not import all of them to be told.
SUMMARIES = {
    "models": "Models: names, metadata, tags, results.",
    "test-suites": "Test suites: test cases that are tested together.",
    "test-cases": "Test cases: slices of samples with ground truths.",
    "inferences": "Inferences: into a file, and out of one without writing code.",
    "runs": "Test runs: a model, a test suite, an evaluator.",
    "results": "Print a model's metrics on a test suite, by test case and...",
    "compare": "Compare two models, sample by sample, on a test suite that...",
    "sql": "Answer a question in SQL.",
    "db": "The store's file: where it is, whether it is sound, backups.",
    "export": "Write the whole store as JSON lines into FILE, or to...",
    "import": "Add what FILE has, as `export` wrote it, to the store; -...",
    "demo": "Test two real models on images of handwritten digits.",
}


@click.group(
    cls=Root,
    commands_at=COMMANDS,
    summaries=SUMMARIES,
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
    newer or not a store, 130 interrupted, 143 terminated.
    """
