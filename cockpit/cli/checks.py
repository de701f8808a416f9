"""Runs the repository's own checks, and rules that are commands, on a person's checkout."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import ValidationError

from cockpit.checks.config import CheckConfig
from cockpit.checks.repo import CheckCache
from cockpit.checks.runtime import CheckRunner, Target
from cockpit.checks.types import CheckOutcome, CheckResult, Finding, When
from cockpit.providers.globs import matching
from cockpit.providers.paths import Paths
from cockpit.providers.process import run
from cockpit.providers.sandbox import Policy, Sandbox
from cockpit.providers.secrets import redact
from cockpit.rules.repo.reading import typed_body
from cockpit.rules.runtime.sources import Sources
from cockpit.rules.service.findings import remediation
from cockpit.rules.types import CHECK, Engine, Rule, ScanProblem
from cockpit.rules.types.bodies import CommandBody
from cockpit.types import TreeId

_PREFIX = "rule:"


def commands_of(rules: Iterable[Rule]) -> tuple[list[CheckConfig], list[ScanProblem]]:
    """Return the checks that rules of the engine `command` amount to, and which of them make none."""
    found: list[CheckConfig] = []
    problems: list[ScanProblem] = []
    for rule in rules:
        if rule.engine is not Engine.COMMAND or not rule.is_told:
            continue
        body = typed_body(rule)
        assert isinstance(body, CommandBody)  # the engine says so
        said = {
            "name": f"{_PREFIX}{rule.id}"[:60],
            "command": body.run,
            "inputs": [*(rule.files or ("**",)), *(f"!{glob}" for glob in rule.ignores)],
            "parser": body.parser,
            "pattern": body.pattern,
            "timeout_s": body.timeout_s,
        }
        try:
            found.append(CheckConfig.model_validate(said))
        except ValidationError as error:
            why = error.errors(include_url=False, include_input=False, include_context=False)[0]
            key = ".".join(str(step) for step in why["loc"])
            problems.append(ScanProblem(message=f"command.{key}: {why['msg']}", rule=rule.id, path=rule.source))
    return found, problems


def concerned(checks: Sequence[CheckConfig], changed: frozenset[str] | None) -> list[CheckConfig]:
    """Return the checks whose verdict a change could alter."""
    return [check for check in checks if changed is None or matching(changed, check.inputs)]


async def run_checks(checks: Sequence[CheckConfig], sources: Sources, paths: Paths) -> tuple[CheckResult, ...]:
    """Run all of them, confined as in a session where this machine can; a known verdict is not sought again."""
    files, sandbox = await asyncio.gather(asyncio.to_thread(_contents, sources), asyncio.to_thread(Sandbox.detect))
    cache = await asyncio.to_thread(CheckCache, paths.artifacts / "checks", redact=redact)
    hidden = (paths.state, paths.workspaces)

    def confine(argv: Sequence[str], *, root: Path, scratch: Path, network: bool) -> Sequence[str]:
        policy = Policy(workspace=root, writable=(scratch,), hidden=hidden, read_only=(root / ".git",), network=network)
        return sandbox.wrap(argv, policy)

    digest = hashlib.sha256("\0".join(f"{path}\0{mark}" for path, mark in files.items()).encode("utf-8", "replace"))
    target = Target(root=sources.root, tree=TreeId(digest.hexdigest()), files=files)
    runner = CheckRunner(run, cache, os.cpu_count() or 1, confine=confine)
    return await runner.run(checks, When.MERGE, target)


def as_rules(results: Iterable[CheckResult], rules: Iterable[Rule]) -> tuple[list[CheckResult], list[Finding]]:
    """Return the verdicts of the repository's checks, and what rules that are commands found, told as rules do.

    A rule's command that could not judge stays a verdict, because silence is no approval.
    """
    by_name = {f"{_PREFIX}{rule.id}"[:60]: rule for rule in rules if rule.engine is Engine.COMMAND}
    verdicts: list[CheckResult] = []
    found: list[Finding] = []
    for result in results:
        rule = by_name.get(result.check)
        if rule is None or result.outcome is CheckOutcome.BROKEN:
            verdicts.append(result)
            continue
        for one in result.findings:
            said = {"check": CHECK, "code": rule.id, "severity": rule.finding_severity}
            said["message"] = f"{rule.message}: {one.message}" if rule.message else one.message
            said["remediation"] = "\n".join(filter(None, (one.remediation, remediation(rule))))
            found.append(one.model_copy(update=said))
    return verdicts, found


def _contents(sources: Sources) -> dict[str, str]:
    """Return a digest of the content of each file."""
    return {path: sources.mark(path) or "" for path in sources.paths}
