"""What the tools for agents do here: each acts for the session whose token it was called with, and for no other.

The door is open from the start, so that every agent can be told where it is. The server behind it is large: it is
loaded when the first agent is started, or knocks.
"""

from __future__ import annotations

import asyncio
import logging
import shlex
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from agents.base import McpAccess
from cockpit import __version__
from cockpit.checks.config import CheckConfig
from cockpit.checks.service import due
from cockpit.checks.types import CheckResult, When
from cockpit.journal.types import DoneReported, HeadlineNoted, Noted
from cockpit.providers.git import GitError
from cockpit.providers.text import clean_line
from cockpit.senses import repo
from cockpit.senses.errors import SenseRefused
from cockpit.senses.runtime.door import HOST, knock, open_door
from cockpit.senses.service.pace import Pace
from cockpit.senses.service.tokens import session_of, token_of
from cockpit.senses.service.words import SHOWN_FINDINGS, checks_said, findings_said
from cockpit.senses.types import (
    CheckListed,
    ChecksSaid,
    DoneReport,
    Host,
    RuleExplained,
    RulesSaid,
    TaskSaid,
    Tell,
    Words,
)
from cockpit.sessions.types import FINAL, Budget, DecisionKind
from cockpit.state.model import SessionState
from cockpit.supervisor.conflicts import leftover_markers
from cockpit.supervisor.decide import words
from cockpit.supervisor.questions import Questions
from cockpit.supervisor.rounds import measure, target_of
from cockpit.supervisor.rules.in_force import CHECK as RULES
from cockpit.supervisor.rules.in_force import InForce
from cockpit.supervisor.services import Services
from cockpit.supervisor.set_up import WorkspaceError
from cockpit.supervisor.signals import Signal
from cockpit.types import SessionId, TreeId

if TYPE_CHECKING:
    from cockpit.supervisor.session import SessionLoop

log = logging.getLogger(__name__)

NOTE_CHARS = 160
_NOTES_AT_ONCE, _NOTES_PER_S = 5, 0.2
_SPOKEN = (DecisionKind.REDIRECT, DecisionKind.RESUME, DecisionKind.EXTEND)


