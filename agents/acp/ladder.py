"""How a redirect reaches an agent in the middle of a turn: by the first means that it has; the person is told which."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from agents.acp.shape import text
from cockpit.sessions.types import Steer, Steered, SteerOutcome

if TYPE_CHECKING:
    from agents.acp.agent import AcpAgent

_ENTERED = {"injected": "the agent's own steering", "startedNewTurn": "the agent's own steering, which began anew"}
_SECOND_PROMPT = "a second prompt, which this agent takes up at its next step"
_QUEUED = "this agent takes nothing in the middle of a turn, so it waits for the turn's end"
_RESTARTED = "the turn was ended and begun again with it"


class Ladder:
    """Brings messages into a running turn."""

    def __init__(self, agent: AcpAgent) -> None:
        """Serve one agent."""
        self._agent = agent

    async def redirect(self, command: Steer) -> None:
        """Bring a person's redirect into the turn; where that cannot be, queue it, or begin again when it is urgent."""
        if how := await self._enter(command.text):
            self._entered(command, SteerOutcome.INJECTED, how)
        elif command.now and self._agent.is_working:
            self._agent.next.append(command.text)
            self._entered(command, SteerOutcome.RESTARTED, _RESTARTED)
            await self._agent.cut()
        else:
            self._agent.queue(command)
            self._agent.wire.emit(Steered(command=command.id, outcome=SteerOutcome.QUEUED, how=_QUEUED))

    def _entered(self, command: Steer, outcome: SteerOutcome, how: str) -> None:
        self._agent.record.enter(command.id)
        self._agent.wire.emit(Steered(command=command.id, outcome=outcome, how=how))

    async def tell(self, words: str) -> None:
        """Bring to the agent why something was denied: now, or as soon as its present prompt has ended.

        Not as a second prompt: an agent may end its turn over a denial, and what is on its way then is lost.
        """
        if not await self._steer(words):
            self._agent.next.append(words)

    async def _enter(self, words: str) -> str:
        """Bring words into the running turn. Returns by which means; empty where there is none."""
        if how := await self._steer(words):
            return how
        conversation = self._agent.conversation
        if conversation is None or not conversation.profile.takes_second_prompt:
            return ""
        self._agent.entering.append(asyncio.create_task(conversation.prompt(words)))
        return _SECOND_PROMPT

    async def _steer(self, words: str) -> str:
        from agents.acp.link import RequestError

        conversation = self._agent.conversation
        if conversation is None or not conversation.steers:
            return ""
        try:
            return _ENTERED.get(text(await conversation.steer(words)), "")
        except (RequestError, ConnectionError, TimeoutError):
            return ""
