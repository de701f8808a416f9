"""Candidates: for each thing that the offence may be, each degree of generality, held against every example."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cockpit.rules.service.synthesis.families import affix, kin_of_kinds
from cockpit.rules.service.synthesis.features import Distinction, distinctions, features_of, refined
from cockpit.rules.service.synthesis.foci import Focus, foci_of, has_kept_head
from cockpit.rules.service.synthesis.imports import resolved
from cockpit.rules.service.synthesis.languages import is_body, is_prose, name_of
from cockpit.rules.service.synthesis.levels import WIDER, Level, any_kind, levels_of, shape_of, words_in
from cockpit.rules.service.synthesis.openings import alternatives, openings
from cockpit.rules.service.synthesis.patterns import pattern_of, written_together
from cockpit.rules.service.synthesis.sequences import after_kinds, in_sequence, predecessor
from cockpit.rules.service.synthesis.surroundings import (
    bindings,
    contents,
    contexts,
    is_incidental,
    parent_of,
    structure,
)
from cockpit.rules.service.synthesis.terms import Term, either_way, is_argument_list
from cockpit.rules.service.synthesis.tree import Tree, UnreadableError, matches, trees_of
from cockpit.rules.service.synthesis.workpiece import Proposal, Workpiece

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
_KEPT_HEAD = -1.5
"""What the fix left alone at the beginning of a body is hardly what is wrong in it."""
_KEPT_BODY = -1.0
"""A body that the fix took over as it was is there by chance."""
_MERE_KIND = -1.5
"""A kind without a word of its own, such as an assignment or a call, is what all code is made of."""
_ONLY_ADDED = -1.0
"""Where fixes do nothing but add, what lacks it is meant; that something else tells bad from good is chance."""
_MOVED = 0.8
"""Where fixes move code and change no word of it, its kind and place are what matters."""
_WITHIN = 2.0
"""What lacks an argument is the call, and not what it stands in."""
_TELLING = 1.0
_KEPT_WORDS = 0.5
_SAYS_ENOUGH = 4
_MOST_FOCI = 24


@dataclass(frozen=True, slots=True)
class _Base:
    """What a family of rules begins with."""

    focus: Focus
    name: str
    rule: Mapping[str, Any]
    holes: Mapping[str, Term]
    term: Term
    score: float
    text: str = ""
    """The pattern, for people; empty: there is none."""

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
            lacking = {name: rule for name, hole in base.holes.items() if (rule := _lacking(work, hole))}
            weight = _weight(work, base.term)
            for level in levels_of(base.holes, weight, work.grammar.interpolation, kept, lacking):
                _try_level(work, base, level)
    return sorted(work.proposals.values(), key=lambda one: -one.score)


def _bases(work: Workpiece, focus: Focus) -> Iterator[_Base]:
    weight = 0 if focus.term.hole else focus.term.weight
    score = min(_said_of_it(work, focus), 12) / 3 - 0.35 * focus.size + (0.0 if focus.is_changed else _UNCHANGED)
    mere = _MERE_NAME if not focus.nodes[0].named else 0.0
    score += mere + _part_of_more(focus)
    if all(work.fixes) and all(has_kept_head(node, work.changed) for node in focus.nodes):
        score += _KEPT_HEAD
    has_pattern = False
    for base in _patterns(work, focus, score):
        has_pattern = True
        yield base
    if not has_pattern and (rule := structure(focus)):
        yield _Base(focus, "structure", rule, {}, focus.term, score)
    if not weight or focus.kind.endswith(("_statement", "_clause", "_expression")) or not focus.nodes[0].named:
        mere += (0.0 if _has_keyword(focus) else _MERE_KIND) + (_MOVED if work.only_moves and focus.is_changed else 0.0)
        bonus = 0.3 + mere - 0.15 * focus.size
        yield _Base(focus, "kind", any_kind(focus.kinds), {}, Term(focus.kind), bonus)
        if kin := kin_of_kinds(focus.kinds, python=name_of(work.language) == "python"):
            yield _Base(focus, "kind and its like", any_kind(kin), {}, Term(focus.kind), bonus, " or ".join(kin))
    if sign := _sign(focus):
        rule = {"kind": focus.kind, "regex": f"^{re.escape(sign)}$"}
        yield _Base(focus, "sign", rule, {}, Term(focus.kind), 0.6 + mere, sign)
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
        cost += _telling(work, term) + _kept_bodies(work, term)
        if name == "open parts":
            cost -= (min(focus.term.weight, 12) - min(term.weight, 12)) / 3
        yield _Base(focus, name, pattern.rule, pattern.holes, term, score + cost, pattern.text)
        if not isinstance(said := pattern.rule.get("pattern"), str):
            continue
        for way, other, extra in alternatives(term):
            as_well = written_together(other, other)[0]
            rule = {"any": [{"pattern": said}, {"pattern": as_well}]}
            text = f"{said} or {as_well}"
            yield _Base(focus, f"{name}, {way}", rule, pattern.holes, term, score + cost + extra, text)
    if (first := predecessor(focus)) is not None:
        said, text, holes = written_together(first, focus.term)
        term = Term("sequence", children=(first, focus.term))
        holes = {name: replace(hole, role="") for name, hole in holes.items()}
        rule = in_sequence(focus, text, said)
        yield _Base(focus, "sequence", rule, holes, term, score + _SEQUENCE, f"{said}, then {text}")


def _kept(work: Workpiece, base: _Base) -> frozenset[str]:
    """Return the holes whose names the fixes left alone while they took other words away."""
    gone = work.gone
    if not all(gone) or not any(base.term.words() & words for words in gone):
        return frozenset()
    names = {name: {text for _, text in hole.samples} for name, hole in base.holes.items()}
    return frozenset(name for name, texts in names.items() if not any(texts & words for words in gone))


def _lacking(work: Workpiece, hole: Term) -> dict[str, Any]:
    return affix([text for _, text in hole.samples], work.added) if hole.role == "name" else {}


def _has_keyword(focus: Focus) -> bool:
    """Return whether nodes are marked by a word of the language, as a lambda is and a call is not."""
    node = focus.nodes[0]
    words = [child.text for child in node.children if not child.is_named] if node.children else [node.text]
    return any(re.match(r"[A-Za-z]", word) for word in words) or not _EVERYDAY.search(focus.kind)


_EVERYDAY = re.compile(r"(assignment|call|call_expression|attribute|member_expression|identifier|string|integer)$")


def _sign(focus: Focus) -> str:
    """Return what nodes all say that are no more than a sign; empty: they are something else."""
    texts = {node.text for node in focus.nodes}
    only = texts.pop() if len(texts) == 1 else ""
    return only if only and not any(letter.isalnum() or letter.isspace() for letter in only) else ""


def _kept_bodies(work: Workpiece, term: Term) -> float:
    """Return how much less plausible a term is for the bodies that it spells out though all fixes took them over."""
    if not all(work.gone) or not work.gone:
        return 0.0
    gone = set().union(*work.gone)
    own = is_body(term.kind) and any(child.is_named and not child.hole for child in term.children)
    cost = _KEPT_BODY if own and not any(word in gone for word in term.words() if word[0].isalnum()) else 0.0
    return cost + sum(_kept_bodies(work, child) for child in term.children)


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
    if base.name in ("kind", "open parts"):
        for words, rule in contents(base.focus):
            said = f"{says}, {words}"
            _try(work, base, {"all": [base.rule, rule]}, level.constraints, score + _HOLDING, said)
            if base.name == "kind" and (within := parent_of(base.focus)):
                placed = {"all": [base.rule, rule, {"inside": within}]}
                _try(work, base, placed, level.constraints, score + _HOLDING + 0.05, f"{said}, where it was seen")
    for place, (words, rule) in enumerate(around):
        cost = 0.1 + 0.1 * place + (_BY_CHANCE if is_enough and is_incidental(rule.get("inside", {})) else 0.0)
        _try(work, base, {"all": [base.rule, rule]}, level.constraints, score - cost, f"{says}, {words}")
    bound = base.score + (bonus if level.is_kept else max(bonus, _BOUND_OPEN)) + _BOUND
    for words, rule in bindings(base.focus, base.holes):
        _try(work, base, {"all": [base.rule, rule]}, level.constraints, bound, f"{says}, {words}")


def _said(base: _Base, level: Level) -> str:
    text = base.text or base.focus.kind.replace("_", " ")
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
        return _again(work, key, score)
    work.tried.add(key)
    try:
        bad = [trees_of(one, matches(one, body)) for one in work.bads]
        good = [tree for one in work.goods for tree in trees_of(one, matches(one, body))] if all(bad) else []
    except UnreadableError:
        return False
    if not all(bad):
        return False
    if not good:
        score += _ONLY_ADDED if work.only_adds else 0.0
        work.proposals[key] = Proposal(body, score, base.family, says)
        return True
    grammar = work.grammar
    meant = [features_of(_meant(found, base.focus), grammar) for found in bad]
    for options in distinctions(meant, [features_of(tree, grammar) for tree in good]):
        finer = {"rule": refined(rule, options, _meant(bad[0], base.focus), grammar)}
        cost = _cost(base.focus, options, grammar.named_argument)
        _keep(work, base, {**body, **finer}, score - cost, f"{says}, {_words(options)}")
    return False


def _again(work: Workpiece, key: str, score: float) -> bool:
    """Say whether a rule was kept before; the most plausible way to come by it counts."""
    known = work.proposals.get(key)
    if known is not None and score > known.score and not work.only_adds:
        work.proposals[key] = replace(known, score=score)
    return known is not None


def _meant(found: Sequence[Tree], focus: Focus) -> Tree:
    return next((tree for tree in found if any(tree is node for node in focus.nodes)), found[0])


def _cost(focus: Focus, options: Sequence[Distinction], named_argument: str) -> float:
    """Return how much less plausible the distinctions make a rule; its place explains why it was not changed."""
    explained = _UNCHANGED if not focus.is_changed and any(option.is_outside for option in options) else 0.0
    is_arguments = any(option.feature.kind == named_argument for option in options)
    is_call = any(is_argument_list(child.kind) for child in focus.nodes[0].children)
    return sum(option.cost for option in options) + explained + (_WITHIN if is_arguments and not is_call else 0.0)


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
