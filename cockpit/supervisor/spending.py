"""What sessions spend: what each model call cost, and how far one session, and all of them together, may go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cockpit.config import Config
from cockpit.costs.service import cost_usd, price_of
from cockpit.costs.types import FLEET_USED_UP
from cockpit.journal.types import AgentSaid, DayBegan, Event, FleetExtended, Noted
from cockpit.sessions.config import AgentConfig
from cockpit.sessions.types import AgentEvent, AgentReady, Budget, UsageReported
from cockpit.state.model import SessionState, State
from cockpit.supervisor.services import Services
from cockpit.types import SessionId

_CONTEXT = {"context_used", "context_window"}


def agent_name(services: Services, session: SessionState) -> str:
    """Return which agent of cockpit.toml works on a session's task."""
    return session.agent_name or session.task.agent or services.config.default_agent


def budgets_of(config: Config) -> dict[str, Budget]:
    """Return by agent the budget of sessions whose task has none, as plain data."""
    fields = Budget.model_fields
    chosen = {name: agent.budget or config.budget for name, agent in config.agents.items()}
    return {name: Budget(**{field: getattr(one, field) for field in fields}) for name, one in chosen.items()}


def budget_of(services: Services, session: SessionState) -> Budget:
    """Return the session's own budget, else its agent's, else the repository's."""
    agent = services.config.agents.get(agent_name(services, session))
    return session.task.budget or (agent and agent.budget) or services.config.budget


def fleet_used_up(state: State) -> str:
    """Return which limit of the fleet is reached, for people; empty: none."""
    reached = [str(meter) for meter in state.fleet_meters() if meter.is_used_up]
    return f"{FLEET_USED_UP}: {reached[0]}" if reached else ""


def extended(state: State, person: str) -> list[Event]:
    """Return the event by which a human lets all sessions go on; none while no limit of the fleet is reached."""
    spent = {meter.name: meter.spent for meter in state.fleet_meters() if meter.is_used_up}
    return [FleetExtended(spent=spent, by=person)] if spent else []


def day_of(services: Services) -> list[Event]:
    """Return the event that another day has begun since the last one that was told, if it has."""
    day = datetime.fromtimestamp(services.clock.now()).astimezone().date().isoformat()
    return [DayBegan(day=day)] if day != services.record.state.day else []


def used(state: State) -> dict[str, Any]:
    """Return what was used in all, by day and by task, and how the fleet's limits stand, as plain data."""
    tasks = [
        {
            "session": session.id,
            "number": session.number,
            "name": session.name,
            "agent": session.agent_name,
            "status": session.status,
            **session.usage.model_dump(exclude=_CONTEXT),
        }
        for session in state.sessions.values()
        if session.usage.tokens or session.usage.cost_usd
    ]
    return {
        "total": state.total.model_dump(exclude=_CONTEXT),
        "days": {day: usage.model_dump(exclude=_CONTEXT) for day, usage in state.days.items()},
        "tasks": tasks,
        "drafts": {agent: usage.model_dump(exclude=_CONTEXT) for agent, usage in state.rules.drafting.items()},
        "limits": [meter._asdict() for meter in state.fleet_meters()],
    }


def call_events(
    services: Services, session: SessionId, agent: AgentConfig, model: str, call: UsageReported
) -> list[Event]:
    """Return a call that another agent's model made for a session as events; it counts as the session's own."""
    priced = _by_table(services, agent, model, call)
    state = services.record.state.sessions[session]
    text = _missing_price(services, state, model) if priced.cost_usd is None else ""
    return [AgentSaid(said=priced), *([Noted(text=text, level="warning")] if text else [])]


def _by_table(services: Services, agent: AgentConfig, model: str, call: UsageReported) -> UsageReported:
    price = agent.price or price_of(model, services.config.prices)
    return call.model_copy(update={"cost_usd": None if price is None else cost_usd(price, call)})


def _missing_price(services: Services, state: SessionState, model: str) -> str:
    """Return what to say when a cost is not known: nothing where no budget is one of money, or it was said."""
    if state.usage.unpriced_calls:
        return ""
    is_counted = budget_of(services, state).cost_usd is not None
    fleet = services.config.budget.fleet
    if not is_counted and not (fleet.counts_cost and not services.record.state.total.unpriced_calls):
        return ""
    return (
        f"what calls of {model or 'its model'} cost is not known, so the budget in US dollars counts only what is "
        "known: add the model to [prices] in cockpit.toml"
    )


class CallPrices:
    """Says what calls of one agent's process cost."""

    def __init__(self, services: Services) -> None:
        """Nothing was called yet."""
        self._services = services
        self._tells_cost = False
        """The agent says itself what it costs, be it apart from the tokens."""

    def priced(self, agent: AgentConfig, model: str, call: UsageReported) -> UsageReported:
        """Return the call with its cost, None where nobody knows it."""
        if agent.cost == "agent":
            self._tells_cost = self._tells_cost or call.cost_usd is not None
            if call.cost_usd is not None:
                return call
        if not call.input_tokens + call.output_tokens:
            return call.model_copy(update={"cost_usd": None})
        if agent.cost == "agent" and self._tells_cost:
            return call.model_copy(update={"cost_usd": 0.0})  # nothing beyond what it has told
        return _by_table(self._services, agent, model, call)


class Pricer:
    """Says what the calls of one session's agent cost, before they are journaled: the journal holds it for good."""

    def __init__(self, services: Services, session: SessionId) -> None:
        """Price the calls of `session`."""
        self._services, self._session = services, session
        self._model = ""
        self._prices = CallPrices(services)

    @property
    def _state(self) -> SessionState:
        return self._services.record.state.sessions[self._session]

    @property
    def _agent(self) -> AgentConfig:
        return self._services.config.agents.get(agent_name(self._services, self._state)) or AgentConfig()

    @property
    def _model_name(self) -> str:
        return self._model or self._state.model or self._agent.model

    def events(self, said: Sequence[AgentEvent]) -> list[Event]:
        """Return what the agent said as events, calls with their cost; and, once, that a cost is not known."""
        events: list[Event] = []
        is_known = True
        for one in said:
            if isinstance(one, AgentReady):
                self._model = one.model
            if isinstance(one, UsageReported):
                one = self._prices.priced(self._agent, self._model_name, one)
                is_known = is_known and (one.cost_usd is not None or not one.input_tokens + one.output_tokens)
            events.append(AgentSaid(said=one))
        if not is_known and (text := _missing_price(self._services, self._state, self._model_name)):
            events.append(Noted(text=text, level="warning"))
        return events
