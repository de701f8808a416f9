"""The transcript fold: what entries become of events, in one go, page by page, and with text still being written."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.approvals.types import Answerer, Section
from cockpit.journal import types as ev
from cockpit.sessions import types as said
from cockpit.state.entries import Entry, EntryKind, Progress, plan_progress
from cockpit.state.transcript import Transcript
from tests.widgets.stories import Journal, login_story


def told(journal: Journal) -> Transcript:
    transcript = Transcript()
    transcript.take(journal.envelopes)
    return transcript


def essence(transcript: Transcript) -> list[tuple[Any, ...]]:
    """What entries say, without their keys and versions."""
    return [
        (e.kind, e.title, e.text, e.progress, e.note, e.duration_s, e.round, e.results, e.running, e.steps)
        for e in transcript.entries
    ]


def kinds(transcript: Transcript) -> list[EntryKind]:
    return [entry.kind for entry in transcript.entries]


def only(transcript: Transcript, kind: EntryKind) -> list[Entry]:
    return [entry for entry in transcript.entries if entry.kind is kind]


def test_a_session_is_told_in_order() -> None:
    transcript = told(login_story())
    assert kinds(transcript)[:5] == [
        EntryKind.HUMAN,
        EntryKind.STATUS,
        EntryKind.STATUS,
        EntryKind.NOTICE,
        EntryKind.REASONING,
    ]
    tools = only(transcript, EntryKind.TOOL)
    assert [(t.title.partition("\n")[0], t.progress) for t in tools] == [
        ("read", Progress.DONE),
        ("edit", Progress.DONE),
        ("run", Progress.FAILED),
        ("run", Progress.DONE),
    ]
    assert tools[2].note == "exit 1"
    rounds = only(transcript, EntryKind.CHECKS)
    assert [(r.round, len(r.results), r.running) for r in rounds] == [(1, 3, ()), (2, 3, ())]
    assert rounds[1].receipt is not None


def test_the_task_is_not_repeated_when_it_is_sent_and_a_redirect_says_what_became_of_it() -> None:
    transcript = told(login_story())
    people = only(transcript, EntryKind.HUMAN)
    assert [p.text for p in people] == ["Fix the login redirect.\nIt loses `next`.", "Keep the old name, please."]
    assert people[1].note == "injected"
    assert [s.text for s in only(transcript, EntryKind.SENT)] == ["Checks, round 1: 5 new.\nFix the causes."]


def test_events_happen_once() -> None:
    journal = login_story()
    transcript = told(journal)
    before = essence(transcript)
    transcript.changed.clear()
    transcript.take(journal.envelopes)
    assert essence(transcript) == before
    assert not transcript.changed


def test_a_message_grows_in_place_and_ends_as_the_fact() -> None:
    journal = Journal()
    transcript = Transcript()
    transcript.take(journal.add(said.TurnStarted(turn=1)))
    kinds_of = {"m": said.MessageDelta}
    transcript.hear({"m": "Hel"}, kinds_of)
    entry = transcript.entries[-1]
    transcript.changed.clear()
    transcript.hear({"m": "Hel"}, kinds_of)
    assert not transcript.changed
    transcript.hear({"m": "Hello"}, kinds_of)
    assert (entry.text, entry.progress, entry.version) == ("Hello", Progress.RUNNING, 2)
    transcript.take(journal.add(said.AgentMessage(item="m", text="Hello.")))
    assert transcript.entries == [entry]
    assert (entry.text, entry.progress) == ("Hello.", Progress.DONE)


def test_output_joins_its_tool_and_an_ended_turn_cuts_what_is_open() -> None:
    journal = Journal()
    transcript = Transcript()
    transcript.take(journal.add(said.ToolStarted(item="t", tool="run", title="make")))
    transcript.hear({"t": "cc -c", "unknown": "x"}, {"t": said.ToolOutput, "unknown": said.ToolOutput})
    assert [(e.kind, e.text) for e in transcript.entries] == [(EntryKind.TOOL, "cc -c")]
    transcript.take(journal.add(said.TurnEnded(turn=1, reason=said.TurnReason.INTERRUPTED)))
    assert transcript.entries[0].progress is Progress.CUT


def test_the_same_plan_further_on_is_an_update() -> None:
    journal = Journal()
    first = said.PlanChanged(steps=(said.PlanStep(text="a"), said.PlanStep(text="b")))
    done = said.PlanStep(text="a", status=said.StepStatus.DONE)
    journal.add(first, said.AgentMessage(item="m", text="x"), said.PlanChanged(steps=(done, said.PlanStep(text="b"))))
    plans = only(told(journal), EntryKind.PLAN)
    assert [plan.is_update for plan in plans] == [False, True]
    assert plan_progress(plans[1].steps) == (1, "b")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(min_value=1, max_value=40), min_size=1, max_size=4))
def test_pages_read_backwards_tell_the_same_as_all_at_once(cuts: list[int]) -> None:
    journal = login_story()
    whole = told(journal)
    rest = journal.envelopes
    transcript = Transcript()
    transcript.take(rest[-cuts[0] :])
    rest = rest[: -cuts[0]]
    for cut in [*cuts[1:], len(journal.envelopes)]:
        if rest:
            transcript.prepend(rest[-cut:])
            rest = rest[:-cut]
    assert [e[:5] for e in essence(transcript) if e[0] is not EntryKind.SENT] == [
        e[:5] for e in essence(whole) if e[0] is not EntryKind.SENT
    ]
    assert len({entry.key for entry in transcript.entries}) == len(transcript.entries)


def test_what_an_older_page_leaves_open_was_cut_if_a_turn_ended_since() -> None:
    journal = Journal()
    journal.add(
        said.ToolStarted(item="t", tool="run", title="make"), said.TurnEnded(turn=1, reason=said.TurnReason.FAILED)
    )
    transcript = Transcript()
    transcript.take(journal.envelopes[1:])
    transcript.prepend(journal.envelopes[:1])
    assert transcript.entries[0].progress is Progress.CUT


def test_a_request_answered_in_a_newer_page_does_not_wait() -> None:
    journal = Journal()
    journal.add(
        said.RequestRaised(request="q", kind=said.RequestKind.QUESTION, title="Which port?"),
        said.RequestResolved(request="q", outcome="8080"),
    )
    transcript = Transcript()
    transcript.take(journal.envelopes[1:])
    transcript.prepend(journal.envelopes[:1])
    assert [(e.progress, e.note) for e in transcript.entries] == [(Progress.DONE, "8080")]


def asked_and_answered() -> Journal:
    journal = Journal()
    journal.add(
        ev.SessionCreated(task=said.Task(prompt="Install it")),
        said.RequestRaised(request="r1", kind=said.RequestKind.COMMAND, title="pip install ruff"),
        ev.RequestAutoAnswered(
            request="r1",
            title="pip install ruff",
            decision="once",
            by=Answerer.REPOSITORY,
            section=Section.COMMANDS,
            line="pip install *",
        ),
        said.RequestResolved(request="r1", outcome="once"),
        said.RequestRaised(request="r2", kind=said.RequestKind.COMMAND, title="pip install mypy"),
        said.RequestResolved(request="r2", outcome="once"),
    )
    return journal


def test_an_automatic_answer_tells_the_line_that_gave_it() -> None:
    first, second = only(told(asked_and_answered()), EntryKind.REQUEST)
    assert (first.is_automatic, first.note) == (True, "allowed by cockpit.toml, commands: pip install *")
    assert (second.is_automatic, second.note) == (False, "once")


def test_an_automatic_answer_in_a_later_page_tells_it_too() -> None:
    envelopes = asked_and_answered().envelopes
    transcript = Transcript()
    transcript.take(envelopes[2:])
    transcript.prepend(envelopes[:2])
    first, _ = only(transcript, EntryKind.REQUEST)
    assert (first.is_automatic, first.progress) == (True, Progress.DONE)


def test_a_redirect_says_by_which_means_it_reached_the_agent() -> None:
    journal = Journal()
    journal.add(
        ev.CommandSent(command=said.Steer(id="c1", text="Use tea."), author="ana"),
        said.Steered(command="c1", outcome=said.SteerOutcome.QUEUED, how="it takes no words mid-turn"),
    )
    (words,) = only(told(journal), EntryKind.HUMAN)
    assert words.note == "queued (it takes no words mid-turn)"
