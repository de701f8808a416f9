"""What a person's decision does to a session. Each is on disk before it is acted on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, assert_never

from cockpit.journal.types import DecisionMade, Event, PolicyAdded
from cockpit.protocol.server import CommandRefused
from cockpit.protocol.types import AnswerRequest, Approve, Attention, Redirect, Reject, Resume, Stop
from cockpit.sessions.types import (
    FINAL,
    Answer,
    AnswerDecision,
    Decision,
    DecisionKind,
    LineComment,
    RequestKind,
    Send,
    SessionStatus,
    Steer,
)
from cockpit.supervisor.signals import Asked, Undone

if TYPE_CHECKING:
    from cockpit.supervisor.session import SessionLoop

_S = SessionStatus
_RESUMABLE = (_S.INTERRUPTED, _S.PAUSED, _S.FAILED)


async def decide(loop: SessionLoop, asked: Asked) -> dict[str, Any]:
    """Carry out a decision. Raises `CommandRefused` when the session is not in a state for it."""
    command, person = asked.command, asked.person
    match command:
        case Approve():
            await _approve(loop, command, person)
        case Reject():
            await _reject(loop, command, person)
        case Redirect():
            await _redirect(loop, command, person)
        case AnswerRequest():
            await _answer(loop, command, person)
        case Stop():
            await _stop(loop, person)
        case Resume():
            await _resume(loop, command, person)
        case _:
            assert_never(command)
    return {"status": loop.state.status}


async def _approve(loop: SessionLoop, command: Approve, person: str) -> None:
    state = loop.state
    if state.status is not _S.READY or state.receipt is None:
        raise CommandRefused(f"“{state.name}” is {state.status}, not ready.", "Nothing was approved.")
    commit = state.receipt.commit
    if command.commit and command.commit != commit:
        raise CommandRefused(
            "The change is no longer the one you looked at.", "Nothing was approved.", "Look at the new diff."
        )
    by = person
    if command.policy:
        by = f"policy ({command.policy}) of {person}"
        _check_policy(loop, command.policy)
    await _record(loop, DecisionKind.APPROVE, by, command.attention, commit=commit)
    await loop.enter_queue(commit)


def _check_policy(loop: SessionLoop, policy: Literal["policy", "clean"]) -> None:
    """Let an unattended approval pass, or raise `CommandRefused` with what speaks against it."""
    config = loop.services.config.merge.auto_approve
    if policy == "clean":
        return
    from cockpit.changes.service.approval import may_approve

    if config is None:
        raise CommandRefused(
            "cockpit.toml allows no unattended approval.", "It waits as ready.", "Add [merge.auto_approve] paths."
        )
    state = loop.state
    assert state.change is not None
    is_allowed, reason = may_approve(config, state.change, state.receipt)
    if not is_allowed:
        raise CommandRefused(f"Not approved by policy: {reason}", "It waits as ready.", "A person decides.")


async def _reject(loop: SessionLoop, command: Reject, person: str) -> None:
    if loop.state.status in FINAL:
        raise CommandRefused(f"“{loop.state.name}” is {loop.state.status} already.", "Nothing was changed.")
    await _record(loop, DecisionKind.REJECT, person, command.attention, text=command.reason)
    await _leave_what_runs(loop)
    await loop.move(_S.REJECTED, command.reason)
    await loop.agent.stop()
    await loop.workspace.close()


async def _redirect(loop: SessionLoop, command: Redirect, person: str) -> None:
    status = loop.state.status
    text = words(command.text, command.comments)
    if not text:
        raise CommandRefused("A redirect needs words.", "Nothing was sent.")
    if status in FINAL:
        raise CommandRefused(f"“{loop.state.name}” is {status}.", "Nothing was sent.", "Begin a new task instead.")
    if status in (_S.QUEUED, _S.PREPARING):
        raise CommandRefused("The agent has not begun yet.", "Nothing was sent.", "Say it when it works.")
    decision = await _record(
        loop, DecisionKind.REDIRECT, person, command.attention, text=command.text, comments=command.comments
    )
    if status in (_S.WORKING, _S.WAITING) and loop.agent.is_running:
        if command.after_turn:
            await loop.agent.send(Send(id=decision.id, text=text), person)
        else:
            await loop.agent.send(Steer(id=decision.id, text=text), person)
        return
    await _leave_what_runs(loop)
    await loop.begin_turn(text, person)


async def _answer(loop: SessionLoop, command: AnswerRequest, person: str) -> None:
    request = loop.state.requests.get(command.request)
    if request is None:
        raise CommandRefused("This request is no longer open.", "Nothing was answered.")
    text = f"{command.decision}: {command.text}" if command.text else str(command.decision)
    policy: list[Event] = []
    if command.decision is AnswerDecision.ALWAYS and request.kind is RequestKind.COMMAND and request.argv:
        policy.append(PolicyAdded(argv=request.argv, by=person))
    decision = await _record(loop, DecisionKind.ANSWER, person, Attention(), text=text, with_it=policy)
    loop.resolve(f"{loop.id}:request:{command.request}", str(command.decision), command.attention, person)
    answer = Answer(id=decision.id, request=command.request, decision=command.decision, text=command.text)
    await loop.agent.send(answer, person)


async def _stop(loop: SessionLoop, person: str) -> None:
    status = loop.state.status
    if status not in (_S.QUEUED, _S.PREPARING, _S.WORKING, _S.WAITING, _S.CHECKING):
        raise CommandRefused(f"“{loop.state.name}” is {status}; nothing runs.", "Nothing was stopped.")
    await _record(loop, DecisionKind.STOP, person, Attention())
    if status in (_S.WORKING, _S.WAITING) and loop.agent.is_running:
        await loop.stop_agent_soon()
        return
    await loop.cancel_step()
    await loop.move(_S.INTERRUPTED, f"stopped by {person}")


async def _resume(loop: SessionLoop, command: Resume, person: str) -> None:
    status = loop.state.status
    if status not in _RESUMABLE:
        raise CommandRefused(f"“{loop.state.name}” is {status}; there is nothing to resume.", "Nothing was changed.")
    kind = DecisionKind.EXTEND if status is _S.PAUSED else DecisionKind.RESUME
    await _record(loop, kind, person, command.attention, text=command.text)
    if loop.state.workspace is None or loop.state.run == 0:
        await loop.prepare_again()
        return
    await loop.begin_turn(command.text or "Go on with the task where you were interrupted.", person)


async def undo(loop: SessionLoop, undone: Undone) -> dict[str, Any]:
    """Take back an approval that has not landed, or a rejection. Raises `CommandRefused`."""
    decision = undone.decision
    match decision.kind:
        case DecisionKind.APPROVE:
            if loop.state.status is not _S.LANDING or not await loop.services.landing.withdraw(loop.id, "undone"):
                raise CommandRefused(f"“{loop.state.name}” is {loop.state.status} already.", "Nothing was undone.")
            back, reason = _S.READY, "approval undone"
        case DecisionKind.REJECT:
            clean = loop.state.receipt is not None
            back, reason = (_S.READY if clean else _S.INTERRUPTED), "rejection undone"
        case _:
            raise CommandRefused(
                f"A {decision.kind} cannot be taken back: the agent has it.", "Nothing was undone.", "Redirect it."
            )
    await _record(loop, DecisionKind.UNDO, undone.person, Attention(), undoes=decision.id)
    await loop.move(back, reason)
    return {"undone": decision.kind, "session": loop.id}


def words(text: str, comments: Sequence[LineComment]) -> str:
    """Return what the agent is told: the person's words, then each line comment with the line it is about."""
    parts = [text.strip()] if text.strip() else []
    for comment in comments:
        where = f"{comment.path}:{comment.line}" + (" (before the change)" if comment.side == "old" else "")
        parts.append(f"{where}\n> {comment.snippet}\n{comment.text}")
    return "\n\n".join(parts)


