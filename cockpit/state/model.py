"""What a screen shows, as plain objects: the state is a fold of the events (see fold.py) and nothing else.

Bounded on purpose: a session costs kilobytes however long it runs. Long things (transcript, diff, raw check output) are
asked for by session when somebody looks.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import TypeAdapter

from cockpit.changes.types import ChangeStat, QueueEntry
from cockpit.checks.types import CheckResult, Finding, Receipt
from cockpit.costs.types import PER_DAY, FleetBudget, Meter
from cockpit.rules.types.mistakes import Mistake, Remark
from cockpit.senses.types import DoneReport
from cockpit.sessions.types import (
    AgentCommand,
    Answer,
    AttentionItem,
    Budget,
    Decision,
    PlanStep,
    RateLimit,
    RequestRaised,
    SessionStatus,
    Task,
    Usage,
    WorkspaceInfo,
)
from cockpit.state.rule_books import RulesState
from cockpit.types import SessionId


@dataclass(slots=True)
class Allowance:
    """What had been spent when a human last let the session go on; budgets count from here."""

    worked_s: float = 0.0
    tokens: int = 0
    cost_usd: float = 0.0


@dataclass(slots=True)
class SessionState:
    """Everything a screen shows of one session, but its transcript and its diff."""

    id: SessionId
    number: int
    """1, 2, 3, ... in order of creation: the short name that people say."""
    task: Task
    created_at: float
    status: SessionStatus = SessionStatus.QUEUED
    reason: str = ""
    status_since: float = 0.0
    last_heard_at: float = 0.0
    """Epoch seconds of the agent's last sign of life."""
    headline: str = ""
    """What it is doing now, in one line."""
    note: str = ""
    """What it says itself that it is at, for as long as the turn lasts: it stands before what is seen of it."""
    report: DoneReport | None = None
    """What it says it has done, until a person wants more of it."""
    has_reported: bool = False
    """It has said so in the turn that runs."""
    answers: dict[str, Answer] = field(default_factory=dict)
    """What people answered to questions that nobody waited for any more, until it is asked for again, by request."""
    workspace: WorkspaceInfo | None = None
    agent: str = ""
    model: str = ""
    is_scripted: bool = False
    sandbox: str = ""
    thread: str = ""
    run: int = 0
    """How often its agent was started; 0: never."""
    has_exited: bool = True
    """Its agent's last run has ended, and all that it said is in the journal."""
    is_turn_cut: bool = False
    """Its agent ended in the middle of a turn, which it goes on with by itself when it is started again."""
    agent_name: str = ""
    """The agent's name in cockpit.toml, once one was started."""
    abilities: tuple[str, ...] = ()
    """What its driver can do (see `agents.base.Abilities`); nothing else is offered."""
    turn: int = 0
    round: int = 0
    """Check rounds since the last human decision."""
    worked_s: float = 0.0
    """Seconds of agent work up to `counted_until`; waiting for a human is none. Budgets count these."""
    turn_started_at: float | None = None
    counted_until: float | None = None
    """From when on work is not yet in `worked_s`; None: the agent does not work now."""
    usage: Usage = field(default_factory=Usage)
    allowance: Allowance = field(default_factory=lambda: Allowance())
    commands: dict[str, AgentCommand] = field(default_factory=dict)
    """Sent and not yet acknowledged; sent again after a crash, carried out at most once."""
    plan: tuple[PlanStep, ...] = ()
    requests: dict[str, RequestRaised] = field(default_factory=dict)
    allowed: tuple[str, ...] = ()
    """What a person has allowed for as long as this session lasts, in the words that requests are compared by."""
    checks: dict[str, CheckResult] = field(default_factory=dict)
    """Latest result by check name, findings included."""
    running_checks: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    """Open findings of the last round."""
    told: tuple[Finding, ...] = ()
    """Findings that its agent was told of at the beginning of a turn: it has had the time to fix them."""
    told_on: str = ""
    """The tree that it was told so about."""
    change: ChangeStat | None = None
    commit: str = ""
    receipt: Receipt | None = None
    approval: str = ""
    """Id of the approval in force; it stands while the agent resolves a conflict, until a human says otherwise."""
    landed_commit: str = ""
    rule_hits: dict[str, str] = field(default_factory=dict)
    """What rules object to in its change, shadow rules included: the hit's instance -> id of the rule."""
    let_by: tuple[str, ...] = ()
    """Instances of rules' findings that people judged not useful: they stop nothing."""
    rule_news: dict[str, str] = field(default_factory=dict)
    """Rules that its agent has not been told of yet: id -> the line to tell."""
    reviewed: dict[str, str] = field(default_factory=dict)
    """Path -> blob that a person has marked as reviewed."""
    review: str = ""
    """Id of the command that has the agent review its change, until that turn is over."""
    app: str = ""
    """State of the running app copy, for people; empty: none is declared."""
    decisions: int = 0
    version: int = 0
    """Sequence number of the last event that touched it: views cache by it."""

    @property
    def name(self) -> str:
        """One line that stands for the session in lists."""
        return self.task.headline()


