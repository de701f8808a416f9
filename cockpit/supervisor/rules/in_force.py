"""The rules of the repository as a check of every session's round, of the agents' own tool, and of the merge queue.

What is in force is what the target branch holds, read from git; an agent's workspace has no say in it. A change that
touches `.cockpit/` is held to the rules that it brings along as well. Nothing of the rules' code is loaded before a
branch has rules.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.checks.runtime import Target
from cockpit.checks.types import CheckOutcome, CheckResult, Finding, Severity
from cockpit.journal.types.rules import HITS_KEPT, RuleHit, RulesScanned
from cockpit.providers.git import Repository
from cockpit.state.model import SessionState
from cockpit.supervisor.rules.guard import FOLDER as FOLDER
from cockpit.supervisor.rules.guard import concerns_rules, guarded
from cockpit.types import CommitId, TreeId

if TYPE_CHECKING:
    from cockpit.rules.repo.baseline import Baseline
    from cockpit.rules.runtime.scan import Scanner
    from cockpit.rules.types import RuleSet, Scan
    from cockpit.supervisor.services import Services

CHECK = "rules"
"""The name under which rules are a check among the others."""
_FILE_LIMIT_BYTES = 32 << 20
_FINDINGS_KEPT = 200
_TREES_KEPT = 64


@dataclass(frozen=True, slots=True)
class InForce:
    """The rules that a tree holds, with the violations that they leave alone."""

    rules: RuleSet
    baseline: Baseline
    blobs: Mapping[str, str]
    """Path to content id of every file of rules."""

    def only(self, rule: str) -> InForce:
        """Return the same with one rule alone."""
        wanted = tuple(one for one in self.rules.rules if one.id == rule)
        rules = self.rules.model_copy(update={"rules": wanted, "problems": ()})
        return InForce(rules, self.baseline, self.blobs)


@dataclass(frozen=True, slots=True)
class Looked:
    """What rules are carried out on."""

    root: Path
    files: Collection[str]
    """All there are."""
    changed: Collection[str]
    """Those that the change touches, the ones that are gone included: nothing else is looked into."""
    target: Target | None = None
    """What commands are run on; None: rules that are commands wait for the next round."""
    base: CommitId | None = None
    """Where the change began; None: there is nothing to compare with."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What rules found in a change."""

    findings: tuple[Finding, ...] = ()
    """Of those that are told about."""
    hits: tuple[RuleHit, ...] = ()
    """Of all of them, suppressed ones and shadow rules included."""
    problems: tuple[str, ...] = ()
    """Why it is not the whole truth."""
    duration_s: float = 0.0
    rules: int = 0
    left_out: int = 0
    """Rules that are commands, where none is run: those of a mere look between rounds."""

    @property
    def stopping(self) -> tuple[Finding, ...]:
        """Return the findings that stop a change."""
        return tuple(one for one in self.findings if one.severity is Severity.ERROR)

    def result(self, tree: TreeId) -> CheckResult:
        """Return it as the result of a check."""
        outcome = CheckOutcome.FAILED if self.stopping else CheckOutcome.PASSED
        summary = f"{len(self.findings)} found by {self.rules} rules" if self.findings else f"{self.rules} rules kept"
        if self.left_out:
            summary += f", {self.left_out} more in the next round"
        if self.problems and outcome is CheckOutcome.PASSED:
            outcome, summary = CheckOutcome.BROKEN, self.problems[0]
        return CheckResult(
            check=CHECK,
            tree=tree,
            outcome=outcome,
            findings=self.findings[:_FINDINGS_KEPT],
            duration_s=self.duration_s,
            summary=summary,
            total=len(self.findings),
        )


