"""What the offence is: in each bad snippet one node, of the same kind in all, preferably one that the fix changed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.rules.service.synthesis.languages import is_body, is_context, is_list, is_literal, is_name, is_root, kin_of
from cockpit.rules.service.synthesis.terms import Term, is_argument_list, term_of, unified
from cockpit.rules.service.synthesis.tree import Snippet, Tree

_WORD = re.compile(r"\w+|[^\w\s]+")
_MOST_PER_KIND = 5
_MOST_NODES = 12
_LARGE = 12.0
"""Lines of code beyond which a node is hardly what is meant: it comes last."""


@dataclass(frozen=True, slots=True)
class Focus:
    """The node meant in each bad snippet, and what they have in common."""

    nodes: tuple[Tree, ...]
    term: Term
    is_changed: bool
    """The fix changed it in every snippet whose fix is known."""

    @property
    def kind(self) -> str:
        """The kind that they all are of."""
        return self.nodes[0].kind

    @property
    def kinds(self) -> list[str]:
        """Every kind that they are of: mostly one."""
        return sorted({node.kind for node in self.nodes})

    @property
    def size(self) -> float:
        """How large a piece of code it is, in about lines."""
        longest = max(len(node.text) for node in self.nodes)
        return max(node.text.count("\n") for node in self.nodes) + longest / 40


def foci_of(bads: Sequence[Snippet], goods: Sequence[Snippet | None]) -> list[Focus]:
    """Return what the offence may be; nodes that the fixes changed first, larger ones before those within them."""
    candidates = [_nodes(bad, good) for bad, good in zip(bads, goods, strict=True)]
    kinds = dict.fromkeys(kin_of(node.kind) for node, _ in candidates[0])
    found: list[Focus] = []
    for kind in kinds:
        per_bad = [[(node, changed) for node, changed in nodes if kin_of(node.kind) == kind] for nodes in candidates]
        if all(per_bad):
            found += _aligned(per_bad)
    return sorted(found, key=lambda focus: (not focus.is_changed, focus.size > _LARGE))


def changed_parts(bad: Snippet, good: Snippet | None) -> set[int]:
    """Return the ids of the nodes of `bad` that `good` has no equal of."""
    kept = {_said(node) for node in good.tree.walk()} if good is not None else set()
    return {id(node) for node in bad.tree.walk() if _said(node) not in kept}


def words_gone(bad: str, good: str) -> set[str]:
    """Return the words that the fix has fewer of."""
    return set(Counter(_WORD.findall(bad)) - Counter(_WORD.findall(good)))


def has_kept_head(node: Tree, changed: set[int]) -> bool:
    """Return whether the fix left alone what a node with a body begins with, and changed something in its body."""
    head = [child for child in node.named if not is_body(child.kind)]
    bodies = [child for child in node.named if is_body(child.kind)]
    return bool(head and bodies) and not any(id(child) in changed for child in head)


def _said(node: Tree) -> tuple[str, str, str]:
    """Return what a node says, spacing aside, and of a statement, what it is immediately in: moving it changes it."""
    is_statement = node.parent is not None and (is_body(node.parent.kind) or is_root(node.parent.kind))
    place = next((above.kind for above in node.ancestors() if is_context(above.kind)), "") if is_statement else ""
    return (node.kind, " ".join(node.text.split()), place)


def _nodes(bad: Snippet, good: Snippet | None) -> list[tuple[Tree, bool]]:
    changed = changed_parts(bad, good)
    nodes = ((node, id(node) in changed) for node in bad.tree.walk())
    return [(node, is_changed) for node, is_changed in nodes if _may_be_meant(node, is_changed=is_changed)]


def _may_be_meant(node: Tree, *, is_changed: bool) -> bool:
    if is_root(node.kind) or is_body(node.kind) or is_argument_list(node.kind):
        return False
    if node.kind in ("expression_statement", "string_start", "string_end", "ERROR") or node.kind.endswith("parameters"):
        return False
    if is_name(node.kind) or (is_list(node.kind) and not node.named):
        return is_changed
    return not is_literal(node.kind) or is_changed


def _aligned(per_bad: Sequence[Sequence[tuple[Tree, bool]]]) -> list[Focus]:
    """For each node of the first snippet, take from the others the one that has most in common with it."""
    found: dict[tuple[int, ...], Focus] = {}
    firsts = sorted(per_bad[0], key=lambda item: not item[1])[:_MOST_PER_KIND]
    for first, is_first_changed in firsts:
        for must_change in (True, False) if is_first_changed else (False,):
            term, nodes, is_changed = term_of(first), [first], is_first_changed
            for others in per_bad[1:]:
                term, node, is_other_changed = max(
                    ((unified(term, term_of(node)), node, changed) for node, changed in others[:_MOST_NODES]),
                    key=lambda item: _likeness(*item, must_change=must_change),
                )
                nodes.append(node)
                is_changed &= is_other_changed
            found.setdefault(tuple(map(id, nodes)), Focus(tuple(nodes), term, is_changed))
    return list(found.values())


def _likeness(term: Term, node: Tree, is_changed: bool, *, must_change: bool) -> tuple[float, ...]:
    return (is_changed and must_change, not term.hole, term.weight, -term.vagueness, -len(node.text))
