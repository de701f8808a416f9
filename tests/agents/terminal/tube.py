"""A bench for the terminal agent: a real program in it, its frames put together, and a person's keys."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from cockpit.providers.paths import socket_of
from cockpit.sessions.types import (
    TERMINAL_SOCKET,
    Keys,
    Show,
    TerminalAct,
    TerminalReply,
    TerminalScreen,
    TurnEnded,
)
from cockpit.state.terminal import Glass
from tests.agents.bench import LIMIT_S, Bench

QUICK = {"hold_ms": 50, "settle_ms": 200, "quiet_s": 0.6}
PROMPT = r"(?m)^> ?\Z"


class TerminalBench(Bench):
    """A shell with the prompt `> ` unless told otherwise."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "terminal")
        self.settings = {
            "command": ["sh"],
            "env": {"PS1": "> "},
            "columns": 60,
            "rows": 12,
            "patterns": {"idle": PROMPT},
            **QUICK,
        }

    @property
    def socket(self) -> Path:
        """Where its terminal takes acts."""
        return socket_of(self.memory, TERMINAL_SOCKET)

    async def begin(self, *, resume: bool = False) -> None:
        """Start it, look at it, and wait for its first sign."""
        await self.start(resume=resume)
        await self.watch()
        await self.shows(lambda glass: bool(glass.text()))

    async def over(self, count: int = 1) -> TurnEnded:
        """Wait until so many turns have ended; returns the last of them."""
        while len(self.seen(TurnEnded)) < count:
            await self.until(TurnEnded)
        return self.seen(TurnEnded)[-1]

    async def at_work(self, text: str) -> None:
        """Send a message and wait until it was entered."""
        self.send(text)
        await self.shows(
            lambda glass: text in glass.text().replace("\n", "") and glass.cursor is not None and glass.cursor[0] != 2
        )

    async def act(self, act: TerminalAct) -> str:
        """Do what a person does; returns why it was not done."""
        reader, writer = await asyncio.open_unix_connection(str(self.socket))
        writer.write(act.model_dump_json().encode() + b"\n")
        reply = TerminalReply.model_validate_json(await reader.readline())
        writer.close()
        await writer.wait_closed()
        return reply.error

    async def keys(self, data: str, *, is_paste: bool = False) -> None:
        """Type something."""
        assert await self.act(Keys(data=data, is_paste=is_paste)) == ""

    async def watch(self, *, is_attached: bool = False) -> None:
        """Look at it."""
        assert await self.act(Show(is_whole=True, is_attached=is_attached)) == ""

    def glass(self) -> Glass:
        """Return the screen as its frames so far make it."""
        glass = Glass()
        for frame in self.seen(TerminalScreen):
            glass.take(frame)
        return glass

    async def shows(self, holds: str | Callable[[Glass], bool]) -> Glass:
        """Wait until the screen shows a text, or something is so of it."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                glass = self.glass()
                if holds in glass.text() if isinstance(holds, str) else holds(glass):
                    return glass
                await self.until(TerminalScreen)
