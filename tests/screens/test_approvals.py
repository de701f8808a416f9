"""What agents ask, on the screen: folded where it is alike, answered from the queue, never more than was seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cockpit.protocol.types import AnswerRequest, AnswerRequests, ErrorInfo, PreviewAlways, Resume
from cockpit.screens import fleet as fleet_module
from cockpit.screens.always import AlwaysSheet
from cockpit.sessions.types import AnswerDecision, AttentionKind, RequestKind, RequestResolved
from tests.screens import samples
from tests.screens.pages import FleetPage, screen
from tests.screens.supervisor import FakeSupervisor

INSTALL = samples.INSTALL
OFFERS: dict[str, Any] = {
    "choices": [
        {"line": INSTALL, "section": "commands", "matched": 3, "of": 340, "examples": [INSTALL]},
        {
            "line": "pip install *",
            "section": "commands",
            "matched": 12,
            "of": 340,
            "examples": [INSTALL, "pip install ruff", "pip install -e ."],
        },
    ],
    "refusal": "",
}


def alike(supervisor: FakeSupervisor) -> None:
    """Three sessions ask for the same command, from different folders and for different reasons."""
    samples.started(supervisor)
    for name, folder, reason in (
        ("fix login", "", "The lock file is old."),
        ("typed settings", "/src", "httpx is missing."),
        ("retry payments", "", ""),
    ):
        session = samples.working(supervisor, name, "pytest")
        cwd = f"/home/me/.local/share/cockpit/{session}{folder}"
        samples.asks(supervisor, session, INSTALL, likeness=INSTALL, cwd=cwd, reason=reason)
        supervisor.at += 60
    samples.working(supervisor, "flaky test", "pytest")


async def folded(fleet: FleetPage) -> FleetPage:
    """Put the cursor on what several ask."""
    await fleet.press("w")
    await fleet.until(lambda: len(fleet.app.fleet.card.items) == 3)
    await fleet.settle()
    return fleet


async def test_what_several_ask_alike_is_one_row_and_one_card_with_what_differs(tmp_path: Path) -> None:
    async with screen(tmp_path, before=alike) as fleet:
        rows = fleet.text(fleet.app.fleet.list).splitlines()
        assert rows[0].startswith(" Needs you 3")
        assert " 3× ? 1 fix login, 2 typed" in rows[1]
        assert rows[2].strip("▌ ") == INSTALL
        assert rows[3].startswith(" Working 1")
        card = fleet.text((await folded(fleet)).app.fleet.card)
        for part in (
            "3 sessions ask the same",
            INSTALL,
            "1 fix login",
            "in src",
            "in the workspace",
            "httpx is missing.",
            "gives no reason",
            "o each alone",
        ):
            assert part in card


async def test_one_answer_is_for_all_who_ask_alike(tmp_path: Path) -> None:
    async with screen(tmp_path, before=alike) as fleet:
        fleet.supervisor.results["answer_all"] = {"answered": 2, "gone": [{"session": "fix-login"}], "problem": ""}
        await (await folded(fleet)).press("a")
        (answer,) = await fleet.supervisor.commanded(AnswerRequests)
        assert [one.session for one in answer.requests] == ["fix-login", "typed-settings", "retry-payments"]
        assert answer.decision is AnswerDecision.ONCE
        assert answer.attention.keys == 2
        await fleet.until(lambda: "Answered 2 sessions; 1 no longer asked" in fleet.toasts())


async def test_all_are_denied_with_one_reason(tmp_path: Path) -> None:
    async with screen(tmp_path, before=alike) as fleet:
        await (await folded(fleet)).press("D")
        assert "Deny what 3 sessions ask" in fleet.text()
        await fleet.write("use the lock file")
        await fleet.press("enter")
        (answer,) = await fleet.supervisor.commanded(AnswerRequests)
        assert (answer.decision, answer.text) == (AnswerDecision.DENY, "use the lock file")


async def test_one_of_several_is_answered_alone(tmp_path: Path) -> None:
    async with screen(tmp_path, before=alike) as fleet:
        await (await folded(fleet)).press("o", "j")
        await fleet.until(lambda: fleet.app.fleet.card.items == ("request-typed-settings",))
        await fleet.press("a")
        (answer,) = await fleet.supervisor.commanded(AnswerRequest)
        assert answer.session == "typed-settings"
        await fleet.press("o")
        await fleet.until(lambda: len(fleet.app.fleet.card.items) == 3)


async def test_a_number_goes_to_that_session_alone(tmp_path: Path) -> None:
    async with screen(tmp_path, before=alike) as fleet:
        await fleet.press("3")
        await fleet.until(lambda: fleet.app.fleet.card.items == ("request-retry-payments",))


async def test_who_joins_while_a_card_is_read_is_not_answered_unseen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with screen(tmp_path, before=alike) as fleet:
        await folded(fleet)
        monkeypatch.setattr(fleet_module, "JOINED_S", 3600.0)
        samples.asks(fleet.supervisor, "flaky-test", INSTALL, likeness=INSTALL)
        await fleet.until(lambda: len(fleet.app.fleet.card.items) == 4)
        await fleet.press("a")
        await fleet.until(lambda: "press again to decide" in fleet.toasts())
        assert not fleet.supervisor.of(AnswerRequests)
        monkeypatch.setattr(fleet_module, "JOINED_S", 0.0)
        await fleet.press("a")
        (answer,) = await fleet.supervisor.commanded(AnswerRequests)
        assert len(answer.requests) == 4


async def test_keys_for_one_session_say_how_to_take_one(tmp_path: Path) -> None:
    async with screen(tmp_path, before=alike) as fleet:
        await (await folded(fleet)).press("x")
        await fleet.until(lambda: "3 sessions ask this; o shows each alone." in fleet.toasts())


async def test_always_shows_the_line_before_it_is_written(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        fleet.supervisor.results["preview_always"] = OFFERS
        await (await fleet.row("fix login")).press("A")
        (preview,) = await fleet.supervisor.commanded(PreviewAlways)
        assert (preview.session, preview.request) == ("fix-login-redirect", "r-fix-login-redirect")
        await fleet.until(lambda: "would have answered 3 of the last 340 requests" in fleet.text())
        await fleet.press("j")
        await fleet.until(lambda: "pip install -e ." in fleet.text())
        assert "cockpit.toml, for everybody who works on this repository" in fleet.text()
        await fleet.press("tab")
        await fleet.until(lambda: "into your own config.toml, on this machine only" in fleet.text())
        assert not fleet.supervisor.of(AnswerRequest)
        await fleet.press("enter")
        (answer,) = await fleet.supervisor.commanded(AnswerRequest)
        assert (answer.decision, answer.line, answer.where) == (AnswerDecision.ALWAYS, "pip install *", "user")
        await fleet.until(lambda: not fleet.is_on(AlwaysSheet))


async def test_always_for_what_leaves_the_sandbox_says_so(tmp_path: Path) -> None:
    def escalating(supervisor: FakeSupervisor) -> None:
        samples.started(supervisor)
        samples.asks(supervisor, samples.working(supervisor, "fix login", "npm test"), "npm test", escalates=True)

    refusal = "Only this very command: it leaves the sandbox."
    choices = [{"line": "npm test", "section": "unconfined", "matched": 1, "of": 1}]
    async with screen(tmp_path, before=escalating) as fleet:
        fleet.supervisor.results["preview_always"] = {"choices": choices, "refusal": refusal}
        await (await fleet.row("fix login")).press("A")
        await fleet.until(lambda: "unconfined  npm test" in fleet.text())
        lines = [line.strip() for line in fleet.text().splitlines()]
        assert sum("leaves the sandbox" in line for line in lines) >= 2 and refusal in fleet.text()


async def test_escape_leaves_everything_as_it_was(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        fleet.supervisor.results["preview_always"] = OFFERS
        await (await fleet.row("fix login")).press("A")
        await fleet.until(lambda: "of the last 340" in fleet.text())
        await fleet.press("j", "escape")
        assert not fleet.is_on(AlwaysSheet)
        assert not fleet.supervisor.of(AnswerRequest)


@pytest.mark.parametrize(("key", "decision"), [("a", AnswerDecision.ONCE), ("s", AnswerDecision.SESSION)])
async def test_a_refused_always_says_why_and_offers_less(tmp_path: Path, key: str, decision: AnswerDecision) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        fleet.supervisor.results["preview_always"] = {"choices": [], "refusal": "It deletes a whole folder."}
        await (await fleet.row("fix login")).press("A")
        await fleet.until(lambda: "It deletes a whole folder." in fleet.text())
        assert "once (a) or for this session (s)" in fleet.text()
        await fleet.press("enter")
        await fleet.press(key)
        (answer,) = await fleet.supervisor.commanded(AnswerRequest)
        assert answer.decision is decision
        assert not answer.line


async def test_always_for_several_writes_one_line(tmp_path: Path) -> None:
    async with screen(tmp_path, before=alike) as fleet:
        fleet.supervisor.results["preview_always"] = OFFERS
        await (await folded(fleet)).press("A")
        await fleet.until(lambda: "of the last 340" in fleet.text())
        await fleet.press("enter")
        (answer,) = await fleet.supervisor.commanded(AnswerRequests)
        assert (len(answer.requests), answer.line) == (3, INSTALL)


async def test_a_preview_that_fails_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    async with screen(tmp_path, before=samples.fleet) as fleet:
        fleet.supervisor.refusals["preview_always"] = ErrorInfo(what="This request is no longer open.")
        await (await fleet.row("fix login")).press("A")
        await fleet.until(lambda: "could not say" in fleet.text())
        await fleet.press("enter", "escape")
        assert not fleet.supervisor.of(AnswerRequest)


async def test_sessions_paused_by_the_fleet_go_on_with_one_key(tmp_path: Path) -> None:
    def story(supervisor: FakeSupervisor) -> None:
        samples.started(supervisor)
        for name in ("one", "two", "three"):
            session = samples.working(supervisor, name, "pytest")
            samples.raised(supervisor, session, AttentionKind.PAUSED, "$20.10 today", likeness="fleet budget")

    async with screen(tmp_path, before=story) as fleet:
        await folded(fleet)
        assert "3 sessions wait for the same" in fleet.text(fleet.app.fleet.card)
        await fleet.press("a")
        (resumed,) = await fleet.supervisor.commanded(Resume)
        assert resumed.session == "one", "the supervisor lets the others go on with it"


async def test_a_card_says_who_what_where_and_why(tmp_path: Path) -> None:
    def story(supervisor: FakeSupervisor) -> None:
        samples.started(supervisor)
        session = samples.working(supervisor, "clean up", "rm")
        samples.asks(
            supervisor, session, "rm  -r build\necho done", argv=(), shell="rm  -r build\necho done", cwd="/etc"
        )

    async with screen(tmp_path, before=story) as fleet:
        await fleet.row("clean up")
        lines = fleet.text(fleet.app.fleet.card).splitlines()
        text = "\n".join(lines)
        assert "▏ rm  -r build" in text
        assert "▏ echo done" in text
        assert "native 0.1 · gpt-5-codex" in text
        assert "in     /etc" in text
        assert "outside the workspace" in text


DIFF = """\
--- a/src/pay.py
+++ b/src/pay.py
@@ -1,2 +1,2 @@
 import os
