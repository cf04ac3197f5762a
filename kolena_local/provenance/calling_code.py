"""Where the code that called this package lies."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import FrameType
from typing import Final

_STANDARD_LIBRARY: Final = os.__file__.removesuffix("os.py")


def calling_code() -> tuple[str | None, str | None]:
    """Return the folder and the real path of the calling code's file.

    Python's own code and installed packages are passed over: a test runner, or a framework around
    the user's code. If there is nothing else, or the program is frozen, there is no folder. The
    code of notebooks and of ``python -c`` has no file, and counts as being in the current folder.
    """
    frame: FrameType | None = None if hasattr(sys, "frozen") else sys._getframe(1)
    while frame is not None:
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        name = frame.f_code.co_filename
        # The generated __init__ of a dataclass; the caller's file is one frame up.
        is_generated = name.startswith("<") and frame.f_code.co_name == "__init__"
        if package != "kolena_local" and not is_generated and not _is_installed(name):
            return _place(name)
        frame = frame.f_back
    return None, None


def _place(name: str) -> tuple[str | None, str | None]:
    try:
        if Path(name).is_file():
            file = Path(name).resolve()
            return str(file.parent), str(file)
        is_typed = name.startswith("<") or "ipykernel_" in name
        return (str(Path.cwd()) if is_typed else None), None
    except (OSError, ValueError):
        return None, None


def _is_installed(file: str) -> bool:
    return (
        file.startswith(("<frozen ", _STANDARD_LIBRARY))
        or "site-packages" in file
        or "dist-packages" in file
    )
