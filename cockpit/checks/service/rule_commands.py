"""Rules that are commands, as checks: what is to be run for a change, and what came of it in the words of rules."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from cockpit.checks.config import CheckConfig
from cockpit.checks.service.fingerprints import LinesOf
from cockpit.checks.types import CheckResult, Finding, Severity
from cockpit.providers.globs import matching
from cockpit.rules.types import Engine, Hit, Rule, ScanProblem
from cockpit.rules.types.bodies import CommandBody

FILE = "{file}"
"""Stands in a command for one file that the change touches."""
BASE = "{base}"
"""Stands in a command for a folder with the rule's files as they were where the change began."""
FILES_LIMIT = 50
"""Files of one change that a rule is asked about one by one."""


@dataclass(frozen=True, slots=True)
class Base:
    """What a change is compared with."""

    folder: str
    paths: frozenset[str]
    """The files in it, relative to it."""


@dataclass(frozen=True, slots=True)
class Order:
    """One run of a rule's command."""

    rule: Rule
    check: CheckConfig
    path: str = ""
    """The one file that it is about; empty: all of the rule's."""


def globs_of(rule: Rule) -> tuple[str, ...]:
    """Return the globs of the files that a rule is about."""
    return (*(rule.files or ("**",)), *(f"!{glob}" for glob in rule.ignores))


def commands(rules: Iterable[Rule], changed: Collection[str] | None) -> list[Rule]:
    """Return the rules that are commands, run, and are about something that changed (None: about anything)."""
    return [
        rule
        for rule in rules
        if rule.engine is Engine.COMMAND and rule.is_run and (changed is None or matching(changed, globs_of(rule)))
    ]


def compares(rule: Rule) -> bool:
    """Return whether a rule asks what its files were before the change."""
    return any(BASE in word for word in CommandBody.model_validate(rule.body).run)


def orders_of(
    rule: Rule, paths: Collection[str], changed: Collection[str] | None, base: Base | None
) -> tuple[list[Order], list[ScanProblem]]:
    """Return what is to be run of a rule, and why some of it cannot be.

    Args:
        rule: a rule that is a command.
        paths: all files.
        changed: what the change touches, files that are gone included; None: everything counts as touched.
        base: what it is compared with; None: nothing, and a rule that compares has nothing to say.
    """
    body = CommandBody.model_validate(rule.body)
    is_comparing = compares(rule)
    if is_comparing and (base is None or not base.paths):
        return [], []
    folder = base.folder if base is not None else ""
    if not any(FILE in word for word in body.run):
        return _made(rule, body, [word.replace(BASE, folder) for word in body.run])
    touched = sorted(matching(paths if changed is None else frozenset(changed) & frozenset(paths), globs_of(rule)))
    if is_comparing and base is not None:
        touched = [path for path in touched if path in base.paths]
    orders: list[Order] = []
    problems: list[ScanProblem] = []
    if len(touched) > FILES_LIMIT:
        why = f"the change touches {len(touched)} of its files, and it is run for {FILES_LIMIT} at most"
        problems.append(ScanProblem(message=why, rule=rule.id, path=rule.source))
    for path in touched[:FILES_LIMIT]:
        # A name that begins with a dash would be an option; in front of it stands what keeps its meaning.
        name = f"./{path}" if path.startswith("-") and not any(f"/{FILE}" in word for word in body.run) else path
        made, wrong = _made(rule, body, [word.replace(BASE, folder).replace(FILE, name) for word in body.run], path)
        orders += made
        problems += wrong
    return orders, problems[:1]


def _made(rule: Rule, body: CommandBody, argv: Sequence[str], path: str = "") -> tuple[list[Order], list[ScanProblem]]:
    mark = hashlib.sha256("\0".join((rule.id, *argv)).encode("utf-8", "surrogateescape")).hexdigest()[:10]
    said = {
        "name": f"rule:{rule.id[:40]}:{mark}",
        "command": list(argv),
        "inputs": globs_of(rule),
        "parser": body.parser,
        "pattern": body.pattern,
        "timeout_s": body.timeout_s,
    }
    try:
        return [Order(rule, CheckConfig.model_validate(said), path)], []
    except ValidationError as error:
        why = error.errors(include_url=False, include_input=False, include_context=False)[0]
        key = ".".join(str(step) for step in why["loc"])
        return [], [ScanProblem(message=f"command.{key}: {why['msg']}", rule=rule.id, path=rule.source)]


def missing(order: Order) -> str:
    """Return what to say where the program of a rule is not there, and what to do about it."""
    name, install = order.check.command[0], CommandBody.model_validate(order.rule.body).install
    cure = install or "install it, or let [sessions] setup install it in each workspace"
    return f"`{name}` is not here: {cure}"


def hits_of(order: Order, result: CheckResult, changed: Collection[str] | None, lines_of: LinesOf) -> Iterator[Hit]:
    """Yield what a command found in what a change touches; what has no place counts too.

    A tool that fails without calling anything an error means all that it says.
    """
    rule = order.rule
    has_errors = any(one.severity is Severity.ERROR for one in result.findings)
    is_all_meant = result.exit_code not in (0, None) and not has_errors
    ignored = frozenset(matching((one.path for one in result.findings), rule.ignores))
    for found in result.findings:
        one = found if found.path else found.model_copy(update={"path": order.path, "line": None})
        if one.path and (one.path in ignored or (changed is not None and one.path not in changed)):
            continue
        yield _hit(rule, one, lines_of, None if is_all_meant else one.severity)


def _hit(rule: Rule, found: Finding, lines_of: LinesOf, severity: Severity | None) -> Hit:
    lines = lines_of(found.path) if found.path and found.line is not None else ()
    line = lines[found.line - 1] if found.line is not None and 0 < found.line <= len(lines) else ""
    code = f" ({found.code})" if found.code else ""
    return Hit(
        rule=rule.id,
        path=found.path,
        line=found.line,
        column=found.column,
        end_line=found.line,
        text=f"{found.code} {line.strip()}".strip() if line.strip() else "",
        message=f"{rule.message}: {found.message}{code}" if rule.message else f"{found.message}{code}",
        note="\n".join(filter(None, (found.remediation, rule.note))),
        severity=severity,
    )
