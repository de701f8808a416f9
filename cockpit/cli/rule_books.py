"""`cockpit rules books`, `state` and `retire`: what rules have done in sessions, and one put into another state."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from cockpit.cli import FAILED, OK
from cockpit.cli.arguments import Arguments, UsageError
from cockpit.cli.daemon import ask
from cockpit.cli.repository import ensure_supervisor, find_repository
from cockpit.protocol.rule_life import ChangeRule
from cockpit.protocol.rules import GetRules
from cockpit.providers.paths import Paths
from cockpit.providers.resident import accepts
from cockpit.providers.text import clean, clean_line
from cockpit.rules.repo.reading import read_files, read_rules
from cockpit.rules.repo.writing import with_state
from cockpit.rules.types import Engine, Level, RuleState
from cockpit.rules.types.errors import RuleFileError

_HEAD = ("rule", "state", "fired", "fixed", "suppressed", "not useful", "sessions", "last seen")
_DAY_S = 86_400


def books(arguments: Arguments) -> int:
    """Show what each rule in force has done, and what to do about those that are no good."""
    said = ask(ensure_supervisor(find_repository(arguments.repo)), GetRules())
    if said is None:
        return FAILED
    if arguments.json:
        print(json.dumps(said))
        return OK
    if not said["rules"]:
        print(f"no rules are in force on {clean_line(said['branch'])}")
    else:
        _print_table([_HEAD, *(_row(rule, time.time()) for rule in said["rules"])])
    for rule in said["rules"]:
        for proposal in rule["proposals"]:
            print(f"\n{_proposed(rule, proposal)}")
    for problem in said["problems"]:
        print(f"cannot be read: {clean(problem)}")
    return OK


def retire(arguments: Arguments) -> int:
    """Take a rule out of force for everybody."""
    return _put(arguments, RuleState.RETIRED)


def state(arguments: Arguments) -> int:
    """Put a rule into another state."""
    return _put(arguments, RuleState(arguments.state))


def _put(arguments: Arguments, wanted: RuleState) -> int:
    """Have the supervisor commit it; where none runs, write it into the checkout, for the person to commit."""
    root = find_repository(arguments.repo)
    paths = Paths.for_repo(root)
    if not accepts(str(paths.supervisor_socket)):
        return _written(root, arguments.rule, wanted)
    said = ask(paths, ChangeRule.model_validate({"rule": arguments.rule, "state": wanted.value}))
    if said is None:
        return FAILED
    print(f"{said['rule']} is {wanted} on {said['branch']}: {said['commit'][:10]}")
    return OK


def _written(root: Path, name: str, wanted: RuleState) -> int:
    rules = read_rules(files := read_files(root))
    rule = rules.get(name)
    if rule is None:
        known = ", ".join(one.id for one in rules.rules) or "none"
        raise UsageError(f"there is no rule {name!r}; there are: {known}")
    if wanted is RuleState.BLOCK and rule.engine is Engine.JUDGE:
        raise UsageError("what an agent judges is advice: it cannot block")
    try:
        level = Level.ERROR if wanted is RuleState.BLOCK else None
        text = with_state(files[rule.source], wanted, rule.id, severity=level if level != rule.severity else None)
        (root / rule.source).write_text(text, encoding="utf-8")
    except (RuleFileError, OSError) as error:
        print(f"cockpit: {rule.source}: {error}", file=sys.stderr)
        return FAILED
    print(f"{name} is {wanted} in {rule.source}")
    held = "; what stands against it by now goes into the baseline with `cockpit check --all --baseline`"
    is_more = wanted in (RuleState.WARN, RuleState.BLOCK)
    print(f"Commit it: no supervisor runs that would{held if is_more else ''}.", file=sys.stderr)
    return OK


def _proposed(rule: dict[str, Any], proposal: dict[str, Any]) -> str:
    what = {"demote": f"make it {proposal['state']}", "delete": "delete it", "prose": "take the prose out"}
    lines = [f"{rule['id']}: {clean_line(proposal['words'])}; proposed: {what[proposal['kind']]}"]
    if proposal["prose"]:
        lines += [f"    {clean_line(line)}" for line in proposal["prose"]["text"].splitlines()]
    return "\n".join(lines)


def _row(rule: dict[str, Any], now: float) -> tuple[str, ...]:
    counts = (str(rule[key]) for key in ("fired", "fixed", "suppressed", "not_useful", "sessions"))
    days = int((now - rule["last_seen"]) // _DAY_S)
    seen = "never" if not rule["last_seen"] else "today" if days < 1 else f"{days} d ago"
    return (rule["id"], f"{rule['state']} {rule['severity']}", *counts, seen)


def _print_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    for row in rows:
        cells = [
            cell.rjust(width) if 2 <= column <= 6 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join(cells).rstrip())
