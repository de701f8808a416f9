"""The bridge as a real process, with the scripted agent behind it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from agents.base import McpAccess
from cockpit.sessions.types import AgentMessage, AgentReady, Answer, AnswerDecision, RequestRaised, TurnEnded
from tests.agents.bench import Bench

PEER = Path(__file__).with_name("peer.py")


class PeerBench(Bench):
    """One session of the bridge."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "acp")
        self.mcp = McpAccess(url="http://127.0.0.1:9/mcp", token="token-of-the-session")
        self.be()

    def be(self, *, settings: dict[str, object] | None = None, **options: object) -> None:
        """Choose what kind of agent the peer is, and the settings of the bridge."""
        command = [sys.executable, str(PEER), json.dumps(options)]
        self.settings = {"command": command, "confine": False, **(settings or {})}

    async def again(self) -> None:
        """End the bridge and start it anew, going on with the conversation."""
        self.thread = self.seen(AgentReady)[-1].thread
        await self.finish()
        await self.start(resume=True)

    async def asked_for(self, decision: AnswerDecision, text: str = "") -> RequestRaised:
        """Answer the next request."""
        request = await self.until(RequestRaised)
        self.command(Answer(id=self.command_id(), request=request.request, decision=decision, text=text))
        return request

    async def ended_with(self) -> tuple[TurnEnded, str]:
        """Wait for the end of the turn; return it and everything that the agent said so far."""
        end = await self.until(TurnEnded)
        return end, "".join(message.text for message in self.seen(AgentMessage))
