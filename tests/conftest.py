"""Every test gets a home, an environment and a store of its own.

Nothing a test does can reach the developer's store, nor the next test.
"""

from __future__ import annotations

import faulthandler
import gc
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings

from kolena_local import location, log, provenance_setting
from kolena_local.repository import store
from kolena_local.repository.file import connection, migrations, new_file

CHECKOUT = Path(__file__).resolve().parent.parent
Case = TypeVar("Case")

# Most stores here last for a moment, and waiting for a disk that others use would take longer than
# the tests. A folder in memory is a real file system, with locks, permissions and shared memory;
# what promises something of a disk is in tests/durability, which has its files there.
_MEMORY, _ROOM = Path("/dev/shm"), 256 * 2**20
if (
    _MEMORY.is_dir()
    and os.access(_MEMORY, os.W_OK)
    and shutil.disk_usage(_MEMORY).free > _ROOM
    and not os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC  # tests write programs and start them
):
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))

# A shell starts what it puts into the background with interrupts ignored, and children inherit
# that: the tests that interrupt something would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The examples of a property test may share a fixture here, and a store on a busy machine may be
# slow once: neither says anything about the code.
settings.register_profile(
    "short",
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_PROFILE = os.environ.get("KOLENA_LOCAL_TESTS", "short")
IS_LONG = _PROFILE == "long"
#: The long profile tries other examples every time, but not where a change is judged: what chance
#: finds there need not be the change's fault.
IS_RANDOM = IS_LONG and "CI" not in os.environ
settings.register_profile(
    "long",
    settings.get_profile("short"),
    max_examples=50,
    derandomize=not IS_RANDOM,
    print_blob=IS_RANDOM,
)
settings.load_profile(_PROFILE)


#: For property tests whose examples take a tenth of a second or more.
few_examples = settings(max_examples=15 if IS_LONG else 3)


def sampled(cases: Iterable[Case], every: int = 3) -> list[Case]:
    """Return all cases in the long profile, every third one in the short profile.

    It is for families whose cases are much alike and together take seconds.
    """
    return list(cases)[:: 1 if IS_LONG else every]


long_only = pytest.mark.skipif(not IS_LONG, reason="takes longer; the long profile has it")


# How long a writer waits for its turn is for users; a busy machine may take longer over a test.
connection.BUSY_SECONDS = 60.0  # type: ignore[misc]

# Programs print other things where a variable says that they run for a robot, in color or without
# buffers. Tests see what a bare machine has; pytest and its workers set variables of their own.
_KEPT_VARIABLES = (
    "COVERAGE",
    "LANG",
    "LC_",
    "LD_LIBRARY_PATH",
    "PATH",
    "PYTEST_CURRENT_TEST",
    "PYTEST_DEBUG_TEMPROOT",
    "PYTEST_XDIST",
    "TMPDIR",
)

_built: dict[object, sqlite3.Connection] = {}


def _build_as_copy(connection: sqlite3.Connection, steps: tuple[migrations.Migration, ...]) -> None:
    if steps not in _built:
        _built[steps] = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        new_file.build(_built[steps], steps)
    _built[steps].backup(connection)


# Nor do the migrations build each store in memory: like files, all are copies of the first.
store.build = _build_as_copy  # type: ignore[assignment,attr-defined]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Leave the collector out while modules are imported: nearly all that is made then stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        # For the same reason all that there is need not be walked as often as usual.
        gc.set_threshold(*gc.get_threshold()[:2], 100)


# A test that hangs says where, after five minutes at most: pytest's own faulthandler_timeout starts
# and ends a thread for each test, which takes a twentieth of the whole suite's time.
_HANGS_SECONDS, _REARM_SECONDS = 300, 10
_watch = {"stderr": 2, "armed": float("-inf")}


def pytest_configure() -> None:
    """Keep the standard error that pytest puts aside while tests run."""
    _watch["stderr"] = os.dup(2)


def pytest_runtest_setup() -> None:
    """Put off the moment at which a hanging test says where, now and then."""
    if time.monotonic() - _watch["armed"] > _REARM_SECONDS:
        faulthandler.dump_traceback_later(_HANGS_SECONDS, file=int(_watch["stderr"]))
        _watch["armed"] = time.monotonic()


def pytest_unconfigure() -> None:
    """Collect once: pytest and Python would walk all that is left, several times each."""
    faulthandler.cancel_dump_traceback_later()
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the test an empty home folder and no store, and forget both afterwards."""
    # A test's own folder is empty. Not beside it either: pytest lists the folder that it is in for
    # each test, and would list the homes of thousands.
    home = tmp_path.parent / "homes" / tmp_path.name
    home.mkdir(parents=True)
    for name in [name for name in os.environ if not name.startswith(_KEPT_VARIABLES)]:
        monkeypatch.delenv(name)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    for name, folder in (
        ("XDG_DATA_HOME", ".local/share"),
        ("XDG_CONFIG_HOME", ".config"),
        ("XDG_CACHE_HOME", ".cache"),
        ("XDG_STATE_HOME", ".local/state"),
    ):
        monkeypatch.setenv(name, str(home / folder))
    monkeypatch.setenv("KOLENA_LOCAL_HOME", str(home / "kolena_local"))
    # Child processes run the code under test too, from whatever folder they are started in.
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))
    location.set_default(None)
    yield home
    location.set_default(None)
    provenance_setting.set_default(None)
    log.print_messages(False)
    store.close_stores()


@pytest.fixture
def store_path(tmp_path: Path) -> Path:
    """Return the path of a store that does not exist yet, in a folder that does."""
    return tmp_path / "fresh.db"
