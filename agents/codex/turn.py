"""One turn of ours: usually one of codex's, or several where a redirect that could not wait cut one off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agents.codex.conversation import Conversation
from agents.codex.rpc import Gone, Params, RpcError
from agents.codex.translation import Translation, error_text
from agents.turns import Ending
from cockpit.sessions.types import AgentEvent, AgentNotice, Steer, Steered, SteerOutcome, TurnReason

Emit = Callable[[AgentEvent], None]
_REASONS = {"completed": TurnReason.COMPLETED, "interrupted": TurnReason.INTERRUPTED}


@dataclass(frozen=True, slots=True)
class Opening:
    """What a turn of codex is begun with."""

    method: str
    params: Params

    @classmethod
    def saying(cls, text: str, command: str | None) -> Opening:
        """Begin with a message; codex names the command when the message enters the conversation."""
        return cls("turn/start", {"input": spoken(text), "clientUserMessageId": command})


def spoken(text: str) -> list[Params]:
    """Return a text as codex wants it."""
    return [{"type": "text", "text": text, "text_elements": []}]


class CodexTurn:
    """The work between a message and the agent's stop."""

    def __init__(
        self,
        conversation: Conversation,
        translation: Translation,
        emit: Emit,
        take_later: Callable[[Steer], None],
        interrupt_timeout_s: float,
    ) -> None:
        """Nothing is begun; redirects that come too late for this turn go to `take_later`."""
        self._conversation = conversation
        self._translation = translation
        self._emit = emit
        self._take_later = take_later
        self._interrupt_timeout_s = interrupt_timeout_s
        self._redirects: asyncio.Queue[Steer] = asyncio.Queue()
        self._unheard: dict[str, Steer] = {}
        self._again: Steer | None = None
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._id = ""
        self._begun = asyncio.Event()
        self._completed: asyncio.Future[Params] = asyncio.get_running_loop().create_future()

    # what others tell the turn

    def steer(self, command: Steer) -> None:
        """Redirect the turn."""
        self._redirects.put_nowait(command)

    async def explain(self, text: str) -> None:
        """Let the agent hear why something was denied, while it waits for the answer."""
        try:
            await self._say(text, None)
        except (RpcError, Gone, TimeoutError) as error:
            self._emit(AgentNotice(level="warning", text=f"the reason did not reach codex: {error}"))

    def started(self, turn: str) -> None:
        """Hear that codex began its turn."""
        if not self._begun.is_set():
            self._id = turn
            self._begun.set()

    def completed(self, turn: Params) -> None:
        """Hear that codex ended its turn."""
        if not self._completed.done():
            self._completed.set_result(turn)

    def entered(self, command: str) -> None:
        """Hear that a message entered the conversation."""
        if self._unheard.pop(command, None) is not None:
            how = "codex took it into the running turn"
            self._emit(Steered(command=command, outcome=SteerOutcome.INJECTED, how=how))

    # the turn

    async def run(self, opening: Opening) -> Ending:
        """Carry it out. Cancelled, it ends codex's turn first.

        Raises:
            Gone: codex ended in the middle.
            RpcError: codex did not begin.
        """
        hearing = asyncio.create_task(self._hear())
        ending = asyncio.create_task(self._conversation.until_gone())
        try:
            while True:
                turn = await self._once(opening, ending)
                if self._again is None:
                    return self._ending(turn)
                opening = await self._begin_again(self._again)
        except asyncio.CancelledError:
            await self._interrupt()
            raise
        finally:
            hearing.cancel()
            ending.cancel()
            await asyncio.wait({hearing, ending})
            self._hand_on()

    async def _once(self, opening: Opening, ending: asyncio.Task[None]) -> Params:
        begun = await self._conversation.request(
            opening.method, {"threadId": self._conversation.thread, **opening.params}
        )
        self.started(str(begun["turn"]["id"]))
        awaited: set[asyncio.Future[Any]] = {self._completed, ending}
        await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
        if self._completed.done():
            return self._completed.result()
        await ending
        raise Gone("codex ended")

    async def _begin_again(self, command: Steer) -> Opening:
        self._again = None
        await self._clean()
        await self._conversation.sweep()
        self._begin_anew()
        how = "the running turn was interrupted and a new one begun with the message"
        self._emit(Steered(command=command.id, outcome=SteerOutcome.RESTARTED, how=how))
        return Opening.saying(command.text, command.id)

    def _ending(self, turn: Params) -> Ending:
        status, error = turn.get("status"), turn.get("error") or {}
        reason = _REASONS.get(str(status), TurnReason.FAILED)
        said = error_text(error) if error else self._translation.last_error
        if reason is TurnReason.FAILED:
            return Ending(reason, error=said or f"codex ended its turn as {status!r}")
        return Ending(reason, summary=self._translation.last_message, error=error_text(error) if error else "")

    # redirects

    async def _hear(self) -> None:
        while True:
            redirect = await self._redirects.get()
            await self._begun.wait()
            await self._redirect(redirect)

    async def _redirect(self, command: Steer) -> None:
        try:
            if command.now and self._translation.has_open_tools:
                self._again = command
                await self._stop_codex()
            else:
                self._unheard[command.id] = command
                await self._say(command.text, command.id)
        except RpcError:
            # The turn is over, or of a kind that hears nothing: a review, a compaction.
            if self._again is command or self._unheard.pop(command.id, None) is not None:
                self._again = None
                self._take_later(command)
        except TimeoutError:
            self._emit(AgentNotice(level="warning", text="codex does not hear; its process is ended"))
            await self._conversation.abandon()
        except Gone:
            return  # the turn ends by that, and hands on what was not heard

    async def _say(self, text: str, command: str | None) -> None:
        params = {
            "threadId": self._conversation.thread,
            "input": spoken(text),
            "expectedTurnId": self._id,
            "clientUserMessageId": command,
        }
        await self._conversation.request("turn/steer", params)

    def _hand_on(self) -> None:
        """Let no redirect be lost that this turn has not heard."""
        late = [*self._unheard.values(), *([self._again] if self._again else ())]
        while not self._redirects.empty():
            late.append(self._redirects.get_nowait())
        for command in late:
            self._take_later(command)

    # interrupts

    async def _stop_codex(self) -> None:
        params = {"threadId": self._conversation.thread, "turnId": self._id}
        await self._conversation.request("turn/interrupt", params, self._interrupt_timeout_s)

    async def _clean(self) -> None:
        """End the commands that an interrupt leaves running."""
        params = {"threadId": self._conversation.thread}
        await self._conversation.request("thread/backgroundTerminals/clean", params, self._interrupt_timeout_s)

    async def _interrupt(self) -> None:
        try:
            async with asyncio.timeout(self._interrupt_timeout_s):
                await self._begun.wait()
                try:
                    await self._stop_codex()
                except RpcError:
                    if not self._completed.done():
                        raise
                await asyncio.wait({self._completed})
                await self._clean()
            await self._conversation.sweep()
        except (RpcError, Gone, TimeoutError):
            self._emit(AgentNotice(level="warning", text="codex did not stop when told to; its process was ended"))
            await self._conversation.abandon()
