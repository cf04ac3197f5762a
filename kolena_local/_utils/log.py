"""Messages under the names that scripts for the original use; they go to the package's logger.

How a message shall look (``style``) is left to whoever reads the log.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from kolena_local.log import logger

Item = TypeVar("Item")


def info(message: str, **style: Any) -> None:
    """Tell what happens."""
    logger.info("%s", message)


def success(message: str, **style: Any) -> None:
    """Tell that something went well."""
    logger.info("%s", message)


def warn(message: str, **style: Any) -> None:
    """Tell of something to look at."""
    logger.warning("%s", message)


def error(message: str, exception: BaseException | None, **style: Any) -> None:
    """Tell of a failure.

    Args:
        message: what failed.
        exception: why, to be logged with its traceback.
        style: ignored.
    """
    logger.error("%s", message, exc_info=exception)


def progress_bar(
    iterator: Iterable[Item], desc: str | None = None, **options: Any
) -> Iterable[Item]:
    """Iterate with a bar on standard error, if that is a terminal.

    Args:
        iterator: what to iterate over.
        desc: what is done, shown before the bar.
        options: for ``tqdm``, such as ``total``.
    """
    # Here, because most who import this only write messages.
    from tqdm import tqdm

    bar: Iterable[Item] = tqdm(iterator, desc=desc, **{"disable": None, **options})
    return bar
