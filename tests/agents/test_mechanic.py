from __future__ import annotations

from cockpit.sessions.types import AgentMessage, FileChanged, ToolStarted, TurnReason
from tests.agents.bench import Bench

GOOD = {
    "name": "spelling",
    "command": ["grep", "-q", "good", "m.txt"],
    "fix": ["sed", "-i.old", "s/bad/good/", "m.txt"],
}
HOPELESS = {"name": "types", "command": "echo 'm.txt:1: wrong type'; false", "fix": "true"}
NO_FIX = {"name": "tests", "command": "false", "fix": None}


async def test_fixes_what_fixers_can_fix_and_names_what_is_left(mechanic: Bench) -> None:
    (mechanic.workspace / "m.txt").write_text("bad\n")
    mechanic.checks = (GOOD, HOPELESS, NO_FIX)
    await mechanic.start()
    ended = await mechanic.turn("make the checks pass")
    assert ended.reason is TurnReason.DONE
    assert ended.summary == "fixed: spelling; still failing: types; 2 files changed"
    assert (mechanic.workspace / "m.txt").read_text() == "good\n"
    assert [(e.path, e.change) for e in mechanic.seen(FileChanged)] == [("m.txt", "modified"), ("m.txt.old", "added")]
    assert "wrong type" in mechanic.seen(AgentMessage)[0].text


async def test_says_so_when_a_fix_changes_nothing(mechanic: Bench) -> None:
    mechanic.checks = (GOOD, HOPELESS)
    (mechanic.workspace / "m.txt").write_text("good\n")
    await mechanic.start()
    await mechanic.turn("make the checks pass")
    before = len(mechanic.seen(ToolStarted))
    ended = await mechanic.turn("the check types failed (not the spellings)")
    assert ended.reason is TurnReason.COMPLETED
    assert ended.summary == "cannot fix: the fix commands of types changed nothing"
    assert [e.title for e in mechanic.seen(ToolStarted)[before:]] == [HOPELESS["command"], "true", HOPELESS["command"]]


async def test_says_so_when_nothing_declares_a_fix(mechanic: Bench) -> None:
    mechanic.checks = (NO_FIX,)
    await mechanic.start()
    ended = await mechanic.turn("make the checks pass")
    assert (ended.reason, ended.summary) == (
        TurnReason.COMPLETED,
        "cannot fix: no check declares a fix command",
    )


async def test_a_command_that_does_not_exist_is_reported(mechanic: Bench) -> None:
    mechanic.checks = ({"name": "lint", "command": "false", "fix": ["no-such-fixer"]},)
    await mechanic.start()
    ended = await mechanic.turn("make the checks pass")
    assert ended.summary == "still failing: lint; no file changed"
