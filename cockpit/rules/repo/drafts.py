"""Reads what an agent answers that was asked for rules: fenced YAML, each block tests or one rule.

It is read like a rule that a person writes, and trusted less: only what the forge can try, only keys that are known,
nothing that runs a program or asks a model, and no character that a person cannot see.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from pydantic import ValidationError

from cockpit.providers.text import clean, clean_line
from cockpit.rules.repo.documents import documents, line_of
from cockpit.rules.repo.places import invariant_file, rule_file
from cockpit.rules.repo.reading import read_rule
from cockpit.rules.types import Engine, Example, ExampleKind, Rule, RuleTests
from cockpit.rules.types.errors import RuleFileError

ANSWER_LIMIT = 200_000
"""Characters of an answer that are looked at."""
BLOCK_LIMIT = 16_000
MOST_BLOCKS = 16
MOST_TESTS = 12
"""Of each kind."""
_LONGEST_TEST = 2_000
_MOST_GLOBS, _LONGEST_PATH = 20, 200

_ENGINES = (Engine.AST_GREP, Engine.REGEX, Engine.SIZE, Engine.NAMING, Engine.PATH)
_SAID = frozenset({"id", "message", "note", "severity", "files", "metadata"})
_OF_AST_GREP = frozenset({"language", "rule", "constraints", "utils"})
_TESTS = frozenset({"id", "valid", "invalid"})
_FENCE = re.compile(r"^[ ]{0,3}(`{3,}|~{3,})[ \t]*([\w+-]*)[^\n]*$")


@dataclass(frozen=True, slots=True)
class Draft:
    """One rule of an answer, or why it is none."""

    name: str
    """What it calls itself, else the number of its block; for people and for the agent."""
    rule: Rule | None = None
    problem: str = ""
    """Where and what; empty: it could be read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Everything of an answer that counts."""

    drafts: tuple[Draft, ...] = ()
    tests: tuple[Example, ...] = ()
    """Examples of the agent's own, bad ones first."""


def read_answer(text: str) -> Answer:
    """Return the drafts and tests of an answer. Never raises: what cannot be read is a draft with a problem."""
    drafts: list[Draft] = []
    tests: list[Example] = []
    for number, block in enumerate(_blocks(text[:ANSWER_LIMIT]), 1):
        name = f"block {number}"
        try:
            said = _mapping(block)
            if set(said) <= _TESTS and ("valid" in said or "invalid" in said):
                tests += _tests_of(said)
                continue
            name = _name_in(said, name)
            rule = _rule_of(said, block)
        except RuleFileError as error:
            line = f"line {error.line}: " if error.line else ""
            drafts.append(Draft(name, problem=clean_line(f"{line}{error}")[:400]))
        else:
            tests += [one for one in rule.examples if _is_test(one)]
            drafts.append(Draft(name, rule))
    return Answer(tuple(drafts), tuple(_bounded(tests)))


def _blocks(text: str) -> Iterator[str]:
    """Yield what stands between fences that say YAML, or nothing."""
    found, lines, fence, is_ours = 0, [""], "", False
    for line in text.split("\n"):
        marked = _FENCE.match(line.rstrip("\r"))
        if not fence:
            if marked is not None:
                fence, lines, is_ours = marked[1], [], marked[2].lower() in ("", "yaml", "yml")
        elif marked is not None and marked[1].startswith(fence) and not marked[2]:
            fence = ""
            if is_ours and "".join(lines).strip():
                yield "\n".join(lines) + "\n"
                found += 1
                if found == MOST_BLOCKS:
                    return
        else:
            lines.append(line.rstrip("\r"))


def _mapping(block: str) -> Mapping[str, object]:
    if len(block) > BLOCK_LIMIT:
        raise RuleFileError(f"is longer than {BLOCK_LIMIT:,} characters")
    if clean(block) != block:
        raise RuleFileError("holds characters that a person cannot see")
    found = documents(block)
    if len(found) != 1:
        raise RuleFileError("says nothing" if not found else "says several things: one block, one rule")
    _refuse_hidden(found[0])
    return found[0]


def _rule_of(said: Mapping[str, object], block: str) -> Rule:
    engine = said.get("engine", Engine.AST_GREP.value)
    if engine not in _ENGINES:
        known = ", ".join(one.value for one in _ENGINES)
        raise RuleFileError(f"engine {str(engine)[:40]!r} is not for agents to draft: {known}", _at(block, "engine"))
    is_plain = engine == Engine.AST_GREP.value
    known_keys = _SAID | (_OF_AST_GREP if is_plain else {"engine", str(engine), "examples"})
    if is_plain and "engine" in said:
        raise RuleFileError("needs no engine: a rule of ast-grep has a language", _at(block, "engine"))
    if unknown := sorted(said.keys() - known_keys):
        raise RuleFileError(f"{unknown[0][:80]} is not known here", _at(block, unknown[0]))
    rule = read_rule(block, rule_file("draft") if is_plain else invariant_file("draft"))
    if len(rule.files) > _MOST_GLOBS or not all(map(_is_inside, rule.files)):
        raise RuleFileError("files are a few globs of paths in the repository", _at(block, "files"))
    return rule


def _refuse_hidden(said: Mapping[str, object]) -> None:
    """Refuse what JSON cannot say (sets, bytes) and text that a person could not see as it is."""
    try:
        json.dumps(said, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise RuleFileError("holds something else than texts, numbers, lists and mappings") from error
    if any(clean(text) != text for text in _texts(said)):
        raise RuleFileError("holds characters that a person cannot see")


def _texts(said: object) -> Iterator[str]:
    match said:
        case str():
            yield said
        case dict():
            for key, one in said.items():
                yield from _texts(key)
                yield from _texts(one)
        case list():
            for one in said:
                yield from _texts(one)
        case _:
            pass


def _tests_of(said: Mapping[str, object]) -> list[Example]:
    try:
        tests = RuleTests.model_validate({"id": "draft", **{key: one for key, one in said.items() if one is not None}})
    except ValidationError as error:
        raise RuleFileError("valid and invalid are lists of texts") from error
    return [one for one in tests.examples() if _is_test(one)]


def _is_test(example: Example) -> bool:
    is_shown = bool(example.text.strip()) and len(example.text) <= _LONGEST_TEST and example.times == 1
    return is_shown and (not example.path or _is_inside(example.path))


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path)
    return len(path) <= _LONGEST_PATH and not parts.is_absolute() and ".." not in parts.parts


def _bounded(tests: list[Example]) -> Iterator[Example]:
    for kind in ExampleKind:
        yield from list(dict.fromkeys(one for one in tests if one.kind is kind))[:MOST_TESTS]


def _name_in(said: Mapping[str, object], otherwise: str) -> str:
    name = said.get("id")
    return clean_line(name)[:80] if isinstance(name, str) and name.strip() else otherwise


def _at(block: str, key: str) -> int | None:
    return line_of(block, (key,))
