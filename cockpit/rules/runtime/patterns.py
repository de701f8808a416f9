"""Patterns that ast-grep takes without a word and that match nothing: code that is no whole piece, such as `print(`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ast_grep_py import SgNode, SgRoot

from cockpit.rules.types import Engine, Rule, ScanProblem

_STANDS_FOR_DOLLAR = {"python": "µ", "py": "µ", "go": "µ", "golang": "µ", "rust": "µ", "rs": "µ"}
"""What ast-grep puts in the place of `$` where that cannot begin a name."""

_READABLE = {
    **dict.fromkeys(("python", "py"), "python"),
    **dict.fromkeys(("go", "golang"), "go"),
    **dict.fromkeys(("rust", "rs"), "rust"),
    **dict.fromkeys(("typescript", "ts"), "typescript"),
    **dict.fromkeys(("javascript", "js"), "javascript"),
    "tsx": "tsx",
    "java": "java",
}
"""Languages that are surely known: the library ends the whole program over one that is not."""

_VARIABLE = re.compile(r"[$µ]{1,3}[A-Z_0-9]*")
_LIMIT = 4_000
_DEPTH_LIMIT = 60


def incomplete_patterns(rules: Iterable[Rule]) -> list[ScanProblem]:
    """Return a problem for each pattern that is no whole piece of its language. Blocking."""
    problems = []
    for rule in rules:
        language = rule.language.lower()
        if rule.engine is not Engine.AST_GREP or language not in _READABLE:
            continue
        for pattern in _patterns(rule.body, 0):
            if _is_incomplete(pattern, language):
                why = f"the pattern {pattern.strip()[:80]!r} is no whole piece of {rule.language}: it matches nothing"
                problems.append(ScanProblem(message=why, rule=rule.id, path=rule.source))
    return problems


def _patterns(said: object, depth: int) -> Iterator[str]:
    if depth > _DEPTH_LIMIT:
        return
    if isinstance(said, dict):
        for key, value in said.items():
            if key == "pattern" and isinstance(value, str):
                yield value
            elif key not in ("fix", "pattern"):
                yield from _patterns(value, depth + 1)
    elif isinstance(said, list | tuple):
        for one in said:
            yield from _patterns(one, depth + 1)


def _is_incomplete(pattern: str, language: str) -> bool:
    text = pattern.strip()[:_LIMIT].encode("utf-8", "replace").decode()
    text = text.replace("$", _STANDS_FOR_DOLLAR.get(language, "$"))
    node = SgRoot(text, _READABLE[language]).root()
    while len(children := node.children()) == 1:  # as ast-grep looks for what is meant
        node = children[0]
    return _has_error(node, 0)


def _has_error(node: SgNode, depth: int) -> bool:
    if node.kind() == "ERROR":
        return not _VARIABLE.fullmatch(node.text())  # a variable may stand where nothing else may
    return depth < _DEPTH_LIMIT and any(_has_error(one, depth + 1) for one in node.children())
