"""The merge queue of one target branch, as a state machine without I/O.

It holds facts (the entries in order, the tip of the target, which change merges onto which commit into which tree, what
the checks said about which tree) and derives from them what to do next. Facts are keyed by content, so an answer that
comes late is either still true or about a tree that nobody asks for any more; nothing has to be unwound when the target
moves, a change is withdrawn or a test fails: the stack is simply derived again.

Every prefix of the stack is tested as a tree of its own, several at a time. So the first failing prefix is known once
its own test ends, without bisecting, and each commit that lands has passed by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cockpit.changes.service.verdict import Verdict
from cockpit.changes.types import QueueEntry, QueueStatus
from cockpit.checks.types import CheckResult, Finding
from cockpit.types import CommitId, SessionId, TreeId

_REMEMBERED = 512
"""Trees and merges that are kept for a stack that comes back; far more than any window needs."""


@dataclass(frozen=True, slots=True)
class Stacked:
    """A change merged onto its parent: the tree to test, and a commit for the next change to stand on."""

    tree: TreeId
    commit: CommitId


@dataclass(frozen=True, slots=True)
class Unmergeable:
    """A change that does not merge onto its parent, or adds nothing to it (then without findings)."""

    reason: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Stack:
    """Merge this entry's change onto `parent`, whose content is `parent_tree`."""

    entry: QueueEntry
    parent: CommitId
    parent_tree: TreeId


@dataclass(frozen=True, slots=True)
class Trial:
    """Run the checks on `tree`.

    Attributes:
        tree: The tree that would land.
        session: Whose change is on top of it.
        batch: The sessions whose changes are tested together in it, in landing order.
        only: Names of the checks to run again; empty: all of them.
    """

    tree: TreeId
    session: SessionId
    batch: tuple[SessionId, ...]
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """One entry on its place in the stack that would land."""

    entry: QueueEntry
    parent: CommitId
    parent_tree: TreeId
    outcome: Stacked | Unmergeable | None
    verdict: Verdict | None
    is_stuck: bool

    @property
    def has_passed(self) -> bool:
        """Whether its tree passed all checks."""
        return self.verdict is not None and self.verdict.is_passed

    @property
    def is_decided(self) -> bool:
        """Whether nothing more will be learned about it on this place, for now."""
        if self.is_stuck:
            return True
        if isinstance(self.outcome, Stacked):
            return self.verdict is not None and not self.verdict.needs_rerun
        return self.outcome is not None

    @property
    def is_standing(self) -> bool:
        """Whether the changes behind it are stacked upon it: it has passed, or nothing speaks against it yet."""
        if self.is_stuck or not isinstance(self.outcome, Stacked):
            return False
        return self.verdict is None or self.verdict.is_passed


@dataclass(frozen=True, slots=True)
class Passed:
    """An entry whose tree may land: every check has passed on it."""

    entry: QueueEntry
    tree: TreeId
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Land:
    """Move the target from `tip` by these changes, in this order."""

    tip: CommitId
    changes: tuple[Passed, ...]


@dataclass(frozen=True, slots=True)
class Leave:
    """Take this entry out: it cannot land. `tree` is what failed the checks, if it got that far."""

    entry: QueueEntry
    reason: str
    findings: tuple[Finding, ...] = ()
    tree: TreeId | None = None


Step = Stack | Land | Leave
"""What is done at once and in order; tests are the only thing that runs meanwhile."""


