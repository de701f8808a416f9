"""Candidates: for each thing that the offence may be, each degree of generality, held against every example."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from cockpit.rules.service.synthesis.features import Distinction, distinctions, features_of, refined
from cockpit.rules.service.synthesis.foci import Focus, foci_of, words_gone
from cockpit.rules.service.synthesis.imports import resolved
from cockpit.rules.service.synthesis.languages import Grammar, grammar_of, is_prose, name_of
from cockpit.rules.service.synthesis.levels import WIDER, Level, any_kind, levels_of, shape_of, words_in
from cockpit.rules.service.synthesis.openings import alternatives, openings
from cockpit.rules.service.synthesis.patterns import pattern_of, written_together
from cockpit.rules.service.synthesis.sequences import after_kinds, in_sequence, predecessor
from cockpit.rules.service.synthesis.surroundings import bindings, contents, contexts, is_incidental, structure
from cockpit.rules.service.synthesis.terms import Term, either_way
from cockpit.rules.service.synthesis.tree import Snippet, Tree, UnreadableError, matches, trees_of

_UNCHANGED = -1.5
_MERE_NAME = -1.2
"""A name alone is said in many places that have nothing to do with the offence."""
_BY_CHANCE = 0.6
"""That an offence stands in an assignment or a function says little about it."""
_HOLDING = 0.2
"""It looks into bodies, and not only at the first line."""
_SEQUENCE = 0.4
"""It explains why the same name stands in both."""
_BOUND = 0.25
"""It explains why the same name stands inside and around."""
_BOUND_OPEN = 0.2
"""A pattern without words says something if its names come from around it."""
_TELLING = 1.0
_KEPT_WORDS = 0.5
_SAYS_ENOUGH = 4
_MOST_FOCI = 24
_MOST_TRIED, _FEWEST_TRIED = 1500, 40
_LONGEST_S = 1.0
_MOST_SEARCHED = 1_500_000
"""Letters of snippets that are searched in all."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One rule that has stood the test of the examples."""

    body: Mapping[str, Any]
    score: float
    family: str
    """Rules of one family differ only in how general they are."""
    says: str


