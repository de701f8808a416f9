"""What was used, by session, by day and in all; and how the fleet's limits stand."""

from __future__ import annotations

from cockpit.costs.types import FleetBudget, Meter
from cockpit.journal import types as ev
from cockpit.journal.types import rules as ev_rules
from cockpit.sessions.types import RateLimit, RateLimitsReported, Usage, UsageReported
from cockpit.state.fold import fold
from cockpit.state.model import State
from cockpit.state.usage import KEPT_DAYS
from tests.state.test_fold import NAMES, envelopes

ONE, TWO = NAMES


def used(tokens: int, cost_usd: float | None = None) -> ev.AgentSaid:
    return ev.AgentSaid(said=UsageReported(input_tokens=tokens, output_tokens=1, context_used=7, cost_usd=cost_usd))


def test_usage_is_counted_for_the_session_the_day_and_in_all() -> None:
    state = fold(
        envelopes(
            [
                (None, ev.DayBegan(day="2026-01-30")),
                (ONE, used(10, 0.5)),
                (TWO, used(20, 0.25)),
                (None, ev.DayBegan(day="2026-01-31")),
                (ONE, used(40)),
            ]
        )
    )
    assert state.sessions[ONE].usage.tokens == 52
    assert state.days["2026-01-30"] == Usage(input_tokens=30, output_tokens=2, cost_usd=0.75)
    assert state.today == Usage(input_tokens=40, output_tokens=1, unpriced_calls=1)
    assert state.total == Usage(input_tokens=70, output_tokens=3, cost_usd=0.75, unpriced_calls=1)


def test_what_a_draft_of_a_rule_costs_belongs_to_its_agent_the_day_and_the_sum() -> None:
    call = UsageReported(input_tokens=10, output_tokens=5, cost_usd=0.5)
    paid = ev_rules.DraftPaid(agent="codex", call=call, by="ana")
    state = fold(envelopes([(None, paid), (None, ev.DayBegan(day="2026-01-30")), (ONE, used(20, 0.25)), (None, paid)]))
    assert state.rules.drafting["codex"].tokens == 30
    assert (state.today.tokens, state.today.cost_usd) == (36, 0.75)
    assert (state.total.tokens, state.total.cost_usd) == (51, 1.25)
    assert state.sessions[ONE].usage.tokens == 21


def test_a_call_of_no_tokens_has_no_unknown_price() -> None:
    told = ev.AgentSaid(said=UsageReported(context_used=500))
    assert fold(envelopes([(ONE, told)])).total == Usage()


def test_a_month_of_days_is_kept_and_a_clock_set_back_goes_on_with_its_day() -> None:
    days = [f"2026-{month:02}-{day:02}" for month in (1, 2) for day in range(1, 29)]
    state = fold(envelopes([(None, ev.DayBegan(day=day)) for day in days] + [(ONE, used(5))]))
    assert list(state.days) == days[-KEPT_DAYS:]
    back = envelopes([(None, ev.DayBegan(day=day)) for day in ("a", "b")] + [(ONE, used(5))])
    again = [*back, *(one.model_copy(update={"seq": one.seq + 5}) for one in back[-3:] if one.session is None)]
    assert list(fold(again).days) == ["a", "b"]
    assert fold(again).days["b"].tokens == 6


def test_limits_of_accounts_are_kept_by_agent() -> None:
    limits = (RateLimit(name="5 hours", used_percent=40, resets_at=9),)
    story = envelopes(
        [
            (ONE, ev.AgentLaunched(run=1, driver="codex", agent="codex")),
            (ONE, ev.AgentSaid(said=RateLimitsReported(limits=limits))),
        ]
    )
    assert fold(story).limits == {"codex": limits}


def test_limits_of_the_fleet_count_from_what_people_granted() -> None:
    budget = FleetBudget(tokens_per_day=100, cost_usd=1.0)
    state = fold(
        envelopes(
            [
                (None, ev.ConfigLoaded(target="main", fleet_budget=budget)),
                (None, ev.DayBegan(day="2026-01-30")),
                (ONE, used(149, 0.5)),
            ]
        )
    )
    assert state.fleet_meters() == (Meter("tokens_per_day", 150, 100), Meter("cost_usd", 0.5, 1.0))
    assert [meter.is_used_up for meter in state.fleet_meters()] == [True, False]
    extended = ev.FleetExtended(spent={"tokens_per_day": 150.0}, by="ana")
    fold([ev.Envelope(seq=state.seq + 1, at=1, session=ONE, event=extended)], state)
    assert state.fleet_meters()[0] == Meter("tokens_per_day", 150, 250)
    fold([ev.Envelope(seq=state.seq + 1, at=1, event=ev.DayBegan(day="2026-01-31"))], state)
    assert state.fleet_meters()[0] == Meter("tokens_per_day", 0, 100)


def test_without_limits_there_are_no_meters() -> None:
    assert State().fleet_meters() == ()
