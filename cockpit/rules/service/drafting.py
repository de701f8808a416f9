"""What an agent that drafts rules is told: the examples with their syntax trees, and later what came out wrong.

All of it is material: cleaned, bounded, and between fences that nothing in it can close.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from cockpit.providers.text import clean, clean_line
from cockpit.rules.types import ExampleKind
from cockpit.rules.types.forge import Verdict

MOST_EXAMPLES = 8
MOST_IDS = 60
TREES = 3
"""Examples of each kind whose syntax trees are shown."""
_LONGEST_TEXT = 2_000
_LONGEST_TREE = 3_000
_LONGEST_SAID = 1_000
_TICKS = re.compile(r"`{3,}")


@dataclass(frozen=True, slots=True)
class Shown:
    """One example for the agent."""

    kind: ExampleKind
    text: str
    path: str = ""
    tree: str = ""
    """Its syntax tree in words; empty: it is not shown."""


@dataclass(frozen=True, slots=True)
class Brief:
    """What the rule is to be about."""

    language: str
    examples: Sequence[Shown]
    said: str = ""
    remedy: str = ""
    taken: Sequence[str] = field(default_factory=tuple)
    """Ids of the rules that there are."""
    wanted: int = 2


def brief_text(brief: Brief) -> str:
    """Return the first message to the agent."""
    rules = "one rule" if brief.wanted == 1 else f"up to {brief.wanted} rules, each another way to say it"
    parts = [
        f"Draft {rules} for this mistake in {clean_line(brief.language)} code. Tests first, then the rules, as your "
        "role says."
    ]
    if brief.said:
        parts += ["What was said of it:", _fenced(brief.said[:_LONGEST_SAID])]
    if brief.remedy:
        parts += ["How to put it right:", _fenced(brief.remedy[:_LONGEST_SAID])]
    for kind, title in ((ExampleKind.BAD, "Bad: the rule must hit it"), (ExampleKind.GOOD, "Good: it must not")):
        for one in [one for one in brief.examples if one.kind is kind][:MOST_EXAMPLES]:
            parts += _example(one, title)
    if brief.taken:
        ids = ", ".join(clean_line(one) for one in brief.taken[:MOST_IDS])
        parts.append(f"Ids of the rules that there are (choose another one): {ids}")
    return "\n\n".join(parts)


def _example(one: Shown, title: str) -> Iterator[str]:
    where = f", from {clean_line(one.path)[:200]}" if one.path else ""
    yield f"{title}{where}:"
    yield _fenced(one.text[:_LONGEST_TEXT])
    if one.tree:
        yield "Its syntax tree (field: kind):"
        yield _fenced(one.tree[:_LONGEST_TREE])


def missed(verdicts: Iterable[Verdict], whose: str = "given") -> list[str]:
    """Return what came out wrong, one paragraph for each example."""
    found = []
    for verdict in verdicts:
        if not verdict.is_right:
            happened = "was not hit" if verdict.example.kind is ExampleKind.BAD else "was hit"
            text = _fenced(verdict.example.text[:_LONGEST_TEXT])
            found.append(f"This {verdict.example.kind.value} example ({whose}) {happened}:\n{text}")
    return found


def failures_text(failures: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Return the message after a turn: which rule came out wrong, and how."""
    parts = ["The machine tried your rules. These did not come out right:"]
    for name, reasons in failures:
        parts.append(f"{clean_line(name)[:80]}:")
        parts += list(reasons)[:MOST_EXAMPLES]
    parts.append("Mend them: give each again, whole, in a block of its own. Leave out what needs no change.")
    return "\n\n".join(parts)


def _fenced(text: str) -> str:
    shown = clean(text).strip("\n")
    fence = "`" * max([3, *(len(found) + 1 for found in _TICKS.findall(shown))])
    return f"{fence}\n{shown}\n{fence}"
