"""Write files under a temporary name, and rename them when they are complete.

A folder that was made for files is removed if none of them was written.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Sequence
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import IO, BinaryIO, cast

from kolena_local.errors import InputValidationError

_DATABASE = b"SQLite format 3\0"
_SIDE_FILE = re.compile(r"(.+)-(?:wal|shm|journal)", re.DOTALL)


def make_folder(folder: Path, mode: int = 0o777, *, parents: bool = False) -> list[Path]:
    """Make a folder, unless it exists.

    Args:
        folder: its path.
        mode: the permissions of what is made.
        parents: whether to make missing folders above it, too.

    Returns:
        What was made, for :func:`remove_empty`.

    Raises:
        OSError: it cannot be made; nothing was.
    """
    made: list[Path] = []
    missing = [*takewhile(lambda path: not path.is_dir(), (folder, *folder.parents))]
    try:
        for path in reversed(missing if parents else missing[:1]):
            try:
                path.mkdir(mode)
                made.append(path)
            except FileExistsError:
                if not path.is_dir():
                    raise
    except BaseException:
        remove_empty(made)
        raise
    return made


def remove_empty(folders: Sequence[Path]) -> None:
    """Remove the folders that :func:`make_folder` made, if nothing was put there."""
    for path in reversed(folders):
        with suppress(OSError):  # such as: it has files
            path.rmdir()


def begin(path: str | os.PathLike[str], kind: str) -> BinaryIO:
    """Create a file beside ``path`` that only its owner can read.

    Its name cannot be guessed: in a folder that others may write to, nobody can have placed a
    symbolic link there in advance.

    Args:
        path: the path that the file will get.
        kind: the suffix of the temporary name.

    Raises:
        OSError: the file cannot be created.
    """
    return open(f"{os.fspath(path)}.{os.urandom(8).hex()}.{kind}", "xb", opener=_private)


def put_in_place(draft: str, path: str | os.PathLike[str]) -> None:
    """Rename a draft to ``path``; keep the permissions of an existing file there.

    Raises:
        OSError: the draft cannot be renamed.
    """
    with suppress(FileNotFoundError):
        shutil.copymode(path, draft)
    Path(draft).replace(path)


class Destination:
    """A file that gets its name when it is complete; in a ``with``, when the block succeeds.

    Args:
        name: the path as the user gave it.
        store: the path of the store that the content comes from.

    Raises:
        InputValidationError: the file is a store, a backup or a file that belongs to one, or it
            cannot be reached.
    """

    def __init__(self, name: str, store: str) -> None:
        self.name = name
        # A symbolic link stays: its target is replaced.
        self._path = Path(os.path.realpath(name))
        self._stream: IO[bytes] | None = None
        try:
            if self._is_replaced():
                self._check_no_database(os.path.realpath(store))
        except OSError as error:
            raise self._refused(error) from error

    def __enter__(self) -> Destination:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.keep()
        finally:
            self.discard()

    def write(self, content: bytes) -> None:
        """Add to what the file will have.

        Raises:
            InputValidationError: the file cannot be written.
        """
        try:
            stream = self._opened()
            stream.write(content)
            stream.flush()  # a message that it was written may be next
        except BrokenPipeError:
            raise  # whoever reads has had enough, as with standard output
        except OSError as error:
            raise self._refused(error) from error

    def keep(self) -> None:
        """Put what was written under the file's name, all at once.

        Raises:
            InputValidationError: the file cannot be written.
        """
        try:
            stream = self._opened()
            stream.close()
            if self._is_replaced():
                put_in_place(stream.name, self._path)
            self._stream = None
        except BrokenPipeError:
            raise
        except OSError as error:
            raise self._refused(error) from error

    def discard(self) -> None:
        """Forget what was written."""
        if self._stream is not None:
            with suppress(OSError):
                self._stream.close()
            if self._is_replaced():
                Path(self._stream.name).unlink(missing_ok=True)

    def _check_no_database(self, store: str) -> None:
        side_file = _SIDE_FILE.fullmatch(str(self._path))
        for path in (str(self._path), side_file[1] if side_file else ""):
            # The store counts even if its first bytes are damaged, or it does not exist yet.
            if path == store or _is_database(path):
                raise InputValidationError(
                    f"The file {self.name} is a store or another SQLite database, or belongs to"
                    " one, which the output would overwrite; give another one."
                )

    def _opened(self) -> IO[bytes]:
        if self._stream is None:
            replaced = self._is_replaced()
            self._stream = begin(self._path, "part") if replaced else _appending(self.name)
        return self._stream

    def _is_replaced(self) -> bool:
        """Tell files from devices and pipes, which are written to as they are."""
        name = Path(self.name)
        # /dev/stdout may be a file that others write to as well; /dev/shm holds files like any.
        if name.is_relative_to("/dev") and not name.is_relative_to("/dev/shm"):
            return False
        try:
            return stat.S_ISREG(self._path.stat().st_mode)
        except FileNotFoundError:
            return True

    def _refused(self, error: OSError) -> InputValidationError:
        return InputValidationError(
            f"The file {self.name} cannot be written ({error.strerror or error}); give another one."
        )


def _is_database(path: str) -> bool:
    try:
        with Path(path).open("rb") as file:
            return file.read(len(_DATABASE)) == _DATABASE
    except OSError:
        return False


def _appending(name: str) -> IO[bytes]:
    return cast("IO[bytes]", Path(name).open("ab"))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