@dataclass
class Workpiece:
    """The examples, parsed, and what was made of them so far."""

    language: str
    bads: Sequence[Snippet]
    fixes: Sequence[Snippet | None]
    """Of each bad snippet the fix, where it is known."""
    goods: Sequence[Snippet]
    """All snippets that must not be hit, fixes included."""
    proposals: dict[str, Proposal] = field(default_factory=dict)
    tried: set[str] = field(default_factory=set)
    until: float = field(default_factory=lambda: time.process_time() + _LONGEST_S)

    @cached_property
    def most_tried(self) -> int:
        """How many rules may be tried."""
        size = sum(len(one.text) for one in (*self.bads, *self.goods))
        return max(_FEWEST_TRIED, min(_MOST_TRIED, _MOST_SEARCHED // (size + 1)))

    @property
    def is_spent(self) -> bool:
        """Whether enough was tried, or for too long: a deep tree takes the parser far longer than a flat one."""
        return len(self.tried) >= self.most_tried or time.process_time() > self.until

    @cached_property
    def gone(self) -> list[set[str]]:
        """Of each fix that is known the words that it took away."""
        pairs = zip(self.bads, self.fixes, strict=True)
        return [words_gone(bad.text, fix.text) for bad, fix in pairs if fix is not None]

    @cached_property
    def gone_always(self) -> set[str]:
        """The words that all known fixes took away; an operator and its opposite are one."""
        return set.intersection(*map(either_way, self.gone)) if self.gone else set()

    @property
    def grammar(self) -> Grammar:
        """What is known of the language."""
        return grammar_of(self.language)


@dataclass(frozen=True, slots=True)
class _Base:
    """What a family of rules begins with."""

    focus: Focus
    name: str
    rule: Mapping[str, Any]
    holes: Mapping[str, Term]
    term: Term
    score: float

    @property
    def family(self) -> str:
        """What rules have in common that differ only in how general they are."""
        return f"{self.focus.kind} at {self.focus.nodes[0].start}-{self.focus.nodes[0].end}, {self.name}"


def propose(work: Workpiece) -> list[Proposal]:
    """Return the rules that hit all bad snippets and no good one, the most plausible first.

    How many are tried depends on how long the snippets are, so that the whole takes about as long for any.
    """
    for focus in foci_of(work.bads, work.fixes)[:_MOST_FOCI]:
        for base in _bases(work, focus):
            kept = _kept(work, base)
            for level in levels_of(base.holes, _weight(work, base.term), work.grammar.interpolation, kept):
                _try_level(work, base, level)
    return sorted(work.proposals.values(), key=lambda one: -one.score)


def _bases(work: Workpiece, focus: Focus) -> Iterator[_Base]:
    weight = 0 if focus.term.hole else focus.term.weight
    score = min(_said_of_it(work, focus), 12) / 3 - 0.35 * focus.size + (0.0 if focus.is_changed else _UNCHANGED)
    mere = _MERE_NAME if not focus.nodes[0].named else 0.0
    score += mere + _part_of_more(focus)
    has_pattern = False
    for base in _patterns(work, focus, score):
        has_pattern = True
        yield base
    if not has_pattern and (rule := structure(focus)):
        yield _Base(focus, "structure", rule, {}, focus.term, score)
    if not weight or focus.kind.endswith(("_statement", "_clause", "_expression")) or not focus.nodes[0].named:
        yield _Base(focus, "kind", any_kind(focus.kinds), {}, Term(focus.kind), 0.3 + mere - 0.15 * focus.size)
    if word := words_in([node.text for node in focus.nodes]) if is_prose(focus.kind) else "":
        yield _Base(focus, "words", {"kind": focus.kind, "regex": word}, {}, Term(focus.kind), 1.0)
    shape = _shape_of_names(focus)
    for name, regex, bonus in (("named", shape, 1.2), ("named, wider", WIDER.get(shape, ""), 1.15)):
        if regex:
            named = {"kind": focus.kind, "has": {"field": "name", "regex": regex}}
            yield _Base(focus, name, named, {}, Term(focus.kind), bonus)


def _patterns(work: Workpiece, focus: Focus, score: float) -> Iterator[_Base]:
    """Yield what can be said of the nodes by a pattern: alone, the other way round, and with what stands before."""
    for name, term, cost in openings(focus.term, lambda one: _is_fine(work, one)):
        pattern = pattern_of(term, work.language, work.bads[0])
        if pattern is None:
            continue
        cost += _telling(work, term)
        if name == "open parts":
            cost -= (min(focus.term.weight, 12) - min(term.weight, 12)) / 3
        yield _Base(focus, name, pattern.rule, pattern.holes, term, score + cost)
        if not isinstance(said := pattern.rule.get("pattern"), str):
            continue
        for way, other, extra in alternatives(term):
            rule = {"any": [{"pattern": said}, {"pattern": written_together(other, other)[0]}]}
            yield _Base(focus, f"{name}, {way}", rule, pattern.holes, term, score + cost + extra)
    if (first := predecessor(focus)) is not None:
        said, text, holes = written_together(first, focus.term)
        term = Term("sequence", children=(first, focus.term))
        holes = {name: replace(hole, role="") for name, hole in holes.items()}
        yield _Base(focus, "sequence", in_sequence(focus, text, said), holes, term, score + _SEQUENCE)


def _kept(work: Workpiece, base: _Base) -> frozenset[str]:
    """Return the holes whose names the fixes left alone while they took other words away."""
    gone = work.gone
    if not all(gone) or not any(base.term.words() & words for words in gone):
        return frozenset()
    names = {name: {text for _, text in hole.samples} for name, hole in base.holes.items()}
    return frozenset(name for name, texts in names.items() if not any(texts & words for words in gone))


def _weight(work: Workpiece, term: Term) -> int:
    """Return how much a term says; what all fixes took away says enough, be it a mere sign."""
    return max(term.weight, _SAYS_ENOUGH) if either_way(term.said()) & work.gone_always else term.weight


def _said_of_it(work: Workpiece, focus: Focus) -> float:
    """Return how much nodes say of the offence: words that the fixes kept, while they took others away, say less."""
    term = focus.term
    if term.hole:
        return 0
    if not all(work.gone):
        return term.weight
    gone = sum(len(word) for word in term.said() & set().union(*work.gone) if word[0].isalpha())
    return term.weight if not gone else min(gone, term.weight) + _KEPT_WORDS * max(0, term.weight - gone)


def _telling(work: Workpiece, term: Term) -> float:
    """Return how much more plausible a term is that says what all fixes took away, and less one that does not."""
    words = {word for word in work.gone_always if word[0].isalpha()}
    if not words:
        return 0.0
    said = {part for one in term.said() for part in (one, *one.split("."))}
    return _TELLING * (len(words & said) / len(words) - 0.5)


def _part_of_more(focus: Focus) -> float:
    """Return how much less plausible it is that only a part of what is called is meant."""
    if all(node.field in ("object", "operand") for node in focus.nodes):
        return -1.0
    return -0.3 if all(node.field == "function" for node in focus.nodes) else 0.0


def _shape_of_names(focus: Focus) -> str:
    """Return how the names of what is defined are written; empty: they have none, or differ in that."""
    names = [child.text for node in focus.nodes for child in node.children if child.field == "name"]
    return shape_of(names) if len(names) == len(focus.nodes) and len(set(names)) > 1 else ""


def _is_fine(work: Workpiece, term: Term) -> bool:
    """Return whether good snippets have it, too."""
    pattern = pattern_of(term, work.language, work.bads[0])
    return pattern is not None and any(matches(good, {"rule": pattern.rule}) for good in work.goods)


def _try_level(work: Workpiece, base: _Base, level: Level) -> None:
    bonus = level.bonus if base.holes else 0.0
    says = _said(base, level)
    score = base.score + bonus
    is_enough = _try(work, base, base.rule, level.constraints, score, says)
    also = resolved(base.rule, base.term, base.holes) if name_of(work.language) == "python" else None
    if also is not None:
        _try(work, base, also, level.constraints, score + 0.15, f"{says}, also imported by name")
    around = [*contexts(base.focus, work.grammar.body), *after_kinds(base.focus)]
    if base.name == "kind":
        for words, rule in contents(base.focus):
            _try(work, base, {"all": [base.rule, rule]}, level.constraints, score + _HOLDING, f"{says}, {words}")
    for place, (words, rule) in enumerate(around):
        cost = 0.1 + 0.1 * place + (_BY_CHANCE if is_enough and is_incidental(rule.get("inside", {})) else 0.0)
        _try(work, base, {"all": [base.rule, rule]}, level.constraints, score - cost, f"{says}, {words}")
    bound = base.score + (bonus if level.is_kept else max(bonus, _BOUND_OPEN)) + _BOUND
    for words, rule in bindings(base.focus, base.holes):
        _try(work, base, {"all": [base.rule, rule]}, level.constraints, bound, f"{says}, {words}")


def _said(base: _Base, level: Level) -> str:
    pattern = base.rule.get("pattern", base.focus.kind.replace("_", " "))
    text = pattern if isinstance(pattern, str) else base.focus.kind.replace("_", " ")
    return f"{text} ({level.says})" if level.says else text


def _try(
    work: Workpiece,
    base: _Base,
    rule: Mapping[str, Any],
    constraints: Mapping[str, Any],
    score: float,
    says: str,
) -> bool:
    """Keep a rule that tells bad from good, and say so; where it does not, learn from its matches what would."""
    body = {"rule": rule, **({"constraints": constraints} if constraints else {})}
    if (key := repr(body)) in work.tried or work.is_spent:
        return key in work.proposals
    work.tried.add(key)
    try:
        bad = [trees_of(one, matches(one, body)) for one in work.bads]
        good = [tree for one in work.goods for tree in trees_of(one, matches(one, body))] if all(bad) else []
    except UnreadableError:
        return False
    if not all(bad):
        return False
    if not good:
        work.proposals[key] = Proposal(body, score, base.family, says)
        return True
    grammar = work.grammar
    meant = [features_of(_meant(found, base.focus), grammar) for found in bad]
    for options in distinctions(meant, [features_of(tree, grammar) for tree in good]):
        finer = {"rule": refined(rule, options, _meant(bad[0], base.focus), grammar)}
        _keep(work, base, {**body, **finer}, score - _cost(base.focus, options), f"{says}, {_words(options)}")
    return False


def _meant(found: Sequence[Tree], focus: Focus) -> Tree:
    return next((tree for tree in found if any(tree is node for node in focus.nodes)), found[0])


def _cost(focus: Focus, options: Sequence[Distinction]) -> float:
    """Return how much less plausible the distinctions make a rule; its place explains why it was not changed."""
    explained = _UNCHANGED if not focus.is_changed and any(option.is_outside for option in options) else 0.0
    return sum(option.cost for option in options) + explained


def _words(options: Sequence[Distinction]) -> str:
    return " and ".join(option.says() for option in options)


def _keep(work: Workpiece, base: _Base, body: Mapping[str, Any], score: float, says: str) -> None:
    key = repr(body)
    if key in work.tried:
        return
    work.tried.add(key)
    try:
        is_right = all(matches(one, body) for one in work.bads) and not any(matches(one, body) for one in work.goods)
    except UnreadableError:
        return
    if is_right:
        work.proposals[key] = Proposal(body, score, base.family, says)
