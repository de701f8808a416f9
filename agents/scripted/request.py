"""A request of an agent in our words: the conversation, the tools it may call, and what else the answer depends on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agents.scripted.conversation import Conversation


@dataclass(frozen=True, slots=True)
class Offered:
    """A tool that the agent offers to the model."""

    name: str
    namespace: str = ""
    takes_text: bool = False
    """It takes free text and not JSON arguments (a custom tool)."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, whichever protocol it came by."""

    conversation: Conversation
    tools: tuple[Offered, ...] = ()
    context: str = ""
    """What the agent says about itself and where it works: its system message, or a user message of its own."""
    schema: Mapping[str, Any] | None = None
    """The JSON schema that the answer must fit, where one is demanded."""
    waits: ToolUse | None = None
    """A command of the last step still runs: this call waits for it, and the script goes on when it has ended."""


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool call in the dialect of the agent."""

    tool: Offered
    arguments: str
    """JSON, or the free text of a custom tool."""

    @property
    def values(self) -> dict[str, Any]:
        """The arguments for protocols that send them parsed; none where the script gives broken ones."""
        try:
            values = json.loads(self.arguments)
        except ValueError:
            return {}
        return values if isinstance(values, dict) else {}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model says, ready to be put into the words of a protocol."""

    text: str = ""
    reasoning: str = ""
    uses: tuple[ToolUse, ...] = ()
