"""The part of the fold that is about tokens and money: what was used by session and day, and what the fleet may use."""

from __future__ import annotations

from cockpit.costs.types import PER_DAY
from cockpit.journal import types as ev
from cockpit.journal.types.rules import DraftPaid
from cockpit.sessions.types import RateLimitsReported, Usage, UsageReported
from cockpit.state.model import SessionState, State

KEPT_DAYS = 31


def add_call(total: Usage, call: UsageReported) -> Usage:
    """Return the sum with one call more."""
    cost = total.cost_usd if call.cost_usd is None else (total.cost_usd or 0.0) + call.cost_usd
    is_unpriced = call.cost_usd is None and call.input_tokens + call.output_tokens > 0
    return Usage(
        input_tokens=total.input_tokens + call.input_tokens,
        cached_tokens=total.cached_tokens + call.cached_tokens,
        output_tokens=total.output_tokens + call.output_tokens,
        context_used=call.context_used if call.context_used is not None else total.context_used,
        context_window=call.context_window if call.context_window is not None else total.context_window,
        cost_usd=cost,
        unpriced_calls=total.unpriced_calls + is_unpriced,
    )


def day_began(state: State, event: ev.DayBegan, _at: float) -> None:
    """Count what is used from now on for this day."""
    state.day = event.day
    days = {day: usage for day, usage in state.days.items() if day != event.day}
    days[event.day] = state.days.get(event.day, Usage())
    state.days = dict(list(days.items())[-KEPT_DAYS:])
    state.fleet_allowance = {k: v for k, v in state.fleet_allowance.items() if not k.endswith(PER_DAY)}


def said_across(state: State, session: SessionState, event: ev.AgentSaid, _at: float) -> None:
    """Count a call for its day; keep the allowances of an agent's account."""
    match event.said:
        case UsageReported() as call if state.day:
            _count_today(state, call)
        case RateLimitsReported(limits=limits) if session.agent_name:
            state.limits = {**state.limits, session.agent_name: limits}
        case _:
            pass


def draft_paid(state: State, event: DraftPaid, _at: float) -> None:
    """Count a call of an agent that drafts rules: for the day, and for the agent."""
    state.rules.drafting[event.agent] = add_call(state.rules.drafting.get(event.agent, Usage()), event.call)
    if state.day:
        _count_today(state, event.call)


def _count_today(state: State, call: UsageReported) -> None:
    used = add_call(state.days[state.day], call)
    state.days[state.day] = used.model_copy(update={"context_used": None, "context_window": None})


def fleet_extended(state: State, _session: SessionState, event: ev.FleetExtended, _at: float) -> None:
    """Count these limits of the fleet from what was spent when a human let it go on."""
    state.fleet_allowance = {**state.fleet_allowance, **event.spent}
