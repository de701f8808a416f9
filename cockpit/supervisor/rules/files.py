"""Rules as a person hands them in, judged before they are committed: one rule, in its own files, proven by examples."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from cockpit.checks.runtime import Target
from cockpit.protocol.rules import AcceptRule
from cockpit.protocol.server import CommandRefused
from cockpit.rules.repo.baseline import Baseline, baseline_text, parse_baseline
from cockpit.rules.repo.places import BASELINE, PROJECT, PROJECT_TEXT, examples_file, invariant_file, rule_file
from cockpit.rules.repo.reading import read_rules
from cockpit.rules.runtime.proof import prove
from cockpit.rules.runtime.scan import Scanner
from cockpit.rules.runtime.sources import Sources
from cockpit.rules.service.baseline import baseline_of
from cockpit.rules.service.findings import problem_text
from cockpit.rules.service.joined import with_hits
from cockpit.rules.types import Engine, Rule, RuleSet
from cockpit.rules.types.errors import RuleFileError, ScanError
from cockpit.supervisor.rules.commands import commanded
from cockpit.supervisor.rules.decisions import Edit, Files
from cockpit.supervisor.services import Services
from cockpit.types import CommitId

UNTRIED = (Engine.COMMAND, Engine.JUDGE)
"""Engines whose examples cannot be tried here."""
_KEPT = "Nothing was changed."


@dataclass(frozen=True, slots=True)
class Proposal:
    """A rule that may be accepted, and how it gets into a tree."""

    rule: Rule
    edit: Edit


async def proposal(services: Services, command: AcceptRule, target: str) -> Proposal:
    """Judge what a person wants to be a rule. Raises `CommandRefused` with what speaks against it."""
    files = dict(command.files)
    said = files.pop(BASELINE, None)
    rule = await asyncio.to_thread(_the_rule, command.rule, files)
    in_force = await services.rules.of_branch(target)
    other = in_force.rules.get(rule.id) if in_force is not None else None
    if other is not None and other.source != rule.source:
        raise CommandRefused(f"{other.source} has a rule of this name already.", _KEPT, "Choose another name.")
    scanner = await asyncio.to_thread(Scanner, services.paths.artifacts / "rules", services.config.rules)
    alone = RuleSet(rules=(rule,), utils=in_force.rules.utils if in_force is not None else {})
    try:
        if rule.engine not in UNTRIED:
            await proven(alone, scanner)
        known = parse_baseline(said) if said is not None else None
    except (ScanError, RuleFileError) as error:
        raise CommandRefused(str(error), _KEPT) from error

    async def edit(tip: CommitId) -> Files:
        now = await services.rules.of_branch(target)
        if (now.rules.get(rule.id) if now is not None else None) != other:
            raise CommandRefused(
                f"Somebody else accepted or changed the rule {rule.id!r} meanwhile.", _KEPT, "Look at it."
            )
        found = known if known is not None else await there_now(services, alone, scanner, tip)
        there = await services.repository.list_files(tip, ".cockpit")
        wanted: dict[str, bytes | None] = {path: text.encode() for path, text in files.items()}
        if PROJECT not in there:
            wanted[PROJECT] = PROJECT_TEXT.encode()
        before = await baseline_at(services, there)
        others = tuple(one for one in before.known if one.rule != rule.id)
        mine = tuple(one for one in found.known if one.rule == rule.id)
        if mine or others != before.known:
            wanted[BASELINE] = baseline_text(Baseline(known=(*others, *mine))).encode()
        return wanted

    return Proposal(rule, edit)


async def baseline_at(services: Services, there: Mapping[str, str]) -> Baseline:
    """Return the baseline among the files of a tree. Raises `CommandRefused` where it is none."""
    texts = await services.repository.read_blobs([there[BASELINE]] if BASELINE in there else [], 32 << 20)
    try:
        return parse_baseline(texts[there[BASELINE]].decode("utf-8", "replace")) if texts else Baseline()
    except RuleFileError as error:
        raise CommandRefused(str(error), _KEPT) from error


def _the_rule(name: str, files: dict[str, str]) -> Rule:
    allowed = {rule_file(name), invariant_file(name), examples_file(name)}
    if strange := sorted(files.keys() - allowed):
        raise CommandRefused(f"{strange[0]} is no file of rule {name!r}.", _KEPT)
    rules = read_rules(files)
    if rules.problems:
        raise CommandRefused(f"It cannot be read: {problem_text(rules.problems[0])}.", _KEPT)
    if [rule.id for rule in rules.rules] != [name]:
        raise CommandRefused(f"It must be one rule with the id {name!r}.", _KEPT)
    rule = rules.rules[0]
    if not rule.is_run:
        raise CommandRefused(
            f"It would not run: its state is {rule.metadata.state}, its severity {rule.severity}.", _KEPT
        )
    return rule


async def proven(alone: RuleSet, scanner: Scanner) -> None:
    """Let a rule pass that its own examples prove. Raises `CommandRefused` or `ScanError`."""
    for proof in await prove(alone, scanner):
        if proof.problems:
            raise CommandRefused(f"It cannot be carried out: {problem_text(proof.problems[0])}.", _KEPT)
        if proof.wrong:
            kind = proof.wrong[0].kind
            how = "it misses a bad example" if kind == "bad" else "it hits a good example"
            raise CommandRefused(f"Its examples do not prove it: {how}.", _KEPT, "Change the rule or the example.")
        if not proof.is_proven:
            raise CommandRefused("It needs a bad and a good example.", _KEPT)


async def there_now(services: Services, alone: RuleSet, scanner: Scanner, tip: CommitId) -> Baseline:
    """Return what a rule finds in a commit: it was there before the rule and stops nothing."""
    files = await services.repository.list_files(tip)
    folder = services.paths.data / "landing" / "rules-baseline"
    await services.repository.materialise(tip, folder)
    scan = await scanner.scan(alone, Sources(folder, files))
    target = Target(
        root=folder,
        tree=await services.repository.tree_of(tip),
        files=files,
        tool_roots=(services.repository.root,),
        is_pristine=True,
    )
    found = await commanded(services, alone.rules, target, None, None)
    if found.problems:
        raise CommandRefused(f"It cannot be carried out: {problem_text(found.problems[0])}.", _KEPT)
    return baseline_of(with_hits(scan, found.hits).hits)
