"""The versions of the packages that are imported.

``importlib.metadata`` would read files of all packages that are installed, which takes many times
as long as all else here. Name and version of a package are also in the name of a folder beside it;
only for modules that have another name than their package, files are read.
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
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    own = {"", str(Path(script or "").parent)}
    for folder in reversed([place for place in sys.path if place not in own]):
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if match := _METADATA.fullmatch(entry.name):
                    name = match["name"].replace("_", "-")
                    yield _normal(name), (name, match["version"], entry.path)


def _imported() -> Iterator[str]:
    """Yield the imported modules that may be packages: not Python's own, and not parts of them."""
    for name, module in [*sys.modules.items()]:
        above, _, last = name.rpartition(".")
        is_own = name.partition(".")[0] in sys.stdlib_module_names or name == "__main__"
        if is_own or "." in above:
            continue
        # Several packages may share a name, such as google, which then has no file.
        is_shared = above and getattr(sys.modules.get(above), "__file__", None) is None
        if (not above and last) or is_shared:
            file = getattr(module, "__file__", None)
            if file is not None or not above:
                yield name


def _look_up(modules: set[str], installed: dict[str, tuple[str, str, str]]) -> None:
    """Note the packages of modules whose names differ, from the lists of installed files."""
    files = {
        name: getattr(sys.modules.get(name.replace("/", ".")), "__file__", None) or ""
        for name in modules
    }
    left = {
        name for name, file in files.items() if "site-packages" in file or "dist-packages" in file
    }
    for package, (_, _, folder) in installed.items():
        if not left:
            return
        listed = _text(folder, "top_level.txt") if all("/" not in name for name in left) else ""
        if listed:
            own = left & {*listed.split()}
        else:
            record = "\n" + _text(folder, "RECORD")
            own = {
                name
                for name in left
                if f"\n{name}/" in record or f"\n{name}.py," in record or f"\n{name}." in record
            }
        _package_of.update(dict.fromkeys(own, package))
        left -= own


def _text(folder: str, name: str) -> str:
    try:
        return Path(folder, name).read_text("utf-8", "replace")
    except OSError:
        return ""


def _normal(name: str) -> str:
    return re.sub(r"[-_./]+", "-", name).lower()
