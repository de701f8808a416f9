from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from agents.base import LaunchContext
from agents.registry import NAMES, driver
from cockpit.sessions.types import AgentNotice, AgentReady, Close, Send, Task, TurnEnded
from cockpit.types import SessionId


def _context(folder: Path, **settings: object) -> LaunchContext:
    return LaunchContext(
        session=SessionId("s1"),
        task=Task(prompt="a task"),
        workspace=folder,
        scratch=folder / "scratch",
        memory=folder / "memory",
        home=folder / "home",
        settings=settings,
        env={},
    )


def test_the_supervisors_side_imports_neither_the_sdk_nor_the_server() -> None:
    code = (
        "import sys; from agents.registry import NAMES, driver; [driver(n) for n in NAMES];"
        "print([m for m in ('openai', 'aiohttp', 'httpx2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_driver_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="there are: acp, codex, mechanic, native, terminal"):
        driver("nativ")


@pytest.mark.parametrize("name", NAMES)
def test_unusable_settings_are_named(name: str, tmp_path: Path) -> None:
    needed = {"command": ("an-agent",)} if name in ("acp", "terminal") else {}
    with pytest.raises(ValueError, match="agent settings: colour: Extra inputs"):
        driver(name).launch(_context(tmp_path, colour="red", **needed))


def test_native_needs_a_model_or_a_script(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="name a `model`, or a `script`"):
        driver("native").launch(_context(tmp_path))


@pytest.mark.parametrize("line", [b"Traceback (most recent call last):", b'{"type": "nonsense"}', b"\xff\x00", b"[]"])
def test_nonsense_becomes_a_notice(line: bytes) -> None:
    (event,) = driver("native").decode(line)
    assert isinstance(event, AgentNotice)


def test_empty_lines_say_nothing() -> None:
    assert driver("native").decode(b"\n") == []


async def test_the_command_line_that_is_given_starts_an_agent(tmp_path: Path) -> None:
    (tmp_path / "s.yml").write_text("rules: [{name: a, reply: {text: hello}}]")
    native = driver("native")
    launch = native.launch(_context(tmp_path, script="s.yml", approve="never-ask"))
    process = await asyncio.create_subprocess_exec(
        *launch.argv,
        env={**os.environ, **launch.env},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin and process.stdout
    process.stdin.write(native.encode(Send(id="1", text="hi")))
    events = []
    async for line in process.stdout:
        events += native.decode(line)
        if isinstance(events[-1], TurnEnded):
            process.stdin.write(native.encode(Close(id="2")))
    assert await process.wait() == 0
    assert isinstance(events[0], AgentReady) and events[0].scripted
    assert [e.summary for e in events if isinstance(e, TurnEnded)] == ["hello"]


def test_started_by_hand_it_says_how_it_is_started() -> None:
    done = subprocess.run([sys.executable, "-m", "agents.mechanic"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "started by the cockpit" in done.stderr
