"""Which nodes of a tree are imports, and what they lead to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cockpit.rules.service.imports.go import go_targets
from cockpit.rules.service.imports.java import java_targets
from cockpit.rules.service.imports.javascript import javascript_targets
from cockpit.rules.service.imports.rust import rust_targets
from cockpit.rules.service.imports.world import Target, World
from cockpit.rules.service.languages import language_of
from cockpit.rules.service.layers.edges import Edge

_SCRIPT: dict[str, Any] = {
    "any": [
        {"kind": "import_statement"},
        {"kind": "export_statement", "has": {"field": "source", "kind": "string"}},
        {"pattern": "import($S)"},
        {"pattern": "require($S)"},
    ]
}

_RUST: dict[str, Any] = {
    "any": [
        {"kind": "use_declaration"},
        {"kind": "mod_item", "not": {"has": {"field": "body", "kind": "declaration_list"}}},
    ]
}

IMPORTS: dict[str, dict[str, Any]] = {
    "typescript": _SCRIPT,
    "tsx": _SCRIPT,
    "javascript": _SCRIPT,
    "go": {"kind": "import_spec"},
    "rust": _RUST,
    "java": {"kind": "import_declaration"},
}
"""By language, ast-grep's rule for everything that imports. Python's imports are found by grimp."""

Statement = tuple[int, str]
"""Line, from 1, and text of an import."""


def edges_of(path: str, statements: Iterable[Statement], world: World) -> Iterator[Edge]:
    """Yield what a file imports."""
    language = language_of(path)
    for line, text in statements:
        for module, imported in _targets(language.name if language else "", path, text, world):
            if imported != path:
                yield Edge(path, line, module, imported)


def _targets(language: str, path: str, text: str, world: World) -> Iterable[Target]:
    match language:
        case "typescript" | "tsx" | "javascript":
            return javascript_targets(path, text, world)
        case "go":
            return go_targets(text, world)
        case "rust":
            return rust_targets(path, text, world)
        case "java":
            return java_targets(text, world)
        case _:
            return ()
