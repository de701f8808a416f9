"""What tells good matches from bad ones: something they have or have not, or stand in or not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cockpit.rules.service.synthesis.languages import Grammar, is_body, is_context, is_literal
from cockpit.rules.service.synthesis.terms import is_argument_list
from cockpit.rules.service.synthesis.tree import Tree

_LONGEST = 40
_COST = {
    "argument": 0.0,
    "field": 0.3,
    "value": 0.5,
    "word": 0.6,
    "parent": 0.9,
    "kind": 0.9,
    "ancestor": 0.9,
    "leaf": 2.0,
}


_ADDED = -0.4
"""An argument that all fixes added, or that all good ones have, is what is missing."""


class Feature(NamedTuple):
    """One thing that can be said of a match."""

    sort: str
    kind: str
    text: str = ""


class Distinction(NamedTuple):
    """A feature that all bad matches have, or (negated) none of them has."""

    feature: Feature
    is_negated: bool

    @property
    def cost(self) -> float:
        """How much less plausible a rule gets by it."""
        if self.feature.sort == "argument" and self.is_negated:
            return _ADDED
        is_vague = not self.is_negated and self.feature.sort in ("kind", "leaf")
        return _COST[self.feature.sort] + (0.3 if is_vague else 0.0)

    @property
    def is_outside(self) -> bool:
        """Whether it speaks of what the match stands in."""
        return self.feature.sort in ("ancestor", "parent")

    def says(self) -> str:
        """Return it in words."""
        what = self.feature.text or self.feature.kind.replace("_", " ")
        if self.feature.sort in ("ancestor", "parent"):
            return f"{'not ' if self.is_negated else ''}inside {what}"
        return f"{'without' if self.is_negated else 'with'} {what}"


def features_of(node: Tree, grammar: Grammar) -> frozenset[Feature]:
    """Return everything that can be said of a match."""
    found: set[Feature] = set()
    for child in node.children:
        if child.field and child.is_named:
            found.add(Feature("field", child.field))
        if not child.is_named and child.text.isalpha():
            found.add(Feature("word", node.kind, child.text))
    for below in node.walk():
        if below is not node:
            found |= _below(below, grammar)
    for place, above in enumerate(node.ancestors()):
        if place == 0 and not is_body(above.kind):
            found.add(Feature("parent", above.kind))
        if is_context(above.kind):
            found.add(Feature("ancestor", above.kind))
    return frozenset(found)


def _below(node: Tree, grammar: Grammar) -> set[Feature]:
    found = set()
    if node.kind == grammar.named_argument and node.named:
        found.add(Feature("argument", node.kind, node.named[0].text))
        if len(node.text) <= _LONGEST:
            found.add(Feature("value", node.kind, node.text))
    if node.kind.startswith(("string_start", "string_end", "string_content")) or is_argument_list(node.kind):
        return found
    if not is_literal(node.kind) or node.named:
        found.add(Feature("kind", node.kind))
    if not node.children and len(node.text) < _LONGEST and not is_literal(node.kind):
        found.add(Feature("leaf", node.kind, node.text))
    return found


def rule_of(feature: Feature, node: Tree, grammar: Grammar) -> dict[str, Any]:
    """Return the ast-grep rule that says a feature of a match such as `node`."""
    match feature.sort:
        case "ancestor":
            return {"inside": {"kind": feature.kind, "stopBy": "end"}}
        case "parent":
            return {"inside": {"kind": feature.kind}}
        case "field":
            return {"has": {"field": feature.kind, "pattern": "$_"}}
        case "word":
            return {"regex": rf"\b{feature.text}\b"}
        case "argument":
            return _argument({"kind": feature.kind, "regex": rf"^[\"']?{re.escape(feature.text)}\b"}, node, grammar)
        case "value":
            spaced = r"\s*".join(re.escape(part) for part in re.split(r"\s*([=:])\s*", feature.text))
            return _argument({"kind": feature.kind, "regex": f"^{spaced}$"}, node, grammar)
        case "leaf":
            return {"has": {"kind": feature.kind, "regex": f"^{re.escape(feature.text)}$", "stopBy": "end"}}
        case _:
            return {"has": {"kind": feature.kind, "stopBy": "end"}}


def _argument(argument: dict[str, Any], node: Tree, grammar: Grammar) -> dict[str, Any]:
    """Say that a call has an argument: its own, not that of a call within it, where the language lets us tell."""
    arguments = next((child for child in node.children if is_argument_list(child.kind)), None)
    if arguments is not None and any(child.kind == argument["kind"] for child in arguments.children):
        return {"has": {"kind": arguments.kind, "has": argument}}
    if arguments is not None and grammar.spread == ("dictionary_splat",):
        return {"has": {"kind": arguments.kind, "has": argument}}
    return {"has": {**argument, "stopBy": "end"}}


def distinctions(
    bad: Sequence[frozenset[Feature]], good: Sequence[frozenset[Feature]]
) -> list[tuple[Distinction, ...]]:
    """Return what keeps all bad matches and none of the good ones: single distinctions first, else pairs of them."""
    always, ever = frozenset.intersection(*bad), frozenset().union(*bad)
    options: dict[Distinction, frozenset[int]] = {}
    for feature in {*always, *frozenset().union(*good)}:
        if feature in always:
            options[Distinction(feature, False)] = frozenset(i for i, one in enumerate(good) if feature not in one)
        elif feature not in ever:
            options[Distinction(feature, True)] = frozenset(i for i, one in enumerate(good) if feature in one)
    ordered = sorted((option for option, gone in options.items() if gone), key=lambda o: (o.cost, o.feature))
    everything = frozenset(range(len(good)))
    single = [(option,) for option in ordered if options[option] == everything]
    if single:
        return _of_different_sorts(single)
    pairs: list[tuple[Distinction, ...]] = [
        (one, other)
        for place, one in enumerate(ordered[:12])
        for other in ordered[place + 1 : 12]
        if options[one] | options[other] == everything
    ]
    return sorted(pairs, key=lambda pair: sum(one.cost for one in pair))[:2]


def _of_different_sorts(single: list[tuple[Distinction]]) -> list[tuple[Distinction, ...]]:
    kept: list[tuple[Distinction, ...]] = []
    counts: dict[tuple[str, bool], int] = {}
    for (option,) in single:
        key = (option.feature.sort, option.is_negated)
        counts[key] = counts.get(key, 0) + 1
        if counts[key] == 1:
            kept.append((option,))
    return kept[:4]


def refined(rule: Mapping[str, Any], options: Sequence[Distinction], node: Tree, grammar: Grammar) -> dict[str, Any]:
    """Return the rule with what tells bad from good."""
    parts: list[Mapping[str, Any]] = [*rule["all"]] if set(rule) == {"all"} else [rule]
    for option in options:
        said = rule_of(option.feature, node, grammar)
        if not option.is_negated:
            parts.append(said)
        elif option.feature.sort == "argument" and grammar.spread:
            hidden = [{"has": {"kind": kind, "stopBy": "end"}} for kind in grammar.spread]
            parts.append({"not": {"any": [said, *hidden]}})
        else:
            parts.append({"not": said})
    return {"all": parts}
