"""The store: pushes in, versions out; watched sessions keep their tail and the text that is being written."""

from __future__ import annotations

import pytest

from cockpit.journal import types as ev
from cockpit.protocol.types import Happened, Progress, Snapshot
from cockpit.screens.looking import AWAY_S, Looking
from cockpit.screens.news import News
from cockpit.screens.store import KEPT_LIVE_CHARS, LinkStatus, Store
from cockpit.screens.tasks import UnknownAgent, task_of
from cockpit.sessions.types import (
    AgentMessage,
    AttentionKind,
    MessageDelta,
    ToolEnded,
    ToolOutput,
)
from cockpit.state.model import STATE
from cockpit.types import SessionId
from tests.screens import samples
from tests.screens.supervisor import FakeSupervisor

ONE = SessionId("one")


def attached(supervisor: FakeSupervisor) -> Store:
    """Return a store with a snapshot of the story so far."""
    store = Store()
    store.take(Snapshot(state=STATE.dump_json(supervisor.state).decode()))
    return store


def follow(store: Store, supervisor: FakeSupervisor, since: int) -> None:
    """Push the events after `since`."""
    for envelope in supervisor.journal[since:]:
        store.take(Happened(envelope=envelope))


def test_snapshot_and_tail_make_the_same_state() -> None:
    supervisor = FakeSupervisor()
    samples.started(supervisor)
    store = attached(supervisor)
    since = len(supervisor.journal)
    samples.fleet(supervisor)
    follow(store, supervisor, since)
    assert store.state == supervisor.state


def test_an_event_that_is_known_changes_nothing() -> None:
    supervisor = FakeSupervisor()
    samples.fleet(supervisor)
    store = attached(supervisor)
    version = store.version
    follow(store, supervisor, 0)
    assert store.version == version


def test_the_shape_changes_only_when_lists_must_be_sorted_again() -> None:
    supervisor = FakeSupervisor()
    samples.working(supervisor, "one", "x")
    store = attached(supervisor)
    shape, since = store.shape, len(supervisor.journal)
    supervisor.say("one", AgentMessage(item="m", text="hello"))
    samples.changed(supervisor, "one", 20, 1)
    follow(store, supervisor, since)
    assert store.shape == shape
    samples.raised(supervisor, "one", AttentionKind.STALLED, "silent")
    follow(store, supervisor, since)
    assert store.shape == shape + 1


def test_a_watched_session_keeps_its_tail_and_its_live_text() -> None:
    supervisor = FakeSupervisor()
    samples.working(supervisor, "one", "x")
    store = attached(supervisor)
    store.watch([ONE])
    since = len(supervisor.journal)
    for text in ("I ", "think"):
        store.take(Progress(session=ONE, said=MessageDelta(item="m", text=text)))
    store.take(Progress(session=ONE, said=ToolOutput(item="t", text="ok")))
    watched = store.watched(ONE)
    assert watched is not None
    assert watched.live == {"m": "I think", "t": "ok"}
    assert watched.kinds == {"m": MessageDelta, "t": ToolOutput}
    supervisor.say("one", AgentMessage(item="m", text="I think so"), ToolEnded(item="t", ok=True))
    follow(store, supervisor, since)
    assert watched.live == {}
    assert [envelope.seq for envelope in watched.tail] == [since + 1, since + 2]


def test_live_text_is_bounded() -> None:
    store = Store()
    store.watch([ONE])
    for _ in range(3):
        store.take(Progress(session=ONE, said=ToolOutput(item="t", text="x" * KEPT_LIVE_CHARS)))
    watched = store.watched(ONE)
    assert watched is not None
    assert len(watched.live["t"]) == KEPT_LIVE_CHARS


def test_progress_of_others_is_not_kept() -> None:
    store = Store()
    store.watch([ONE])
    store.take(Progress(session=SessionId("two"), said=MessageDelta(item="m", text="x")))
    assert store.watched(SessionId("two")) is None
    store.watch([])
    assert store.watched(ONE) is None


def test_a_new_snapshot_is_a_gap_for_who_watches() -> None:
    supervisor = FakeSupervisor()
    samples.working(supervisor, "one", "x")
    store = attached(supervisor)
    store.watch([ONE])
    watched = store.watched(ONE)
    assert watched is not None
    gap = watched.gap
    store.take(Snapshot(state=STATE.dump_json(supervisor.state).decode()))
    assert watched.gap == gap + 1
    assert watched.since == supervisor.state.seq


def test_looking_counts_time_and_keys_by_item() -> None:
    now = [0.0]
    looking = Looking(lambda: now[0])
    looking.key()
    looking.turn_to("a")
    now[0] = 2.0
    looking.key()
    now[0] = 5.0
    looking.turn_to("b")
    now[0] = 6.0
    assert (looking.spent("a").looked_s, looking.spent("a").keys) == (5.0, 1)
    assert (looking.spent("b").looked_s, looking.spent("b").keys) == (1.0, 0)
    looking.turn_to("a")
    now[0] = 8.0
    assert looking.spent("a").looked_s == 7.0


def test_nobody_looks_for_an_hour_without_a_key() -> None:
    now = [0.0]
    looking = Looking(lambda: now[0])
    looking.turn_to("a")
    now[0] = 3600.0
    assert looking.spent("a").looked_s == AWAY_S
    looking.forget(set())
    looking.turn_to(None)
    assert looking.spent("a").keys == 0


def test_news_are_told_once() -> None:
    supervisor = FakeSupervisor()
    samples.started(supervisor)
    supervisor.happen(None, ev.Noted(text="an old note"))
    store = attached(supervisor)
    store.stands(LinkStatus.LIVE)
    news = News()
    assert news.follow(store) == []
    since = len(supervisor.journal)
    supervisor.happen(None, ev.ConfigBroken(error="line 3: no"), ev.Noted(text="disk is \x1b[31mfull"))
    follow(store, supervisor, since)
    told = news.follow(store)
    assert [item.text for item in told] == ["line 3: no\nThe last good configuration stays in force.", "disk is full"]
    assert news.follow(store) == []


def test_news_follow_notes_that_push_each_other_out() -> None:
    supervisor = FakeSupervisor()
    store = attached(supervisor)
    store.stands(LinkStatus.LIVE)
    news = News()
    news.follow(store)
    for number in range(120):
        supervisor.happen(None, ev.Noted(text=str(number)))
        follow(store, supervisor, number)
        assert [item.text for item in news.follow(store)] == [str(number)]


@pytest.mark.parametrize(
    ("text", "agent", "prompt"),
    [
        ("tidy up", "", "tidy up"),
        ("@mechanic  sort imports\n\nall of them ", "mechanic", "sort imports\n\nall of them"),
        ("mail bob@example.org", "", "mail bob@example.org"),
        ("@", "", "@"),
    ],
)
def test_a_task_may_name_its_agent(text: str, agent: str, prompt: str) -> None:
    task = task_of(text, ("native", "mechanic"))
    assert (task.agent, task.prompt) == (agent, prompt)


@pytest.mark.parametrize("text", ["@nobody tidy up", "@mechanic", "@mechanic  "])
def test_a_task_for_nobody_or_about_nothing_is_refused(text: str) -> None:
    with pytest.raises(UnknownAgent):
        task_of(text, ("native", "mechanic"))
