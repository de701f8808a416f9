"""Rules that an agent judges: asked once about each change, after everything mechanical has passed. Only advice.

What it says is believed only as far as it points to a line of the change, is told with its name, and stops nothing:
neither does an agent that fails, takes too long or talks nonsense.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cockpit.checks.service.fingerprints import identified
from cockpit.checks.types import CheckOutcome, CheckResult, When
from cockpit.journal.types import CheckFinished, ChecksStarted
from cockpit.journal.types.rules import RuleHit
from cockpit.protocol.rules import JudgeChange
from cockpit.protocol.server import CommandRefused
from cockpit.providers.text import clean_line
from cockpit.rules.repo.reading import read_rules
from cockpit.rules.repo.verdicts import VerdictStore
from cockpit.rules.runtime.sources import Sources
from cockpit.rules.service.baseline import split
from cockpit.rules.service.findings import finding, problem_text
from cockpit.rules.service.judging import (
    JudgeAnswerError,
    Judgement,
    Shown,
    again_text,
    judgement_of,
    judges,
    question_text,
    shown_of,
)
from cockpit.rules.service.suppressions import suppress, suppressions_in
from cockpit.rules.types import Hit, Rule
from cockpit.sessions.types import AgentReady
from cockpit.state.model import SessionState
from cockpit.supervisor.drafter import Drafter, DrafterFailed
from cockpit.supervisor.rules.in_force import InForce, scanned
from cockpit.supervisor.services import Services
from cockpit.types import SessionId, TreeId

CHECK = "judge"
"""The name under which agents' advice is a check among the others."""
ROLE = "judge"
DIFF_LIMIT_BYTES = 2 << 20


@dataclass(frozen=True, slots=True)
class Advice:
    """What an agent said of a change."""

    who: str = ""
    hits: tuple[Hit, ...] = ()
    dropped: int = 0
    """Findings that pointed to nothing in the change."""
    left_out: int = 0
    """Files that were too large to be shown."""
    problem: str = ""
    """Why it said nothing."""
    is_known: bool = False
    """It had been asked before."""

    @property
    def summary(self) -> str:
        """Say in a line what came of it."""
        if self.problem:
            return f"no advice: {self.problem}"
        said = f"{len(self.hits)} remarks" if len(self.hits) != 1 else "1 remark"
        asides = ["asked before, so that it costs nothing"] if self.is_known else []
        asides += [f"{self.dropped} without a line of the change dropped"] if self.dropped else []
        asides += [f"{self.left_out} files too large to be shown"] if self.left_out else []
        return ", ".join([f"{said} by {self.who}, as advice", *asides])


async def advise(services: Services, session: SessionState, root: Path, tree: TreeId) -> None:
    """Have a session's change judged, and journal what was said; nothing happens where no rule or agent is for that."""
    assert session.workspace is not None
    in_force = await services.rules.of_branch(session.workspace.base)
    if in_force is None or session.change is None or not services.config.rules.judge:
        return
    changed = [file.path for file in session.change.files]
    rules = judges(in_force.rules.rules, changed)
    if not rules:
        return
    record, number = services.record, session.round + 1
    record.add(session.id, ChecksStarted(tree=tree, when=When.HUMAN, round=number, checks=(CHECK,)))
    diff = await services.repository.diff(session.workspace.base_commit, tree, changed, limit_bytes=DIFF_LIMIT_BYTES)
    started = services.clock.now()
    said = await advice(services, rules, diff, session.id)
    result, hits = await asyncio.to_thread(_told, said, in_force, tree, Sources(root, changed))
    result = result.model_copy(update={"duration_s": services.clock.now() - started})
    now = record.state.sessions[session.id]
    if not said.problem:
        record.add(session.id, *scanned(now, hits, tuple(str(rule.id) for rule in rules)))
    record.add(session.id, CheckFinished(when=When.HUMAN, round=number, result=result))


