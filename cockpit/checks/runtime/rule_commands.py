"""Carries out rules that are commands: in the sandbox of checks, once for each content; what they find are hits."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from cockpit.checks.runtime.runner import CheckRunner
from cockpit.checks.runtime.target import Target, WorkspaceLines
from cockpit.checks.service.rule_commands import Base, Order, hits_of, missing, orders_of
from cockpit.checks.types import CheckOutcome, CheckResult, When
from cockpit.rules.types import Hit, Rule, ScanProblem


@dataclass(frozen=True, slots=True)
class Commanded:
    """What rules that are commands found."""

    hits: tuple[Hit, ...] = ()
    problems: tuple[ScanProblem, ...] = ()
    """Which of them could not judge, and why."""
    rules: int = 0
    """How many were carried out, those whose verdict was known included."""


async def carry_out(
    rules: Iterable[Rule], runner: CheckRunner, target: Target, changed: Collection[str] | None, base: Base | None
) -> Commanded:
    """Run the commands of rules on a tree.

    Args:
        rules: rules that are commands, from a place that the author of the tree cannot change.
        runner: runs them, confined, or knows what they said of the same inputs.
        target: the tree.
        changed: what the change touches; None: everything counts.
        base: what the change is compared with.
    """
    rules = list(rules)
    orders: list[Order] = []
    problems: list[ScanProblem] = []
    for rule in rules:
        made, wrong = orders_of(rule, target.files, changed, base)
        orders += made
        problems += wrong
    absent = await asyncio.to_thread(lambda: [one for one in orders if target.program(one.check) is None])
    told = {one.rule.id: ScanProblem(message=missing(one), rule=one.rule.id, path=one.rule.source) for one in absent}
    ready = {one.check.name: one for one in orders if one.rule.id not in told}
    results = await runner.run([one.check for one in ready.values()], When.MERGE, target)
    hits, wrong = await asyncio.to_thread(_said, ready, results, changed, WorkspaceLines(target.root))
    return Commanded(hits, (*problems, *told.values(), *wrong), len(rules))


def _said(
    orders: dict[str, Order], results: Iterable[CheckResult], changed: Collection[str] | None, lines: WorkspaceLines
) -> tuple[tuple[Hit, ...], list[ScanProblem]]:
    hits: list[Hit] = []
    problems: dict[str, ScanProblem] = {}
    for result in results:
        order = orders[result.check]
        if result.outcome is CheckOutcome.BROKEN:
            problems.setdefault(
                order.rule.id, ScanProblem(message=result.summary, rule=order.rule.id, path=order.rule.source)
            )
        else:
            hits += hits_of(order, result, changed, lines)
    return tuple(hits), list(problems.values())
