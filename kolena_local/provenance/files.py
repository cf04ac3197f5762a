"""The lock file of the calling code, and texts without the user's name."""

from __future__ import annotations

import getpass
import os
import re
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final

_LOCK_FILES: Final = (
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "pixi.lock",
    "pylock.toml",
    "conda-lock.yml",
    "requirements.txt",
)


def lock_file(folder: str | None, root: str | None) -> dict[str, str] | None:
    """Return name and hash of the nearest lock file.

    Args:
        folder: where to look first; then in the folders above.
        root: the last folder to look in, that of the repository; None means ``folder`` alone.
    """
    if folder is None:
        return None
    top = Path(folder if root is None else root)
    for place in (Path(folder), *Path(folder).parents):
        for name in _LOCK_FILES:
            with suppress(OSError):
                if not (place / name).is_file():  # to read a pipe never ends
                    continue
                content = (place / name).read_bytes()
                path = without_user(os.path.relpath(place / name, top))
                return {"path": path, "hash": blake2b(content, digest_size=16).hexdigest()}
        if place == top:
            break
    return None


def without_user(text: str) -> str:
    """Return a text with ``~`` where it has the name of the user as a word, in any case."""
    names = set()
    with suppress(ImportError, KeyError, OSError, RuntimeError):  # a container may have no user
        names.add(Path.home().name)
        names.add(getpass.getuser())
    for name in filter(None, names):
        word = rf"(?<![^\W_]){re.escape(name)}(?![^\W_])"
        text = re.sub(word, "~", text, flags=re.IGNORECASE)
    return text
