"""Python in processes of its own, without the time in which Python starts and imports.

Each is forked from a process that has the imports and nothing else: no store, no thread. How the
program starts, with its options, encodings and imports, is for tests that start Python itself.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
import warnings
from multiprocessing.reduction import DupFd
from pathlib import Path
from subprocess import DEVNULL, PIPE, CompletedProcess, TimeoutExpired
from typing import IO, Any, Dict, List, Optional, Tuple, Union

from kolena_local import cli

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "sqlalchemy.dialects.sqlite.pysqlite",
        "kolena_local.repository.sessions",
        "kolena_local.repository.store",
        "kolena_local.workflow",
        *(f"kolena_local.cli.{file.stem}" for file in Path(cli.__path__[0]).glob("[a-z]*.py")),
        __name__,
        "tests.python_warmth",
    ]
)
COMMAND = "from kolena_local.__main__ import run\nrun()"
Stream = Union[int, IO[Any], None]


class Python:
    """``python -W error -c CODE ARGUMENTS``, with what tests use of `subprocess.Popen`."""

    def __init__(
        self,
        code: str,
        *arguments: object,
        stdin: Stream = PIPE,
        stdout: Stream = PIPE,
        stderr: Stream = None,
    ) -> None:
        self.stdin: Optional[IO[str]] = None
        self.stdout: Optional[IO[str]] = None
        opened, streams = [], []
        for number, stream in enumerate((stdin, stdout, stderr)):
            if stream == PIPE:
                theirs, ours = os.pipe()[:: 1 if number == 0 else -1]
                if number == 0:
                    self.stdin = os.fdopen(ours, "w", encoding="utf-8")
                else:
                    self.stdout = os.fdopen(ours, encoding="utf-8")
                opened.append(theirs)
            elif stream == DEVNULL:
                theirs = os.open(os.devnull, os.O_RDWR)
                opened.append(theirs)
            elif isinstance(stream, int):
                theirs = stream
            else:
                theirs = number if stream is None else stream.fileno()
            streams.append(_Descriptor(theirs))
        self._process = _CONTEXT.Process(
            target=_run,
            args=(
                code,
                [str(one) for one in arguments],
                streams,
                dict(os.environ),
                str(Path.cwd()),
            ),
            daemon=True,
        )
        self._process.start()
        for descriptor in opened:
            os.close(descriptor)
        self.pid = self._process.pid or 0

    @property
    def returncode(self) -> Optional[int]:
        return self._process.exitcode

    def poll(self) -> Optional[int]:
        return self.returncode

    def wait(self, timeout: float = 120) -> int:
        self._process.join(timeout)
        if self.returncode is None:
            raise TimeoutExpired("python", timeout)
        return self.returncode

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self._process.kill()

    def communicate(self, says: str = "") -> str:
        """Say something, which is the end of that; return what there is to read until the end."""
        if self.stdin is not None and not self.stdin.closed:
            self.stdin.write(says)
            self.stdin.close()
        output = ""
        if self.stdout is not None and not self.stdout.closed:
            with self.stdout:
                output = self.stdout.read()
        self.wait()
        return output


def read_terminal(controller: int) -> str:
    """Return what is written to a pseudo-terminal until nobody has its other end any more.

    One call of ``os.read`` returns no more than a part of it.
    """
    shown = b""
    while True:
        try:
            part = os.read(controller, 65536)
        except OSError:  # so Linux says that nobody has it any more
            part = b""
        if not part:
            os.close(controller)
            return shown.decode()
        shown += part


class _Descriptor:
    """A file descriptor that is passed to the process."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> Tuple[Any, ...]:
        return _passed, (DupFd(self.number),)


def _passed(descriptor: Any) -> int:
    return int(descriptor.detach())


def _run(
    code: str, arguments: List[str], streams: List[int], variables: Dict[str, str], at: str
) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout = (os.fdopen(n, "rw"[n], encoding="utf-8", closefd=False) for n in (0, 1))
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(at)
    warnings.simplefilter("error")
    sys.argv = ["-c", *arguments]
    exec(code, {"__name__": "__main__"})


def run_command(*arguments: object, says: str = "") -> CompletedProcess[str]:
    """Run the command line with this text as its input; return what came of it."""
    return run_python(COMMAND, *arguments, says=says)


def run_python(code: str, *arguments: object, says: str = "") -> CompletedProcess[str]:
    """Run code with this text as its input; return what came of it."""
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as given,
        tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as output,
        tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as errors,
    ):
        given.write(says)
        given.seek(0)
        process = Python(code, *arguments, stdin=given, stdout=output, stderr=errors)
        code = process.wait()
        output.seek(0)
        errors.seek(0)
        return CompletedProcess(arguments, code, output.read(), errors.read())
