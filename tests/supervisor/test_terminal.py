"""What people do with an agent's terminal reaches it through its private socket, or is refused with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.terminal.door import opened
from cockpit.protocol.server import CommandRefused
from cockpit.protocol.types import ResizeTerminal, ShowTerminal, TypeKeys
from cockpit.providers.paths import SOCKET_PATH_LIMIT_BYTES, socket_of
from cockpit.sessions.types import TERMINAL_SOCKET, Keys, Resize, Show, Task, TerminalAct
from cockpit.state.model import SessionState
from cockpit.supervisor.terminal import pass_on
from cockpit.types import SessionId

SESSION = SessionId("s1")


def state(*abilities: str) -> SessionState:
    return SessionState(id=SESSION, number=1, task=Task(prompt="x"), created_at=0.0, abilities=abilities)


@pytest.mark.parametrize("depth", [0, 40], ids=["short", "too-long-for-a-socket"])
async def test_acts_arrive_as_they_were_meant(tmp_path: Path, depth: int) -> None:
    memory = tmp_path / ("x" * depth) / ("y" * depth)
    memory.mkdir(parents=True, exist_ok=True)
    seen: list[TerminalAct] = []

    def act(one: TerminalAct) -> str:
        seen.append(one)
        return "it is asleep" if isinstance(one, Resize) else ""

    async with opened(memory, act):
        assert len(str(socket_of(memory, TERMINAL_SOCKET))) <= SOCKET_PATH_LIMIT_BYTES
        await pass_on(TypeKeys(session=SESSION, data="secret\r", is_paste=True), state("has_screen"), memory)
        await pass_on(ShowTerminal(session=SESSION, is_attached=True), state("has_screen"), memory)
        with pytest.raises(CommandRefused, match="it is asleep"):
            await pass_on(ResizeTerminal(session=SESSION, columns=80, rows=24), state("has_screen"), memory)
    assert seen == [Keys(data="secret\r", is_paste=True), Show(is_attached=True), Resize(columns=80, rows=24)]
    assert "secret" not in repr(seen)


async def test_an_agent_without_a_terminal_gets_no_keys(tmp_path: Path) -> None:
    with pytest.raises(CommandRefused, match="has no terminal"):
        await pass_on(TypeKeys(session=SESSION, data="x"), state("steers"), tmp_path)


async def test_a_terminal_that_has_ended_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandRefused, match="does not answer"):
        await pass_on(TypeKeys(session=SESSION, data="x"), state("has_screen"), tmp_path)
    (tmp_path / TERMINAL_SOCKET).write_text("no socket")
    with pytest.raises(CommandRefused, match="does not answer"):
        await pass_on(TypeKeys(session=SESSION, data="x"), state("has_screen"), tmp_path)
