"""From a term to what ast-grep reads: the pattern's text with its metavariables, in a context where it needs one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cockpit.rules.service.synthesis.languages import grammar_of
from cockpit.rules.service.synthesis.terms import Term
from cockpit.rules.service.synthesis.tree import Snippet, UnreadableError, matches, read

_LETTER = "µ"
"""What ast-grep reads the dollar of a metavariable as, where a language has no use for one."""

_NAMES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A term as ast-grep reads it."""

    rule: Mapping[str, Any]
    text: str
    """What it says, without the context that it may need."""
    term: Term
    holes: Mapping[str, Term]
    """The holes that take one thing, by their metavariables' names."""


def pattern_of(term: Term, language: str, must_match: Snippet) -> Pattern | None:
    """Return the pattern of a term that really matches where the term came from; None: there is none.

    ast-grep takes any text for a pattern, and one that does not parse as meant matches nothing without a word. So each
    way of writing it is tried on the snippet.
    """
    holes: dict[str, Term] = {}
    text = _written(term, {}, holes).strip()
    if len(holes) > len(_NAMES) or (text.startswith("$") and text[1:] in holes):
        return None
    for rule in _ways(text, term.kind, language):
        try:
            found = matches(must_match, {"rule": rule})
        except UnreadableError:
            continue
        if any(node.kind() == term.kind for node in found):
            return Pattern(rule, text, term, holes)
    return None


def written_together(first: Term, second: Term) -> tuple[str, str, dict[str, Term]]:
    """Return the patterns of two terms that share their metavariables, and their holes."""
    known: dict[tuple[str, ...], str] = {}
    holes: dict[str, Term] = {}
    return _written(first, known, holes).strip(), _written(second, known, holes).strip(), holes


def _ways(text: str, kind: str, language: str) -> list[dict[str, Any]]:
    frames = grammar_of(language).frames
    alone = [{"pattern": text}] if _is_whole(text, language) else []
    return [
        *alone,
        *({"pattern": {"context": frame.format(text), "selector": kind}} for frame in frames),
    ]


def _is_whole(text: str, language: str) -> bool:
    """Return whether a pattern parses by itself: ast-grep's program refuses one that is an error as a whole."""
    root = read(text.replace("$", _LETTER), language)
    return not any(child.kind() == "ERROR" for child in root.children())


def _written(term: Term, known: dict[tuple[str, ...], str], holes: dict[str, Term]) -> str:
    """Write a term; holes in which always the same was seen get the same metavariable."""
    if term.hole == "many":
        count = sum(name.startswith("$$$") for name in known.values())
        name = f"$$$REST{count or ''}"
        known[(name,)] = name
        return name
    if term.hole:
        key = (*(text for _, text in term.samples), str(term.mark))
        if key not in known:
            name = _NAMES[min(len(holes), len(_NAMES) - 1)]
            known[key] = f"${name}"
            holes[name] = term
        return known[key]
    if not term.children:
        return term.text
    return "".join(child.gap + _written(child, known, holes) for child in term.children)
