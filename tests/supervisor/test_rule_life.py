"""A rule's life, live: put into another state, judged, deleted, prose taken out; each taken back by one key."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from cockpit.cli import OK, main
from cockpit.journal.types import ChangeMeasured, CheckFinished, CommandSent, FindingsSent
from cockpit.protocol.client import CommandFailed, SupervisorGone
from cockpit.protocol.rule_life import ChangeRule, DeleteRule, JudgeFinding, RemoveProse
from cockpit.protocol.rules import GetRules
from cockpit.protocol.types import Approve, Resume, Undo
from cockpit.sessions.types import Steer
from tests.supervisor.test_crash import Child
from tests.supervisor.test_rules import RULE, with_rule, write_rule
from tests.supervisor.test_rules_crash import started
from tests.supervisor.world import CONFIG, Person, S, World, git, make_repository, open_world

FILE = ".cockpit/rules/no-print.yml"


async def the_rule(ana: Person) -> dict[str, Any]:
    (rule,) = (await ana.call(GetRules()))["rules"]
    return dict(rule)


async def test_a_promotion_reaches_a_session_at_work_and_a_demotion_lets_it_go(tmp_path: Path, home: Path) -> None:
    repository = with_rule(tmp_path / "repo", "shadow")
    gate = tmp_path / "gate"
    async with open_world(repository) as world:
        ana = await world.start()
        session = await ana.task(f"write a.py print(1)\nwait {gate}", "write a.py print(1)\\nx = 2")
        await ana.kind(session, ChangeMeasured)
        done = await ana.call(ChangeRule(rule="no-print", state="block"))
        assert git(repository, "rev-parse", "main") == done["commit"]
        assert "state: block" in (repository / FILE).read_text()
        (sent,) = await ana.kind(session, FindingsSent)
        assert [finding.code for finding in sent.new] == ["no-print"]
        (command,) = [c for c in await ana.kind(session, CommandSent, 2) if isinstance(c.command, Steer)]
        assert "use log.info()" in command.command.text
        await ana.call(ChangeRule(rule="no-print", state="warn"))
        gate.touch()
        state = await ana.status(session, S.READY)
        assert [finding.severity for finding in state.checks["rules"].findings] == ["warning"]
        assert (await the_rule(ana))["changed_by"]


async def test_what_is_there_when_a_rule_begins_to_block_stops_nothing(tmp_path: Path, home: Path) -> None:
    repository = make_repository(tmp_path / "repo", CONFIG)
    (repository / "old.py").write_text("print(0)\n")
    write_rule(repository, "shadow")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "old")
    async with open_world(repository) as world:
        ana = await world.start()
        await ana.call(ChangeRule(rule="no-print", state="block"))
        (known,) = json.loads((repository / ".cockpit/baseline.json").read_text())["known"]
        assert (known["rule"], known["path"]) == ("no-print", "old.py")
        session = await ana.task("write old.py print(0)\\nlog.info(1)")
        await ana.status(session, S.READY)
        assert (await ana.call(Undo()))["undone"] == "change"
        assert not (repository / ".cockpit/baseline.json").exists()
        assert (await the_rule(ana))["state"] == "shadow"


@pytest.mark.parametrize(
    ("state", "text", "why"),
    [
        ("block", RULE.format(state="block"), "in this state already"),
        ("block", RULE.format(state="shadow").replace("print($$$A)", "printf($$$A)"), "do not prove it"),
        ("warn", "nonsense", "There is no rule"),
    ],
)
async def test_a_rule_that_cannot_be_promoted_says_why(
    tmp_path: Path, home: Path, state: Any, text: str, why: str
) -> None:
    repository = with_rule(tmp_path / "repo", "shadow")
    (repository / FILE).write_text(text)
    git(repository, "commit", "-qam", "changed by hand")
    before = git(repository, "rev-parse", "main")
    async with open_world(repository) as world:
        ana = await world.start()
        with pytest.raises(CommandFailed, match=why):
            await ana.call(ChangeRule(rule="no-print", state=state))
        assert git(repository, "rev-parse", "main") == before


async def test_a_finding_judged_not_useful_is_let_by_and_counted_until_it_is_taken_back(
    tmp_path: Path, home: Path
) -> None:
    repository = with_rule(tmp_path / "repo")
    async with open_world(repository) as world:
        ana = await world.start()
        session = await ana.task("write a.py print(1)", "say it is meant to be so", "say go on")
        (sent,) = await ana.kind(session, FindingsSent)
        await ana.status(session, S.PAUSED)
        command = JudgeFinding(session=session, rule="no-print", instance=sent.new[0].instance)
        done = await ana.call(command)
        assert git(repository, "rev-parse", "main") == done["commit"]
        assert ana.session(session).let_by == (sent.new[0].instance,)
        rule = await the_rule(ana)
        assert (rule["not_useful"], rule["firings"][0]["fate"], rule["firings"][0]["path"]) == (1, "not useful", "a.py")
        assert rule["firings"][0]["text"] == "print(1)"
        await ana.call(Undo())
        assert (await the_rule(ana))["not_useful"] == 0
        assert ana.session(session).let_by == ()
        assert not (repository / ".cockpit/baseline.json").exists()
        await ana.call(command)
        with pytest.raises(CommandFailed, match="judged not useful already"):
            await ana.call(command)
        await ana.call(Resume(session=session))
        await ana.status(session, S.READY)
        assert ana.state.rules.books["no-print"].fixed == 0  # let by, not fixed
        await ana.call(Approve(session=session))
        await ana.status(session, S.LANDED)
        late = await ana.task("write a.py print(1)\\nx = 2")
        await ana.status(late, S.READY)  # it stands in the branch, and stops nobody


async def test_a_finding_of_a_shadow_rule_is_counted_alone(tmp_path: Path, home: Path) -> None:
    repository = with_rule(tmp_path / "repo", "shadow")
    async with open_world(repository) as world:
        ana = await world.start()
        session = await ana.task("write a.py print(1)\\nprint(2)\\nprint(3)")
        await ana.status(session, S.READY)
        before = git(repository, "rev-parse", "main")
        for firing in (await the_rule(ana))["firings"]:
            done = await ana.call(JudgeFinding(session=session, rule="no-print", instance=firing["instance"]))
            assert done["commit"] == ""
        assert git(repository, "rev-parse", "main") == before
        rule = await the_rule(ana)
        assert [(one["kind"], one["state"]) for one in rule["proposals"]] == [("demote", "retired")]
        assert (await ana.call(Undo()))["undone"] == "judge"
        assert (await the_rule(ana))["not_useful"] == 2
        assert not ana.state.rules.under_way


async def test_a_finding_that_is_gone_cannot_be_judged(tmp_path: Path, home: Path) -> None:
    async with open_world(with_rule(tmp_path / "repo")) as world:
        ana = await world.start()
        session = await ana.task("write a.py x = 1")
        await ana.status(session, S.READY)
        with pytest.raises(CommandFailed, match="not there any more"):
            await ana.call(JudgeFinding(session=session, rule="no-print", instance="f" * 16))
        assert not ana.state.decisions


async def test_a_rule_is_deleted_with_all_that_is_its_own_and_comes_back_whole(tmp_path: Path, home: Path) -> None:
    repository = with_rule(tmp_path / "repo")
    async with open_world(repository) as world:
        ana = await world.start()
        await ana.call(DeleteRule(rule="no-print"))
        assert not (repository / FILE).exists()
        assert not (repository / ".cockpit/rule-tests/no-print-test.yml").exists()
        assert (await ana.call(GetRules()))["rules"] == []
        await ana.call(Undo())
        assert (await the_rule(ana))["state"] == "block"


async def test_prose_that_a_rule_holds_is_proposed_taken_out_and_put_back(tmp_path: Path, home: Path) -> None:
    repository = with_rule(tmp_path / "repo")
    text = "# Map\n\n- Use `log.info()`: print() loses its\n  context.\n- Ask before you add a dependency.\n"
    (repository / "AGENTS.md").write_text(text)
    rule = repository / FILE
    rule.write_text(rule.read_text() + "  replaces_prose: loses its context\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "a map")
    async with open_world(repository) as world:
        ana = await world.start()
        (proposal,) = (await the_rule(ana))["proposals"]
        prose = proposal["prose"]
        assert (proposal["kind"], prose["line"], prose["is_named"]) == ("prose", 3, True)
        assert prose["text"] == "- Use `log.info()`: print() loses its\n  context."
        command = RemoveProse(rule="no-print", path=prose["path"], line=prose["line"], text=prose["text"])
        await ana.call(command)
        assert (repository / "AGENTS.md").read_text() == "# Map\n\n- Ask before you add a dependency.\n"
        assert (await the_rule(ana))["proposals"] == []
        with pytest.raises(CommandFailed, match="has changed since"):
            await ana.call(command)
        assert (await ana.call(Undo()))["undone"] == "prose"
        assert (repository / "AGENTS.md").read_text() == text


async def test_nothing_approves_by_itself_what_moves_a_file_out_of_the_folder_of_rules(
    tmp_path: Path, home: Path
) -> None:
    repository = with_rule(tmp_path / "repo")
    (repository / ".cockpit/journeys").mkdir()
    (repository / ".cockpit/journeys/buy.json").write_text('{"steps": ["a journey", "of some length"]}\n')
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "a journey")
    async with open_world(repository) as world:
        ana = await world.start()
        session = await ana.task("move .cockpit/journeys/buy.json buy.json")
        state = await ana.status(session, S.READY)
        assert state.change is not None
        assert [file.path for file in state.change.files] == ["buy.json"]  # a rename: only its new place is shown
        with pytest.raises(CommandFailed, match="decides what is checked"):
            await ana.call(Approve(session=session, policy="clean"))
        await ana.call(Approve(session=session))
        await ana.status(session, S.LANDED)
        assert [result.result.check for result in await ana.kind(session, CheckFinished)] == ["rules"]


async def test_a_running_supervisor_commits_it_and_the_books_tell(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repository = with_rule(tmp_path / "repo", "shadow")

    def cockpit(*words: str) -> str:
        assert main([*words, "-C", str(repository)]) == OK
        return capsys.readouterr().out

    async with open_world(repository) as world:
        ana = await world.start()
        session = await ana.task("write a.py print(1)")
        await ana.status(session, S.READY)
        said = await asyncio.to_thread(cockpit, "rules", "state", "no-print", "block")
        assert said.startswith("no-print is block on main: ")
        assert "state: block" in git(repository, "show", "main:.cockpit/rules/no-print.yml")
        books = await asyncio.to_thread(cockpit, "rules", "books")
        assert "not useful" in books
        assert "block error" in books
        assert "no change was merged yet" in await asyncio.to_thread(cockpit, "stats")


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_judgement_outlives_the_supervisor(tmp_path: Path, home: Path, moment: str) -> None:
    world = World(with_rule(tmp_path / "repo"))
    ana, process = await started(world, moment)
    session = await ana.task("write a.py print(1)", "say it is meant to be so", "say go on")
    (finding,) = (await ana.status(session, S.PAUSED)).findings
    with pytest.raises(SupervisorGone):
        await ana.call(JudgeFinding(session=session, rule="no-print", instance=finding.instance))
    assert await asyncio.to_thread(process.wait, 20) == -signal.SIGKILL
    await ana.close()
    child = Child(world)
    ana = await child.start()
    await ana.until(lambda: ana.state.rules.done)
    assert not ana.state.rules.under_way
    assert git(world.repository, "rev-list", "--count", "main", "--", ".cockpit") == "2"
    assert (ana.state.rules.books["no-print"].not_useful, ana.session(session).let_by) == (1, (finding.instance,))
    assert (await ana.call(Undo()))["undone"] == "judge"
    await child.end(signal.SIGTERM)
    await ana.close()


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_another_state_outlives_the_supervisor(tmp_path: Path, home: Path, moment: str) -> None:
    world = World(with_rule(tmp_path / "repo"))
    ana, process = await started(world, moment)
    with pytest.raises(SupervisorGone):
        await ana.call(ChangeRule(rule="no-print", state="warn"))
    assert await asyncio.to_thread(process.wait, 20) == -signal.SIGKILL
    await ana.close()
    child = Child(world)
    ana = await child.start()
    await ana.until(lambda: ana.state.rules.done)
    assert "state: warn" in git(world.repository, "show", f"main:{FILE}")
    assert (await the_rule(ana))["changed_by"]
    await child.end(signal.SIGTERM)
    await ana.close()
