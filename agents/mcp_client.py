"""The cockpit's own tools, for an agent that is a program of ours: MCP over streamable HTTP, one request at a time.

The protocol's types are the library's. Its client is not used: it costs each agent 27 MB and half a second of a core,
for handshakes, streams and log-ins that the stateless form of the protocol (2026-07-28) does without.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agents.base import McpAccess

if TYPE_CHECKING:
    from httpx2 import AsyncClient, Response
    from mcp_types import CallToolResult, Tool

_PROTOCOL = "2026-07-28"
_CONNECT_S = 10.0
_SILENCE_S = 90.0
"""The server sends something every 15 s while a tool is at work; one that is silent for so long is gone."""
_ANSWER_BYTES = 32 << 20


class McpUnreachable(Exception):
    """The server did not answer, or not in a way that makes sense."""


class McpClient:
    """Lists and calls the tools of one server."""

    def __init__(self, access: McpAccess) -> None:
        """Nothing is imported or connected yet."""
        self._access = access
        self._ids = itertools.count(1)
        self._http: AsyncClient | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()

    async def tools(self) -> list[Tool]:
        """Return what tools there are. Raises `McpUnreachable`."""
        listed = await self._ask("tools/list", {})
        from mcp_types import ListToolsResult
        from pydantic import ValidationError

        try:
            return ListToolsResult.model_validate(listed).tools
        except ValidationError as error:
            raise McpUnreachable(f"its list of tools makes no sense: {error.error_count()} errors") from None

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> CallToolResult:
        """Use a tool. When cancelled, the server ends it. Raises `McpUnreachable`."""
        result = await self._ask("tools/call", {"name": tool, "arguments": dict(arguments)}, {"Mcp-Name": tool})
        from mcp_types import CallToolResult
        from pydantic import ValidationError

        try:
            return CallToolResult.model_validate(result)
        except ValidationError as error:
            raise McpUnreachable(f"its answer makes no sense: {error.error_count()} errors") from None

    async def _ask(
        self, method: str, params: dict[str, Any], headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        if self._http is None:
            self._http = await asyncio.to_thread(_connection, self._access)
        import httpx2

        number = next(self._ids)
        body = {"jsonrpc": "2.0", "id": number, "method": method, "params": {**params, "_meta": _meta()}}
        named = {"MCP-Protocol-Version": _PROTOCOL, "Mcp-Method": method, **(headers or {})}
        try:
            async with self._http.stream("POST", self._access.url, json=body, headers=named) as response:
                message = await _message(response, number)
        except httpx2.HTTPError as error:
            raise McpUnreachable(f"{type(error).__name__}: {error}") from None
        if isinstance(result := message.get("result"), dict):
            return result
        refusal = message.get("error")
        raise McpUnreachable(str(refusal.get("message")) if isinstance(refusal, dict) else "it answered nothing")


def _connection(access: McpAccess) -> AsyncClient:
    import httpx2
    import mcp_types  # noqa: F401 - loaded here, off the event loop, because it takes a tenth of a second

    headers = {"Authorization": f"Bearer {access.token}", "Accept": "application/json, text/event-stream"}
    timeout = httpx2.Timeout(_SILENCE_S, connect=_CONNECT_S)
    # It is on this machine: no proxy is in the way, and there is no TLS to verify.
    return httpx2.AsyncClient(headers=headers, timeout=timeout, trust_env=False, verify=False)


def _meta() -> dict[str, Any]:
    from mcp_types import CLIENT_CAPABILITIES_META_KEY, PROTOCOL_VERSION_META_KEY

    return {PROTOCOL_VERSION_META_KEY: _PROTOCOL, CLIENT_CAPABILITIES_META_KEY: {}}


async def _message(response: Response, number: int) -> dict[str, Any]:
    """Return the answer to a request, whichever way it is sent: as JSON, or as the last event of a stream."""
    if response.headers.get("content-type", "").startswith("text/event-stream"):
        async for line in response.aiter_lines():
            if line.startswith("data:") and (found := _parsed(line[5:])).get("id") == number:
                return found
        raise McpUnreachable("its answer broke off")
    data = bytearray()
    async for part in response.aiter_bytes():
        data += part
        if len(data) > _ANSWER_BYTES:
            raise McpUnreachable("its answer is too long")
    return _parsed(bytes(data))


def _parsed(text: str | bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        raise McpUnreachable("its answer is no JSON") from None
    return found if isinstance(found, dict) else {}
