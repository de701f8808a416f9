from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

from agents.native.approval import Approvals, Ruling, Wish
from agents.native.settings import Approve
from agents.requests import Requests
from agents.wire import CommandLog, Wire
from cockpit.sessions.types import (
    AgentReady,
    Answer,
    AnswerDecision,
    RequestKind,
    RequestRaised,
    ToolEnded,
    ToolOutput,
    TurnEnded,
    TurnReason,
)
from tests.agents.bench import Bench

RUN_TWICE = """
rules:
  - name: a
    steps:
      - calls: [{tool: run, arguments: {command: "echo hi"}}]
      - calls: [{tool: run, arguments: {command: "echo hi"}}]
      - text: "over"
"""


def _unconfined(bench: Bench, folder: Path) -> None:
    """Give the agent a PATH without a sandbox."""
    programs = folder / "bin"
    programs.mkdir()
    for name in ("bash", "sh", "echo", "cat", "sleep"):
        found = shutil.which(name)
        assert found
        (programs / name).symlink_to(found)
    bench.env = {"PATH": str(programs)}


async def test_without_a_sandbox_each_command_asks_and_a_denial_reaches_the_model(bench: Bench, tmp_path: Path) -> None:
    _unconfined(bench, tmp_path)
    async with bench.model(RUN_TWICE) as model:
        bench.use(model, approve="sandboxed")
        await bench.start()
        assert bench.seen(AgentReady)[0].sandbox == ""
        bench.send("work")
        request = await bench.until(RequestRaised)
        assert (request.kind, request.title) == (RequestKind.COMMAND, "echo hi")
        assert (request.argv, request.shell) == ((), "echo hi") and request.cwd == str(bench.workspace)
        assert "not sandboxed" in request.reason and request.escalates
        deny = Answer(id="a1", request=request.request, decision=AnswerDecision.DENY, text="use printf")
        bench.command(deny)
        request = await bench.until(RequestRaised)
        bench.command(Answer(id="a2", request=request.request, decision=AnswerDecision.ONCE))
        await bench.until(TurnEnded)
    assert bench.requests()[1]["input"][-1]["output"] == "this command was denied: use printf"
    assert "hi" in bench.requests()[2]["input"][-1]["output"]


async def test_every_command_is_asked_for_since_the_agent_remembers_no_answer(bench: Bench) -> None:
    async with bench.model(RUN_TWICE) as model:
        bench.use(model, approve="ask")
        await bench.start()
        bench.send("work")
        for number in range(2):
            request = await bench.until(RequestRaised)
            bench.command(Answer(id=f"a{number}", request=request.request, decision=AnswerDecision.ONCE))
        await bench.until(TurnEnded)
    is_confined = bench.seen(AgentReady)[0].sandbox != ""
    assert all(request.escalates is not is_confined for request in bench.seen(RequestRaised))
    assert len(bench.seen(RequestRaised)) == 2 and all(e.ok for e in bench.seen(ToolEnded))


async def test_asking_for_the_network_asks_the_human(bench: Bench) -> None:
    script = """
rules:
  - name: a
    steps:
      - calls: [{tool: run, arguments: {argv: [echo, hi], needs_network: true, reason: "fetch it"}}]
      - text: over
"""
    async with bench.model(script) as model:
        bench.use(model, approve="sandboxed")
        await bench.start()
        bench.send("work")
        request = await bench.until(RequestRaised)
        bench.command(Answer(id="a1", request=request.request, decision=AnswerDecision.ONCE))
        await bench.until(TurnEnded)
    assert "it asks for the network; fetch it" in request.reason and request.escalates
    assert bench.seen(ToolEnded)[0].ok


async def test_confined_commands_see_neither_the_memory_nor_the_network(bench: Bench) -> None:
    script = """
rules:
  - name: a
    steps:
      - calls:
          - {tool: run, arguments: {command: "ls MEMORY; echo x > MEMORY/x; echo x > $TMPDIR/x && echo wrote"}}
          - {tool: run, arguments: {command: "cat /proc/net/dev | grep -c eth; pwd", cwd: sub}}
      - text: over
""".replace("MEMORY", str(bench.memory))
    (bench.workspace / "sub").mkdir()
    async with bench.model(script) as model:
        bench.use(model, approve="never-ask")
        await bench.start()
        await bench.turn("work")
    first, second = (e.output for e in bench.seen(ToolEnded))
    assert "wrote" in first and (bench.scratch / "x").exists()
    assert second.endswith(f"{bench.workspace / 'sub'}\n")
    # Where nothing can confine (macOS), the agent must have said so.
    is_confined = bench.seen(AgentReady)[0].sandbox != ""
    assert is_confined == (shutil.which("bwrap") is not None)
    assert ("conversation.jsonl" not in first) == is_confined
    assert (bench.memory / "x").exists() != is_confined
    assert not is_confined or second.startswith("exit status 0\n0\n")


def _approvals(tmp_path: Path, mode: Approve, *, is_sandboxed: bool = True) -> Approvals:
    log = CommandLog(tmp_path / "commands.jsonl")
    log.close()
    requests = Requests(Wire(1, log))
    return Approvals(mode, is_sandboxed=is_sandboxed, has_network=False, requests=requests)


def _shell(command: str, **more: bool) -> Wish:
    return Wish(argv=("bash", "-c", command), shell=command, network=more.get("network", False))


def test_writing_elsewhere_is_asked_for(tmp_path: Path) -> None:
    wish = Wish(argv=("pytest",), writable=(Path("/opt/x"),))
    assert _approvals(tmp_path, Approve.SANDBOXED).rule(wish) is Ruling.ASK


@pytest.mark.parametrize(
    ("mode", "is_sandboxed", "network", "ruling"),
    [
        (Approve.SANDBOXED, True, False, Ruling.RUN),
        (Approve.SANDBOXED, True, True, Ruling.ASK),
        (Approve.SANDBOXED, False, False, Ruling.ASK),
        (Approve.ASK, True, False, Ruling.ASK),
        (Approve.NEVER_ASK, True, False, Ruling.RUN),
        (Approve.NEVER_ASK, True, True, Ruling.REFUSE),
        (Approve.NEVER_ASK, False, False, Ruling.RUN),
    ],
)
def test_what_policy_says(tmp_path: Path, mode: Approve, is_sandboxed: bool, network: bool, ruling: Ruling) -> None:
    assert _approvals(tmp_path, mode, is_sandboxed=is_sandboxed).rule(_shell("ls", network=network)) is ruling


async def test_sigterm_ends_in_good_order_and_the_turn_is_gone_on_with(bench: Bench) -> None:
    script = """
rules:
  - name: later
    when: {output: "cut short"}
    reply: {text: "went on"}
  - name: a
    reply: {calls: [{tool: run, arguments: {command: "echo begun; sleep 300"}}]}
"""
    async with bench.model(script) as model:
        bench.use(model)
        await bench.start()
        bench.send("work")
        await bench.until(ToolOutput)
        assert bench.process is not None and bench.process.pid is not None
        os.kill(bench.process.pid, signal.SIGTERM)
        ended = await bench.until(TurnEnded)
        assert ended.reason is TurnReason.INTERRUPTED and ended.goes_on
        assert await bench.ended() == 0
        await bench.start(resume=True)
        assert (await bench.until(TurnEnded)).summary == "went on"
