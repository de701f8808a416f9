"""The listening socket, opened long before there is a server: who knocks early waits in its backlog."""

from __future__ import annotations

import asyncio
import contextlib
import socket

HOST = "127.0.0.1"
"""The cockpit's tools are for agents on this machine, whatever interfaces it has."""
BACKLOG = 128


def open_door(port: int) -> socket.socket:
    """Listen on this port, or on any free one when it is 0 or taken. Raises `OSError` when there is none."""
    if port:
        with contextlib.suppress(OSError):
            return _listen(port)
    return _listen(0)


def _listen(port: int) -> socket.socket:
    # The protocol is named because asyncio sends small answers at once on sockets only that say it.
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # ours again right after a crash of ours
        door.bind((HOST, port))
        door.listen(BACKLOG)
        door.setblocking(False)
    except BaseException:
        door.close()
        raise
    return door


async def knock(door: socket.socket, is_wanted: asyncio.Event) -> None:
    """Wait until somebody is at the door, who stays there, or is expected."""
    loop = asyncio.get_running_loop()
    loop.add_reader(door, is_wanted.set)
    try:
        await is_wanted.wait()
    finally:
        loop.remove_reader(door)
