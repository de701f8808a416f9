"""One terminal attached to the screen host: its connection, and the screen it shows."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
import sys
from typing import Protocol, cast

from cockpit.screens.driver import RelayDriver
from cockpit.screens.live import LiveScreen, Viewer
from cockpit.screens.wire import (
    FROM_RELAY,
    WIRE_VERSION,
    FrameDecoder,
    FrameType,
    Hello,
    WireError,
    encode,
    encode_exit,
    encode_output,
    parse_hello,
    parse_size,
)

_log = logging.getLogger(__name__)

HELLO_WITHIN_S = 10.0
_SEND_BUFFER_BYTES = 64 * 1024
_EARLY_INPUT_BYTES = 16 * 1024


class Room(Protocol):
    """What an attachment needs of its host."""

    def joined(self, attachment: Attachment) -> None:
        """An attachment begins."""

    def left(self, attachment: Attachment) -> None:
        """An attachment has ended, and its screen with it."""

    def screen_for(self, hello: Hello, viewer: Viewer) -> LiveScreen:
        """Return a screen that is shown on the viewer."""


class Attachment(asyncio.Protocol):
    """The host's end of one relay: the `Viewer` of its screen."""

    def __init__(self, room: Room) -> None:
        self.columns = 80
        self.rows = 24
        self._room = room
        self._frames = FrameDecoder(FROM_RELAY)
        self._transport: asyncio.Transport | None = None
        self._hello_timer: asyncio.TimerHandle | None = None
        self._screen: LiveScreen | None = None
        self._driver: RelayDriver | None = None
        self._early_input = b""
        self._farewell = ""
        self._has_hello = False
        self._is_leaving = False

    # -- the connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit the peer if it is the same person."""
        self._transport = cast("asyncio.Transport", transport)
        peer: socket.socket = transport.get_extra_info("socket")
        if (uid := peer_uid(peer)) != os.getuid():
            _log.warning("turned away a peer of user id %d", uid)
            self._transport.abort()
            return
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        self._transport.set_write_buffer_limits(high=_SEND_BUFFER_BYTES)
        self._hello_timer = asyncio.get_running_loop().call_later(HELLO_WITHIN_S, self._transport.abort)
        self._room.joined(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes from the relay; bytes that are no frames end this connection alone."""
        try:
            for kind, payload in self._frames.feed(data):
                self._take(kind, payload)
        except WireError as error:
            _log.warning("closed a connection: %s", error)
            if self._transport is not None:
                self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The relay is gone: end its App."""
        if self._hello_timer is not None:
            self._hello_timer.cancel()
        self._transport = None
        self.leave("")
        if self._screen is None:
            self._room.left(self)

    def pause_writing(self) -> None:
        """The relay does not keep up."""
        if self._driver is not None:
            self._driver.pause()

    def resume_writing(self) -> None:
        """The relay has caught up."""
        if self._driver is not None:
            self._driver.resume()

    def _take(self, kind: FrameType, payload: bytes) -> None:
        if (kind is FrameType.HELLO) is self._has_hello:
            raise WireError(f"an untimely {kind.name} frame")
        match kind:
            case FrameType.HELLO:
                self._greet(parse_hello(payload))
            case FrameType.INPUT if self._driver is not None:
                self._driver.feed(payload)
            case FrameType.INPUT:
                self._early_input = (self._early_input + payload)[:_EARLY_INPUT_BYTES]
            case FrameType.RESIZE:
                self.columns, self.rows = parse_size(payload)
                if self._driver is not None:
                    self._driver.resize(self.columns, self.rows)
            case FrameType.SUSPENDED if self._driver is not None:
                self._driver.terminal_suspended()
            case FrameType.CONTINUE:
                self._send(encode(FrameType.RESUMED))
                if self._driver is not None:
                    self._driver.terminal_continued()
            case _:
                pass

    def _greet(self, hello: Hello) -> None:
        self._has_hello = True
        if self._hello_timer is not None:
            self._hello_timer.cancel()
        if hello.version != WIRE_VERSION:
            self._part(
                2,
                f"The running screen host speaks version {WIRE_VERSION} of the relay's protocol, this relay version "
                f"{hello.version}. It ends by itself when nobody is attached any more, or now: kill {os.getpid()}",
            )
            return
        self.columns, self.rows = hello.columns, hello.rows
        self._screen = self._room.screen_for(hello, self)

    # -- the screen

    def leave(self, farewell: str) -> None:
        """End the screen; `farewell` is shown to its person."""
        if self._is_leaving:
            return
        self._is_leaving = True
        self._farewell = farewell
        if self._screen is not None:
            self._screen.leave()
        else:
            self._part(0, farewell)

    def screen_ended(self, code: int, message: str) -> None:
        """The screen has ended: so does the connection."""
        self._driver = None
        self._part(code, self._farewell or message)
        self._room.left(self)

    def _part(self, code: int, message: str) -> None:
        self._send(encode_exit(code, message))
        if self._transport is not None:
            self._transport.close()

    def _send(self, frame: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frame)

    # -- what the screen needs

    def output(self, data: bytes) -> None:
        """Send output to the terminal; never blocks."""
        self._send(encode_output(data))

    def suspend(self) -> None:
        """Let the relay give the terminal back to its shell."""
        self._send(encode(FrameType.SUSPEND))

    def driver_ready(self, driver: RelayDriver) -> None:
        """Hand over what was typed before there was a driver."""
        self._driver = driver
        early, self._early_input = self._early_input, b""
        if early:
            asyncio.get_running_loop().call_soon(driver.feed, early)


def peer_uid(peer: socket.socket) -> int:
    """Return the user id of the process at the other end of a unix socket, or -1 where the system does not say."""
    if sys.platform == "linux":
        credentials = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        uid = struct.unpack("3i", credentials)[1]
    elif sys.platform == "darwin":
        # struct xucred begins with a version and the uid; level SOL_LOCAL and option LOCAL_PEERCRED have no names here.
        uid = struct.unpack_from("=II", peer.getsockopt(0, 1, 76))[1]
    else:
        uid = -1
    return int(uid)
