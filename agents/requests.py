"""What the agent has asked and no human has answered yet."""

from __future__ import annotations

import asyncio
import uuid

from agents.wire import Wire
from cockpit.sessions.types import Answer, AnswerDecision, RequestKind, RequestRaised, RequestResolved

_REDIRECTED = "the human redirected you instead; their message follows"


class Requests:
    """Open requests of the running turn."""

    def __init__(self, wire: Wire) -> None:
        """Raise and resolve over the wire."""
        self._wire = wire
        self._open: dict[str, tuple[RequestRaised, asyncio.Future[Answer]]] = {}

    def new_name(self) -> str:
        """Return a name that no request had before, in this process or an earlier one."""
        return f"ask-{uuid.uuid4().hex[:10]}"

    async def ask(self, request: RequestRaised) -> Answer:
        """Raise a request and wait for its answer; when cancelled it is withdrawn."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._open[request.request] = request, future
        self._wire.emit(request)
        outcome = "withdrawn"
        try:
            answer = await future
            outcome = str(answer.decision) if answer.id else outcome
        finally:
            del self._open[request.request]
            self._wire.emit(RequestResolved(request=request.request, outcome=outcome))
        return answer

    def answer(self, command: Answer) -> bool:
        """Give an answer. Returns whether it was asked for."""
        _, future = self._open.get(command.request, (None, None))
        if future is None or future.done():
            return False
        future.set_result(command)
        return True

    def withdraw(self, *, questions_only: bool) -> None:
        """Take back what is open, because the human redirects the agent instead of answering."""
        for name, (request, future) in self._open.items():
            is_meant = request.kind is RequestKind.QUESTION or not questions_only
            if is_meant and not future.done():
                future.set_result(Answer(id="", request=name, decision=AnswerDecision.DENY, text=_REDIRECTED))
