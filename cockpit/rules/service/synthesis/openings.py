"""How open the offences' common term is taken: from the very words to the mere shape, each with what it is worth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count

from cockpit.rules.service.synthesis.languages import is_body, is_literal, is_name
from cockpit.rules.service.synthesis.terms import (
    Term,
    is_argument_list,
    is_comparison,
    opened,
    reversed_of,
    with_open_lists,
)

_LITERAL = -0.3
"""It names what happened to stand there."""
_VALUES = -0.4
"""It leaves open what was the same in all snippets."""
_BY_COUNT = -0.8
"""It tells bad from good by the number of arguments only."""
_LISTS = -0.2
_BODIES = -0.1
_PARTS = -0.3
_REVERSED = -0.2
_MORE = 0.05
"""How many arguments come behind is mostly chance."""
_SPELT_OUT = -0.8
"""That bodies are the same to the last statement is chance; for each statement but the first."""
_CONSTANT = -0.3
_APART = -0.6
"""That names were the same in every snippet is hardly chance."""

Opening = tuple[str, Term, float]


def openings(term: Term, is_fine: Callable[[Term], bool]) -> Iterator[Opening]:
    """Yield what the nodes have in common, in several degrees of openness, each with what it adds to the score.

    Args:
        term: what the offences have in common.
        is_fine: tells whether good snippets have it, too.
    """
    if term.hole:
        return
    for name, one, bonus in _by_lists(term, is_fine):
        cost = bonus + _SPELT_OUT * _statements(one)
        yield name, one, cost
        if (apart := _with_names_apart(one)) != one:
            yield f"{name}, names apart", apart, cost + _APART
    unsaid = term if any(term.holes()) else opened(term, _is_value)
    if (parts := _with_open_parts(unsaid)) != unsaid:
        yield "open parts", parts, _PARTS + _SPELT_OUT * _statements(parts)
    if is_comparison(term.kind) and (either := opened(term, _is_constant)) != term:
        yield "either constant", _of_both_constants(either), _CONSTANT


def alternatives(term: Term) -> Iterator[Opening]:
    """Yield what is wrong as well where the term is, though it is written otherwise."""
    if (reverse := reversed_of(term)) is not None:
        yield "either way", reverse, _REVERSED
    if (longer := _with_more_arguments(term)) != term:
        yield "more behind", longer, _MORE


def _by_lists(term: Term, is_fine: Callable[[Term], bool]) -> Iterator[Opening]:
    if not any(term.holes()):
        yield "literal", term, _LITERAL
        term = opened(term, _is_value)
    elif (values := opened(term, _is_value)) != term and values.names:
        yield "open values", with_open_lists(values), _VALUES
    wide = with_open_lists(term)
    if wide != term:
        yield "pattern", term, _BY_COUNT if is_fine(wide) else 0.0
        if (bare := with_open_lists(term, bodies_only=True)) not in (term, wide):
            yield "open bodies", bare, _BODIES
        yield "open pattern", wide, _LISTS
    elif any(term.holes()):
        yield "pattern", term, 0.0


def _statements(term: Term) -> int:
    """Return how many statements its bodies spell out besides the first of each."""
    own = sum(child.is_named and child.hole != "many" for child in term.children) - 1 if is_body(term.kind) else 0
    return max(0, own) + sum(map(_statements, term.children))


def _is_value(term: Term) -> bool:
    """Return whether a part is what code works on, not what it does."""
    return not term.role and (is_name(term.kind) or is_literal(term.kind))


def _is_constant(term: Term) -> bool:
    return term.kind in ("true", "false")


def _of_both_constants(term: Term) -> Term:
    if term.hole and all(kind in ("true", "false") for kind, _ in term.samples):
        is_capital = all(text[0].isupper() for _, text in term.samples)
        both = tuple((kind, kind.capitalize() if is_capital else kind) for kind in ("true", "false"))
        return replace(term, samples=both) if term.samples else term
    return replace(term, children=tuple(map(_of_both_constants, term.children)))


def _with_names_apart(term: Term) -> Term:
    """Return the term with holes that are independent, though the same was seen in some of them."""
    seen = [tuple(text for _, text in hole.samples) for hole in term.holes() if hole.hole == "one"]
    if len(seen) == len(set(seen)):
        return term
    return _marked(term, count(1))


def _marked(term: Term, numbers: Iterator[int]) -> Term:
    if term.hole == "one":
        return replace(term, mark=next(numbers))
    return replace(term, children=tuple(_marked(child, numbers) for child in term.children))


def _with_open_parts(term: Term) -> Term:
    """Return the term with a hole for every argument, value and statement in it, whatever it is made of."""
    children = []
    for child in term.children:
        if _is_part(child):
            children.append(opened(child, lambda _: True))
        else:
            children.append(child if child.hole else _with_open_parts(child))
    return replace(term, children=tuple(children))


def _is_part(term: Term) -> bool:
    if not term.children or not term.is_named or term.role or term.hole or not any(term.holes()):
        return False
    return not (
        term.kind.endswith(("_clause", "_list", "_operator")) or is_body(term.kind) or is_argument_list(term.kind)
    )


def _with_more_arguments(term: Term) -> Term:
    """Return the term with anything behind the first argument of each call that has one."""
    items = [child for child in term.children if child.is_named]
    if is_argument_list(term.kind) and len(items) == 1 and items[0].hole == "one" and len(term.children) == 3:
        comma, rest = Term(",", ",", is_named=False), Term("many", gap=" ", hole="many")
        return replace(term, children=(*term.children[:2], comma, rest, term.children[2]))
    return replace(term, children=tuple(map(_with_more_arguments, term.children)))
