"""Syntax trees as plain objects: parsed once, walked and compared in Python without asking the native parser again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as made_by
from typing import Any, cast

from ast_grep_py import SgNode, SgRoot

from cockpit.rules.service.synthesis.languages import GRAMMARS, is_root, name_of

MOST_BYTES = 40_000
"""Longest snippet that is taken for an example."""

DEEPEST = 120
"""Levels of a tree that are looked at; what is nested deeper is taken as one piece of text."""

_TOO_DEEP = 400
"""Levels beyond which the parser's searches take seconds."""

_FIELDS = (
    *("function", "object", "attribute", "property", "field", "operand", "value", "path", "name", "arguments"),
    *("left", "right", "operator", "operators", "body", "condition", "consequence", "alternative", "subscript"),
    *("cause", "type", "parameters", "return_type", "result", "key", "argument", "constructor", "macro", "initializer"),
)


class UnreadableError(Exception):
    """A snippet or a rule that ast-grep cannot take."""


@dataclass(slots=True, eq=False)
class Tree:
    """One node with what is below it."""

    kind: str
    text: str
    start: int
    end: int
    is_named: bool
    field: str = ""
    """What it is to its parent; empty: nothing in particular."""
    gap: str = ""
    """What stands between it and what came before it in its parent."""
    children: list[Tree] = made_by(default_factory=list)
    parent: Tree | None = None

    def walk(self) -> Iterator[Tree]:
        """Yield it and every named node below it, outermost first."""
        yield self
        for child in self.children:
            if child.is_named:
                yield from child.walk()

    def ancestors(self) -> Iterator[Tree]:
        """Yield what it stands in, innermost first."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    @property
    def named(self) -> list[Tree]:
        """What is below it without punctuation and keywords."""
        return [child for child in self.children if child.is_named]


@dataclass(frozen=True, slots=True)
class Snippet:
    """One example, parsed."""

    text: str
    root: SgNode
    tree: Tree
    path: str = ""


def parse(text: str, language: str, path: str = "") -> Snippet:
    """Parse a snippet; broken code gives a tree with errors in it.

    Raises:
        UnreadableError: it is too long or nested too deeply, or the language is none that ast-grep knows.
    """
    if len(text) > MOST_BYTES:
        raise UnreadableError(f"an example of {len(text):,} characters is too long; give the lines that matter")
    root = read(text, language)
    return Snippet(text, root, _taken(root), path)


def read(text: str, language: str) -> SgNode:
    """Parse a text for ast-grep alone.

    Raises:
        UnreadableError: the language is none that ast-grep knows.
    """
    if name_of(language) not in GRAMMARS:
        raise UnreadableError(f"ast-grep has no language {language!r}")
    return SgRoot(text, name_of(language)).root()


def matches(snippet: Snippet, body: Mapping[str, Any]) -> list[SgNode]:
    """Return what a rule's body matches in a snippet, outermost first.

    Raises:
        UnreadableError: it is no rule that ast-grep takes.
    """
    return search(snippet.root, body)


def search(root: SgNode, body: Mapping[str, Any]) -> list[SgNode]:
    """Return what a rule's body matches, outermost first.

    Raises:
        UnreadableError: it is no rule that ast-grep takes.
    """
    try:
        found: list[SgNode] = root.find_all(cast("Any", dict(body)))
    except Exception as error:
        raise UnreadableError(str(error)) from error
    except BaseException as error:
        # pyo3's PanicException is no Exception, and no module holds it to be named here
        if type(error).__name__ != "PanicException":
            raise
        raise UnreadableError("ast-grep cannot carry it out") from error
    return found


def trees_of(snippet: Snippet, nodes: list[SgNode]) -> list[Tree]:
    """Return the trees that stand where the nodes stand."""
    where = {(node.range().start.index, node.range().end.index, node.kind()) for node in nodes}
    return [tree for tree in snippet.tree.walk() if (tree.start, tree.end, tree.kind) in where]


def _taken(node: SgNode, depth: int = 0) -> Tree:
    span = node.range()
    text = node.text()
    start = 0 if is_root(node.kind()) else span.start.index
    tree = Tree(node.kind(), text, span.start.index, span.end.index, node.is_named())
    fields = _fields_of(node) if node.is_named() else {}
    last = start
    if depth == DEEPEST:
        _measure(node)
        return tree
    for child in node.children():
        below = _taken(child, depth + 1)
        below.parent = tree
        below.gap = text[last - span.start.index : below.start - span.start.index] if below.start >= last else ""
        below.field = fields.get((below.start, below.end), "")
        last = below.end
        tree.children.append(below)
    return tree


def _measure(node: SgNode) -> None:
    """Refuse what is nested so deeply that searching it takes seconds.

    Raises:
        UnreadableError: it is.
    """
    level = [node]
    for _ in range(_TOO_DEEP - DEEPEST):
        level = [child for one in level for child in one.children()]
        if not level:
            return
    raise UnreadableError(f"an example is nested more than {_TOO_DEEP} levels deep; give the lines that matter")


def _fields_of(node: SgNode) -> dict[tuple[int, int], str]:
    found: dict[tuple[int, int], str] = {}
    for name in _FIELDS:
        child = node.field(name)
        if child is not None:
            span = child.range()
            found.setdefault((span.start.index, span.end.index), name)
    return found
