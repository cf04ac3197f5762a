"""pytest fixtures: a store for each test, and assertions that a model is not worse, or the same.

pytest loads this module in every run of every project where the package is installed, so it must
import fast: pandas and the workflow are imported by the first test that needs them.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kolena_local import location

if TYPE_CHECKING:
    from kolena_local.comparison import Comparison, Judgment

_OPTION, _UPDATE = "--kolena-offline", "--kolena-update"
_CHANGES = "kolena_snapshot"  # a property of the test, so that it reaches the reports of xdist
_WRITERS = pytest.StashKey[dict[str, str]]()


class KolenaStore:
    """A store that lasts for one test or one session.

    Attributes:
        path: the path of its file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __fspath__(self) -> str:
        return str(self.path)

    def load(self, path: str | os.PathLike[str]) -> None:
        """Import a file that ``kolena-local export`` or :meth:`save` wrote.

        Args:
            path: the path of the file; a relative one starts at the current folder.

        Raises:
            FileNotFoundError: there is no such file; the message has its whole path.
            InputValidationError: the file is invalid; nothing is loaded.
            NameConflictError: the file contradicts the store; nothing is loaded.
        """
        from kolena_local.repository import open_store

        file = Path(path).absolute()  # the current folder is not that of the test's file
        with file.open("rb") as stream, open_store(str(self.path)).write() as unit:
            unit.dump.read(stream)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Export the whole store as JSON lines that git can compare.

        Args:
            path: the path of the file; an existing file is replaced.
        """
        from kolena_local import drafts
        from kolena_local.repository import open_store

        with open_store(str(self.path)).read() as unit, drafts.begin(path, "part") as stream:
            try:
                stream.writelines(f"{line}\n".encode() for line in unit.dump.lines())
                stream.close()
                drafts.put_in_place(stream.name, path)
            finally:
                Path(stream.name).unlink(missing_ok=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--kolena-offline`` and ``--kolena-update``."""
    group = parser.getgroup("kolena-local")
    group.addoption(
        _OPTION,
        action="store_true",
        help="Make `import kolena` import kolena_local, with a store for this session only.",
    )
    group.addoption(
        _UPDATE,
        action="store_true",
        help="Write inferences that differ into the snapshots of assert_inferences_match.",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """With ``--kolena-offline``, alias ``kolena`` before the first conftest.py is imported."""
    if not early_config.known_args_namespace.kolena_offline:
        return
    from kolena_local import compat

    stack = ExitStack()
    early_config.add_cleanup(stack.close)
    compat.alias()
    stack.callback(compat.unalias)
    folder = tempfile.mkdtemp(prefix="kolena-offline-")
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    stack.enter_context(_current(Path(folder, location.FILE_NAME)))


@pytest.fixture(scope="session")
def _kolena_stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Path]]:
    """Return a function that makes an empty store by copying one, which is 100 times faster."""
    from kolena_local.repository import close_store, open_store

    folder = tmp_path_factory.mktemp("kolena_local")
    template = folder / "template.db"
    open_store(str(template))
    close_store(str(template))
    content, numbers = template.read_bytes(), count(1)

    def make() -> Path:
        path = folder / f"store-{next(numbers)}.db"
        path.touch(mode=0o600)
        path.write_bytes(content)
        return path

    yield make
    template.unlink(missing_ok=True)


@pytest.fixture
def kolena_store(_kolena_stores: Callable[[], Path]) -> Iterator[KolenaStore]:
    """Provide an empty store that is the current store until the test ends."""
    path = _kolena_stores()
    with _current(path):
        yield KolenaStore(path)


@pytest.fixture(scope="session")
def kolena_session_store(_kolena_stores: Callable[[], Path]) -> Iterator[KolenaStore]:
    """Provide one store for the session; tests with ``kolena_store`` use their own instead."""
    path = _kolena_stores()
    with _current(path):
        yield KolenaStore(path)


@pytest.fixture
def assert_no_regression() -> Callable[..., Comparison]:
    """Return a function that fails the test if a model is worse than its baseline.

    Call ``assert_no_regression(candidate, baseline, suite, metric=…, margin=…)``. Models and suite
    are objects or names; ``metric`` is a per-sample metric or a list of them, None for all. Without
    ``margin``, the test fails if a verdict of the comparison is "worse", which requires enough
    samples. With ``margin``, a number or one for each metric by name, it fails unless the
    confidence interval of every row rules out a loss of more than ``margin``: too few samples and
    samples without a result of both models are failures, too. ``IncorrectUsageError`` is raised if
    it is not known of a metric whether higher or lower is better; declare it where the metric is
    defined, as in ``missed: LowerIsBetter[bool]``; ``InputValidationError`` is raised if both
    models are the same. Other keyword arguments go to
    ``kolena_local.comparison.compare``, whose result is returned.
    """

    def check(
        candidate: Any,
        baseline: Any,
        suite: Any,
        metric: Any = None,
        margin: float | Mapping[str, float] | None = None,
        **options: Any,
    ) -> Comparison:
        from kolena_local.comparison import compare
        from kolena_local.errors import InputValidationError

        found = compare(baseline, candidate, suite, metrics=metric, margin=margin, **options)
        if found.base == found.candidate and options.get("runs") is None:
            raise InputValidationError(
                f"{found.base!r} is both the candidate and the baseline, which could not fail; give"
                " another baseline, or runs= to compare two runs of one model."
            )
        if found.regressions:
            pytest.fail("\n".join([*found.regressions, "", str(found)]), pytrace=False)
        return found

    return check


