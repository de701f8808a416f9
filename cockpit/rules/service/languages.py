"""What the engines know of languages: file endings, and what functions, classes and names are in the tree."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Language:
    """One language, in the words of its tree-sitter grammar."""

    name: str
    """As ast-grep calls it."""
    endings: tuple[str, ...]
    functions: tuple[str, ...]
    """Kinds of nodes that are functions or methods with a name."""
    nameless: tuple[str, ...]
    """Kinds of nodes that are functions without one."""
    classes: tuple[str, ...]
    names: tuple[str, ...]
    """Kinds of nodes that names of functions and classes are."""
    bodies: tuple[str, ...] = ()
    """Kinds of nodes that count as a class for its size only."""


_JS_FUNCTIONS = ("function_declaration", "generator_function_declaration", "method_definition")
_JS_NAMELESS = ("arrow_function", "function_expression")
_JS_NAMES = ("identifier", "property_identifier", "private_property_identifier")
_TS_CLASSES = ("class_declaration", "abstract_class_declaration", "interface_declaration")

LANGUAGES = (
    Language(
        "python", (".py", ".pyi", ".py3", ".bzl"), ("function_definition",), (), ("class_definition",), ("identifier",)
    ),
    Language(
        *("typescript", (".ts", ".cts", ".mts"), _JS_FUNCTIONS, _JS_NAMELESS, _TS_CLASSES),
        names=(*_JS_NAMES, "type_identifier"),
    ),
    Language("tsx", (".tsx",), _JS_FUNCTIONS, _JS_NAMELESS, _TS_CLASSES, names=(*_JS_NAMES, "type_identifier")),
    Language(
        "javascript", (".js", ".cjs", ".mjs", ".jsx"), _JS_FUNCTIONS, _JS_NAMELESS, ("class_declaration",), _JS_NAMES
    ),
    Language(
        *("go", (".go",), ("function_declaration", "method_declaration"), ("func_literal",), ("type_spec",)),
        names=("identifier", "field_identifier", "type_identifier"),
    ),
    Language(
        *("rust", (".rs",), ("function_item",), ("closure_expression",), ("struct_item", "enum_item", "trait_item")),
        names=("identifier", "type_identifier"),
        bodies=("impl_item",),
    ),
    Language(
        *("java", (".java",), ("method_declaration", "constructor_declaration"), ("lambda_expression",)),
        classes=("class_declaration", "interface_declaration", "enum_declaration", "record_declaration"),
        names=("identifier",),
    ),
)

_BY_ENDING = {ending: language for language in LANGUAGES for ending in language.endings}

# Endings of the languages that ast-grep reads besides; a language that is not named here may have any ending.
ENDINGS: dict[str, tuple[str, ...]] = {
    **{language.name: language.endings for language in LANGUAGES},
    "py": (".py", ".pyi", ".py3", ".bzl"),
    "ts": (".ts", ".cts", ".mts"),
    "js": (".js", ".cjs", ".mjs", ".jsx"),
    "golang": (".go",),
    "rs": (".rs",),
}


def language_of(path: str) -> Language | None:
    """Return the language of a file by its ending."""
    dot = path.rfind(".")
    return _BY_ENDING.get(path[dot:]) if dot >= 0 else None


def endings_of(names: frozenset[str]) -> tuple[str, ...] | None:
    """Return the endings of files in these languages; None when one of them may have any."""
    found: list[str] = []
    for name in names:
        known = ENDINGS.get(name.lower())
        if known is None:
            return None
        found += known
    return tuple(found)


_OTHERS = {
    "c": ".c",
    "cpp": ".cpp",
    "csharp": ".cs",
    "css": ".css",
    "html": ".html",
    "json": ".json",
    "yaml": ".yml",
    "bash": ".sh",
    "ruby": ".rb",
    "php": ".php",
    "kotlin": ".kt",
    "swift": ".swift",
    "scala": ".scala",
    "lua": ".lua",
    "elixir": ".ex",
    "haskell": ".hs",
    "nix": ".nix",
    "solidity": ".sol",
    "hcl": ".tf",
}


def ending_of(name: str) -> str:
    """Return an ending by which ast-grep knows a language."""
    known = ENDINGS.get(name.lower())
    return known[0] if known else _OTHERS.get(name.lower(), ".txt")
