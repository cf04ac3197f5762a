"""Keeps what a release leaves in users' hands: ``python tests/files/freeze.py``.

It writes, in the folder of this version, a store that this version made and the digests of its
migrations. ``tests/durability/test_migrations.py`` opens every such store with the present code,
and refuses a migration that is not what it was. Run it until a version is released; never after.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

from kolena_local import __version__  # noqa: E402
from kolena_local.repository.file import migrations  # noqa: E402
from kolena_local.repository.file.backups import back_up  # noqa: E402

STORE = "store.db"
DIGESTS = "migrations.json"


def digests() -> dict[str, str]:
    """Return the SHA-256 of each migration."""
    return {
        entry.name: hashlib.sha256(entry.read_bytes()).hexdigest()
        for entry in files(migrations.__name__).iterdir()
        if entry.name.endswith(".sql")
    }


def freeze(folder: Path) -> None:
    """Write the store and the digests into a folder."""
    from tests.files.make import fill

    kept = folder / DIGESTS
    if kept.exists() and set(json.loads(kept.read_text("utf-8"))) != set(digests()):
        sys.exit(f"{folder} has the store of an earlier schema, which stays; raise the version.")
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        made = Path(temporary) / STORE
        fill(made)
        (folder / STORE).unlink(missing_ok=True)
        back_up(str(made), str(folder / STORE))
    (folder / STORE).chmod(0o644)  # as git would check it out
    (folder / DIGESTS).write_text(json.dumps(digests(), indent=2, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    freeze(HERE / __version__)
