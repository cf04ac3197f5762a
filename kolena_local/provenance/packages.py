"""The versions of the packages that are imported.

``importlib.metadata`` would read files of all installed packages, which takes many times as long as
everything else here. The name of a folder beside each package also has its name and version. Files
are read only for modules whose name differs from their package's.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

_METADATA: Final = re.compile(r"(?P<name>.+?)-(?P<version>\d[^-]*)(-.+)?\.(dist|egg)-info")

_package_of: Final[dict[str, str | None]] = {}
"""The normal name of the package that a module is in; it does not change while Python runs."""


def imported_packages() -> dict[str, str]:
    """Return the versions of all imported packages by name, sorted."""
    installed = dict(_installed())
    modules = {name.replace(".", "/") for name in _imported()}
    unknown = {name for name in modules if _normal(name) not in installed} - _package_of.keys()
    if unknown:
        _package_of.update(dict.fromkeys(unknown))
        _look_up(unknown, installed)
    names = {_normal(name) for name in modules} | {_package_of.get(name) for name in modules}
    found = (installed[name] for name in names if name in installed)
    return {name: version for name, version, _ in sorted(found, key=lambda one: one[0].lower())}


def _installed() -> Iterator[tuple[str, tuple[str, str, str]]]:
    """Yield name, version and metadata folder of packages by normal name, the used ones last."""
    # The folders of scripts have no packages in them, and may have any number of files.
    own = {"", str(Path(_file("__main__")).parent)}
    for folder in reversed([place for place in sys.path if place not in own]):
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if match := _METADATA.fullmatch(entry.name):
                    name = match["name"].replace("_", "-")
                    yield _normal(name), (name, match["version"], entry.path)


def _imported() -> Iterator[str]:
    """Yield the imported modules that may be packages: not Python's own, and not parts of them."""
    python = sys.stdlib_module_names | {"__main__"}
    for name in [*sys.modules]:
        above, _, _ = name.rpartition(".")
        if "." in above or (above or name) in python:
            continue
        # Several packages may share a name, such as google, which then has no file.
        if not above or (_file(name) and not _file(above)):
            yield name


def _look_up(modules: set[str], installed: dict[str, tuple[str, str, str]]) -> None:
    """Note the packages of modules whose names differ, from the lists of installed files."""
    files = {name: _file(name.replace("/", ".")) for name in modules}
    left = {it for it, file in files.items() if re.search("(site|dist)-packages", file)}
    for package, (_, _, folder) in installed.items():
        record = ""
        if left:
            with suppress(OSError):
                record = "\n" + Path(folder, "RECORD").read_text("utf-8", "replace")
        # A folder, or a file with any of Python's suffixes.
        own = {it for it in left if f"\n{it}/" in record or f"\n{it}." in record}
        _package_of.update(dict.fromkeys(own, package))
        left -= own


def _file(module: str) -> str:
    return getattr(sys.modules.get(module), "__file__", None) or ""


def _normal(name: str) -> str:
    return re.sub(r"[-_./]+", "-", name).lower()
