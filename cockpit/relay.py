r"""The tty relay: passes bytes between a terminal and the screen host's socket, and always gives the terminal back.

Standard library only, and as little of it as possible: this is what starts when somebody types `cockpit`. It knows
nothing of what is on the screen. Ctrl+\ detaches at once, even when the host hangs, because it is handled here.

The frames are those of `cockpit/screens/wire.py`, whose Python would take longer to load than everything here.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import struct
import sys
import time

from cockpit.relay_terminal import DetachKey, Guardian, NotATerminalError, Terminal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType

WIRE_VERSION = 1
MAX_PAYLOAD_BYTES = 256 * 1024

_HEADER = struct.Struct("!cI")
_CONNECT_WITHIN_S = 5.0
_READ_BYTES = 64 * 1024
_MAX_TO_HOST_BYTES = 1024 * 1024
_MAX_TO_TERMINAL_BYTES = 64 * 1024
_RETRY_DELAYS_S = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
_LIVED_S = 10.0
"""A host that lasted this long was a good one: the count of attempts begins anew."""

_SIGNALS = (
    signal.SIGWINCH,
    signal.SIGCONT,
    signal.SIGTSTP,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
)
_FATAL = {signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT}


class _ProtocolError(Exception):
    """The host sent something that is no frame."""


class _Done(Exception):
    """Not an error, but how the loop ends: with an exit status and a line for the person."""

    def __init__(self, code: int, message: str = "") -> None:
        self.code = code
        self.message = message


def terminal_hello(environ: Mapping[str, str] = os.environ) -> dict[str, object]:
    """Return what the environment says of the terminal and its person: the part of a hello that no caller need fill."""
    lang = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    return {
        "version": WIRE_VERSION,
        "term": environ.get("TERM", "")[:200],
        "colorterm": environ.get("COLORTERM", "")[:200],
        "term_program": environ.get("TERM_PROGRAM", "")[:200],
        "no_color": bool(environ.get("NO_COLOR")),
        "tmux": bool(environ.get("TMUX")),
        "lang": lang[:200],
        "user": (environ.get("USER") or environ.get("LOGNAME") or "")[:200],
    }


def run(socket_path: str, hello: dict[str, object], *, respawn: Callable[[], str] | None = None) -> int:
    """Attach the terminal on standard input and output to a screen host until the person leaves.

    Args:
        socket_path: The host's unix socket.
        hello: At least `repo`, and `options` where there are any; the terminal's own facts are added.
        respawn: Returns the socket of a live host, starting one where needed; called after the host has died, from a
            thread of its own. Without it the relay ends when the host does.

    Returns:
        An exit status: the screen's own; 0 after a detach; 1 when no host could be reached; 2 without a terminal;
        128 and the number of a signal that ended it.
    """
    try:
        terminal = Terminal()
    except NotATerminalError as error:
        sys.stderr.write(f"cockpit: {error}\n")
        return 2
    with terminal:
        try:
            host = _first_connection(socket_path, respawn)
        except Exception as error:  # whatever a caller's respawn raises, the person gets one line
            sys.stderr.write(f"cockpit: the screen host cannot be reached at {socket_path}: {error}\n")
            return 1
        with Guardian(terminal):
            code, message = _Relay(terminal, {**terminal_hello(), **hello}, respawn).run(host)
    if message:
        sys.stderr.write(_plain(message) + "\n")
    return code


def _first_connection(path: str, respawn: Callable[[], str] | None) -> socket.socket:
    try:
        return _connect(path)
    except OSError:
        if respawn is None:
            raise
        return _connect(respawn())


def _connect(path: str) -> socket.socket:
    host = socket.socket(socket.AF_UNIX)
    try:
        host.settimeout(_CONNECT_WITHIN_S)
        host.connect(path)
        host.setblocking(False)
    except BaseException:
        host.close()
        raise
    return host


def _plain(message: str) -> str:
    """A message with nothing in it that a terminal would obey."""
    return "".join(char if char.isprintable() or char in "\n\t" else "?" for char in message)


def _frame(kind: bytes, payload: bytes = b"") -> bytes:
    return _HEADER.pack(kind, len(payload)) + payload


class _Relay:
    """The loop between one terminal and, one after the other, the hosts that serve it."""

    def __init__(self, terminal: Terminal, hello: dict[str, object], respawn: Callable[[], str] | None) -> None:
        self._terminal = terminal
        self._hello = hello
        self._respawn = respawn
        self._host: socket.socket | None = None
        self._connected_s = 0.0
        self._attempt = 0
        self._retry_at_s = 0.0
        self._found: list[socket.socket | Exception] = []
        self._is_searching = False
        self._discards_output = False
        self._from_host = bytearray()
        self._to_host = bytearray()
        self._to_terminal = bytearray()
        self._detach_key = DetachKey()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)

    def run(self, host: socket.socket) -> tuple[int, str]:
        """Relay until something ends it; returns an exit status and a line to print afterwards."""
        before = {number: signal.signal(number, _noted) for number in _SIGNALS}
        wakeup_before = signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        try:
            self._terminal.enter()
            self._attach(host)
            while True:
                self._turn()
        except _Done as done:
            return done.code, done.message
        finally:
            self._terminal.leave()
            signal.set_wakeup_fd(wakeup_before)
            for number, handler in before.items():
                signal.signal(number, handler)
            if self._host is not None:
                self._host.close()
            if not self._is_searching:
                os.close(self._wake_read)
                os.close(self._wake_write)

    def _turn(self) -> None:
        host, terminal = self._host, self._terminal.fd
        readable: list[int | socket.socket] = [self._wake_read, terminal]
        writable: list[int | socket.socket] = [terminal] if self._to_terminal else []
        timeout_s = None
        if host is None:
            timeout_s = None if self._is_searching else max(0.0, self._retry_at_s - time.monotonic())
        else:
            if len(self._to_terminal) < _MAX_TO_TERMINAL_BYTES:
                readable.append(host)
            if self._to_host:
                writable.append(host)
        ready, free, _ = select.select(readable, writable, [], timeout_s)
        if self._wake_read in ready:
            self._woken()
        if terminal in ready:
            self._typed()
        if terminal in free:
            self._terminal.write_some(self._to_terminal)
        if host is not None and host is self._host:
            if host in free:
                self._send()
            if host in ready:
                self._receive()
        if self._host is None and not self._is_searching and time.monotonic() >= self._retry_at_s:
            self._search()

    # -- the terminal's side

    def _typed(self) -> None:
        try:
            data = os.read(self._terminal.fd, _READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            raise _Done(128 + signal.SIGHUP)
        if self._detach_key.seen_in(data):
            raise _Done(0, "Detached. The sessions go on; `cockpit attach` brings this screen back.")
        if self._host is None:
            return
        if len(self._to_host) + len(data) > _MAX_TO_HOST_BYTES:
            self._to_terminal += b"\a"
            return
        self._queue(b"I", data)

    def _woken(self) -> None:
        numbers = os.read(self._wake_read, 4096)
        for number in dict.fromkeys(numbers):
            if number in _FATAL:
                raise _Done(128 + number)
            if number == signal.SIGWINCH:
                self._queue(b"R", struct.pack("!HH", *self._terminal.size()))
            elif number == signal.SIGTSTP:
                self._suspend()
            elif number == signal.SIGCONT:
                self._continue()
        if self._found:
            self._take_found()

    def _suspend(self) -> None:
        """Give the terminal to the shell and stop, with everything of our job, until it continues us."""
        self._queue(b"Z")
        self._send()
        self._to_terminal.clear()
        self._terminal.leave()
        # Where no shell could continue us the kernel ignores this, and we simply paint again.
        for number in (signal.SIGTSTP, signal.SIGCONT):
            signal.signal(number, signal.SIG_DFL)
        os.killpg(0, signal.SIGTSTP)
        for number in (signal.SIGTSTP, signal.SIGCONT):
            signal.signal(number, _noted)
        self._continue()

    def _continue(self) -> None:
        """Take the terminal again; what the host sent for the screen that was is not for the one that will be."""
        self._terminal.leave()
        self._terminal.enter()
        self._to_terminal.clear()
        self._discards_output = self._host is not None
        self._queue(b"R", struct.pack("!HH", *self._terminal.size()))
        self._queue(b"C")

    # -- the host's side

    def _attach(self, host: socket.socket) -> None:
        self._host = host
        self._connected_s = time.monotonic()
        self._discards_output = False
        self._from_host.clear()
        self._to_host.clear()
        columns, rows = self._terminal.size()
        self._queue(b"H", json.dumps({**self._hello, "columns": columns, "rows": rows}).encode())

    def _queue(self, kind: bytes, payload: bytes = b"") -> None:
        if self._host is not None:
            self._to_host += _frame(kind, payload)

    def _send(self) -> None:
        if self._host is None:
            return
        try:
            sent = self._host.send(self._to_host)
        except BlockingIOError:
            return
        except OSError:
            self._lost()
            return
        del self._to_host[:sent]

    def _receive(self) -> None:
        if self._host is None:
            return
        try:
            data = self._host.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        try:
            for kind, payload in self._frames(data):
                self._take(kind, payload)
        except _ProtocolError as error:
            raise _Done(1, f"cockpit: the screen host sent {error}; run `cockpit doctor`") from error
        if not data:
            self._lost()

    def _frames(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        buffer = self._from_host
        buffer += data
        while len(buffer) >= _HEADER.size:
            kind, length = _HEADER.unpack_from(buffer)
            if length > MAX_PAYLOAD_BYTES:
                raise _ProtocolError(f"a frame of {length} bytes")
            end = _HEADER.size + length
            if len(buffer) < end:
                return
            payload = bytes(buffer[_HEADER.size : end])
            del buffer[:end]
            yield kind, payload

    def _take(self, kind: bytes, payload: bytes) -> None:
        if kind == b"O":
            if not self._discards_output:
                self._terminal.is_taken = True
                self._to_terminal += payload
        elif kind == b"A":
            self._discards_output = False
        elif kind == b"S":
            self._suspend()
        elif kind == b"X":
            raise _parting(payload)
        else:
            raise _ProtocolError(f"a frame of unknown type {kind!r}")

    def _lost(self) -> None:
        """The host is gone without a word."""
        if self._host is not None:
            self._host.close()
            self._host = None
        if self._respawn is None:
            raise _Done(1, "cockpit: the screen host has died; the sessions go on")
        if time.monotonic() - self._connected_s > _LIVED_S:
            self._attempt = 0
        self._plan_search("the screen host has died")

    def _plan_search(self, reason: str) -> None:
        if self._attempt >= len(_RETRY_DELAYS_S):
            raise _Done(1, f"cockpit: {reason}, and {self._attempt} attempts to attach again have failed")
        self._retry_at_s = time.monotonic() + _RETRY_DELAYS_S[self._attempt]
        self._attempt += 1
        self._to_terminal.clear()
        self._to_terminal += self._terminal.notice(
            f" cockpit: {_plain(reason)}; attaching again, attempt {self._attempt} (ctrl+\\ leaves) "
        )

    def _search(self) -> None:
        """Look for a host in a thread, so that the detach key works meanwhile."""
        import threading

        self._is_searching = True
        threading.Thread(target=self._find, name="respawn", daemon=True).start()

    def _find(self) -> None:
        try:
            self._found.append(_connect(self._respawn() if self._respawn is not None else ""))
        except Exception as error:  # the edge of a thread: what went wrong is told on the screen
            self._found.append(error)
        os.write(self._wake_write, b"\0")

    def _take_found(self) -> None:
        found = self._found.pop()
        self._is_searching = False
        if isinstance(found, Exception):
            self._plan_search(str(found).splitlines()[0] if str(found) else type(found).__name__)
        else:
            self._attach(found)


def _parting(payload: bytes) -> _Done:
    try:
        parting = json.loads(payload)
        return _Done(int(parting["code"]), str(parting["message"]))
    except (ValueError, KeyError, TypeError) as error:
        raise _ProtocolError("a last frame that cannot be read") from error


def _noted(_number: int, _frame: FrameType | None) -> None:
    """Signals wake the loop through its pipe; nothing is done where they strike."""
