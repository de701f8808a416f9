"""Tokens, money, context and allowances as they are shown: unknown is unknown, and what runs out stands out."""

from __future__ import annotations

import pytest

from cockpit.costs.types import FleetBudget, Meter
from cockpit.journal import types as ev
from cockpit.screens.store import LinkStatus, Store
from cockpit.sessions.types import Budget, RateLimit, RateLimitsReported, Task, Usage, UsageReported
from cockpit.state.model import State
from cockpit.types import SessionId
from tests.screens.supervisor import FakeSupervisor
from widgets.header import header_parts
from widgets.look import Look
from widgets.sessions import SessionRow
from widgets.sheet import sheet_of
from widgets.spending import context_percent, cost_words, dollars, meter_words, warnings_of

LOOK = Look.plain()
SESSION = SessionId("one")


def story(*calls: UsageReported, budget: Budget | None = None, fleet: FleetBudget | None = None) -> FakeSupervisor:
    supervisor = FakeSupervisor()
    supervisor.happen(
        None,
        ev.SupervisorStarted(pid=1, version="0", repository="/src/shop", sandbox="bubblewrap"),
        ev.ConfigLoaded(
            target="main",
            agents=("codex",),
            default_agent="codex",
            budgets={"codex": budget} if budget else {},
            fleet_budget=fleet or FleetBudget(),
        ),
        ev.DayBegan(day="2027-01-15"),
    )
    supervisor.happen(SESSION, ev.SessionCreated(task=Task(prompt="count")))
    supervisor.happen(SESSION, ev.AgentLaunched(run=1, driver="codex", agent="codex"))
    supervisor.say(SESSION, *calls)
    return supervisor


def sheet(state: State, width: int = 100) -> str:
    lines = sheet_of(state.sessions[SESSION], state, width, LOOK)
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)


def header(state: State, width: int) -> str:
    store = Store()
    store.state = state
    store.stands(LinkStatus.LIVE)
    left, right = header_parts(store, "/src/shop", width, LOOK)
    return "".join(text for text, _ in [*left, *right])


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        (Usage(), ""),
        (Usage(input_tokens=9), "unknown"),
        (Usage(input_tokens=9, cost_usd=0.0), "$0.00"),
        (Usage(input_tokens=9, cost_usd=0.214), "$0.21"),
        (Usage(input_tokens=9, cost_usd=0.214, unpriced_calls=2), "$0.21+"),
    ],
)
def test_an_unknown_cost_is_never_a_zero(usage: Usage, words: str) -> None:
    assert cost_words(usage) == words


@pytest.mark.parametrize(
    ("amount", "words"),
    [(0.0001, "<$0.001"), (0.004, "$0.004"), (0.2, "$0.20"), (999.5, "$999.50"), (1204.4, "$1,204")],
)
def test_amounts_keep_the_digits_that_matter(amount: float, words: str) -> None:
    assert dollars(amount) == words


def test_a_context_window_that_is_not_known_is_no_percentage() -> None:
    assert context_percent(Usage(context_used=10)) is None
    assert context_percent(Usage(context_used=10, context_window=40)) == 25.0
    assert context_percent(Usage(context_used=90, context_window=40)) == 100.0


def test_the_sheet_tells_tokens_cost_and_context() -> None:
    call = UsageReported(
        input_tokens=41_200, cached_tokens=30_000, output_tokens=2_310, context_used=170_000, context_window=200_000
    )
    text = sheet(story(call).state)
    assert "tokens    41.2k in (30.0k cached)  2.3k out" in text
    assert "cost      unknown" in text
    assert "$0.00" not in text
    assert "85 % of 200k" in text


def test_the_sheet_tells_what_is_left_of_a_budget() -> None:
    call = UsageReported(input_tokens=30_000, output_tokens=0, cost_usd=1.5)
    text = sheet(story(call, budget=Budget(tokens=40_000, cost_usd=2.0)).state)
    assert "10.0k of 40.0k left" in text
    assert "$0.50 of $2.00 left" in text


def test_a_part_of_the_cost_that_nobody_knows_is_told() -> None:
    calls = UsageReported(input_tokens=9, cost_usd=0.5), UsageReported(input_tokens=9)
    assert "$0.50+ (1 call unknown)" in sheet(story(*calls).state)


def test_an_allowance_that_runs_out_is_told_on_the_sheet_and_in_the_header() -> None:
    supervisor = story()
    limits = (RateLimit(name="weekly", used_percent=12), RateLimit(name="5 hours", used_percent=91.4, resets_at=9e8))
    supervisor.say(SESSION, RateLimitsReported(limits=limits))
    text = sheet(supervisor.state)
    assert "account   5 hours: 91 % used, resets" in text
    assert text.index("5 hours") < text.index("weekly: 12 % used")
    assert "[codex: 5 hours 91 %]" in header(supervisor.state, 80)
    assert list(warnings_of({"codex": (RateLimit(name="weekly", used_percent=80.0),)})) == []


def test_the_header_tells_what_today_cost() -> None:
    state = story(UsageReported(input_tokens=1_200_000, output_tokens=34_000, cost_usd=4.2)).state
    assert "today $4.20, 1.2M tokens" in header(state, 120)
    assert "today 9 tokens" in header(story(UsageReported(input_tokens=9)).state, 120)
    assert "today" not in header(story().state, 120)
    assert "waiting" in header(state, 50)


def test_the_header_tells_how_the_fleets_budget_stands() -> None:
    fleet = FleetBudget(cost_usd_per_day=20.0, tokens=10_000_000)
    text = header(story(UsageReported(input_tokens=9, cost_usd=17.0), fleet=fleet).state, 120)
    assert "$17.00 of $20.00 today" in text
    assert "━" in text
    assert meter_words(Meter("tokens", 9e6, 1e7)) == "9.0M of 10.0M tokens"


def test_cost_and_context_have_a_column_where_there_is_room() -> None:
    call = UsageReported(input_tokens=9_000, cost_usd=12.5, context_used=60_000, context_window=200_000)
    row = SessionRow(story(call).state.sessions[SESSION])
    for width in (60, 110):
        (line,) = row.draw(width, LOOK, 0.0)
        text = "".join(piece for piece, _ in line)
        assert len(text) == width
        assert ("$12.50" in text) is ("30%" in text) is (width == 110)
    unknown = SessionRow(story(UsageReported(input_tokens=9_000)).state.sessions[SESSION])
    assert "  ? " in "".join(piece for piece, _ in unknown.draw(110, LOOK, 0.0)[0])


def test_a_narrow_sheet_cuts_nothing_that_matters() -> None:
    budget = Budget(tokens=400_000, cost_usd=5.0)
    call = UsageReported(input_tokens=80_000, context_used=170_000, context_window=200_000)
    for width in (34, 40, 60):
        text = sheet(story(call, budget=budget).state, width)
        assert max(map(len, text.splitlines())) <= width
        assert "320k of 400k left" in text
        assert "85 % of 200k" in text
        assert "$5.00" in text
