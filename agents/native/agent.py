"""The native agent's process: its parts put together, and the commands it obeys."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import cockpit
from agents.assignment import Assignment
from agents.confinement import Confinement
from agents.mcp_client import McpClient, McpUnreachable
from agents.native.approval import Approvals
from agents.native.caller import ModelCaller
from agents.native.conversation import Conversation, Human
from agents.native.endpoint import Endpoint
from agents.native.instructions import instructions
from agents.native.settings import NativeSettings
from agents.native.tools.base import Tool
from agents.native.tools.cockpit import cockpit_tools
from agents.native.tools.editing import Edit
from agents.native.tools.files import Workspace
from agents.native.tools.reading import Read, Search
from agents.native.tools.running import Run
from agents.native.tools.talking import Ask, Done, Plan
from agents.native.turn import Turn
from agents.requests import Requests
from agents.stand_in import is_scripted
from agents.turns import Agent, Ending, Message, TurnRecord
from agents.wire import Wire
from cockpit.providers.sandbox import Sandbox
from cockpit.sessions.types import AgentNotice, AgentReady, Answer, Steer

JOIN_WITHIN_S = 15.0
"""How long the first turn waits for the list of the cockpit's tools; a supervisor that has just begun takes seconds."""


class NativeAgent(Agent):
    """Works on messages with a model and tools."""

    def __init__(
        self,
        wire: Wire,
        assignment: Assignment,
        settings: NativeSettings,
        conversation: Conversation,
        endpoint: Endpoint,
        confinement: Confinement,
    ) -> None:
        """Put the parts together."""
        super().__init__(wire, TurnRecord(assignment.memory / "turns.json"))
        self._settings = settings
        self._assignment = assignment
        self._conversation = conversation
        self._confinement = confinement
        self._endpoint = endpoint
        self._caller = ModelCaller(endpoint, settings, wire)
        self._requests = Requests(wire)
        self._workspace = Workspace(assignment.workspace)
        self._tools = {tool.name: tool for tool in self._make_tools()}
        self._running: Turn | None = None
        self._cockpit = McpClient(assignment.mcp) if assignment.mcp is not None else None
        self._has_joined = False
        self._joining: asyncio.Task[None] | None = None

    def _make_tools(self) -> list[Tool[Any]]:
        settings, confinement, workspace, wire = self._settings, self._confinement, self._workspace, self.wire
        approvals = Approvals(
            settings.approve,
            is_sandboxed=confinement.is_active,
            has_network=settings.network,
            requests=self._requests,
        )
        run = Run(workspace, confinement, approvals, wire, settings.command_timeout_s, network=settings.network)
        return [
            run,
            Read(workspace),
            Search(workspace, confinement),
            Edit(workspace, wire),
            Plan(wire),
            Ask(self._requests),
            Done(),
        ]

    def join(self) -> None:
        """Begin to look up the cockpit's own tools, while the model's SDK is loaded; a turn waits for both."""
        if self._cockpit is not None and (self._joining is None or self._joining.done()):
            self._joining = asyncio.create_task(self._join(self._cockpit), name="look up the cockpit's tools")

    async def leave(self) -> None:
        """Let go of the cockpit's tools."""
        if self._joining is not None:
            self._joining.cancel()
            await asyncio.wait({self._joining})
        if self._cockpit is not None:
            await self._cockpit.close()

    async def _join(self, cockpit: McpClient) -> None:
        try:
            async with asyncio.timeout(JOIN_WITHIN_S):
                tools = await cockpit_tools(cockpit, can_see=self._settings.images)
        except (McpUnreachable, TimeoutError) as error:
            text = f"the cockpit's own tools are not to be had now: {error or 'no answer in time'}"
            self.wire.emit(AgentNotice(level="warning", text=text))
        else:
            self._tools.update({tool.name: tool for tool in tools})
            self._has_joined = True

    async def _joined(self) -> None:
        if not self._has_joined:
            self.join()
        if self._joining is not None and not self._joining.done():
            await asyncio.gather(asyncio.wait({self._joining}), self._endpoint.warm())

    def has_entered(self, command: str) -> bool:
        """Return whether a message is part of the conversation."""
        return self._conversation.has_command(command)

    def steer(self, command: Steer) -> None:
        """Redirect the running turn, or begin one."""
        if self._running is not None:
            self._running.steer(command)
            self._requests.withdraw(questions_only=not command.now)
        else:
            super().steer(command)

    def answer(self, command: Answer) -> None:
        """Answer an open request."""
        if not self._requests.answer(command):
            super().answer(command)

    async def work(self, message: Message, *, is_resumed: bool) -> Ending:
        """Carry out one turn with the model."""
        self._conversation.mend()
        if not self.has_entered(message.id):
            self._conversation.add(Human(text=message.text, command=message.id))
        elif is_resumed:
            self.wire.emit(AgentNotice(text="the agent goes on with the turn that was cut short"))
        # Without waiting: a redirect that comes now must find the turn.
        text = instructions(self._assignment, self._workspace, self._confinement.description)
        self._running = Turn(
            self._conversation, self._caller, self._tools, self.wire, self._settings, text, self._joined
        )
        try:
            return await self._running.run()
        finally:
            self._running = None


async def serve(wire: Wire, assignment: Assignment) -> None:
    """Run the agent until it is told to stop. Raises `ScriptError` for an unusable script."""
    settings = NativeSettings.model_validate(assignment.settings)
    async with AsyncExitStack() as stack:
        base_url, model = settings.base_url, settings.model
        if settings.script is not None:
            from agents.scripted.script import load
            from agents.scripted.server import ScriptedModel

            script = load(assignment.workspace / settings.script)
            base_url = (await stack.enter_async_context(ScriptedModel(script))).url
            model = model or script.model
        endpoint = Endpoint(settings, base_url, model)
        stack.push_async_callback(endpoint.close)
        conversation = Conversation(assignment.memory / "conversation.jsonl")
        stack.callback(conversation.close)
        confinement = Confinement(assignment, await asyncio.to_thread(Sandbox.detect))
        agent = NativeAgent(wire, assignment, settings, conversation, endpoint, confinement)
        wire.emit(
            AgentReady(
                agent=f"native {cockpit.__version__}",
                model=model,
                scripted=settings.script is not None or await asyncio.to_thread(is_scripted, settings.base_url),
                sandbox=confinement.description,
                thread=assignment.session,
            )
        )
        if confinement.problem:
            wire.emit(AgentNotice(level="warning", text=f"commands are {confinement.problem}"))
        stack.push_async_callback(agent.leave)
        agent.join()
        await agent.serve()
