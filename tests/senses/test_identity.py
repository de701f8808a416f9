"""Whose call it is: a session's own token opens its own workspace, and nothing else opens anything."""

from __future__ import annotations

import json
import stat

import pytest

from agents import registry
from agents.base import Launch, LaunchContext, McpAccess
from cockpit.journal.repo import Journal
from cockpit.protocol.types import Reject
from cockpit.senses.runtime.gate import BODY_LIMIT_BYTES, BURST
from tests.senses.desk import at_work, connected, json_of, plain_http, post, text_of, token, url_of
from tests.supervisor.fake_driver import FakeDriver
from tests.supervisor.world import World

LIST = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}).encode()


async def test_each_token_reaches_its_own_session(world: World) -> None:
    ana = await world.start()
    one, two = await at_work(ana, "hang\nsay one"), await at_work(ana, "hang\nsay two")
    for session, word in ((one, "one"), (two, "two")):
        async with connected(world, session) as agent:
            assert json_of(await agent.call_tool("get_task", {}))["task"] == f"hang\nsay {word}"


async def test_whoever_has_no_token_of_a_session_is_refused(world: World) -> None:
    ana = await world.start()
    session = await at_work(ana)
    good = token(world, session)
    name, _, proof = good.removeprefix("ckp_").rpartition(".")
    worthless = [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {good}"},
        {"Authorization": f"Bearer {good[:-1]}"},
        {"Authorization": f"Bearer {good}0"},
        {"Authorization": f"Bearer {good[:-1]}{'0' if good[-1] != '0' else '1'}"},
        {"Authorization": f"Bearer ckp_other-1.{proof}"},
        {"Authorization": f"Bearer ckp_.{proof}"},
        {"Authorization": f"Bearer {'x' * 5000}"},
        {"Authorization": f"Bearer {name}"},
    ]
    for headers in worthless:
        answer = await post(world, LIST, **headers)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), headers
        assert good not in answer.text
    assert (await post(world, LIST, Authorization=f"Bearer {good}")).status_code == 200


async def test_only_this_machine_and_no_web_page_may_ask(world: World) -> None:
    ana = await world.start()
    bearer = f"Bearer {token(world, await at_work(ana))}"
    port = url_of(world).rpartition(":")[2].removesuffix("/mcp")
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1", "127.0.0.1:1", f"127.0.0.1.evil.example:{port}"):
        assert (await post(world, LIST, Authorization=bearer, Host=host)).status_code == 421, host
    for origin in ("http://evil.example", "null", f"https://127.0.0.1:{port}", "http://127.0.0.1:1"):
        assert (await post(world, LIST, Authorization=bearer, Origin=origin)).status_code == 403, origin
    for host in (f"127.0.0.1:{port}", f"localhost:{port}"):
        assert (await post(world, LIST, Authorization=bearer, Host=host, Origin=f"http://{host}")).status_code == 200


async def test_the_token_of_a_session_that_is_over_is_refused_with_words(world: World) -> None:
    ana = await world.start()
    session = await at_work(ana)
    await ana.call(Reject(session=session))
    answer = await post(world, LIST, Authorization=f"Bearer {token(world, session)}")
    assert answer.status_code == 403
    assert "this session is over (rejected)" in answer.json()["error"]["message"]


async def test_malformed_and_gigantic_requests_harm_nobody(world: World) -> None:
    ana = await world.start()
    session = await at_work(ana)
    bearer = f"Bearer {token(world, session)}"
    bodies = [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"jsonrpc":"2.0","id":1}', b"1" * 10_000]
    bodies += [LIST.replace(b"tools/list", b"no/such"), b'{"jsonrpc":"2.0","id":{"a":1},"method":"tools/list"}']
    for body in bodies:
        for era in ({}, {"MCP_Protocol_Version": "2026-07-28"}, {"MCP_Protocol_Version": "x"}):
            answer = await post(world, body, Authorization=bearer, **era)
            assert answer.status_code < 500, (body[:40], era, answer.status_code)
            assert '"result":' not in answer.text
    assert (await post(world, b" " * (BODY_LIMIT_BYTES + 1), Authorization=bearer)).status_code == 413
    for method in ("GET", "DELETE", "PUT"):
        assert (await post(world, LIST, method=method, Authorization=bearer)).status_code == 405
    async with connected(world, session) as agent:
        assert len((await agent.list_tools()).tools) == 7
        assert (await agent.call_tool("note", {"text": 7, "more": [1]})).is_error
        assert (await agent.call_tool("ask_human", {"question": "x" * 5000})).is_error
        assert (await agent.call_tool("run_checks", {"names": ["no such"]})).is_error


async def test_one_that_asks_too_often_waits_and_the_others_do_not(world: World) -> None:
    ana = await world.start()
    greedy, modest = await at_work(ana), await at_work(ana)
    bearer = f"Bearer {token(world, greedy)}"
    async with plain_http({"Authorization": bearer}) as http:
        answers = [(await http.post(url_of(world), content=b"")).status_code for _ in range(2 * BURST)]
    assert 429 in answers
    assert answers[:BURST] == [400] * BURST
    async with connected(world, modest) as agent:
        assert text_of(await agent.call_tool("note", {"text": "calm"})) == "shown"


async def test_no_token_is_kept_where_people_look(world: World) -> None:
    ana = await world.start()
    session = await at_work(ana)
    good = token(world, session)
    assert stat.S_IMODE(world.paths.senses.stat().st_mode) == 0o600
    async with connected(world, session) as agent:
        await agent.call_tool("note", {"text": f"my token is {good}"})
        await agent.call_tool("report_done", {"summary": f"used {good}"})
    await ana.until(lambda: ana.session(session).report is not None)
    assert "[redacted]" in ana.session(session).note
    await post(world, LIST, Authorization=f"Bearer {good}x")
    await world.down()
    secret = good.rpartition(".")[2]
    assert secret not in (world.paths.logs / "supervisor.log").read_text()
    async with await Journal.open(world.paths.journal) as journal:
        rows = await journal.read(0, 10_000)
    assert rows
    assert not [row.kind for row in rows if secret in row.body]


async def test_an_agent_is_told_where_its_tools_are(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[LaunchContext] = []

    class Listening(FakeDriver):
        def launch(self, context: LaunchContext) -> Launch:
            told.append(context)
            return super().launch(context)

    monkeypatch.setitem(registry._MAKERS, "native", Listening)
    ana = await world.start()
    session = await at_work(ana)
    assert [context.mcp for context in told] == [McpAccess(url_of(world), token(world, session))]