async def advice(
    services: Services, rules: Sequence[Rule], diff: str, session: SessionId | None, person: str = ""
) -> Advice:
    """Ask the configured agent about a change, unless it has been asked before.

    Args:
        services: what sessions share.
        rules: the rules that it judges by.
        diff: the change, unified.
        session: whose change it is, and who pays.
        person: for whom, where it is no session's.
    """
    name = services.config.rules.judge
    store = VerdictStore(services.paths.artifacts / "rules" / "judged")
    keys = {rule.id: _key(name, rule, shown_of(diff, [rule])) for rule in rules}
    known = await asyncio.to_thread(lambda: {rule.id: store.get(keys[rule.id]) for rule in rules})
    before = tuple(hit for hits in known.values() for hit in hits or ())
    asked = [rule for rule in rules if known[rule.id] is None]
    shown = shown_of(diff, asked)
    if not asked or not shown.text:
        return Advice(name, before, left_out=len(shown.left_out), is_known=True)
    if services.fleet_used_up:
        return Advice(name, problem=services.fleet_used_up)
    who = [name]

    def ready(said: AgentReady) -> None:
        model = clean_line(said.model)[:60]
        who[0] = f"{name}{f' with {model}' if model else ''}{', a scripted stand-in' if said.scripted else ''}"

    try:
        async with asyncio.timeout(services.config.rules.judge_minutes * 60):
            async with Drafter(services, name, person, ready, role=ROLE, session=session) as agent:
                found = await _answer(agent, asked, shown, who)
    except TimeoutError:
        return Advice(name, problem=f"{name} took longer than {services.config.rules.judge_minutes:g} min")
    except (DrafterFailed, JudgeAnswerError) as error:
        return Advice(name, problem=f"{name}: {clean_line(str(error))[:300]}")
    for rule in asked:
        own = tuple(hit for hit in found.hits if hit.rule == rule.id)
        await asyncio.to_thread(store.put, keys[rule.id], own)
    return Advice(who[0], (*before, *found.hits), found.dropped, len(shown.left_out))


async def judge_change(services: Services, command: JudgeChange, person: str) -> dict[str, Any]:
    """Have a change that is no session's judged, for a person. Raises `CommandRefused`."""
    if not services.config.rules.judge:
        raise CommandRefused("No agent judges changes.", next='Name one: `[rules] judge = "NAME"` in cockpit.toml.')
    read = await asyncio.to_thread(read_rules, command.files)
    if read.problems:
        raise CommandRefused(f"A rule cannot be read: {problem_text(read.problems[0])}.")
    whole = shown_of(command.diff, read.rules, limit=len(command.diff))
    rules = [rule for rule in judges(read.rules, list(whole.lines)) if rule.is_told]
    said = await advice(services, rules, command.diff, None, person)
    hits = [hit.model_dump(mode="json", exclude_defaults=True) for hit in said.hits]
    return {"hits": hits, "dropped": said.dropped, "summary": said.summary}


async def _answer(agent: Drafter, rules: Sequence[Rule], shown: Shown, who: Sequence[str]) -> Judgement:
    """Ask, and once more when the answer is no verdict. Raises `DrafterFailed` or `JudgeAnswerError`."""
    answer = await agent.ask(question_text(rules, shown))
    try:
        return judgement_of(answer, rules, shown, who[0])
    except JudgeAnswerError as error:
        return judgement_of(await agent.ask(again_text(error)), rules, shown, who[0])


def _told(said: Advice, in_force: InForce, tree: TreeId, sources: Sources) -> tuple[CheckResult, list[RuleHit]]:
    """Return advice as the result of a check that stops nothing, and what counts in the books of rules."""
    by_id = {rule.id: rule for rule in in_force.rules.rules}
    comments = [one for path in {hit.path for hit in said.hits} for one in suppressions_in(path, sources.text(path))]
    standing, _used = suppress(said.hits, comments)
    fresh, _known = split(standing, in_force.baseline)
    found = identified((finding(by_id[hit.rule], hit) for hit in fresh), sources.lines)
    hits = [RuleHit(rule=hit.rule, instance=one.instance) for hit, one in zip(fresh, found, strict=True)]
    told = tuple(one for hit, one in zip(fresh, found, strict=True) if by_id[hit.rule].is_told)
    result = CheckResult(
        check=CHECK,
        tree=tree,
        outcome=CheckOutcome.PASSED,
        findings=told,
        is_cached=said.is_known,
        summary=said.summary,
        total=len(told),
    )
    return result, hits


def _key(agent: str, rule: Rule, shown: Shown) -> str:
    """Return a key that is equal exactly when an agent would be asked the same by a rule."""
    words = (agent, question_text([rule], shown))
    return hashlib.sha256("\0".join(words).encode("utf-8", "replace")).hexdigest()[:32]
