"""Anti-unification: the least general term that pieces of code are instances of, with holes where they differ."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, replace

from cockpit.rules.service.synthesis.languages import OPPOSITES, is_body, is_list, is_literal, is_text
from cockpit.rules.service.synthesis.tree import Tree

_ROLES = {
    **dict.fromkeys(("function", "constructor", "macro"), "callee"),
    **dict.fromkeys(("attribute", "property", "field"), "member"),
    **dict.fromkeys(("object", "operand"), "receiver"),
    **dict.fromkeys(("name", "key"), "name"),
}


_BINDS = re.compile(r"assignment|declaration|^for_|for_in_clause")
_COMPARES = re.compile(r"^(comparison_operator|binary_expression|binary_operator|equality_expression)$")
_WORD = re.compile(r"\w+|[^\w\s]+")
_PUT_TOGETHER = frozenset({"interpolation", "template_substitution", "interpolated_expression", "string_interpolation"})


@dataclass(frozen=True, slots=True)
class Term:
    """A piece of code, or a hole where pieces of code differ."""

    kind: str
    text: str = ""
    children: tuple[Term, ...] = ()
    is_named: bool = True
    role: str = ""
    """What it is to what it stands in: callee, member, receiver, name; empty: something else."""
    gap: str = ""
    hole: str = ""
    """`one`: any one thing stands here; `many`: any number of things; empty: it is no hole."""
    samples: tuple[tuple[str, str], ...] = ()
    """Of a hole: kind and text of what was seen in its place."""
    mark: int = 0
    """Of a hole: where it may be something else than holes of other marks with the same samples."""

    def holes(self) -> Iterator[Term]:
        """Yield the holes in it, in their order."""
        if self.hole:
            yield self
        for child in self.children:
            yield from child.holes()

    def words(self) -> set[str]:
        """Return every word of it, those seen in its holes included."""
        if self.hole:
            return {word for _, text in self.samples for word in _WORD.findall(text)}
        return set().union(*(child.words() for child in self.children)) if self.children else {self.text}

    def said(self) -> set[str]:
        """Return every word and sign that it says literally, or as one of two values."""
        if self.hole:
            kinds = {kind for kind, _ in self.samples}
            return {text for _, text in self.samples} if kinds == {"true", "false"} else set()
        return set().union(*(child.said() for child in self.children)) if self.children else {self.text}

    @property
    def vagueness(self) -> int:
        """How many of its holes were seen to hold things of different kinds."""
        return sum(hole.hole == "one" and len({kind for kind, _ in hole.samples}) > 1 for hole in self.holes())

    @property
    def weight(self) -> int:
        """How much of it is said literally: letters of its names, keywords, operators and texts, numbers not."""
        if self.hole:
            return 0
        if not self.children:
            if self.is_named:
                return 0 if is_literal(self.kind) else min(len(self.text), 12)
            return len(self.text) if self.text.isalpha() else 0
        return sum(child.weight for child in self.children)

    @property
    def names(self) -> int:
        """How many names it says literally."""
        if self.hole:
            return 0
        if not self.children:
            return int(self.is_named and not is_literal(self.kind) and any(map(str.isalpha, self.text)))
        return sum(child.names for child in self.children)


def term_of(tree: Tree) -> Term:
    """Return a piece of code as a term without holes."""
    role = _ROLES.get(tree.field, "")
    if not role and tree.field == "value" and tree.parent is not None and tree.parent.kind == "field_expression":
        role = "receiver"
    if tree.field == "left" and tree.parent is not None and _BINDS.search(tree.parent.kind):
        role = "name"
    return Term(tree.kind, tree.text, tuple(map(term_of, tree.children)), tree.is_named, role, tree.gap)


def is_same(one: Term, other: Term) -> bool:
    """Return whether two terms are the same code, spacing aside."""
    if one.hole or other.hole or one.kind != other.kind:
        return False
    if not one.children and not other.children:
        return one.text == other.text
    return len(one.children) == len(other.children) and all(map(is_same, one.children, other.children))


def unified(one: Term, other: Term) -> Term:
    """Return the least general term that both are instances of; its spacing is that of the first."""
    if is_same(one, other):
        return one
    if one.hole or other.hole or one.kind != other.kind or not one.children or not other.children or is_text(one.kind):
        return _hole(one, other)
    if len(one.children) == len(other.children):
        pairs = list(zip(one.children, other.children, strict=True))
        if all(_is_as_good(a, b) for a, b in pairs if not (a.is_named and b.is_named)):
            return replace(one, text="", children=tuple(unified(a, b) if a.is_named else a for a, b in pairs))
    return _unified_lists(one, other) if is_list(one.kind) else _hole(one, other)


def _is_as_good(one: Term, other: Term) -> bool:
    """Return whether keywords or signs are the same, or say the same the other way round."""
    return one.text == other.text or (not other.is_named and OPPOSITES.get(one.text) == other.text)


def either_way(words: Set[str]) -> set[str]:
    """Return the words with each operator that has an opposite under one name for both."""
    return {min(word, OPPOSITES.get(word, word)) for word in words}


def opened(term: Term, is_wanted: Callable[[Term], bool]) -> Term:
    """Return the term with a hole in place of every part that is wanted, outermost parts first."""
    if term.hole:
        return term
    if is_wanted(term):
        return Term("hole", role=term.role, gap=term.gap, hole="one", samples=_samples(term))
    return replace(term, children=tuple(opened(child, is_wanted) for child in term.children))


def reversed_of(term: Term) -> Term | None:
    """Return the term with its only comparison the other way round: `!=` for `==`; None: it has none, or several."""
    found = [leaf for one in _all(term) if is_comparison(one.kind) for leaf in one.children if leaf.text in OPPOSITES]
    return _replaced(term, found[0]) if len(found) == 1 else None


def is_comparison(kind: str) -> bool:
    """Return whether nodes of this kind compare, or join, two values."""
    return _COMPARES.search(kind) is not None


def _all(term: Term) -> Iterator[Term]:
    yield term
    for child in term.children:
        yield from _all(child)


def _replaced(term: Term, leaf: Term) -> Term:
    if term is leaf:
        return replace(leaf, kind=OPPOSITES[leaf.text], text=OPPOSITES[leaf.text])
    return replace(term, children=tuple(_replaced(child, leaf) for child in term.children))


def with_open_lists(term: Term, *, bodies_only: bool = False) -> Term:
    """Return the term with every list of arguments, and every body, taking anything; or the bodies alone."""
    if term.hole:
        return term
    if is_body(term.kind) or (is_argument_list(term.kind) and not bodies_only):
        items = [child for child in term.children if child.is_named]
        many = Term("many", gap=items[0].gap if items else "", hole="many")
        if is_body(term.kind) and items:
            first, last = term.children[0], term.children[-1]
            kept = [first, many, last] if not first.is_named and len(term.children) > 1 else [many]
            return replace(term, text="", children=tuple(kept))
        if items or is_argument_list(term.kind):
            return replace(term, text="", children=tuple(_between_brackets(term, [many])))
    return replace(term, children=tuple(with_open_lists(child, bodies_only=bodies_only) for child in term.children))


def is_argument_list(kind: str) -> bool:
    """Return whether nodes of this kind are the arguments of a call."""
    return kind.endswith(("argument_list", "arguments", "call_suffix", "value_arguments"))


def _hole(one: Term, other: Term) -> Term:
    is_many = "many" in (one.hole, other.hole)
    samples = (*_samples(one), *_samples(other))
    return Term("hole", role=one.role, gap=one.gap, hole="many" if is_many else "one", samples=samples)


def _samples(term: Term) -> tuple[tuple[str, str], ...]:
    return term.samples if term.hole else ((full_kind(term), term.text),)


def full_kind(term: Term) -> str:
    """Return a kind, and for texts that are put together, the kind of what stands in them: `string>interpolation`."""
    if is_text(term.kind):
        for child in term.children:
            if child.kind in _PUT_TOGETHER:
                return f"{term.kind}>{child.kind}"
    return term.kind


def _unified_lists(one: Term, other: Term) -> Term:
    """Keep what the lists begin and end with alike; anything may stand between."""
    left = [child for child in one.children if child.is_named]
    right = [child for child in other.children if child.is_named]
    shortest = min(len(left), len(right))
    head = tail = 0
    while head < shortest and is_same(left[head], right[head]):
        head += 1
    while tail < shortest - head and is_same(left[-1 - tail], right[-1 - tail]):
        tail += 1
    between = (*left[head : len(left) - tail], *right[head : len(right) - tail])
    many = Term("many", hole="many", samples=tuple(sample for item in between for sample in _samples(item)))
    return replace(
        one, text="", children=tuple(_between_brackets(one, [*left[:head], many, *left[len(left) - tail :]]))
    )


def _between_brackets(term: Term, items: list[Term]) -> list[Term]:
    marks = [child for child in term.children if not child.is_named]
    has_brackets = len(marks) >= 2 and marks[0].text not in (",", ";")
    separator = next((mark.text for mark in marks if mark.text in (",", ";")), "," if has_brackets else "")
    spaced: list[Term] = []
    gap = next((child.gap for child in term.children[1:] if child.is_named and not has_brackets), "\n")
    for position, item in enumerate(items):
        if position and separator:
            spaced += [Term(separator, separator, is_named=False), replace(item, gap=" ")]
        else:
            spaced.append(replace(item, gap=gap if position else ""))
    return [marks[0], *spaced, marks[-1]] if has_brackets else spaced
