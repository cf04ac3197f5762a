"""What the package tells while it works: one logger, quiet until somebody listens.

Messages go to the standard logger ``kolena_local``. ``initialize(verbose=True)`` also prints them,
information on standard output, warnings and worse on standard error.
"""

from __future__ import annotations

import logging
import sys
from typing import Final

from kolena_local.plurals import printable

logger: Final = logging.getLogger("kolena_local")
logger.addHandler(logging.NullHandler())


class _Printer(logging.Handler):
    """Prints to the streams of the moment, which tests and notebooks like to replace."""

    def emit(self, record: logging.LogRecord) -> None:
        stream = sys.stderr if record.levelno >= logging.WARNING else sys.stdout
        try:
            # A name that the stream cannot spell, or a stream that is closed, stops no work.
            encoding = getattr(stream, "encoding", None) or "utf-8"
            text = f"kolena_local> {printable(record.getMessage())}"
            message = text.encode(encoding, "backslashreplace")
            print(message.decode(encoding), file=stream)
        except Exception:
            self.handleError(record)


_printer: Final = _Printer()


class _Level(int):
    """A number that can be told from an equal one, which a user has set."""


_LEVEL: Final = _Level(logging.INFO)


def print_messages(wanted: bool) -> None:
    """Print messages from now on, or stop it; calling it again changes nothing more.

    A level that a user has set on the logger stays and decides what is printed.

    Args:
        wanted: whether they are printed.
    """
    if wanted:
        logger.addHandler(_printer)
        if logger.level == logging.NOTSET:
            logger.setLevel(_LEVEL)
    else:
        logger.removeHandler(_printer)
        if logger.level is _LEVEL:
            logger.setLevel(logging.NOTSET)
