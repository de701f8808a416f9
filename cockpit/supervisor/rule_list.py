"""The rules in force as people and agents are told of them, with their books."""

from __future__ import annotations

from typing import Any

from cockpit.rules.service.findings import problem_text, remediation
from cockpit.rules.types import ExampleKind, Rule
from cockpit.senses.types import RuleExplained, RuleListed, RulesSaid
from cockpit.state.rule_books import RuleBook
from cockpit.supervisor.rules import InForce
from cockpit.supervisor.services import Services

NONE = "no rules are written down in this repository; its checks and AGENTS.md are what counts"
_EXAMPLES = 3


async def listed(services: Services, target: str) -> dict[str, Any]:
    """Return the rules in force on a branch with their books."""
    in_force = await services.rules.of_branch(target)
    now, books = services.record.state, services.record.state.rules.books
    rules = in_force.rules.rules if in_force is not None else ()
    problems = in_force.rules.problems if in_force is not None else ()
    return {
        "branch": target,
        "rules": [_row(rule, books.get(rule.id) or RuleBook(), services.clock.now()) for rule in rules],
        "problems": [problem_text(one) for one in problems],
        "landed": now.stats.landed,
    }


def _row(rule: Rule, book: RuleBook, now: float) -> dict[str, Any]:
    return {
        "id": rule.id,
        "engine": rule.engine,
        "state": rule.metadata.state,
        "severity": rule.severity,
        "message": rule.message,
        "fix": rule.note,
        "source": rule.source,
        "fired": book.fired,
        "fixed": book.fixed,
        "suppressed": book.suppressed,
        "sessions": len(book.sessions),
        "last_seen": book.last_seen,
        "days": book.days,
        "accepted_by": book.accepted_by,
        "accepted_at": book.accepted_at,
        "proposal": book.proposal(now) if rule.is_run else "",
    }


def told(in_force: InForce | None) -> RulesSaid:
    """Return the rules as an agent is told of them."""
    rules = [rule for rule in in_force.rules.rules if rule.is_told] if in_force is not None else []
    if not rules:
        return RulesSaid(says=NONE)
    said = tuple(RuleListed(id=rule.id, message=rule.message or rule.id, fix=rule.note) for rule in rules)
    return RulesSaid(rules=said, says=f"{len(said)} rules; `explain_rule` shows examples of one")


def explained(rule: Rule) -> RuleExplained:
    """Return all that an agent needs to keep a rule."""
    good = [one.text for one in rule.examples if one.kind is ExampleKind.GOOD]
    bad = [one.text for one in rule.examples if one.kind is ExampleKind.BAD]
    return RuleExplained(
        id=rule.id,
        message=rule.message,
        fix=remediation(rule) if not good else rule.note,
        why=rule.metadata.why,
        stops=rule.finding_severity == "error",
        files=rule.files,
        not_files=rule.ignores,
        good=tuple(good[:_EXAMPLES]),
        bad=tuple(bad[:_EXAMPLES]),
    )