class RulesInForce:
    """Reads rules from branches, once for each content, and carries them out."""

    def __init__(self, services: Services) -> None:
        """Nothing is read yet."""
        self._services = services
        self._known: dict[tuple[tuple[str, str], ...], InForce] = {}
        self._files: dict[str, dict[str, str]] = {}
        self._texts: dict[str, str] = {}
        self._scanner: Scanner | None = None
        self._slots = asyncio.Semaphore(max(2, os.cpu_count() or 2))
        self._reading = asyncio.Lock()

    async def of_branch(self, target: str) -> InForce | None:
        """Return the rules in force for changes that land on a branch; None where there are none. Raises `GitError`."""
        repository = self._services.repository
        tip = await repository.branch_tip(target)
        if tip is None:
            return None
        files = await self._files_of(tip)
        extra = self._services.config.rules.branch
        if extra and extra != target and (other := await repository.branch_tip(extra)) is not None:
            files = {**files, **await self._files_of(other)}
        return await self._of_files(files)

    async def of_tree(self, tree: TreeId | CommitId) -> InForce | None:
        """Return the rules that a tree holds."""
        return await self._of_files(await self._files_of(tree))

    async def _files_of(self, tree: TreeId | CommitId) -> dict[str, str]:
        if tree not in self._files:
            listed = await self._services.repository.list_files(tree, FOLDER)
            found: dict[str, str] = {path: str(blob) for path, blob in listed.items()}
            self._files = dict([*self._files.items(), (str(tree), found)][-_TREES_KEPT:])
            return found
        return self._files[tree]

    async def _of_files(self, files: Mapping[str, str]) -> InForce | None:
        if not any(path.endswith((".yml", ".yaml")) for path in files):
            return None
        key = tuple(sorted(files.items()))
        async with self._reading:
            if key not in self._known:
                read = await self._read(files)
                self._known = dict([*self._known.items(), (key, read)][-_TREES_KEPT:])
            found = self._known[key]
        return found if found.rules.rules or found.rules.problems else None

    async def _read(self, files: Mapping[str, str]) -> InForce:
        blobs = frozenset(files.values())
        self._texts = {blob: text for blob, text in self._texts.items() if blob in blobs}
        fresh = await self._services.repository.read_blobs(blobs - self._texts.keys(), _FILE_LIMIT_BYTES)
        self._texts |= {blob: raw.decode("utf-8", "replace") for blob, raw in fresh.items()}
        texts = {path: self._texts[blob] for path, blob in files.items() if blob in self._texts}
        rules, baseline = await asyncio.to_thread(_parsed, texts)
        return InForce(rules, baseline, dict(files))

    async def verdict(self, rules: InForce, looked: Looked, baseline: Baseline | None = None) -> Verdict:
        """Carry rules out on what a change touches. Raises `ScanError`."""
        from cockpit.rules.runtime.scan import Scanner
        from cockpit.rules.runtime.sources import Sources
        from cockpit.supervisor.rules.verdicts import verdict_of

        services = self._services
        if self._scanner is None:
            self._scanner = await asyncio.to_thread(Scanner, services.paths.artifacts / "rules", services.config.rules)
        sources = Sources(looked.root, looked.files)
        async with self._slots:
            scan = await self._scanner.scan(rules.rules, sources, looked.changed)
        if looked.target is not None and _has_commands(rules.rules):
            scan = await self._with_commands(rules.rules, scan, looked.target, looked)
        return await asyncio.to_thread(verdict_of, rules, baseline or rules.baseline, scan, sources, looked)

    async def _with_commands(self, rules: RuleSet, scan: Scan, target: Target, looked: Looked) -> Scan:
        from cockpit.rules.service.joined import with_hits
        from cockpit.supervisor.rules.commands import commanded

        began = time.monotonic()
        found = await commanded(self._services, rules.rules, target, looked.changed, looked.base)
        took_s = time.monotonic() - began
        return with_hits(scan, found.hits, found.problems, rules=found.rules, took_s=took_s)

    async def concern(self, session: SessionState) -> bool:
        """Return whether rules have a say in a session's change as it was measured last. Raises `GitError`."""
        assert session.workspace is not None
        return await self.of_branch(session.workspace.base) is not None or bool(_of_rules(_touched(session)))

    async def check_session(
        self, session: SessionState, root: Path, files: Mapping[str, str], tree: TreeId
    ) -> Verdict | None:
        """Hold a session's change, as it was measured last, to the rules of the branch that it is to land on."""
        assert session.workspace is not None
        target = Target(root=root, tree=tree, files=files, tool_roots=(self._services.repository.root,))
        looked = Looked(root, files, _touched(session), target)
        verdict = await self.check(session.workspace.base, tree, looked, session.workspace.base_commit)
        in_force = await self.of_branch(session.workspace.base)
        if verdict is None or in_force is None:
            return verdict
        return replace(verdict, hits=(*verdict.hits, *_judged_before(session, in_force.rules)))

    async def check(self, target: str, tree: TreeId, looked: Looked, base: CommitId) -> Verdict | None:
        """Hold a change to the rules in force; None where there are none and it brings none along.

        Args:
            target: the branch that it is to land on.
            tree: its content.
            looked: a folder that holds the tree, and what the change touches.
            base: the commit that the change builds on.
        """
        in_force = await self.of_branch(target)
        touches = bool(_of_rules(looked.changed))
        own = await self._brought_along(tree, in_force) if touches else None
        known = in_force.rules if in_force is not None else None
        against = await guarded(self._services.repository, base, tree, known) if touches or known is not None else ()
        if in_force is None and own is None and not against:
            return None
        from cockpit.rules.types.errors import ScanError
        from cockpit.supervisor.rules.verdicts import both

        verdict = Verdict()
        try:
            if in_force is not None:
                verdict = await self.verdict(in_force, replace(looked, base=base))
            if own is not None:
                baseline = in_force.baseline if in_force is not None else None
                verdict = both(verdict, await self.verdict(own, looked, baseline))
        except ScanError as error:
            verdict = Verdict(problems=(str(error),))
        return replace(verdict, findings=(*verdict.findings, *against))

    async def _brought_along(self, tree: TreeId, in_force: InForce | None) -> InForce | None:
        """Return the rules of a change itself that are in force nowhere yet, commands never among them."""
        own = await self.of_tree(tree)
        if own is None:
            return None
        return await asyncio.to_thread(_new_in, own, in_force)


