"""Whether there is space on a store's disk; imports little, as completion needs it."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Final

# SQLITE_IOERR_WRITE, _FSYNC, _DIR_FSYNC, _TRUNCATE, _SHMOPEN, _SHMSIZE, _SHMMAP: what remains of
# a full disk or quota where the system does not say ENOSPC, or says it of the log's index.
_FAILED_WRITES: Final = {10 | more << 8 for more in (3, 4, 5, 6, 18, 19, 21)}
_LITTLE: Final = 2**16  # the log's index takes half of it


def is_about_room(error: Exception, place: str) -> bool:
    """Return whether an error comes from a full disk or an exhausted quota.

    Args:
        error: an error of SQLite's driver.
        place: the location of the store.
    """
    if "disk I/O error" not in str(error):
        return False
    code = getattr(error, "sqlite_errorcode", None)  # Python 3.10 does not have it
    return code in _FAILED_WRITES if code is not None else room(place) < _LITTLE


def room(place: str) -> int:
    """Return how many bytes the store at ``place`` may still grow; 0 if unknown."""
    try:
        free = shutil.disk_usage(os.path.dirname(place)).free
    except OSError:
        return 0
    return min(free, _left_of_limit(place))


def _left_of_limit(place: str) -> int:
    """Return how many bytes the process may still add to a store's files (``ulimit -f``)."""
    try:
        import resource  # not on Windows
    except ImportError:
        return sys.maxsize
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    if limit == resource.RLIM_INFINITY:
        return sys.maxsize
    sizes = [os.path.getsize(path) for path in (place, f"{place}-wal") if os.path.exists(path)]
    return max(0, limit - max(sizes, default=0))
