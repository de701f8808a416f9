"""A session that begins from another one: with its work as it is now, and its conversation or what was said in it."""

from __future__ import annotations

from dataclasses import dataclass

from agents.base import Driver
from cockpit.journal.types import SessionCreated
from cockpit.providers.git import CommitId as GitCommit
from cockpit.providers.git import Worktree
from cockpit.providers.text import clean_line
from cockpit.sessions.types import FINAL
from cockpit.state.entries import Entry, EntryKind, plan_progress
from cockpit.state.model import SessionState
from cockpit.state.transcript import Transcript
from cockpit.supervisor.record import envelope_of, is_known
from cockpit.supervisor.services import Services
from cockpit.types import CommitId, SessionId

STORY_CHARS = 8_000
"""How much of what was said a fresh conversation is told."""
_EVENTS_READ = 2_000
_TOLD_CHARS = 800
_SPEAKERS = {EntryKind.HUMAN: "person", EntryKind.AGENT: "agent"}


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where a workspace begins."""

    target: str
    """The branch that the change is to land on."""
    base: CommitId
    """What the change is measured against."""
    start: GitCommit
    """What the files begin as."""


async def beginning_of(services: Services, session: SessionState, target: str) -> Beginning:
    """Return where a session's workspace begins: at its target, or at the work of the session that it forks.

    Raises `GitError` when that work cannot be read.
    """
    origin = services.record.state.sessions.get(SessionId(session.task.fork)) if session.task.fork else None
    info = origin.workspace if origin is not None else None
    if origin is None or info is None or (origin.status in FINAL and origin.landed_commit):
        tip = await services.repository.resolve(target)
        return Beginning(target, CommitId(tip), tip)
    worktree = await _worktree_of(services, origin.id)
    if worktree is None:
        start = await services.repository.resolve(info.branch)
    else:
        message = f"Work of “{clean_line(origin.name)[:60]}”, forked\n\nCockpit-Session: {origin.id}\n"
        tree = await worktree.snapshot()
        start = await services.repository.commit_tree(tree, [await worktree.tip()], message)
    return Beginning(info.base, info.base_commit, start)


def thread_of(services: Services, session: SessionState, agent: str, driver: Driver) -> str:
    """Return the conversation that a session's agent begins with a copy of; empty: it begins afresh."""
    origin = services.record.state.sessions.get(SessionId(session.task.fork)) if session.task.fork else None
    if origin is None or session.thread or not driver.abilities.forks or origin.agent_name != agent:
        return ""
    return origin.thread


async def opening_of(services: Services, session: SessionState, words: str, *, has_thread: bool) -> str:
    """Return what the first turn of a forked session begins with: where it is, what was said, then its own task."""
    origin = services.record.state.sessions.get(SessionId(session.task.fork)) if session.task.fork else None
    if origin is None:
        return words
    where = f" in {session.workspace.path}" if session.workspace is not None else ""
    if has_thread:
        head = f"You go on in a workspace of your own{where}: a copy of the work as it is now. Leave the old one alone."
        return f"{head}\n\nYour task from here on:\n\n{words}"
    head = f"You go on from the work of another agent on “{origin.name}”. Your workspace{where} begins as a copy of it."
    story = await story_of(services, origin.id)
    return f"{head}\n\nWhat was said there, shortened:\n\n{story}\n\nYour task from here on:\n\n{words}"


async def story_of(services: Services, session: SessionId) -> str:
    """Return what was said in a session, shortened: its task first, then the latest words, at most `STORY_CHARS`."""
    journal = services.record.journal
    await journal.flushed()
    rows = await journal.read_backwards(session, journal.last_seq() + 1, _EVENTS_READ)
    transcript = Transcript()
    transcript.take(envelope_of(row) for row in rows if is_known(row))
    told = [line for entry in transcript.entries if (line := _told(entry))]
    task = services.record.state.sessions[session].task.prompt
    has_task = any(isinstance(envelope_of(row).event, SessionCreated) for row in rows[:1] if is_known(row))
    first = f"person: {_short(task, 4 * _TOLD_CHARS)}"
    room = STORY_CHARS - len(first)
    kept: list[str] = []
    for line in reversed(told[1:] if has_task else told):
        room -= len(line) + 1
        if room < 0:
            kept.append("(…)")
            break
        kept.append(line)
    return "\n".join([first, *reversed(kept)])


def _told(entry: Entry) -> str:
    if speaker := _SPEAKERS.get(entry.kind):
        return f"{speaker}: {_short(entry.text, _TOLD_CHARS)}"
    if entry.kind is EntryKind.PLAN:
        done, ahead = plan_progress(entry.steps)
        return f"plan: {done} of {len(entry.steps)} steps done{f'; next: {ahead}' if ahead else ''}"
    if entry.kind is EntryKind.FINDINGS:
        return f"checks: {len(entry.new)} new findings, {len(entry.still_open)} still open, {len(entry.fixed)} fixed"
    return ""


def _short(text: str, limit: int) -> str:
    text = text.strip()
    return text if len(text) <= limit else f"{text[: limit * 2 // 3]} (…) {text[-limit // 3 :]}"


async def _worktree_of(services: Services, session: SessionId) -> Worktree | None:
    worktrees = await services.repository.list_worktrees()
    return next((one for one in worktrees if one.session == session and one.path.is_dir()), None)
