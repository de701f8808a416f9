"""A fleet that looks like a day's work, as events."""

from __future__ import annotations

from typing import Any

from cockpit.changes.types import ChangeStat, FileStat
from cockpit.checks.types import CheckOutcome, CheckResult, Finding, Receipt, When
from cockpit.costs.types import FleetBudget
from cockpit.journal import types as ev
from cockpit.sessions.types import (
    AgentMessage,
    AgentReady,
    AttentionItem,
    AttentionKind,
    Budget,
    PlanChanged,
    PlanStep,
    RateLimit,
    RateLimitsReported,
    RequestKind,
    RequestRaised,
    SessionStatus,
    StepStatus,
    Task,
    ToolEnded,
    ToolStarted,
    TurnStarted,
    UsageReported,
    WorkspaceInfo,
)
from cockpit.types import CommitId, SessionId, TreeId
from tests.screens.supervisor import FakeSupervisor

TREE = TreeId("b" * 40)
COMMIT = CommitId("c0ffee" + "1" * 34)


def started(supervisor: FakeSupervisor, *, sandbox: str = "bubblewrap") -> None:
    """Let the supervisor begin."""
    supervisor.happen(
        None,
        ev.SupervisorStarted(pid=supervisor.pid, version="0", repository="/src/payments", sandbox=sandbox),
        ev.ConfigLoaded(
            target="main", agents=("native", "mechanic"), default_agent="native", checks=("ruff", "mypy", "pytest")
        ),
    )


def created(supervisor: FakeSupervisor, name: str, prompt: str = "", status: SessionStatus | None = None) -> str:
    """Begin a session; its id is the name with dashes."""
    session = name.replace(" ", "-")
    supervisor.happen(session, ev.SessionCreated(task=Task(prompt=prompt or name, title=name)))
    if status is not None:
        supervisor.happen(session, ev.StatusChanged(status=status))
    return session


def working(supervisor: FakeSupervisor, name: str, doing: str, *, is_scripted: bool = False) -> str:
    """Begin a session whose agent works."""
    session = created(supervisor, name, f"Please {name}.\n\nKeep the public interface as it is, and add tests.")
    supervisor.happen(
        session,
        ev.StatusChanged(status=SessionStatus.WORKING),
        ev.WorkspaceReady(
            workspace=WorkspaceInfo(
                session=SessionId(session),
                path=f"/home/me/.local/share/cockpit/{session}",
                branch=f"cockpit/{session}",
                base="main",
                base_commit=CommitId("a" * 40),
            )
        ),
    )
    supervisor.say(
        session,
        AgentReady(agent="native 0.1", model="gpt-5-codex", scripted=is_scripted, sandbox="bubblewrap"),
        TurnStarted(turn=1),
        PlanChanged(
            steps=(
                PlanStep(text="Reproduce the failure in a test", status=StepStatus.DONE),
                PlanStep(text="Fix the redirect", status=StepStatus.RUNNING),
                PlanStep(text="Run the whole suite"),
            )
        ),
        UsageReported(input_tokens=41_200, cached_tokens=30_000, output_tokens=2_310, cost_usd=0.21),
        AgentMessage(item="m1", text="I will look at how the login handler builds its target first."),
        ToolStarted(item="t1", tool="run", title=doing),
        ToolEnded(item="t1", ok=True, output="collected 42 items\n\n42 passed in 1.21s", exit_code=0),
        ToolStarted(item="t2", tool="run", title=doing),
    )
    return session


def changed(supervisor: FakeSupervisor, session: str, added: int, removed: int) -> None:
    """Let a session have a change of three files."""
    files = (
        FileStat(path="src/payments/login.py", added=added - 12, removed=removed, blob="1" * 40),
        FileStat(path="tests/test_login.py", status="A", added=12, removed=0, blob="2" * 40),
        FileStat(path="docs/logo.png", status="A", added=None, removed=None, blob="3" * 40),
    )
    supervisor.happen(session, ev.ChangeMeasured(stat=ChangeStat(base=TreeId("a" * 40), tree=TREE, files=files)))


