"""What `cockpit stats` says of tokens and money."""

from __future__ import annotations

import pytest

from cockpit.cli.used import lines, money
from cockpit.costs.types import FleetBudget
from cockpit.journal import types as ev
from cockpit.journal.types.rules import DraftPaid
from cockpit.sessions.types import UsageReported
from cockpit.state.fold import fold
from cockpit.supervisor.spending import used
from tests.state.test_fold import NAMES, envelopes


def test_tokens_and_cost_are_told_in_all_by_day_and_by_task() -> None:
    state = fold(
        envelopes(
            [
                (None, ev.ConfigLoaded(target="main", fleet_budget=FleetBudget(tokens_per_day=5000))),
                (None, ev.DayBegan(day="2026-01-30")),
                (NAMES[0], ev.AgentSaid(said=UsageReported(input_tokens=1200, cached_tokens=200, cost_usd=1.5))),
                (None, ev.DayBegan(day="2026-01-31")),
                (NAMES[1], ev.AgentSaid(said=UsageReported(output_tokens=34))),
                (None, DraftPaid(agent="codex", call=UsageReported(input_tokens=7, cost_usd=0.25))),
            ]
        )
    )
    told = [line.split() for line in lines(used(state))]
    assert told == [
        ["read", "of", "it", "cached", "written", "cost"],
        ["in", "all", "1,207", "200", "34", "at", "least", "$1.75"],
        ["2026-01-30", "1,200", "200", "0", "$1.50"],
        ["2026-01-31", "7", "0", "34", "at", "least", "$0.25"],
        ["1", "one", "1,200", "200", "0", "$1.50"],
        ["2", "two", "0", "0", "34", "unknown"],
        ["rules", "drafted", "by", "codex", "7", "0", "0", "$0.25"],
        ["limit", "of", "the", "fleet:", "41", "tokens", "today", "(limit:", "5,000)"],
    ]


@pytest.mark.parametrize(
    ("cost_usd", "unpriced", "words"),
    [(None, 0, "nothing"), (None, 3, "unknown"), (0.0, 0, "$0.00"), (2.0, 1, "at least $2.00")],
)
def test_unknown_is_never_nought(cost_usd: float | None, unpriced: int, words: str) -> None:
    assert money({"cost_usd": cost_usd, "unpriced_calls": unpriced}) == words
