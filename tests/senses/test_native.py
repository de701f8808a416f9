"""The native agent uses the cockpit's tools through the same server as every other agent."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents.base import McpAccess
from agents.mcp_client import McpClient, McpUnreachable
from agents.native import conversation
from agents.native.conversation import Returned
from cockpit.senses.runtime.door import open_door
from cockpit.senses.types import Picture
from cockpit.sessions.types import AgentNotice, ToolEnded, ToolStarted, TurnReason
from tests.agents.bench import Bench
from tests.senses.test_server import PNG, client, served

USES = r"""
rules:
  - name: uses
    when: {task: "look"}
    steps:
      - calls:
          - {tool: note, arguments: {text: looking}}
          - {tool: get_task, arguments: {}}
      - calls: [{tool: done, arguments: {summary: "seen"}}]
"""


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    one = Bench(tmp_path)
    yield one
    await one.close()


def access(url: str, token: str = "s-1") -> McpAccess:
    return McpAccess(url, token)


@contextlib.asynccontextmanager
async def light(url: str, token: str = "s-1") -> AsyncIterator[McpClient]:
    one = McpClient(access(url, token))
    try:
        yield one
    finally:
        await one.close()


async def test_the_light_client_hears_what_the_librarys_own_hears() -> None:
    async def look() -> list[object]:
        """Look at something, and let it take its time."""
        await asyncio.sleep(0)
        return ["words", Picture(PNG)]

    async with served(look) as url, light(url) as ours, client(url) as theirs:  # type: ignore[arg-type]
        assert await ours.tools() == (await theirs.list_tools()).tools
        for tool, arguments in (("look", {}), ("get_task", {}), ("report_done", {"summary": "x"}), ("note", {})):
            mine, other = await ours.call(tool, arguments), await theirs.call_tool(tool, arguments)
            assert (mine.content, mine.is_error) == (other.content, other.is_error)


async def test_the_light_client_goes_on_after_a_restart_of_the_server() -> None:
    async with served() as url, light(url) as ours:
        port = int(url.rpartition(":")[2].removesuffix("/mcp"))
        assert not (await ours.call("note", {"text": "x"})).is_error
    async with light(url) as ours:
        for _ in range(2):
            async with served(port=port):
                assert not (await ours.call("note", {"text": "x"})).is_error
            with pytest.raises(McpUnreachable):
                await ours.call("note", {"text": "x"})


async def test_a_server_that_refuses_or_is_gone_is_told_of() -> None:
    async with served() as url, light(url, "nobody") as ours:
        with pytest.raises(McpUnreachable, match="nobody's"):
            await ours.tools()
    async with light(url) as ours:
        with pytest.raises(McpUnreachable):
            await ours.call("note", {"text": "x"})


async def test_the_native_agent_uses_them_beside_its_own(bench: Bench) -> None:
    async with served() as url, bench.model(USES) as model:
        bench.mcp = access(url)
        bench.use(model)
        await bench.start()
        ended = await bench.turn("look")
    assert (ended.reason, ended.summary) == (TurnReason.DONE, "seen")
    assert [(one.tool, one.title) for one in bench.seen(ToolStarted)[:2]] == [
        ("note", "looking"),
        ("get_task", "get_task"),
    ]
    assert [(one.ok, one.output) for one in bench.seen(ToolEnded)[:2]] == [
        (True, "shown"),
        (True, '{\n "task": "s-1"\n}'),
    ]
    offered = [tool["name"] for tool in bench.requests()[0]["tools"]]
    assert offered[-5:] == ["run_checks", "get_task", "list_rules", "explain_rule", "note"]
    assert {"ask", "done"} <= set(offered)
    assert not {"ask_human", "report_done"} & set(offered)  # its own are richer


async def test_it_works_without_them_and_says_so(bench: Bench) -> None:
    with contextlib.closing(open_door(0)) as door:
        port = door.getsockname()[1]
    async with bench.model(USES) as model:
        bench.mcp = access(f"http://127.0.0.1:{port}/mcp")
        bench.use(model)
        await bench.start()
        ended = await bench.turn("look")
    assert ended.reason is TurnReason.DONE
    assert any("the cockpit's own tools are not to be had now" in notice.text for notice in bench.seen(AgentNotice))
    assert [one.ok for one in bench.seen(ToolEnded)] == [False, False, True]


SEES = r"""
rules:
  - name: sees
    when: {task: "what is there"}
    steps:
      - calls: [{tool: look, arguments: {}}, {tool: look, arguments: {}}]
      - calls: [{tool: done, arguments: {summary: "seen"}}]
"""
URL = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"


async def look() -> list[object]:
    """Look at something."""
    return ["a button", Picture(PNG)]


@pytest.mark.parametrize("api", ["responses", "chat"])
async def test_a_model_that_can_see_is_shown_pictures(bench: Bench, api: str) -> None:
    async with served(look) as url, bench.model(SEES) as model:  # type: ignore[arg-type]
        bench.mcp = access(url)
        bench.use(model, api=api, images=True)
        await bench.start()
        await bench.turn("what is there")
    last = bench.requests()[-1]
    if api == "responses":
        returned = [item["output"] for item in last["input"] if item.get("type") == "function_call_output"]
        shown = {"type": "input_image", "image_url": URL, "detail": "auto"}
        assert returned == [[{"type": "input_text", "text": "a button\n[pictures: 1]"}, shown]] * 2
    else:
        *_, first, second, pictures = last["messages"]
        assert [first["role"], second["role"], pictures["role"]] == ["tool", "tool", "user"]
        assert first["content"] == "a button\n[pictures: 1]"
        assert pictures["content"][1:] == [{"type": "image_url", "image_url": {"url": URL}}] * 2


async def test_a_model_that_cannot_see_is_told_of_pictures(bench: Bench) -> None:
    async with served(look) as url, bench.model(SEES) as model:  # type: ignore[arg-type]
        bench.mcp = access(url)
        bench.use(model)
        await bench.start()
        await bench.turn("what is there")
    returned = [item["output"] for item in bench.requests()[-1]["input"] if item.get("type") == "function_call_output"]
    assert returned == ["a button\n[pictures: 1, 1 not shown (see `images` in cockpit.toml)]"] * 2


def test_a_picture_counts_as_models_count_it_and_not_by_its_letters() -> None:
    picture = conversation.Picture(media_type="image/png", data="A" * 4_000_000)
    assert 1_000 < conversation.estimate_tokens([Returned(call="c", output="x", pictures=(picture,))]) < 3_000
