"""What a person sees and does on the fleet screen, over a real socket."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.protocol.types import (
    AnswerRequest,
    Approve,
    CreateTasks,
    ErrorInfo,
    Redirect,
    Reject,
    Resume,
    Stop,
    Undo,
)
from cockpit.screens.dialogs import AskDialog
from cockpit.screens.peek import PeekScreen
from cockpit.screens.store import LinkStatus
from cockpit.screens.wall import WallScreen
from cockpit.sessions.types import AnswerDecision, AttentionKind, MessageDelta, RequestKind, SessionStatus
from tests.screens import samples
from tests.screens.pages import screen
from tests.screens.supervisor import FakeSupervisor
from widgets.wall import Wall


async def test_an_empty_fleet_teaches_the_first_step(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.started) as fleet:
        assert "No sessions yet." in fleet.text(fleet.app.fleet.list)
        assert "Press n, type what should be done" in fleet.text(fleet.app.fleet.list)


async def test_what_needs_me_comes_first_with_the_exact_question(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        lines = fleet.text(fleet.app.fleet.list).splitlines()
        assert lines[0].startswith(" Needs you 3")
        assert "fix login redirect" in lines[1]
        assert "command" in lines[1]
        assert lines[2].strip("▌ ") == "pip install --upgrade httpx==0.28.1"
        heads = [line.split()[0] for line in lines if "──" in line]
        assert heads == ["Needs", "Working", "Checking", "Landing", "Queued", "Interrupted", "Landed", "Rejected"]


async def test_the_header_says_how_it_goes(tmp_path: Path) -> None:
    def story(supervisor: FakeSupervisor) -> None:
        samples.fleet(supervisor)
        samples.started(supervisor, sandbox="")

    async with screen(tmp_path, size=(160, 40), before=story) as fleet:
        header = fleet.text().splitlines()[0]
        for part in ("payments", "→ main", "3 waiting", "5 working", "1 ready", "2 landed", "queue 1"):
            assert part in header
        assert "[scripted model]" in header
        assert "[not sandboxed]" in header


async def test_a_command_is_allowed_once_with_what_it_cost(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        await (await fleet.row("fix login")).press("a")
        (answer,) = await fleet.supervisor.commanded(AnswerRequest)
        assert (answer.request, answer.decision) == ("r-fix-login-redirect", AnswerDecision.ONCE)
        assert answer.attention.keys == 1
        assert answer.attention.looked_s > 0


async def test_a_command_is_allowed_for_the_session(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        await (await fleet.row("fix login")).press("s")
        (answer,) = await fleet.supervisor.commanded(AnswerRequest)
        assert answer.decision is AnswerDecision.SESSION


async def test_a_command_is_denied_with_a_reason(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        await (await fleet.row("fix login")).press("D")
        await fleet.write("use the lock file")
        await fleet.press("enter")
        (answer,) = await fleet.supervisor.commanded(AnswerRequest)
        assert (answer.decision, answer.text) == (AnswerDecision.DENY, "use the lock file")
        assert answer.attention.keys == 2


async def test_approving_keys_do_nothing_away_from_an_item(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        await fleet.row("speed up imports")
        await fleet.press("a", "s", "A")
        await fleet.row("fix login")
        await fleet.press("enter")  # the pane has the keys now
        await fleet.press("a", "s", "A")
        await fleet.press("escape", "x")
        await fleet.supervisor.commanded(Stop)
        assert not fleet.supervisor.of(AnswerRequest)
        assert not fleet.supervisor.of(Approve)


async def test_a_question_is_answered_by_its_number(tmp_path: Path) -> None:
    def story(supervisor: FakeSupervisor) -> None:
        samples.started(supervisor)
        session = samples.working(supervisor, "two parsers", "ask")
        samples.asks(supervisor, session, "Keep both parsers?", kind=RequestKind.QUESTION)

    async with screen(tmp_path, before=story) as fleet:
        await (await fleet.row("two parsers")).press("a")
        assert "only the new one" in fleet.text()
        await fleet.press("2", "enter")
        (answer,) = await fleet.supervisor.commanded(AnswerRequest)
        assert (answer.text, answer.decision) == ("only the new one", AnswerDecision.ONCE)


async def test_a_ready_change_is_approved_on_the_commit_that_is_shown(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        await fleet.row("rename the ledger")
        card = fleet.text(fleet.app.fleet.card)
        assert samples.COMMIT[:10] in card
        assert "3/3 checks passed" in card
        await fleet.press("a")
        (approve,) = await fleet.supervisor.commanded(Approve)
        assert approve.commit == samples.COMMIT


async def test_without_a_receipt_nothing_is_approved(tmp_path: Path) -> None:
    def story(supervisor: FakeSupervisor) -> None:
        samples.started(supervisor)
        session = samples.working(supervisor, "no proof", "pytest")
        samples.raised(supervisor, session, AttentionKind.READY, "ready?")

    async with screen(tmp_path, before=story) as fleet:
        await (await fleet.row("no proof")).press("a")
        assert "There is no receipt yet." in fleet.toasts()
        assert not fleet.supervisor.of(Approve)


async def test_a_paused_session_goes_on(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        await (await fleet.row("retry payments")).press("a")
        (resume,) = await fleet.supervisor.commanded(Resume)
        assert resume.session == "retry-payments"


@pytest.mark.parametrize(
    ("keys", "is_after"), [(["enter"], False), (["ctrl+t", "enter"], True), (["ctrl+enter"], True)]
)
async def test_a_redirect_goes_now_or_after_the_turn(tmp_path: Path, keys: list[str], is_after: bool) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        await (await fleet.row("typed settings")).press("r")
        await fleet.write("use pydantic")
        await fleet.press(*keys)
        (redirect,) = await fleet.supervisor.commanded(Redirect)
        assert (redirect.session, redirect.text, redirect.after_turn) == ("typed-settings", "use pydantic", is_after)


async def test_a_closed_redirect_keeps_its_words_and_a_sent_one_does_not(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        await (await fleet.row("typed settings")).press("r")
        await fleet.write("use ")
        await fleet.press("escape", "r")
        await fleet.write("tomlkit")
        await fleet.press("enter")
        (redirect,) = await fleet.supervisor.commanded(Redirect)
        assert redirect.text == "use tomlkit"
        await fleet.until(lambda: not fleet.is_on(AskDialog))
        assert fleet.app.fleet.drafts == {}


async def test_a_refused_redirect_says_why_and_loses_no_words(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        fleet.supervisor.refusals["redirect"] = ErrorInfo(
            what="The agent is gone.", kept="Its workspace is kept.", next="Resume it first."
        )
        await (await fleet.row("typed settings")).press("r")
        await fleet.write("hurry")
        await fleet.press("enter")
        await fleet.until(lambda: "The agent is gone." in fleet.toasts())
        assert "Resume it first." in fleet.toasts()
        assert isinstance(fleet.app.screen, AskDialog)
        assert fleet.app.screen._box.text == "hurry"


async def test_a_rejection_may_go_without_a_reason(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        await (await fleet.row("rename the ledger")).press("D", "enter")
        (reject,) = await fleet.supervisor.commanded(Reject)
        assert (reject.session, reject.reason) == ("rename-the-ledger-module", "")


async def test_undo_says_what_was_undone(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        fleet.supervisor.results["undo"] = {"undone": "approve", "session": "rename-the-ledger-module"}
        await fleet.press("u")
        await fleet.supervisor.commanded(Undo)
        await fleet.until(lambda: "Undone: approve of session 2" in fleet.toasts())


async def test_a_task_is_dispatched_to_the_agent_it_names(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.started) as fleet:
        await fleet.press("n")
        await fleet.write("@mechanic sort imports")
        await fleet.press("ctrl+j")
        await fleet.write("everywhere")
        await fleet.press("enter")
        (create,) = await fleet.supervisor.commanded(CreateTasks)
        assert create.tasks[0].agent == "mechanic"
        assert create.tasks[0].prompt == "sort imports\neverywhere"
        await fleet.until(lambda: not fleet.app.fleet.box.text)


async def test_a_task_that_cannot_begin_stays_in_the_box(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.started) as fleet:
        await fleet.press("n")
        await fleet.write("@nobody tidy up")
        await fleet.press("enter")
        await fleet.until(lambda: "There is no agent 'nobody'." in fleet.toasts())
        await fleet.press("escape")
        assert fleet.app.fleet.list.has_focus
        assert fleet.app.fleet.box.text == "@nobody tidy up"
        assert not fleet.supervisor.of(CreateTasks)


async def test_next_waiting_goes_round(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        await fleet.row("flaky test")
        seen = []
        for _ in range(4):
            await fleet.press("w")
            assert fleet.app.fleet.subject is not None
            seen.append(fleet.app.fleet.subject.number)
        assert seen == [1, 3, 2, 1]


async def test_digits_jump_to_a_session(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        await fleet.press("1", "2")
        assert fleet.app.fleet.subject is not None
        assert fleet.app.fleet.subject.number == 12


async def test_a_filter_narrows_and_escape_ends_it(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        await fleet.press("slash")
        await fleet.write("licence")
        await fleet.settle()
        shown = fleet.text(fleet.app.fleet.list)
        assert "update the licence" in shown
        assert "fix login" not in shown
        await fleet.press("escape")
        await fleet.settle()
        assert "fix login" in fleet.text(fleet.app.fleet.list)


async def test_peek_follows_the_agent_and_replies(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        await (await fleet.row("typed settings")).press("space")
        await fleet.until(lambda: "42 passed in 1.21s" in fleet.text())
        await fleet.supervisor.until(lambda: fleet.supervisor.watched == ("typed-settings",))
        fleet.supervisor.progress("typed-settings", MessageDelta(item="m9", text="I am writing the set"))
        await fleet.until(lambda: "I am writing the set" in fleet.text())
        await fleet.write("fine")
        await fleet.press("enter")
        (redirect,) = await fleet.supervisor.commanded(Redirect)
        assert redirect.text == "fine"
        await fleet.press("escape")
        assert not fleet.is_on(PeekScreen)
        assert fleet.app.fleet.list.has_focus


async def test_the_wall_moves_and_opens(tmp_path: Path) -> None:
    async with screen(tmp_path, size=(120, 40), before=samples.fleet) as fleet:
        await fleet.press("W")
        await fleet.until(lambda: fleet.is_on(WallScreen))
        await fleet.until(lambda: fleet.app.screen.query_one(Wall).size.width > 0)
        assert "pip install" in fleet.text()
        await fleet.press("j", "l", "enter")
        assert not fleet.is_on(WallScreen)
        assert fleet.app.fleet.subject is not None
        assert fleet.app.fleet.subject.number == 5


async def test_zoom_gives_the_detail_everything_and_takes_it_back(tmp_path: Path) -> None:
    async with screen(tmp_path, size=(80, 24), before=samples.fleet) as fleet:
        await fleet.press("z")
        assert fleet.app.fleet.detail.region.width == 80
        await fleet.press("z")
        await fleet.pilot.pause()
        assert fleet.app.fleet.list.has_focus
        assert fleet.app.fleet.detail.region.width < 50


async def test_the_cursor_stays_with_its_session_when_the_list_changes(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        await fleet.row("flaky test")
        samples.raised(fleet.supervisor, "speed-up-imports", AttentionKind.STALLED, "silent for 10 minutes")
        await fleet.settle()
        assert fleet.app.fleet.subject is not None
        assert fleet.app.fleet.subject.name == "flaky test"


async def test_a_restarted_supervisor_is_told_and_followed_and_the_draft_stays(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.started) as fleet:
        await fleet.press("n")
        await fleet.write("half a task")
        await fleet.supervisor.stop()
        await fleet.until(lambda: fleet.app.store.link is LinkStatus.GONE)
        await fleet.press("enter")
        await fleet.until(lambda: "The supervisor is not connected." in fleet.toasts())
        fleet.supervisor.pid += 1
        await fleet.supervisor.start(fleet.paths.supervisor_socket)
        await fleet.until(lambda: fleet.app.store.link is LinkStatus.RESTARTED)
        samples.created(fleet.supervisor, "after the storm", status=SessionStatus.WORKING)
        await fleet.settle()
        assert "after the storm" in fleet.text(fleet.app.fleet.list)
        assert fleet.app.fleet.box.text == "half a task"


async def test_a_supervisor_of_another_version_is_told(tmp_path: Path) -> None:
    def story(supervisor: FakeSupervisor) -> None:
        samples.started(supervisor)

    async with screen(tmp_path, before=story) as fleet:
        await fleet.supervisor.stop()
        fleet.supervisor.protocol = 99
        await fleet.supervisor.start(fleet.paths.supervisor_socket)
        await fleet.until(lambda: fleet.app.store.link is LinkStatus.FOREIGN)
        await fleet.until(lambda: "another version" in fleet.text().splitlines()[0])
