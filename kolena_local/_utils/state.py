"""The session of the original's client, for scripts that open one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kolena_local import location


@contextmanager
def kolena_session(
    api_token: str,
    base_url: str | None = None,
    additional_request_headers: dict[str, Any] | None = None,
    proxies: dict[str, str] | None = None,
) -> Iterator[str]:
    """Keep to the store that is chosen now inside a ``with`` block; the arguments are ignored.

    ``kolena_local.session(db=...)`` chooses another one.

    Args:
        api_token: ignored.
        base_url: ignored.
        additional_request_headers: ignored.
        proxies: ignored.

    Yields:
        The absolute path of the store, or ``":memory:"``.
    """
    with location.use(location.resolve()) as place:
        yield place
