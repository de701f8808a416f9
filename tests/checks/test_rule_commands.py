"""Rules that are commands, as checks: what is run for a change, and what counts of what comes back."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.checks.service.rule_commands import FILES_LIMIT, Base, Order, commands, hits_of, orders_of
from cockpit.checks.types import CheckOutcome, CheckResult, Finding, Severity
from cockpit.rules.service.findings import finding
from cockpit.rules.types import Engine, Rule, RuleId
from cockpit.types import TreeId


def rule(*run: str, **fields: Any) -> Rule:
    body = {"run": list(run), **fields.pop("command", {})}
    return Rule(id=RuleId("tool"), engine=Engine.COMMAND, message="wrong", body=body, **fields)


def argv(orders: list[Order]) -> list[list[str]]:
    return [list(order.check.command) for order in orders]


def said(*findings: Finding, exit_code: int = 1) -> CheckResult:
    return CheckResult(check="x", tree=TreeId("t"), outcome=CheckOutcome.FAILED, findings=findings, exit_code=exit_code)


def test_a_rule_runs_once_for_each_of_its_files_that_changed_and_is_there() -> None:
    one = rule("lint", "{file}", files=("**/*.py",), ignores=("gen/**",))
    paths = ["a.py", "b.py", "gen/c.py", "-d.py", "e.txt"]
    orders, _ = orders_of(one, paths, {"a.py", "gen/c.py", "-d.py", "e.txt", "gone.py"}, None)
    assert argv(orders) == [["lint", "./-d.py"], ["lint", "a.py"]]
    assert len({order.check.name for order in orders}) == 2
    many = [f"{number}.py" for number in range(FILES_LIMIT + 1)]
    orders, problems = orders_of(one, many, many, None)
    assert len(orders) == FILES_LIMIT
    assert f"it is run for {FILES_LIMIT} at most" in problems[0].message


def test_what_compares_runs_only_where_there_is_something_to_compare_with() -> None:
    one = rule("diff", "{base}/{file}", "{file}")
    base = Base("/bases/1", frozenset({"a.py"}))
    assert argv(orders_of(one, ["a.py", "new.py"], None, base)[0]) == [["diff", "/bases/1/a.py", "a.py"]]
    assert orders_of(one, ["a.py"], None, None) == ([], [])
    whole = rule("diff", "{base}", ".")
    assert argv(orders_of(whole, ["a.py"], None, base)[0]) == [["diff", "/bases/1", "."]]


def test_only_rules_about_something_that_changed_are_due() -> None:
    one = rule("lint", files=("*.py",))
    assert commands([one], {"a.txt"}) == []
    assert commands([one], {"gone.py"}) == commands([one], None) == [one]
    assert orders_of(rule("lint", command={"parser": "nonsense"}), ["a"], None, None)[1]


@pytest.mark.parametrize(
    ("exit_code", "said_severity", "severity"),
    [
        (1, Severity.WARNING, Severity.ERROR),
        (0, Severity.WARNING, Severity.WARNING),
        (1, Severity.ERROR, Severity.ERROR),
    ],
)
def test_a_finding_is_never_worse_than_the_tool_says_unless_it_fails_without_an_error(
    exit_code: int, said_severity: Severity, severity: Severity
) -> None:
    order = orders_of(rule("lint"), ["a.py"], None, None)[0][0]
    found = Finding(check="x", path="a.py", line=1, message="m", code="E1", severity=said_severity)
    (hit,) = hits_of(order, said(found, exit_code=exit_code), None, lambda _path: ["  x = 1"])
    assert (hit.text, hit.message) == ("E1 x = 1", "wrong: m (E1)")
    assert finding(order.rule, hit).severity is severity


def test_what_lies_outside_the_change_is_left_out_and_what_has_no_place_counts() -> None:
    order = orders_of(rule("lint", ignores=("gen/**",)), ["a.py"], None, None)[0][0]
    places = ("a.py", "old.py", "gen/a.py", "")
    found = [Finding(check="x", path=path, message="m") for path in places]
    assert [hit.path for hit in hits_of(order, said(*found), {"a.py", "gen/a.py"}, lambda _path: [])] == ["a.py", ""]
