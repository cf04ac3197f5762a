"""Files that the browser saves and never shows, since it could run what is in them."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from flask import Response

_NOT_FOR_NAMES: Final = re.compile(r"[^\w.-]+")


def attachment(name: str, data: bytes | str, mimetype: str) -> Response:
    """Return a file to save.

    Args:
        name: what to call it, which may come from the store; what is not a letter, digit, hyphen or
            full stop is replaced.
        data: its content.
        mimetype: its type, such as ``image/png``.
    """
    response = Response(data, mimetype=mimetype)
    # A name that begins with a full stop is hidden on many systems; the end has the file's type.
    safe = _NOT_FOR_NAMES.sub("_", name).strip("._")[-80:]
    response.headers["Content-Disposition"] = (
        f"attachment; filename*=UTF-8''{quote(safe or 'download')}"
    )
    return response
