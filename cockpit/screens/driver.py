"""The Textual driver of one attached terminal: no tty, no threads, in the screen host's own event loop.

Frames are paced by the terminal itself: each ends with a status query (`CSI 5 n`), and while two are unanswered
Textual draws nothing, so what waits is the newest state and never a queue of old frames. A terminal that has never
answered is not waited for; one that stops answering is asked again at growing intervals and painted anew on return.

This file uses private parts of Textual; the version is pinned for it.
"""

from __future__ import annotations

import asyncio
import codecs
import re
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.driver import Driver
from textual.geometry import Size
from textual.keys import Keys
from textual.message import Message

from cockpit.screens.typeahead import TypeAhead

MAX_UNANSWERED_FRAMES = 2
MUTE_AFTER_S = 1.0
"""A terminal that never answered a query is taken for mute after this long, and its link alone paces it."""
VANISHED_AFTER_S = 5.0
"""A terminal that was silent for longer is painted anew on return."""
MAX_PROBE_INTERVAL_S = 30.0

_QUERY = "\x1b[5n"
_ANSWER = "\x1b[0n"
_ALT_ENTER, _ALT_ENTER_KITTY = "\x1b\r", "\x1b[13;3u"
"""Textual reads the old spelling as `^` and enter, which would send what was to get a new line."""
_ESCAPE, _ESCAPE_KITTY = "\x1b", "\x1b[27u"
_LONE_ESCAPE = re.compile(r"\x1b(?=[^\x1b\[O\]P_^X\\N])")
"""An ESC that begins no sequence. Nothing is bound to alt and a letter: it is the key, however soon the next comes."""
_REPORT = re.compile(r"\x1b\[[?>][\d;]*c")
"""A late answer to a query that another program, or the relay, asked: what the terminal is."""
_KITTY_KEYS = 1 | 8 | 16
"""Disambiguate escape codes, report all keys as escape codes, report associated text: what stock Textual asks for."""
_KEEP_TITLE = "\x1b[22;2t"
"""The relay gives the title back whenever it leaves the screen."""
_ENTER = "\x1b[?1049h\x1b[?1000h\x1b[?1002h\x1b[?1006h\x1b[?25l\x1b[?1004h"
_LEAVE = "\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1002l\x1b[?1006l\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"


class Link(Protocol):
    """What a driver needs of the connection to its terminal."""

    columns: int
    rows: int
    term_program: str

    def write(self, data: bytes) -> None:
        """Send bytes to the terminal; never blocks."""

    def suspend(self) -> None:
        """Give the terminal back to its shell until the person continues."""

    def driver_ready(self, driver: RelayDriver) -> None:
        """Take the driver that input, sizes and congestion are to be told to."""


class _AnswerParser(XTermParser):
    """Textual's parser, with answers to our status query taken out of the stream of keys."""

    def __init__(self, on_answer: Callable[[], None]) -> None:
        super().__init__()
        self._on_answer = on_answer

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        if sequence == _ANSWER:
            self._on_answer()
            yield events.Key(Keys.Ignore, sequence)
            return
        if _REPORT.fullmatch(sequence):
            yield events.Key(Keys.Ignore, sequence)
            return
        try:
            yield from super()._sequence_to_key_events(sequence, alt)
        except (ValueError, OverflowError):
            # A key code beyond Unicode, or a field Textual cannot read: the stock parser dies of it.
            yield events.Key(Keys.Ignore, sequence)


