"""One session's loop: task -> workspace -> agent turn -> checks -> findings back -> ... -> ready -> landed.

Everything that happens to a session passes through one inbox, so no two things happen to it at once. Long steps
(preparing, checking) run beside the loop and report to it, so a person is always heard. Whatever goes wrong here stays
here: only a journal that takes no more ends the supervisor.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from cockpit.journal.errors import JournalError
from cockpit.journal.types import CommandSent, Event, Noted, StatusChanged
from cockpit.protocol.server import CommandRefused
from cockpit.providers.text import clean_line
from cockpit.sessions.service import may_move
from cockpit.sessions.types import (
    ACTIVE,
    AgentEvent,
    AgentExited,
    AttentionKind,
    Budget,
    RequestRaised,
    RequestResolved,
    Review,
    Send,
    SessionStatus,
    Steer,
    Steered,
    SteerOutcome,
    TurnEnded,
    TurnReason,
    TurnStarted,
)
from cockpit.state.model import SessionState
from cockpit.supervisor.agent_life import AgentLife, new_id
from cockpit.supervisor.approvals import consider, reconsider, reviewed
from cockpit.supervisor.closing import wind_up
from cockpit.supervisor.decide import decide, go_on_again, opening_words, undo
from cockpit.supervisor.fork import opening_of
from cockpit.supervisor.items import OpenItems
from cockpit.supervisor.rounds import run_round
from cockpit.supervisor.rules import news as rule_news
from cockpit.supervisor.services import Services
from cockpit.supervisor.signals import (
    Asked,
    Checked,
    HasLanded,
    Heard,
    LeftQueue,
    Lost,
    MayGoOn,
    Overdue,
    PolicyChanged,
    Prepared,
    Reviewed,
    RuleInForce,
    Signal,
    Start,
    StepFailed,
    TakenDown,
    Tick,
    Undone,
)
from cockpit.supervisor.spending import budget_of
from cockpit.supervisor.step import Step, reason_of
from cockpit.supervisor.take_up import take_up
from cockpit.supervisor.tick import tick
from cockpit.supervisor.verdicts import checked, left_queue
from cockpit.supervisor.workspace import Workspace
from cockpit.types import SessionId

log = logging.getLogger(__name__)

OWED_TURN_S = 5.0
"""How soon after a turn the agent begins the one that a waiting message gets; it takes milliseconds."""
_S = SessionStatus
_IN_TURN = (_S.WORKING, _S.WAITING)


class SessionLoop:
    """Owns one session for as long as the supervisor lives."""

    def __init__(self, services: Services, session: SessionId, tasks: asyncio.TaskGroup, offset: int = 0) -> None:
        """Nothing runs yet; `run` is the loop. `offset`: how far the journal has the agent's current spool."""
        self.services = services
        self.id = session
        self.workspace = Workspace(services, session)
        self.agent = AgentLife(services, session, self.workspace, tasks, self.post)
        self.items = OpenItems(services, session)
        self.step = Step(f"session {session}", tasks, self.post)
        self._offset = offset
        self._inbox: asyncio.Queue[Signal] = asyncio.Queue()
        self._leaving: tuple[SessionStatus, str] | None = None
        self._owed: list[str] = []
        self._overdue: asyncio.TimerHandle | None = None

    @property
    def state(self) -> SessionState:
        """The session as everybody sees it."""
        return self.services.record.state.sessions[self.id]

    @property
    def budget(self) -> Budget:
        """The session's own budget, else its agent's, else the repository's."""
        return budget_of(self.services, self.state)

    @property
    def is_leaving(self) -> bool:
        """Whether it goes elsewhere as soon as the turn is over."""
        return self._leaving is not None

    def post(self, signal: Signal) -> None:
        """Put something into the inbox."""
        self._inbox.put_nowait(signal)

    async def run(self) -> None:
        """Take the session up where it was left, then carry out what comes in, until cancelled."""
        try:
            await self._attempt(take_up(self, self._offset))
            while True:
                await self._attempt(self._on(await self._inbox.get()))
        finally:
            self._forget_overdue()
            await self.step.cancel()
            await self.workspace.close()

    async def _attempt(self, work: Coroutine[Any, Any, None]) -> None:
        """Carry something out; the session fails alone, and says so."""
        try:
            await work
        except JournalError:
            raise
        except Exception as error:  # the edge of the session
            log.exception("session %s", self.id)
            await self.fail(reason_of(error))

    # --- the inbox --------------------------------------------------------------------------------------------------

    async def _on(self, signal: Signal) -> None:
        status = self.state.status
        match signal:
            case Asked() | Undone():
                await self._asked(signal)
            case Heard() if signal.run == self.state.run:
                for said in signal.said:
                    await self._heard(said)
            case Start() if status is _S.QUEUED:
                await (self.pause(reason) if (reason := self.services.fleet_used_up) else self.prepare_again())
            case Prepared() if status is _S.PREPARING and (reason := self.services.fleet_used_up):
                await self.pause(reason)
            case MayGoOn() if status is _S.PAUSED and self.items.is_of_fleet and not self.services.fleet_used_up:
                await go_on_again(self)
            case Prepared() if status is _S.PREPARING:
                await self._open()
            case Checked() if status is _S.CHECKING:
                await checked(self, signal.round)
            case LeftQueue() if status is _S.LANDING:
                await left_queue(self, signal)
            case HasLanded() if status is _S.LANDING:
                await self.move(_S.LANDED)
                await wind_up(self)
            case _:
                await self._on_trouble(signal)

    async def _on_trouble(self, signal: Signal) -> None:
        match signal:
            case Tick():
                await tick(self)
            case StepFailed():
                await self.fail(signal.reason)
            case PolicyChanged() if self.state.status is _S.WAITING:
                await reconsider(self)
            case Reviewed() if signal.run == self.state.run and self.state.status in _IN_TURN:
                await reviewed(self, signal)
            case Lost() if signal.run == self.state.run and self.state.status in _IN_TURN:
                await self.move(_S.INTERRUPTED, signal.reason)
            case Overdue() if self.state.status in _IN_TURN:
                self._owed.clear()
                await self._turn_ended(signal.said)
            case RuleInForce():
                await rule_news.heard(self, signal)
            case TakenDown():
                await self._taken_down(signal)
            case _:
                pass  # overtaken by events: the session has moved on since it was posted

    async def _asked(self, signal: Asked | Undone) -> None:
        """Carry out a decision; what speaks against it is handed to whoever asked."""
        try:
            result = await (decide(self, signal) if isinstance(signal, Asked) else undo(self, signal))
        except Exception as error:
            if not signal.answer.done():
                signal.answer.set_exception(error)
                signal.answer.exception()  # counts as seen: whoever asked may be gone
            if not isinstance(error, CommandRefused):
                raise
            return
        if not signal.answer.done():
            signal.answer.set_result(result)

    async def _taken_down(self, signal: TakenDown) -> None:
        try:
            await self.step.cancel()
            if not self.state.has_exited:
                await self.agent.stop()
            if self.state.status in ACTIVE:
                await self.move(_S.INTERRUPTED, "the cockpit was taken down")
            await self.workspace.close()
        finally:
            signal.done.set()

    # --- what the agent says ----------------------------------------------------------------------------------------

    async def _heard(self, said: AgentEvent) -> None:
        status = self.state.status
        match said:
            case TurnStarted():
                self._forget_overdue()
                del self._owed[:1]
                if status in (_S.CHECKING, _S.READY):
                    await self.step.cancel()
                    await self.move(_S.WORKING)
            case Steered() if said.outcome is not SteerOutcome.QUEUED and said.command in self._owed:
                self._owed.remove(said.command)
            case RequestRaised() if status in _IN_TURN and not self.items.has(AttentionKind.REQUEST, said.request):
                await consider(self, said)
            case RequestResolved():
                how = said.outcome or "withdrawn"
                self.services.record.add(self.id, *self.items.resolved(AttentionKind.REQUEST, how, said.request))
                if status is _S.WAITING and not self.state.requests:
                    await self.move(_S.WORKING)
                    await rule_news.catch_up(self)
            case TurnEnded() if status in _IN_TURN:
                await self._turn_ended(said)
            case AgentExited():
                await self._exited(said)
            case _:
                pass

    async def _turn_ended(self, said: TurnEnded) -> None:
        if self._owed:  # a message waits for its own turn, which begins at once
            self._forget_overdue()
            self._overdue = asyncio.get_running_loop().call_later(OWED_TURN_S, self.post, Overdue(said))
            return
        await self.after_turn(said)

    async def after_turn(self, said: TurnEnded) -> None:
        """Go on after a turn: where a person or a budget wants it, else with the checks."""
        leaving, self._leaving = self._leaving, None
        if leaving is not None:
            await self.move(*leaving)
        elif said.reason is TurnReason.FAILED:
            await self.fail(said.error or said.summary or "the agent's turn failed")
        elif said.reason is TurnReason.INTERRUPTED:
            await self.move(_S.INTERRUPTED, said.error or "stopped")
        else:
            await self.move(_S.CHECKING)
            self.check()
            return
        await self.agent.retire()

    async def _exited(self, said: AgentExited) -> None:
        self._owed.clear()
        self._forget_overdue()
        leaving, self._leaving = self._leaving, None
        if self.state.status not in _IN_TURN:
            return
        how = f"with status {said.exit_code}" if said.exit_code is not None else "without a word"
        last = clean_line(said.error.rpartition("\n")[2])[:300]
        await self.move(*(leaving or (_S.INTERRUPTED, f"its agent ended {how}{': ' + last if last else ''}")))

    def _forget_overdue(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None

    # --- rounds of checks -------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Begin a round of checks; the session is in the state for it already."""
        self.step.begin(self._check)

    async def _check(self) -> Signal:
        return Checked(await run_round(self.services, self.state, await self.workspace.worktree()))

    async def _prepare(self) -> Signal:
        await self.workspace.prepare()
        return Prepared()

    # --- acts that decisions use, too -------------------------------------------------------------------------------

    async def move(
        self, status: SessionStatus, reason: str = "", *with_it: Event, kind: AttentionKind | None = None
    ) -> None:
        """Go to another state; what needs a human because of it, and no longer does, is told in the same breath.

        All of it reaches the disk together, before this returns. Raises `CommandRefused` when there is no such way.
        """
        old = self.state.status
        if old is not status and not may_move(old, status):
            raise CommandRefused(f"A session that is {old} cannot become {status}.", "Nothing was changed.")
        events: list[Event] = [StatusChanged(status=status, reason=reason)] if (old, reason) != (status, "") else []
        events += with_it
        events += self.items.moved(status, reason, kind, with_it)
        await self.services.record.add(self.id, *events)

    async def pause(self, reason: str, kind: AttentionKind = AttentionKind.PAUSED) -> None:
        """Stop and ask a human whether, and how, to go on."""
        await self.move(_S.PAUSED, reason, kind=kind)
        await self.agent.retire()

    async def fail(self, reason: str) -> None:
        """Say that the session cannot go on; a human may resume it."""
        await self.step.cancel()
        if may_move(self.state.status, _S.FAILED):
            await self.move(_S.FAILED, reason)
        else:
            self.services.record.add(self.id, Noted(text=reason, level="error"))
        await self.agent.retire()

    async def begin_turn(self, text: str, author: str = "cockpit", *with_it: Event, reason: str = "") -> None:
        """Have the agent begin a turn with this text; it is started first where it does not run.

        What led to it (`with_it`), the new state with its `reason` and the command reach the disk together. Raises what
        `AgentLife.ensure` raises, with nothing changed.
        """
        await self.agent.ensure()
        text, told = rule_news.with_news(self.state, text)
        kind = Steer if self.agent.goes_on_by_itself else Send
        await self._begin(kind(id=new_id(), text=text), author, *with_it, *told, reason=reason)

    async def _open(self) -> None:
        has_thread = self.agent.has_forked_thread  # asked before the agent runs and has one of its own
        words = await opening_of(self.services, self.state, opening_words(self), has_thread=has_thread)
        await self.begin_turn(words)

    async def review(self, command: Review, author: str, *with_it: Event) -> None:
        """Have the agent review its change, as a turn of its own; it is started first where it does not run."""
        await self.agent.ensure()
        await self._begin(command, author, *with_it)

    async def _begin(self, command: Send | Steer | Review, author: str, *with_it: Event, reason: str = "") -> None:
        self._leaving = None
        await self.move(_S.WORKING, reason, *with_it, CommandSent(command=command, author=author))
        self._owe(command, await self.agent.deliver(command))

    async def go_on(self, *with_it: Event) -> None:
        """Let the agent go on with the turn that its end cut off; it does so by itself when it is started."""
        await self.agent.ensure()
        self._leaving = None
        await self.move(_S.WORKING, "", *with_it)
        await rule_news.catch_up(self)

    async def say(self, command: Send | Steer, author: str, *with_it: Event) -> None:
        """Say something to an agent at work."""
        self._leaving = None  # whoever speaks to it wants it to go on
        self._owe(command, await self.agent.send(command, author, *with_it))

    def leave_for(self, status: SessionStatus, reason: str) -> None:
        """Go there when the turn is over, however that comes."""
        self._leaving = (status, reason)

    async def prepare_again(self, *with_it: Event) -> None:
        """Make the workspace (again) and begin the task."""
        await self.move(_S.PREPARING, "", *with_it)
        self.prepare()

    def prepare(self) -> None:
        """Begin to make the workspace; the session is in the state for it already."""
        self.step.begin(self._prepare)

    def _owe(self, command: Send | Steer | Review, may_have_it: bool) -> None:
        if may_have_it:
            self._owed.append(command.id)
