"""A rule is accepted at the worst moments of a session: in the merge queue, in a conflict, at rest, in a question."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from cockpit.journal.types import ChangeMeasured, CommandSent, FindingsSent, QueueLeft
from cockpit.journal.types.rules import RuleTold
from cockpit.protocol.client import CommandFailed
from cockpit.protocol.rules import AcceptRule, GetRules, RetireRule
from cockpit.protocol.types import AnswerRequest, Approve, Resume, Stop, Undo
from cockpit.providers.git import Repository
from cockpit.sessions.types import AnswerDecision, Send, Steer, Steered
from cockpit.supervisor.verdicts import STANDS
from cockpit.types import SessionId
from tests.supervisor.test_decisions import SLOW_MERGE
from tests.supervisor.test_rules import accepting, write_rule
from tests.supervisor.world import CONFIG, Person, S, git, make_repository, open_world

OWN_BRANCH = '[rules]\nbranch = "rules"\n'


def gated(gate: Path, more: str = "") -> str:
    """Return settings whose merge checks wait for a file."""
    return CONFIG + more + SLOW_MERGE.replace("{gate}", str(gate))


def renamed(command: AcceptRule, rule: str, call: str) -> AcceptRule:
    """Return the same rule about another call."""
    files = {
        path.replace("no-print", rule): text.replace("no-print", rule).replace("print(", f"{call}(")
        for path, text in command.files.items()
    }
    return AcceptRule(rule=rule, files=files)


async def messages(ana: Person, session: SessionId) -> list[str]:
    """Return what the agent was told so far."""
    sent = [event.command for event in await ana.kind(session, CommandSent)]
    return [command.text for command in sent if isinstance(command, Send | Steer)]


@pytest.mark.parametrize("more", ["", OWN_BRANCH])
async def test_what_is_tested_in_the_queue_goes_back_and_lands_by_its_approval(
    tmp_path: Path, home: Path, more: str
) -> None:
    gate, held = tmp_path / "gate", tmp_path / "held"
    async with open_world(make_repository(tmp_path / "repo", gated(gate, more))) as world:
        ana = await world.start()
        bad = await ana.task("write a.py print(1)", f"wait {held}\nwrite a.py log.info(1)", title="offends")
        good = await ana.task("write b.py log.info(2)", title="keeps it")
        for session in (bad, good):
            await ana.status(session, S.READY)
            await ana.call(Approve(session=session))
        await ana.until(lambda: [entry.status for entry in ana.state.queue] == ["testing", "testing"])
        await ana.call(accepting())
        gate.touch()
        (left,) = await ana.kind(bad, QueueLeft)
        assert [finding.code for finding in left.findings] == ["no-print"]
        state = await ana.status(bad, S.WORKING)
        assert STANDS in state.reason
        assert any("use log.info()" in text for text in await messages(ana, bad))
        await ana.status(good, S.LANDED)
        held.touch()
        await ana.status(bad, S.LANDED)
        assert git(world.repository, "show", "main:a.py") == "log.info(1)"
        assert git(world.repository, "show", "main:b.py") == "log.info(2)"
        assert ana.state.stats.decisions == 3  # two approvals and the rule: nobody was asked again


async def test_what_is_being_landed_is_tested_anew(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    land = Repository.land
    accepted: list[str] = []
    async with open_world(make_repository(tmp_path / "repo", CONFIG)) as world:
        ana = await world.start()

        async def late(self: Repository, target: str, base: str, tip: str) -> object:
            if not accepted:  # the change is tested and about to land: the rule is quicker
                accepted.append(tip)
                await ana.call(accepting())
            return await land(self, target, base, tip)  # type: ignore[arg-type] # as the queue calls it

        bad = await ana.task("write a.py print(1)", "write a.py log.info(1)")
        await ana.status(bad, S.READY)
        monkeypatch.setattr(Repository, "land", late)
        await ana.call(Approve(session=bad))
        (left,) = await ana.kind(bad, QueueLeft)
        assert [finding.code for finding in left.findings] == ["no-print"]
        await ana.status(bad, S.LANDED)
        assert git(world.repository, "log", "--format=%s", "main", "--", "a.py").count("\n") == 0
        assert git(world.repository, "show", "main:a.py") == "log.info(1)"


async def test_who_solves_a_conflict_hears_of_a_rule_and_lands_without_being_asked_again(
    tmp_path: Path, home: Path
) -> None:
    held = tmp_path / "held"
    repository = make_repository(tmp_path / "repo", CONFIG)
    async with open_world(repository) as world:
        ana = await world.start()
        solve = f"write base.txt both\nwait {held}\nwrite a.py log.info(1)"
        one = await ana.task("write base.txt mine\nwrite a.py print(1)", solve)
        await ana.status(one, S.READY)
        (repository / "base.txt").write_text("theirs\n")
        git(repository, "commit", "-qam", "theirs")
        await ana.call(Approve(session=one))
        state = await ana.status(one, S.WORKING)
        assert STANDS in state.reason
        await ana.kind(one, FindingsSent)
        await ana.call(accepting())
        (_, sent) = await ana.kind(one, FindingsSent, 2)
        assert [finding.code for finding in sent.new] == ["no-print"]
        await ana.said(one, Steered)
        held.touch()
        await ana.status(one, S.LANDED)
        assert git(repository, "show", "main:a.py") == "log.info(1)"
        assert git(repository, "show", "main:base.txt") == "both"


async def test_a_stopped_session_hears_of_a_rule_when_it_goes_on(tmp_path: Path, home: Path) -> None:
    async with open_world(make_repository(tmp_path / "repo", CONFIG)) as world:
        ana = await world.start()
        one = await ana.task("write a.py print(1)\nhang", "write a.py log.info(1)")
        await ana.kind(one, ChangeMeasured)
        await ana.call(Stop(session=one))
        await ana.status(one, S.INTERRUPTED)
        await ana.call(accepting())
        await ana.until(lambda: ana.state.rules.books["no-print"].fired == 1)
        assert ana.session(one).status is S.INTERRUPTED
        assert "no-print" in ana.session(one).rule_news
        await ana.call(Resume(session=one, text="Go on."))
        await ana.status(one, S.READY)
        assert [text.count("use log.info()") for text in await messages(ana, one)] == [0, 1]
        assert not ana.session(one).rule_news
        assert git(world.workspace(one), "show", "HEAD:a.py") == "log.info(1)"


async def test_a_crashed_agent_hears_of_a_rule_when_it_is_resumed(tmp_path: Path, home: Path) -> None:
    async with open_world(make_repository(tmp_path / "repo", CONFIG)) as world:
        ana = await world.start()
        one = await ana.task("write a.py print(1)\nexit 3", "write a.py log.info(1)")
        await ana.status(one, S.INTERRUPTED)
        await ana.call(accepting())
        await ana.call(Resume(session=one, text="Go on."))
        await ana.status(one, S.READY)
        assert (await ana.kind(one, RuleTold))[0].rules == ("no-print",)


async def test_an_agent_that_goes_on_with_its_turn_after_a_crash_is_told_in_it(tmp_path: Path, home: Path) -> None:
    held = tmp_path / "held"
    async with open_world(make_repository(tmp_path / "repo", CONFIG)) as world:
        ana = await world.start()
        one = await ana.task(f"write a.py print(1)\nexit 3\nwait {held}\nwrite a.py log.info(1)")
        await ana.status(one, S.INTERRUPTED)
        await ana.call(accepting())
        await ana.call(Resume(session=one))
        await ana.said(one, Steered)
        assert sum(text.count("use log.info()") for text in await messages(ana, one)) == 1
        held.touch()
        state = await ana.status(one, S.READY)
        assert not state.rule_news


async def test_an_agent_that_waits_for_a_person_is_told_when_it_has_its_answer(tmp_path: Path, home: Path) -> None:
    held = tmp_path / "held"
    async with open_world(make_repository(tmp_path / "repo", CONFIG)) as world:
        ana = await world.start()
        one = await ana.task(f"write a.py print(1)\nask me\nwait {held}\nwrite a.py log.info(1)")
        await ana.status(one, S.WAITING)
        await ana.kind(one, ChangeMeasured)
        await ana.call(accepting())
        await ana.until(lambda: ana.state.rules.books["no-print"].fired == 1)
        assert ana.session(one).requests  # the question stands
        assert "no-print" in ana.session(one).rule_news
        await ana.call(AnswerRequest(session=one, request="me", decision=AnswerDecision.ONCE))
        await ana.said(one, Steered)
        assert [text.count("use log.info()") for text in await messages(ana, one)] == [0, 1]
        held.touch()
        state = await ana.status(one, S.READY)
        assert state.turn == 1


async def test_a_branch_that_moves_meanwhile_gets_the_rule_all_the_same(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = make_repository(tmp_path / "repo", CONFIG)
    land = Repository.land
    moved: list[str] = []

    async def racing(self: Repository, target: str, base: str, tip: str) -> object:
        if len(moved) < 2:
            moved.append(tip)
            git(repository, "commit", "-q", "--allow-empty", "-m", "meanwhile")
        return await land(self, target, base, tip)  # type: ignore[arg-type] # as it is called

    monkeypatch.setattr(Repository, "land", racing)
    async with open_world(repository) as world:
        ana = await world.start()
        done = await ana.call(accepting())
        assert git(repository, "rev-parse", "main") == done["commit"]
        subjects = git(repository, "log", "--format=%s", "main").splitlines()
        assert [subject.partition(":")[0] for subject in subjects] == [
            "Rule no-print",
            "meanwhile",
            "meanwhile",
            "base",
        ]
        assert len(ana.state.decisions) == 1
        assert not ana.state.rules.under_way


async def test_two_rules_accepted_at_once_are_both_in_force(tmp_path: Path, home: Path) -> None:
    repository = make_repository(tmp_path / "repo", CONFIG)
    (repository / "old.py").write_text("print(0)\neval(0)\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "old")
    async with open_world(repository) as world:
        ana, bob = await world.start(), await world.person()
        await asyncio.gather(ana.call(accepting()), bob.call(renamed(accepting(), "no-eval", "eval")))
        assert [rule["id"] for rule in (await ana.call(GetRules()))["rules"]] == ["no-eval", "no-print"]
        known = json.loads((repository / ".cockpit/baseline.json").read_text())
        assert {one["rule"] for one in known["known"]} == {"no-eval", "no-print"}
        one = await ana.task("write a.py print(1)\\neval(1)", "write a.py log.info(1)")
        (sent,) = await ana.kind(one, FindingsSent)
        assert {finding.code for finding in sent.new} == {"no-print", "no-eval"}


async def test_of_two_rules_of_one_name_accepted_at_once_the_second_is_refused(tmp_path: Path, home: Path) -> None:
    repository = make_repository(tmp_path / "repo", CONFIG)
    async with open_world(repository) as world:
        ana, bob = await world.start(), await world.person()
        other = accepting()
        other.files[".cockpit/rules/no-print.yml"] += "  why: another one\n"
        outcomes = await asyncio.gather(ana.call(accepting()), bob.call(other), return_exceptions=True)
        (refused,) = [one for one in outcomes if isinstance(one, CommandFailed)]
        assert "Somebody else" in str(refused)
        assert git(repository, "log", "--format=%s", "main", "--", ".cockpit").count("\n") == 0
        await ana.until(lambda: not ana.state.rules.under_way and len(ana.state.decisions) == 1)


async def test_a_rule_taken_back_is_taken_back_once_and_may_be_accepted_again(tmp_path: Path, home: Path) -> None:
    repository = make_repository(tmp_path / "repo", CONFIG)
    async with open_world(repository) as world:
        ana = await world.start()
        await ana.call(accepting())
        await ana.call(RetireRule(rule="no-print"))
        await ana.call(Undo())  # of the retirement
        await ana.call(Undo())  # of the rule
        assert not (repository / ".cockpit").exists()
        with pytest.raises(CommandFailed, match="no decision of yours"):
            await ana.call(Undo())
        await ana.call(accepting())
        assert ana.state.rules.books["no-print"].is_retired is False


async def test_a_rule_that_another_one_was_built_on_is_not_taken_back(tmp_path: Path, home: Path) -> None:
    repository = make_repository(tmp_path / "repo", CONFIG)
    (repository / "old.py").write_text("print(0)\neval(0)\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "old")
    async with open_world(repository) as world:
        ana = await world.start()
        await ana.call(accepting())
        rule = repository / ".cockpit/rules/no-print.yml"
        rule.write_text(rule.read_text() + "  why: somebody thought about it\n")
        git(repository, "commit", "-qam", "why")
        with pytest.raises(CommandFailed, match=r"Something else was built on rule no-print since.*Retire the rule"):
            await ana.call(Undo())
        assert not ana.state.rules.under_way
        await ana.call(RetireRule(rule="no-print"))
        one = await ana.task("write a.py print(1)")
        await ana.status(one, S.READY)


async def test_what_speaks_against_a_rule_once_the_branch_has_moved_is_told_and_forgotten(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = make_repository(tmp_path / "repo", CONFIG)
    land = Repository.land

    async def racing(self: Repository, target: str, base: str, tip: str) -> object:
        if not (repository / ".cockpit").exists():  # somebody else commits the same rule by hand
            write_rule(repository, "warn")
            git(repository, "add", "-A")
            git(repository, "commit", "-q", "-m", "by hand")
        return await land(self, target, base, tip)  # type: ignore[arg-type] # as it is called

    monkeypatch.setattr(Repository, "land", racing)
    async with open_world(repository) as world:
        ana = await world.start()
        with pytest.raises(CommandFailed, match="Somebody else"):
            await ana.call(accepting())
        await ana.until(lambda: ana.state.seq and not ana.state.rules.under_way)
        assert not ana.state.decisions  # nothing that could be taken back
        assert "state: warn" in git(repository, "show", "main:.cockpit/rules/no-print.yml")
