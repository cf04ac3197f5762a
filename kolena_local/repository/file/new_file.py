"""Create the file of a new store.

Most of the time that a unit test with a store of its own takes would go into building that store.
So the migrations build one in each process, and the others are copies of it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from kolena_local import drafts, location
from kolena_local.errors import StoreError, StoreNotFoundError, StoreReadOnlyError
from kolena_local.repository.file import migrations
from kolena_local.repository.file.side_files import check_side_files


def build(connection: sqlite3.Connection, steps: Sequence[migrations.Migration]) -> None:
    """Build a new store on a connection that nothing else uses."""
    connection.execute("BEGIN")
    migrations.apply(connection, steps)
    connection.commit()


def make_home(path: str) -> list[Path]:
    """Create the folder of the default store; users create the folders of other stores themselves.

    Returns:
        The folders that were created, to be removed if the store is not created.

    Raises:
        OSError: it cannot be created.
    """
    if path != os.path.realpath(location.default_file()):
        return []
    # `os.makedirs` creates the folders above with the umask, which may let everybody write there.
    return drafts.make_folder(Path(path).parent, 0o700, parents=True)


def create_file(path: str) -> None:
    """Create a new store, or, where that is not possible, an empty file that is to be migrated.

    Raises:
        StoreError: one of its leaves, saying why no file can be created there.
    """
    folder = os.path.dirname(path)
    made: list[Path] = []
    try:
        made = make_home(path)
        if not os.path.isdir(folder):
            raise StoreNotFoundError(
                f"The folder {folder} does not exist; create it first, or use another location."
            )
        check_side_files(path)
        # The store holds what its owner's models said about data that may be private.
        if not _put_new(path):
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except StoreError:
        raise
    except PermissionError as error:
        raise StoreReadOnlyError(
            f"The store {path} cannot be created, because its folder is not writable; use another"
            " location."
        ) from error
    except OSError as error:
        raise StoreError(
            f"The store {path} cannot be created ({error.strerror}); use another location."
        ) from error
    finally:
        drafts.remove_empty(made)


def _put_new(path: str) -> bool:
    """Put a new store at a free path in one step; return whether that was possible.

    It is not on a file system without hard links, for example.
    """
    draft = None
    try:
        content = _content(migrations.load())
        with drafts.begin(path, "draft") as file:
            draft = file.name
            file.write(content)
            file.flush()
            # After a power failure, there must not be a name without a content.
            os.fsync(file.fileno())
        # Unlike a rename, a link replaces nothing.
        os.link(draft, path)
    except (OSError, sqlite3.Error):
        return False
    finally:
        if draft is not None:
            with suppress(OSError):
                os.unlink(draft)
    return True


@cache
def _content(steps: tuple[migrations.Migration, ...]) -> bytes:
    """Return the content of the file of a new store."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "new.db")
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            build(connection, steps)
            connection.execute("PRAGMA journal_mode = WAL")
        return path.read_bytes()
