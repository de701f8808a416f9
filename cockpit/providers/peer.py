"""Who is at the other end of a unix socket."""

from __future__ import annotations

import os
import pwd
import socket
import struct
import sys

_LOCAL_PEERCRED = 1  # macOS, sys/un.h; the answer is a struct xucred
_SOL_LOCAL = 0


def peer_uid(connection: socket.socket) -> int:
    """Return the user id of the process at the other end. Raises `OSError` when the system does not tell."""
    if sys.platform == "darwin":
        credentials = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, 76)
        return int(struct.unpack_from("II", credentials)[1])
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", credentials)[1])


def is_trusted(uid: int) -> bool:
    """Return whether a peer may speak to us: our own account, or root, who can do anything anyway."""
    return uid in (os.getuid(), 0)


def account_name(uid: int) -> str:
    """Return the account's name, or its number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