def warnings_of(results: Iterable[CheckResult]) -> tuple[Finding, ...]:
    """Return what rules say that stops nothing."""
    said = [one for result in results if result.check == CHECK for one in result.findings]
    return tuple(one for one in said if one.severity is not Severity.ERROR)


def _touched(session: SessionState) -> tuple[str, ...]:
    return tuple(file.path for file in session.change.files) if session.change is not None else ()


def _of_rules(paths: Iterable[str]) -> list[str]:
    return [path for path in paths if concerns_rules(path)]


def scanned(session: SessionState, hits: Iterable[RuleHit], rules: tuple[str, ...] = ()) -> list[RulesScanned]:
    """Return the event that tells what rules found; none where it is what they found before."""
    found = {hit.instance: hit.rule for hit in hits}
    before = {key: rule for key, rule in session.rule_hits.items() if not rules or rule in rules}
    return [] if found == before else [RulesScanned(rules=rules, hits=tuple(hits)[:HITS_KEPT])]


async def files_of(repository: Repository, tree: TreeId, rules: RuleSet) -> Collection[str]:
    """Return all paths of a tree, as far as one of the rules asks for others than those that changed."""
    from cockpit.rules.types import Engine

    wants = any(rule.engine in (Engine.PATH, Engine.LAYERS) for rule in rules.rules)
    return await repository.list_files(tree) if wants else ()


def _parsed(texts: Mapping[str, str]) -> tuple[RuleSet, Baseline]:
    from cockpit.rules.repo.baseline import Baseline, parse_baseline
    from cockpit.rules.repo.places import BASELINE
    from cockpit.rules.repo.reading import read_rules
    from cockpit.rules.types import ScanProblem
    from cockpit.rules.types.errors import RuleFileError

    rules = read_rules({path: text for path, text in texts.items() if path != BASELINE})
    try:
        return rules, parse_baseline(texts[BASELINE]) if BASELINE in texts else Baseline()
    except RuleFileError as error:
        problem = ScanProblem(message=str(error), path=BASELINE)
        return rules.model_copy(update={"problems": (*rules.problems, problem)}), Baseline()


def _new_in(own: InForce, in_force: InForce | None) -> InForce | None:
    from cockpit.rules.types import Engine

    known = {rule.id for rule in in_force.rules.rules} if in_force is not None else set()
    fresh = tuple(
        rule for rule in own.rules.rules if rule.id not in known and rule.engine not in (Engine.COMMAND, Engine.JUDGE)
    )
    told = {problem.message for problem in in_force.rules.problems} if in_force is not None else set()
    problems = tuple(one for one in own.rules.problems if one.message not in told)
    if not fresh and not problems:
        return None
    rules = own.rules.model_copy(update={"rules": fresh, "problems": problems})
    return InForce(rules, own.baseline, own.blobs)


def _judged_before(session: SessionState, rules: RuleSet) -> list[RuleHit]:
    """Return what agents said of a session's change: it stands until one is asked again, which is not every round."""
    from cockpit.rules.types import Engine

    judged = {rule.id for rule in rules.rules if rule.engine is Engine.JUDGE and rule.is_run}
    return [RuleHit(rule=rule, instance=key) for key, rule in session.rule_hits.items() if rule in judged]


def _has_commands(rules: RuleSet) -> bool:
    from cockpit.rules.types import Engine

    return any(rule.engine is Engine.COMMAND and rule.is_run for rule in rules.rules)
