"""Imports the packages of the extra ``view``, or says how to install them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from kolena_local.errors import MissingExtraError


@contextmanager
def from_extra(what: str) -> Iterator[None]:
    """Import packages of the extra in a ``with`` block, which holds imports of packages only.

    Args:
        what: what needs them, in the plural, as the beginning of a sentence.

    Raises:
        MissingExtraError: one of them is not installed. It is an ``ImportError``.
    """
    try:
        with warnings.catch_warnings():
            # An older matplotlib calls a newer pyparsing by names that are about to go.
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    except ImportError as error:
        package = (error.name or "a package").partition(".")[0]
        raise MissingExtraError(
            f"{what} need {package}, which is not installed; run: pip install 'kolena-local[view]'",
            name=error.name,
        ) from error
