"""The tools that tell and look things up: task, checks, notes, the report that ends the work."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from cockpit.checks.types import CheckOutcome
from cockpit.journal.types import CheckFinished, HeadlineNoted
from cockpit.protocol.rules import RetireRule
from cockpit.protocol.types import Redirect
from cockpit.sessions.types import AgentMessage, Budget, TurnEnded, TurnReason
from cockpit.supervisor.senses import NOTE_CHARS
from tests.senses.desk import at_work, connected, json_of, text_of
from tests.supervisor.test_rules import accepting, with_rule
from tests.supervisor.world import CONFIG, WITHIN_S, S, World, is_alive, open_world

ENDED = json.dumps({"type": "turn_ended", "turn": 1, "reason": "completed", "summary": "the last words"})


async def test_a_task_is_told_with_all_that_was_said_about_it(world: World) -> None:
    ana = await world.start()
    session = await at_work(ana, budget=Budget(rounds=3, minutes=None, tokens=1000))
    await ana.call(Redirect(session=session, text="in blue"))
    async with connected(world, session) as agent:
        told = json_of(await agent.call_tool("get_task", {}))
    assert told["task"] == "hang"
    assert told["said_since"] == ["in blue"]
    assert (told["base_branch"], told["branch"]) == ("main", f"cockpit/{session}")
    assert told["checks"] == [{"name": "tidy", "command": "/bin/sh -c '! grep -n BAD *.txt'", "when": "turn"}]
    assert told["budget_left"] == {"tokens": 1000, "rounds": 3}


async def test_checks_run_on_the_workspace_as_it_is(world: World) -> None:
    ana = await world.start()
    session = await at_work(ana)
    workspace = world.workspace(session)
    told: list[tuple[float, float | None, str | None]] = []

    async def heard(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async with connected(world, session) as agent:
        clean = json_of(await agent.call_tool("run_checks", {}, progress_callback=heard))
        assert (clean["passed"], clean["says"]) == (True, "all passed")
        (workspace / "new.txt").write_text("fine\nBAD\n")
        failed = json_of(await agent.call_tool("run_checks", {"names": ["tidy"]}))
        assert (failed["passed"], failed["says"]) == (False, "failed: tidy")
        (check,) = failed["checks"]
        assert check["outcome"] == "failed"
        assert any("new.txt:2:BAD" in finding["what"] for finding in check["findings"])
        refused = await agent.call_tool("run_checks", {"names": ["nonsense"]})
        assert refused.is_error
        assert text_of(refused) == "There is no check 'nonsense' to run now; there are: tidy."
    assert told[0] == (0, 1, "running tidy")


async def test_what_an_agent_has_checked_is_not_run_again_by_the_round(world: World, tmp_path: Path) -> None:
    ana = await world.start()
    session = await at_work(ana, f"write new.txt BAD\nwait {tmp_path}/go")
    workspace = world.workspace(session)
    await holds((workspace / "new.txt").exists)
    async with connected(world, session) as agent:
        assert not json_of(await agent.call_tool("run_checks", {}))["passed"]
        assert not [one for one in ana.events if isinstance(one.event, CheckFinished)]  # its own look is no round
        (workspace / "new.txt").write_text("fine\n")
        assert json_of(await agent.call_tool("run_checks", {}))["passed"]
    (tmp_path / "go").touch()
    await ana.status(session, S.READY)
    (round_result,) = await ana.kind(session, CheckFinished)
    assert (round_result.result.outcome, round_result.result.is_cached) == (CheckOutcome.PASSED, True)
    assert ana.session(session).round == 1


async def test_checks_that_nobody_waits_for_any_more_are_ended(world: World) -> None:
    slow = """
[checks.slow]
command = ["/bin/sh", "-c", "echo $$ > pid.new; mv pid.new pid; exec sleep 300"]
"""
    (world.repository / "cockpit.toml").write_text(CONFIG + slow)
    ana = await world.start()
    session = await at_work(ana)
    pid = world.workspace(session) / "pid"
    async with connected(world, session) as agent:
        call = asyncio.create_task(agent.call_tool("run_checks", {}))
        await holds(pid.exists)
        call.cancel()
        await asyncio.wait({call})
        await holds(lambda: not is_alive(int(pid.read_text())))
        assert text_of(await agent.call_tool("note", {"text": "still here"})) == "shown"


async def holds(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():
            await asyncio.sleep(0.01)


async def test_findings_are_bounded_and_say_how_to_fix(world: World) -> None:
    regex = """
