"""The server itself: images, many at once, clients that hang, a port that is taken."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.mcpserver import Context
from mcp_types import ImageContent, TextContent

from cockpit.senses import repo
from cockpit.senses.errors import SenseRefused
from cockpit.senses.runtime import caller, gate
from cockpit.senses.runtime.door import open_door
from cockpit.senses.runtime.server import serve
from cockpit.senses.runtime.tools import Said, Tool, session_of
from cockpit.senses.types import ChecksSaid, Picture, RuleExplained, RulesSaid, TaskSaid, Tell, Words
from cockpit.sessions.types import Task
from cockpit.types import SessionId
from tests.senses.desk import at_work, connected, json_of, plain_http, text_of, url_of
from tests.supervisor.world import World

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Stand:
    """Stands behind the tools where no supervisor is needed. A token is a session's name."""

    def admit(self, token: str) -> SessionId:
        if not token.startswith("s-"):
            raise SenseRefused("nobody's", 401)
        return SessionId(token)

    async def run_checks(self, session: SessionId, names: tuple[str, ...], tell: Tell) -> ChecksSaid:
        raise RuntimeError("a secret of the inside")

    async def ask_human(self, session: SessionId, question: str, options: tuple[str, ...]) -> Words:
        if question == "slow":
            # Longer than an idle connection lives.
            await asyncio.sleep(0.4)  # ast-grep-ignore: no-sleep-in-tests
        return Words(question, ok=False)

    async def report_done(self, session: SessionId, summary: str, evidence: tuple[str, ...]) -> None:
        raise SenseRefused("not now")

    def task_of(self, session: SessionId) -> TaskSaid:
        return TaskSaid(task=session)

    async def rules_of(self, session: SessionId) -> RulesSaid:
        return RulesSaid(says="none")

    async def rule_of(self, session: SessionId, rule: str) -> RuleExplained:
        return RuleExplained(id=rule, message="no")

    def note(self, session: SessionId, text: str) -> None:
        pass


@contextlib.asynccontextmanager
async def served(*more: Tool, port: int = 0) -> AsyncIterator[str]:
    door = open_door(port)
    url = f"http://127.0.0.1:{door.getsockname()[1]}/mcp"
    serving = asyncio.create_task(serve(door, Stand(), "1", more))
    try:
        yield url
    finally:
        serving.cancel()
        await asyncio.wait({serving})
        assert serving.cancelled()


@contextlib.asynccontextmanager
async def client(url: str, session: str = "s-1") -> AsyncIterator[Client]:
    async with (
        plain_http({"Authorization": f"Bearer {session}"}) as http,
        Client(streamable_http_client(url, http_client=http)) as one,
    ):
        yield one


async def test_an_image_reaches_the_client_unchanged() -> None:
    async def look(context: Context) -> list[Said]:
        """Look at something."""
        return [f"seen by {session_of(context)}", Picture(PNG)]

    async with served(look) as url, client(url) as agent:
        words, image = (await agent.call_tool("look", {})).content
    assert isinstance(words, TextContent)
    assert words.text == "seen by s-1"
    assert isinstance(image, ImageContent)
    assert (image.mime_type, base64.b64decode(image.data)) == ("image/png", PNG)


async def test_a_tool_says_what_it_is_for_and_asks_for_no_approval() -> None:
    async with served() as url, client(url) as agent:
        tools = (await agent.list_tools()).tools
    known = ["run_checks", "ask_human", "report_done", "get_task", "list_rules", "explain_rule", "note"]
    assert [tool.name for tool in tools] == known
    for tool in tools:
        assert tool.description is not None
        assert 40 < len(tool.description) < 400, tool.name
        assert "\n" not in tool.description
        assert tool.output_schema is None
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is True
        for argument in tool.input_schema["properties"].values():
            assert argument["description"]


async def test_what_goes_wrong_inside_stays_inside() -> None:
    async with served() as url, client(url) as agent:
        failed = await agent.call_tool("run_checks", {})
        refused = await agent.call_tool("report_done", {"summary": "x"})
    assert (failed.is_error, refused.is_error) == (True, True)
    assert "secret" not in text_of(failed)
    assert text_of(refused) == "not now"


