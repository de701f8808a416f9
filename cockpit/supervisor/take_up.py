"""Takes a session up where a supervisor before left it: by what the journal says, and by what is really there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.journal.types import AgentSaid, Noted, QueueLeft
from cockpit.sessions.service import item_of_status
from cockpit.sessions.types import FINAL, AttentionKind, SessionStatus, TurnEnded
from cockpit.supervisor.approvals import consider
from cockpit.supervisor.record import envelope_of
from cockpit.supervisor.signals import HasLanded, LeftQueue

if TYPE_CHECKING:
    from cockpit.supervisor.session import SessionLoop

_S = SessionStatus
_LOOKED_BACK = 50
"""Agent events read to find out how its last turn ended."""


async def take_up(loop: SessionLoop, offset: int) -> None:
    """Go on with a session; `offset` is how far the journal has its agent's spool."""
    status = loop.state.status
    if status in FINAL:
        return
    has_agent = await loop.agent.take_up(offset)
    if loop.state.workspace is not None:
        await _adopt_workspace(loop)
    match status:
        case _S.PREPARING:
            loop.prepare()
        case _S.WORKING | _S.WAITING:
            await _take_up_turn(loop, has_agent)
        case _S.CHECKING:
            loop.check()
        case _S.LANDING:
            await _take_up_landing(loop)
        case _:
            await _take_up_rest(loop)


async def _adopt_workspace(loop: SessionLoop) -> None:
    try:
        await loop.workspace.adopt()
    except Exception as error:  # told now, and again by whatever needs the workspace
        note = Noted(text=f"its workspace cannot be taken up: {error}", level="warning")
        loop.services.record.add(loop.id, note)


async def _take_up_turn(loop: SessionLoop, has_agent: bool) -> None:
    """Go on with a turn. An agent that died meanwhile is told by its spool, as if somebody had been there."""
    if not has_agent:
        await loop.move(_S.INTERRUPTED, "its agent was not at work when the supervisor came back")
        return
    state = loop.state
    for request in state.requests.values():
        if not loop.items.has(AttentionKind.REQUEST, request.request):
            await consider(loop, request)
    if state.status is _S.WAITING and not state.requests:
        await loop.move(_S.WORKING)
    if state.turn_started_at is None and not state.commands and (ended := await _last_turn(loop)) is not None:
        await loop.after_turn(ended)
        return
    await loop.agent.send_again()


async def _last_turn(loop: SessionLoop) -> TurnEnded | None:
    """Return how the last turn ended, if it was heard before the end of the supervisor and not acted on."""
    journal = loop.services.record.journal
    rows = await journal.read_backwards(loop.id, journal.last_seq() + 1, _LOOKED_BACK, kinds=("agent",))
    for row in reversed(rows):
        event = envelope_of(row).event
        if isinstance(event, AgentSaid) and isinstance(event.said, TurnEnded):
            return event.said
    return None


async def _take_up_landing(loop: SessionLoop) -> None:
    """Find out what became of an approved change that is in no queue any more."""
    record = loop.services.record
    await loop.agent.retire()
    if any(entry.session == loop.id for entry in record.state.queue):
        return
    if loop.state.landed_commit:
        loop.post(HasLanded())
        return
    rows = await record.journal.read_backwards(loop.id, record.journal.last_seq() + 1, 1, kinds=("queue_left",))
    left = envelope_of(rows[-1]).event if rows else None
    if isinstance(left, QueueLeft) and loop.state.approval:
        loop.post(LeftQueue(left.reason, left.findings))
    elif loop.state.receipt is not None:
        await loop.move(_S.READY, left.reason if isinstance(left, QueueLeft) else "it was not in the merge queue")
    else:
        await loop.move(_S.INTERRUPTED, "it was not in the merge queue")


async def _take_up_rest(loop: SessionLoop) -> None:
    """Let an agent end that has nothing to do, and ask again what waits for a human."""
    await loop.agent.retire()
    state = loop.state
    if not loop.items.all() and item_of_status(state, state.status, state.reason, 0) is not None:
        await loop.move(state.status, state.reason)
