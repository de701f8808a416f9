"""The tools that the cockpit offers every agent, as the native one uses them: over the same server as all others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict

from agents.mcp_client import McpClient, McpUnreachable
from agents.native.tools.base import Arguments, Result, Tool, ToolFailure

if TYPE_CHECKING:
    from mcp_types import CallToolResult
    from mcp_types import Tool as Listed

_OWN = frozenset({"ask_human", "report_done"})
"""Done by tools of our own, which end the turn and take part in redirects."""
_TITLE_CHARS = 200


class AnyArguments(Arguments):
    """Whatever the server's schema asks for; the server judges it."""

    model_config = ConfigDict(frozen=True, extra="allow")


class CockpitTool(Tool[AnyArguments]):
    """One tool of the cockpit's server."""

    arguments = AnyArguments

    def __init__(self, client: McpClient, listed: Listed) -> None:
        """Take the name, the words and the schema from the server's list."""
        self._client, self._schema = client, listed.input_schema
        self.name, self.description = listed.name, listed.description or ""

    def schema(self) -> dict[str, Any]:
        """Return the tool as a function for the model."""
        return {"name": self.name, "description": self.description, "parameters": self._schema}

    def title(self, arguments: AnyArguments) -> str:
        """Return what it is used with."""
        given = arguments.model_extra or {}
        words = next((value for value in given.values() if isinstance(value, str)), "") if len(given) == 1 else ""
        return (words or (json.dumps(given, ensure_ascii=False) if given else self.name))[:_TITLE_CHARS]

    async def use(self, arguments: AnyArguments, item: str) -> Result:
        """Have the server do it."""
        try:
            result = await self._client.call(self.name, arguments.model_extra or {})
        except McpUnreachable as error:
            raise ToolFailure(f"the cockpit cannot be reached now ({error}); try again later, or do without") from None
        return Result(_text(result), ok=not result.is_error)


async def cockpit_tools(client: McpClient) -> list[CockpitTool]:
    """Return the tools to offer besides our own. Raises `McpUnreachable`."""
    return [CockpitTool(client, one) for one in await client.tools() if one.name not in _OWN]


def _text(result: CallToolResult) -> str:
    parts = [part.text if part.type == "text" else f"[{part.type}: not shown to this agent]" for part in result.content]
    return "\n".join(parts)
