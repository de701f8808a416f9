"""The checks pane: rows, findings by file, raw output on demand, the receipt."""

from __future__ import annotations

from cockpit.checks.types import CheckOutcome, CheckResult, Receipt, When
from cockpit.journal import types as ev
from cockpit.journal.types.rule_life import FindingJudged
from cockpit.protocol.client import CommandFailed
from cockpit.protocol.rule_life import JudgeFinding
from cockpit.protocol.types import ErrorInfo, GetOutput
from cockpit.providers.text import clean
from cockpit.sessions import types as said
from tests.providers.corpus import HOSTILE
from tests.widgets.harness import PaneApp, all_rows, settled
from tests.widgets.stories import AT, TREE, FakeSupervisor, Journal, finding, push, result, store_of
from widgets.checks import ChecksPane


def round_of(*results: CheckResult) -> Journal:
    journal = Journal()
    journal.add(ev.SessionCreated(task=said.Task(prompt="Fix it")))
    names = (*(each.check for each in results), "slow")
    journal.add(ev.ChecksStarted(tree=TREE, when=When.TURN, round=1, checks=names))
    journal.add(*(ev.CheckFinished(when=When.TURN, round=1, result=each) for each in results))
    return journal


def app_of(journal: Journal) -> tuple[PaneApp, ChecksPane, FakeSupervisor]:
    supervisor = FakeSupervisor(journal)
    pane = ChecksPane(supervisor)
    return PaneApp(pane, store_of(journal)), pane, supervisor


async def test_checks_findings_and_what_to_do() -> None:
    found = (finding(3), finding(1, path="a.py", remediation=""), finding(0))
    failed = result("ruff", CheckOutcome.FAILED, findings=found, total=9, summary="9 errors")
    app, pane, _ = app_of(round_of(failed, result("tests", is_cached=True, duration_s=3.0)))
    async with app.run_test(size=(80, 30)) as pilot:
        await settled(pilot)
        rows = all_rows(pane.view)
        assert rows[0].startswith(" no receipt")
        assert rows[2].startswith(" ✗ ruff  9 errors") and "9 findings" in rows[2] and rows[2].endswith("77777777")
        assert rows[3:9] == [
            "     a.py",
            "        13  F401  `os` imported but unused (1)",
            "     src/auth/login.py",
            "        12  F401  `os` imported but unused (0)",
            "            → Remove the import.",
            "        15  F401  `os` imported but unused (3)",
        ]
        assert "     6 more are in the output" in rows
        assert any(row.startswith(" ✓ tests") and "cached" in row for row in rows)
        assert any(row.startswith(" ◌ slow") and row.endswith("running") for row in rows)


async def test_the_receipt_says_what_passed_on_which_commit() -> None:
    journal = round_of(result("ruff"), result("tests"))
    receipt = Receipt(tree=TREE, commit="3f2a9c1d44aa", results=(result("ruff"), result("tests")), at=AT)
    journal.add(ev.ReceiptIssued(receipt=receipt))
    app, pane, _ = app_of(journal)
    async with app.run_test(size=(80, 30)) as pilot:
        await settled(pilot)
        assert all_rows(pane.view)[0].startswith("◆ clean  commit 3f2a9c1d44  ruff, tests  ")


async def test_enter_shows_what_a_check_printed_and_asks_for_it_once() -> None:
    app, pane, supervisor = app_of(round_of(result("ruff")))
    supervisor.answers["get_output"] = lambda _: {"text": "\x1b[1mAll\x1b[0m checks passed!\r\n\x1b]0;PWNED\x07fine"}
    async with app.run_test(size=(80, 30)) as pilot:
        await settled(pilot)
        await pilot.press("j", "j", "enter")
        await settled(pilot)
        assert all_rows(pane.view)[3:5] == ["     │ All checks passed!", "     │ fine"]
        assert pane.view.cursor == 2
        await pilot.press("o")
        assert not any("All checks" in row for row in all_rows(pane.view))
        await pilot.press("o")
        await settled(pilot)
        assert [c.output for c in supervisor.asked if isinstance(c, GetOutput)] == ["o-ruff"]


async def test_an_output_that_is_gone_says_so() -> None:
    app, pane, supervisor = app_of(round_of(result("ruff")))

    def gone(_: object) -> dict[str, object]:
        raise CommandFailed(ErrorInfo(what="This output is no longer kept."))

    supervisor.answers["get_output"] = gone
    async with app.run_test(size=(80, 30)) as pilot:
        await settled(pilot)
        await pilot.press("j", "j", "enter")
        await settled(pilot)
        assert "not loaded: This output is no longer kept." in all_rows(pane.view)[3]


async def test_a_result_is_drawn_when_it_comes_and_not_otherwise() -> None:
    journal = round_of(result("ruff"))
    app, pane, _ = app_of(journal)
    async with app.run_test(size=(80, 30)) as pilot:
        await settled(pilot)
        lines = pane.view.lines
        push(app.store, journal.add(said.AgentMessage(item="m", text="chatter")))
        app.flush()
        assert pane.view.lines is lines
        push(app.store, journal.add(ev.CheckFinished(when=When.TURN, round=1, result=result("slow"))))
        app.flush()
        assert any(row.startswith(" ✓ slow") for row in all_rows(pane.view))


async def test_nothing_hostile_gets_through() -> None:
    results = []
    for number, text in enumerate(HOSTILE.values()):
        found = finding(number, path=text, message=f"{text}\n{text}", code=text, remediation=text)
        results.append(result(f"c{number}{text}", CheckOutcome.FAILED, findings=(found,), summary=text))
    app, pane, _ = app_of(round_of(*results))
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        rows = all_rows(pane.view)
        assert len(rows) > len(HOSTILE) * 4
        assert not [row for row in rows if clean(row) != row or "\t" in row or "\n" in row]


async def test_a_rules_finding_is_judged_not_useful_by_one_key() -> None:
    mine = finding(0, check="rules", code="no-print", instance="i-1", remediation="log it")
    failed = result("rules", CheckOutcome.FAILED, findings=(mine,), total=1)
    journal = round_of(failed, result("ruff", CheckOutcome.FAILED, findings=(finding(1),), total=1))
    app, pane, supervisor = app_of(journal)
    supervisor.answers["judge_finding"] = lambda _command: {"decision": "d"}
    async with app.run_test(size=(80, 30)) as pilot:
        await settled(pilot)
        await pilot.press("f")
        assert "no rule's finding is under the cursor" in pane.view._note
        rows = all_rows(pane.view)
        pane.view.go(next(place for place, row in enumerate(rows) if "no-print" in row))
        await pilot.press("f")
        await settled(pilot)
        (command,) = [one for one in supervisor.asked if isinstance(one, JudgeFinding)]
        assert (command.session, command.rule, command.instance) == (journal.session, "no-print", "i-1")
        assert "let by in the branch's baseline" in pane.view._note
        judged = FindingJudged(decision="d", rule="no-print", of_session=journal.session, instance="i-1")
        number = len(journal.envelopes) + 1
        push(app.store, [ev.Envelope(seq=number, at=AT, session=None, event=judged)])
        await settled(pilot)
        rows = all_rows(pane.view)
        assert any("judged not useful: the next check lets it by" in row for row in rows)
        assert not any("log it" in row for row in rows)
        pane.view.go(next(place for place, row in enumerate(rows) if "F401" in row))
        await pilot.press("f")
        assert len([one for one in supervisor.asked if isinstance(one, JudgeFinding)]) == 1  # ruff's is not ours
