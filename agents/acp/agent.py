"""The bridge: our commands become prompts to an ACP agent, one turn at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agents.acp.client import Client
from agents.acp.instructions import go_on, opening
from agents.acp.ladder import Ladder
from agents.acp.life import Life
from agents.acp.processes import end_newer, marked
from agents.acp.profiles import profile_of
from agents.acp.settings import AcpSettings
from agents.acp.shape import text
from agents.acp.start import Start, StartError
from agents.acp.translation import Translator
from agents.assignment import Assignment
from agents.instructions import instructions
from agents.stand_in import is_scripted
from agents.turns import Agent, Ending, Message, TurnRecord
from agents.wire import Wire
from cockpit.sessions.types import AgentReady, Answer, Send, Steer, TurnReason

if TYPE_CHECKING:
    from agents.acp.conversation import Conversation

_LAST_WORD_S = 0.5
_SUMMARY_CHARS = 2_000
_ENDINGS = {
    "refusal": Ending(TurnReason.FAILED, error="the model refused to go on"),
    "cancelled": Ending(TurnReason.INTERRUPTED),
    "max_tokens": Ending(TurnReason.FAILED, error="the model reached its limit of tokens; send a message to go on"),
    "max_turn_requests": Ending(
        TurnReason.FAILED, error="the agent reached its limit of model calls for one turn; send a message to go on"
    ),
}


class AcpAgent(Agent):
    """Works on messages with an agent that speaks ACP."""

    def __init__(self, wire: Wire, assignment: Assignment, settings: AcpSettings) -> None:
        """Put the parts together; the agent's process is started by `serve`."""
        super().__init__(wire, TurnRecord(assignment.memory / "turns.json"))
        self._assignment = assignment
        self._settings = settings
        self._instructions = instructions(assignment)
        profile = profile_of(settings.command)
        # Names of messages must differ from those of earlier processes of the same session.
        names = f"{self.record.number}-"
        translator = Translator(assignment.workspace, names, titles_are_commands=profile.titles_are_commands)
        self._client = Client(wire, assignment.workspace, translator, self._tell)
        self._life = Life(assignment, settings, profile, self._client, self._instructions, self._opened)
        self._ladder = Ladder(self)
        self._prompt: asyncio.Task[Mapping[str, Any]] | None = None
        self._tasks: asyncio.TaskGroup | None = None
        self._ready: tuple[str, str] = ("", "")
        self._is_scripted = False
        self.conversation: Conversation | None = None
        """The conversation of the running turn."""
        self.next: list[str] = []
        """What the agent is told as soon as its present prompt has ended, in the same turn."""
        self.entering: list[asyncio.Task[Any]] = []
        """What is on its way into the running turn: further prompts, reasons of denials. The turn outlasts it."""

    # --- commands ------------------------------------------------------------------------------------------------

    async def serve(self) -> None:
        """Start the agent and carry out commands until told to stop."""
        self._is_scripted = await asyncio.to_thread(is_scripted, self._settings.base_url)
        try:
            async with asyncio.TaskGroup() as self._tasks:
                start = self._tasks.create_task(self._start_early())
                await super().serve()
                start.cancel()
        finally:
            await self._life.end()

    async def _start_early(self) -> None:
        """Start the agent before there is something to do; what goes wrong is told by the first turn."""
        try:
            await self._life.conversation()
        except StartError:
            return

    def _opened(self, conversation: Conversation, start: Start) -> None:
        if start.problem and not self._ready[0]:
            self._client.notice(f"the agent is {start.problem}")
        said = (conversation.thread, conversation.model)
        if said == self._ready:
            return
        self._ready = said
        self.wire.emit(
            AgentReady(
                agent=conversation.agent,
                model=conversation.model,
                scripted=self._is_scripted,
                sandbox=start.sandbox,
                thread=conversation.thread,
            )
        )

    def steer(self, command: Steer) -> None:
        """Redirect the running turn by the best means that the agent has, or begin one."""
        if self._prompt is None or self._prompt.done() or self._tasks is None:
            super().steer(command)
            return
        self._client.requests.withdraw(questions_only=not command.now)
        self._tasks.create_task(self._ladder.redirect(command))

    def queue(self, command: Steer) -> None:
        """Let a redirect begin a turn of its own."""
        self._enqueue(command)

    def _tell(self, words: str) -> None:
        if self._tasks is not None:
            self.entering.append(self._tasks.create_task(self._ladder.tell(words)))

    def answer(self, command: Answer) -> None:
        """Answer an open request."""
        if not self._client.requests.answer(command):
            super().answer(command)

    # --- turns ---------------------------------------------------------------------------------------------------

    async def work(self, message: Message, *, is_resumed: bool) -> Ending:
        """Carry out one turn."""
        self.next.clear()
        self.entering.clear()
        self._client.begin_turn()
        try:
            conversation = self.conversation = await self._life.conversation()
            before = await marked(self._life.mark)
            words = go_on(message.text) if is_resumed and not conversation.is_fresh else message.text
            try:
                return await self._talk(self._opening(conversation, message, words))
            except asyncio.CancelledError:
                if self._is_stopping:
                    await self._leave()
                else:
                    await self.cut()
                    await self._clean(before)
                raise
        except StartError as error:
            return Ending(TurnReason.FAILED, error=str(error))
        finally:
            self._client.end_turn()
            self.conversation = None

    def _opening(self, conversation: Conversation, message: Message, words: str) -> str:
        if not conversation.is_fresh:
            return words
        conversation.is_fresh = False
        told = "" if conversation.knows_instructions else self._instructions
        earlier = [
            one.text
            for one in self.wire.log.commands
            if isinstance(one, Send | Steer) and one.id != message.id and self.has_entered(one.id)
        ]
        return opening(told, earlier, words)

    async def _talk(self, words: str) -> Ending:
        """Prompt until nothing is left to be told."""
        while True:
            ending = await self._say(words)
            if not self.next:
                return ending
            words = "\n\n".join(self.next)
            self.next.clear()
            self._client.is_cancelling = False
            self.conversation = await self._life.conversation()

    async def _say(self, words: str) -> Ending:
        from agents.acp.conversation import explained
        from agents.acp.link import RequestError

        conversation = self.conversation
        assert conversation is not None
        self._client.denied.clear()
        self._prompt = asyncio.create_task(conversation.prompt(words))
        # Waited for, not awaited: an interrupt ends the prompt by the protocol's means first.
        await asyncio.wait({self._prompt})
        while self.entering:
            await _settled(self.entering.pop())
        try:
            response = self._prompt.result()
        except RequestError as error:
            if error.code == -32000:
                return Ending(TurnReason.FAILED, error=str(conversation.refusal(error)))
            return Ending(TurnReason.FAILED, error=f"the agent failed: {explained(error)}")
        except ConnectionError:
            return Ending(TurnReason.FAILED, error=await self._life.why_ended())
        client, translator = self._client, self._client.translator
        is_cancelled = response.get("stopReason") == "cancelled"
        if is_cancelled and client.denied and not client.is_cancelling and not self.next:
            # Some end their turn over a denial; a person who said no to one thing did not say no to all.
            self.next.append(f"The human denied this: {client.denied[-1]}\nGo on without it.")
        self._client.end_turn()
        self._client.emit(translator.result(response))
        completed = Ending(TurnReason.COMPLETED, summary=translator.last_message[-_SUMMARY_CHARS:])
        return _ENDINGS.get(text(response.get("stopReason")), completed)

    # --- ends ----------------------------------------------------------------------------------------------------

    async def cut(self) -> None:
        """End the running prompt: by the protocol's means, or with the agent where it does not listen."""
        prompt, conversation = self._prompt, self.conversation
        if prompt is None or conversation is None:
            return
        self._client.is_cancelling = True
        self._client.requests.withdraw(questions_only=False)
        if not prompt.done():
            await conversation.cancel()
            await asyncio.wait({prompt}, timeout=self._settings.interrupt_timeout_s)
        if not prompt.done():
            self._client.notice(
                "the agent did not listen to the interrupt, so it was ended; it starts again when needed"
            )
            await self._life.end(is_forced=True)
        await _settled(prompt)

    async def _leave(self) -> None:
        """Ask the agent to end its turn before it is ended itself, so that it remembers where it was."""
        if self._prompt is not None and self.conversation is not None and not self._prompt.done():
            self._client.is_cancelling = True
            self._client.requests.withdraw(questions_only=False)
            await self.conversation.cancel()
            await asyncio.wait({self._prompt}, timeout=_LAST_WORD_S)

    async def _clean(self, before: frozenset[int]) -> None:
        if self._life.mark:
            await end_newer(self._life.mark, before)


async def _settled(task: asyncio.Task[Any]) -> None:
    """Wait for a task whose failure is told by other means."""
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()


async def serve(wire: Wire, assignment: Assignment) -> None:
    """Run the bridge until it is told to stop."""
    await AcpAgent(wire, assignment, AcpSettings.model_validate(assignment.settings)).serve()
