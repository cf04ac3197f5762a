"""Capture what code and environment are at this moment."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from operator import index
from pathlib import Path
from typing import Any, Final

from kolena_local.provenance.calling_code import calling_code
from kolena_local.provenance.files import lock_file, without_user
from kolena_local.provenance.frameworks import framework_facts
from kolena_local.provenance.git import git_facts
from kolena_local.provenance.packages import imported_packages

_MACHINE_IDS: Final = ("/etc/machine-id", "/var/lib/dbus/machine-id")


@dataclass(frozen=True)
class Provenance:
    """What code and environment were when this was captured.

    Attributes:
        facts: what was captured, as JSON values.
    """

    facts: Mapping[str, Any]


def capture(*, seeds: Mapping[str, int] | None = None) -> Provenance:
    """Return what the calling code and its environment are now.

    Where git is missing, takes too long or refuses the folder, ``facts["git"]`` says so, and
    everything else is captured all the same.

    Args:
        seeds: the seeds that you passed to random number generators, by a name for each, such as
            ``{"numpy": 0}``.

    Raises:
        TypeError: the seeds are not integers by name.
    """
    folder, file = calling_code()
    git, root = git_facts(folder, file)
    facts: dict[str, Any] = {
        "python": {
            "version": platform.python_version(),
            "implementation": sys.implementation.name,
        },
        "system": {
            "os": platform.system(),
            "release": without_user(platform.release()),
            "machine": platform.machine(),
            "host": _hashed_host(),
        },
        "git": git,
        "packages": imported_packages(),
    }
    optional = {
        "lock_file": lock_file(folder, root),
        "frameworks": framework_facts(),
        "seeds": _checked(seeds or {}),
    }
    return Provenance(facts | {name: found for name, found in optional.items() if found})


def _checked(seeds: Mapping[str, int]) -> dict[str, int]:
    try:
        if all(isinstance(name, str) for name in seeds):
            return {name: index(seed) for name, seed in seeds.items()}
    except (AttributeError, TypeError):
        pass
    raise TypeError(f"seeds must be integers by name, such as {{'numpy': 0}}, not {seeds!r:.80}.")


def _hashed_host() -> str:
    """Return a hash that tells hosts apart, and from which a name cannot be guessed.

    The id of the machine, which others do not know, is hashed with the name.
    """
    salt = b""
    for place in _MACHINE_IDS:
        try:
            salt = Path(place).read_bytes().strip()
            break
        except OSError:
            continue
    name = platform.node().encode("utf-8", "surrogateescape")
    return hashlib.blake2b(name, key=salt[:64], digest_size=16, person=b"kolena-host").hexdigest()
