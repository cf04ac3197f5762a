"""Names as TOML has them: quoted where needed, and nothing invisible."""

from __future__ import annotations

import json
import re

from kolena_local.plurals import UNSAFE

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_UNSAFE = re.compile(f"[{UNSAFE}]")


def toml_string(text: str) -> str:
    """Return a text as a string of TOML, on one line."""
    # TOML has the escapes of JSON, but no pairs of surrogates.
    return _UNSAFE.sub(
        lambda match: f"\\U{ord(match[0]):08x}", json.dumps(text, ensure_ascii=False)
    )


def toml_key(name: str) -> str:
    """Return a name as a key of TOML."""
    return name if _BARE.fullmatch(name) else toml_string(name)
