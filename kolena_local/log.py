"""The package's logger, which is silent unless you configure it.

Messages go to the standard logger ``kolena_local``. ``initialize(verbose=True)`` also prints them:
information to standard output, warnings and errors to standard error.
"""

from __future__ import annotations

import logging
import sys
from typing import Final

from kolena_local.plurals import printable

logger: Final = logging.getLogger("kolena_local")
logger.addHandler(logging.NullHandler())


class _Printer(logging.Handler):
    """Prints to the current ``sys.stdout`` and ``sys.stderr``, which notebooks replace."""

    def emit(self, record: logging.LogRecord) -> None:
        stream = sys.stderr if record.levelno >= logging.WARNING else sys.stdout
        try:
            # Escape what the encoding lacks: printing a message must not stop the work.
            encoding = getattr(stream, "encoding", None) or "utf-8"
            text = f"kolena_local> {printable(record.getMessage())}"
            message = text.encode(encoding, "backslashreplace")
            print(message.decode(encoding), file=stream)
        except Exception:
            self.handleError(record)


_printer: Final = _Printer()


class _Level(int):
    """A level that can be distinguished from an equal one that a user has set."""


_LEVEL: Final = _Level(logging.INFO)


def print_messages(wanted: bool) -> None:
    """Start or stop printing messages.

    If you have set a level on the logger, it stays and decides what is printed.

    Args:
        wanted: whether to print messages.
    """
    if wanted:
        logger.addHandler(_printer)
        if logger.level == logging.NOTSET:
            logger.setLevel(_LEVEL)
    else:
        logger.removeHandler(_printer)
        if logger.level is _LEVEL:
            logger.setLevel(logging.NOTSET)