-rate = 1
+rate = 2  # \u202eoot\u202c
"""


async def test_an_edit_shows_its_diff_with_every_character(tmp_path: Path) -> None:
    def story(supervisor: FakeSupervisor) -> None:
        samples.started(supervisor)
        session = samples.working(supervisor, "new rate", "edit")
        path = f"/home/me/.local/share/cockpit/{session}/src/pay.py"
        samples.asks(supervisor, session, "edit src/pay.py", kind=RequestKind.EDIT, paths=(path,), detail=DIFF)

    async with screen(tmp_path, before=story) as fleet:
        await fleet.row("new rate")
        card = fleet.text(fleet.app.fleet.card)
        assert "files  src/pay.py" in card
        assert "- rate = 1" in card
        assert "+ rate = 2  # ⟨U+202E⟩oot⟨U+202C⟩" in card


async def test_a_request_that_was_withdrawn_leaves_the_fold(tmp_path: Path) -> None:
    async with screen(tmp_path, before=alike) as fleet:
        await folded(fleet)
        supervisor = fleet.supervisor
        supervisor.say("fix-login", RequestResolved(request="r-fix-login", outcome="withdrawn"))
        supervisor.happen("fix-login", samples.resolved("request-fix-login"))
        await fleet.settle()
        await fleet.until(lambda: len(fleet.app.fleet.card.items) == 2)


async def test_edits_of_the_same_file_with_other_diffs_are_not_one_question(tmp_path: Path) -> None:
    def story(supervisor: FakeSupervisor) -> None:
        samples.started(supervisor)
        for name, diff in (("one", DIFF), ("two", DIFF), ("three", DIFF.replace("rate = 2", "rate = 3"))):
            session = samples.working(supervisor, name, "edit")
            samples.asks(supervisor, session, "edit pay.py", kind=RequestKind.EDIT, likeness="edit:pay.py", detail=diff)

    async with screen(tmp_path, before=story) as fleet:
        rows = fleet.text(fleet.app.fleet.list)
        assert "2× ? 1 one, 2 two" in rows
        assert "  3 ? three" in rows


async def test_commands_that_differ_by_their_workspace_are_all_shown(tmp_path: Path) -> None:
    def story(supervisor: FakeSupervisor) -> None:
        samples.started(supervisor)
        for name in ("one", "two"):
            session = samples.working(supervisor, name, "cat")
            samples.asks(supervisor, session, f"cat /job/{name}/notes.txt", likeness="cat notes.txt")

    async with screen(tmp_path, before=story) as fleet:
        await fleet.press("w")
        await fleet.until(lambda: len(fleet.app.fleet.card.items) == 2)
        card = fleet.text(fleet.app.fleet.card)
        assert card.count("cat /job/one/notes.txt") == 2, "at the top and with who asks it"
        assert "cat /job/two/notes.txt" in card
