"""One turn at a time, whatever the agent: messages queue, a turn is begun, interrupted, ended, and remembered."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
from abc import ABC, abstractmethod
from collections import deque
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from agents.wire import Wire
from cockpit.sessions.types import (
    AgentCommand,
    AgentNotice,
    Answer,
    Close,
    Interrupt,
    Review,
    Send,
    Steer,
    Steered,
    SteerOutcome,
    TurnEnded,
    TurnReason,
    TurnStarted,
)

Message = Send | Steer
"""What begins a turn: a message, or a redirect that came when no turn ran."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a turn ended."""

    reason: TurnReason
    summary: str = ""
    error: str = ""


class TurnRecord:
    """Which turn was begun last, by which command, and whether it ended; on disk."""

    def __init__(self, path: Path) -> None:
        """Read the record, if there is one."""
        self._path = path
        self.number = 0
        self.open_command: str | None = None
        self.begun: list[str] = []
        if path.exists():
            kept = json.loads(path.read_text(encoding="utf-8"))
            self.number, self.open_command, self.begun = kept["turn"], kept["open"], kept["begun"]

    def begin(self, command: str) -> int:
        """Open a turn for a command, or go on with the one it had opened; return its number."""
        if self.open_command != command:
            self.number += 1
            self.begun.append(command)
        self.open_command = command
        self._keep()
        return self.number

    def enter(self, command: str) -> None:
        """Remember that a message was taken into the running turn, so that it begins none of its own."""
        self.begun.append(command)
        self._keep()

    def end(self) -> None:
        """Close the turn: it will not be gone on with."""
        self.open_command = None
        self._keep()

    def _keep(self) -> None:
        draft = self._path.with_suffix(".new")
        with draft.open("w", encoding="utf-8") as file:
            json.dump({"turn": self.number, "open": self.open_command, "begun": self.begun}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)


class Agent(ABC):
    """Takes commands off the wire and works on one message at a time."""

    def __init__(self, wire: Wire, record: TurnRecord) -> None:
        """Speak over `wire`; remember turns in `record`."""
        self.wire = wire
        self.record = record
        self._queue: deque[Message] = deque()
        self._arrived = asyncio.Event()
        self._turn: asyncio.Task[Ending] | None = None
        self._is_stopping = False

    @abstractmethod
    async def work(self, message: Message, *, is_resumed: bool) -> Ending:
        """Carry out one turn. Cancelled when interrupted: leave no process behind."""

    def has_entered(self, command: str) -> bool:
        """Return whether a message was taken into a turn before this process began."""
        return command in self.record.begun

    @property
    def is_working(self) -> bool:
        """Whether a turn runs."""
        return self._turn is not None and not self._turn.done()

    async def serve(self) -> None:
        """Carry out commands until told to stop. A turn that is cut by that is gone on with when resumed."""
        for command in self.wire.log.commands:
            if isinstance(command, Send | Steer) and (
                command.id == self.record.open_command or not self.has_entered(command.id)
            ):
                self._enqueue(command)
        async with asyncio.TaskGroup() as group:
            turns = group.create_task(self._take_turns())
            async with aclosing(self.wire.commands()) as commands:
                async for command in commands:
                    self._carry_out(command)
            self._is_stopping = True
            turns.cancel()

    def _carry_out(self, command: AgentCommand) -> None:
        match command:
            case Send():
                self._enqueue(command)
            case Steer():
                self.steer(command)
            case Interrupt():
                self.interrupt()
            case Answer():
                self.answer(command)
            case Review():
                self.review(command)
            case Close():
                pass

    def steer(self, command: Steer) -> None:
        """Take a redirect; without anything better, as a turn of its own."""
        self._enqueue(command)
        self.wire.emit(Steered(command=command.id, outcome=SteerOutcome.QUEUED))

    def answer(self, command: Answer) -> None:
        """Take an answer; without anything better, say that nothing was asked."""
        self.wire.emit(AgentNotice(level="warning", text=f"nothing was asked under the name {command.request!r}"))

    def review(self, command: Review) -> None:
        """Review the change; without anything better, say that there is no such thing."""
        self.wire.emit(AgentNotice(level="warning", text="this agent has no review of its own"))

    def interrupt(self) -> None:
        """End the running turn for good; queued messages stay queued."""
        if self._turn is not None and not self._turn.done():
            self.record.end()
            self._turn.cancel()

    def _enqueue(self, message: Message) -> None:
        self._queue.append(message)
        self._arrived.set()

    async def _take_turns(self) -> None:
        while True:
            while not self._queue:
                self._arrived.clear()
                await self._arrived.wait()
            message = self._queue.popleft()
            is_resumed = self.record.open_command == message.id
            number = self.record.begin(message.id)
            self.wire.emit(TurnStarted(turn=number))
            self._turn = asyncio.create_task(self._work(message, is_resumed))
            try:
                await asyncio.wait({self._turn})
            finally:
                self._turn.cancel()
                await asyncio.wait({self._turn})
                cut = Ending(TurnReason.INTERRUPTED)  # before its first step
                self._end(number, cut if self._turn.cancelled() else self._turn.result())

    def _end(self, number: int, ending: Ending) -> None:
        if not self._is_stopping:
            self.record.end()
        self.wire.emit(
            TurnEnded(
                turn=number,
                reason=ending.reason,
                summary=ending.summary,
                error=ending.error,
                goes_on=self._is_stopping,
            )
        )

    async def _work(self, message: Message, is_resumed: bool) -> Ending:
        try:
            return await self.work(message, is_resumed=is_resumed)
        except asyncio.CancelledError:
            how = "the agent was stopped; resuming goes on with this turn" if self._is_stopping else ""
            return Ending(TurnReason.INTERRUPTED, error=how)
        except Exception as error:
            # The edge of the turn's task: whatever went wrong becomes an event, and the agent takes the next message.
            traceback.print_exc(file=sys.stderr)
            return Ending(TurnReason.FAILED, error=f"the agent failed inside: {type(error).__name__}: {error}")
