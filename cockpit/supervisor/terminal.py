"""People's keys on their way to the terminal of an agent: handed on at once, and kept nowhere."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from pydantic import ValidationError

from cockpit.protocol import types as cmd
from cockpit.protocol.server import CommandRefused
from cockpit.providers.paths import UnsafeDirectoryError, socket_of
from cockpit.sessions.types import TERMINAL_SOCKET, Keys, Resize, Show, TerminalAct, TerminalReply
from cockpit.state.model import SessionState

ANSWER_WITHIN_S = 5.0
_NOT_DONE = "Nothing was typed."

Act = cmd.TypeKeys | cmd.ResizeTerminal | cmd.ShowTerminal


async def pass_on(command: Act, session: SessionState, memory: Path) -> None:
    """Hand what a person does to the session's terminal. Raises `CommandRefused` when there is none, or it refuses."""
    if "has_screen" not in session.abilities:
        raise CommandRefused("This session's agent has no terminal.", _NOT_DONE)
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            reply = await _handed_over(_act(command), socket_of(memory, TERMINAL_SOCKET))
    except (OSError, UnsafeDirectoryError, TimeoutError, ValidationError) as error:
        next_step = "Resume the session, then attach again."
        raise CommandRefused(
            "The agent's terminal does not answer: it may have ended.", _NOT_DONE, next_step
        ) from error
    if reply.error:
        raise CommandRefused(f"The terminal refused: {reply.error}.", _NOT_DONE)


def _act(command: Act) -> TerminalAct:
    match command:
        case cmd.TypeKeys():
            return Keys(data=command.data, is_paste=command.is_paste)
        case cmd.ResizeTerminal():
            return Resize(columns=command.columns, rows=command.rows)
        case cmd.ShowTerminal():
            return Show(is_whole=command.is_whole, is_attached=command.is_attached)


async def _handed_over(act: TerminalAct, socket: Path) -> TerminalReply:
    reader, writer = await asyncio.open_unix_connection(str(socket))
    try:
        writer.write(act.model_dump_json().encode() + b"\n")
        return TerminalReply.model_validate_json(await reader.readline())
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
