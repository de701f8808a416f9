"""What follows from a round of checks, and from a change that the merge queue gave back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from cockpit.checks.service import message_for_agent
from cockpit.checks.types import Finding
from cockpit.journal.types import FindingsSent
from cockpit.sessions.types import AttentionKind, SessionStatus
from cockpit.supervisor.rounds import Round
from cockpit.supervisor.signals import LeftQueue

if TYPE_CHECKING:
    from cockpit.supervisor.session import SessionLoop

WARNINGS_TOLD = 10
STANDS = "the approval stands: it lands by itself once this is put right"


async def checked(loop: SessionLoop, result: Round) -> None:
    """Go on after a round: findings back to the agent, or to a person, or ready."""
    if result.problem:
        await loop.pause(result.problem)
    elif not result.findings:
        await _clean(loop, result)
    elif limit := _rounds_used_up(loop):
        await loop.pause(f"{len(result.findings)} findings are left after {limit}")
    elif loop.services.fleet_used_up:
        await loop.pause(loop.services.fleet_used_up)
    else:
        sent = FindingsSent(round=loop.state.round, new=result.new, still_open=result.still_open, fixed=result.fixed)
        text = words_on_findings(loop, result.new, result.still_open, result.fixed) + words_on_warnings(result.warnings)
        await loop.begin_turn(text, "cockpit", sent)


async def left_queue(loop: SessionLoop, signal: LeftQueue) -> None:
    """Let the agent solve why its change could not land, on top of what landed meanwhile."""
    if not signal.findings:
        await loop.pause(signal.reason, AttentionKind.CONFLICT)
        return
    note, conflicts = await loop.workspace.take_over_target()
    findings = conflicts or signal.findings
    text = f"Your change could not land: {signal.reason}. {note}\n\n{words_on_findings(loop, findings)}"
    sent = FindingsSent(round=loop.state.round, new=findings)
    await loop.begin_turn(text, "cockpit", sent, reason=f"{signal.reason}; {STANDS}" if loop.state.approval else "")


async def _clean(loop: SessionLoop, result: Round) -> None:
    assert result.receipt is not None
    if loop.state.approval:
        await loop.services.landing.enter(loop, result.receipt.commit)
    else:
        await loop.move(SessionStatus.READY, loop.state.headline or "the checks are clean")
    await loop.agent.retire()


def words_on_findings(
    loop: SessionLoop, new: Iterable[Finding], still_open: Iterable[Finding] = (), fixed: Iterable[Finding] = ()
) -> str:
    """Return what the agent is told of findings."""
    limit = loop.budget.rounds
    left = None if limit is None else max(0, limit - loop.state.round)
    checks = loop.services.config.checks
    return message_for_agent(tuple(new), tuple(still_open), tuple(fixed), loop.state.round, left, checks)


def words_on_warnings(warnings: Sequence[Finding]) -> str:
    """Return what the agent is told of what stops nothing; empty: nothing."""
    lines = [f"  {one.path}{f':{one.line}' if one.line else ''} {one.code}: {one.message[:300]}" for one in warnings]
    more = [f"  ... and {len(lines) - WARNINGS_TOLD} more"] if len(lines) > WARNINGS_TOLD else []
    return "\n".join(["\n\nWarnings (they stop nothing):", *lines[:WARNINGS_TOLD], *more]) if lines else ""


def _rounds_used_up(loop: SessionLoop) -> str:
    limit = loop.budget.rounds
    return f"{limit} rounds (budget: {limit})" if limit is not None and loop.state.round >= limit else ""
