"""Let Ctrl-C interrupt between two steps of a transaction, not in the middle of one.

Python raises KeyboardInterrupt between any two of its instructions, even after a transaction began
and before any code is responsible for ending it. Then the file stays locked as long as the
exception is referenced, which in a notebook is until the next exception. So while a transaction
begins or ends, signals are only recorded; inside its block they raise at once, as always.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import wraps
from types import FrameType, TracebackType
from typing import Any, Final, ParamSpec, TypeVar

_Entered = TypeVar("_Entered")
_Given = ParamSpec("_Given")
_Handler = Callable[[int, "FrameType | None"], Any]

# Those whose handlers are known to raise: interrupts, terminations, and alarms that end a test.
_SIGNALS: Final = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM")
    if hasattr(signal, name)
]


def shielded(
    function: Callable[_Given, Iterator[_Entered]],
) -> Callable[_Given, AbstractContextManager[_Entered]]:
    """Make a context manager of a generator that no signal interrupts before or after its yield.

    The block itself is interrupted as usual, and its exception is raised at the end, even if a
    library in between replaced or swallowed it.
    """
    make = contextmanager(function)

    @wraps(function)
    def made(*args: _Given.args, **kwargs: _Given.kwargs) -> AbstractContextManager[_Entered]:
        return _Shield(make(*args, **kwargs))

    return made


def signals_deferred() -> AbstractContextManager[None]:
    """Delay signals until the block ends; keep it short."""
    return _Shield(nullcontext(), is_interruptible=False)


@contextmanager
def exit_on_sigterm() -> Iterator[None]:
    """Make SIGTERM raise SystemExit in the block, instead of ending the process at once.

    Other handlers stay, as does an ignored signal. In a child that is forked in the block, SIGTERM
    has its default effect.
    """
    process = os.getpid()

    def end(number: int, _: FrameType | None) -> None:
        if os.getpid() == process:
            raise SystemExit(128 + number)
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    is_ours = False
    try:
        with suppress(ValueError):  # only the main thread can set handlers
            if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
                signal.signal(signal.SIGTERM, end)
                is_ours = True
        yield
    finally:
        if is_ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


class _Shield(AbstractContextManager[_Entered]):
    def __init__(
        self, inner: AbstractContextManager[_Entered], *, is_interruptible: bool = True
    ) -> None:
        self._inner = inner
        self._is_interruptible = is_interruptible
        self._process = os.getpid()
        self._is_open = False
        self._is_over = False
        self._before: dict[int, _Handler] = {}
        self._waiting: int | None = None
        self._raised: BaseException | None = None

    def __enter__(self) -> _Entered:
        try:
            self._hold()
            entered = self._inner.__enter__()
        except BaseException:
            self._release()
            raise
        try:
            self._deliver()
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        self._is_open = self._is_interruptible
        return entered

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        self._is_open = False
        lost = self._raised if self._raised is not error else None
        self._raised = None
        try:
            if lost is None:
                return self._inner.__exit__(kind, error, trace)
            self._inner.__exit__(type(lost), lost, lost.__traceback__)
            raise lost
        finally:
            self._release()

    def _hold(self) -> None:
        for number in _SIGNALS:
            before = signal.getsignal(number)
            if callable(before):
                self._before[number] = before  # first, so that the handler finds it
                try:
                    signal.signal(number, self._handle)
                except ValueError:  # only the main thread can set handlers
                    return

    def _release(self) -> None:
        try:
            for number in reversed(self._before):
                if signal.getsignal(number) == self._handle:
                    signal.signal(number, self._before[number])
        finally:
            # From here on, a handler that is still installed only forwards.
            self._is_over = True
            self._deliver()

    def _deliver(self) -> None:
        if self._waiting is not None:
            number, self._waiting = self._waiting, None
            self._before[number](number, None)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        is_here = not self._is_over and self._process == os.getpid()
        if is_here and not (self._is_open and self._is_inside(frame)):
            self._waiting = number
            return
        try:
            self._before[number](number, frame)
        except BaseException as error:
            self._raised = error
            raise

    def _is_inside(self, frame: FrameType | None) -> bool:
        """Return whether the signal interrupts the block, not its entry or exit."""
        while frame is not None:
            if frame.f_code in _EDGES and frame.f_locals.get("self") is self:
                return False
            frame = frame.f_back
        return True


_EDGES: Final = (_Shield.__enter__.__code__, _Shield.__exit__.__code__)