def checked(supervisor: FakeSupervisor, session: str, *outcomes: CheckOutcome, running: int = 0) -> None:
    """Let checks run on it, some of them still."""
    names = ("ruff", "mypy", "pytest", "docs", "audit")
    total = len(outcomes) + running
    supervisor.happen(session, ev.ChecksStarted(tree=TREE, when=When.TURN, round=2, checks=names[:total]))
    for name, outcome in zip(names, outcomes, strict=False):
        findings: tuple[Finding, ...] = ()
        if outcome is CheckOutcome.FAILED:
            findings = (
                Finding(check=name, path="src/payments/login.py", line=41, code="F401", message="`os` is not used"),
            )
        result = CheckResult(check=name, tree=TREE, outcome=outcome, findings=findings, duration_s=1.4)
        supervisor.happen(session, ev.CheckFinished(when=When.TURN, round=2, result=result))


def asks(
    supervisor: FakeSupervisor,
    session: str,
    command: str,
    *,
    kind: RequestKind = RequestKind.COMMAND,
    likeness: str = "",
    **known: Any,
) -> str:
    """Let an agent wait for an answer; `known` are fields of its request."""
    request = f"r-{session}"
    options = ("keep both", "only the new one") if kind is RequestKind.QUESTION else ()
    argv = tuple(command.split()) if kind is RequestKind.COMMAND else ()
    fields: dict[str, Any] = {
        "argv": argv,
        "cwd": "/home/me/.local/share/cockpit/" + session,
        "reason": "The lock file is older than pyproject.toml." if argv else "",
        "options": options,
    }
    supervisor.say(session, RequestRaised(request=request, kind=kind, title=command, **{**fields, **known}))
    supervisor.happen(session, ev.StatusChanged(status=SessionStatus.WAITING))
    return raised(supervisor, session, AttentionKind.REQUEST, command, request=request, likeness=likeness)


def raised(
    supervisor: FakeSupervisor,
    session: str,
    kind: AttentionKind,
    title: str,
    *,
    detail: str = "",
    request: str = "",
    likeness: str = "",
) -> str:
    """Let something need a person."""
    item = AttentionItem(
        id=f"{kind.value}-{session}",
        session=SessionId(session),
        kind=kind,
        title=title,
        detail=detail,
        request=request,
        likeness=likeness,
        since=supervisor.at,
    )
    supervisor.happen(session, ev.AttentionRaised(item=item))
    return item.id


def resolved(item: str) -> ev.AttentionResolved:
    """Return the end of an attention item."""
    return ev.AttentionResolved(item=item, how="withdrawn")


def ready(supervisor: FakeSupervisor, name: str) -> str:
    """Let a session be clean and wait for approval."""
    session = working(supervisor, name, "pytest -q")
    changed(supervisor, session, 132, 14)
    checked(supervisor, session, CheckOutcome.PASSED, CheckOutcome.PASSED, CheckOutcome.PASSED)
    results = tuple(supervisor.state.sessions[SessionId(session)].checks.values())
    supervisor.happen(
        session,
        ev.ChangeCommitted(commit=COMMIT, tree=TREE),
        ev.ReceiptIssued(receipt=Receipt(tree=TREE, commit=COMMIT, results=results, at=supervisor.at)),
        ev.StatusChanged(status=SessionStatus.READY),
    )
    raised(supervisor, session, AttentionKind.READY, "Clean after 2 rounds: approve, redirect or reject?")
    return session


