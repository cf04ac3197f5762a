"""End a command on SIGINT and SIGTERM: clean up, then exit with 130 or 143.

The signals raise SystemExit rather than KeyboardInterrupt, which click turns into exit code 1.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import click

from kolena_local.cli.output.streams import drop_results


class Stopped(SystemExit):
    """Raised when a signal ends the command."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.number = number


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Raise :class:`Stopped` in the block on SIGINT and SIGTERM, unless they are ignored."""
    received: list[int] = []
    before = {}

    def stop(number: int, _: FrameType | None) -> None:
        received.append(number)
        raise Stopped(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) not in (signal.SIG_IGN, None):
            with suppress(ValueError):  # not the main thread, which gets all signals
                before[number] = signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if received:
            # Python drops exceptions raised in __del__, and a library may suppress them.
            raise Stopped(received[0])


def say_stopped(stopped: Stopped) -> None:
    """Print which signal ended the command, and drop buffered results."""
    drop_results()
    # On a new line, because the current one may have ^C or a progress bar.
    word = "Interrupted" if stopped.number == signal.SIGINT else "Terminated"
    click.echo(f"\n{word}.", err=True)
