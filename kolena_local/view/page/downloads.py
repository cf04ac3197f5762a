"""Files that the browser saves and never shows, since it could run what is in them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from flask import Response

from kolena_local.plurals import no_formula

_NOT_FOR_NAMES = re.compile(r"[^\w.-]+")


def attachment(name: str, data: bytes | str, mimetype: str) -> Response:
    """Return a file to save.

    Args:
        name: what to call it, which may come from the store; what is not a letter, digit, hyphen or
            full stop is replaced.
        data: its content.
        mimetype: its type, such as ``text/csv``.
    """
    response = Response(data, mimetype=mimetype)
    # A name that begins with a full stop is hidden on many systems; the end has the file's type.
    safe = _NOT_FOR_NAMES.sub("_", name).strip("._")[-80:]
    response.headers["Content-Disposition"] = (
        f"attachment; filename*=UTF-8''{quote(safe or 'download')}"
    )
    return response


def csv_attachment(name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Response:
    """Return a table to save; no spreadsheet takes a cell for a formula."""
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    for line in (header, *rows):
        lines.writerow([no_formula(cell) for cell in line])
    return attachment(name, text.getvalue(), "text/csv")
