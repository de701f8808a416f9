"""What a card offers of what was said before, once the fix is known: one quiet line, and its three keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.journal import types as ev
from cockpit.protocol.types import ConfirmSame, ErrorInfo, PassSimilar
from cockpit.rules.types.mistakes import Likely
from cockpit.screens import said_before
from cockpit.screens.said_before import SaidSheet
from cockpit.sessions.types import AttentionItem, AttentionKind, SessionStatus
from cockpit.types import SessionId
from tests.screens import samples
from tests.screens.pages import FleetPage, screen
from tests.screens.supervisor import FakeSupervisor
from tests.screens.test_mistakes import said

FIRST, AGAIN, OTHER = "This call has no timeout", "what if it never answers?", "say the unit in the name"


def story(supervisor: FakeSupervisor) -> None:
    """Let two sessions be told, the second one be ready again, and the offer be known."""
    samples.started(supervisor)
    for name in ("fetch tea", "fetch salt"):
        samples.working(supervisor, name, "pytest")
    said(supervisor, "fetch-tea", "d1", FIRST)
    said(supervisor, "fetch-salt", "d2", AGAIN)
    said(supervisor, "fetch-salt", "d3", OTHER)
    supervisor.results |= {"confirm_same": {"fingerprint": "said:d1", "count": 2}, "pass_similar": {"remark": "d2"}}
    ready = AttentionItem(
        id="r", session=SessionId("fetch-salt"), kind=AttentionKind.READY, title="Fetched.", since=supervisor.at
    )
    supervisor.happen("fetch-salt", ev.StatusChanged(status=SessionStatus.READY), ev.AttentionRaised(item=ready))


def found(supervisor: FakeSupervisor, remark: str, score: float) -> None:
    supervisor.happen("fetch-salt", ev.SimilarFound(remark=remark, likely=(Likely(remark="d1", score=score),)))


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a key act as soon as its offer is there."""
    monkeypatch.setattr(said_before, "JUST_COME_S", 0.0)


async def on_card(fleet: FleetPage) -> str:
    """Put the cursor on what is ready; return what its card says."""
    assert fleet.app.fleet.list.select("item:r")
    await fleet.until(lambda: fleet.app.fleet.card.item is not None)
    await fleet.settle()
    return fleet.text(fleet.app.fleet.card)


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_an_offer_stands_on_the_card_and_is_confirmed_with_one_key(tmp_path: Path, size: tuple[int, int]) -> None:
    async with screen(tmp_path, size=size, before=story) as fleet:
        assert "before?" not in await on_card(fleet)
        assert fleet.app.fleet.check_action("said_same", ()) is False
        found(fleet.supervisor, "d2", 0.4)
        await fleet.settle()
        card = fleet.text(fleet.app.fleet.card)
        assert ("↻ Said before? “This call has no" if size[0] == 80 else f"↻ You said this before? “{FIRST}”") in card
        assert "= the same" in card
        assert '" read' in card
        assert "- no" in card
        assert ("session 1, 0s ago" in card) == (size[0] > 80), "where there is room"
        assert "a approve" in card, "the keys of the item are below it"
        await fleet.press("=")
        (same,) = await fleet.supervisor.commanded(ConfirmSame)
        assert (same.remark, same.of) == ("d2", "d1")
        await fleet.until(lambda: "before?" not in fleet.text(fleet.app.fleet.card))
        fleet.supervisor.happen("fetch-salt", ev.SameConfirmed(remark="d2", of="d1", by="ada"))
        await fleet.settle()
        assert "second time, sess" in fleet.text(fleet.app.fleet.list)


async def test_an_offer_is_read_and_its_earlier_remark_confirmed_on_the_sheet(tmp_path: Path) -> None:
    async with screen(tmp_path, before=story) as fleet:
        found(fleet.supervisor, "d2", 0.4)
        await on_card(fleet)
        await fleet.press('"')
        await fleet.until(lambda: fleet.is_on(SaidSheet))
        assert AGAIN in fleet.text()
        assert FIRST in fleet.text()
        assert "40% alike" in fleet.text()
        await fleet.press("escape")
        await fleet.until(lambda: not fleet.is_on(SaidSheet))
        assert "before?" in fleet.text(fleet.app.fleet.card), "reading answers nothing"
        await fleet.press('"')
        await fleet.until(lambda: fleet.is_on(SaidSheet))
        await fleet.press("enter")
        (same,) = await fleet.supervisor.commanded(ConfirmSame)
        assert (same.remark, same.of) == ("d2", "d1")


async def test_what_is_passed_makes_room_for_the_next_offer(tmp_path: Path) -> None:
    async with screen(tmp_path, before=story) as fleet:
        found(fleet.supervisor, "d2", 0.4)
        found(fleet.supervisor, "d3", 0.3)
        await on_card(fleet)
        await fleet.press("escape")
        assert "before?" in fleet.text(fleet.app.fleet.card), "escape is for other things"
        await fleet.press("-")
        (passed,) = await fleet.supervisor.commanded(PassSimilar)
        assert passed.remark == "d2"
        await fleet.until(lambda: _remark(fleet) == "d3")
        await fleet.until(lambda: "Not asked again" in fleet.toasts())
        fleet.supervisor.happen("fetch-salt", ev.SimilarPassed(remark="d2", by="ada"))
        await fleet.settle()
        await fleet.press("-")
        await fleet.supervisor.commanded(PassSimilar, 2)
        await fleet.until(lambda: _remark(fleet) == "")


async def test_a_key_meant_for_an_offer_that_is_gone_does_not_meet_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with screen(tmp_path, before=story) as fleet:
        found(fleet.supervisor, "d2", 0.4)
        await on_card(fleet)
        monkeypatch.setattr(said_before, "JUST_COME_S", 1000.0)
        await fleet.press("=", "-")
        assert "press again" in fleet.toasts()
        assert not [one for one in fleet.supervisor.commands if isinstance(one, ConfirmSame | PassSimilar)]


async def test_an_answer_that_is_refused_is_offered_again(tmp_path: Path) -> None:
    async with screen(tmp_path, before=story) as fleet:
        for refused in ("confirm_same", "pass_similar"):
            fleet.supervisor.refusals[refused] = ErrorInfo(what="This remark is not remembered.")
        found(fleet.supervisor, "d2", 0.4)
        await on_card(fleet)
        for number, key in enumerate("=-", 1):
            await fleet.press(key)
            await fleet.until(lambda count=number: fleet.toasts().count("not remembered") == count)  # type: ignore[misc]
            await fleet.until(lambda: _remark(fleet) == "d2")


async def test_nothing_is_offered_on_a_card_of_another_session_or_on_one_that_needs_nobody(tmp_path: Path) -> None:
    async with screen(tmp_path, before=story) as fleet:
        samples.asks(fleet.supervisor, "fetch-tea", "pip install x")
        found(fleet.supervisor, "d2", 0.4)
        await fleet.settle()
        await fleet.row("fetch tea")
        assert "before?" not in fleet.text()
        assert _remark(fleet) == ""


def _remark(fleet: FleetPage) -> str:
    offer = fleet.app.fleet.said_before.offered
    return offer.remark.id if offer is not None else ""