@dataclass(slots=True)
class Queue:
    """The entries of one target branch and everything known about them.

    Attributes:
        window: Trees tested at the same time, at least 1.
        tip: The commit that the target is at.
        tip_tree: Its tree.
    """

    window: int
    tip: CommitId
    tip_tree: TreeId
    _entries: list[QueueEntry] = field(default_factory=list)
    _merges: dict[tuple[CommitId, CommitId], Stacked | Unmergeable] = field(default_factory=dict)
    _verdicts: dict[TreeId, Verdict] = field(default_factory=dict)
    _stuck: set[SessionId] = field(default_factory=set)
    _refused: tuple[TreeId, ...] = ()

    @property
    def entries(self) -> tuple[QueueEntry, ...]:
        """The entries in landing order."""
        return tuple(self._entries)

    def __contains__(self, session: SessionId) -> bool:
        return any(entry.session == session for entry in self._entries)

    # facts come in

    def enter(self, entry: QueueEntry) -> None:
        """Append a change; a session that is already queued keeps its place only if its commit is the same."""
        if self.has(entry):
            return
        self.leave(entry.session)
        self._entries.append(entry)

    def leave(self, session: SessionId) -> bool:
        """Drop a session's entry, whatever the reason. Returns whether there was one."""
        before = len(self._entries)
        self._entries = [entry for entry in self._entries if entry.session != session]
        self._stuck.discard(session)
        return len(self._entries) != before

    def target_at(self, tip: CommitId, tree: TreeId) -> None:
        """Take note of where the target is; the stack is derived anew from there."""
        if tip != self.tip:
            self._refused = ()
        self.tip, self.tip_tree = tip, tree

    def merged(self, stack: Stack, outcome: Stacked | Unmergeable) -> None:
        """Take note of how a change merges onto its parent."""
        self._merges[stack.parent, stack.entry.commit] = outcome
        self._keep_bounded(self._merges)

    def tested(self, trial: Trial, results: tuple[CheckResult, ...]) -> Verdict | None:
        """Take note of what the checks said. Returns what is known of the tree now; None: the answer came too late."""
        known = self._verdicts.get(trial.tree)
        if known is None and not trial.only:
            verdict = Verdict(trial.tree, results)
        elif known is not None and known.needs_rerun and trial.only:
            verdict = Verdict(trial.tree, known.first, results)
        else:
            return None
        self._verdicts[trial.tree] = verdict
        self._keep_bounded(self._verdicts)
        return verdict

    def stuck(self, session: SessionId, reason: str) -> bool:
        """Let an entry rest until `poke`, because something outside failed; the others go on without it.

        Returns:
            Whether people see a new reason.
        """
        if session in self:
            self._stuck.add(session)
        return self.block(session, reason)

    def refused(self, land: Land) -> None:
        """Take note that the target could not be moved. The same landing is not tried again until `poke`.

        When several changes were to land at once, the first one alone is tried next: the others may be in the way.
        """
        self._refused = tuple(change.tree for change in land.changes)

    def has(self, entry: QueueEntry) -> bool:
        """Whether this very change of this session is queued."""
        return any(known.session == entry.session and known.commit == entry.commit for known in self._entries)

    def drop(self, entry: QueueEntry) -> None:
        """Drop this very change, because it has landed; the session may have entered another one meanwhile."""
        if self.has(entry):
            self.leave(entry.session)

    def poke(self) -> None:
        """Something may have changed: try again what was stuck or refused.

        What was stuck has lost its place: tried again in front of others, it would throw away their tests every time.
        """
        self._entries.sort(key=lambda entry: entry.session in self._stuck)
        self._stuck.clear()
        self._refused = ()

    def retest(self) -> None:
        """Forget every verdict, because other checks are in force now."""
        self._verdicts.clear()
        self.poke()

    def out(self, leave: Leave) -> None:
        """Drop an entry that cannot land; the same tree is tested anew when somebody approves it again."""
        self.drop(leave.entry)
        if leave.tree is not None:
            self._verdicts.pop(leave.tree, None)

    def block(self, session: SessionId, reason: str) -> bool:
        """Mark an entry as blocked. Returns whether that or its reason is new."""
        return self._mark(session, QueueStatus.BLOCKED, reason)

    def testing(self, trial: Trial) -> None:
        """Mark the entries that are tested together."""
        for session in trial.batch:
            self._mark(session, QueueStatus.TESTING, "")

    # what follows from them

    def stack(self) -> Iterator[Place]:
        """Walk the entries in landing order, each upon those before it that nothing speaks against.

        The walk ends at the first change whose merge is not known, and when the window is full of undecided trees.
        """
        parent, tree, undecided = self.tip, self.tip_tree, 0
        for entry in self._entries:
            outcome = self._merges.get((parent, entry.commit))
            verdict = self._verdicts.get(outcome.tree) if isinstance(outcome, Stacked) else None
            place = Place(entry, parent, tree, outcome, verdict, entry.session in self._stuck)
            yield place
            if outcome is None and not place.is_stuck:
                return
            if isinstance(outcome, Stacked) and place.is_standing:
                parent, tree = outcome.commit, outcome.tree
                undecided += verdict is None
                if undecided >= self.window:
                    return

    def step(self) -> Step | None:
        """Return what to do next, or None when only tests can bring news."""
        prefix: list[Passed] = []
        unknown: Place | None = None
        is_prefix = True
        for place in self.stack():
            if place.is_stuck:
                continue
            if place.parent == self.tip and (leave := _leave(place)) is not None:
                return leave
            # changes land in the order of their approval: nobody overtakes one that is still undecided
            passed = _passed(place) if is_prefix else None
            is_prefix = passed is not None
            if passed is not None:
                prefix.append(passed)
            if place.outcome is None:
                unknown = place
        if (land := self._landing(prefix)) is not None:
            return land
        return Stack(unknown.entry, unknown.parent, unknown.parent_tree) if unknown is not None else None

    def trials(self) -> tuple[Trial, ...]:
        """Return the tests that should run now, the first to land first; whatever else runs is wasted."""
        wanted: dict[tuple[TreeId, tuple[str, ...]], Trial] = {}
        batch: list[SessionId] = []
        is_decided = True
        for place in self.stack():
            session, verdict = place.entry.session, place.verdict
            if place.is_standing and verdict is None:
                batch.append(session)
            trial = _trial(place, tuple(batch), is_decided=is_decided)
            if trial is not None:
                wanted.setdefault((trial.tree, trial.only), trial)
            is_decided = is_decided and place.is_decided
        return tuple(wanted.values())[: self.window]

    # inside

    def _landing(self, prefix: list[Passed]) -> Land | None:
        trees = tuple(change.tree for change in prefix)
        if not prefix or trees[:1] == self._refused:
            return None
        if self._refused and trees[0] == self._refused[0]:
            prefix = prefix[:1]
        return Land(self.tip, tuple(prefix))

    def _mark(self, session: SessionId, status: QueueStatus, reason: str) -> bool:
        for index, entry in enumerate(self._entries):
            if entry.session == session and (entry.status, entry.reason) != (status, reason):
                self._entries[index] = entry.model_copy(update={"status": status, "reason": reason})
                return True
        return False

    def _keep_bounded(self, facts: dict[Any, Any]) -> None:
        """Drop the oldest facts; they are cheap to find again, and what the present entries need always fits."""
        while len(facts) > _REMEMBERED + 2 * len(self._entries):
            del facts[next(iter(facts))]


def _passed(place: Place) -> Passed | None:
    if isinstance(place.outcome, Stacked) and place.verdict is not None and place.verdict.is_passed:
        return Passed(place.entry, place.outcome.tree, place.verdict)
    return None


def _leave(place: Place) -> Leave | None:
    """Whether an entry that stands directly on the target is out; upon others, their fate decides first."""
    if isinstance(place.outcome, Unmergeable):
        return Leave(place.entry, place.outcome.reason, place.outcome.findings)
    verdict = place.verdict
    if verdict is None or verdict.is_passed or verdict.needs_rerun:
        return None
    names = ", ".join(verdict.broken)
    return Leave(place.entry, f"{names} failed twice on the tree that would land", verdict.findings(), verdict.tree)


def _trial(place: Place, batch: tuple[SessionId, ...], *, is_decided: bool) -> Trial | None:
    """The test that this place needs. A rerun waits until the places before it are decided: they may be what failed."""
    if place.is_stuck or not isinstance(place.outcome, Stacked):
        return None
    tree, session, verdict = place.outcome.tree, place.entry.session, place.verdict
    if verdict is None:
        return Trial(tree, session, batch)
    if verdict.needs_rerun and is_decided:
        return Trial(tree, session, (session,), verdict.failed_first)
    return None