async def test_clients_that_hang_hold_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "BODY_WITHIN_S", 0.2)
    head = "POST /mcp HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer s-2\r\nContent-Length: 100\r\n\r\n{{"
    async with served() as url:
        port = int(url.rpartition(":")[2].removesuffix("/mcp"))
        hung = [await asyncio.open_connection("127.0.0.1", port) for _ in range(30)]
        for number, (_, writer) in enumerate(hung):
            said = head.format(f"127.0.0.1:{port}") if number % 2 else "POST /mcp HT"
            writer.write(said.encode())
            await writer.drain()
        async with client(url) as agent:
            assert json_of(await agent.call_tool("get_task", {})) == {"task": "s-1"}
        answer = await hung[1][0].read()
        assert answer.startswith(b"HTTP/1.1 408 ")
        for _, writer in hung:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


async def test_connections_are_few_and_none_is_held_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caller, "CONNECTIONS", 5)
    monkeypatch.setattr(caller, "IDLE_S", 0.1)
    async with served() as url:
        port = int(url.rpartition(":")[2].removesuffix("/mcp"))
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(5)]
        held[0][1].write(b"POST /mcp HTTP/1.1\r\nHost: x")
        over, late = await asyncio.open_connection("127.0.0.1", port)
        assert await _end(over) == b""  # one too many
        for reader, _ in held:
            assert await _end(reader) == b""  # nothing came
        async with client(url) as agent:
            slow = await agent.call_tool("ask_human", {"question": "slow"})  # a tool at work is no idle connection
            assert text_of(slow) == "slow"
        for _, writer in [*held, (over, late)]:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


async def _end(reader: asyncio.StreamReader) -> bytes:
    """Return what still comes until the server hangs up, in whichever way."""
    async with asyncio.timeout(10):
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""


async def test_twenty_five_sessions_at_once(world: World) -> None:
    (world.repository / "cockpit.toml").write_text(
        (world.repository / "cockpit.toml").read_text().replace("max_parallel = 8", "max_parallel = 30")
    )
    ana = await world.start()
    sessions = await ana.tasks(*(Task(prompt=f"hang\nsay {number}", title=f"task {number}") for number in range(25)))
    for session in sessions:
        await ana.until(lambda one=session: ana.session(one).turn_started_at is not None)  # type: ignore[misc]

    async def use(session: SessionId) -> str:
        async with connected(world, session) as agent:
            (world.workspace(session) / "mine.txt").write_text(f"BAD {session}\n")
            task, checks, _ = await asyncio.gather(
                agent.call_tool("get_task", {}),
                agent.call_tool("run_checks", {}),
                agent.call_tool("note", {"text": f"at {session}"}),
            )
            assert f"BAD {session}" in text_of(checks)
            return str(json_of(task)["task"])

    told = await asyncio.gather(*map(use, sessions))
    assert told == [f"hang\nsay {number}" for number in range(25)]
    await ana.until(lambda: all(ana.session(one).headline == f"at {one}" for one in sessions))


async def test_the_port_is_taken_again_or_another_one_and_people_are_told(world: World) -> None:
    ana = await world.start()
    session = await at_work(ana)
    before, secret = url_of(world), repo.load(world.paths.senses).secret
    await world.kill()
    await ana.close()
    ana = await world.start()
    assert (url_of(world), repo.load(world.paths.senses).secret) == (before, secret)
    await world.kill()
    await ana.close()
    with socket.create_server(("127.0.0.1", int(before.rpartition(":")[2].removesuffix("/mcp")))):
        ana = await world.start()
        assert url_of(world) != before
        assert repo.load(world.paths.senses).secret != secret  # whoever took it may have been sent tokens
        assert any("another program has taken port" in note for note in ana.state.notes)
        async with connected(world, session) as agent:
            assert json_of(await agent.call_tool("get_task", {}))["task"] == "hang"
