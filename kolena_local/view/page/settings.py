"""What an application of the page was started with."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from hmac import compare_digest
from pathlib import Path
from secrets import token_urlsafe
from threading import Lock
from typing import TYPE_CHECKING, Final

from kolena_local.view.extra import from_extra

with from_extra("Pages in the browser"):
    from flask import current_app

if TYPE_CHECKING:
    from flask import Flask

_KEY: Final = "KOLENA_LOCAL_PAGE"


@dataclass
class Settings:
    """How the page is served.

    Attributes:
        location: the store's file.
        host: the address that it listens on, as browsers are given it.
        port: the port that it listens on.
        read_only: whether nothing can be changed.
        images: the folder below which images may be shown; None shows none.
        token: what opens the page once; None when it was used.
        secret: what the cookie must hold.
        seconds: how long the queries of one page may run.
        notices: the kinds and texts of what the next page says; the oldest go if nobody looks.
    """

    location: str
    host: str
    port: int
    read_only: bool = False
    images: Path | None = None
    token: str | None = field(default_factory=token_urlsafe, repr=False)
    secret: str = field(default_factory=token_urlsafe, repr=False)
    seconds: float = 10.0
    notices: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=20))
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)

    @property
    def authority(self) -> str:
        """The host and port, as browsers send them."""
        host = f"[{self.host}]" if ":" in self.host else self.host.lower()
        return host if self.port == 80 else f"{host}:{self.port}"

    @property
    def address(self) -> str:
        """The address to open, with the token that works once."""
        return f"http://{self.authority}/?token={self.token}"

    def use_token(self, given: str) -> bool:
        """Return whether this is the token, which no one can use after that."""
        with self._lock:
            token = self.token
            is_right = token is not None and compare_digest(
                given.encode("utf-8", "replace"), token.encode()
            )
            if is_right:
                self.token = None
            return is_right


def keep_settings(app: Flask, settings: Settings) -> None:
    """Give an application its settings."""
    app.extensions[_KEY] = settings


def settings() -> Settings:
    """Return the settings of the application that answers the current request."""
    found: Settings = current_app.extensions[_KEY]
    return found
