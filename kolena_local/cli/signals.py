"""SIGINT and SIGTERM end a command: it cleans up what it has begun, and the exit code says why.

They raise SystemExit and not KeyboardInterrupt, of which click makes an exit code of its own.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import click

from kolena_local.cli.output.streams import drop_results


class Stopped(SystemExit):
    """A signal has ended the command."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.number = number


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Let SIGINT and SIGTERM, unless they are ignored, end the block with their exit codes."""
    came: list[int] = []
    before = {}

    def stop(number: int, _: FrameType | None) -> None:
        came.append(number)
        raise Stopped(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) not in (signal.SIG_IGN, None):
            with suppress(ValueError):  # in a thread, where no signal comes
                before[number] = signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            # What is raised while an object ends, or a library below tidies up, may be lost.
            raise Stopped(came[0])


def say_stopped(stopped: Stopped) -> None:
    """Say what happened, and leave out the results that are not written yet."""
    drop_results()
    # On a line of its own: the terminal has written ^C, or a progress bar stands there.
    word = "Interrupted" if stopped.number == signal.SIGINT else "Terminated"
    click.echo(f"\n{word}.", err=True)
