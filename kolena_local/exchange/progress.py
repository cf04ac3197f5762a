"""How far an import or export is, for whoever looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

#: Given a total and what is done, a context manager that yields a function of steps.
Progress = Callable[..., AbstractContextManager[Callable[[int], object]]]


@contextmanager
def no_progress(*_: object, **__: object) -> Iterator[Callable[[int], object]]:
    """Show nothing."""
    yield lambda _: None
