"""The window on a program: its terminal in memory, the frames that people see of it, and the keys that they type."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

from agents.terminal.frames import Frames
from agents.terminal.keys import for_program, pasted, sequence
from agents.terminal.pace import Pace
from agents.terminal.parser import Parser
from agents.terminal.program import Program
from agents.terminal.screen import APPLICATION_CURSOR, BRACKETED_PASTE, TerminalMemory
from agents.wire import Wire
from cockpit.sessions.types import SHOWN_FOR_S, Keys, Resize, Show, TerminalAct

FRAME_S = 1 / 15
"""Least time between two frames while somebody looks."""
UNWATCHED_FRAME_S = 1.0
_SLICE_BYTES = 4096
"""So much is taken in at once; keys and frames come in between."""
_BETWEEN_KEYS_S = 0.05
"""What comes in one piece is taken for pasted, its enter too."""


class Window:
    """Shows one program and types into it.

    Attributes:
        changed: is set whenever the screen may have changed, or somebody came to look or left.
    """

    def __init__(self, wire: Wire, program: Program, columns: int, rows: int, on_typed: Callable[[], None]) -> None:
        """Show `program` over `wire`; `on_typed` is told when a person has typed."""
        self._wire, self._program, self._on_typed = wire, program, on_typed
        self._screen = TerminalMemory(columns, rows, self._reply)
        self._parser = Parser(self._screen)
        self._frames = Frames(self._screen)
        self._drawn, self._hurry = asyncio.Event(), asyncio.Event()
        self.changed = asyncio.Event()
        self._shown_until = self._held_until = 0.0
        self._hurry.set()

    @property
    def text(self) -> str:
        """The screen's text."""
        return self._screen.text()

    @property
    def is_held(self) -> bool:
        """Whether a person has the keyboard."""
        return time.monotonic() < self._held_until

    async def read(self) -> None:
        """Take what the program prints, until nothing can come any more."""
        pace = Pace()
        while data := await self._program.output():
            data = self._parser.without_flood(data)
            for place in range(0, len(data), _SLICE_BYTES):
                self._parser.feed(data[place : place + _SLICE_BYTES])
                self._drawn.set()
                self.changed.set()
                await pace.keep()

    async def show(self) -> None:
        """Send frames: at once after a rest, then at the pace of who looks."""
        while True:
            await self._drawn.wait()
            self._drawn.clear()
            self.emit()
            rest_s = FRAME_S if time.monotonic() < self._shown_until else UNWATCHED_FRAME_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest_s):
                    await self._hurry.wait()

    def emit(self) -> None:
        """Send what changed, or the whole screen where it is wanted."""
        if self._hurry.is_set() or self._frames.is_due:
            frame = self._frames.next(is_whole=self._hurry.is_set())
            self._hurry.clear()
            if frame is not None:
                self._wire.emit(frame)

    def act(self, act: TerminalAct) -> str:
        """Carry out what a person does; returns why it was not done, or nothing."""
        match act:
            case Keys():
                return self._typed(act)
            case Resize():
                self._screen.resize(act.rows, act.columns)
                self._program.resize(act.columns, act.rows)
                self._hurry.set()
            case Show():
                until = time.monotonic() + SHOWN_FOR_S
                is_new = self._shown_until < time.monotonic()
                self._shown_until = until
                self._held_until = until if act.is_attached else 0.0
                if act.is_whole or is_new:
                    self._hurry.set()
                self.changed.set()
        self._drawn.set()
        return ""

    def _typed(self, act: Keys) -> str:
        if self._program.exit_status is not None:
            return "the program has ended"
        text = self._pasted(act.data) if act.is_paste else self._as_keys(act.data)
        if not self._program.write(text.encode("utf-8", "replace")):
            return "the program does not read what is typed"
        self._on_typed()
        return ""

    async def send(self, text: str, submit: str) -> None:
        """Paste a text and press the keys that send it."""
        self._program.write(self._pasted(text.strip("\n")).encode("utf-8", "replace"))
        await asyncio.sleep(_BETWEEN_KEYS_S)
        await self.press(submit)

    async def press(self, words: str) -> None:
        """Press keys by name."""
        for keys in sequence(words):
            self._program.write(self._as_keys(keys).encode())
            await asyncio.sleep(_BETWEEN_KEYS_S)

    def _as_keys(self, keys: str) -> str:
        return for_program(keys, has_application_cursor=APPLICATION_CURSOR in self._screen.switched_on)

    def _pasted(self, text: str) -> str:
        return pasted(text, is_bracketed=BRACKETED_PASTE in self._screen.switched_on)

    def _reply(self, answer: str) -> None:
        self._program.write(answer.encode())
