"""`cockpit rules books` and `retire`: what rules have done in sessions, and one taken out of force."""

from __future__ import annotations

import json
import time
from typing import Any

from cockpit.cli import FAILED, OK
from cockpit.cli.arguments import Arguments
from cockpit.cli.daemon import ask
from cockpit.cli.repository import ensure_supervisor, find_repository
from cockpit.protocol.rules import GetRules, RetireRule
from cockpit.providers.text import clean, clean_line

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
    """Take a rule out of force for everybody; `cockpit` can undo it."""
    said = ask(ensure_supervisor(find_repository(arguments.repo)), RetireRule(rule=arguments.rule))
    if said is None:
        return FAILED
    print(f"retired {said['rule']} on {said['branch']}: {said['commit'][:10]}")
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
