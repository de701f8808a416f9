"""Made-up sessions for the panes, and a supervisor that tells them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from cockpit.checks.types import CheckOutcome, CheckResult, Finding, Receipt, When
from cockpit.journal import types as ev
from cockpit.protocol.types import Command, GetEvents, Happened, Progress
from cockpit.screens.store import Store
from cockpit.sessions import types as said
from cockpit.types import SessionId, TreeId

SESSION = SessionId("fix-login-3f")
TREE = TreeId("7" * 40)
AT = 1_760_000_000.0


class Journal:
    """Events of one session, numbered."""

    def __init__(self, session: SessionId = SESSION) -> None:
        self.session = session
        self.envelopes: list[ev.Envelope] = []

    def add(self, *events: ev.Event | said.AgentEvent) -> list[ev.Envelope]:
        """Append events; what an agent says is wrapped."""
        added: list[ev.Envelope] = []
        for event in events:
            told = event if hasattr(event, "kind") and hasattr(event, "v") else ev.AgentSaid(said=event)
            number = len(self.envelopes) + len(added) + 1
            added.append(ev.Envelope(seq=number, at=AT + 7 * number, session=self.session, event=told))
        self.envelopes += added
        return added


class FakeSupervisor:
    """Answers from journals and prepared results, and remembers what it was asked."""

    def __init__(self, *journals: Journal) -> None:
        self.journals = {journal.session: journal for journal in journals}
        self.asked: list[Command] = []
        self.answers: dict[str, Callable[[Any], dict[str, Any]]] = {}
        self.gate: asyncio.Event | None = None
        """Calls wait for it, when there is one."""

    async def call(self, command: Command) -> dict[str, Any]:
        """Carry out a command."""
        self.asked.append(command)
        if self.gate is not None:
            await self.gate.wait()
        if isinstance(command, GetEvents):
            return self._events(command)
        answer = self.answers.get(command.cmd)
        return answer(command) if answer else {}

    def _events(self, command: GetEvents) -> dict[str, Any]:
        envelopes = self.journals[command.session].envelopes
        before = command.before if command.before is not None else len(envelopes) + 1
        page = [e for e in envelopes if e.seq < before][-command.limit :]
        return {"envelopes": [e.model_dump(mode="json") for e in page], "is_start": len(page) < command.limit}


def store_of(*journals: Journal, told: int | None = None) -> Store:
    """Return a store that has taken the first `told` events and watches every session."""
    store = Store()
    envelopes = sorted((e for j in journals for e in j.envelopes), key=lambda e: e.seq)
    for envelope in envelopes[:told]:
        store.take(Happened(envelope=envelope))
    store.watch([journal.session for journal in journals])
    return store


def push(store: Store, envelopes: Iterable[ev.Envelope]) -> None:
    """Let events reach a store."""
    for envelope in envelopes:
        store.take(Happened(envelope=envelope))


def stream(store: Store, delta: said.AgentEvent, session: SessionId = SESSION) -> None:
    """Let a delta reach a store."""
    store.take(Progress(session=session, said=delta))


def finding(number: int = 0, **known: Any) -> Finding:
    """Return a finding."""
    fields: dict[str, Any] = {
        "check": "ruff",
        "message": f"`os` imported but unused ({number})",
        "path": "src/auth/login.py",
        "line": 12 + number,
        "code": "F401",
        "remediation": "Remove the import.",
    }
    return Finding(**{**fields, **known})


def result(check: str, outcome: CheckOutcome = CheckOutcome.PASSED, **known: Any) -> CheckResult:
    """Return a result."""
    fields: dict[str, Any] = {
        "check": check,
        "tree": TREE,
        "outcome": outcome,
        "duration_s": 0.4,
        "output": f"o-{check}",
    }
    return CheckResult(**{**fields, **known})


MESSAGE = """## What I found

The redirect after login drops the `next` parameter, because **`urljoin`** resolves it against the *wrong* base:

1. `login()` builds the URL from `request.path`
2. the middleware strips the query

```python
def redirect_target(request: Request) -> str:
    # only paths of our own
    wanted = request.args.get("next", "/")
    return wanted if wanted.startswith("/") else "/"
```

