"""Warn of what the caller asked for and did not get. Progress goes to ``log`` instead."""

from __future__ import annotations

import sys
import warnings

from kolena_local.errors import KolenaWarning

# A ``with`` block or decorator of ours is called through contextlib.
_PASSED_OVER = ("kolena_local", "contextlib")


def warn(message: str) -> None:
    """Issue a :class:`KolenaWarning` at the line that called this package.

    Call it before anything is stored, or after all is, and outside of transactions: it may raise,
    and the functions that show warnings are the user's.

    Args:
        message: what was not done, to which object, and what to do next.
    """
    level, frame = 2, sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").split(".")[0] in _PASSED_OVER:
        level, frame = level + 1, frame.f_back
    warnings.warn(message, KolenaWarning, stacklevel=level)
