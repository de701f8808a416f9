"""What becomes of a rule once it is there, as edits of a tree: its state, a finding let by, prose taken out.

Each is carried out like the acceptance of a rule (see `rule_decisions`): one commit on the target branch.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from cockpit.checks.service.fingerprints import identified
from cockpit.protocol.rule_life import JudgeFinding, RemoveProse
from cockpit.protocol.server import CommandRefused
from cockpit.providers.git import UnknownRevision
from cockpit.rules.repo.baseline import Baseline, Known, baseline_text
from cockpit.rules.repo.places import BASELINE, FOLDER, examples_file
from cockpit.rules.repo.writing import with_state
from cockpit.rules.runtime.scan import Scanner
from cockpit.rules.runtime.sources import Sources
from cockpit.rules.service.baseline import snippet, split
from cockpit.rules.service.findings import finding
from cockpit.rules.service.prose import without
from cockpit.rules.types import Engine, Level, Rule, RuleSet, RuleState
from cockpit.rules.types.errors import RuleFileError, ScanError
from cockpit.sessions.types import FINAL
from cockpit.state.model import SessionState
from cockpit.supervisor.rules.decisions import Edit, Files
from cockpit.supervisor.rules.files import UNTRIED, baseline_at, proven, there_now
from cockpit.supervisor.rules.in_force import InForce, files_of
from cockpit.supervisor.services import Services
from cockpit.types import CommitId

TOLD = (RuleState.WARN, RuleState.BLOCK)
_KEPT = "Nothing was changed."
_RULE_LIMIT_BYTES, _PROSE_LIMIT_BYTES = 1 << 20, 4 << 20


async def in_force(services: Services, rule: str, target: str) -> tuple[Rule, InForce]:
    """Return a rule of a branch, with all others. Raises `CommandRefused` where there is none."""
    rules = await services.rules.of_branch(target)
    found = rules.rules.get(rule) if rules is not None else None
    if rules is None or found is None:
        raise CommandRefused(f"There is no rule {rule!r} on {target}.", _KEPT)
    return found, rules


async def changing(services: Services, name: str, state: RuleState, target: str) -> tuple[Rule, Edit]:
    """Return a rule, and how it gets into another state. Raises `CommandRefused` with what speaks against it.

    One that is told about from now on must be proven by its examples, and what it finds by now stops nothing.
    """
    rule, rules = await in_force(services, name, target)
    if rule.metadata.state is state:
        raise CommandRefused(f"The rule {name!r} is in this state already: {state}.", _KEPT)
    if state is RuleState.BLOCK and rule.engine is Engine.JUDGE:
        raise CommandRefused("What an agent judges is advice: it cannot block.", _KEPT, "Let it warn.")
    scanner = await asyncio.to_thread(Scanner, services.paths.artifacts / "rules", services.config.rules)
    level = Level.ERROR if state is RuleState.BLOCK else rule.severity
    wanted = rule.model_copy(update={"severity": level, "metadata": rule.metadata.model_copy(update={"state": state})})
    alone = RuleSet(rules=(wanted,), utils=rules.rules.utils)
    is_more = state in TOLD and (rule.metadata.state not in TOLD or state is RuleState.BLOCK)
    is_tried = rule.engine not in UNTRIED
    try:
        if is_more and is_tried:
            await proven(alone, scanner)
    except ScanError as error:
        raise CommandRefused(str(error), _KEPT) from error
    blob = rules.blobs[rule.source]

    async def edit(tip: CommitId) -> Files:
        there = await services.repository.list_files(tip, FOLDER)
        text = await _text(services, there.get(rule.source, blob), _RULE_LIMIT_BYTES)
        try:
            text = with_state(text, state, rule.id, severity=level if level is not rule.severity else None)
        except RuleFileError as error:
            raise CommandRefused(str(error), _KEPT) from error
        files: dict[str, bytes | None] = {rule.source: text.encode()}
        if is_more and is_tried:
            before = await baseline_at(services, there)
            now = await there_now(services, alone, scanner, tip)
            after = _with_known(before, now)
            if after != before:
                files[BASELINE] = baseline_text(after).encode()
        return files

    return rule, edit


async def deleting(services: Services, name: str, target: str) -> tuple[Rule, Edit]:
    """Return a rule, and how it goes with everything that is its own. Raises `CommandRefused` where there is none."""
    rule, rules = await in_force(services, name, target)
    if others := [one.id for one in rules.rules.rules if one.source == rule.source and one.id != rule.id]:
        raise CommandRefused(f"{rule.source} holds {others[0]!r} as well.", _KEPT, "Retire it, or give each a file.")

    async def edit(tip: CommitId) -> Files:
        there = await services.repository.list_files(tip, FOLDER)
        files: dict[str, bytes | None] = {path: None for path in (rule.source, examples_file(rule.id)) if path in there}
        before = await baseline_at(services, there)
        others = tuple(one for one in before.known if one.rule != rule.id)
        if others != before.known:
            files[BASELINE] = baseline_text(Baseline(known=others)).encode()
        return files

    return rule, edit


async def letting_by(services: Services, command: JudgeFinding, target: str) -> tuple[Rule, Edit | None]:
    """Return a rule, and how the branch lets one finding by; None: it stops nothing as it is.

    Raises `CommandRefused` where there is no such rule or finding.
    """
    rule, rules = await in_force(services, command.rule, target)
    session = services.record.state.sessions.get(command.session)
    if session is None:
        raise CommandRefused(f"There is no session “{command.session}”.", _KEPT)
    book = services.record.state.rules.books.get(rule.id)
    firing = book.firing(session.id, command.instance) if book is not None else None
    if firing is None and command.instance not in session.rule_hits:
        raise CommandRefused("The finding is not there any more.", "Nothing was judged.", "Look at the next round.")
    if command.instance in session.let_by:
        raise CommandRefused("It is judged not useful already.", "Nothing more was judged.")
    if rule.metadata.state not in TOLD or rule.engine in UNTRIED or session.status in FINAL:
        return rule, None
    known = await _found(services, session, rules.only(rule.id), command.instance)
    if known is None:
        raise CommandRefused("The finding is not there any more.", "Nothing was judged.", "Look at the next round.")

    async def edit(tip: CommitId) -> Files:
        before = await baseline_at(services, await services.repository.list_files(tip, FOLDER))
        return {BASELINE: baseline_text(_one_more(before, known)).encode()}

    return rule, edit


async def removing(services: Services, command: RemoveProse, target: str) -> tuple[Rule, Edit]:
    """Return a rule, and how a document loses what the rule holds by itself. Raises `CommandRefused`."""
    rule, _ = await in_force(services, command.rule, target)

    async def edit(tip: CommitId) -> Files:
        try:
            content = await services.repository.read_file(tip, command.path, _PROSE_LIMIT_BYTES)
        except UnknownRevision as error:
            raise CommandRefused(f"There is no {command.path} on {target}.", _KEPT) from error
        text = None if content.truncated else without(content.data.decode("utf-8"), command.line, command.text)
        if text is None:
            raise CommandRefused(f"{command.path} has changed since.", _KEPT, "Look at the proposal again.")
        return {command.path: text.encode()}

    return rule, edit


async def _found(services: Services, session: SessionState, alone: InForce, instance: str) -> Known | None:
    """Return a finding of a session's change as a baseline knows it; None: it is not there."""
    if session.workspace is None or session.change is None:
        return None
    changed = tuple(file.path for file in session.change.files)
    files = await files_of(services.repository, session.change.tree, alone.rules) or changed
    sources = Sources(Path(session.workspace.path), files)
    scanner = await asyncio.to_thread(Scanner, services.paths.artifacts / "rules", services.config.rules)
    try:
        scan = await scanner.scan(alone.rules, sources, changed)
    except ScanError as error:
        raise CommandRefused(str(error), _KEPT) from error

    def looked_up() -> Known | None:
        rule = alone.rules.rules[0]
        fresh, _ = split(scan.hits, alone.baseline)
        fresh.sort(key=lambda hit: (hit.path, hit.line or 0, hit.column or 0, hit.rule))
        told = identified((finding(rule, hit) for hit in fresh), sources.lines)
        same = (hit for hit, one in zip(fresh, told, strict=True) if one.instance == instance)
        hit = next(same, None)
        return None if hit is None else Known(rule=hit.rule, path=hit.path, snippet=snippet(hit))

    return await asyncio.to_thread(looked_up)


async def _text(services: Services, blob: str, limit_bytes: int) -> str:
    known = await services.repository.read_blobs([blob], limit_bytes)
    return next(iter(known.values()), b"").decode("utf-8", "replace")


def _with_known(before: Baseline, now: Baseline) -> Baseline:
    """Return a baseline with what is there now, too; what it holds already is not counted twice."""
    counts = {(one.rule, one.path, one.snippet): one.count for one in before.known}
    for one in now.known:
        key = (one.rule, one.path, one.snippet)
        counts[key] = max(counts.get(key, 0), one.count)
    return Baseline(
        known=tuple(Known(rule=rule, path=path, snippet=mark, count=n) for (rule, path, mark), n in counts.items())
    )


def _one_more(before: Baseline, known: Known) -> Baseline:
    key = (known.rule, known.path, known.snippet)
    same = [one for one in before.known if (one.rule, one.path, one.snippet) == key]
    others = tuple(one for one in before.known if one not in same)
    count = sum(one.count for one in same) + 1
    return Baseline(known=(*others, known.model_copy(update={"count": count})))