@pytest.fixture
def assert_inferences_match(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Return a function that fails the test if inferences are not those of a snapshot.

    Call ``assert_inferences_match(model, suite, "snapshot.jsonl", tolerance=…)`` after ``test()``.
    A relative path starts at the folder of the test's file. With ``--kolena-update``, the file is
    written instead, and the summary says what has changed in it; the test fails if an earlier test
    of the session needs it as it was. Everything else is described in
    ``kolena_local.determinism.assert_inferences_match``.
    """

    def check(
        model: Any, suite: Any, path: str | os.PathLike[str], tolerance: float | None = None
    ) -> None:
        from kolena_local.determinism import assert_inferences_match

        path = _beside(request, path)
        update, failed = request.config.getoption(_UPDATE), None
        try:
            changes = assert_inferences_match(model, suite, path, tolerance, update=update)
        except AssertionError as error:
            failed = str(error)
        if failed is not None:  # out here, as the report would have the message twice
            pytest.fail(failed, pytrace=False)
        if not update:
            return
        writers, file = request.config.stash.setdefault(_WRITERS, {}), os.path.realpath(path)
        earlier, writers[file] = writers.get(file), request.node.nodeid
        if changes is None:
            return
        request.node.user_properties.append((_CHANGES, changes))
        if earlier is not None:
            pytest.fail(
                f"{changes} It was already that of {earlier}, which no longer matches it; give each"
                " test, and each set of its parameters, a snapshot of its own.",
                pytrace=False,
            )

    return check


@pytest.fixture
def assert_gate(request: pytest.FixtureRequest) -> Callable[..., Judgment]:
    """Return a function that fails the test unless a model passes the gate in a file.

    Call ``assert_gate("gate.toml", candidate=…)``. The candidate is a model or its name, and that
    of the file if it is not given. A relative path starts at the folder of the test's file.
    ``kolena_local.comparison.Gate`` describes the file, which ``kolena-local gate`` reads, too. An
    undecided gate fails the test unless ``undecided_ok=True``. The judgment is returned.
    """

    def check(
        path: str | os.PathLike[str], candidate: Any = None, *, undecided_ok: bool = False
    ) -> Judgment:
        from kolena_local.comparison.gate.judgment import judge_file
        from kolena_local.workflow.arguments import check_flag

        is_enough = check_flag(undecided_ok, "undecided_ok")
        judgment = judge_file(_beside(request, path), candidate)
        accepted = ("pass", "undecided") if is_enough else ("pass",)
        if judgment.outcome not in accepted:
            pytest.fail(str(judgment), pytrace=False)
        return judgment

    return check


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which snapshots ``--kolena-update`` has written."""
    if not terminalreporter.config.getoption(_UPDATE):
        return
    reports = [one for some in terminalreporter.stats.values() for one in some]
    changes = [
        text
        for report in reports
        if getattr(report, "when", None) == "teardown"  # which has those of fixtures, too
        for name, text in report.user_properties
        if name == _CHANGES
    ]
    if changes:
        terminalreporter.section("snapshots of inferences")
        for text in changes:
            terminalreporter.write_line(text)


def _beside(request: pytest.FixtureRequest, path: Any) -> Any:
    """Return a path that starts at the folder of the test's file; what is not a path as it is."""
    is_path = isinstance(path, (str, os.PathLike)) and os.fspath(path)
    return request.path.parent / path if is_path else path


@contextmanager
def _current(path: Path) -> Iterator[None]:
    """Use a store in all threads and child processes during the block, then delete it."""
    default, variable = location.default(), os.environ.get(location.DB_VARIABLE)
    location.set_default(path)
    # For child processes, and after `initialize()`, which resets the default.
    os.environ[location.DB_VARIABLE] = str(path)
    try:
        yield
    finally:
        location.set_default(default)
        if variable is None:
            os.environ.pop(location.DB_VARIABLE, None)
        else:
            os.environ[location.DB_VARIABLE] = variable
        database = sys.modules.get("kolena_local.repository.store")
        if database is not None:  # otherwise it was never opened
            database.close_store(str(path))
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
