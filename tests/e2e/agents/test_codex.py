"""The bridge with the real codex, against a scripted model: what only the real program can prove."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from agents.base import McpAccess
from agents.scripted.script import Script, parse
from agents.scripted.server import ScriptedModel
from cockpit.sessions.types import (
    AgentMessage,
    AgentNotice,
    AgentReady,
    AnswerDecision,
    FileChanged,
    MessageDelta,
    PlanChanged,
    RequestKind,
    RequestRaised,
    Retrying,
    Steered,
    SteerOutcome,
    ToolEnded,
    ToolStarted,
    TurnEnded,
    TurnReason,
    UsageReported,
)
from tests.agents.codex.harness import Bridge
from tests.e2e.agents.bed import programs

pytestmark = pytest.mark.timeout(120)

Step = dict[str, Any]
MakeReal = Callable[..., Bridge]


def run(command: str, **more: object) -> Step:
    return {"calls": [{"tool": "exec_command", "arguments": {"cmd": command, **more}}]}


HANG = run("sleep 4321", yield_time_ms=30_000)
SLOW = run("until [ -e go ]; do sleep 0.1; done", yield_time_ms=30_000)
SCRIPT: dict[str, list[Step]] = {
    "hello": [{"text": "Hello."}],
    "work": [
        {"text": "I look.", "reasoning": "Look first.", **run("echo out; exit 3")},
        {"calls": [{"tool": "write", "arguments": {"path": "new.txt", "text": "new\n"}}]},
        {"text": "Done."},
    ],
    "outside": [run("touch outside.txt"), {"text": "Then not."}],
    "plan": [
        {
            "calls": [
                {
                    "tool": "update_plan",
                    "arguments": {
                        "plan": [{"step": "look", "status": "completed"}, {"step": "edit", "status": "pending"}]
                    },
                }
            ]
        },
        {"text": "Planned."},
    ],
    "ask": [
        {
            "calls": [
                {
                    "tool": "request_user_input",
                    "arguments": {
                        "questions": [
                            {
                                "id": "color",
                                "header": "Color",
                                "question": "Which color?",
                                "options": [
                                    {"label": "red", "description": "r"},
                                    {"label": "blue", "description": "b"},
                                ],
                            }
                        ]
                    },
                }
            ]
        },
        {"text": "Thanks."},
    ],
    "hang": [HANG, {"text": "never"}],
    "slow": [SLOW, run("echo second"), {"text": "Slow is done."}],
    "daemon": [run("setsid sleep 4322 & sleep 4321", yield_time_ms=30_000), {"text": "never"}],
    "network": [run("curl -sS -m 5 $WHERE"), {"text": "Tried."}],
    "sandbox": [run("sh try.sh"), {"text": "Tried."}],
    "talk": [{"text": "word " * 200, "chunk_ms": 20}],
}


def script() -> Script:
    """Return the model's script: a tag in the message chooses what it does."""
    rules = [{"name": name, "when": {"tag": name}, "steps": steps} for name, steps in SCRIPT.items()]
    return parse(yaml.safe_dump({"rules": [*rules, {"name": "else", "reply": {"text": "Heard."}}]}))


