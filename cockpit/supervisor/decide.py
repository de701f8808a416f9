"""What a person's decision does to a session.

A decision, what it costs and what follows from it reach the disk together, before anything is acted on. A decision
that is refused leaves no trace: whatever may speak against it is looked at first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, assert_never

from cockpit.changes.config import AutoApproveConfig
from cockpit.changes.service.approval import may_approve
from cockpit.journal.types import DecisionMade, Event
from cockpit.protocol.server import CommandRefused
from cockpit.protocol.types import AnswerRequest, Approve, Attention, Redirect, Reject, Resume, ReviewChange, Stop
from cockpit.providers.text import clean_line
from cockpit.sessions.types import (
    FINAL,
    Answer,
    Decision,
    DecisionKind,
    LineComment,
    Review,
    Send,
    SessionStatus,
    Steer,
)
from cockpit.state.model import SessionState
from cockpit.supervisor.agent_life import new_id
from cockpit.supervisor.approvals import granted, is_answered, keep
from cockpit.supervisor.closing import keep_work, wind_up
from cockpit.supervisor.rules.guard import touched
from cockpit.supervisor.signals import Asked, Undone
from cockpit.supervisor.spending import extended
from cockpit.supervisor.verdicts import words_on_findings

if TYPE_CHECKING:
    from cockpit.supervisor.session import SessionLoop

_S = SessionStatus
_RESUMABLE = (_S.INTERRUPTED, _S.PAUSED, _S.FAILED)
_SPOKEN = (DecisionKind.REDIRECT, DecisionKind.RESUME, DecisionKind.EXTEND)


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
            return {"status": loop.state.status, "problem": await _answer(loop, command, person)}
        case Stop():
            await _stop(loop, person)
        case Resume():
            await _resume(loop, command, person)
        case ReviewChange():
            await _review(loop, command, person)
        case _:
            assert_never(command)
    return {"status": loop.state.status}


async def _approve(loop: SessionLoop, command: Approve, person: str) -> None:
    state = loop.state
    if state.status is not _S.READY or state.receipt is None:
        how = state.status if state.status is not _S.READY else "not clean any more"
        raise CommandRefused(f"“{state.name}” is {how}.", "Nothing was approved.")
    commit = state.receipt.commit
    if command.commit and command.commit != commit:
        raise CommandRefused(
            "The change is no longer the one you looked at.", "Nothing was approved.", "Look at the new diff."
        )
    if state.workspace is None:
        raise CommandRefused("Its workspace was reclaimed.", "Its branch is kept.", "Merge the branch by hand.")
    by = person
    if command.policy:
        by = f"policy ({command.policy}) of {person}"
        await _check_policy(loop, command.policy)
    decided = _decided(loop, DecisionKind.APPROVE, by, command.attention, commit=commit)
    await loop.services.landing.enter(loop, commit, *decided)


async def _check_policy(loop: SessionLoop, policy: Literal["policy", "clean"]) -> None:
    """Let an unattended approval pass, or raise `CommandRefused` with what speaks against it."""
    config = loop.services.config.merge.auto_approve
    state = loop.state
    assert state.change is not None
    if rules := await touched(loop.services.repository, state.change.base, state.change.tree):
        what = f"It touches {clean_line(rules[0])}, which decides what is checked."
        raise CommandRefused(what, "It waits as ready.", "Look at it.")
    if policy == "policy":
        if config is None:
            raise CommandRefused(
                "cockpit.toml allows no unattended approval.", "It waits as ready.", "Add [merge.auto_approve] paths."
            )
        _require_allowed(config, state)
    if state.task.paths:
        _require_allowed(AutoApproveConfig(paths=state.task.paths), state)


def _require_allowed(config: AutoApproveConfig, state: SessionState) -> None:
    assert state.change is not None
    is_allowed, reason = may_approve(config, state.change, state.receipt)
    if not is_allowed:
        raise CommandRefused(f"Not approved by policy: {reason}.", "It waits as ready.", "A person decides.")


async def _reject(loop: SessionLoop, command: Reject, person: str) -> None:
    if loop.state.status in FINAL:
        raise CommandRefused(f"“{loop.state.name}” is {loop.state.status} already.", "Nothing was changed.")
    await _leave_what_runs(loop)
    decided = _decided(loop, DecisionKind.REJECT, person, command.attention, text=command.reason)
    await loop.move(_S.REJECTED, command.reason, *decided)
    await wind_up(loop)
    await keep_work(loop)


async def _redirect(loop: SessionLoop, command: Redirect, person: str) -> None:
    status = loop.state.status
    text = words(command.text, command.comments)
    if not text:
        raise CommandRefused("A redirect needs words.", "Nothing was sent.")
    if status in FINAL:
        raise CommandRefused(f"“{loop.state.name}” is {status}.", "Nothing was sent.", "Begin a new task instead.")
    if status in (_S.WORKING, _S.WAITING) and loop.agent.is_running:
        decided = _redirected(loop, command, person)
        said = Send(id=new_id(), text=text) if command.after_turn else Steer(id=new_id(), text=text)
        await loop.say(said, person, *decided)
    elif status in (_S.QUEUED, _S.PREPARING):
        await loop.services.record.add(loop.id, *_redirected(loop, command, person))  # told with the prompt
    elif _never_began(loop.state):
        await loop.prepare_again(*_redirected(loop, command, person))
    else:
        await _leave_what_runs(loop)
        await loop.agent.ensure()  # what can fail comes first
        await loop.begin_turn(text, person, *_redirected(loop, command, person))


def _redirected(loop: SessionLoop, command: Redirect, person: str) -> list[Event]:
    return _decided(
        loop, DecisionKind.REDIRECT, person, command.attention, text=command.text, comments=command.comments
    )


async def _answer(loop: SessionLoop, command: AnswerRequest, person: str) -> str:
    """Answer the agent, then keep what holds for longer. Returns what went wrong with that, for people."""
    request = loop.state.requests.get(command.request)
    if request is None:
        raise CommandRefused("This request is no longer open.", "Nothing was answered.")
    if is_answered(loop, command.request):
        raise CommandRefused("This request has its answer already.", "Nothing more was answered.")
    grant = await granted(loop, request, command, person)
    text = f"{command.decision}: {command.text or grant.line}".removesuffix(": ")
    kind, id_ = DecisionKind.ANSWER, new_id()  # one id for both: what is said with a denial is found by its decision
    decided = _decided(loop, kind, person, command.attention, text=text, request=command.request, id_=id_)
    answer = Answer(id=id_, request=command.request, decision=grant.decision, text=command.text)
    await loop.agent.send(answer, person, *decided, *grant.events)
    return await keep(loop, grant, command.where, person)


async def _stop(loop: SessionLoop, person: str) -> None:
    status = loop.state.status
    if status not in (_S.QUEUED, _S.PREPARING, _S.WORKING, _S.WAITING, _S.CHECKING):
        raise CommandRefused(f"“{loop.state.name}” is {status}; nothing runs.", "Nothing was stopped.")
    decided = _decided(loop, DecisionKind.STOP, person, Attention())
    reason = f"stopped by {person}"
    if status in (_S.WORKING, _S.WAITING) and loop.agent.is_running:
        await loop.services.record.add(loop.id, *decided)
        loop.leave_for(_S.INTERRUPTED, reason)
        await loop.agent.end_turn()
        return
    await loop.step.cancel()
    await loop.move(_S.INTERRUPTED, reason, *decided)
    await loop.agent.retire()


async def _resume(loop: SessionLoop, command: Resume, person: str) -> None:
    status = loop.state.status
    if status not in _RESUMABLE:
        raise CommandRefused(f"“{loop.state.name}” is {status}; there is nothing to resume.", "Nothing was changed.")
    kind = DecisionKind.EXTEND if status is _S.PAUSED else DecisionKind.RESUME
    if _never_began(loop.state):
        await loop.prepare_again(*_decided(loop, kind, person, command.attention, text=command.text))
        return
    await loop.agent.ensure()
    await _go_on(loop, command.text, person, *_decided(loop, kind, person, command.attention, text=command.text))


async def _review(loop: SessionLoop, command: ReviewChange, person: str) -> None:
    state = loop.state
    if state.status not in (_S.READY, _S.INTERRUPTED):
        raise CommandRefused(
            f"“{state.name}” is {state.status}.", "Nothing was sent.", "It is reviewed when it stands."
        )
    if "reviews" not in state.abilities:
        raise CommandRefused(f"{state.agent_name or 'Its agent'} has no review of its own.", "Nothing was sent.")
    await loop.review(Review(id=new_id(), instructions=command.instructions), person)


async def go_on_again(loop: SessionLoop) -> None:
    """Go on with a session that was paused for the sake of the fleet, which may go on."""
    if _never_began(loop.state):
        await loop.move(_S.QUEUED)
        return
    await loop.agent.ensure()
    await _go_on(loop, "", "cockpit")


async def _go_on(loop: SessionLoop, text: str, person: str, *decided: Event) -> None:
    if loop.agent.goes_on_by_itself and not text:
        await loop.go_on(*decided)
        return
    if not text and loop.items.is_of_fleet and loop.state.findings:  # it was not told them
        text = words_on_findings(loop, loop.state.findings)
    await loop.begin_turn(text or "Go on with the task where you were interrupted.", person, *decided)


async def undo(loop: SessionLoop, undone: Undone) -> dict[str, Any]:
    """Take back an approval that has not landed, or a rejection. Raises `CommandRefused`."""
    decision, state = undone.decision, loop.state
    match decision.kind:
        case DecisionKind.APPROVE:
            if state.status is not _S.LANDING or not await loop.services.landing.withdraw(loop.id, "undone"):
                raise CommandRefused(f"“{state.name}” is {loop.state.status} already.", "Nothing was undone.")
            reason = "approval undone"
        case DecisionKind.REJECT:
            if state.status is not _S.REJECTED:
                raise CommandRefused(f"“{state.name}” is {state.status} already.", "Nothing was undone.")
            if state.workspace is None and state.run:
                raise CommandRefused(
                    "Its workspace was reclaimed.", "Its branch is kept.", "Begin a new task from the branch."
                )
            reason = "rejection undone"
        case _:
            raise CommandRefused(
                f"A {decision.kind} cannot be taken back: the agent has it.", "Nothing was undone.", "Redirect it."
            )
    back = _S.READY if state.receipt is not None else _S.INTERRUPTED
    decided = _decided(loop, DecisionKind.UNDO, undone.person, Attention(), undoes=decision.id)
    await loop.move(back, reason, *decided)
    return {"undone": decision.kind, "session": loop.id}


def words(text: str, comments: Sequence[LineComment]) -> str:
    """Return what the agent is told: the person's words, then each line comment with the line it is about."""
    parts = [text.strip()] if text.strip() else []
    for comment in comments:
        where = f"{comment.path}:{comment.line}" + (" (before the change)" if comment.side == "old" else "")
        parts.append(f"{where}\n> {comment.snippet}\n{comment.text}")
    return "\n\n".join(parts)


