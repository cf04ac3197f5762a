"""What an application of the page was started with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_urlsafe
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
        host: the address that it listens on.
        port: the port that it listens on.
        read_only: whether nothing can be changed.
        images: the folder below which images may be shown; None shows none.
        token: what opens the page once; None when it was used.
        secret: what the cookie must hold.
        seconds: how long a query may run.
    """

    location: str
    host: str
    port: int
    read_only: bool = False
    images: Path | None = None
    token: str | None = field(default_factory=token_urlsafe)
    secret: str = field(default_factory=token_urlsafe)
    seconds: float = 10.0

    @property
    def authority(self) -> str:
        """The host and port, as they stand in an address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def address(self) -> str:
        """The address to open, with the token that works once."""
        return f"http://{self.authority}/?token={self.token}"


def keep_settings(app: Flask, settings: Settings) -> None:
    """Give an application its settings."""
    app.extensions[_KEY] = settings


def settings() -> Settings:
    """Return the settings of the application that answers the current request."""
    found: Settings = current_app.extensions[_KEY]
    return found
