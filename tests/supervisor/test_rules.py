"""Rules of the repository, live: in every session's round, in the merge queue, accepted while sessions are at work."""

from __future__ import annotations

from pathlib import Path

from cockpit.journal.types import FindingsSent, QueueLeft
from cockpit.protocol.types import Approve
from tests.supervisor.world import CONFIG, S, World, git, make_repository, open_world

RULE = """\
id: no-print
language: python
severity: error
message: print() loses its context
note: use log.info()
rule:
  pattern: print($$$A)
metadata:
  state: {state}
"""
TESTS = "id: no-print\nvalid: ['log.info(1)']\ninvalid: ['print(1)']\n"


def with_rule(folder: Path, state: str = "block") -> Path:
    repository = make_repository(folder, CONFIG)
    write_rule(repository, state)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "a rule")
    return repository


def write_rule(folder: Path, state: str = "block") -> None:
    (folder / ".cockpit/rules").mkdir(parents=True)
    (folder / ".cockpit/rule-tests").mkdir(parents=True)
    (folder / ".cockpit/rules/no-print.yml").write_text(RULE.format(state=state))
    (folder / ".cockpit/rule-tests/no-print-test.yml").write_text(TESTS)


async def test_a_rule_is_a_check_of_every_round(tmp_path: Path, home: Path) -> None:
    async with open_world(with_rule(tmp_path / "repo")) as world:
        ana = await world.start()
        session = await ana.task("write a.py print(1)", "write a.py log.info(1)")
        sent = (await ana.kind(session, FindingsSent))[0]
        (finding,) = sent.new
        assert (finding.check, finding.code, finding.path, finding.line) == ("rules", "no-print", "a.py", 1)
        assert finding.fingerprint == "rules:no-print"
        assert "log.info" in finding.remediation
        state = await ana.status(session, S.READY)
        assert [result.check for result in state.receipt.results] == ["rules"] if state.receipt else False
        book = ana.state.rules.books["no-print"]
        assert (book.fired, book.fixed, book.sessions) == (1, 1, [session])


async def test_old_violations_in_files_that_do_not_change_stop_nothing(tmp_path: Path, home: Path) -> None:
    repository = make_repository(tmp_path / "repo", CONFIG)
    (repository / "old.py").write_text("print(0)\n")
    write_rule(repository)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "a rule")
    async with open_world(repository) as world:
        ana = await world.start()
        session = await ana.task("write a.py log.info(1)")
        await ana.status(session, S.READY)
        assert not ana.state.rules.books


async def test_a_shadow_rule_counts_and_tells_nobody(tmp_path: Path, home: Path) -> None:
    async with open_world(with_rule(tmp_path / "repo", "shadow")) as world:
        ana = await world.start()
        session = await ana.task("write a.py print(1)")
        state = await ana.status(session, S.READY)
        assert state.checks["rules"].findings == ()
        assert ana.state.rules.books["no-print"].fired == 1


async def test_a_warning_is_told_and_stops_nothing(tmp_path: Path, home: Path) -> None:
    async with open_world(with_rule(tmp_path / "repo", "warn")) as world:
        ana = await world.start()
        session = await ana.task("write a.py print(1)")
        state = await ana.status(session, S.READY)
        assert [finding.severity for finding in state.checks["rules"].findings] == ["warning"]


async def test_an_agent_cannot_weaken_a_rule_in_its_own_workspace(tmp_path: Path, home: Path) -> None:
    async with open_world(with_rule(tmp_path / "repo")) as world:
        ana = await world.start()
        session = await ana.task("write a.py print(1)\nwrite .cockpit/rules/no-print.yml nothing", "say no")
        sent = (await ana.kind(session, FindingsSent))[0]
        assert {finding.code for finding in sent.new} >= {"no-print", "rules-are-for-people"}


async def test_the_merge_queue_enforces_rules_that_landed_after_the_session_was_ready(
    tmp_path: Path, home: Path
) -> None:
    repository = make_repository(tmp_path / "repo", CONFIG)
    async with open_world(repository) as world:
        ana = await world.start()
        session = await ana.task("write a.py print(1)", "write a.py log.info(1)")
        await ana.status(session, S.READY)
        write_rule(repository)
        git(repository, "add", "-A")
        git(repository, "commit", "-q", "-m", "a rule")
        await ana.call(Approve(session=session))
        left = (await ana.kind(session, QueueLeft))[0]
        assert [finding.code for finding in left.findings] == ["no-print"]
        await ana.status(session, S.LANDED)
        assert git(repository, "show", "main:a.py") == "log.info(1)"
