"""Notes files, sockets and programs that no store may open."""

from __future__ import annotations

import sys

FORBIDDEN = (
    "socket.connect",
    "socket.bind",
    "socket.getaddrinfo",
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "sqlite3.load_extension",
    "exec-of-a-text",
    "pickle.find_class",
)
TRAP = "kolena-local-trap"


class Watch:
    """Notes what must not happen; the interpreter tells it of every opened file and socket."""

    def __init__(self) -> None:
        self.on = False
        self.seen: list[str] = []

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.on and (event in FORBIDDEN or (event == "open" and TRAP in str(arguments[0]))):
            self.seen.append(f"{event} {arguments}")


watch = Watch()
sys.addaudithook(watch)
