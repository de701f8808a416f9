"""The transcript pane: as it happens, backwards page by page, searched, expanded, and kept when one looks elsewhere."""

from __future__ import annotations

import asyncio

from cockpit.protocol.types import GetEvents, Snapshot
from cockpit.sessions import types as said
from cockpit.state.entries import Answered, Entry, EntryKind
from cockpit.state.model import STATE
from cockpit.types import SessionId
from tests.providers.corpus import HOSTILE
from tests.widgets.harness import PaneApp, all_rows, screen_of, settled, until
from tests.widgets.stories import FakeSupervisor, Journal, login_story, long_story, push, store_of, stream
from widgets.palette import Palette
from widgets.transcript import TranscriptPane
from widgets.transcript_lines import can_open, lines_of

OTHER = SessionId("other-1a")


def app_of(*journals: Journal) -> tuple[PaneApp, TranscriptPane, FakeSupervisor]:
    supervisor = FakeSupervisor(*journals)
    pane = TranscriptPane(supervisor)
    return PaneApp(pane, store_of(*journals), session=journals[0].session), pane, supervisor


async def test_it_tells_what_happened_and_stands_at_the_end() -> None:
    app, pane, _ = app_of(login_story())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        shown = "\n".join(all_rows(pane.view))
        assert "scripted model: no model is asked" in shown
        assert "$  run pytest -q tests/auth" in shown and "✗ exit 1 12s" in shown
        assert "∴  thought  The redirect is built in login()." in shown
        assert "6 lines above" in shown and "t8 ok" in shown and "t2 ok" not in shown
        assert "◈  checks, round 2   ✓ ruff  ✓ tests  ✓ mypy   clean, with a receipt" in shown
        assert screen_of(pane.view)[-1].startswith("◆  ana approved on 3f2a9c1d44")
        assert pane.view.is_following


async def test_enter_shows_all_of_an_output_and_folds_it_again() -> None:
    app, pane, _ = app_of(login_story())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        before = all_rows(pane.view)
        await pilot.press("/", *"pytest", "enter")
        await pilot.press("enter")
        assert "t2 ok" in "\n".join(all_rows(pane.view))
        line = pane.view.cursor_line
        assert line is not None and "pytest" in line.text
        await pilot.press("o")
        assert all_rows(pane.view) == before


async def test_search_steps_through_matches_and_ends() -> None:
    app, pane, _ = app_of(login_story())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("g", "/", *"ruff", "enter")
        first = pane.view.cursor
        await pilot.press("n")
        assert pane.view.cursor > first
        await pilot.press("N")
        assert pane.view.cursor == first
        assert pane.check_action("find_step", (1,)) is True
        await pilot.press("/", "escape")
        assert pane.check_action("find_step", (1,)) is False


async def test_a_message_is_seen_while_it_is_written() -> None:
    journal = login_story()
    app, pane, _ = app_of(journal)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for piece in ("I add ", "a **test** ", "now.\nThen"):
            stream(app.store, said.MessageDelta(item="m9", text=piece))
            app.flush()
        assert screen_of(pane.view)[-2:] == ["●  I add a test now.", "   Then"]
        await pilot.pause()
        before = pane.view.drawn_rows
        app.flush()
        await pilot.pause()
        assert pane.view.drawn_rows == before  # nothing new: nothing is drawn
        push(app.store, journal.add(said.AgentMessage(item="m9", text="I add a test now.")))
        app.flush()
        assert screen_of(pane.view)[-1] == "●  I add a test now."


async def test_scrolled_up_it_stays_and_says_how_much_is_new() -> None:
    journal = login_story()
    app, pane, _ = app_of(journal)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("g")
        await settled(pilot)
        before = screen_of(pane.view)[:-1]
        drawn = pane.view.drawn_rows
        for number in range(12):
            push(app.store, journal.add(said.AgentMessage(item=f"n{number}", text="more")))
            app.flush()
        assert screen_of(pane.view)[:-1] == before
        assert screen_of(pane.view)[-1].endswith("↓ 12 new")
        assert pane.view.drawn_rows - drawn <= 4  # the note's row and the cursor's
        await pilot.press("G")
        app.flush()
        assert screen_of(pane.view)[-1] == "●  more"


