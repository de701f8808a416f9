"""Two statements that are wrong together: the second, right behind the first, with a name that both say."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from typing import Any

from cockpit.rules.service.synthesis.foci import Focus
from cockpit.rules.service.synthesis.terms import Term, term_of, unified
from cockpit.rules.service.synthesis.tree import Tree

_WRAPPED = "expression_statement"


def before(node: Tree) -> Tree | None:
    """Return the statement right before the one that a node is; None: it is the first, or no statement."""
    place = _statement(node)
    if place.parent is None:
        return None
    named = [one for one in place.parent.named if "comment" not in one.kind]
    at = next((number for number, one in enumerate(named) if one is place), 0)
    return named[at - 1] if at else None


def after_kinds(focus: Focus) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield that the nodes all stand right behind the same kind of statement."""
    found = [before(node) for node in focus.nodes]
    kinds = {one.kind if one is not None else "" for one in found}
    if len(kinds) == 1 and (kind := kinds.pop()):
        yield f"right after {kind.replace('_', ' ')}", _placed(focus.nodes[0], {"follows": {"kind": kind}})


def predecessor(focus: Focus) -> Term | None:
    """Return what the statements before the nodes have in common, if a name of theirs comes again in the nodes."""
    found = [_core(one) for node in focus.nodes if (one := before(node)) is not None]
    if len(found) != len(focus.nodes) or len({one.kind for one in found}) > 1:
        return None
    term = reduce(unified, map(term_of, found))
    ours = {tuple(text for _, text in hole.samples) for hole in focus.term.holes() if hole.hole == "one"}
    theirs = {tuple(text for _, text in hole.samples) for hole in term.holes() if hole.hole == "one"}
    return term if not term.hole and ours & theirs else None


def in_sequence(focus: Focus, text: str, first: str) -> dict[str, Any]:
    """Return the rule of a pattern that follows another one."""
    found = before(focus.nodes[0])
    said: dict[str, Any] = {"pattern": first}
    if found is not None and found.kind == _WRAPPED:
        said = {"kind": _WRAPPED, "has": said}
    return {"all": [{"pattern": text}, _placed(focus.nodes[0], {"follows": said})]}


def _placed(node: Tree, rule: dict[str, Any]) -> dict[str, Any]:
    return rule if _statement(node) is node else {"inside": {"kind": _WRAPPED, **rule}}


def _statement(node: Tree) -> Tree:
    return node.parent if node.parent is not None and node.parent.kind == _WRAPPED else node


def _core(node: Tree) -> Tree:
    return node.named[0] if node.kind == _WRAPPED and len(node.named) == 1 else node
