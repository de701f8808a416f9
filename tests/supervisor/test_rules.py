"""Rules of the repository, live: in every session's round, in the merge queue, accepted while sessions are at work."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.journal.types import ChangeMeasured, CommandSent, FindingsSent, QueueLeft
from cockpit.journal.types.rules import RuleTold
from cockpit.protocol.client import CommandFailed
from cockpit.protocol.rules import AcceptRule, GetRules, RetireRule
from cockpit.protocol.types import Approve, Undo
from cockpit.sessions.types import Steer, Steered
from tests.supervisor.world import CONFIG, S, git, make_repository, open_world

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


def accepting(**fields: str) -> AcceptRule:
    files = {
        ".cockpit/rules/no-print.yml": RULE.format(state="block"),
        ".cockpit/rule-tests/no-print-test.yml": TESTS,
    }
    return AcceptRule(rule="no-print", files={**files, **fields})


async def test_an_accepted_rule_reaches_two_sessions_at_work_and_nothing_against_it_lands(
    tmp_path: Path, home: Path
) -> None:
    repository = make_repository(tmp_path / "repo", CONFIG)
    (repository / "mine.txt").write_text("not committed\n")
    gate = tmp_path / "gate"
    async with open_world(repository) as world:
        ana = await world.start()
        turns = (f"write a.py print(1)\nwait {gate}", "write a.py log.info(1)")
        offenders = [await ana.task(*turns, title=f"offends {n}") for n in range(2)]
        other = await ana.task(f"write b.py log.info(2)\nwait {gate}", title="keeps it")
        for one in (*offenders, other):
            await ana.kind(one, ChangeMeasured)
        done = await ana.call(accepting())
        assert git(repository, "rev-parse", "main") == done["commit"]
        assert (repository / ".cockpit/rules/no-print.yml").exists()
        assert (repository / "mine.txt").exists()
        for one in offenders:
            (sent,) = await ana.kind(one, FindingsSent)
            assert [finding.code for finding in sent.new] == ["no-print"]
            await ana.said(one, Steered)
            (command,) = [c for c in await ana.kind(one, CommandSent, 2) if isinstance(c.command, Steer)]
            assert "no-print" in command.command.text
            assert "use log.info()" in command.command.text
            assert "a.py:1" in command.command.text
        assert (await ana.kind(other, RuleTold))[0].rules == ("no-print",)
        gate.touch()
        for one in (*offenders, other):
            state = await ana.status(one, S.READY)
            assert [result.check for result in state.receipt.results] == ["rules"] if state.receipt else False
        assert git(world.workspace(offenders[0]), "show", "HEAD:a.py") == "log.info(1)"
        book = ana.state.rules.books["no-print"]
        assert (book.fired, book.fixed, sorted(book.sessions)) == (2, 2, sorted(offenders))
        late = await ana.task("write c.py print(3)", "write c.py log.info(3)")
        assert [f.code for f in (await ana.kind(late, FindingsSent))[0].new] == ["no-print"]


async def test_a_ready_change_is_checked_again_when_a_rule_is_accepted(tmp_path: Path, home: Path) -> None:
    repository = make_repository(tmp_path / "repo", CONFIG)
    async with open_world(repository) as world:
        ana = await world.start()
        session = await ana.task("write a.py print(1)", "write a.py log.info(1)")
        await ana.status(session, S.READY)
        await ana.call(accepting())
        sent = (await ana.kind(session, FindingsSent))[0]
        assert [finding.code for finding in sent.new] == ["no-print"]
        await ana.until(lambda: ana.session(session).status is S.READY and ana.session(session).round > 1)
        assert not ana.session(session).rule_news


async def test_what_was_there_before_the_rule_stops_nothing(tmp_path: Path, home: Path) -> None:
    repository = make_repository(tmp_path / "repo", CONFIG)
    (repository / "old.py").write_text("print(0)\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "old")
    async with open_world(repository) as world:
        ana = await world.start()
        await ana.call(accepting())
        session = await ana.task("write old.py print(0)\\nlog.info(1)")
        await ana.status(session, S.READY)
        session = await ana.task("write old.py print(0)\\nprint(1)", "write old.py print(0)\\nx = 1")
        (sent,) = await ana.kind(session, FindingsSent)
        assert [finding.line for finding in sent.new] == [2]


@pytest.mark.parametrize(
    ("files", "why"),
    [
        (
            {".cockpit/rule-tests/no-print-test.yml": "id: no-print\nvalid: ['print(1)']\ninvalid: ['print(1)']\n"},
            "prove",
        ),
        ({".cockpit/rule-tests/no-print-test.yml": "id: no-print\n"}, "needs a bad and a good"),
        ({".cockpit/rules/no-print.yml": RULE.format(state="draft")}, "would not run"),
        ({".cockpit/rules/other.yml": "id: other"}, "is no file of rule"),
        ({"cockpit.toml": ""}, "is no file of rule"),
        ({".cockpit/rules/no-print.yml": "nonsense"}, "cannot be read"),
    ],
)
async def test_a_rule_that_is_not_proven_is_refused(
    tmp_path: Path, home: Path, files: dict[str, str], why: str
) -> None:
    repository = make_repository(tmp_path / "repo", CONFIG)
    before = git(repository, "rev-parse", "main")
    async with open_world(repository) as world:
        ana = await world.start()
        with pytest.raises(CommandFailed, match=why):
            await ana.call(accepting(**files))
        assert git(repository, "rev-parse", "main") == before
        assert not ana.state.decisions


async def test_a_rule_is_taken_back_by_one_key_unless_something_was_built_on_it(tmp_path: Path, home: Path) -> None:
    repository = make_repository(tmp_path / "repo", CONFIG)
    async with open_world(repository) as world:
        ana = await world.start()
        await ana.call(accepting())
        git(repository, "commit", "-q", "--allow-empty", "-m", "work goes on")
        undone = await ana.call(Undo())
        assert undone["undone"] == "rule"
        assert not (repository / ".cockpit").exists()
        session = await ana.task("write a.py print(1)")
        await ana.status(session, S.READY)
        await ana.call(accepting())
        await ana.call(RetireRule(rule="no-print"))
        assert "state: retired" in (repository / ".cockpit/rules/no-print.yml").read_text()
        assert (await ana.call(GetRules()))["rules"][0]["state"] == "retired"
        assert (await ana.call(Undo()))["undone"] == "retire"
        assert (await ana.call(GetRules()))["rules"][0]["state"] == "block"
        file = repository / ".cockpit/rules/no-print.yml"
        file.write_text(file.read_text().replace("use log.info()", "use the log"))
        git(repository, "commit", "-qam", "better words")
        with pytest.raises(CommandFailed, match="Something else was built"):
            await ana.call(Undo())


async def test_work_in_the_way_of_a_rule_is_left_alone(tmp_path: Path, home: Path) -> None:
    repository = make_repository(tmp_path / "repo", CONFIG)
    write_rule(repository, "warn")
    async with open_world(repository) as world:
        ana = await world.start()
        with pytest.raises(CommandFailed, match="Not committed"):
            await ana.call(accepting())
        assert "state: warn" in (repository / ".cockpit/rules/no-print.yml").read_text()
        assert not ana.state.rules.under_way


async def test_a_change_to_rules_always_needs_a_human(tmp_path: Path, home: Path) -> None:
    repository = with_rule(tmp_path / "repo")
    rule = ".cockpit/rules/mine.yml"
    text = "id: mine\\nlanguage: python\\nseverity: error\\nmessage: never\\nrule:\\n  pattern: eval($A)"
    async with open_world(repository) as world:
        ana = await world.start()
        session = await ana.task(f"write {rule} {text}\nwrite b.py eval(1)", "write b.py x = 1")
        (sent,) = await ana.kind(session, FindingsSent)
        assert [finding.code for finding in sent.new] == ["mine"]  # held to what it proposes itself
        state = await ana.status(session, S.READY)
        assert state.receipt is not None
        for policy in ("clean", "policy"):
            with pytest.raises(CommandFailed, match="decides what is checked"):
                await ana.call(Approve(session=session, policy=policy))
        await ana.call(Approve(session=session))
        await ana.status(session, S.LANDED)
        assert [rule["id"] for rule in (await ana.call(GetRules()))["rules"]] == ["mine", "no-print"]


async def test_rules_may_be_kept_on_a_branch_of_their_own(tmp_path: Path, home: Path) -> None:
    repository = make_repository(tmp_path / "repo", CONFIG + '[rules]\nbranch = "rules"\n')
    async with open_world(repository) as world:
        ana = await world.start()
        before = git(repository, "rev-parse", "main")
        done = await ana.call(accepting())
        assert (done["branch"], git(repository, "rev-parse", "main")) == ("rules", before)
        session = await ana.task("write a.py print(1)", "write a.py log.info(1)")
        assert [f.code for f in (await ana.kind(session, FindingsSent))[0].new] == ["no-print"]
        await ana.call(Undo())
        session = await ana.task("write a.py print(1)")
        await ana.status(session, S.READY)
