"""Our end of the protocol: hears what the agent reports, and answers what it asks of a human or of the workspace."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from agents.acp.elicitation import Field, UnfitAnswer, fields
from agents.acp.files import Files, Refused
from agents.acp.permission import is_ours, option_of_kind, request_of
from agents.acp.shape import mapping, text
from agents.acp.translation import Translator
from agents.requests import Requests
from agents.wire import Wire
from cockpit.sessions.types import (
    AgentEvent,
    AgentNotice,
    Answer,
    AnswerDecision,
    MessageDelta,
    ReasoningDelta,
    RequestKind,
    RequestRaised,
    ToolOutput,
)

_CANCELLED = {"outcome": {"outcome": "cancelled"}}
_SHOWN_STRANGE = 3
_ATTEMPTS = 3


class Client:
    """Hears and answers one agent, through all its processes."""

    def __init__(self, wire: Wire, workspace: Path, translator: Translator, tell: Callable[[str], None]) -> None:
        """Report over `wire`; why a human denied something is handed to `tell`, which brings it to the agent."""
        self._wire = wire
        self._workspace = workspace
        self._tell = tell
        self._files = Files(workspace)
        self._strange = 0
        self.requests = Requests(wire)
        self.translator = translator
        self.thread = ""
        """The conversation that is listened to; empty: any."""
        self.is_confined = False
        """Our sandbox holds the whole agent, so that no command of its leaves one."""
        self.is_muted = False
        """What the agent reports is history that is known already."""
        self.is_cancelling = False
        """The turn is being ended: what is still asked has no answer any more."""
        self.denied: list[str] = []
        """What was denied since the agent was last spoken to."""
        self.heard = 0
        """How many reports came."""

    # --- reports -------------------------------------------------------------------------------------------------

    def emit(self, events: Iterable[AgentEvent]) -> None:
        """Write events, progress gathered."""
        for event in events:
            match event:
                case MessageDelta():
                    self._wire.progress("message", event.item, event.text)
                case ReasoningDelta():
                    self._wire.progress("reasoning", event.item, event.text)
                case ToolOutput():
                    self._wire.progress("output", event.item, event.text)
                case _:
                    self._wire.emit(event)

    def notice(self, words: str, *, is_warning: bool = True) -> None:
        """Tell a person something."""
        self._wire.emit(AgentNotice(level="warning" if is_warning else "info", text=words))

    def strange_line(self, shown: str) -> None:
        """Take note of a line that is no message; the first few are shown."""
        self._strange += 1
        if self._strange <= _SHOWN_STRANGE:
            more = "; further ones are only kept in its trace" if self._strange == _SHOWN_STRANGE else ""
            self.notice(f"the agent printed something that is no message: {shown}{more}")

    def begin_turn(self) -> None:
        """Forget what only held for the turn before."""
        self.is_cancelling = False
        self.translator.last_message = ""

    def end_turn(self) -> None:
        """Close what the turn left open on the screen."""
        self.emit(self.translator.end_turn(time.time()))

    def _hear(self, params: Mapping[str, Any]) -> None:
        self.heard += 1
        if self.is_muted or (self.thread and text(params.get("sessionId")) != self.thread):
            return
        self.emit(self.translator.take(mapping(params.get("update")), time.time()))

    # --- requests ------------------------------------------------------------------------------------------------

    async def handle(self, method: str, params: Any, is_notification: bool) -> Any:
        """Take a message of the agent. Raises `RequestError` for what is not offered or refused."""
        from agents.acp.link import RequestError  # the library is large: loaded while the agent starts

        given = mapping(params)
        match method:
            case "session/update":
                self._hear(given)
            case "session/request_permission":
                return await self._permission(given)
            case "elicitation/create":
                return await self._elicitation(given)
            case "fs/read_text_file" | "fs/write_text_file":
                try:
                    return self._file(method, given)
                except Refused as refused:
                    raise RequestError(-32602, str(refused)) from None
            case _ if not is_notification:
                raise RequestError.method_not_found(method)
        return None

    def _file(self, method: str, params: Mapping[str, Any]) -> Any:
        if method == "fs/read_text_file":
            return self._files.read(params)
        self._files.write(params)
        return {}

    async def _permission(self, params: Mapping[str, Any]) -> dict[str, Any]:
        tool = self.translator.tool(mapping(params.get("toolCall")), time.time())
        self.emit(self.translator.announce(tool))
        options = params.get("options")
        if is_ours(tool):
            return self._allow(options)
        name = self.requests.new_name()
        request = request_of(name, params, tool, self._workspace, is_confined=self.is_confined)
        answer = await self.requests.ask(request)
        if answer.decision is not AnswerDecision.DENY:
            return self._allow(options)
        if not answer.id and self.is_cancelling:
            return _CANCELLED
        if answer.id:
            self.denied.append(request.title)
        if answer.id and answer.text.strip():
            self._tell(f"The human denied this: {request.title}\nTheir reason: {answer.text.strip()}")
        reject = option_of_kind(options, "reject_once")
        return _CANCELLED if reject is None else _selected(reject)

    def _allow(self, options: object) -> dict[str, Any]:
        allow = option_of_kind(options, "allow_once")
        if allow is None:
            self.notice("the agent offers no way to allow this once, so it was not allowed")
            return _CANCELLED
        return _selected(allow)

    async def _elicitation(self, params: Mapping[str, Any]) -> dict[str, Any]:
        content: dict[str, Any] = {}
        for field in fields(params):
            answer = await self._ask(field)
            if answer is None:
                return {"action": "cancel" if self.is_cancelling else "decline"}
            content[field.name] = answer
        return {"action": "accept", "content": content} if content else {"action": "decline"}

    async def _ask(self, field: Field) -> Any:
        options = tuple(field.choices) or (("yes", "no") if field.kind == "boolean" else ())
        for _ in range(_ATTEMPTS):
            name = self.requests.new_name()
            request = RequestRaised(request=name, kind=RequestKind.QUESTION, title=field.question, options=options)
            answer: Answer = await self.requests.ask(request)
            if answer.decision is AnswerDecision.DENY:
                return None
            try:
                return field.value(answer.text)
            except UnfitAnswer as unfit:
                self.notice(f"the agent cannot be told that: {unfit}")
        return None


def _selected(option: str) -> dict[str, Any]:
    return {"outcome": {"outcome": "selected", "optionId": option}}
