"""What happens to a session as time passes: budgets are looked at, and silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.sessions.service import silent_for, used_up
from cockpit.sessions.types import AttentionKind, SessionStatus

if TYPE_CHECKING:
    from cockpit.supervisor.session import SessionLoop

_IN_TURN = (SessionStatus.WORKING, SessionStatus.WAITING)


async def tick(loop: SessionLoop) -> None:
    """End the turn of a session that has used up its budget, or the fleet's; raise, or take back, that it is silent."""
    now = loop.services.clock.now()
    state = loop.state
    if state.status in _IN_TURN and not loop.is_leaving and (reason := _used_up(loop, now)):
        loop.leave_for(SessionStatus.PAUSED, reason)
        await loop.agent.end_turn()
    silent_s = silent_for(state, now)
    limit_s = loop.services.config.sessions.stall_minutes * 60
    if silent_s <= limit_s:
        if loop.items.has(AttentionKind.STALLED):
            loop.services.record.add(loop.id, *loop.items.resolved(AttentionKind.STALLED, "it spoke again"))
    elif not loop.items.has(AttentionKind.STALLED):
        title = f"silent for {silent_s / 60:.0f} minutes: {state.headline}"
        loop.services.record.add(loop.id, loop.items.raised(AttentionKind.STALLED, title, now - silent_s))


def _used_up(loop: SessionLoop, now: float) -> str:
    limit = used_up(loop.state, loop.budget, now)
    return f"budget used up: {limit}" if limit else loop.services.fleet_used_up
