"""The timeline pane: what happened when, by whom, on which commit."""

from __future__ import annotations

from cockpit.approvals.types import Answerer, Section
from cockpit.checks.types import When
from cockpit.journal import types as ev
from cockpit.providers.text import clean
from cockpit.sessions import types as said
from cockpit.types import CommitId
from tests.providers.corpus import HOSTILE
from tests.widgets.harness import PaneApp, all_rows, settled
from tests.widgets.stories import AT, SESSION, TREE, FakeSupervisor, Journal, login_story, push, store_of
from widgets.timeline import TimelinePane


def app_of(journal: Journal) -> tuple[PaneApp, TimelinePane, FakeSupervisor]:
    supervisor = FakeSupervisor(journal)
    pane = TimelinePane(supervisor)
    return PaneApp(pane, store_of(journal)), pane, supervisor


async def test_it_tells_who_did_what_on_which_commit() -> None:
    app, pane, _ = app_of(login_story())
    async with app.run_test(size=(100, 40)) as pilot:
        await settled(pilot)
        told = [row[11:] for row in all_rows(pane.view)[2:]]
        assert told[0] == "+  ana dispatched  Fix the login redirect."
        assert "◆  ana redirected  Keep the old name." in told
        assert "✗  ruff  5 findings  0.4s" in told
        assert "◆  receipt commit 3f2a9c1d44  1 check passed" in told
        assert told[-1] == "◆  ana approved on 3f2a9c1d44"


async def test_what_happens_next_is_added_at_the_end() -> None:
    journal = login_story()
    app, pane, _ = app_of(journal)
    async with app.run_test(size=(100, 40)) as pilot:
        await settled(pilot)
        before = len(pane.view.lines)
        push(app.store, journal.add(said.AgentMessage(item="m", text="chatter")))
        push(app.store, journal.add(ev.QueueEntered(commit=CommitId("3f2a9c1d44"), target="main")))
        app.flush()
        assert len(pane.view.lines) == before + 1
        assert all_rows(pane.view)[-1].endswith("into the merge queue for main 3f2a9c1d44")


async def test_older_events_come_as_one_scrolls_up() -> None:
    journal = Journal()
    journal.add(ev.SessionCreated(task=said.Task(prompt="Long"), by="ana"))
    journal.add(*(ev.Noted(text=f"note {number}") for number in range(1_200)))
    app, pane, supervisor = app_of(journal)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert len(supervisor.asked) == 1
        for _ in range(3):
            await pilot.press("g")
            await settled(pilot)
        notes = [row.rpartition("·")[2].strip() for row in all_rows(pane.view) if "note" in row]
        assert notes == [f"note {number}" for number in range(1_200)]
        assert len(supervisor.asked) == 3


async def test_nothing_hostile_gets_through() -> None:
    journal = Journal()
    for number, text in enumerate(HOSTILE.values()):
        decision = said.Decision(
            id=f"d{number}", kind=said.DecisionKind.REJECT, session=SESSION, by=text, at=AT, commit=text, text=text
        )
        item = said.AttentionItem(
            id=f"i{number}", session=SESSION, kind=said.AttentionKind.FAILED, title=text, since=AT
        )
        journal.add(
            ev.SessionCreated(task=said.Task(prompt="x" + text.encode(errors="replace").decode()), by=text),
            ev.StatusChanged(status=said.SessionStatus.FAILED, reason=text),
            ev.DecisionMade(decision=decision),
            ev.AttentionRaised(item=item),
            ev.AttentionResolved(item=f"i{number}", how=text, by=text),
            ev.FileReviewed(path=text, blob="b", is_reviewed=True, by=text),
            ev.QueueLeft(reason=text),
            ev.PolicyAdded(section=Section.COMMANDS, line=text, by=text),
            ev.SessionAllowed(key=text, title=text, by=text),
            ev.RequestAutoAnswered(request="r", title=text, decision="deny", by=Answerer.USER, line=text, reason=text),
            ev.ChecksStarted(tree=TREE, when=When.TURN, round=1, checks=(text,)),
            ev.Noted(text=text),
        )
    app, pane, _ = app_of(Journal())
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        push(app.store, journal.envelopes)
        app.flush()
        rows = all_rows(pane.view)
        assert len(rows) > len(HOSTILE) * 11
        assert not [row for row in rows if clean(row) != row or "\t" in row or "\n" in row]