def fleet(supervisor: FakeSupervisor) -> None:
    """Let a whole fleet be at work."""
    started(supervisor)
    session = working(supervisor, "fix login redirect", "pytest tests/test_login.py -q")
    changed(supervisor, session, 61, 9)
    asks(supervisor, session, "pip install --upgrade httpx==0.28.1")
    supervisor.at += 60
    ready(supervisor, "rename the ledger module")
    supervisor.at += 60
    session = working(supervisor, "retry payments", "rg -n retry src", is_scripted=True)
    raised(
        supervisor, session, AttentionKind.PAUSED, "8 rounds are used up: go on?", detail="mypy still has 3 findings"
    )
    names = ("speed up imports", "日本語のエラーメッセージを直す", "typed settings", "drop python 3.10")
    for number, name in enumerate(names):
        session = working(supervisor, name, "edit src/payments/settings.py")
        changed(supervisor, session, 40 * (number + 1), 3 * number)
        checked(supervisor, session, CheckOutcome.PASSED, CheckOutcome.FAILED, CheckOutcome.PASSED)
    session = working(supervisor, "flaky test", "pytest")
    changed(supervisor, session, 1_240, 318)
    supervisor.happen(session, ev.StatusChanged(status=SessionStatus.CHECKING))
    checked(supervisor, session, CheckOutcome.PASSED, CheckOutcome.BROKEN, running=2)
    session = working(supervisor, "new currency table", "pytest")
    supervisor.happen(session, ev.StatusChanged(status=SessionStatus.LANDING))
    supervisor.happen(session, ev.QueueEntered(commit=COMMIT, target="main"))
    for name in ("document the webhooks", "update the licence header of every file in the tree"):
        created(supervisor, name)
    session = working(supervisor, "cache exchange rates", "pytest")
    supervisor.happen(session, ev.StatusChanged(status=SessionStatus.INTERRUPTED, reason="the agent's process is gone"))
    for name in ("remove dead code", "pin the tools"):
        created(supervisor, name, status=SessionStatus.LANDED)
    created(supervisor, "rewrite it in rust", status=SessionStatus.REJECTED)


INSTALL = "pip install --upgrade httpx==0.28.1"


def agent_at_work(supervisor: FakeSupervisor, name: str, agent: str, model: str, used: UsageReported) -> str:
    """Begin a session of a named agent, with what it has used."""
    session = working(supervisor, name, "pytest -q")
    abilities = ("steers", "resumes", "asks")
    supervisor.happen(session, ev.AgentLaunched(run=1, driver="acp", agent=agent, abilities=abilities))
    supervisor.say(session, AgentReady(agent=agent, model=model, sandbox="bubblewrap"), used)
    return session


def approvals(supervisor: FakeSupervisor) -> None:
    """Let three agents of three kinds ask the same, with budgets and an account that runs out."""
    started(supervisor)
    agents = ("native", "codex", "claude", "gemini")
    budget = Budget(tokens=2_000_000, cost_usd=5.0)
    supervisor.happen(
        None,
        ev.ConfigLoaded(
            target="main",
            agents=agents,
            default_agent="native",
            budgets=dict.fromkeys(agents, budget),
            fleet_budget=FleetBudget(cost_usd_per_day=20.0),
        ),
        ev.DayBegan(day="2027-01-15"),
    )
    known = {"context_window": 272_000, "output_tokens": 21_400}
    one = agent_at_work(
        supervisor,
        "fix login redirect",
        "codex",
        "gpt-5.5",
        UsageReported(input_tokens=612_000, cached_tokens=540_000, cost_usd=1.62, context_used=101_000, **known),
    )
    supervisor.say(one, RateLimitsReported(limits=(RateLimit(name="5 hours", used_percent=86),)))
    two = agent_at_work(
        supervisor,
        "typed settings",
        "claude",
        "opus",
        UsageReported(input_tokens=940_000, cost_usd=4.38, context_used=231_000, **known),
    )
    three = agent_at_work(supervisor, "retry payments", "gemini", "", UsageReported(input_tokens=120_000, **known))
    for session, folder, reason in (
        (one, "", "The lock file is older than pyproject.toml."),
        (two, "/src/payments", "httpx is missing, and the tests import it."),
        (three, "", ""),
    ):
        cwd = f"/home/me/.local/share/cockpit/{session}{folder}"
        asks(supervisor, session, INSTALL, likeness=INSTALL, cwd=cwd, reason=reason)
        supervisor.at += 60
    for name, agent in (("exchange rates", "native"), ("speed up imports", "codex")):
        used = UsageReported(input_tokens=210_000, cost_usd=0.84, context_used=64_000, **known)
        agent_at_work(supervisor, name, agent, "gpt-5.5", used)
    ready(supervisor, "rename the ledger module")
