"""Whose program is at the other end of a connection, on Linux."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def is_another_user(address: str, port: int, our_port: int) -> bool:
    """Return whether a connection on this machine is known to come from another user's program.

    Administrators do not count as other users: they may read the store anyway, and programs that
    forward ports often run as root. Where the system does not tell, and if root serves the
    page, the answer is False.
    """
    try:
        sockets = Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]
        # The address as the number in memory, which is little-endian on all usual machines.
        theirs = f"{socket.inet_aton(address)[::-1].hex().upper()}:{port:04X}"
    except OSError:
        return False
    fields = (line.split() for line in sockets)
    owners = {
        int(uid)
        for _, local, remote, _, _, _, _, uid, *_ in fields
        if local == theirs and remote.endswith(f":{our_port:04X}")
    }
    return os.getuid() != 0 and bool(owners - {0, os.getuid()})
