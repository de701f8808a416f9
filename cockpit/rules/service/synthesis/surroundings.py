"""What the offences stand in, what they hold, and which of their names come from around them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cockpit.rules.service.synthesis.foci import Focus
from cockpit.rules.service.synthesis.languages import is_body, is_context, is_name
from cockpit.rules.service.synthesis.levels import any_kind
from cockpit.rules.service.synthesis.terms import Term, is_argument_list
from cockpit.rules.service.synthesis.tree import Tree

_MOST = 3
_INCIDENTAL = re.compile(
    r"(^|_)(assignment|return_statement|if_statement|declarator|expression_statement|call|call_expression"
    r"|lexical_declaration|let_declaration|short_var_declaration|function\w*|method\w*)$"
)
"""Kinds that all code stands in, whatever is wrong with it."""


def is_incidental(inside: Mapping[str, Any]) -> bool:
    """Return whether a context is one that any code may stand in."""
    kinds = inside.get("any", [inside])
    return any("kind" in one and _INCIDENTAL.search(one["kind"]) for one in kinds)


def contexts(focus: Focus, body: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what the nodes all stand in: the kinds of their parents, and the innermost ancestors that they share.

    Args:
        focus: the nodes.
        body: kind of what holds statements in this language; empty: not known.
    """
    found: list[tuple[str, dict[str, Any]]] = []
    parents = sorted({node.parent.kind for node in focus.nodes if node.parent is not None})
    if parents and all(is_context(kind) or is_argument_list(kind) for kind in parents):
        found.append((" or ".join(parents), any_kind(parents)))
    for kind in _shared_ancestors(focus):
        is_head = bool(body) and all(_is_in_head(node, kind) for node in focus.nodes)
        found.append((kind, {"kind": kind, "stopBy": {"kind": body} if is_head else "end"}))
    for kinds, rule in found[:_MOST]:
        yield f"inside {kinds.replace('_', ' ')}", {"inside": rule}
    yield from _directly_in(focus)


def _directly_in(focus: Focus) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what the statements are immediate parts of, such as an `else`."""
    bodies = [node.parent for node in focus.nodes if node.parent is not None and is_body(node.parent.kind)]
    kinds = {(body.kind, body.parent.kind if body.parent is not None else "") for body in bodies}
    if len(bodies) == len(focus.nodes) and len(kinds) == 1:
        ((body, kind),) = kinds
        if is_context(kind):
            yield f"directly in {kind.replace('_', ' ')}", {"inside": {"kind": body, "inside": {"kind": kind}}}


def contents(focus: Focus) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what the bodies of all nodes hold, such as a loop that returns."""
    shared: dict[tuple[str, str, str], None] = dict.fromkeys(_held(focus.nodes[0]))
    for node in focus.nodes[1:]:
        held = set(_held(node))
        shared = {one: None for one in shared if one in held}
    for field, body, kind in [*shared][:_MOST]:
        place = {"field": field} if field else {"kind": body}
        yield f"holding {kind.replace('_', ' ')}", {"has": {**place, "has": {"kind": kind}}}
    for field, body, kind in _single(focus):
        place = {"field": field} if field else {"kind": body}
        said = "one statement" if not kind else f"one {kind.replace('_', ' ')}"
        alone: dict[str, Any] = {"has": {"kind": kind}} if kind else {}
        yield f"holding {said} and no more", {"has": {**place, **alone, "not": {"has": {"nthChild": 2}}}}


def parent_of(focus: Focus) -> dict[str, Any]:
    """Return the kind of what all nodes are immediate parts of; empty: of several kinds, or of a body or a file."""
    parents = {node.parent.kind if node.parent is not None else "" for node in focus.nodes}
    kind = parents.pop() if len(parents) == 1 else ""
    return {"kind": kind} if kind and is_context(kind) else {}


def _single(focus: Focus) -> Iterator[tuple[str, str, str]]:
    """Yield field and kind of bodies that hold one statement in all nodes, each with its kind where that is shared."""
    found = [
        {(c.field, c.kind): c.named[0].kind for c in n.children if len(c.named) == 1 and is_body(c.kind)}
        for n in focus.nodes
    ]
    for field, body in [place for place in found[0] if all(place in one for one in found[1:])][:_MOST]:
        kinds = {one[field, body] for one in found}
        if len(kinds) == 1:
            yield field, body, kinds.pop()
        yield field, body, ""


def structure(focus: Focus) -> dict[str, Any]:
    """Return what is alike in the parts of all nodes, for code that no pattern can be written of; empty: nothing is."""
    parts: list[dict[str, Any]] = []
    for field in dict.fromkeys(child.field for child in focus.nodes[0].children if child.field):
        found = [child for node in focus.nodes for child in node.children if child.field == field]
        kinds = sorted({child.kind for child in found})
        if len(found) < len(focus.nodes) or len(kinds) > 1:
            continue
        texts = {child.text for child in found}
        if is_name(kinds[0]) and len(texts) == 1:
            parts.append({"has": {"field": field, "regex": f"^{re.escape(texts.pop())}$"}})
        elif not is_name(kinds[0]) and not is_body(kinds[0]):
            parts.append({"has": {"field": field, "kind": kinds[0]}})
    return {"all": [{"kind": focus.kind}, *parts]} if parts else {}


def bindings(focus: Focus, holes: Mapping[str, Term]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield where names in the nodes come from: `raise e` of the very clause that caught `e`."""
    for name, hole in holes.items():
        texts = [text for _, text in hole.samples]
        if len(texts) != len(focus.nodes) or not all(is_name(kind) for kind, _ in hole.samples):
            continue
        for kind in _shared_ancestors(focus):
            places = [set(_named(node, kind, text)) for node, text in zip(focus.nodes, texts, strict=True)]
            for field, of_kind in sorted(set.intersection(*places))[:1]:
                place = {"field": field} if field else {"kind": of_kind, "stopBy": "end"}
                said: dict[str, Any] = {"pattern": f"${name}"}
                if field == "left":
                    said = {"any": [said, {"has": {**said, "stopBy": "end"}}]}
                inside = {"kind": kind, "stopBy": "end", "has": {**place, **said}}
                yield f"{name} being of the {kind.replace('_', ' ')}", {"inside": inside}


def _shared_ancestors(focus: Focus) -> list[str]:
    kinds = dict.fromkeys(above.kind for above in focus.nodes[0].ancestors() if is_context(above.kind))
    return [kind for kind in kinds if all(any(a.kind == kind for a in node.ancestors()) for node in focus.nodes[1:])]


def _is_in_head(node: Tree, kind: str) -> bool:
    for above in node.ancestors():
        if is_body(above.kind):
            return False
        if above.kind == kind:
            return True
    return False


def _held(node: Tree) -> Iterator[tuple[str, str, str]]:
    for child in node.children:
        if is_body(child.kind):
            yield from ((child.field, child.kind, below.kind) for below in child.named if _is_telling(below))


def _is_telling(node: Tree) -> bool:
    return node.kind.endswith(("_statement", "_expression", "_declaration")) and node.kind != "expression_statement"


def _named(node: Tree, kind: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield field and kind of what has this text in the head of the innermost ancestor of a kind."""
    ancestor = next(above for above in node.ancestors() if above.kind == kind)
    todo = [child for child in ancestor.named if not is_body(child.kind)]
    while todo:
        below = todo.pop()
        if below is node:
            continue
        if below.text == text and (not is_name(below.kind) or (below.field and below.parent is ancestor)):
            yield (below.field if below.parent is ancestor else "", below.kind)
        todo += below.named
