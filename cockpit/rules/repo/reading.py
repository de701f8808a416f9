"""Reads rules: plain ast-grep files in `rules/`, with their tests, and those of all other engines in `invariants/`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from pydantic import ValidationError

from cockpit.rules.repo.bodies import BODIES, typed_body, why_wrong
from cockpit.rules.repo.documents import documents, line_of
from cockpit.rules.repo.files import read_files
from cockpit.rules.repo.places import INVARIANTS, RULES, TESTS, UTILS
from cockpit.rules.types import Engine, Example, ExampleKind, Rule, RuleSet, RuleTests, ScanProblem
from cockpit.rules.types.errors import RuleFileError

__all__ = ["read_files", "read_rule", "read_rules", "typed_body"]

_OURS = ("id", "language", "message", "note", "severity", "files", "ignores", "metadata")


def read_rules(files: Mapping[str, str]) -> RuleSet:
    """Return the rules that files say, from a checkout (`read_files`) or from a tree in git (`places.holds_rules`).

    A file that cannot be read becomes a problem; the others count all the same.
    """
    rules: dict[str, Rule] = {}
    problems: list[ScanProblem] = []
    tests = _tests(files, problems)
    for path in sorted(files):
        if not path.startswith((f"{RULES}/", f"{INVARIANTS}/")):
            continue
        for rule in _rules_in(path, files[path], tests, problems):
            if known := rules.get(rule.id):
                why = f"the id {rule.id!r} is taken by {known.source}: choose another"
                problems.append(ScanProblem(message=why, rule=rule.id, path=path))
            else:
                rules[rule.id] = rule
    utils = {path.rpartition("/")[2]: text for path, text in files.items() if path.startswith(f"{UTILS}/")}
    return RuleSet(rules=tuple(rules.values()), problems=tuple(problems), utils=utils)


def read_rule(text: str, source: str, tests: RuleTests | None = None) -> Rule:
    """Return the one rule of a file.

    Raises:
        RuleFileError: it holds none, several, or one that is wrong; the line is told where one is to blame.
    """
    found = documents(text)
    if len(found) != 1:
        raise RuleFileError("says no rule" if not found else "says several rules: one file, one rule")
    return _rule(found[0], text, 0, source, tests)


def _rules_in(path: str, text: str, tests: Mapping[str, RuleTests], problems: list[ScanProblem]) -> Iterable[Rule]:
    try:
        found = documents(text)
    except RuleFileError as error:
        problems.append(ScanProblem(message=f"{path} {error}", path=path, line=error.line))
        return
    for number, one in enumerate(found):
        name = one.get("id")
        try:
            yield _rule(one, text, number, path, tests.get(name) if isinstance(name, str) else None)
        except RuleFileError as error:
            shown = name[:80] if isinstance(name, str) else ""
            problems.append(ScanProblem(message=str(error), rule=shown, path=path, line=error.line))


def _rule(said: Mapping[str, object], text: str, number: int, source: str, tests: RuleTests | None) -> Rule:
    is_plain = source.startswith(f"{RULES}/")
    if is_plain and "engine" in said:
        raise RuleFileError(f"has an engine: such rules are kept in {INVARIANTS}/", line_of(text, ("engine",), number))
    if is_plain and "rule" not in said:
        raise RuleFileError("is no ast-grep rule: it has no `rule`", 1)
    fields = {key: said[key] for key in _OURS if said.get(key) is not None}
    if fields.get("severity") is False:
        fields["severity"] = "off"  # a word to ast-grep, and no to older YAML
    try:
        if is_plain:
            fields |= {"engine": Engine.AST_GREP, "body": {key: said[key] for key in said if key not in _OURS}}
            fields.setdefault("severity", "hint")  # what ast-grep takes it for
            fields["examples"] = tests.examples() if tests else ()
        else:
            engine = _engine(said, text, number)
            unknown = sorted(said.keys() - {*_OURS, "engine", engine.value, "examples"})
            if unknown:
                raise RuleFileError(f"{unknown[0]} is not known here", line_of(text, (unknown[0],), number))
            fields |= {"engine": engine, "body": said.get(engine.value), "examples": _examples(said.get("examples"))}
        rule = Rule.model_validate({**fields, "source": source})
        if rule.engine is not Engine.AST_GREP:
            BODIES[rule.engine].model_validate(rule.body)
    except ValidationError as error:
        prefix = () if error.title == "Rule" or is_plain else (str(said["engine"]),)
        path = (*prefix, *error.errors()[0]["loc"])
        raise RuleFileError(why_wrong(error, prefix=prefix), line_of(text, path, number)) from error
    if is_plain:
        _refuse_what_json_cannot_say(rule, text, number)
    return rule


def _refuse_what_json_cannot_say(rule: Rule, text: str, number: int) -> None:
    """Refuse sets and bytes, which YAML can say: ast-grep is told of rules in JSON."""
    for key, value in rule.body.items():
        try:
            json.dumps(value)
        except (TypeError, ValueError) as error:
            why = f"{key}: holds something that is no text, number, list or mapping"
            raise RuleFileError(why, line_of(text, (key,), number)) from error


def _engine(said: Mapping[str, object], text: str, number: int) -> Engine:
    known = ", ".join(BODIES)
    try:
        engine = Engine(str(said["engine"]))
    except KeyError:
        raise RuleFileError(f"says no engine: one of {known}", 1) from None
    except ValueError:
        raise RuleFileError(f"engine is none of {known}", line_of(text, ("engine",), number)) from None
    if engine is Engine.AST_GREP:
        raise RuleFileError(f"is an ast-grep rule: keep it in {RULES}/", line_of(text, ("engine",), number))
    if not isinstance(said.get(engine.value), dict):
        raise RuleFileError(f"has no `{engine}:` with what it asks", line_of(text, ("engine",), number))
    return engine


def _examples(said: object) -> tuple[Example, ...]:
    if not isinstance(said, dict):
        if said is None:
            return ()
        raise RuleFileError("examples are lists under `bad:` and `good:`")
    found = []
    for kind in ExampleKind:
        listed = said.get(kind.value) or []
        for one in listed if isinstance(listed, list) else [listed]:
            fields = {"text": one} if isinstance(one, str) else one
            if not isinstance(fields, dict):
                raise RuleFileError("an example is a text, or a mapping with text and path")
            found.append(Example.model_validate({"text": "", **fields, "kind": kind}))
    return tuple(found)


def _tests(files: Mapping[str, str], problems: list[ScanProblem]) -> dict[str, RuleTests]:
    found: dict[str, RuleTests] = {}
    for path, text in files.items():
        if not path.startswith(f"{TESTS}/") or "/__snapshots__/" in path:
            continue
        try:
            for one in documents(text):
                tests = RuleTests.model_validate({key: value for key, value in one.items() if value is not None})
                found[tests.id] = tests
        except (RuleFileError, ValidationError) as error:
            why = why_wrong(error) if isinstance(error, ValidationError) else str(error)
            problems.append(ScanProblem(message=f"{path} {why}", path=path))
    return found
