"""The bridge: takes the cockpit's commands, has codex carry them out, and tells what codex tells.

Messages that come while a turn runs are queued here and not in codex: the cockpit's queue is on disk, survives codex,
and is the same for every agent.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack

from agents.assignment import Assignment
from agents.codex.approvals import Approvals
from agents.codex.confinement import description, git_folders
from agents.codex.conversation import Conversation
from agents.codex.entered import Entered
from agents.codex.home import prepare
from agents.codex.process import CodexError, child_env, secrets
from agents.codex.rpc import Gone, Params, RpcError
from agents.codex.settings import CodexSettings
from agents.codex.translation import Translation
from agents.codex.turn import CodexTurn, Opening
from agents.requests import Requests
from agents.stand_in import is_scripted
from agents.trace import Trace
from agents.turns import Agent, Ending, Message, TurnRecord
from agents.wire import Wire
from cockpit.sessions.types import (
    AgentEvent,
    AgentNotice,
    AgentReady,
    Answer,
    MessageDelta,
    ReasoningDelta,
    Review,
    Send,
    Steer,
    ToolOutput,
    TurnReason,
)

_GO_ON = "You were cut off in the middle of your work. Look at what is there, then go on with it."


class CodexAgent(Agent):
    """Works on messages by having codex work on them."""

    def __init__(
        self,
        wire: Wire,
        assignment: Assignment,
        settings: CodexSettings,
        conversation: Conversation,
        entered: Entered,
        translation: Translation,
    ) -> None:
        """Put the parts together."""
        super().__init__(wire, TurnRecord(assignment.memory / "turns.json"))
        self._settings = settings
        self._conversation = conversation
        self._entered = entered
        self._translation = translation
        self._requests = Requests(wire)
        self._approvals = Approvals(self._requests, translation, assignment.workspace, self._explain, self.puzzled)
        self._reviews: dict[str, Review] = {}
        self._running: CodexTurn | None = None
        self._announced = ""
        self._is_scripted = False
        for command in wire.log.commands:
            if isinstance(command, Review) and (
                command.id == self.record.open_command or not self.has_entered(command.id)
            ):
                self.review(command)

    # the cockpit's commands

    def has_entered(self, command: str) -> bool:
        """Return whether codex's conversation has a message."""
        return command in self._entered or super().has_entered(command)

    def steer(self, command: Steer) -> None:
        """Redirect the running turn, or begin one."""
        if self._running is None:
            super().steer(command)
            return
        self._requests.withdraw(questions_only=not command.now)
        self._running.steer(command)

    def answer(self, command: Answer) -> None:
        """Answer an open request."""
        if not self._requests.answer(command):
            super().answer(command)

    def review(self, command: Review) -> None:
        """Have codex review the change, when its turn comes."""
        self._reviews[command.id] = command
        self._enqueue(Send(id=command.id, text=command.instructions))

    async def open(self) -> None:
        """Have codex ready for a turn. Raises `CodexError`."""
        await self._conversation.open(self)
        if self._conversation.thread != self._announced:
            self._is_scripted = await asyncio.to_thread(is_scripted, self._settings.base_url)
            self._announced = self._conversation.thread
            self.wire.emit(
                AgentReady(
                    agent=f"codex {self._conversation.version}".rstrip(),
                    model=self._conversation.model,
                    scripted=self._is_scripted,
                    sandbox=description(self._settings),
                    thread=self._conversation.thread,
                )
            )

    async def work(self, message: Message, *, is_resumed: bool) -> Ending:
        """Carry out one turn. When codex dies in the middle it is begun again, once."""
        has_died = False
        while True:
            self._translation.last_message = self._translation.last_error = ""
            try:
                await self.open()
                await self._conversation.wait_for_tools()
                return await self._carry_through(self._opening(message))
            except (CodexError, RpcError) as error:
                return Ending(TurnReason.FAILED, error=str(error))
            except TimeoutError:
                await self._conversation.abandon()
                return Ending(TurnReason.FAILED, error="codex did not answer; its process was ended")
            except Gone as gone:
                if has_died:
                    return Ending(TurnReason.FAILED, error=f"codex ended twice in one turn; {gone}")
                has_died = True
                self.puzzled(f"codex ended in the middle of its turn and is started again; {gone}")

    def _opening(self, message: Message) -> Opening:
        review = self._reviews.get(message.id)
        if review is not None:
            kind = {"type": "custom", "instructions": review.instructions}
            return Opening("review/start", {"target": kind if review.instructions else {"type": "uncommittedChanges"}})
        if message.id in self._entered:
            return Opening.saying(_GO_ON, None)
        return Opening.saying(message.text, message.id)

    async def _carry_through(self, opening: Opening) -> Ending:
        self._running = CodexTurn(
            self._conversation, self._translation, self.wire.emit, super().steer, self._settings.interrupt_timeout_s
        )
        try:
            return await self._running.run(opening)
        finally:
            self._running = None
            self._conversation.tidy()
            for event in self._translation.close():
                self.wire.emit(event)

    async def _explain(self, text: str) -> None:
        if self._running is not None:
            await self._running.explain(text)

    # what codex says

    def notified(self, method: str, params: Params) -> None:
        """Take a notification."""
        match method:
            case "serverRequest/resolved":
                self._conversation.withdraw(params["requestId"])
            case "mcpServer/startupStatus/updated":
                self._conversation.server_said(params)
            case "turn/started" if self._running is not None and self._is_own(params):
                self._running.started(str(params["turn"]["id"]))
            case "turn/completed" if self._running is not None and self._is_own(params):
                self._running.completed(params["turn"])
            case "item/completed" if params["item"]["type"] == "userMessage" and self._is_own(params):
                self._heard(params["item"].get("clientId"))
        for event in self._translation.take(method, params):
            self._tell(event)

    async def requested(self, method: str, params: Params) -> Params:
        """Answer a request."""
        return await self._approvals.answer(method, params)

    def puzzled(self, problem: str) -> None:
        """Say that something is odd."""
        self.wire.emit(AgentNotice(level="warning", text=problem))

    def _is_own(self, params: Params) -> bool:
        return params.get("threadId") == self._conversation.thread

    def _heard(self, command: object) -> None:
        if isinstance(command, str):
            self._entered.add(command)
            if self._running is not None:
                self._running.entered(command)

    def _tell(self, event: AgentEvent) -> None:
        match event:
            case MessageDelta():
                self.wire.progress("message", event.item, event.text)
            case ReasoningDelta():
                self.wire.progress("reasoning", event.item, event.text)
            case ToolOutput():
                self.wire.progress("output", event.item, event.text)
            case _:
                self.wire.emit(event)


async def serve(wire: Wire, assignment: Assignment) -> None:
    """Run the bridge until it is told to stop. Raises `ValueError` when codex cannot be used."""
    settings = CodexSettings.model_validate(assignment.settings)
    assignment.scratch.mkdir(parents=True, exist_ok=True)
    (assignment.memory / "tmp").mkdir(exist_ok=True)
    env = child_env(assignment, settings)
    problems = await asyncio.to_thread(prepare, assignment.home, settings, os.environ)
    folders = await asyncio.to_thread(git_folders, assignment.workspace)
    async with AsyncExitStack() as stack:
        trace = Trace(assignment.memory / "trace.jsonl", secrets(assignment, settings))
        stack.callback(trace.close)
        entered = Entered(assignment.memory / "conversation.jsonl")
        stack.callback(entered.close)
        translation = Translation(assignment.workspace)

        def notice(text: str) -> None:
            wire.emit(AgentNotice(level="warning", text=text))

        for problem in problems:
            notice(problem)
        conversation = Conversation(assignment, settings, env, folders, trace, translation, notice)
        stack.push_async_callback(conversation.abandon)
        agent = CodexAgent(wire, assignment, settings, conversation, entered, translation)
        await agent.open()
        await agent.serve()
