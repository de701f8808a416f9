"""Prose that a rule makes superfluous: the items of a document such as AGENTS.md, and the one a rule holds by itself.

What a machine enforces need not be said to every agent in every turn. A rule names the words that it replaces
(`replaces_prose`), or says nearly the same; a person sees the very lines before they go.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.rules.service.similar import Remembered, most_similar, stem
from cockpit.rules.types import Rule
from cockpit.rules.types.books import Prose

_ITEM = re.compile(r"^(\s*)(?:[-*+]|\d+[.)])\s+\S")
_FENCE = re.compile(r"^\s*(?:```|~~~)")
_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(.*)")
_WORD = re.compile(r"[a-z]{3,}")
ITEMS_READ = 1_000
_SHARED = 3
"""Words that a rule and an item must share to be compared at all, which takes far longer."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list in a document, with the lines that go on with it."""

    line: int
    """Where it begins, from 1."""
    text: str
    """All of its lines, as they are."""
    heading: str = ""
    """What it stands under."""

    @property
    def words(self) -> str:
        """Return what it says, in one line and without its mark."""
        said = re.sub(r"^\s*(?:[-*+]|\d+[.)])\s+", "", self.text)
        return " ".join(said.split())


def items_of(text: str) -> list[Item]:
    """Return the items of all lists of a document; code blocks are left alone."""
    found: list[Item] = []
    lines = text.splitlines()
    heading, is_code, at = "", False, 0
    while at < len(lines) and len(found) < ITEMS_READ:
        line = lines[at]
        if _FENCE.match(line):
            is_code = not is_code
        elif not is_code and (head := _HEADING.match(line)):
            heading = head[1].strip()
        elif not is_code and (begun := _ITEM.match(line)):
            end = _end_of(lines, at, len(begun[1]))
            found.append(Item(at + 1, "\n".join(lines[at:end]), heading))
            at = end
            continue
        at += 1
    return found


def _end_of(lines: list[str], at: int, indent: int) -> int:
    """Return where an item ends: before the next item, an empty line, or what stands no further in than its mark."""
    end = at + 1
    while end < len(lines):
        line = lines[end]
        depth = len(line) - len(line.lstrip())
        if not line.strip() or depth <= indent or (_ITEM.match(line) and depth <= indent):
            break
        end += 1
    return end


def without(text: str, line: int, item: str) -> str | None:
    """Return a document without an item; None where these lines do not stand there any more."""
    lines = text.splitlines(keepends=True)
    wanted = item.splitlines()
    begin = line - 1
    there = [one.rstrip("\r\n") for one in lines[begin : begin + len(wanted)]]
    if not wanted or there != wanted:
        return None
    return "".join([*lines[:begin], *lines[begin + len(wanted) :]])


ALIKE = 0.4
"""Likeness from which a rule and an item are taken to say the same, and by how much no other item may be as near.

Measured on 21 rules of ours and of the packs against 44 items of two documents: from here on all four pairs found were
right, and a third of those that a person would name; at 0.35 one of six was wrong. So it proposes little, and a person
sees the line.
"""
AHEAD = 0.15


def superfluous(rules: Sequence[Rule], path: str, text: str) -> dict[str, Prose]:
    """Return by rule the item of a document that it holds by itself.

    Args:
        rules: those that enforce what they say.
        path: the document, relative to the repository.
        text: what it says.
    """
    items = items_of(text)
    words = [_stems(item.words) for item in items]
    found: dict[str, Prose] = {}
    for rule in rules:
        named = rule.metadata.replaces_prose.strip()
        item = _named(named, path, items) if named else None
        likeness = 1.0
        if not named and any(len(_stems(_said(rule)) & one) >= _SHARED for one in words):
            item, likeness = _alike(rule, items)
        if item is not None:
            said = Prose(path=path, line=item.line, text=item.text, is_named=bool(named), likeness=likeness)
            found[rule.id] = said
    return found


def _named(named: str, path: str, items: Sequence[Item]) -> Item | None:
    """Return the one item with these words, or under this heading (`AGENTS.md#heading`)."""
    where, mark, slug = named.partition("#")
    if mark and where.strip() in ("", path):
        under = [item for item in items if _slug(item.heading) == slug.strip().lower()]
        return under[0] if len(under) == 1 else None
    wanted = " ".join(named.split()).casefold()
    with_words = [item for item in items if wanted in item.words.casefold()]
    return with_words[0] if len(with_words) == 1 else None


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def _said(rule: Rule) -> str:
    return f"{rule.id.replace('-', ' ')} {rule.message} {rule.note}"


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in _WORD.findall(text.lower()))


def _alike(rule: Rule, items: Sequence[Item]) -> tuple[Item | None, float]:
    said = Remembered(rule.id, _said(rule))
    known = {str(item.line): item for item in items}
    near = most_similar(said, [Remembered(name, item.words) for name, item in known.items()], 2)
    if not near or near[0].score < ALIKE or (len(near) > 1 and near[0].score - near[1].score < AHEAD):
        return None, 0.0
    return known[near[0].id], round(near[0].score, 2)
