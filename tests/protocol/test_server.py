"""The socket: many clients at once, and none of them slows anything down or grows without bound."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cockpit.journal import types as ev
from cockpit.protocol import server as server_module
from cockpit.protocol.client import Client, CommandFailed, SupervisorGone
from cockpit.protocol.server import CommandRefused, Server
from cockpit.protocol.types import Command, Digest, GetStats, Happened, Hello, Snapshot, Subscribe, Watch
from cockpit.sessions.types import MessageDelta, Task, ToolStarted
from cockpit.state.digest import apply_digest
from cockpit.state.fold import apply
from cockpit.state.model import STATE, State
from cockpit.types import SessionId

ONE = SessionId("one-1")


class Serving:
    """A server whose events are made by hand."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "s.sock"
        self.state = State()
        self.reply: dict[str, Any] = {}
        self.under_way = self.most_under_way = 0
        self.words = ""
        self.server = Server(self.state, self._handle, lambda: self.words)

    async def _handle(self, command: Command, person: str) -> dict[str, Any]:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        if isinstance(command, Hello):
            raise CommandRefused("No.", "All of it.", "Ask again.")
        return {**self.reply, "person": person}

    def happen(self, *events: ev.Event) -> None:
        for event in events:
            envelope = ev.Envelope(seq=self.state.seq + 1, at=1.0, session=ONE, event=event)
            apply(self.state, envelope)
            self.server.happened(envelope, event.model_dump_json().encode())


@pytest.fixture
async def serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Serving]:
    monkeypatch.setattr(server_module, "DIGEST_EVERY_S", 0.01)
    one = Serving(tmp_path)
    ready = asyncio.Event()
    task = asyncio.create_task(one.server.serve(one.path, ready.set))
    await ready.wait()
    one.happen(ev.SessionCreated(task=Task(prompt="x")))
    yield one
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def follow(client: Client, until_seq: int) -> State:
    """Fold what a client is told until it has heard of an event."""
    state = State()
    async for push in client.pushes():
        match push:
            case Snapshot():
                state = STATE.validate_json(push.state)
            case Happened():
                apply(state, push.envelope)
            case Digest():
                apply_digest(state, push)
            case _:
                pass
        if state.seq >= until_seq:
            return state
    raise AssertionError("the connection ended")


def chatter(text: str) -> ev.AgentSaid:
    return ev.AgentSaid(said=ToolStarted(item="i", tool="run", title=text))


async def test_the_socket_is_private_and_answers(serving: Serving) -> None:
    assert stat.S_IMODE(serving.path.stat().st_mode) == 0o600
    async with await Client.connect(serving.path) as client:
        assert "person" in await client.call(GetStats())
        with pytest.raises(CommandFailed, match=r"No\. All of it\. Ask again\."):
            await client.call(Hello())


async def test_nonsense_is_answered_and_endless_lines_cut_off(serving: Serving) -> None:
    reader, writer = await asyncio.open_unix_connection(str(serving.path))
    writer.write(b'not json\n{"id": 7, "command": {"cmd": "fly"}}\n')
    answers = [json.loads(await reader.readline()) for _ in range(2)]
    assert sorted(answer["reply"] for answer in answers) == [0, 7]
    assert all("not a command" in answer["error"]["what"] for answer in answers)
    with contextlib.suppress(ConnectionError):
        for _ in range(30):
            writer.write(b"x" * (1 << 20))
            await writer.drain()
    with contextlib.suppress(ConnectionError):
        assert await reader.read() == b""
    writer.close()
    async with await Client.connect(serving.path) as client:
        assert await client.call(GetStats())


async def test_a_client_that_never_reads_is_bounded_and_exact_when_it_does(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "BACKLOG_BYTES", 200_000)
    async with await Client.connect(serving.path) as quick:
        await quick.call(Subscribe(everything=True))
        reader, writer = await asyncio.open_unix_connection(str(serving.path), limit=64 << 20)
        writer.write(b'{"id": 1, "command": {"cmd": "subscribe", "everything": true}}\n')
        await reader.readline()
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a stream's transport can
        for number in range(40):
            serving.happen(*(chatter(f"{number} " + "y" * 150) for _ in range(100)))
            await asyncio.sleep(0)
        most = max(connection.backlog_bytes for connection in serving.server._connections)
        assert most < 300_000
        assert (await follow(quick, serving.state.seq)) == serving.state
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        state = State()
        while state.seq < serving.state.seq:
            line = json.loads(await reader.readline())
            if line.get("push") == "snapshot":
                state = STATE.validate_json(line["state"])
            elif line.get("push") == "event":
                apply(state, ev.Envelope.model_validate(line["envelope"]))
        assert state == serving.state
        writer.close()


async def test_commands_of_a_client_that_never_reads_wait(serving: Serving) -> None:
    serving.reply = {"text": "z" * 300_000}
    raw = socket.socket(socket.AF_UNIX)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, str(serving.path))
    await loop.sock_sendall(raw, b'{"id": 1, "command": {"cmd": "stats"}}\n' * 500)
    async with await Client.connect(serving.path) as client:
        for _ in range(50):
            await client.call(GetStats())
    backlog = max((c.backlog_bytes for c in serving.server._connections), default=0)
    assert backlog <= (server_module.COMMANDS_AT_A_TIME + 1) * 310_000
    assert serving.most_under_way <= server_module.COMMANDS_AT_A_TIME + 2
    raw.close()


async def test_unwatched_chatter_comes_summed_up_and_progress_to_watchers_only(serving: Serving) -> None:
    async with await Client.connect(serving.path) as client, await Client.connect(serving.path) as watcher:
        await client.call(Subscribe())
        await watcher.call(Subscribe())
        assert not serving.server.is_watched(ONE)
        await watcher.call(Watch(sessions=(ONE,)))
        assert serving.server.is_watched(ONE)
        serving.happen(*(chatter(f"line {n}") for n in range(300)))
        serving.server.progress(ONE, MessageDelta(item="m", text="abc"))
        serving.happen(ev.StatusChanged(status="ready"))
        assert await follow(client, serving.state.seq) == serving.state
        kinds = []
        async for push in watcher.pushes():
            kinds.append(push.push)
            if push.push == "progress":
                break
        assert kinds.count("event") == 300


async def test_the_end_says_why(tmp_path: Path) -> None:
    one = Serving(tmp_path)
    ready = asyncio.Event()
    task = asyncio.create_task(one.server.serve(one.path, ready.set))
    await ready.wait()
    async with await Client.connect(one.path) as client:
        await client.call(GetStats())
        one.words = "the disk is full"
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert [push.push async for push in client.pushes()] == ["ending"]
        with pytest.raises(SupervisorGone, match="disk is full"):
            await client.call(GetStats())
    assert not one.path.exists()
