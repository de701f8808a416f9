"""The relay's terminal: taken raw, and given back as it was whatever happens. Standard library only."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import sys
import termios
import time
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing itself would take a tenth of the start
    from types import TracebackType
    from typing import Any, Self

_MODES_OFF = (
    b"\x1b\\"  # ends any string or sequence that was cut
    b"\x1b[?2026l\x1b[0m"  # synchronised output, colours
    b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l"  # mouse
    b"\x1b[?1004l\x1b[?2004l\x1b[?2048l"  # focus, bracketed paste, in-band resize
    b"\x1b[<u"  # kitty keyboard, which counts per screen: before the alternate one is left
    b"\x1b[?7h\x1b[?25h"  # line wrap, cursor
)
_MAIN_SCREEN = b"\x1b[?1049l\x1b[?25h\x1b[23;2t"
"""And the title that the screen had kept."""
_LAST_QUERY = b"\x1b[c"
_LAST_ANSWER = re.compile(rb"\x1b\[\?[\d;]*c")
_DETACH = re.compile(rb"\x1c|\x1b\[92(?::[\d:]*)?;(\d+)(?:[:;][\d:;]*)?u")
r"""Ctrl+\ as a plain byte, and as the kitty keyboard protocol spells it (key 92, modifiers + 1)."""
_PASTE_EDGE = re.compile(rb"\x1b\[20([01])~")
_CTRL, _LOCKS = 4, 64 | 128

_WRITE_WITHIN_S = 0.5
_ANSWER_WITHIN_S = 1.0


class NotATerminalError(Exception):
    """Standard input or output is no terminal."""


class Terminal:
    """The controlling terminal, opened anew so that not blocking concerns nobody else; a context manager."""

    fd: int
    is_taken: bool
    """Whether a screen may have changed the terminal's modes since they were last restored."""

    def __init__(self) -> None:
        if not (os.isatty(0) and os.isatty(1)):
            raise NotATerminalError(
                "a screen needs a terminal on standard input and output; use `ssh -t` from afar, "
                "or `cockpit run --headless` without one"
            )
        self.fd = _open_again()
        self.is_taken = False
        self._found_as: list[Any] = termios.tcgetattr(self.fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self.fd)

    def size(self) -> tuple[int, int]:
        """Return columns and rows; 80 by 24 where the terminal does not know."""
        rows, columns, _, _ = struct.unpack("HHHH", fcntl.ioctl(self.fd, termios.TIOCGWINSZ, b"\0" * 8))
        return min(columns, 2000) or 80, min(rows, 2000) or 24

    def enter(self) -> None:
        """Let every key through as bytes, unechoed."""
        mode = termios.tcgetattr(self.fd)
        mode[0] &= ~(termios.IGNBRK | termios.BRKINT | termios.PARMRK | termios.ISTRIP | termios.INLCR | termios.IGNCR)
        mode[0] &= ~(termios.ICRNL | termios.IXON | termios.IXOFF)
        mode[1] &= ~termios.OPOST
        mode[2] = (mode[2] & ~(termios.CSIZE | termios.PARENB)) | termios.CS8
        mode[3] &= ~(termios.ECHO | termios.ECHONL | termios.ICANON | termios.ISIG | termios.IEXTEN)
        mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
        termios.tcsetattr(self.fd, termios.TCSANOW, mode)

    def leave(self, *, wait_for_answers: bool = True) -> None:
        """Restore modes, main screen, cursor and line discipline; swallow what was still to be answered."""
        # A terminal that is gone cannot be restored.
        with suppress(OSError, termios.error):
            if self.is_taken:
                self.is_taken = False
                termios.tcflush(self.fd, termios.TCOFLUSH)
                self._write_all(_MODES_OFF + _MAIN_SCREEN + (_LAST_QUERY if wait_for_answers else b""))
                if wait_for_answers:
                    self._swallow_answers()
            termios.tcflush(self.fd, termios.TCIFLUSH)
            termios.tcsetattr(self.fd, termios.TCSANOW, self._found_as)

    def notice(self, text: str) -> bytes:
        """Return output that turns a dead screen's modes off and shows one line at the bottom."""
        columns, rows = self.size()
        line = text[: columns - 1].encode()
        return b"%b\x1b[?1049h\x1b[%d;1H\x1b[2K\x1b[7m%b\x1b[0m" % (_MODES_OFF, rows, line)

    def write_some(self, pending: bytearray) -> None:
        """Write as much of `pending` as fits now, and take it off."""
        # What happens to a terminal that is gone is learnt by reading it.
        with suppress(OSError):
            del pending[: os.write(self.fd, pending)]

    def _write_all(self, data: bytes) -> None:
        deadline_s = time.monotonic() + _WRITE_WITHIN_S
        while data and (left_s := deadline_s - time.monotonic()) > 0:
            if select.select([], [self.fd], [], left_s)[1]:
                with suppress(BlockingIOError):
                    data = data[os.write(self.fd, data) :]

    def _swallow_answers(self) -> None:
        """Read on until the last query is answered, or the shell would find the answers typed at its prompt."""
        deadline_s, seen = time.monotonic() + _ANSWER_WITHIN_S, b""
        while not _LAST_ANSWER.search(seen) and (left_s := deadline_s - time.monotonic()) > 0:
            if select.select([self.fd], [], [], left_s)[0]:
                data = os.read(self.fd, 4096)
                if not data:
                    return
                seen = (seen + data)[-8192:]


class DetachKey:
    """Finds the detach key in what is typed, but not in what is pasted."""

    def __init__(self) -> None:
        self._tail = b""
        self._is_pasting = False

    def seen_in(self, data: bytes) -> bool:
        """Whether the key is in `data`, or in a sequence that ends in it."""
        text, position = self._tail + data, 0
        for edge in _PASTE_EDGE.finditer(text):
            if not self._is_pasting and self._typed(text[position : edge.start()]):
                return True
            self._is_pasting = edge.group(1) == b"0"
            position = edge.end()
        rest = text[position:]
        escape = rest.rfind(b"\x1b")
        self._tail = rest[escape:] if escape >= 0 and len(rest) - escape < 32 else b""
        return not self._is_pasting and self._typed(rest)

    @staticmethod
    def _typed(text: bytes) -> bool:
        for match in _DETACH.finditer(text):
            modifiers = match.group(1)
            if modifiers is None or (int(modifiers) - 1) & ~_LOCKS == _CTRL:
                return True
        return False


class Guardian:
    """A child that does nothing but restore the terminal if the relay is killed; a context manager."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def __enter__(self) -> Self:
        sys.stdout.flush()
        sys.stderr.flush()
        watched, self._sign_of_life = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._sign_of_life)
            self._guard(watched)
        os.close(watched)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(BrokenPipeError):
            os.write(self._sign_of_life, b".")
        os.close(self._sign_of_life)
        os.waitpid(self._pid, 0)

    def _guard(self, watched: int) -> None:
        """Wait in the child for the relay's last word, or for its death without one."""
        try:
            # A group of its own: neither the terminal's keys nor the suspension of the job are meant for it.
            os.setpgid(0, 0)
            for number in (signal.SIGTTOU, signal.SIGTTIN, signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            if not os.read(watched, 1):
                self._terminal.is_taken = True
                self._terminal.leave(wait_for_answers=False)
        finally:
            os._exit(0)


def _open_again() -> int:
    flags = os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        return os.open(os.ttyname(0), flags)
    except OSError:
        # In a container the terminal's own name may lie outside.
        try:
            return os.open("/dev/tty", flags)
        except OSError as error:
            raise NotATerminalError(f"the terminal cannot be opened: {error}") from error
