"""Real programs in the terminal agent: turns from patterns and silence, keys, interrupts, floods, and their ends."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from pathlib import Path

import psutil
import pytest

from agents.base import Abilities
from agents.registry import driver
from agents.terminal.driver import TerminalDriver
from cockpit.providers.sandbox import Sandbox
from cockpit.sessions.types import (
    AgentMessage,
    AgentNotice,
    AgentReady,
    Answer,
    AnswerDecision,
    Interrupt,
    Keys,
    RequestKind,
    RequestRaised,
    RequestResolved,
    Resize,
    Steer,
    Steered,
    SteerOutcome,
    TerminalScreen,
    TurnEnded,
    TurnReason,
    TurnStarted,
)
from tests.agents.terminal.tube import QUICK, TerminalBench


def test_it_promises_what_it_can_keep() -> None:
    assert driver("terminal").abilities == Abilities(steers=False, resumes=False, asks=False, has_screen=True)
    assert TerminalDriver().variables({"env": {"A": "$ONE and $TWO"}}) == ("ONE", "TWO")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({}, "command"),
        ({"command": ["sh"], "patterns": {"idle": "("}}, "no regular expression"),
        ({"command": ["sh"], "submit": "ctrl+enter"}, "'ctrl\\+enter' is no key"),
        ({"command": ["sh"], "columns": 5}, "columns"),
    ],
)
async def test_unusable_settings_are_named(shell: TerminalBench, settings: dict[str, object], problem: str) -> None:
    shell.settings = settings
    with pytest.raises(ValueError, match=problem):
        await shell.begin()


async def test_a_message_is_typed_and_its_turn_ends_at_the_prompt(shell: TerminalBench) -> None:
    await shell.begin()
    ended = await shell.turn("echo six times seven is $((6*7)) >made.txt; cat made.txt")
    assert (ended.reason, ended.summary) == (TurnReason.COMPLETED, "six times seven is 42")
    assert (shell.workspace / "made.txt").read_text() == "six times seven is 42\n"
    told = shell.seen(AgentMessage)[-1].text
    assert told.splitlines()[-2:] == ["six times seven is 42", ">"]
    await shell.turn("tty")
    assert "not a tty" not in shell.seen(AgentMessage)[-1].text
    ready = shell.seen(AgentReady)[0]
    assert ready.agent.startswith("sh in a terminal")
    assert bool(ready.sandbox) == Sandbox.detect().is_active


async def test_without_patterns_a_turn_ends_when_it_is_quiet(shell: TerminalBench) -> None:
    shell.settings = {"command": ["cat"], **QUICK}
    await shell.start()
    assert (await shell.turn("said once")).reason is TurnReason.COMPLETED
    assert shell.seen(AgentMessage)[-1].text == "said once\nsaid once"


async def test_a_program_outside_its_workspace_is_confined(shell: TerminalBench, tmp_path: Path) -> None:
    if not Sandbox.detect().is_active:
        assert Sandbox.detect().problem
        return
    await shell.begin()
    await shell.turn(f"touch {tmp_path}/escaped inside; ls {shell.memory} | wc -l")
    assert (shell.workspace / "inside").exists()
    assert not (tmp_path / "escaped").exists()
    assert "\n0\n" in shell.seen(AgentMessage)[-1].text


async def test_what_waits_at_its_own_prompt_is_asked_for_and_taken_back(shell: TerminalBench) -> None:
    shell.settings["patterns"] = {"idle": r"^> ?\Z", "waiting": r"really\? ?\Z"}
    await shell.begin()
    shell.send("printf 'really? '; read answer; echo you said $answer")
    raised = await shell.until(RequestRaised)
    assert (raised.kind, raised.title) == (
        RequestKind.QUESTION,
        "It waits at its own prompt; attach to its terminal to answer",
    )
    assert raised.detail.endswith("really?")
    await shell.keys("yes\r")
    resolved = await shell.until(RequestResolved)
    assert (resolved.request, resolved.outcome) == (raised.request, "it no longer waits")
    await shell.until(TurnEnded)
    assert "you said yes" in shell.seen(AgentMessage)[-1].text


async def test_an_answer_from_the_queue_is_typed(shell: TerminalBench) -> None:
    shell.settings["patterns"] = {"idle": r"^> ?\Z", "waiting": r"really\? ?\Z"}
    await shell.begin()
    shell.send("printf 'really? '; read answer; echo you said $answer")
    raised = await shell.until(RequestRaised)
    shell.command(Answer(id=shell.command_id(), request=raised.request, decision=AnswerDecision.ONCE, text="perhaps"))
    await shell.until(TurnEnded)
    assert "you said perhaps" in shell.seen(AgentMessage)[-1].text


async def test_an_interrupt_ends_what_it_does_and_not_the_program(shell: TerminalBench) -> None:
    await shell.begin()
    await shell.at_work("sleep 1000")
    shell.command(Interrupt(id=shell.command_id()))
    ended = await shell.over()
    assert ended.reason is TurnReason.INTERRUPTED
    assert (await shell.turn("echo still here")).reason is TurnReason.COMPLETED


async def test_what_ignores_the_keys_is_ended_by_harder_means(shell: TerminalBench) -> None:
    await shell.begin()
    shell.send("sh -c 'trap \"\" INT TERM; echo deaf; while :; do sleep 0.1; done'")
    await shell.shows("\ndeaf")
    for _ in range(4):
        shell.command(Interrupt(id=shell.command_id()))
    ended = await shell.over()
    assert ended.reason is TurnReason.INTERRUPTED
    assert (await shell.turn("echo still here")).reason is TurnReason.COMPLETED


async def test_a_program_that_fails_fails_its_turn(shell: TerminalBench) -> None:
    await shell.begin()
    ended = await shell.turn("echo bye; exit 3")
    assert ended.reason is TurnReason.FAILED
    assert ended.error.startswith("the program ended with status 3: bye")
    assert await shell.ended() == 2
    assert "status 3" in shell.stderr()


async def test_a_program_that_leaves_in_good_order_ends_its_turn(shell: TerminalBench) -> None:
    await shell.begin()
    ended = await shell.turn("exit")
    assert (ended.reason, ended.summary) == (TurnReason.COMPLETED, "the program has ended")
    assert await shell.ended() == 0
    assert not shell.socket.exists()


async def test_a_program_that_is_not_there_is_told(shell: TerminalBench) -> None:
    shell.settings["command"] = ["no-such-program"]
    await shell.start(expect_ready=False)
    assert await shell.ended() == 2
    assert "no-such-program" in shell.stderr() or "status" in shell.stderr()


async def test_a_folder_that_is_not_there_is_named(shell: TerminalBench, tmp_path: Path) -> None:
    shell.settings["writable"] = [str(tmp_path / "missing")]
    await shell.start(expect_ready=not Sandbox.detect().is_active)
    if Sandbox.detect().is_active:
        assert await shell.ended() == 2
        assert "agent settings: writable" in shell.stderr()


async def test_a_persons_keys_make_a_turn_that_does_not_end_under_their_hands(shell: TerminalBench) -> None:
    await shell.begin()
    await shell.watch(is_attached=True)
    await shell.shows(">")
    await shell.keys("echo typed by hand\r")
    await shell.until(TurnStarted)
    await shell.shows("\ntyped by hand")
    # Longer than the silence that ends a turn: that nothing happens is only seen by waiting.
    await asyncio.sleep(0.6)  # ast-grep-ignore: no-sleep-in-tests
    assert not shell.seen(TurnEnded), "a person has the keyboard"
    await shell.watch(is_attached=False)
    ended = await shell.over()
    assert ended.reason is TurnReason.COMPLETED


async def test_keys_come_in_through_a_private_door(shell: TerminalBench) -> None:
    await shell.begin()
    assert stat.S_IMODE(shell.socket.stat().st_mode) == 0o600
    reader, writer = await asyncio.open_unix_connection(str(shell.socket))
    writer.write(b'{"op":"keys"}\n')
    assert b"not understood" in await reader.readline()
    writer.close()
    await writer.wait_closed()
    await shell.keys("stty -echo; echo hidden; read secret\r")
    await shell.shows("\nhidden")
    await shell.keys("hunter2\r")
    await shell.over()
    kept = "".join(path.read_text(errors="replace") for path in shell.memory.iterdir() if path.is_file())
    assert "hunter2" not in kept
    assert not any("hunter2" in event.model_dump_json() for event in shell.events)


async def test_pastes_are_bracketed_where_the_program_wants_them(shell: TerminalBench) -> None:
    await shell.begin()
    await shell.turn("printf '\\033[?2004h'")
    await shell.keys("cat -v\r")
    await shell.shows("cat -v")
    await shell.keys("a\tb\x1b[201~c", is_paste=True)
    await shell.keys("\r\x04")
    await shell.shows("^[[200~a\tb[201~c^[[201~".expandtabs(8))
    await shell.over(2)


async def test_cursor_keys_are_spelled_as_the_program_wants_them(shell: TerminalBench) -> None:
    await shell.begin()
    await shell.turn("printf '\\033[?1h'")
    await shell.keys("cat -v\r")
    await shell.shows("cat -v")
    await shell.keys("\x1b[A\x1b[1;5C\r\x04")
    await shell.shows("^[OA^[[1;5C")


async def test_a_full_screen_program_knows_its_size_and_a_new_one(shell: TerminalBench) -> None:
    assert shutil.which("less"), "less is installed where this runs"
    (shell.workspace / "long.txt").write_text("".join(f"line {n}\n" for n in range(1, 200)))
    await shell.begin()
    shell.send("less long.txt")
    glass = await shell.shows("line 11\nlong.txt")
    assert "line 12" not in glass.text()
    await shell.act(Resize(columns=50, rows=20))
    await shell.shows(lambda glass: (glass.columns, glass.rows) == (50, 20) and "line 19" in glass.text())
    await shell.keys("q")
    await shell.over()
    await shell.turn("stty size")
    assert "20 50" in shell.seen(AgentMessage)[-1].text


async def test_a_prompt_that_asks_the_terminal_is_answered(shell: TerminalBench) -> None:
    await shell.begin()
    await shell.turn("stty -icanon -echo min 0 time 20; printf '\\033[6n'; dd bs=1 count=6 2>/dev/null | cat -v; echo")
    assert "^[[" in shell.seen(AgentMessage)[-1].text


async def test_python_takes_lines_with_silence_as_its_prompt(shell: TerminalBench) -> None:
    shell.settings = {"command": ["python3", "-q"], "patterns": {"idle": r"^>>> ?\Z"}, **QUICK}
    await shell.begin()
    await shell.turn("sum(range(10))")
    assert "\n45\n>>>" in shell.seen(AgentMessage)[-1].text


async def test_a_redirect_waits_for_its_own_turn(shell: TerminalBench) -> None:
    await shell.begin()
    await shell.at_work("read line; echo got $line")
    shell.command(Steer(id=shell.command_id(), text="echo redirected", now=True))
    steered = await shell.until(Steered)
    assert steered.outcome is SteerOutcome.QUEUED
    await shell.keys("x\r")
    await shell.over(2)
    assert "redirected" in shell.seen(AgentMessage)[-1].text


COLOURS = r"while :; do printf '\033[3%dm\033[%d;1Hy %d' $((n%8)) $((n%12+1)) $((n=n+1)); done"


@pytest.mark.parametrize(("flood", "least_frames"), [("yes", 0), (COLOURS, 4)])
async def test_a_flood_costs_bounded_time_and_can_be_interrupted(
    shell: TerminalBench, flood: str, least_frames: int
) -> None:
    await shell.begin()
    await shell.watch()
    assert shell.process is not None
    bridge = psutil.Process(shell.process.pid)
    shell.send(flood)
    await shell.shows(lambda glass: glass.text().count("\ny") > 10)
    before, frames = bridge.cpu_times(), len(shell.seen(TerminalScreen))
    loop = asyncio.get_running_loop()
    since = loop.time()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2.5):
            await shell.until(TurnEnded)
    took_s, after = loop.time() - since, bridge.cpu_times()
    share = (after.user + after.system - before.user - before.system) / took_s
    assert share < 0.5, f"{share:.0%} of a processor"
    assert least_frames <= len(shell.seen(TerminalScreen)) - frames <= 16 * took_s + 1
    shell.command(Interrupt(id=shell.command_id()))
    assert (await shell.until(TurnEnded)).reason is TurnReason.INTERRUPTED


async def test_closing_leaves_nothing_behind(shell: TerminalBench) -> None:
    shell.settings["leave"] = "exit enter"
    await shell.begin()
    await shell.turn("sleep 1234 & sleep 1235 &")
    await shell.close()
    shell._stdin = os.open(os.devnull, os.O_WRONLY)
    shell._transport = None
    left = [
        one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] in (["sleep", "1234"], ["sleep", "1235"])
    ]
    assert not left


async def test_a_resumed_one_is_begun_by_its_own_command_or_says_that_it_begins_anew(shell: TerminalBench) -> None:
    await shell.start(resume=True)
    assert "begins anew" in shell.seen(AgentNotice)[0].text
    await shell.turn("exit")
    await shell.ended()
    shell.settings["resume"] = ["sh", "-c", "echo where we were; exec sh"]
    await shell.start(resume=True)
    assert shell.driver.abilities.resumes
    await shell.watch()
    await shell.shows("where we were")


async def test_what_is_typed_after_the_end_is_refused(shell: TerminalBench) -> None:
    await shell.begin()
    await shell.turn("exit")
    await shell.ended()
    with pytest.raises(OSError, match="No such file"):
        await shell.act(Keys(data="x"))