class RelayDriver(Driver):
    """Draws one App on one link."""

    link: Link
    """Set on the subclass that `driver_for` makes."""

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self.bytes_written = 0
        """Bytes handed to the link, for benchmarks."""
        self.frames_written = 0
        """Frames handed to the link, for benchmarks."""
        self._parser = _AnswerParser(self._answered)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._typed = TypeAhead(app)
        self._pending: list[str] = []
        self._unanswered = 0
        self._has_answered = False
        self._is_mute = False
        self._is_congested = False
        self._is_suspended = False
        self._is_active = False
        self._is_holding = False
        self._needs_repaint = False
        self._is_probing = False
        self._silent_since_s = 0.0
        self._probe_interval_s = MUTE_AFTER_S
        self._escape_timer: asyncio.TimerHandle | None = None
        self._held = ""
        """An ESC at the end of what came so far: a key, or the beginning of what comes next."""
        self._probe_timer: asyncio.TimerHandle | None = None

    # -- drawing

    @property
    def can_draw(self) -> bool:
        """Whether a frame drawn now would leave now; while not, Textual's drawing rests and state is what gathers."""
        if self._is_congested or self._is_suspended or not self._is_active:
            return False
        return self._is_mute or self._unanswered < MAX_UNANSWERED_FRAMES

    def write(self, data: str) -> None:
        """Take output; it leaves with its frame, or at the loop's next turn when it belongs to none."""
        if self._is_congested or self._is_suspended:
            self._needs_repaint = True
            return
        if not self._pending:
            self._loop.call_soon(self._send)
        self._pending.append(data)

    def flush(self) -> None:
        """End a frame: ask the terminal to say when it has drawn it."""
        if not self._pending:
            return
        self._pending.append(_QUERY)
        self.frames_written += 1
        self._unanswered += 1
        self._send()
        if self._probe_timer is None:
            self._await_answer()
        # Not at once: Textual may be about to draw the second half of one update, which would be lost.
        self._loop.call_soon(self._hold_or_release)

    def _send(self) -> None:
        if self._pending:
            data = "".join(self._pending).encode("utf-8", "replace")
            self._pending.clear()
            self.bytes_written += len(data)
            self.link.write(data)

    def _hold_or_release(self) -> None:
        """Let Textual draw exactly while `can_draw`; it remembers what is dirty meanwhile."""
        if not self._is_active:
            return
        hold = not self.can_draw
        if hold and not self._is_holding:
            self._is_holding = True
            self._app._begin_batch()
        elif self._is_holding and not hold:
            self._is_holding = False
            with self._app._context():
                self._app._end_batch()
                self._wake_screens()

    def _displayed(self) -> None:
        """Textual forgets what it could not draw while it was held, so all is to be painted afterwards."""
        self._needs_repaint |= self._is_holding

    def _wake_screens(self) -> None:
        if not self._app._screen_stack:
            return
        if self._needs_repaint:
            self._needs_repaint = False
            self._app.screen.refresh(layout=True)
        for screen in (*self._app._background_screens, self._app.screen):
            screen.check_idle()

    # -- pacing

    def _answered(self) -> None:
        self._has_answered = True
        self._is_mute = False
        if self._is_probing:
            # Any answer shows that the terminal is back, however many were lost; only a long silence may have cost it
            # what it showed.
            self._is_probing = False
            self._unanswered = 0
            self._needs_repaint |= self._loop.time() - self._silent_since_s > VANISHED_AFTER_S
        self._unanswered = max(0, self._unanswered - 1)
        self._probe_interval_s = MUTE_AFTER_S
        self._cancel_probe()
        if self._unanswered:
            self._await_answer()
        self._hold_or_release()

    def _await_answer(self) -> None:
        self._silent_since_s = self._loop.time()
        self._probe_timer = self._loop.call_later(self._probe_interval_s, self._probe)

    def _probe(self) -> None:
        """No answer for a while: stop waiting if there never was one, else ask again, ever less often."""
        self._probe_timer = None
        if not self._has_answered:
            self._is_mute = True
            self._hold_or_release()
            return
        self._is_probing = True
        self._unanswered = MAX_UNANSWERED_FRAMES
        if not self._is_congested:
            self._pending.append(_QUERY)
            self._send()
        self._probe_interval_s = min(self._probe_interval_s * 2, MAX_PROBE_INTERVAL_S)
        self._probe_timer = self._loop.call_later(self._probe_interval_s, self._probe)
        self._hold_or_release()

    def _cancel_probe(self) -> None:
        if self._probe_timer is not None:
            self._probe_timer.cancel()
            self._probe_timer = None

    def pause(self) -> None:
        """The link is full: draw nothing until `resume`."""
        self._is_congested = True
        self._loop.call_soon(self._hold_or_release)

    def resume(self) -> None:
        """The link has room again."""
        self._is_congested = False
        self._hold_or_release()

    # -- input

    def send_message(self, message: Message) -> None:
        """Post to the App directly, because everything here runs in its loop; input waits for its turn."""
        if isinstance(message, events.InputEvent | events.Paste):
            self._typed.put(message)
        else:
            self._app.post_message(message)

    def feed(self, data: bytes) -> None:
        """Take bytes the terminal sent: any bytes, however cut."""
        if not self._is_active:
            return
        # An empty string would tell the parser that the input has ended.
        if text := self._decoder.decode(data):
            text = (self._held + text).replace(_ALT_ENTER, _ALT_ENTER_KITTY)
            self._held = _ESCAPE if text.endswith(_ESCAPE) else ""
            if text := _LONE_ESCAPE.sub(_ESCAPE_KITTY, text.removesuffix(self._held)):
                self._deliver(self._parser.feed(text))
        if self._escape_timer is not None:
            self._escape_timer.cancel()
        self._escape_timer = self._loop.call_later(constants.ESCAPE_DELAY + 0.01, self._end_escape)

    def _end_escape(self) -> None:
        """A lone ESC is a key once nothing has followed it for a while."""
        self._escape_timer = None
        if self._held:
            self._held = ""
            self._deliver(self._parser.feed(_ESCAPE_KITTY))
        self._deliver(self._parser.tick())

    def _deliver(self, messages: Iterable[Message]) -> None:
        with self._app._context():
            for message in messages:
                if isinstance(message, events.Resize):
                    # The size is the relay's to tell; a terminal that reports it by itself also upsets mouse positions.
                    self._parser.mouse_pixels = False
                else:
                    self.process_message(message)

    def resize(self, columns: int, rows: int) -> None:
        """Tell the App the terminal's new size."""
        size = Size(columns, rows)
        self._size = (columns, rows)
        self.send_message(events.Resize(size, size))

    # -- life

    def start_application_mode(self) -> None:
        """Take the terminal over."""
        self._is_active = True
        self._app.post_display_hook = self._displayed  # type: ignore[method-assign]  # Textual calls it, drawn or not
        self.link.driver_ready(self)
        self._take_terminal()
        if self._size != (self.link.columns, self.link.rows):
            self.resize(self.link.columns, self.link.rows)

    def _take_terminal(self) -> None:
        self.write(_KEEP_TITLE + _ENTER)
        if not constants.DISABLE_KITTY_KEY:
            self.write(f"\x1b[>{_KITTY_KEYS}u")
        if self.link.term_program != "Apple_Terminal":
            # Apple's terminal prints the end of this query instead of ignoring it.
            self.write("\x1b[?2026$p")
        self.write("\x1b[?2004h\x1b[?7l")

    def disable_input(self) -> None:
        """Take no further keys and leave no timers behind."""
        self._is_active = False
        self._typed.close()
        self._cancel_probe()
        if self._escape_timer is not None:
            self._escape_timer.cancel()
            self._escape_timer = None

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        self.disable_input()
        self.write(_LEAVE)
        self._send()

    def suspend_terminal(self) -> None:
        """Ask the relay to give the terminal back to its shell; the host and other screens go on."""
        self.link.suspend()
        self.terminal_suspended()

    def terminal_suspended(self) -> None:
        """The terminal is its shell's for now: draw nothing."""
        self._is_suspended = True
        self._pending.clear()
        self._cancel_probe()
        self._hold_or_release()

    def terminal_continued(self) -> None:
        """The terminal is ours again: enter it anew and paint everything."""
        if not self._is_active:
            return
        self._is_suspended = False
        self._unanswered = 0
        self._is_probing = False
        self._needs_repaint = True
        self._take_terminal()
        if self._is_holding:
            self._hold_or_release()
        else:
            with self._app._context():
                self._wake_screens()
        self.send_message(self.SignalResume())

    def open_url(self, url: str, new_tab: bool = True) -> None:
        """Open nothing: a browser would start on the host's machine, not before the person."""
        with self._app._context():
            self._app.notify(url, title="Open this address yourself", markup=False)


def driver_for(link: Link) -> type[RelayDriver]:
    """Return the driver class to give to the App of one link."""
    return type("LinkDriver", (RelayDriver,), {"link": link})


def can_draw(app: App[Any]) -> bool:
    """Return whether a frame of this App would leave now; a view with costly content may wait until it would.

    Textual's own drawing waits by itself. Apps with another driver, as in tests, can always draw.
    """
    return app._driver.can_draw if isinstance(app._driver, RelayDriver) else True