[checks.words]
command = ["/bin/sh", "-c", "grep -n BAD *.txt; exit 1"]
parser = "regex"
pattern = '(?m)^(?P<path>[^:]+):(?P<line>\\d+):(?P<message>.*)$'
hint = "write GOOD"
fix = "sed -i s/BAD/GOOD/ new.txt"
"""
    (world.repository / "cockpit.toml").write_text(CONFIG + regex)
    ana = await world.start()
    session = await at_work(ana)
    (world.workspace(session) / "new.txt").write_text(f"BAD {'x' * 3000}\n" * 200)
    async with connected(world, session) as agent:
        result = await agent.call_tool("run_checks", {})
    (check,) = json_of(result)["checks"]
    assert check["hint"] == "write GOOD; `sed -i s/BAD/GOOD/ new.txt` repairs what a machine can"
    assert (len(check["findings"]), check["not_shown"]) == (60, 140)
    assert (check["findings"][0]["file"], check["findings"][0]["line"]) == ("new.txt", 1)
    assert len(text_of(result)) < 80_000


async def test_no_rules_is_an_answer(world: World) -> None:
    ana = await world.start()
    async with connected(world, await at_work(ana)) as agent:
        told = json_of(await agent.call_tool("list_rules", {}))
    assert "rules" not in told
    assert told["says"].startswith("no rules are written down")


async def test_rules_are_listed_explained_and_checked(tmp_path: Path, home: Path) -> None:
    async with open_world(with_rule(tmp_path / "repo")) as world:
        ana = await world.start()
        session = await at_work(ana)
        async with connected(world, session) as agent:
            told = json_of(await agent.call_tool("list_rules", {}))
            assert told["rules"] == [
                {"id": "no-print", "message": "print() loses its context", "fix": "use log.info()"}
            ]
            rule = json_of(await agent.call_tool("explain_rule", {"rule": "no-print"}))
            assert (rule["stops"], rule["good"], rule["bad"]) == (True, ["log.info(1)"], ["print(1)"])
            assert (await agent.call_tool("explain_rule", {"rule": "none"})).is_error
            (world.workspace(session) / "a.py").write_text("print(1)\n")
            said = json_of(await agent.call_tool("run_checks", {"names": ["rules"]}))
            assert said["says"] == "failed: rules"
            assert said["checks"][0]["findings"][0]["code"] == "no-print"


async def test_a_rule_is_listed_the_moment_it_is_accepted(world: World) -> None:
    ana = await world.start()
    async with connected(world, await at_work(ana)) as agent:
        await ana.call(accepting())
        told = json_of(await agent.call_tool("list_rules", {}))
        assert [one["id"] for one in told["rules"]] == ["no-print"]
        assert json_of(await agent.call_tool("explain_rule", {"rule": "no-print"}))["stops"] is True
        await ana.call(RetireRule(rule="no-print"))
        assert "rules" not in json_of(await agent.call_tool("list_rules", {}))


async def test_a_note_is_the_headline_until_the_turn_is_over(world: World) -> None:
    ana = await world.start()
    session = await at_work(ana, "wait go\nsay something else\nwait on\nsay over")
    async with connected(world, session) as agent:
        await agent.call_tool("note", {"text": "  reading\nthe \x1b[31mmap\u202e "})
        (noted,) = await ana.kind(session, HeadlineNoted)
        assert noted.text == "reading the map⟨U+202E⟩"
        (world.workspace(session) / "go").touch()
        await ana.said(session, AgentMessage)
        assert ana.session(session).headline == noted.text
        answers = [await agent.call_tool("note", {"text": f"{n} " + "x" * 900}) for n in range(6)]
    assert [answer.is_error for answer in answers] == [False] * 4 + [True] * 2
    assert "Too many notes" in text_of(answers[-1])
    await ana.kind(session, HeadlineNoted, 5)
    assert len(ana.session(session).headline) == NOTE_CHARS
    (world.workspace(session) / "on").touch()
    await ana.said(session, TurnEnded)
    assert ana.session(session).note == ""
    assert ana.session(session).headline == "did turn 1"


async def test_a_turn_that_ends_after_the_report_is_done(world: World) -> None:
    ana = await world.start()
    session = await at_work(ana, f"write new.txt fine\nwait go\nraw {ENDED}\nhang")
    async with connected(world, session) as agent:
        evidence = ["tests/test_login.py", "3 passed"]
        said = await agent.call_tool("report_done", {"summary": "Fixed it.\nAll of it.", "evidence": evidence})
        assert "End your turn now" in text_of(said)
    (world.workspace(session) / "go").touch()
    (ended,) = await ana.said(session, TurnEnded)
    assert (ended.reason, ended.summary) == (TurnReason.DONE, "Fixed it.\nAll of it.")
    state = await ana.status(session, S.READY)
    assert state.report is not None
    assert state.report.evidence == tuple(evidence)
    assert state.headline == "Fixed it."
    await ana.call(Redirect(session=session, text="more of it"))
    await ana.status(session, S.WORKING)
    assert ana.session(session).report is None  # it was about what was asked before


async def test_a_turn_that_ends_without_a_report_is_only_over(world: World) -> None:
    ana = await world.start()
    session = await ana.task(f"write new.txt fine\nraw {ENDED}\nhang")
    (ended,) = await ana.said(session, TurnEnded)
    assert (ended.reason, ended.summary) == (TurnReason.COMPLETED, "the last words")
