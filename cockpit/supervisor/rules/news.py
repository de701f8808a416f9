"""A rule was accepted: every session at work is looked at, and every agent hears of it, through whichever driver.

An agent in its turn that can be steered is told at once, with what the rule finds in its change. All others hear of it
with their next turn. What was told, and what was not yet, is in the journal.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.checks.types import Finding, Severity
from cockpit.journal.errors import JournalError
from cockpit.journal.types import Event, FindingsSent
from cockpit.journal.types.rules import RuleTold
from cockpit.sessions.types import SessionStatus, Steer
from cockpit.state.model import SessionState
from cockpit.supervisor.agent_life import new_id
from cockpit.supervisor.rules.in_force import InForce, Looked, files_of, scanned
from cockpit.supervisor.services import Services
from cockpit.supervisor.signals import RuleInForce

if TYPE_CHECKING:
    from cockpit.supervisor.session import SessionLoop

log = logging.getLogger(__name__)

_S = SessionStatus
_LOOKED_AT = (_S.WORKING, _S.WAITING, _S.CHECKING, _S.READY, _S.PAUSED, _S.INTERRUPTED)
_TOLD_FINDINGS = 20


class RuleNews:
    """Brings a rule that was accepted to all sessions."""

    def __init__(
        self, services: Services, tasks: asyncio.TaskGroup, loops: Callable[[], Iterable[SessionLoop]]
    ) -> None:
        """Do it in `tasks`, for the sessions that `loops` returns."""
        self._services, self._tasks, self._loops = services, tasks, loops

    def spread(self, rule: str, target: str, *, is_again: bool = False) -> None:
        """Have everybody learn that other rules are in force on a branch; `rule` is one more, empty: one less.

        Args:
            rule: its id.
            target: the branch that it is on.
            is_again: a crash may have cut this off before: only those learn of it who have not heard of the rule.
        """
        self._services.landing.retest("" if self._is_for_all(target) else target)
        if rule:
            self._tasks.create_task(self._spread(rule, target, is_again), name=f"rule {rule} for all sessions")

    async def _spread(self, rule: str, target: str, is_again: bool) -> None:
        try:
            in_force = await self._services.rules.of_branch(target)
            if in_force is None or in_force.rules.get(rule) is None:
                return
            alone = in_force.only(rule)
            async with asyncio.TaskGroup() as group:
                for loop in list(self._loops()):
                    if is_again and rule not in loop.state.rule_news:
                        continue
                    if _is_concerned(loop.state, "" if self._is_for_all(target) else target):
                        group.create_task(self._look(loop, rule, alone))
        except* JournalError:
            raise
        except* Exception:  # the edge: the next check of each session finds what was not found now
            log.warning("cannot look for %s in all sessions", rule, exc_info=True)

    def _is_for_all(self, branch: str) -> bool:
        return branch == self._services.config.rules.branch

    async def _look(self, loop: SessionLoop, rule: str, alone: InForce) -> None:
        """Carry the one rule out on a session's change as it was measured last, and hand it what was found."""
        state = loop.state
        assert state.workspace is not None
        if state.change is None or not state.change.files:
            loop.post(RuleInForce(rule, (), ()))
            return
        changed = tuple(file.path for file in state.change.files)
        files = await files_of(self._services.repository, state.change.tree, alone.rules) or changed
        verdict = await self._services.rules.verdict(alone, Looked(Path(state.workspace.path), files, changed))
        found = tuple(one for one in verdict.findings if one.code == rule)
        loop.post(RuleInForce(rule, found, verdict.hits))


def _is_concerned(state: SessionState, target: str) -> bool:
    """Return whether a session is at work on something that lands on `target` (empty: anywhere)."""
    return state.status in _LOOKED_AT and state.workspace is not None and target in ("", state.workspace.base)


async def heard(loop: SessionLoop, signal: RuleInForce) -> None:
    """Let a session learn of a rule: count what it found, tell the agent, check again what was clean before."""
    state = loop.state
    counted: list[Event] = [*scanned(state, signal.hits, (signal.rule,))]
    stopping = [one for one in signal.findings if one.severity is Severity.ERROR]
    if _can_be_steered(loop):
        told = tuple(state.rule_news)
        if stopping:
            still_open = _others(state, stopping)
            sent = FindingsSent(round=state.round, new=tuple(stopping), still_open=still_open, is_steered=True)
            counted.append(sent)
        text = _words(state, stopping)
        if text:
            await loop.say(Steer(id=new_id(), text=text), "cockpit", *counted, RuleTold(rules=told))
            return
    if counted:
        await loop.services.record.add(loop.id, *counted)
    if stopping and state.status is _S.CHECKING:
        await loop.step.cancel()  # it may have begun under the rules before
        loop.check()
    elif stopping and state.status is _S.READY:
        await loop.move(_S.CHECKING, f"the rule {signal.rule} is new")
        loop.check()


async def catch_up(loop: SessionLoop) -> None:
    """Tell an agent that goes on with its turn what was accepted while it waited for a person."""
    state = loop.state
    if state.rule_news and _can_be_steered(loop):
        told = RuleTold(rules=tuple(state.rule_news))
        await loop.say(Steer(id=new_id(), text=news(state)), "cockpit", told)


def _can_be_steered(loop: SessionLoop) -> bool:
    """Return whether its agent is in a turn that words may enter. One that waits for a person is left in peace."""
    state = loop.state
    return state.status is _S.WORKING and loop.agent.is_running and "steers" in state.abilities and not loop.is_leaving


def news(state: SessionState) -> str:
    """Return what the agent has to be told of rules, each in a line; empty: nothing."""
    if not state.rule_news:
        return ""
    head = "A new rule holds for this repository" if len(state.rule_news) == 1 else "New rules hold for this repository"
    return "\n".join([f"{head}, for your change too:", *(f"- {line}" for line in state.rule_news.values())])


def with_news(state: SessionState, text: str) -> tuple[str, list[Event]]:
    """Return a message to the agent with the rules that it does not know yet, and the event that tells of it."""
    if not (said := news(state)):
        return text, []
    return f"{text}\n\n{said}", [RuleTold(rules=tuple(state.rule_news))]


def _words(state: SessionState, stopping: list[Finding]) -> str:
    said = news(state)
    if not stopping:
        return said
    places = [f"- {one.path}{f':{one.line}' if one.line else ''}: {one.message}" for one in stopping[:_TOLD_FINDINGS]]
    rest = len(stopping) - len(places)
    more = [f"- and {rest} more places"] if rest > 0 else []
    return "\n".join(part for part in (said, "Your change is against it here; put that right:", *places, *more) if part)


def _others(state: SessionState, stopping: list[Finding]) -> tuple[Finding, ...]:
    known = {one.instance for one in stopping}
    return tuple(one for one in state.findings if one.instance not in known)