class Senses:
    """Serves the tools, and stands behind them (see `cockpit.senses.types.Host`)."""

    def __init__(
        self,
        services: Services,
        loop_of: Callable[[SessionId], SessionLoop | None],
        post: Callable[[SessionId, Signal], None],
        door: socket.socket,
        secret: str,
    ) -> None:
        """Nothing is served yet; whoever knocks waits."""
        self._services, self._loop_of = services, loop_of
        self._door, self._secret = door, secret
        self._url = f"http://{HOST}:{door.getsockname()[1]}/mcp"
        self._is_wanted = asyncio.Event()
        self._notes = Pace(_NOTES_AT_ONCE, _NOTES_PER_S)
        self.questions = Questions(services.record, post, lambda: services.config.senses.ask_minutes)

    def access(self, session: SessionId) -> McpAccess:
        """Return what an agent that is about to be started needs to use the tools."""
        self._is_wanted.set()
        return McpAccess(self._url, token_of(session, self._secret))

    async def serve(self) -> None:
        """Serve until cancelled. A server that fails is told of; everything else goes on without it."""
        record = self._services.record
        try:
            self.questions.take_up()
            await knock(self._door, self._is_wanted)
            serve = await asyncio.to_thread(_load)
            stop = record.listen(self.questions.happened)
            try:
                await serve(self._door, self, __version__)
            finally:
                stop()
        except Exception as error:  # the edge of the server
            log.exception("the tools for agents")
            text = f"agents cannot use the cockpit's tools (checks, questions, notes): {error}"
            record.add(None, Noted(text=text, level="error"))
        finally:
            self.questions.close()
            self._door.close()

    # --- what the tools do ------------------------------------------------------------------------------------------

    def admit(self, token: str) -> SessionId:
        """Return whose token it is. Raises `SenseRefused` when it is nobody's, or its session is over."""
        session = session_of(token, self._secret)
        state = None if session is None else self._services.record.state.sessions.get(session)
        if session is None or state is None:
            raise SenseRefused("this token belongs to no session here", 401)
        if state.status in FINAL:
            raise SenseRefused(f"this session is over ({state.status}): nothing is left to do, end your turn", 403)
        return session

    async def run_checks(self, session: SessionId, names: tuple[str, ...], tell: Tell) -> ChecksSaid:
        """Run checks on the workspace as it is now, or look up what they said of the same inputs before."""
        has_rules = await self._has_rules(session, names)
        checks = self._chosen(tuple(name for name in names if name != RULES or not has_rules))
        if names == (RULES,):
            checks = ()
        if not checks and not has_rules:
            return ChecksSaid(passed=True, says="no checks are configured in this repository", checks=())
        loop = self._loop_of(session)
        if loop is None or loop.state.workspace is None:
            raise SenseRefused("Your session has no workspace now. End your turn.")
        try:
            worktree = await loop.workspace.worktree()
            tree = TreeId(await worktree.snapshot())
            markers = await leftover_markers(
                self._services.repository, loop.state, await measure(self._services, session, worktree, tree)
            )
            results = await self._run(checks, Path(worktree.path), tree, tell) if checks else ()
            if has_rules:
                results = (*results, *await self._judged(loop.state, Path(worktree.path), tree))
            is_same = tree == await worktree.snapshot()
        except (GitError, WorkspaceError) as error:
            raise SenseRefused(f"The checks could not be run: {error}") from error
        said = checks_said(results, () if names else markers, {check.name: _hint(check) for check in checks})
        if is_same:
            return said
        return said.model_copy(update={"says": f"{said.says}; files changed meanwhile: run the checks again"})

    async def ask_human(self, session: SessionId, question: str, options: tuple[str, ...]) -> Words:
        """Ask the human, and wait for the answer."""
        return await self.questions.ask(session, question, options)

    async def report_done(self, session: SessionId, summary: str, evidence: tuple[str, ...]) -> None:
        """Keep what the agent says it has done: the turn that ends next counts as done."""
        report = DoneReport(summary=summary, evidence=evidence)
        await self._services.record.add(session, DoneReported(report=report))

    def task_of(self, session: SessionId) -> TaskSaid:
        """Return what the session is to do, as things stand."""
        services, state = self._services, self._services.record.state.sessions[session]
        loop, info = self._loop_of(session), state.workspace
        shown = findings_said(state.findings, SHOWN_FINDINGS)
        return TaskSaid(
            task=state.task.prompt,
            said_since=_said_since(services, session),
            base_branch=info.base if info else state.task.base,
            branch=info.branch if info else "",
            checks=tuple(
                CheckListed(name=check.name, command=shlex.join(check.command), when=str(check.when))
                for check in services.config.checks
            ),
            budget_left={} if loop is None else _left(state, loop.budget, services.clock.now()),
            open_findings=shown,
            findings_not_shown=len(state.findings) - len(shown),
        )

    async def rules_of(self, session: SessionId) -> RulesSaid:
        """Return the rules that its work must keep."""
        in_force = await self._in_force(session)
        if in_force is None:
            return RulesSaid(
                says="no rules are written down in this repository; its checks and AGENTS.md are what counts"
            )
        from cockpit.supervisor.rules.listing import told

        return told(in_force)

    async def rule_of(self, session: SessionId, rule: str) -> RuleExplained:
        """Return one of them, with examples. Raises `SenseRefused` where there is none of this name."""
        in_force = await self._in_force(session)
        found = in_force.rules.get(rule) if in_force is not None else None
        if found is None:
            raise SenseRefused(f"There is no rule {clean_line(rule)!r}; `list_rules` tells which there are.")
        from cockpit.supervisor.rules.listing import explained

        return explained(found)

    async def _in_force(self, session: SessionId) -> InForce | None:
        state = self._services.record.state.sessions[session]
        target = state.workspace.base if state.workspace is not None else state.task.base
        try:
            return await self._services.rules.of_branch(target) if target else None
        except GitError as error:
            raise SenseRefused(f"The rules could not be read: {error}") from error

    def note(self, session: SessionId, text: str) -> None:
        """Make a line of the agent's its session's headline. Raises `SenseRefused` for too many of them."""
        line: str = clean_line(" ".join(text.split()))
        if not line:
            raise SenseRefused("A note needs words.")
        if wait_s := self._notes.take(session, self._services.clock.monotonic()):
            raise SenseRefused(f"Too many notes: nobody can read them. Write the next in {wait_s:.0f} s or later.")
        line = line if len(line) <= NOTE_CHARS else f"{line[: NOTE_CHARS - 1]}…"
        if line != self._services.record.state.sessions[session].note:
            self._services.record.add(session, HeadlineNoted(text=line))

    # --- checks -----------------------------------------------------------------------------------------------------

    def _chosen(self, names: tuple[str, ...]) -> tuple[CheckConfig, ...]:
        ready = due(self._services.config.checks, When.HUMAN)
        known = {check.name for check in ready}
        if unknown := [name for name in names if name not in known]:
            there = ", ".join(sorted(known)) or "none"
            raise SenseRefused(f"There is no check {clean_line(unknown[0])!r} to run now; there are: {there}.")
        return tuple(check for check in ready if not names or check.name in names)

    async def _has_rules(self, session: SessionId, names: tuple[str, ...]) -> bool:
        """Return whether rules are in force, and asked for."""
        return (not names or RULES in names) and await self._in_force(session) is not None

    async def _judged(self, state: SessionState, folder: Path, tree: TreeId) -> tuple[CheckResult, ...]:
        files = await self._services.repository.list_files(tree)
        verdict = await self._services.rules.check_session(state, folder, files, tree)
        return () if verdict is None else (verdict.result(tree),)

    async def _run(
        self, checks: tuple[CheckConfig, ...], folder: Path, tree: TreeId, tell: Tell
    ) -> tuple[CheckResult, ...]:
        done: list[CheckResult] = []

        def finished(result: CheckResult) -> None:
            done.append(result)
            tell(len(done), len(checks), f"{result.check}: {result.outcome}")

        target = await target_of(self._services, folder, tree)
        started = f"{len(checks)} checks" if len(checks) > 1 else checks[0].name
        tell(0, len(checks), f"running {started}")
        return await self._services.checks.run(checks, When.HUMAN, target, finished)


