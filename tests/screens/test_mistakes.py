"""What a person sees of a mistake that was made again, and does about it; and of words that were said before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cockpit.journal import types as ev
from cockpit.journal.types.rules import RuleAccepted
from cockpit.protocol.forge import OpenForge
from cockpit.protocol.types import (
    ConfirmSame,
    DismissMistake,
    ErrorInfo,
    FindSimilar,
    GetMistake,
    PassSimilar,
    Redirect,
)
from cockpit.rules.types.forging import Pointed
from cockpit.rules.types.mistakes import Sighting
from cockpit.screens.forge.screen import ForgeScreen
from cockpit.screens.said_before import SaidSheet
from cockpit.screens.wall import WallScreen
from cockpit.sessions.types import (
    AgentMessage,
    Answer,
    AnswerDecision,
    AttentionItem,
    AttentionKind,
    Decision,
    DecisionKind,
    Review,
    SessionStatus,
    Steer,
    TurnEnded,
    TurnReason,
)
from cockpit.types import CommitId, SessionId
from tests.screens import samples
from tests.screens.pages import FleetPage, screen
from tests.screens.supervisor import FakeSupervisor
from widgets.attention import AttentionRow

MARK = "lint:S113"
WHAT = "outbound call without timeout"
BAD, GOOD = "def fetch(url):\n    answer = get(url)", "def fetch(url):\n    answer = get(url, timeout=5)"


def seen(*marks: str) -> ev.FindingsSeen:
    sightings = tuple(Sighting(fingerprint=mark, instance=f"i{mark}", message=WHAT, path="a.py") for mark in marks)
    return ev.FindingsSeen(tree=samples.TREE, seen=sightings)


def said(supervisor: FakeSupervisor, session: str, id_: str, text: str) -> None:
    decision = Decision(
        id=id_, kind=DecisionKind.REDIRECT, session=SessionId(session), by="ada", at=supervisor.at, text=text
    )
    supervisor.happen(session, ev.DecisionMade(decision=decision))


def evidence(session: str, **known: Any) -> dict[str, Any]:
    at = FakeSupervisor().at
    return {"session": session, "at": at, "path": "shop/a.py", "line": 5, "message": WHAT, "bad": BAD, **known}


def repeated(supervisor: FakeSupervisor) -> None:
    """Let two sessions make the same mistake, the second of them be ready, and a third one ask for something."""
    samples.started(supervisor)
    for name in ("fetch tea", "fetch salt", "fetch milk"):
        samples.working(supervisor, name, "pytest")
    for session in ("fetch-tea", "fetch-salt"):
        supervisor.happen(session, seen(MARK))
    ready = AttentionItem(
        id="r", session=SessionId("fetch-salt"), kind=AttentionKind.READY, title="Fetched.", since=supervisor.at
    )
    supervisor.happen("fetch-salt", ev.StatusChanged(status=SessionStatus.READY), ev.AttentionRaised(item=ready))
    samples.asks(supervisor, "fetch-milk", "pip install x")
    offence = {"kind": Pointed.MISTAKE, "session": "fetch-tea", "snippet": BAD, "fix": GOOD, "mistake": MARK}
    supervisor.results["get_mistake"] = {
        "evidence": [evidence("fetch-tea", good=GOOD), evidence("fetch-salt")],
        "offences": [offence],
    }


async def on_mistake(fleet: FleetPage) -> FleetPage:
    """Put the cursor on the mistake, and wait until its card tells all."""
    assert fleet.app.fleet.list.select(f"item:mistake:{MARK}")
    await fleet.until(lambda: fleet.app.fleet.card.item is not None and fleet.app.fleet.card.item.mistake == MARK)
    await fleet.supervisor.commanded(GetMistake)
    await fleet.until(lambda: "reading what was found" not in fleet.text(fleet.app.fleet.card))
    return fleet


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_a_mistake_stands_last_and_its_card_shows_what_was_found_and_the_fix(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    async with screen(tmp_path, size=size, before=repeated) as fleet:
        listed = fleet.app.fleet.list
        kinds = [row.item.kind for row in listed._rows if isinstance(row, AttentionRow)]
        assert kinds == [AttentionKind.REQUEST, AttentionKind.READY, AttentionKind.MISTAKE]
        assert ("↻ second time, sessions 1, 2" if size[0] > 80 else "↻ second time, sess") in fleet.text(listed)
        assert "outbound call without" in fleet.text(listed)
        assert "fetch tea" in fleet.text(listed), "its sessions are listed as before"
        await on_mistake(fleet)
        for _ in range(8):
            if "let it be" in fleet.text(fleet.app.fleet.card) and "- " in fleet.text(fleet.app.fleet.card):
                break
            await fleet.press("J")
        shown = fleet.text(fleet.app.fleet.card)
        assert "R make a rule of it" in shown
        if size[1] > 24:
            assert f"second time: {WHAT}, sessions 1, 2" in shown
            assert "not fixed yet in session 1, 2" in shown
            assert "-     answer = get(url)" in shown
            assert "+     answer = get(url, timeout=5)" in shown
            assert "comes back when it is made again" in shown


async def test_a_mistake_grows_under_the_cursor_and_is_read_again(tmp_path: Path) -> None:
    async with screen(tmp_path, before=repeated) as fleet:
        await on_mistake(fleet)
        fleet.supervisor.happen("fetch-milk", seen(MARK))
        await fleet.settle()
        await fleet.supervisor.commanded(GetMistake, 2)
        assert fleet.app.fleet.list.row is not None
        assert fleet.app.fleet.list.row.id == f"item:mistake:{MARK}"
        assert "third time" in fleet.text(fleet.app.fleet.list)


async def test_a_mistake_is_let_be_without_a_word_to_any_session(tmp_path: Path) -> None:
    async with screen(tmp_path, before=repeated) as fleet:
        await (await on_mistake(fleet)).press("a", "r", "x", "D")
        (command,) = await fleet.supervisor.commanded(DismissMistake)
        assert (command.fingerprint, command.count, command.keys) == (MARK, 2, 4)
        fleet.supervisor.happen(None, ev.MistakeDismissed(decision="d", fingerprint=MARK))
        await fleet.settle()
        assert "second time" not in fleet.text(fleet.app.fleet.list)
        assert "u takes it back" in fleet.toasts()
        assert "the number of a session goes there" in fleet.toasts()
        sent = [type(one).__name__ for one in fleet.supervisor.commands]
        assert not {"Reject", "Redirect", "Stop", "Approve"} & set(sent)


async def test_a_rule_is_made_of_all_that_is_known_of_a_mistake(tmp_path: Path) -> None:
    def story(supervisor: FakeSupervisor) -> None:
        repeated(supervisor)
        supervisor.refusals["follow_forge"] = ErrorInfo(what="that is all")
        supervisor.results["open_forge"] = {"forge": "1"}

    async with screen(tmp_path, before=story) as fleet:
        await (await on_mistake(fleet)).press("R")
        (opened,) = await fleet.supervisor.commanded(OpenForge)
        (offence,) = opened.offences
        assert (offence.kind, offence.snippet, offence.fix, offence.mistake) == (Pointed.MISTAKE, BAD, GOOD, MARK)
        await fleet.until(lambda: fleet.is_on(ForgeScreen))
        rule = RuleAccepted(decision="d", rule="x", target="main", commit=CommitId("c" * 40), mistakes=(MARK,))
        fleet.supervisor.happen(None, rule)
        await fleet.until(lambda: not any(one.mistake for one in fleet.app.store.state.attention.values()))


async def test_what_cannot_be_read_of_a_mistake_is_told(tmp_path: Path) -> None:
    def story(supervisor: FakeSupervisor) -> None:
        repeated(supervisor)
        supervisor.refusals["get_mistake"] = ErrorInfo(what="This mistake is not known.")

    async with screen(tmp_path, before=story) as fleet:
        await on_mistake(fleet)
        assert "This mistake is not known." in fleet.text(fleet.app.fleet.card)
        await fleet.press("R")
        await fleet.until(lambda: "Nothing was changed." in fleet.toasts())
        assert not fleet.is_on(ForgeScreen)


async def test_a_number_goes_to_the_session_and_not_to_its_mistake(tmp_path: Path) -> None:
    async with screen(tmp_path, before=repeated) as fleet:
        await (await on_mistake(fleet)).press("1")
        assert fleet.app.fleet.list.row is not None
        assert fleet.app.fleet.list.row.id == "session:fetch-tea"
        await fleet.press("2")
        assert fleet.app.fleet.list.row.id == "item:r"
        await fleet.press("W")
        await fleet.until(lambda: fleet.is_on(WallScreen))
        assert "second time" not in fleet.text()


def before_said(supervisor: FakeSupervisor) -> None:
    """Let something have been said, and be likened to what is said next."""
    samples.started(supervisor)
    for name in ("fetch tea", "fetch salt"):
        samples.working(supervisor, name, "pytest")
    said(supervisor, "fetch-tea", "d1", "Calls need a timeout")
    supervisor.results["redirect"] = {"status": "working", "remarks": ["d2"]}
    supervisor.results["confirm_same"] = {"fingerprint": "said:d1", "count": 2}
    like = supervisor.state.remarks["d1"].model_dump(mode="json")
    supervisor.results["find_similar"] = {"similar": [{"remark": like, "score": 0.61, "by_text": 0.61}], "problem": ""}


async def redirect(fleet: FleetPage) -> None:
    await (await fleet.row("fetch salt")).press("r")
    await fleet.write("again no timeout")
    said(fleet.supervisor, "fetch-salt", "d2", "again no timeout")
    await fleet.press("enter")
    await fleet.supervisor.commanded(Redirect)


async def test_what_was_said_before_is_offered_in_one_line_and_confirmed_with_one_key(tmp_path: Path) -> None:
    async with screen(tmp_path, before=before_said) as fleet:
        bar = fleet.app.fleet.said_before.bar
        assert not bar.display
        await redirect(fleet)
        await fleet.until(lambda: bar.display)
        (asked,) = await fleet.supervisor.commanded(FindSimilar)
        assert (asked.remark, asked.besides, asked.only_likely) == ("d2", ("d2",), True)
        assert "You said this before?" in bar.text
        assert "“Calls need a timeout”  session 1" in bar.text
        await fleet.press("=")
        (same,) = await fleet.supervisor.commanded(ConfirmSame)
        assert (same.remark, same.of) == ("d2", "d1")
        await fleet.until(lambda: not bar.display)
        fleet.supervisor.happen("fetch-salt", ev.SameConfirmed(remark="d2", of="d1", by="ada"))
        await fleet.settle()
        assert "second time, sessions 1, 2" in fleet.text(fleet.app.fleet.list)


async def test_an_offer_is_passed_with_escape_or_read_first(tmp_path: Path) -> None:
    async with screen(tmp_path, before=before_said) as fleet:
        bar = fleet.app.fleet.said_before.bar
        await redirect(fleet)
        await fleet.until(lambda: bar.display)
        await fleet.press('"')
        await fleet.until(lambda: fleet.is_on(SaidSheet))
        assert "again no timeout" in fleet.text()
        assert "61% alike" in fleet.text()
        await fleet.press("escape")
        await fleet.until(lambda: not fleet.is_on(SaidSheet))
        assert bar.display
        await fleet.press("escape")
        await fleet.until(lambda: not bar.display)
        (passed,) = await fleet.supervisor.commanded(PassSimilar)
        assert passed.remark == "d2"
        assert not [one for one in fleet.supervisor.commands if isinstance(one, ConfirmSame)]
        await fleet.press("=")
        assert fleet.app.fleet.said_before.offer is None


async def test_the_session_of_an_earlier_remark_is_one_key_away(tmp_path: Path) -> None:
    async with screen(tmp_path, before=before_said) as fleet:
        await redirect(fleet)
        await fleet.until(lambda: fleet.app.fleet.said_before.offer is not None)
        await fleet.press('"')
        await fleet.until(lambda: fleet.is_on(SaidSheet))
        await fleet.press("o")
        await fleet.until(lambda: fleet.app.fleet.subject is not None and fleet.app.fleet.subject.id == "fetch-tea")


async def test_nothing_is_offered_where_nothing_is_alike_or_the_question_fails(tmp_path: Path) -> None:
    async with screen(tmp_path, before=before_said) as fleet:
        fleet.supervisor.results["find_similar"] = {"similar": [], "problem": ""}
        await redirect(fleet)
        await fleet.supervisor.commanded(FindSimilar)
        fleet.supervisor.refusals["find_similar"] = ErrorInfo(what="no")
        await redirect(fleet)
        await fleet.supervisor.commanded(FindSimilar, 2)
        await fleet.settle()
        assert not fleet.app.fleet.said_before.bar.display
        assert not fleet.toasts()


@pytest.mark.parametrize(("pane", "keys"), [("Timeline", "G"), ("Transcript", "G"), ("Transcript", "G k k k")])
async def test_what_was_said_before_is_looked_for_by_hand(tmp_path: Path, pane: str, keys: str) -> None:
    async with screen(tmp_path, before=before_said) as fleet:
        said(fleet.supervisor, "fetch-salt", "d2", "again no timeout")
        told = Steer(id="c", text="again no timeout")
        fleet.supervisor.happen("fetch-salt", ev.CommandSent(command=told, author="ada"))
        await fleet.settle()
        await fleet.row("fetch salt")
        await fleet.app.fleet.action_tab(pane)
        await fleet.until(lambda: "redirected" in fleet.text(fleet.app.fleet.detail))
        await fleet.press("l", *keys.split())
        await fleet.press('"')
        (asked,) = await fleet.supervisor.commanded(FindSimilar)
        assert (asked.remark, asked.only_likely) == ("d2", False)
        await fleet.until(lambda: fleet.is_on(SaidSheet))
        await fleet.press("=")
        (same,) = await fleet.supervisor.commanded(ConfirmSame)
        assert (same.remark, same.of) == ("d2", "d1")


async def test_a_denial_is_likened_by_hand_from_its_line(tmp_path: Path) -> None:
    async with screen(tmp_path, before=before_said) as fleet:
        samples.asks(fleet.supervisor, "fetch-salt", "pip install x")
        at = fleet.supervisor.at
        denied = Decision(id="d3", kind=DecisionKind.ANSWER, session=SessionId("fetch-salt"), by="ada", at=at)
        (request,) = fleet.supervisor.state.sessions[SessionId("fetch-salt")].requests
        no = Answer(id="d3", request=request, decision=AnswerDecision.DENY, text="No new packages")
        fleet.supervisor.happen(
            "fetch-salt", ev.DecisionMade(decision=denied), ev.CommandSent(command=no, author="ada")
        )
        await fleet.settle()
        await fleet.row("fetch salt")
        await fleet.app.fleet.action_tab("Timeline")
        await fleet.until(lambda: "answered" in fleet.text(fleet.app.fleet.detail))
        await fleet.press("l", "G", '"')
        (asked,) = await fleet.supervisor.commanded(FindSimilar)
        assert asked.remark == "d3"


async def test_an_objection_of_a_review_is_likened_by_hand(tmp_path: Path) -> None:
    async with screen(tmp_path, before=before_said) as fleet:
        text = "Look at this:\n\n- [P1] Give the call a timeout — a.py:5-7\n  It can hang."
        fleet.supervisor.happen("fetch-salt", ev.CommandSent(command=Review(id="v"), author="ada"))
        done = TurnEnded(turn=1, reason=TurnReason.COMPLETED, summary=text)
        fleet.supervisor.say("fetch-salt", AgentMessage(item="m", text=text), done)
        await fleet.settle()
        await fleet.row("fetch salt")
        await fleet.app.fleet.action_tab("Transcript")
        await fleet.until(lambda: "Give the call" in fleet.text(fleet.app.fleet.detail))
        await fleet.press("l", "slash")
        await fleet.write("Give the call")
        await fleet.press("enter", '"')
        (asked,) = await fleet.supervisor.commanded(FindSimilar)
        assert asked.remark == "v/0"


async def test_there_is_nothing_to_look_for_where_nobody_spoke(tmp_path: Path) -> None:
    async with screen(tmp_path, before=before_said) as fleet:
        await (await fleet.row("fetch salt")).press('"')
        assert "Nothing here was said by a person" in fleet.toasts()