def opening_words(loop: SessionLoop) -> str:
    """Return what the first turn begins with: the task, and what people have said about it since."""
    since = [
        words(decision.text, decision.comments)
        for decision in loop.services.record.state.decisions
        if decision.session == loop.id and decision.kind in _SPOKEN
    ]
    return "\n\n".join(part for part in (loop.state.task.prompt, *since) if part)


def _never_began(state: SessionState) -> bool:
    return state.workspace is None or state.run == 0


async def _leave_what_runs(loop: SessionLoop) -> None:
    """End the checks or the wait in the merge queue, so that the session can go elsewhere."""
    await loop.step.cancel()
    if loop.state.status is _S.LANDING and not await loop.services.landing.withdraw(loop.id, "taken back"):
        raise CommandRefused(f"“{loop.state.name}” has landed.", "Nothing was changed.", "Begin a new task instead.")


def _decided(
    loop: SessionLoop,
    kind: DecisionKind,
    person: str,
    attention: Attention,
    *,
    text: str = "",
    commit: str = "",
    comments: tuple[LineComment, ...] = (),
    undoes: str = "",
    request: str = "",
    id_: str = "",
) -> list[Event]:
    """Return the events of a decision: itself, and what it cost its human."""
    decision = Decision(
        id=id_ or new_id(),
        kind=kind,
        session=loop.id,
        by=person,
        at=loop.services.clock.now(),
        commit=commit or loop.state.commit,
        text=text,
        comments=comments,
        undoes=undoes,
    )
    goes_on = loop.items.is_of_fleet and kind in _SPOKEN
    granted = extended(loop.services.record.state, person) if goes_on else []
    return [DecisionMade(decision=decision), *granted, *loop.items.decided(str(kind), attention, person, request)]
