"""Files that grow beside their place, and take it when they are whole."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO


def begin(path: str | os.PathLike[str], kind: str) -> BinaryIO:
    """Make a file beside ``path`` that is private from its first byte on.

    Its name cannot be guessed: in a folder that others may write to, nobody can have put a link
    there that would be followed.

    Args:
        path: the place of the file that is to be.
        kind: the end of the name, which says what such a file is.

    Raises:
        OSError: it cannot be made.
    """
    return open(f"{os.fspath(path)}.{os.urandom(8).hex()}.{kind}", "xb", opener=_private)


def put_in_place(draft: str, path: str | os.PathLike[str]) -> None:
    """Give a draft the name of ``path``, and the permissions of the file that was there, if any.

    Raises:
        OSError: it cannot get the name.
    """
    with suppress(FileNotFoundError):
        shutil.copymode(path, draft)
    Path(draft).replace(path)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