async def _leave_what_runs(loop: SessionLoop) -> None:
    """End the checks or the wait in the merge queue, so that the session can go elsewhere."""
    await loop.cancel_step()
    if loop.state.status is _S.LANDING and not await loop.services.landing.withdraw(loop.id, "taken back"):
        raise CommandRefused(f"“{loop.state.name}” has landed.", "Nothing was changed.", "Begin a new task instead.")


async def _record(
    loop: SessionLoop,
    kind: DecisionKind,
    person: str,
    attention: Attention,
    *,
    text: str = "",
    commit: str = "",
    comments: tuple[LineComment, ...] = (),
    undoes: str = "",
    with_it: Sequence[Event] = (),
) -> Decision:
    """Put the decision on disk, with what it cost its human."""
    from cockpit.supervisor.session import new_id

    decision = Decision(
        id=new_id(),
        kind=kind,
        session=loop.id,
        by=person,
        at=loop.services.clock.now(),
        commit=commit or loop.state.commit,
        text=text,
        comments=comments,
        undoes=undoes,
    )
    if kind is not DecisionKind.ANSWER:
        for item in loop.open_items():
            if not item.request:
                loop.resolve(item.id, str(kind), attention, person)
    await loop.services.record.add(loop.id, DecisionMade(decision=decision), *with_it)
    return decision
