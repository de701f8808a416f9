"""What ast-grep is told: a person's own rules as they are, and rules about size and names put in its words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cockpit.rules.service.imports import IMPORTS, TYPES_IMPORTS
from cockpit.rules.service.languages import LANGUAGES, Language
from cockpit.rules.types import Engine, Level, Rule
from cockpit.rules.types.bodies import NamingBody, SizeBody

_APART = "--"
IMPORT = "import"
TYPES_IMPORT = "type-import"
"""What documents look for on behalf of rules about layers: all imports, and those for type checkers only."""


@dataclass(frozen=True, slots=True)
class Document:
    """One rule document for ast-grep."""

    rule: Rule
    """The rule it stands for."""
    said: Mapping[str, object]
    what: str = ""
    """What it looks for: function, class, import. Empty for a rule of ast-grep's own."""
    limit: int = 0

    @property
    def id(self) -> str:
        """Return the id it goes by with ast-grep."""
        return str(self.said["id"])

    @property
    def language(self) -> str:
        """Return the language it reads."""
        return str(self.said["language"])


def documents_of(rules: Iterable[Rule]) -> tuple[Document, ...]:
    """Return everything that ast-grep has to look for."""
    found: list[Document] = []
    has_imports = False
    for rule in rules:
        match rule.engine:
            case Engine.AST_GREP:
                found.append(Document(rule, _own(rule)))
            case Engine.SIZE:
                found += _sizes(rule, SizeBody.model_validate(rule.body))
            case Engine.NAMING:
                found += _names(rule, NamingBody.model_validate(rule.body))
            case Engine.LAYERS if not has_imports:
                has_imports = True
                found += [_compiled(rule, name, IMPORT, said) for name, said in IMPORTS.items()]
                found += [_compiled(rule, name, TYPES_IMPORT, said) for name, said in TYPES_IMPORTS.items()]
            case _:
                pass
    return tuple(found)


def _own(rule: Rule) -> dict[str, object]:
    severity = Level.WARNING if rule.severity is Level.ERROR else rule.severity  # its exit status is of no use to us
    said: dict[str, object] = {"id": rule.id, "language": rule.language, "severity": severity.value, **rule.body}
    if rule.message:
        said["message"] = rule.message
    if rule.note:
        said["note"] = rule.note
    if rule.files:
        said["files"] = list(rule.files)
    if rule.ignores:
        said["ignores"] = list(rule.ignores)
    return said


def _sizes(rule: Rule, body: SizeBody) -> Iterator[Document]:
    for language in LANGUAGES:
        if body.max_function_lines:
            kinds = (*language.functions, *language.nameless)
            yield _longer(rule, language, "function", kinds, body.max_function_lines)
        if body.max_class_lines:
            kinds = (*language.classes, *language.bodies)
            yield _longer(rule, language, "class", kinds, body.max_class_lines)


def _longer(rule: Rule, language: Language, what: str, kinds: tuple[str, ...], limit: int) -> Document:
    # As many line feeds as lines are allowed: one line too many.
    said = {**_any(kinds), "regex": rf"^(?:[^\n]*\n){{{limit}}}"}
    return _compiled(rule, language.name, what, said, limit)


def _names(rule: Rule, body: NamingBody) -> Iterator[Document]:
    for language in LANGUAGES:
        for what, pattern, kinds in (
            ("function", body.functions, language.functions),
            ("class", body.classes, language.classes),
        ):
            if pattern:
                parents = [{"kind": kind, "field": "name"} for kind in kinds]
                said = {
                    **_any(language.names),
                    "all": [{"any": [{"inside": parent} for parent in parents]}],
                    "not": {"regex": f"^(?:{pattern})$"},
                }
                yield _compiled(rule, language.name, what, said)


def _any(kinds: tuple[str, ...]) -> dict[str, object]:
    return {"kind": kinds[0]} if len(kinds) == 1 else {"any": [{"kind": kind} for kind in kinds]}


def _compiled(rule: Rule, language: str, what: str, said: Mapping[str, object], limit: int = 0) -> Document:
    name = _APART.join((rule.id, language, what))
    document = {"id": name, "language": language, "severity": Level.HINT.value, "rule": said}
    return Document(rule, document, what, limit)


_NAME = re.compile(
    r"(?:def|class|function\*?|func|fn|struct|enum|trait|impl|interface|record)\s+(?:\([^)]*\)\s*)?([\w$]+)"
)
_FIRST_WORD = re.compile(r"(?:[\w$<>\[\], ]+\s)?([\w$]+)\s*[(<{:]")


def name_in(text: str) -> str:
    """Return the name of the function or class that a text begins with; empty where it has none."""
    head = text[:400].split("\n", 1)[0]
    found = _NAME.search(head) or _FIRST_WORD.match(head)
    return found[1] if found else ""
