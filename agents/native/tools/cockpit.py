"""The tools that the cockpit offers every agent, as the native one uses them: over the same server as all others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import ConfigDict

from agents.mcp_client import McpClient, McpUnreachable
from agents.native.conversation import Picture
from agents.native.tools.base import Arguments, Result, Tool, ToolFailure

if TYPE_CHECKING:
    from mcp_types import CallToolResult
    from mcp_types import Tool as Listed

_OWN = frozenset({"ask_human", "report_done"})
"""Done by tools of our own, which end the turn and take part in redirects."""
_TITLE_CHARS = 200
_PICTURE_CHARS = 8 << 20
"""A picture with more base64 than this is kept from the model: endpoints refuse it, and with it the whole turn."""


class AnyArguments(Arguments):
    """Whatever the server's schema asks for; the server judges it."""

    model_config = ConfigDict(frozen=True, extra="allow")


class CockpitTool(Tool[AnyArguments]):
    """One tool of the cockpit's server."""

    arguments = AnyArguments

    def __init__(self, client: McpClient, listed: Listed, *, can_see: bool) -> None:
        """Take the name, the words and the schema from the server's list. `can_see`: the model takes pictures."""
        self._client, self._schema, self._can_see = client, listed.input_schema, can_see
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
        pictures = tuple(_pictures(result)) if self._can_see else ()
        return Result(_text(result, len(pictures)), ok=not result.is_error, pictures=pictures)


async def cockpit_tools(client: McpClient, *, can_see: bool) -> list[CockpitTool]:
    """Return the tools to offer besides our own. Raises `McpUnreachable`."""
    return [CockpitTool(client, one, can_see=can_see) for one in await client.tools() if one.name not in _OWN]


def _pictures(result: CallToolResult) -> Iterator[Picture]:
    for part in result.content:
        if part.type == "image" and len(part.data) <= _PICTURE_CHARS:
            yield Picture(media_type=part.mime_type, data=part.data)


def _text(result: CallToolResult, shown: int) -> str:
    """Return the words of a result; of its pictures the first `shown` are given to the model besides."""
    parts = [part.text for part in result.content if part.type == "text"]
    pictures = sum(part.type == "image" for part in result.content)
    if pictures:
        kept_back = f", {pictures - shown} not shown (see `images` in cockpit.toml)" if shown < pictures else ""
        parts.append(f"[pictures: {pictures}{kept_back}]")
    return "\n".join(parts)