@dataclass(slots=True)
class Stats:
    """Attention is the currency, so it is counted from the first day."""

    landed: int = 0
    rejected: int = 0
    decisions: int = 0
    rounds_of_landed: int = 0
    attention_items: int = 0
    waited_s: float = 0.0
    looked_s: float = 0.0
    keys: int = 0
    people: dict[str, int] = field(default_factory=dict)
    """Decisions by person."""
    auto_allowed: int = 0
    """Requests that were allowed without a human: by a line of the policy, for the session, or by the approver."""
    auto_denied: int = 0
    policy_lines: int = 0
    """Lines that people had written into a policy."""


@dataclass(slots=True)
class State:
    """The whole of it."""

    seq: int = 0
    repository: str = ""
    sandbox: str = ""
    supervisor_pid: int = 0
    target: str = ""
    agents: tuple[str, ...] = ()
    missing_agents: tuple[str, ...] = ()
    """Agents whose program is not on this machine."""
    default_agent: str = ""
    check_names: tuple[str, ...] = ()
    max_parallel: int = 1
    config_error: str = ""
    sessions: dict[SessionId, SessionState] = field(default_factory=dict)
    attention: dict[str, AttentionItem] = field(default_factory=dict)
    """Open items by id, in order of appearance."""
    queue: list[QueueEntry] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    """The most recent ones, oldest first."""
    notes: list[str] = field(default_factory=list)
    """Recent notes that belong to no session, oldest first."""
    mistakes: dict[str, Mistake] = field(default_factory=dict)
    """What was found wrong by fingerprint, the latest last; only those with `is_repeated` are mistakes. Bounded."""
    remarks: dict[str, Remark] = field(default_factory=dict)
    """The latest that people had to say, by id, oldest first."""
    stats: Stats = field(default_factory=Stats)
    day: str = ""
    """Today, as an ISO date of this machine's time zone; empty: usage of no day has been counted yet."""
    days: dict[str, Usage] = field(default_factory=dict)
    """What was used by day, for a month of them, oldest first."""
    limits: dict[str, tuple[RateLimit, ...]] = field(default_factory=dict)
    """Allowances of the agents' accounts, as last heard, by the agent's name in cockpit.toml."""
    budgets: dict[str, Budget] = field(default_factory=dict)
    """By agent: the limits of a session whose task has none of its own."""
    fleet_budget: FleetBudget = field(default_factory=FleetBudget)
    fleet_allowance: dict[str, float] = field(default_factory=dict)
    """By limit of the fleet: what had been spent when a human last let all go on; the limit counts from here."""

    rules: RulesState = field(default_factory=RulesState)
    """The books of rules, and what was decided about them."""

    @property
    def total(self) -> Usage:
        """What all sessions and drafts of rules have used; of a sum with `unpriced_calls` the cost is a part only."""
        used = [*(session.usage for session in self.sessions.values()), *self.rules.drafting.values()]
        known = [one.cost_usd for one in used if one.cost_usd is not None]
        return Usage(
            input_tokens=sum(one.input_tokens for one in used),
            cached_tokens=sum(one.cached_tokens for one in used),
            output_tokens=sum(one.output_tokens for one in used),
            cost_usd=sum(known) if known else None,
            unpriced_calls=sum(one.unpriced_calls for one in used),
        )

    @property
    def today(self) -> Usage:
        """What was used today."""
        return self.days.get(self.day, Usage())

    def budget_of(self, session: SessionState) -> Budget | None:
        """Return the limits of a session, as far as they are known."""
        return session.task.budget or self.budgets.get(session.agent_name or session.task.agent or self.default_agent)

    def fleet_meters(self) -> tuple[Meter, ...]:
        """Return how each limit of the fleet stands; none where there is no limit."""
        limits = {name: limit for name, limit in self.fleet_budget if limit is not None}
        if not limits:
            return ()
        total = self.total
        meters = []
        for name, limit in limits.items():
            usage = self.today if name.endswith(PER_DAY) else total
            spent = float(usage.tokens) if name.startswith("tokens") else usage.cost_usd or 0.0
            meters.append(Meter(name, spent, limit + self.fleet_allowance.get(name, 0.0)))
        return tuple(meters)


STATE: TypeAdapter[State] = TypeAdapter(State)
