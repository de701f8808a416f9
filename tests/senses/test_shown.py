"""What agents say through the tools is shown as their word, cleaned, and passes with what it was about."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from rich.cells import cell_len

from cockpit.journal import types as ev
from cockpit.senses.types import DoneReport
from cockpit.sessions.types import (
    AgentExited,
    AgentMessage,
    Answer,
    AnswerDecision,
    Decision,
    DecisionKind,
    Task,
    ToolStarted,
    TurnEnded,
    TurnReason,
    TurnStarted,
)
from cockpit.state.fold import fold
from cockpit.state.model import STATE, SessionState
from tests.providers.corpus import HOSTILE
from tests.widgets.harness import PaneApp, all_rows, settled
from tests.widgets.stories import SESSION, FakeSupervisor, Journal, store_of
from widgets.look import Look
from widgets.rows import Parts
from widgets.sheet import sheet_of
from widgets.timeline import TimelinePane

LOOK = Look.plain()
REPORT = DoneReport(summary="Fixed it.\nAll of it.", evidence=("tests/test_login.py", "3 passed"))


def story(*events: object) -> Journal:
    journal = Journal()
    journal.add(ev.SessionCreated(task=Task(prompt="Fix it"), by="ana"), TurnStarted(turn=1))
    journal.add(*events)  # type: ignore[arg-type]  # of both kinds that it takes
    return journal


def session_after(*events: object) -> SessionState:
    return fold(story(*events).envelopes).sessions[SESSION]


def ended(reason: TurnReason = TurnReason.COMPLETED) -> TurnEnded:
    return TurnEnded(turn=1, reason=reason, summary="over")


def test_a_note_stands_before_what_is_seen_of_the_agent_until_the_turn_is_over() -> None:
    seen = (AgentMessage(item="m", text="hello"), ToolStarted(item="t", tool="run", title="ls"))
    assert session_after(ev.HeadlineNoted(text="reading"), *seen).headline == "reading"
    assert session_after(ev.HeadlineNoted(text="reading"), ended(), *seen).headline == "run: ls"
    assert session_after(ev.HeadlineNoted(text="reading"), AgentExited(exit_code=1), *seen).headline == "run: ls"


def test_a_report_holds_until_a_person_wants_more() -> None:
    reported = ev.DoneReported(report=REPORT)
    assert session_after(reported).has_reported
    over = session_after(reported, ended())
    assert (over.report, over.has_reported) == (REPORT, False)
    more = Decision(id="d", kind=DecisionKind.REDIRECT, session=SESSION, by="ana", at=1.0)
    assert session_after(reported, ended(), ev.DecisionMade(decision=more)).report is None


def test_answers_that_nobody_took_are_kept_in_measure_for_the_turn() -> None:
    answers = [Answer(id=f"a{n}", request=f"q{n}", decision=AnswerDecision.ONCE, text=str(n)) for n in range(30)]
    kept = session_after(*(ev.QuestionAnswered(answer=one, is_taken=False) for one in answers))
    assert list(kept.answers) == [f"q{n}" for n in range(10, 30)]
    taken = session_after(
        ev.QuestionAnswered(answer=answers[0], is_taken=False), ev.QuestionAnswered(answer=answers[0])
    )
    assert taken.answers == {}
    assert session_after(ev.QuestionAnswered(answer=answers[0], is_taken=False), ended()).answers == {}


def test_the_state_with_all_of_it_survives_a_snapshot() -> None:
    answer = Answer(id="a", request="q", decision=AnswerDecision.ONCE)
    said = (
        ev.HeadlineNoted(text="x"),
        ev.DoneReported(report=REPORT),
        ev.QuestionAnswered(answer=answer, is_taken=False),
    )
    state = fold(story(*said).envelopes)
    assert STATE.validate_json(STATE.dump_json(state)) == state


def _text(lines: Iterable[Parts]) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in lines]


def test_the_overview_shows_the_report_with_its_evidence() -> None:
    state = fold(story(ev.DoneReported(report=REPORT)).envelopes)
    lines = _text(sheet_of(state.sessions[SESSION], state, 60, LOOK))
    first = next(number for number, line in enumerate(lines) if line.startswith(" says"))
    assert lines[first].split() == ["says", "Fixed", "it."]
    rest = [line.strip() for line in lines[first + 1 : first + 4]]
    assert rest == ["All of it.", "· tests/test_login.py", "· 3 passed"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_reports_are_cleaned_and_fit(name: str) -> None:
    text = HOSTILE[name].encode("utf-8", "replace").decode() * 3 or "x"
    report = DoneReport(summary=text, evidence=(text,))
    state = fold(story(ev.DoneReported(report=report), ev.HeadlineNoted(text=text)).envelopes)
    for width in (30, 80):
        for line in _text(sheet_of(state.sessions[SESSION], state, width, LOOK)):
            assert "\x1b" not in line
            assert "\u202e" not in line
            assert cell_len(line) <= width


async def test_the_timeline_tells_of_notes_and_of_the_report() -> None:
    journal = story(ev.HeadlineNoted(text="reading the map"), ev.DoneReported(report=REPORT))
    pane = TimelinePane(FakeSupervisor(journal))
    app = PaneApp(pane, store_of(journal))
    async with app.run_test(size=(100, 40)) as pilot:
        await settled(pilot)
        told = [row[11:] for row in all_rows(pane.view)]
    assert told[-2:] == ["·  reading the map", "▪  says it is done  Fixed it.  2 pieces of evidence"]
