"""What synthesis must know of a language, kept to a minimum: names of node kinds, and how a fragment can be parsed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

_LIST = re.compile(
    r"(arguments?|_list|parameters|block|body|array|list|object|dictionary|tuple|set|module|program|source_file)$"
)
_TEXT = re.compile(r"string|template|char_literal|rune|regex")
_NUMBER = re.compile(r"^(integer|float|number|int_literal|float_literal|integer_literal)")
_LEAVES = re.compile(r"identifier$")
_BODY = re.compile(r"^(block|statement_block|statement_list|class_body|declaration_list|body|suite)$")
_ROOTS = frozenset({"module", "program", "source_file"})
OPPOSITES = {
    one: other
    for pair in (("==", "!="), ("===", "!=="), ("is", "is not"), ("in", "not in"), ("<", ">"), ("<=", ">="))
    for one, other in (pair, pair[::-1])
}
"""Operators that say the same the other way round: what is wrong with one of them mostly is with the other."""

_CONTEXT = re.compile(
    r"(_statement|_clause|_definition|_declaration|_expression|_item|lambda|decorator|await|assignment|comparison_operator"
    r"|arrow_function|closure_expression)$"
)

RECEIVERS = frozenset({"self", "cls", "this", "super"})
"""Names under which code speaks of itself."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """One language's own words."""

    frames: tuple[str, ...]
    """Texts in which a fragment stands, `{}` being the fragment, for those that do not parse by themselves."""
    named_argument: str = ""
    """Kind of an argument given by name."""
    spread: tuple[str, ...] = ()
    """Kinds that may hide any argument."""
    body: str = ""
    """Kind of what holds the statements of a function, loop or clause."""
    interpolation: str = ""
    """Kind of what stands in a text that is put together, where such texts are of the same kind as plain ones."""


_PYTHON = Grammar(
    frames=(
        "try:\n    pass\n{}",
        "def f({}): pass",
        "f({})",
        "with {}: pass",
        "{}\ndef f(): pass",
        "if a:\n    pass\n{}",
        "[x {}]",
        "match x:\n    {}",
    ),
    named_argument="keyword_argument",
    spread=("dictionary_splat",),
    body="block",
    interpolation="interpolation",
)
_SCRIPT = Grammar(
    frames=(
        "try {{ }} {}",
        "f({})",
        "class A {{ {} }}",
        "const a = {{ {} }}",
        "const a: {} = 1",
        "function f({}) {{ }}",
        "async function f() {{ {} }}",
        "if (a) {{ }} {}",
    ),
    named_argument="pair",
    spread=("spread_element",),
    body="statement_block",
)
_GO = Grammar(
    frames=(
        "package p\nfunc f() {{\n{}\n}}",
        "package p\nfunc f() {{\na = {}\n}}",
        "package p\n{}",
        "package p\nfunc f({}) {{ }}",
        "package p\ntype T struct {{ {} }}",
    ),
    named_argument="keyed_element",
    body="block",
)
_RUST = Grammar(
    frames=("fn f() {{ {}; }}", "fn f() {{ let a = {}; }}", "fn f() {{ {} }}", "struct S {{ {} }}", "fn f({}) {{ }}"),
    named_argument="field_initializer",
    body="block",
)
_BRACES = Grammar(frames=("class A {{ void f() {{ {}; }} }}", "class A {{ {} }}", "void f() {{ {}; }}", "f({})"))

GRAMMARS: dict[str, Grammar] = {
    "python": _PYTHON,
    "typescript": _SCRIPT,
    "tsx": _SCRIPT,
    "javascript": _SCRIPT,
    "go": _GO,
    "rust": _RUST,
    "java": _BRACES,
    "c": _BRACES,
    "cpp": _BRACES,
    "csharp": _BRACES,
    "kotlin": _BRACES,
    "swift": _BRACES,
    "ruby": Grammar(frames=("def f\n{}\nend",), interpolation="interpolation"),
    "php": Grammar(frames=("<?php {};",)),
    "scala": Grammar(frames=("object A {{ {} }}",)),
    "lua": Grammar(frames=("local a = {}",)),
    "bash": Grammar(frames=()),
    "elixir": Grammar(frames=()),
    "css": Grammar(frames=("a {{ {} }}",)),
    "html": Grammar(frames=()),
    "json": Grammar(frames=()),
    "yaml": Grammar(frames=()),
}
"""Languages that ast-grep-py knows: any other name makes it panic."""

LANGUAGE_OF_SUFFIX = {
    ".py": "python",
    ".pyi": "python",
    ".ts": "typescript",
    ".mts": "typescript",
    ".cts": "typescript",
    ".tsx": "tsx",
    ".js": "javascript",
    ".jsx": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".go": "go",
    ".rs": "rust",
    ".java": "java",
    ".c": "c",
    ".h": "c",
    ".cc": "cpp",
    ".cpp": "cpp",
    ".hpp": "cpp",
    ".cs": "csharp",
    ".kt": "kotlin",
    ".swift": "swift",
    ".rb": "ruby",
    ".php": "php",
    ".scala": "scala",
    ".lua": "lua",
    ".sh": "bash",
    ".bash": "bash",
    ".ex": "elixir",
    ".exs": "elixir",
    ".css": "css",
    ".html": "html",
    ".json": "json",
    ".yml": "yaml",
    ".yaml": "yaml",
}
"""The language of a file, by the end of its name."""


_ALIASES = {
    "py": "python",
    "ts": "typescript",
    "js": "javascript",
    "jsx": "javascript",
    "golang": "go",
    "rs": "rust",
    "c++": "cpp",
    "cs": "csharp",
    "kt": "kotlin",
    "rb": "ruby",
    "yml": "yaml",
    "sh": "bash",
    "ex": "elixir",
}


def name_of(language: str) -> str:
    """Return a language's own name, however it was written."""
    return _ALIASES.get(language.lower(), language.lower())


def grammar_of(language: str) -> Grammar:
    """Return what is known of a language.

    Raises:
        KeyError: it is none that ast-grep knows.
    """
    return GRAMMARS[name_of(language)]


@cache
def is_list(kind: str) -> bool:
    """Return whether nodes of this kind hold any number of like things."""
    return _LIST.search(kind) is not None or is_text(kind)


@cache
def is_text(kind: str) -> bool:
    """Return whether nodes of this kind are literal text."""
    return _TEXT.search(kind) is not None


@cache
def is_prose(kind: str) -> bool:
    """Return whether nodes of this kind are text in which single words may matter: comments and literal text."""
    return "comment" in kind or (is_text(kind) and not kind.endswith(("_start", "_end", "_content")))


@cache
def kin_of(kind: str) -> str:
    """Return the name under which kinds go that stand for each other: `true` and `false` are one thing's two values."""
    return "boolean" if kind in ("true", "false") else kind


@cache
def is_literal(kind: str) -> bool:
    """Return whether nodes of this kind are literal text or numbers."""
    return is_text(kind) or _NUMBER.search(kind) is not None


@cache
def is_name(kind: str) -> bool:
    """Return whether nodes of this kind are names."""
    return _LEAVES.search(kind) is not None


@cache
def is_body(kind: str) -> bool:
    """Return whether nodes of this kind hold statements."""
    return _BODY.search(kind) is not None


@cache
def is_context(kind: str) -> bool:
    """Return whether standing inside a node of this kind may be what matters."""
    return kind not in _ROOTS and kind != "expression_statement" and _CONTEXT.search(kind) is not None


def is_root(kind: str) -> bool:
    """Return whether nodes of this kind are a whole file."""
    return kind in _ROOTS