async def open_senses(
    services: Services,
    loop_of: Callable[[SessionId], SessionLoop | None],
    post: Callable[[SessionId, Signal], None],
) -> Senses:
    """Open the door that agents know from before, or another one where somebody else has taken it.

    Raises:
        OSError: there is no port to be had, or the disk does not keep which one it is.
    """
    path = services.paths.senses
    kept = await asyncio.to_thread(repo.load, path)
    door = open_door(kept.port)
    port = door.getsockname()[1]
    try:
        if port != kept.port:
            if kept.port:
                text = (
                    f"another program has taken port {kept.port}, where agents found the cockpit's tools: it is "
                    f"{port} now, and agents that were at work find them again when they are started anew"
                )
                services.record.add(None, Noted(text=text, level="warning"))
                kept = repo.Kept.new()  # whoever listens there now may be sent tokens
            kept = kept.model_copy(update={"port": port})
            await asyncio.to_thread(repo.save, path, kept)
    except BaseException:
        door.close()
        raise
    return Senses(services, loop_of, post, door, kept.secret)


def _load() -> Callable[[socket.socket, Host, str], Awaitable[None]]:
    """Load the server's library, which takes a second of one core."""
    from cockpit.senses.runtime.server import serve

    return serve


def _said_since(services: Services, session: SessionId) -> tuple[str, ...]:
    decisions = (one for one in services.record.state.decisions if one.session == session and one.kind in _SPOKEN)
    return tuple(text for one in decisions if (text := words(one.text, one.comments)))


def _left(state: SessionState, budget: Budget, now: float) -> dict[str, float]:
    """Return what is left of each limit of the budget."""
    worked_s = state.worked_s + (max(0.0, now - state.counted_until) if state.counted_until is not None else 0.0)
    spent = {
        "minutes": (worked_s - state.allowance.worked_s) / 60,
        "tokens": state.usage.tokens - state.allowance.tokens,
        "cost_usd": (state.usage.cost_usd or 0.0) - state.allowance.cost_usd,
        "rounds": state.round,
    }
    limits = {name: getattr(budget, name) for name in spent}
    return {name: round(max(0.0, limits[name] - spent[name]), 2) for name in spent if limits[name] is not None}


def _hint(check: CheckConfig) -> str:
    parts = [" ".join(check.hint.split())] if check.hint else []
    if check.fix:
        folder = f" in {check.cwd}" if check.cwd else ""
        parts.append(f"`{shlex.join(check.fix)}`{folder} repairs what a machine can")
    return "; ".join(parts)
