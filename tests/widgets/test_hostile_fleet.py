"""Hostile text through every widget of the fleet: nothing that could drive a terminal leaves, no line is too wide."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from rich.cells import cell_len

from cockpit.changes.types import ChangeStat, FileStat
from cockpit.checks.types import CheckOutcome, CheckResult, Finding, When
from cockpit.journal import types as ev
from cockpit.screens.keys import Keyboard
from cockpit.screens.store import LinkStatus, Store
from cockpit.sessions.types import (
    AgentMessage,
    AgentNotice,
    AgentReady,
    AttentionKind,
    PlanChanged,
    PlanStep,
    RequestKind,
    RequestRaised,
    SessionStatus,
    ToolEnded,
    ToolStarted,
    TurnEnded,
    TurnReason,
    TurnStarted,
)
from cockpit.types import SessionId, TreeId
from tests.providers.corpus import HOSTILE
from tests.screens import samples
from tests.screens.pages import screen
from tests.screens.supervisor import FakeSupervisor
from widgets.attention import queue_of, waiting_of
from widgets.card import key_lines
from widgets.card_lines import card_lines
from widgets.header import header_parts
from widgets.lasting import last_lines
from widgets.look import Look
from widgets.palette import Palette
from widgets.rows import Parts
from widgets.sessions import SessionRow
from widgets.sheet import sheet_of
from widgets.wall import tile_lines

HARMFUL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e0fff]")
LOOK = Look.plain()
PALETTE = Palette.plain()
WIDTHS = (20, 37, 48, 80, 160)


def story(supervisor: FakeSupervisor, text: str) -> None:
    """Let a session say one text in every place that has one."""
    samples.started(supervisor)
    supervisor.happen(None, ev.ConfigLoaded(target=text, agents=(text,)), ev.ConfigBroken(error=text))
    session = samples.created(supervisor, "victim", f"{text}\n\n{text}")
    supervisor.state.sessions[SessionId(session)].task = supervisor.state.sessions[SessionId(session)].task.model_copy(
        update={"title": text or "empty"}
    )
    supervisor.happen(session, ev.StatusChanged(status=SessionStatus.WORKING, reason=text))
    supervisor.say(
        session,
        AgentReady(agent=text, model=text, sandbox=text),
        TurnStarted(turn=1),
        PlanChanged(steps=(PlanStep(text=text),)),
        AgentMessage(item="m", text=text),
        ToolStarted(item="t", tool=text, title=text),
        ToolEnded(item="t", ok=False, output=f"{text}\n{text}"),
        AgentNotice(text=text),
        TurnEnded(turn=1, reason=TurnReason.FAILED, summary=text, error=text),
        RequestRaised(
            request="r",
            kind=RequestKind.QUESTION,
            title=text,
            reason=text,
            argv=(text, text),
            cwd=text,
            options=(text,),
        ),
    )
    tree = TreeId("b" * 40)
    finding = Finding(check=text, message=text, path=text, line=1, code=text)
    result = CheckResult(check=text, tree=tree, outcome=CheckOutcome.FAILED, findings=(finding,))
    stat = ChangeStat(base=tree, tree=tree, files=(FileStat(path=text, added=1, removed=1, blob="c" * 40),))
    supervisor.happen(
        session,
        ev.ChecksStarted(tree=tree, when=When.TURN, round=1, checks=(text,)),
        ev.CheckFinished(when=When.TURN, round=1, result=result),
        ev.ChangeMeasured(stat=stat),
        ev.AppChanged(status="failed", detail=text),
    )
    samples.raised(supervisor, session, AttentionKind.REQUEST, text, detail=text, request="r")


def check(lines: Iterable[Parts], width: int) -> None:
    """Fail when a line could drive a terminal or is wider than it may be."""
    for parts in lines:
        text = "".join(piece for piece, _ in parts)
        assert HARMFUL.search(text) is None, repr(text)
        assert cell_len(text) <= width, (width, text)


@pytest.mark.parametrize("name", HOSTILE)
def test_every_drawing_is_clean_and_fits(name: str) -> None:
    supervisor = FakeSupervisor()
    story(supervisor, HOSTILE[name].encode("utf-8", "replace").decode())
    state = supervisor.state
    (session,) = state.sessions.values()
    (row,) = queue_of(waiting_of(state))
    store = Store()
    store.state = state
    store.stands(LinkStatus.GONE)
    keyboard = Keyboard()
    now = supervisor.at + 9
    for width in WIDTHS:
        check(SessionRow(session).draw(width, LOOK, now), width)
        check(row.draw(width, LOOK, now), width)
        check(sheet_of(session, state, width, LOOK), max(width, 30))
        check(card_lines(row, width, PALETTE, now), max(width, 30))
        check(key_lines(row, width, PALETTE, keyboard, is_active=True), max(width, 40))
        check(tile_lines(session, row.item, width, LOOK, now, is_chosen=True), max(width, 36))
        check(last_lines(supervisor.journal, [HOSTILE[name]], width, 50, LOOK), max(width, 30))
        left, right = header_parts(store, f"/src/{HOSTILE[name].replace('/', '')}", width, LOOK)
        check([left, right], 10_000)


async def test_the_whole_corpus_on_the_screen_leaves_no_control_character(tmp_path: Path) -> None:
    def everything(supervisor: FakeSupervisor) -> None:
        text = " ".join(HOSTILE.values()).encode("utf-8", "replace").decode()
        story(supervisor, text)

    async with screen(tmp_path, size=(160, 48), before=everything) as fleet:
        screens = [fleet.text()]
        for keys in (["space"], ["escape", "r"], ["escape", "W"], ["escape", "a"], ["escape", "ctrl+p"]):
            await fleet.press(*keys)
            await fleet.settle()
            screens.append(fleet.text())
        for text in screens:
            assert text.strip()
            assert HARMFUL.search(text.replace("\n", "")) is None


async def test_pasted_text_is_cleaned(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.started) as fleet:
        await fleet.press("n")
        for text in HOSTILE.values():
            await fleet.write(text.encode("utf-8", "replace").decode())
        assert HARMFUL.search(fleet.app.fleet.box.text.replace("\n", "").replace("\t", "")) is None
