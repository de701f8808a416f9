"""One round of checks on what an agent's turn left: snapshot, measure, check, compare, commit."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit.changes.types import ChangeStat, FileStat
from cockpit.checks.runtime import Target
from cockpit.checks.service import blocking, compare, due
from cockpit.checks.service.comparison import Comparison
from cockpit.checks.types import CheckOutcome, CheckResult, Finding, Receipt, When
from cockpit.journal.types import ChangeCommitted, ChangeMeasured, CheckFinished, ChecksStarted, ReceiptIssued
from cockpit.providers.git import OperationUnderWay, Worktree
from cockpit.state.model import SessionState
from cockpit.supervisor.conflicts import leftover_markers
from cockpit.supervisor.mistakes import witness
from cockpit.supervisor.rules.in_force import CHECK as RULES
from cockpit.supervisor.rules.in_force import scanned, warnings_of
from cockpit.supervisor.services import Services
from cockpit.types import CommitId, SessionId, TreeId


@dataclass(frozen=True, slots=True)
class Round:
    """What a round found. Clean: no findings, no problem, and a receipt."""

    new: tuple[Finding, ...] = ()
    still_open: tuple[Finding, ...] = ()
    fixed: tuple[Finding, ...] = ()
    receipt: Receipt | None = None
    problem: str = ""
    """Why going on by itself makes no sense, for the person who is asked."""
    warnings: tuple[Finding, ...] = ()
    """What rules say that stops nothing; the agent hears it with the rest."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything the agent still has to fix."""
        return (*self.new, *self.still_open)


async def run_round(services: Services, session: SessionState, worktree: Worktree) -> Round:
    """Check the workspace as it is now. A clean tree is committed and gets its receipt.

    Raises `GitError` when the workspace cannot be read.
    """
    tree = TreeId(await worktree.snapshot())
    before, told_on = session.findings, TreeId(session.told_on)
    stat = await measure(services, session.id, worktree, tree)
    if not stat.files:
        return Round(problem="the agent ended its turn without changing anything")
    markers = await leftover_markers(services.repository, session, stat)
    results = await check_tree(services, session, When.HUMAN, Path(worktree.path), tree)
    found = (*markers, *blocking(results))
    broken = [result for result in results if result.outcome is CheckOutcome.BROKEN]
    if broken and not found:
        return Round(problem=f"check {broken[0].check} could not run: {broken[0].summary}")
    compared = _compared(session.told, before, found, [result.check for result in broken])
    await witness(services, session.id, told_on or None, tree, compared)
    warnings = warnings_of(results)
    if not compared.is_clean:
        stuck = told_on == tree and not compared.new
        problem = f"{len(found)} findings are left and the agent changed nothing about them" if stuck else ""
        return Round(compared.new, compared.still_open, compared.fixed, problem=problem, warnings=warnings)
    if services.config.rules.judge:
        from cockpit.supervisor.rules.judges import advise

        await advise(services, services.record.state.sessions[session.id], Path(worktree.path), tree)
    return await _clean(services, session, worktree, tree, results)


def _compared(
    told: tuple[Finding, ...], before: tuple[Finding, ...], found: tuple[Finding, ...], unjudged: Sequence[str]
) -> Comparison:
    """Say what is news to the agent: what it was not told at the beginning of a turn, it may not have heard."""
    known = {one.instance for one in told}
    seen = compare((*told, *(one for one in before if one.instance not in known)), found, unjudged=unjudged)
    unheard = tuple(one for one in seen.still_open if one.instance not in known)
    still_open = tuple(one for one in seen.still_open if one.instance in known)
    return Comparison((*seen.new, *unheard), still_open, seen.fixed)


async def _clean(
    services: Services, session: SessionState, worktree: Worktree, tree: TreeId, results: tuple[CheckResult, ...]
) -> Round:
    try:
        commit = CommitId(await worktree.commit(_message(session), tree))
    except OperationUnderWay as error:
        return Round(problem=str(error))
    receipt = Receipt(
        tree=tree,
        commit=commit,
        results=tuple(result.model_copy(update={"findings": ()}) for result in results),
        at=services.clock.now(),
    )
    services.record.add(session.id, ChangeCommitted(commit=commit, tree=tree), ReceiptIssued(receipt=receipt))
    return Round(fixed=session.findings, receipt=receipt)


async def check_tree(
    services: Services, session: SessionState, when: When, directory: Path, tree: TreeId
) -> tuple[CheckResult, ...]:
    """Run checks and rules that are due on a directory that holds `tree`, telling the journal of each as it comes."""
    checks = services.config.checks
    number = session.round + 1
    target = await target_of(services, directory, tree)
    has_rules = await services.rules.concern(session)
    names = (*(check.name for check in due(checks, when)), *([RULES] if has_rules else []))
    services.record.add(session.id, ChecksStarted(tree=tree, when=when, round=number, checks=names))

    def finished(result: CheckResult) -> None:
        services.record.add(session.id, CheckFinished(when=when, round=number, result=result))

    async def by_rules() -> tuple[CheckResult, ...]:
        judged = await services.rules.check_session(session, target.root, target.files, tree) if has_rules else None
        if judged is None:
            return ()
        services.record.add(session.id, *scanned(session, judged.hits))
        finished(judged.result(tree))
        return (judged.result(tree),)

    async with asyncio.TaskGroup() as group:
        running = group.create_task(services.checks.run(checks, when, target, finished))
        judging = group.create_task(by_rules())
    return (*running.result(), *judging.result())


async def target_of(services: Services, directory: Path, tree: TreeId) -> Target:
    """Return what checks run on: a directory holding exactly `tree`; the person's own tools serve as well."""
    files = await services.repository.list_files(tree)
    return Target(root=directory, tree=tree, files=files, tool_roots=(services.repository.root,))


async def measure(services: Services, session: SessionId, worktree: Worktree, tree: TreeId) -> ChangeStat:
    """Say what the workspace changes against its base, and journal it when that is news."""
    state = services.record.state.sessions[session]
    assert state.workspace is not None
    base = TreeId(await services.repository.tree_of(state.workspace.base_commit))
    if state.change is not None and state.change.tree == tree and state.change.base == base:
        return state.change
    stats = await services.repository.diff_stat(base, tree)
    blobs = await services.repository.list_files(tree) if stats else {}
    files = tuple(
        FileStat(
            path=_printable(one.path),
            status="M" if one.status not in "AMDRT" else one.status,
            added=one.added,
            removed=one.removed,
            blob=blobs.get(one.path, ""),
        )
        for one in stats
    )
    stat = ChangeStat(base=base, tree=tree, files=files)
    services.record.add(session, ChangeMeasured(stat=stat))
    return stat


def _message(session: SessionState) -> str:
    return f"{session.name[:72]}\n\nCockpit-Session: {session.id}\n"


def _printable(path: str) -> str:
    return path.encode("utf-8", "backslashreplace").decode()
