"""``kolena-local``: use a store without writing Python.

A command parses its arguments, calls the repository, and prints the result; it never needs your
classes. Each noun (``models``, ``runs``) has a file of its own with its commands. Help and
completion import only click and the standard library; a command imports the rest when it runs.
"""

import click

from kolena_local import __version__
from kolena_local.cli.root import Root
from kolena_local.cli.store_option import db_option

__all__ = ["main"]

# Where each command is, and its line in the help: the first line of its own help, repeated because
# importing every command for it would slow down help by 40 %.
_COMMANDS = {
    "models": ("kolena_local.cli.models:models", "List, show, and edit models."),
    "test-suites": (
        "kolena_local.cli.test_suites:test_suites",
        "List, show, create, edit, rename, and delete test suites.",
    ),
    "test-cases": (
        "kolena_local.cli.test_cases:test_cases",
        "List, show, create, rename, and delete test cases.",
    ),
    "datasets": (
        "kolena_local.cli.datasets:datasets",
        "List, show, upload, and delete datasets, and apply standards.",
    ),
    "inferences": (
        "kolena_local.cli.inferences:inferences",
        "Import inferences from files, and export them.",
    ),
    "runs": ("kolena_local.cli.runs:runs", "List, show, verify, and delete test runs."),
    "results": ("kolena_local.cli.results:results", "Print a model's metrics on a test suite."),
    "plots": (
        "kolena_local.cli.plots:plots",
        "List the plots of a model on a test suite, or draw them.",
    ),
    "compare": (
        "kolena_local.cli.compare:compare",
        "Compare two models on a test suite, sample by sample.",
    ),
    "gate": (
        "kolena_local.cli.gate:gate",
        "Decide by a file whether a model may replace another one.",
    ),
    "leaderboard": (
        "kolena_local.cli.leaderboard:leaderboard",
        "Rank the models that were tested on a test suite.",
    ),
    "power": (
        "kolena_local.cli.power:power",
        "Tell what differences a test suite can show.",
    ),
    "report": (
        "kolena_local.cli.report:report",
        "Report how models did on a test suite, in one HTML file.",
    ),
    "slices": (
        "kolena_local.cli.slices:slices",
        "Find slices of a test suite on which a model is worse.",
    ),
    "ui": ("kolena_local.cli.ui:ui", "Show the store in your browser."),
    "sql": ("kolena_local.cli.sql:sql", "Run a read-only SQL query."),
    "db": (
        "kolena_local.cli.db:db",
        "Locate, check, back up, restore, and merge the store's file.",
    ),
    "export": ("kolena_local.cli.dump:export", "Export the store, or a part of it, as JSON lines."),
    "import": ("kolena_local.cli.dump:import_", "Import JSON lines that `export` wrote."),
    "demo": ("kolena_local.cli.demo:demo", "Test two real models on images of handwritten digits."),
}


@click.group(
    cls=Root,
    commands_at={name: place for name, (place, _) in _COMMANDS.items()},
    summaries={name: summary for name, (_, summary) in _COMMANDS.items()},
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "KOLENA_LOCAL"},
)
@db_option
# Scripts are likely to use KOLENA_LOCAL_VERSION for the version that they install.
@click.version_option(__version__, prog_name="kolena-local", allow_from_autoenv=False)
def main() -> None:
    """Manage models, test suites, and results in a local store.

    The store is one SQLite file: the path given with --db, else the path in KOLENA_LOCAL_DB, else
    store.db in the folder KOLENA_LOCAL_HOME, else store.db in your user data folder. Results go to
    standard output, everything else to standard error. `model list` is the same as `models list`.

    Exit codes: 0 success, 1 error, 2 wrong usage, 3 and 4 see compare, gate, and runs verify, 5 the
    store is busy, damaged, written by a newer version, or not a store, 130 interrupted, 143
    terminated.
    """
