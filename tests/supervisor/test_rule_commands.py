"""Rules that are commands, live: in every session's round and in the merge queue, as the target branch has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.journal.types import FindingsSent, QueueLeft
from cockpit.protocol.client import CommandFailed
from cockpit.protocol.rules import AcceptRule
from cockpit.protocol.types import Approve
from tests.supervisor.world import CONFIG, S, git, make_repository, open_world

NO_BAD = """\
id: no-bad
engine: command
severity: error
message: bad words
note: use good ones
files: ["*.txt"]
ignores: ["free.txt"]
command:
  run: [sh, -c, "grep -Hn bad *.txt && exit 1; exit 0"]
  parser: regex
  pattern: '^(?P<path>[^:\\n]+):(?P<line>\\d+):(?P<message>.*)$'
metadata: {state: block}
"""
ONLY_GROWS = """\
id: only-grows
engine: command
severity: error
message: an order was taken away
note: put it back
files: ["*.orders"]
command: {run: [sh, -c, 'grep -vxFf "$1" "$0" && exit 1; exit 0', "{base}/{file}", "{file}"]}
metadata: {state: block}
"""


def with_rules(folder: Path, rules: dict[str, str], files: dict[str, str] | None = None) -> Path:
    repository = make_repository(folder, CONFIG)
    write_rules(repository, rules, files)
    return repository


def write_rules(repository: Path, rules: dict[str, str], files: dict[str, str] | None = None) -> None:
    (repository / ".cockpit/invariants").mkdir(parents=True)
    for name, text in rules.items():
        (repository / f".cockpit/invariants/{name}.yml").write_text(text)
    for name, text in (files or {}).items():
        (repository / name).write_text(text)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "rules")


async def test_a_command_is_a_rule_of_every_round_and_looks_at_what_the_change_touches(
    tmp_path: Path, home: Path
) -> None:
    old = {"old.txt": "bad\n", "free.txt": "bad\n"}
    async with open_world(with_rules(tmp_path / "repo", {"no-bad": NO_BAD}, old)) as world:
        ana = await world.start()
        session = await ana.task("write a.txt bad\nwrite free.txt bad bad", "write a.txt good")
        (sent,) = await ana.kind(session, FindingsSent)
        (finding,) = sent.new
        assert (finding.check, finding.code, finding.path, finding.line) == ("rules", "no-bad", "a.txt", 1)
        assert finding.message == "bad words: bad"
        assert "use good ones" in finding.remediation
        await ana.status(session, S.READY)
        book = ana.state.rules.books["no-bad"]
        assert (book.fired, book.fixed, book.sessions) == (1, 1, [session])


async def test_a_command_that_an_agent_brings_along_is_not_run(tmp_path: Path, home: Path) -> None:
    repository = with_rules(tmp_path / "repo", {"no-bad": NO_BAD})
    rule = "id: mine\\nengine: command\\nmessage: never\\ncommand: {run: [touch, i-ran.txt]}\\n"
    async with open_world(repository) as world:
        ana = await world.start()
        weaker = "write .cockpit/invariants/no-bad.yml " + NO_BAD.replace("exit 1", "exit 0").replace("\n", "\\n")
        session = await ana.task(f"write .cockpit/invariants/mine.yml {rule}\n{weaker}\nwrite a.txt bad")
        (sent,) = await ana.kind(session, FindingsSent)
        assert {finding.code for finding in sent.new} == {"no-bad", "rules-are-for-people"}
        assert not (world.workspace(session) / "i-ran.txt").exists()


async def test_the_merge_queue_carries_commands_out(tmp_path: Path, home: Path) -> None:
    repository = make_repository(tmp_path / "repo", CONFIG)
    async with open_world(repository) as world:
        ana = await world.start()
        session = await ana.task("write a.txt bad", "write a.txt good")
        await ana.status(session, S.READY)
        write_rules(repository, {"no-bad": NO_BAD})
        await ana.call(Approve(session=session))
        left = (await ana.kind(session, QueueLeft))[0]
        assert [finding.code for finding in left.findings] == ["no-bad"]
        await ana.status(session, S.LANDED)
        assert git(repository, "show", "main:a.txt") == "good"


async def test_a_command_sees_its_files_as_they_were_before_the_change(tmp_path: Path, home: Path) -> None:
    repository = with_rules(tmp_path / "repo", {"only-grows": ONLY_GROWS}, {"a.orders": "one\ntwo\n"})
    async with open_world(repository) as world:
        ana = await world.start()
        session = await ana.task("write a.orders one\\nthree\nwrite b.orders four", "write a.orders one\\ntwo\\nthree")
        (sent,) = await ana.kind(session, FindingsSent)
        (finding,) = sent.new
        assert (finding.code, finding.path, finding.line) == ("only-grows", "a.orders", None)
        assert "two" in finding.message
        state = await ana.status(session, S.READY)
        await ana.call(Approve(session=session))
        await ana.status(session, S.LANDED)
        assert state.receipt is not None


@pytest.mark.parametrize(("state", "ends"), [("block", S.PAUSED), ("warn", S.READY), ("shadow", S.READY)])
async def test_a_tool_that_is_missing_stops_only_what_its_rule_may_stop(
    tmp_path: Path, home: Path, state: str, ends: S
) -> None:
    rule = (
        "id: tool\nengine: command\nseverity: error\nmessage: x\n"
        "command: {run: [no-such-tool, .], install: 'pip install no-such-tool'}\n"
        f"metadata: {{state: {state}}}\n"
    )
    async with open_world(with_rules(tmp_path / "repo", {"tool": rule})) as world:
        ana = await world.start()
        session = await ana.task("write a.txt x")
        now = await ana.status(session, ends)
        said = now.checks["rules"]
        told = said.summary if state == "block" else "".join(finding.message for finding in said.findings)
        assert ("`no-such-tool` is not here: pip install no-such-tool" in told) is (state != "shadow")


async def test_accepting_a_command_lets_what_it_finds_today_be(tmp_path: Path, home: Path) -> None:
    repository = make_repository(tmp_path / "repo", CONFIG)
    (repository / "old.txt").write_text("bad\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "old")
    async with open_world(repository) as world:
        ana = await world.start()
        await ana.call(AcceptRule(rule="no-bad", files={".cockpit/invariants/no-bad.yml": NO_BAD}))
        session = await ana.task("write old.txt one\\nbad")
        await ana.status(session, S.READY)
        session = await ana.task("write old.txt bad\\nbad two", "write old.txt bad")
        assert [finding.line for finding in (await ana.kind(session, FindingsSent))[0].new] == [2]
        missing = NO_BAD.replace("run: [sh,", "run: [no-such-tool,").replace("no-bad", "no-tool")
        with pytest.raises(CommandFailed, match="no-such-tool"):
            await ana.call(AcceptRule(rule="no-tool", files={".cockpit/invariants/no-tool.yml": missing}))
