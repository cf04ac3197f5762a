"""The entry point of ``kolena-local`` and of ``python -m kolena_local``.

While the command line is imported there is nothing to clean up: a signal ends the process at once.
"""

import os
import signal


def run() -> None:
    """Import the command line and run it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda number, _: os._exit(128 + number))
    from kolena_local.cli import main

    main()


if __name__ == "__main__":
    run()