class Real:
    """A repository, the scripted model, and bridges to the real codex."""

    def __init__(self, folder: Path, model: ScriptedModel, log: Path) -> None:
        self.folder, self.model, self.log = folder, model, log
        self.repo = folder / "repo"
        self.repo.mkdir()
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.email", "a@b.c")
        self.git("config", "user.name", "A")
        (self.repo / "a.txt").write_text("old\n")
        self.git("add", ".")
        self.git("commit", "-qm", "first")
        self.bridges: list[Bridge] = []

    def git(self, *words: str, cwd: Path | None = None) -> str:
        done = subprocess.run(["git", *words], cwd=cwd or self.repo, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def bridge(self, **settings: object) -> Bridge:
        name = f"s{len(self.bridges) + 1}"
        made = {"command": str(programs() / "codex"), "model": "gpt-5.5", "base_url": self.model.url, **settings}
        bridge = Bridge(self.folder, made, name)
        bridge.workspace.rmdir()
        self.git("worktree", "add", "-q", "-b", f"cockpit/{name}", str(bridge.workspace))
        self.bridges.append(bridge)
        return bridge

    def heard(self) -> str:
        """Return the last request to the model."""
        return self.log.read_text().splitlines()[-1]


@pytest.fixture
async def real(tmp_path: Path) -> AsyncIterator[Real]:
    log = tmp_path / "requests.jsonl"
    async with ScriptedModel(script(), request_log=log) as model:
        one = Real(tmp_path, model, log)
        yield one
        for bridge in one.bridges:
            await bridge.close()
            assert not _running(f"{bridge.scratch}"), "something is left of the session"


def _running(words: str) -> list[str]:
    """Return what runs with these words in its command line or environment, but this process."""
    found = []
    for process in psutil.process_iter():
        try:
            line = " ".join([*process.cmdline(), *process.environ().values()])
            if words in line and process.pid != psutil.Process().pid and process.status() != psutil.STATUS_ZOMBIE:
                found.append(line)
        except psutil.Error:
            continue
    return found


async def test_a_turn_tells_what_was_said_done_and_used(real: Real) -> None:
    bridge = real.bridge()
    await bridge.start()
    ended = await bridge.turn("[script:work] please")
    assert (ended.reason, ended.summary) == (TurnReason.COMPLETED, "Done.")
    command, edit = bridge.seen(ToolEnded)
    assert (command.ok, command.exit_code, command.output) == (False, 3, "out\n")
    assert edit.ok
    assert [tool.tool for tool in bridge.seen(ToolStarted)] == ["run", "edit"]
    assert [(one.path, one.change) for one in bridge.seen(FileChanged)] == [("new.txt", "added")]
    said = [(one.text, one.is_reasoning) for one in bridge.seen(AgentMessage)]
    assert said == [("Look first.", True), ("I look.", False), ("Done.", False)]
    usage = bridge.seen(UsageReported)
    assert len(usage) == 3
    assert all(0 < one.input_tokens < one.context_window for one in usage if one.context_window)
    assert sorted(path.name for path in bridge.workspace.iterdir()) == [".git", "a.txt", "new.txt"]


async def test_what_is_asked_is_whole_and_a_denial_is_heard(real: Real) -> None:
    bridge = real.bridge(mode="untrusted")
    await bridge.start()
    await bridge.send("[script:outside]")
    request = await bridge.until(RequestRaised)
    assert (request.kind, request.shell) == (RequestKind.COMMAND, "touch outside.txt")
    assert request.cwd == str(bridge.workspace)
    await bridge.answer(request.request, AnswerDecision.DENY, "put it elsewhere")
    assert (await bridge.until(TurnEnded)).summary == "Then not."
    assert "put it elsewhere" in real.heard()
    assert not (bridge.workspace / "outside.txt").exists()
    await bridge.send("[script:work]")
    await bridge.answer((await bridge.until(RequestRaised)).request, AnswerDecision.ONCE)
    edit = await bridge.until(RequestRaised)
    assert (edit.kind, edit.paths) == (RequestKind.EDIT, (str(bridge.workspace / "new.txt"),))
    assert "new" in edit.detail
    await bridge.answer(edit.request, AnswerDecision.ONCE)
    await bridge.until(TurnEnded)
    assert (bridge.workspace / "new.txt").read_text() == "new\n"


async def test_plans_questions_and_reviews(real: Real) -> None:
    bridge = real.bridge()
    await bridge.start()
    await bridge.turn("[script:plan]")
    assert [step.text for step in bridge.seen(PlanChanged)[0].steps] == ["look", "edit"]
    await bridge.send("[script:ask]")
    question = await bridge.until(RequestRaised)
    assert (question.title, question.options) == ("Which color?", ("red", "blue"))
    await bridge.answer(question.request, AnswerDecision.ONCE, "blue")
    await bridge.until(TurnEnded)
    assert "blue" in real.heard()
    await bridge.review("Say hello. [script:hello]")
    assert (await bridge.until(TurnEnded)).reason is TurnReason.COMPLETED
    assert "Hello." in bridge.seen(AgentMessage)[-1].text


async def test_redirects(real: Real) -> None:
    bridge = real.bridge()
    await bridge.start()
    await bridge.send("[script:slow]")
    await bridge.until(ToolStarted)
    await bridge.steer("and be brief")
    while not bridge.sent("turn/steer"):
        await asyncio.sleep(0.05)
    (bridge.workspace / "go").touch()
    assert (await bridge.until(Steered)).outcome is SteerOutcome.INJECTED
    assert (await bridge.until(TurnEnded)).summary == "Slow is done."
    await bridge.send("[script:talk]")
    await bridge.until(MessageDelta)
    await bridge.steer("[script:hello] instead")
    assert (await bridge.until(Steered)).outcome is SteerOutcome.INJECTED
    assert (await bridge.until(TurnEnded)).summary == "Hello."
    await bridge.send("[script:hang]")
    await bridge.until(ToolStarted)
    await bridge.steer("[script:hello] now", now=True)
    assert (await bridge.until(Steered)).outcome is SteerOutcome.RESTARTED
    assert (await bridge.until(TurnEnded)).summary == "Hello."
    assert not _running("sleep 4321")


@pytest.mark.parametrize("sandbox", ["workspace-write", "danger-full-access"])
async def test_an_interrupt_leaves_no_process(real: Real, sandbox: str) -> None:
    bridge = real.bridge(sandbox=sandbox, mode="never")
    await bridge.start()
    await bridge.send("[script:daemon]")
    await bridge.until(ToolStarted)
    while not _running("sleep 4322"):
        await asyncio.sleep(0.05)
    await bridge.interrupt()
    assert (await bridge.until(TurnEnded)).reason is TurnReason.INTERRUPTED
    assert not _running("sleep 432")
    assert (await bridge.turn("[script:hello]")).summary == "Hello."


async def test_a_killed_codex_is_begun_again_and_a_killed_bridge_resumes(real: Real) -> None:
    bridge = real.bridge()
    await bridge.start()
    await bridge.send("[script:hang]")
    await bridge.until(ToolStarted)
    assert bridge.process is not None
    codex = psutil.Process(bridge.process.pid).children()[0]
    codex.kill()
    assert (await bridge.until(TurnEnded)).reason is TurnReason.COMPLETED  # the script goes on with its next step
    assert any("signal 9" in notice.text for notice in bridge.seen(AgentNotice))
    await bridge.turn("[script:hello] remember me")
    await bridge.kill()
    await bridge.start(resume=True)
    before = len(bridge.seen(UsageReported))
    await bridge.turn("[script:hello] again")
    assert "remember me" in real.heard()
    assert len(bridge.seen(UsageReported)) == before + 1  # what was used before is not told again
    other = real.bridge()
    other.fork = bridge.seen(AgentReady)[0].thread
    await other.start()
    await other.turn("[script:hello] in a fork")
    assert "remember me" in real.heard()
    assert other.seen(AgentReady)[0].thread != other.fork
    assert str(other.workspace) in real.heard()


async def test_a_dead_endpoint_is_told_and_can_be_interrupted(real: Real) -> None:
    bridge = real.bridge(base_url="http://127.0.0.1:9/v1")
    await bridge.start()
    await bridge.send("hello")
    assert "Reconnecting" in (await bridge.until(Retrying)).message
    await bridge.interrupt()
    assert (await bridge.until(TurnEnded)).reason is TurnReason.INTERRUPTED


async def test_tools_that_cannot_be_reached_are_told(real: Real) -> None:
    bridge = real.bridge()
    bridge.mcp = McpAccess("http://127.0.0.1:9/mcp", "a-token-of-this-session")
    await bridge.start()
    assert (await bridge.turn("[script:hello]")).reason is TurnReason.COMPLETED
    assert any("cockpit's tools" in notice.text for notice in bridge.seen(AgentNotice))
    assert not any("a-token-of-this-session" in text for _, text in bridge.frames())


async def test_the_sandbox_lets_commit_and_nothing_else(real: Real) -> None:
    bridge, other = real.bridge(), real.bridge()
    git = real.repo / ".git"
    own = git / "worktrees" / Path(real.git("rev-parse", "--git-dir", cwd=bridge.workspace)).name
    refused = {
        "another workspace": f"echo x >{other.workspace}/x",
        "reading another workspace": f"cat {other.workspace}/a.txt",
        "/tmp": "echo x >/tmp/codex-was-here",
        "hooks": f"echo x >{git}/hooks/pre-commit",
        "configuration": f"echo x >>{git}/config",
        "configuration of the worktree": f"echo x >{own}/config.worktree",
        "where the repository is": f"echo x >{own}/commondir",
        "other branches": f"echo x >{git}/refs/heads/main",
        "the index of another worktree": f"echo x >{own.with_name('tree1')}/index",
        "the link to the repository": "echo x >.git",
        "the configuration of codex here": "echo x >.codex/config.toml",
        "the log-in": f"cat {bridge.home}/auth.json",
        "other conversations": f"ls {bridge.home}/sessions",
        "the memory of the bridge": f"cat {bridge.memory}/commands.jsonl",
        "the repository itself": f"echo x >{real.repo}/a.txt",
    }
    allowed = {
        "a commit": "echo new >a.txt && git commit -qam from-codex",
        "its scratch folder": "echo x >$TMPDIR/x",
        "its own files": "echo x >mine.txt",
        "git status": "git status --short",
    }
    lines = [f"if ( {command} ) 2>/dev/null; then echo 'could: {name}'; fi" for name, command in refused.items()]
    lines += [f"if ( {command} ) >/dev/null; then echo 'works: {name}'; fi" for name, command in allowed.items()]
    (bridge.workspace / "try.sh").write_text("\n".join(lines))
    home = Path(bridge.env["HOME"], ".codex")
    home.mkdir(parents=True)
    (home / "auth.json").write_text("{}")
    await bridge.start()
    assert (await bridge.turn("[script:sandbox]")).summary == "Tried."
    said = bridge.seen(ToolEnded)[0].output.splitlines()
    assert said == [f"works: {name}" for name in allowed]
    assert real.git("log", "-1", "--format=%s", "cockpit/s1") == "from-codex"


@pytest.mark.parametrize("network", [True, False])
async def test_commands_reach_the_network_where_that_is_set(real: Real, network: bool) -> None:
    bridge = real.bridge(network=network, env={"WHERE": f"{real.model.url}/models"})
    await bridge.start()
    await bridge.turn("[script:network]")
    assert bridge.seen(ToolEnded)[0].ok is network


async def test_the_users_configuration_is_used_and_left_alone(real: Real) -> None:
    bridge = real.bridge(model="")
    home = Path(bridge.env["HOME"], ".codex")
    home.mkdir(parents=True)
    text = 'model = "gpt-5.4"\n[tui]\nanimations = true\n'
    (home / "config.toml").write_text(text)
    await bridge.start()
    await bridge.turn("[script:hello]")
    assert json.loads(real.heard())["body"]["model"] == "gpt-5.4"
    assert (home / "config.toml").read_text() == text
    assert sorted(path.name for path in home.iterdir()) == ["config.toml"]
