"""What a new rule is called, and its files: the rule itself, and its examples as ast-grep's own tests."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import yaml

from cockpit.providers.text import clean_line
from cockpit.rules.types import Engine, Example, ExampleKind
from cockpit.rules.types.forge import Candidate, Pair

LONGEST_NAME = 48
_WORD = re.compile(r"[a-z0-9]+")
_EMPTY_WORDS = frozenset({"a", "an", "the", "is", "are", "of", "to", "in", "on", "for", "and", "or", "it", "this"})


def name_for(said: str, code: str = "", taken: Collection[str] = ()) -> str:
    """Return a rule id made of a finding's code or the words that were said; none that is taken."""
    words = [word for word in _WORD.findall((code or said).lower()) if code or word not in _EMPTY_WORDS]
    name = ""
    for word in words[:7]:
        if len(name) + len(word) + 1 > LONGEST_NAME:
            break
        name = f"{name}-{word}" if name else word
    name = name or "new-rule"
    if name not in taken:
        return name
    return next(f"{name}-{number}" for number in range(2, len(taken) + 3) if f"{name}-{number}" not in taken)


@dataclass(frozen=True, slots=True)
class Wording:
    """What a rule says besides what it looks for."""

    name: str
    message: str = ""
    remedy: str = ""
    metadata: Mapping[str, object] = field(default_factory=dict)
    pairs: Sequence[Pair] = ()
    fine: Sequence[str] = ()
    """Code that is no offence, though it may look like one."""
    theirs: Sequence[Example] = ()
    """Further examples, of the agent that drafted the rule."""
    by: str = ""
    """The agent, by its name in cockpit.toml."""


def rule_text(candidate: Candidate, wording: Wording) -> str:
    """Return the candidate as a rule file; the examples are in it where they have no file of their own."""
    said: dict[str, object] = {"id": wording.name}
    if candidate.engine is Engine.AST_GREP:
        said["language"] = candidate.language
    else:
        said["engine"] = candidate.engine.value
    said["message"] = wording.message or candidate.says
    if wording.remedy:
        said["note"] = wording.remedy
    said["severity"] = "error"
    if candidate.files:
        said["files"] = list(candidate.files)
    if candidate.ignores:
        said["ignores"] = list(candidate.ignores)
    if candidate.engine is Engine.AST_GREP:
        said |= candidate.body
    else:
        said[candidate.engine.value] = dict(candidate.body)
        said["examples"] = _inline(candidate, wording)
    if wording.metadata:
        said["metadata"] = dict(wording.metadata)
    return _yaml(said)


def tests_text(wording: Wording) -> str:
    """Return the examples as ast-grep's tests of the rule; the last ones of each list are those of an agent."""
    bad, good = [pair.bad for pair in wording.pairs], _good(wording)
    of_agent = {kind: [one.text for one in wording.theirs if one.kind is kind] for kind in ExampleKind}
    tests = {
        "id": wording.name,
        "valid": [*good, *of_agent[ExampleKind.GOOD]],
        "invalid": [*bad, *of_agent[ExampleKind.BAD]],
    }
    if not wording.theirs:
        return _yaml(tests)
    said = f"the last {len(of_agent[ExampleKind.GOOD])} of valid and {len(of_agent[ExampleKind.BAD])} of invalid"
    return f"# By the agent {clean_line(wording.by)} that drafted the rule: {said}.\n{_yaml(tests)}"


def _inline(candidate: Candidate, wording: Wording) -> dict[str, object]:
    if candidate.examples:
        return {kind.value: [one.text for one in candidate.examples if one.kind is kind] for kind in ExampleKind}
    bad = [{"text": pair.bad, "path": pair.path} if pair.path else pair.bad for pair in wording.pairs]
    paths = {pair.good: pair.good_path or pair.path for pair in wording.pairs}
    good = [{"text": text, "path": paths[text]} if paths.get(text) else text for text in _good(wording)]
    for one in wording.theirs:
        (bad if one.kind is ExampleKind.BAD else good).append(one.text)
    return {"bad": bad, "good": good}


def _good(wording: Wording) -> list[str]:
    return [*(pair.good for pair in wording.pairs if pair.good), *wording.fine]


class _Dumper(yaml.SafeDumper):
    """Writes text of several lines as people do."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _yaml(said: Mapping[str, object]) -> str:
    return yaml.dump(dict(said), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
