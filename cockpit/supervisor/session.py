"""One session's loop: task -> workspace -> agent turn -> checks -> findings back -> ... -> ready -> landed.

Everything that happens to a session passes through one inbox, so no two things happen to it at once. Long steps
(preparing, checking) run beside the loop and report to it, so a person is always heard.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Coroutine
from typing import Any

from cockpit.checks.service import message_for_agent
from cockpit.journal.types import AttentionRaised, AttentionResolved, Event, FindingsSent, Noted, StatusChanged
from cockpit.protocol.server import CommandRefused
from cockpit.protocol.types import Attention
from cockpit.sessions.service import item_of_request, item_of_status, may_move, silent_for, used_up
from cockpit.sessions.types import (
    FINAL,
    AgentEvent,
    AgentExited,
    AttentionItem,
    AttentionKind,
    Close,
    Interrupt,
    RequestRaised,
    RequestResolved,
    Send,
    SessionStatus,
    TurnEnded,
    TurnReason,
    TurnStarted,
)
from cockpit.state.model import SessionState
from cockpit.supervisor.agent import AgentLink
from cockpit.supervisor.rounds import Round, run_round
from cockpit.supervisor.services import Services
from cockpit.supervisor.signals import (
    Asked,
    Checked,
    HasLanded,
    Heard,
    LeftQueue,
    Prepared,
    Signal,
    Start,
    StepFailed,
    Tick,
    Undone,
)
from cockpit.supervisor.workspace import Workspace
from cockpit.types import SessionId

log = logging.getLogger(__name__)

INTERRUPT_GRACE_S = 8.0
"""How long an agent may take to end its turn before it is ended itself."""
_S = SessionStatus


class SessionLoop:
    """Owns one session for as long as the supervisor lives."""

    def __init__(self, services: Services, session: SessionId, tasks: asyncio.TaskGroup) -> None:
        """Nothing runs yet; `run` is the loop."""
        self.services = services
        self.id = session
        self.agent = AgentLink(services, session)
        self.workspace = Workspace(services, session)
        self._tasks = tasks
        self._inbox: asyncio.Queue[Signal] = asyncio.Queue()
        self._step: asyncio.Task[None] | None = None
        self._following: asyncio.Task[None] | None = None
        self._budget_pause = ""

    @property
    def state(self) -> SessionState:
        """The session as everybody sees it."""
        return self.services.record.state.sessions[self.id]

    def post(self, signal: Signal) -> None:
        """Put something into the inbox."""
        self._inbox.put_nowait(signal)

    async def run(self) -> None:
        """Take the session up where it was left, then carry out what comes in, until cancelled."""
        try:
            await self._take_up()
            while True:
                signal = await self._inbox.get()
                try:
                    await self._on(signal)
                except CommandRefused:
                    raise
                except Exception as error:  # the edge of the session: it fails alone, and says so
                    log.exception("session %s", self.id)
                    await self.fail(f"{type(error).__name__}: {error}")
        finally:
            await self.cancel_step()
            await self.workspace.close()

    # --- taking up after a start ------------------------------------------------------------------------------------

    async def _take_up(self) -> None:
        status = self.state.status
        if self.state.workspace is not None and status not in FINAL:
            await self.workspace.adopt()
        if status is _S.PREPARING:
            self.begin_step(self._prepare())
        elif status in (_S.WORKING, _S.WAITING):
            await self._take_up_agent()
        elif status is _S.CHECKING:
            await self.agent.adopt()
            self.begin_step(self._check())

    async def _take_up_agent(self) -> None:
        if not await self.agent.adopt():
            await self.move(_S.INTERRUPTED, "its agent was not started when the supervisor ended")
            return
        offsets = await self.services.record.journal.spool_offsets()
        self._follow(offsets.get(self.agent.spool_key, 0))
        if self.agent.is_running:
            await self.agent.send_again()

    # --- the inbox --------------------------------------------------------------------------------------------------

    async def _on(self, signal: Signal) -> None:
        match signal:
            case Asked() | Undone():
                await self._asked(signal)
            case Heard() if signal.run == self.state.run:
                for said in signal.said:
                    await self._heard(said)
            case Start() if self.state.status is _S.QUEUED:
                await self.move(_S.PREPARING)
                self.begin_step(self._prepare())
            case Prepared() if self.state.status is _S.PREPARING:
                await self.begin_turn(self.state.task.prompt)
            case Checked() if self.state.status is _S.CHECKING:
                await self._checked(signal.round)
            case StepFailed():
                await self.fail(signal.reason)
            case LeftQueue() if self.state.status is _S.LANDING:
                await self._left_queue(signal)
            case HasLanded() if self.state.status is _S.LANDING:
                await self.move(_S.LANDED)
                await self.workspace.close()
            case Tick():
                await self._tick()
            case _:
                pass  # overtaken by events: the session has moved on since it was posted

    async def _asked(self, signal: Asked | Undone) -> None:
        from cockpit.supervisor.decide import decide, undo

        try:
            result = await (decide(self, signal) if isinstance(signal, Asked) else undo(self, signal))
        except Exception as error:  # handed to whoever asked
            if not signal.answer.done():
                signal.answer.set_exception(error)
            return
        if not signal.answer.done():
            signal.answer.set_result(result)

    # --- what the agent says ----------------------------------------------------------------------------------------

    async def _heard(self, said: AgentEvent) -> None:
        self._resolve_stall()
        status = self.state.status
        match said:
            case TurnStarted() if status is _S.CHECKING:
                await self.cancel_step()
                await self.move(_S.WORKING)
            case RequestRaised() if status in (_S.WORKING, _S.WAITING):
                item = item_of_request(self.state, said, self.services.clock.now())
                await self.move(_S.WAITING, said.title, AttentionRaised(item=item))
            case RequestResolved():
                self.resolve(f"{self.id}:request:{said.request}", how=said.outcome or "withdrawn")
                if status is _S.WAITING and not self.state.requests:
                    await self.move(_S.WORKING)
            case TurnEnded() if status in (_S.WORKING, _S.WAITING):
                await self._turn_ended(said)
            case AgentExited() if status in (_S.WORKING, _S.WAITING):
                await self._exited(said)
            case _:
                pass

    async def _turn_ended(self, said: TurnEnded) -> None:
        self._resolve_requests("the turn ended")
        if self._budget_pause:
            reason, self._budget_pause = self._budget_pause, ""
            await self.pause(f"budget used up: {reason}")
        elif said.reason is TurnReason.FAILED:
            await self.fail(said.error or said.summary or "the agent's turn failed")
        elif said.reason is TurnReason.INTERRUPTED:
            await self.move(_S.INTERRUPTED, "stopped")
            await self.retire_agent()
        else:
            await self.move(_S.CHECKING)
            self.begin_step(self._check())

    async def _exited(self, said: AgentExited) -> None:
        self._resolve_requests("the agent ended")
        how = f"with status {said.exit_code}" if said.exit_code is not None else "without a word"
        last = said.error.rpartition("\n")[2]
        await self.move(_S.INTERRUPTED, f"its agent ended {how}{': ' + last if last else ''}")

    # --- steps beside the loop --------------------------------------------------------------------------------------

    def begin_step(self, step: Coroutine[Any, Any, Signal]) -> None:
        """Run a long step beside the loop; its result, or why it failed, comes through the inbox."""
        self._step = self._tasks.create_task(self._guarded(step), name=f"step of {self.id}")

    async def cancel_step(self) -> None:
        """End the long step under way, if there is one, and wait until it is gone."""
        step, self._step = self._step, None
        if step is not None and not step.done():
            step.cancel()
            await asyncio.wait({step})

    async def _guarded(self, step: Coroutine[Any, Any, Signal]) -> None:
        try:
            self.post(await step)
        except Exception as error:  # the edge of a step: told to the person as the session's failure
            log.warning("session %s: a step failed", self.id, exc_info=True)
            self.post(StepFailed(str(error) or type(error).__name__))

    async def _prepare(self) -> Signal:
        await self.workspace.prepare()
        return Prepared()

    async def _check(self) -> Signal:
        return Checked(await run_round(self.services, self.state, await self.workspace.worktree()))

    async def _checked(self, result: Round) -> None:
        if result.problem:
            await self.pause(result.problem)
        elif not result.findings:
            await self._clean(result)
        elif limit := self._rounds_used_up():
            await self.pause(f"{len(result.findings)} findings are left after {limit}")
        else:
            text = message_for_agent(
                result.new, result.still_open, result.fixed, round=self.state.round, budget_left=self._rounds_left()
            )
            sent = FindingsSent(
                round=self.state.round, new=result.new, still_open=result.still_open, fixed=result.fixed
            )
            self.services.record.add(self.id, sent)
            await self.begin_turn(text)

    async def _clean(self, result: Round) -> None:
        assert result.receipt is not None
        if self.state.approval:
            await self.enter_queue(result.receipt.commit)
        else:
            await self.move(_S.READY, self.state.headline or "the checks are clean")
        await self.retire_agent()

    async def _left_queue(self, signal: LeftQueue) -> None:
        if not signal.findings:
            await self.pause(signal.reason, kind=AttentionKind.CONFLICT)
            return
        note, conflicts = await self.workspace.take_over_target()
        findings = conflicts or signal.findings
        text = message_for_agent(findings, (), (), round=self.state.round, budget_left=self._rounds_left())
        self.services.record.add(self.id, FindingsSent(round=self.state.round, new=findings))
        await self.begin_turn(f"Your change could not land: {signal.reason}. {note}\n\n{text}")

    # --- acts that decisions use, too -------------------------------------------------------------------------------

    async def move(self, status: SessionStatus, reason: str = "", *with_it: Event) -> None:
        """Go to another state; what needs a human because of it, and no longer does, is told in the same breath."""
        old = self.state.status
        if old is not status and not may_move(old, status):
            raise CommandRefused(f"A session that is {old} cannot become {status}.", "Nothing was changed.")
        now = self.services.clock.now()
        item = item_of_status(self.state, status, reason, now)
        events: list[Event] = [StatusChanged(status=status, reason=reason), *with_it]
        events += [
            AttentionResolved(item=open_item.id, how=str(status), waited_s=now - open_item.since)
            for open_item in self.open_items()
            if open_item.kind is not AttentionKind.REQUEST and (item is None or open_item.id != item.id)
        ]
        if item is not None:
            events.append(AttentionRaised(item=item))
        await self.services.record.add(self.id, *events)

    async def pause(self, reason: str, kind: AttentionKind = AttentionKind.PAUSED) -> None:
        """Stop and ask a human whether, and how, to go on."""
        await self.move(_S.PAUSED, reason)
        if kind is not AttentionKind.PAUSED:
            item = AttentionItem(
                id=f"{self.id}:{kind}", session=self.id, kind=kind, title=reason, since=self.services.clock.now()
            )
            self.resolve(f"{self.id}:{AttentionKind.PAUSED}", how="see the conflict")
            await self.services.record.add(self.id, AttentionRaised(item=item))
        await self.retire_agent()

    async def fail(self, reason: str) -> None:
        """Say that the session cannot go on; a human may resume it."""
        await self.cancel_step()
        if may_move(self.state.status, _S.FAILED):
            await self.move(_S.FAILED, reason)
        else:
            self.services.record.add(self.id, Noted(text=reason, level="error"))
        await self.retire_agent()

    async def begin_turn(self, text: str, author: str = "cockpit") -> None:
        """Have the agent begin a turn with this text; it is started first where it does not run."""
        await self.ensure_agent()
        if self.state.status is not _S.WORKING:
            await self.move(_S.WORKING)
        await self.agent.send(Send(id=new_id(), text=text), author)

    async def ensure_agent(self) -> None:
        """Start the agent, going on with its conversation, unless it runs."""
        if self.agent.is_running:
            return
        await self._stop_following()
        info = await self.workspace.ready()
        await self.agent.launch(info, self.workspace.env(info), is_resume=self.state.run > 0)
        self._follow(0)

    async def retire_agent(self) -> None:
        """Let an agent that has nothing to do end; its conversation is kept, and it is started again when needed."""
        if self.agent.is_running:
            await self.agent.send(Close(id=new_id()))

    async def interrupt_agent(self) -> None:
        """Ask the agent to end its turn."""
        if self.agent.is_running:
            await self.agent.send(Interrupt(id=new_id()))

    async def stop_agent_soon(self) -> None:
        """Ask the agent to end its turn; one that does not is ended, with everything it started."""
        await self.interrupt_agent()
        self._tasks.create_task(self._stop_if_deaf(self.state.turn), name=f"stop {self.id}")

    async def _stop_if_deaf(self, turn: int) -> None:
        await asyncio.sleep(INTERRUPT_GRACE_S)
        state = self.state
        if state.turn == turn and state.status in (_S.WORKING, _S.WAITING) and state.turn_started_at is not None:
            await self.agent.stop()

    async def prepare_again(self) -> None:
        """Make the workspace (again) and begin the task."""
        await self.move(_S.PREPARING)
        self.begin_step(self._prepare())

    async def enter_queue(self, commit: str) -> None:
        """Put the change into the merge queue."""
        await self.services.landing.enter(self, commit)

    def open_items(self) -> list[AttentionItem]:
        """Return what waits for a human in this session."""
        return [item for item in self.services.record.state.attention.values() if item.session == self.id]

    def resolve(self, item: str, how: str, attention: Attention | None = None, by: str = "") -> None:
        """Take an item off the attention queue, with what it cost."""
        found = self.services.record.state.attention.get(item)
        if found is None:
            return
        cost = attention or Attention()
        event = AttentionResolved(
            item=item,
            how=how,
            waited_s=self.services.clock.now() - found.since,
            looked_s=cost.looked_s,
            keys=cost.keys,
            by=by,
        )
        self.services.record.add(self.id, event)

    # --- within -----------------------------------------------------------------------------------------------------

    def _follow(self, offset: int) -> None:
        following = self.agent.follow(offset, lambda said, run: self.post(Heard(said, run)))
        self._following = self._tasks.create_task(following, name=f"follow {self.id}")

    async def _stop_following(self) -> None:
        """Wait for the end of an agent that was told to close; one that does not is ended."""
        following, self._following = self._following, None
        if following is None or following.done():
            return
        _, pending = await asyncio.wait({following}, timeout=INTERRUPT_GRACE_S)
        if pending:
            await self.agent.stop()
            await asyncio.wait({following})

    def _resolve_requests(self, how: str) -> None:
        for item in self.open_items():
            if item.kind is AttentionKind.REQUEST:
                self.resolve(item.id, how)

    def _resolve_stall(self) -> None:
        self.resolve(f"{self.id}:{AttentionKind.STALLED}", how="it spoke again")

    def _rounds_left(self) -> int | None:
        limit = self.budget.rounds
        return None if limit is None else max(0, limit - self.state.round)

    def _rounds_used_up(self) -> str:
        limit = self.budget.rounds
        return f"{limit} rounds (budget: {limit})" if limit is not None and self.state.round >= limit else ""

    @property
    def budget(self) -> Any:
        """The session's own budget, else the repository's."""
        return self.state.task.budget or self.services.config.budget

    async def _tick(self) -> None:
        now = self.services.clock.now()
        state = self.state
        if state.status is _S.WORKING and not self._budget_pause and (limit := used_up(state, self.budget, now)):
            self._budget_pause = limit
            await self.interrupt_agent()
        silent_s = silent_for(state, now)
        item_id = f"{self.id}:{AttentionKind.STALLED}"
        minutes = self.services.config.sessions.stall_minutes
        if silent_s > minutes * 60 and item_id not in self.services.record.state.attention:
            title = f"silent for {silent_s / 60:.0f} minutes: {state.headline}"
            item = AttentionItem(
                id=item_id, session=self.id, kind=AttentionKind.STALLED, title=title, since=now - silent_s
            )
            self.services.record.add(self.id, AttentionRaised(item=item))


def new_id() -> str:
    """Return an id for a command or decision."""
    return uuid.uuid4().hex[:16]