- [x] read the code
- [ ] add a test that fails without the fix, long enough that the item has to be wrapped in a narrow pane
"""


def login_story() -> Journal:
    """Return a session from its task to its landing."""
    journal = Journal()
    run = said.ToolStarted(item="t2", tool="run", title="pytest -q tests/auth")
    journal.add(
        ev.SessionCreated(task=said.Task(prompt="Fix the login redirect.\nIt loses `next`."), by="ana"),
        ev.StatusChanged(status=said.SessionStatus.PREPARING),
        ev.StatusChanged(status=said.SessionStatus.WORKING),
        said.AgentReady(agent="native 0.1", model="scripted", scripted=True, sandbox="bubblewrap"),
        ev.CommandSent(command=said.Send(id="c1", text="Fix the login redirect.\nIt loses `next`.")),
        said.TurnStarted(turn=1),
        said.AgentMessage(item="r1", text="The redirect is built in login().\nLet me look.", is_reasoning=True),
        said.ToolStarted(item="t1", tool="read", title="src/auth/login.py"),
        said.ToolEnded(item="t1", ok=True, output="import os\n", duration_s=0.02),
        said.AgentMessage(item="m1", text=MESSAGE),
        said.PlanChanged(
            steps=(
                said.PlanStep(text="read the code", status=said.StepStatus.DONE),
                said.PlanStep(text="fix redirect_target", status=said.StepStatus.RUNNING),
                said.PlanStep(text="add a test"),
            )
        ),
        said.ToolStarted(item="t3", tool="edit", title="src/auth/login.py"),
        said.ToolEnded(item="t3", ok=True, output="1 hunk applied", duration_s=0.1),
        run,
        said.ToolEnded(
            item="t2",
            ok=False,
            exit_code=1,
            duration_s=12.4,
            output="\n".join(f"tests/auth.py::t{n} ok" for n in range(9)),
        ),
        ev.DecisionMade(
            decision=said.Decision(
                id="d1", kind=said.DecisionKind.REDIRECT, session=SESSION, by="ana", at=AT, text="Keep the old name."
            )
        ),
        ev.CommandSent(command=said.Steer(id="c2", text="Keep the old name, please."), author="ana"),
        said.Steered(command="c2", outcome=said.SteerOutcome.INJECTED),
        said.AgentMessage(item="m2", text="Done: the name stays, and `next` is kept."),
        said.TurnEnded(turn=1, reason=said.TurnReason.DONE),
        ev.ChecksStarted(tree=TREE, when=When.TURN, round=1, checks=("ruff", "tests", "mypy")),
    )
    _checked_and_put_right(journal)
    return journal


def _checked_and_put_right(journal: Journal) -> None:
    failed = result("ruff", CheckOutcome.FAILED, findings=tuple(finding(n) for n in range(5)), total=5)
    journal.add(
        ev.CheckFinished(when=When.TURN, round=1, result=failed),
        ev.CheckFinished(when=When.TURN, round=1, result=result("tests", is_cached=True)),
        ev.CheckFinished(when=When.TURN, round=1, result=result("mypy")),
        ev.FindingsSent(round=1, new=failed.findings),
        ev.CommandSent(command=said.Send(id="c3", text="Checks, round 1: 5 new.\nFix the causes.")),
        said.TurnStarted(turn=2),
        said.ToolStarted(item="t4", tool="run", title="ruff check --fix src"),
        said.ToolEnded(item="t4", ok=True, output="Found 5 errors (5 fixed)", duration_s=0.3),
        said.TurnEnded(turn=2, reason=said.TurnReason.DONE),
        ev.ChecksStarted(tree=TREE, when=When.TURN, round=2, checks=("ruff", "tests", "mypy")),
        *(ev.CheckFinished(when=When.TURN, round=2, result=result(n)) for n in ("ruff", "tests", "mypy")),
        ev.ReceiptIssued(receipt=Receipt(tree=TREE, commit="3f2a9c1d44", results=(result("ruff"),), at=AT)),
        ev.StatusChanged(status=said.SessionStatus.READY),
        ev.DecisionMade(
            decision=said.Decision(
                id="d2", kind=said.DecisionKind.APPROVE, session=SESSION, by="ana", at=AT, commit="3f2a9c1d44"
            )
        ),
    )


def long_story(messages: int) -> Journal:
    """Return a session of many messages and tools."""
    journal = Journal()
    journal.add(ev.SessionCreated(task=said.Task(prompt="A long task"), by="ana"))
    for number in range(messages):
        journal.add(
            said.AgentMessage(item=f"m{number}", text=f"Message {number}: on with it."),
            said.ToolStarted(item=f"t{number}", tool="run", title=f"make step-{number}"),
            said.ToolEnded(item=f"t{number}", ok=True, output="ok", duration_s=1.0),
        )
    return journal
