"""A session's agent as an MCP client: the library's own, over real HTTP."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any, Literal

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent

from cockpit.senses import repo
from cockpit.senses.service.tokens import token_of
from cockpit.types import SessionId
from tests.supervisor.world import Person, S, World

Era = Literal["auto", "legacy"]


def url_of(world: World) -> str:
    return f"http://127.0.0.1:{repo.load(world.paths.senses).port}/mcp"


def token(world: World, session: SessionId) -> str:
    return token_of(session, repo.load(world.paths.senses).secret)


def plain_http(headers: dict[str, str]) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(headers=headers, trust_env=False, timeout=30, verify=False)  # there is no TLS to verify


@contextlib.asynccontextmanager
async def connected(world: World, session: SessionId, mode: Era = "auto") -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {token(world, session)}"}
    async with (
        plain_http(headers) as http,
        Client(streamable_http_client(url_of(world), http_client=http), mode=mode) as client,
    ):
        yield client


def text_of(result: CallToolResult) -> str:
    (part,) = result.content
    assert isinstance(part, TextContent)
    return part.text


def json_of(result: CallToolResult) -> dict[str, Any]:
    assert not result.is_error, result
    found: dict[str, Any] = json.loads(text_of(result))
    return found


async def at_work(ana: Person, *turns: str, **fields: Any) -> SessionId:
    """Return a session whose agent is in a turn."""
    session = await ana.task(*(turns or ("hang",)), **fields)
    await ana.status(session, S.WORKING)
    await ana.until(lambda: ana.session(session).turn_started_at is not None)
    return session


async def post(world: World, body: bytes, *, method: str = "POST", **headers: str) -> httpx2.Response:
    """Send something that need not make sense."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    fixed = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    async with plain_http({}) as http:
        return await http.request(method, url_of(world), content=body, headers={**fixed, **named})
