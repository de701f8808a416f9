"""Which nodes of a tree are imports, and what they lead to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cockpit.rules.service.imports.go import go_targets
from cockpit.rules.service.imports.java import java_targets
from cockpit.rules.service.imports.javascript import is_for_types, javascript_targets
from cockpit.rules.service.imports.python import python_targets, tidied
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
        {"kind": "extern_crate_declaration"},
        {"kind": "mod_item", "not": {"has": {"field": "body", "kind": "declaration_list"}}},
    ]
}

_PYTHON: dict[str, Any] = {"any": [{"kind": "import_statement"}, {"kind": "import_from_statement"}]}

IMPORTS: dict[str, dict[str, Any]] = {
    "python": _PYTHON,
    "typescript": _SCRIPT,
    "tsx": _SCRIPT,
    "javascript": _SCRIPT,
    "go": {"kind": "import_spec"},
    "rust": _RUST,
    "java": {"kind": "import_declaration"},
}
"""By language, ast-grep's rule for everything that imports."""

TYPES_IMPORTS: dict[str, dict[str, Any]] = {
    "python": {
        **_PYTHON,
        "inside": {
            "kind": "block",
            "stopBy": "end",
            "inside": {
                "kind": "if_statement",
                "field": "consequence",
                "has": {"field": "condition", "regex": r"^(?:\w+\.)?TYPE_CHECKING$"},
            },
        },
    }
}
"""By language, ast-grep's rule for what only type checkers import, where the place of a statement says so."""

Statement = tuple[int, str, bool]
"""Line, from 1, and text of an import; whether it is for type checkers only."""


def statement_of(language: str, line: int, text: str, *, is_for_types: bool) -> Statement:
    """Return an import as it is kept."""
    return line, tidied(text) if language == "python" else text, is_for_types


def edges_of(path: str, statements: Iterable[Statement], world: World) -> Iterator[Edge]:
    """Yield what a file imports."""
    language = language_of(path)
    name = language.name if language else ""
    is_script = name in ("typescript", "tsx", "javascript")
    for line, text, for_types in statements:
        only_types = for_types or (is_script and is_for_types(text))
        for module, imported in _targets(name, path, text, world):
            if imported != path:
                yield Edge(path, line, module, imported, only_types)


def _targets(language: str, path: str, text: str, world: World) -> Iterable[Target]:
    match language:
        case "python":
            return python_targets(path, text, world)
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
