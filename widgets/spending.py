"""Tokens, money, context and allowances in words and bars. What nobody knows is called unknown, never zero."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from cockpit.costs.types import Meter
from cockpit.providers.text import Safe, clean_line
from cockpit.sessions.types import RateLimit, Usage
from widgets.cells import count
from widgets.look import Look
from widgets.rows import Parts

FULL_PERCENT = 80.0
"""From this share on, a context, budget or allowance is nearly used up and stands out."""
UNKNOWN = "unknown"
_DAY_S = 86_400


def dollars(cost_usd: float) -> str:
    """Return an amount with the digits that matter: `$0.004`, `$0.21`, `$12.30`, `$1,204`."""
    if 0 < cost_usd < 0.01:
        return f"${cost_usd:.3f}" if cost_usd >= 0.0005 else "<$0.001"
    return f"${cost_usd:,.2f}" if cost_usd < 1_000 else f"${cost_usd:,.0f}"


def cost_words(usage: Usage) -> str:
    """Return what something cost: an amount, `unknown`, or an amount with `+` where a part of it is unknown."""
    if usage.cost_usd is None:
        return UNKNOWN if usage.tokens else ""
    return dollars(usage.cost_usd) + ("+" if usage.unpriced_calls else "")


def cost_cell(usage: Usage) -> Safe:
    """Return the cost in a table's cell; a question mark stands for what is unknown."""
    words = cost_words(usage)
    return Safe("?" if words == UNKNOWN else words)


def context_percent(usage: Usage) -> float | None:
    """Return how full the context is; None: not known."""
    if usage.context_used is None or not usage.context_window:
        return None
    return min(100.0, 100 * usage.context_used / usage.context_window)


def bar(percent: float, width: int, look: Look) -> Parts:
    """Return a bar of `width` cells; nearly full it changes its colour."""
    full = round(width * min(100.0, max(0.0, percent)) / 100)
    meaning = meaning_of(percent)
    return [("━" * full, look[meaning]), ("─" * (width - full), look["faint"])]


def meaning_of(percent: float) -> str:
    """Return the meaning of a share: its colour."""
    if percent >= 100:
        return "failed"
    return "waiting" if percent > FULL_PERCENT else "working"


def meter_words(meter: Meter) -> str:
    """Return how a limit stands, short: `$4.20 of $20.00 today`."""
    is_money, when = meter.name.startswith("cost"), " today" if meter.name.endswith("_per_day") else ""
    show = dollars if is_money else count
    return f"{show(meter.spent)} of {show(meter.limit)}{'' if is_money else ' tokens'}{when}"


def meter_percent(meter: Meter) -> float:
    """Return how much of a limit is used."""
    return 100 * meter.spent / meter.limit if meter.limit else 100.0


def fullest(meters: tuple[Meter, ...]) -> Meter | None:
    """Return the limit that is reached first."""
    return max(meters, key=meter_percent, default=None)


def most_used(limits: tuple[RateLimit, ...]) -> RateLimit | None:
    """Return the allowance that is used up first."""
    return max(limits, key=lambda limit: limit.used_percent, default=None)


def limit_words(limit: RateLimit, now: float) -> Safe:
    """Return how an allowance stands: `5 hours: 83 % used, resets at 14:30`."""
    resets = f", resets {_moment(limit.resets_at, now)}" if limit.resets_at is not None else ""
    return Safe(f"{clean_line(limit.name)}: {limit.used_percent:.0f} % used{resets}")


def warnings_of(limits: Mapping[str, tuple[RateLimit, ...]]) -> Iterator[Safe]:
    """Yield a warning for each agent whose allowance is nearly used up, the nearest to it first."""
    found = [(agent, limit) for agent, each in limits.items() if (limit := most_used(each)) is not None]
    for agent, limit in sorted(found, key=lambda one: -one[1].used_percent):
        if limit.used_percent > FULL_PERCENT:
            yield Safe(f"{clean_line(agent)}: {clean_line(limit.name)} {limit.used_percent:.0f} %")


def _moment(at: float, now: float) -> str:
    local = time.localtime(at)
    if at - now > 6 * _DAY_S:
        return time.strftime("on %d %B", local)
    is_today = time.strftime("%F", local) == time.strftime("%F", time.localtime(now))
    return time.strftime("at %H:%M" if is_today else "on %a at %H:%M", local)
