"""What `cockpit stats` says of tokens and money: in all, by day, by task. What is not known is said to be so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.costs.types import Meter
from cockpit.providers.text import clean_line

_NAME_CHARS = 32
_HEAD = ("", "read", "of it cached", "written", "cost")
_DAYS = 7
_TASKS = 20


def lines(used: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a table; of many days the last, of many tasks the dearest."""
    days = dict(sorted(used["days"].items())[-_DAYS:])
    tasks = sorted(used["tasks"], key=_weight, reverse=True)
    yield _row(*_HEAD)
    yield _row("in all", *_cells(used["total"]))
    for day, usage in days.items():
        yield _row(day, *_cells(usage))
    for task in tasks[:_TASKS]:
        name = clean_line(f"{task['number']} {task['name']}")
        yield _row(name if len(name) <= _NAME_CHARS else f"{name[: _NAME_CHARS - 1]}…", *_cells(task))
    if len(tasks) > _TASKS:
        yield f"... and {len(tasks) - _TASKS} tasks more"
    for agent, usage in used["drafts"].items():
        yield _row(clean_line(f"rules drafted by {agent}")[:_NAME_CHARS], *_cells(usage))
    for limit in used["limits"]:
        yield f"limit of the fleet: {Meter(**limit)}"


def money(usage: dict[str, Any]) -> str:
    """Return the cost for people; a sum of which a part is not known is a lower bound."""
    cost_usd, is_whole = usage["cost_usd"], not usage["unpriced_calls"]
    if cost_usd is None:
        return "nothing" if is_whole else "unknown"
    return f"{'' if is_whole else 'at least '}${cost_usd:,.2f}"


def _weight(task: dict[str, Any]) -> tuple[float, int]:
    return task["cost_usd"] or 0.0, task["input_tokens"] + task["output_tokens"]


def _cells(usage: dict[str, Any]) -> tuple[str, ...]:
    return (*(f"{usage[f'{name}_tokens']:,}" for name in ("input", "cached", "output")), money(usage))


def _row(name: str, *cells: str) -> str:
    return f"{name:<{_NAME_CHARS}} " + " ".join(f"{cell:>15}" for cell in cells)