async def test_history_is_fetched_backwards_at_the_top_only() -> None:
    app, pane, supervisor = app_of(long_story(600))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert len(supervisor.asked) == 1
        for _ in range(3):
            await pilot.press("k")
        app.flush()
        assert len(supervisor.asked) == 1
        top = next(line for line in pane.view.lines if "Message" in line.text)
        await pilot.press("g")
        await settled(pilot)
        assert pane.view.lines.index(top) > 100  # what was at the top stayed in sight, older lines came before
        assert [c.before for c in supervisor.asked if isinstance(c, GetEvents)][1] == 1302
        for _ in range(4):
            await pilot.press("g")
            await settled(pilot)
        assert pane.view.lines[0].text == ""
        assert "A long task" in "\n".join(screen_of(pane.view)[:4])
        assert len(supervisor.asked) == 4
        messages = [row for row in all_rows(pane.view) if "Message" in row]
        assert messages == [f"●  Message {n}: on with it." for n in range(600)]


async def test_another_session_and_back_is_instant() -> None:
    first, second = login_story(), Journal(OTHER)
    second.envelopes = [e.model_copy(update={"session": OTHER}) for e in long_story(3).envelopes]
    app, pane, supervisor = app_of(first, second)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("g", "j", "j", "j")
        before = screen_of(pane.view)
        pane.show(OTHER)
        await settled(pilot)
        assert "Message 2" in "\n".join(screen_of(pane.view))
        pane.show(first.session)
        assert screen_of(pane.view) == before
        asked = len(supervisor.asked)
        await settled(pilot)
        assert len(supervisor.asked) == asked


async def test_a_fetch_for_a_session_one_has_left_is_dropped() -> None:
    first, second = login_story(), Journal(OTHER)
    second.envelopes = [e.model_copy(update={"session": OTHER}) for e in long_story(3).envelopes]
    app, pane, supervisor = app_of(first, second)
    async with app.run_test(size=(80, 24)) as pilot:
        supervisor.gate = asyncio.Event()
        await until(pilot, lambda: len(supervisor.asked) == 1)
        pane.show(OTHER)
        await until(pilot, lambda: len(supervisor.asked) == 2)
        supervisor.gate.set()
        await settled(pilot)
        shown = "\n".join(all_rows(pane.view))
        assert "Message 2" in shown and "login" not in shown


async def test_missed_events_are_fetched_again() -> None:
    journal = login_story()
    app, pane, _ = app_of(journal)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        journal.add(said.AgentMessage(item="missed", text="You missed this."))
        state = STATE.dump_json(store_of(journal).state).decode()
        app.store.take(Snapshot(state=state))
        await settled(pilot)
        rows = all_rows(pane.view)
        assert rows[-1] == "●  You missed this."
        assert sum("approved" in row for row in rows) == 1


async def test_no_control_character_gets_through() -> None:
    journal = Journal()
    for name, text in HOSTILE.items():
        journal.add(
            said.AgentMessage(item=f"m{name}", text=f"# {text}\n- {text}\n```py\n{text}\n```\n**{text}** `{text}`"),
            said.AgentMessage(item=f"r{name}", text=text, is_reasoning=True),
            said.ToolStarted(item=f"t{name}", tool=text or "x", title=text),
            said.ToolEnded(item=f"t{name}", ok=False, output=text),
            said.PlanChanged(steps=(said.PlanStep(text=text),)),
            said.RequestRaised(request=name, kind=said.RequestKind.QUESTION, title=text, reason=text),
            said.AgentNotice(text=text, level="error"),
        )
    app, pane, _ = app_of(Journal())
    async with app.run_test(size=(100, 40)) as pilot:
        await settled(pilot)
        push(app.store, journal.envelopes)
        app.flush()
        stream(app.store, said.MessageDelta(item="live", text="\x1b[2J\u202elive"))
        app.flush()
        rows = all_rows(pane.view)
        assert len(rows) > len(HOSTILE) * 6
        assert not [row for row in rows if not harmless(row)]


def harmless(row: str) -> bool:
    """Nothing that drives a terminal or hides from a reader."""
    from cockpit.providers.text import clean

    return "\x1b" not in row and "\n" not in row and "\t" not in row and clean(row) == row


def test_an_automatic_answer_is_one_quiet_line_with_its_reason_in_sight() -> None:
    entry = Entry(1, EntryKind.REQUEST, 0.0, title="pip install " + "x" * 300)
    Answered("allowed by cockpit.toml, commands: pip install *", is_automatic=True).put_on(entry)
    (line,) = lines_of(entry, is_open=False)
    drawn = "".join(text for text, _ in line.parts(0, 100, Palette.plain()))
    assert drawn.endswith("allowed by cockpit.toml, commands: pip install *")
    assert can_open(entry)
    assert [one.text for one in lines_of(entry, is_open=True)] == [entry.title, entry.note]
