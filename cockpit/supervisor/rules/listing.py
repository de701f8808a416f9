"""The rules in force as people and agents are told of them, with their books."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.rules.service.findings import problem_text, remediation
from cockpit.rules.types import ExampleKind, Rule, RuleState
from cockpit.rules.types.books import CurvePoint, Prose, RuleFiring, RuleProposal, RulesView, RuleView
from cockpit.senses.types import RuleExplained, RuleListed, RulesSaid
from cockpit.sessions.types import FINAL
from cockpit.state.model import State
from cockpit.state.rule_books import Firing, RuleBook
from cockpit.state.rule_curve import points
from cockpit.supervisor.rules.in_force import InForce
from cockpit.supervisor.rules.prose import prose_of
from cockpit.supervisor.services import Services
from cockpit.types import SessionId

NONE = "no rules are written down in this repository; its checks and AGENTS.md are what counts"
_EXAMPLES = 3
_EXAMPLE_CHARS = 1_200
_COUNTED = (
    *("fired", "fixed", "suppressed", "not_useful", "last_seen", "days"),
    *("accepted_by", "accepted_at", "changed_by", "changed_at"),
)
_LESS = {RuleState.BLOCK: RuleState.WARN, RuleState.WARN: RuleState.SHADOW}


async def listed(services: Services, target: str) -> dict[str, Any]:
    """Return the rules in force on a branch with their books, and the curve of repeated mistakes."""
    in_force = await services.rules.of_branch(target)
    state = services.record.state
    rules = in_force.rules.rules if in_force is not None else ()
    problems = in_force.rules.problems if in_force is not None else ()
    prose = await prose_of(services, target, in_force)
    now, books = services.clock.now(), state.rules.books
    view = RulesView(
        branch=target,
        rules=tuple(_view(rule, books.get(rule.id) or RuleBook(), state, now, prose.get(rule.id)) for rule in rules),
        problems=tuple(problem_text(one) for one in problems),
        landed=state.stats.landed,
        curve=curve_of(state),
    )
    return view.model_dump(mode="json")


def curve_of(state: State) -> tuple[CurvePoint, ...]:
    """Return the curve of repeated mistakes per merged change."""
    return tuple(
        CurvePoint(at=one.at, repeated=one.value, caught=one.caught, rules=one.rules)
        for one in points(state.rules.steps)
    )


def _view(rule: Rule, book: RuleBook, state: State, now: float, prose: Prose | None) -> RuleView:
    meta = rule.metadata
    counted = {name: getattr(book, name) for name in _COUNTED}
    return RuleView(
        id=rule.id,
        engine=rule.engine,
        state=meta.state,
        severity=rule.severity,
        message=rule.message,
        fix=rule.note,
        why=meta.why,
        files=rule.files,
        ignores=rule.ignores,
        source=rule.source,
        pack=meta.pack,
        origin=meta.origin,
        bad=_examples(rule, ExampleKind.BAD),
        good=_examples(rule, ExampleKind.GOOD),
        sessions=len(book.sessions),
        firings=tuple(_firing(one, state) for one in reversed(book.firings)),
        proposals=tuple(_proposals(rule, book, now, prose)) if rule.is_run else (),
        **counted,
    )


def _firing(firing: Firing, state: State) -> RuleFiring:
    session = state.sessions.get(SessionId(firing.session))
    fate: Any = "open"
    if firing.is_useless:
        fate = "not useful"
    elif firing.is_suppressed:
        fate = "suppressed"
    elif firing.is_gone:
        fate = "fixed"
    elif session is None or session.status in FINAL:
        fate = "over"
    return RuleFiring(
        session=firing.session,
        number=session.number if session is not None else 0,
        instance=firing.instance,
        at=firing.at,
        path=firing.path,
        line=firing.line,
        text=firing.text,
        fate=fate,
    )


def _proposals(rule: Rule, book: RuleBook, now: float, prose: Prose | None) -> Iterator[RuleProposal]:
    said = book.proposal(now)
    if said is not None:
        to = _LESS.get(rule.metadata.state, RuleState.RETIRED) if said.kind == "demote" else ""
        yield RuleProposal(kind=said.kind, words=said.words, state=to)
    if prose is not None:
        how = "the rule names this line" if prose.is_named else "a line says nearly the same"
        yield RuleProposal(kind="prose", words=f"{how}, and the rule holds it: {prose.path}:{prose.line}", prose=prose)


def _examples(rule: Rule, kind: ExampleKind) -> tuple[str, ...]:
    texts = [one.text for one in rule.examples if one.kind is kind]
    return tuple(text[:_EXAMPLE_CHARS] for text in texts[:_EXAMPLES])


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
