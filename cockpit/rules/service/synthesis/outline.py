"""A syntax tree in words, for whoever writes a rule for it: kinds of nodes, fields, and the text of the leaves."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.rules.service.synthesis.tree import Tree

MOST_LINES = 120
_DEEPEST = 40
_LONGEST_LEAF = 60


def outline(tree: Tree, most_lines: int = MOST_LINES) -> str:
    """Return one line for each named node, indented by its depth: `field: kind`, and of leaves what they say."""
    lines: list[str] = []
    for line in _lines(tree, 0):
        if len(lines) == most_lines:
            lines.append("...")
            break
        lines.append(line)
    return "\n".join(lines)


def _lines(tree: Tree, depth: int) -> Iterator[str]:
    below = tree.named
    field = f"{tree.field}: " if tree.field else ""
    text = "" if below else f" {tree.text.split(chr(10))[0][:_LONGEST_LEAF]!r}"
    yield f"{'  ' * depth}{field}{tree.kind}{text}"
    if depth < _DEEPEST:
        for child in below:
            yield from _lines(child, depth + 1)
