"""`cockpit demo`: the whole loop on a sample repository, with a scripted model and nothing to set up."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cockpit.cli import FAILED, OK
from cockpit.cli.arguments import Arguments, UsageError
from cockpit.cli.repository import ensure_supervisor
from cockpit.demo import GIT_LIMIT_S, build, tasks
from cockpit.demo.story import EXPECTED, Story
from cockpit.protocol.client import Client, SupervisorGone
from cockpit.protocol.types import CreateTasks, Down, Subscribe
from cockpit.providers.paths import Paths
from cockpit.sessions.types import SessionStatus
from cockpit.types import SessionId

_TIME_LIMIT_S = 120.0


def demo(arguments: Arguments) -> int:
    """Run the demo: in a terminal with a screen, else headless."""
    if shutil.which("git") is None:
        raise UsageError("the demo needs git")
    folder = Path(tempfile.mkdtemp(prefix="cockpit-demo-"))
    os.environ["COCKPIT_HOME"] = str(folder / "home")
    is_headless = arguments.headless or not (sys.stdin.isatty() and sys.stdout.isatty())
    print(f"A sample repository in {folder}/shop; a scripted model stands in for a real one.", file=sys.stderr)
    repository = build(folder)
    paths = ensure_supervisor(repository)
    try:
        if is_headless:
            return _told(repository, *asyncio.run(_headless(paths)))
        asyncio.run(_begin(paths))
        return _on_screen(repository)
    finally:
        asyncio.run(_end(paths))
        shutil.rmtree(folder, ignore_errors=True)


def _on_screen(repository: Path) -> int:
    from cockpit.cli.attach import attach

    arguments = Arguments()
    arguments.repo = str(repository)
    code = attach(arguments, idle_exit_s=1.0)
    log = _git(repository, "log", "--oneline", "main")
    print(f"\nWhat landed on main:\n{log}\n\nThe demo ends its supervisor and agents now; nothing of it stays.")
    print("In your own repository: `cockpit init`, then `cockpit`.")
    return code


async def _begin(paths: Paths) -> list[SessionId]:
    async with await Client.connect(paths.supervisor_socket) as client:
        result = await client.call(CreateTasks(tasks=tasks()))
        return [SessionId(one) for one in result["sessions"]]


async def _headless(paths: Paths) -> tuple[Story, float]:
    """Play the whole story; return it, and how many seconds it took."""
    started = time.monotonic()
    async with await Client.connect(paths.supervisor_socket) as client:
        await client.call(Subscribe(everything=True))
        result = await client.call(CreateTasks(tasks=tasks()))
        story = Story(client, [SessionId(one) for one in result["sessions"]])
        await story.follow(_TIME_LIMIT_S)
    return story, time.monotonic() - started


def _told(repository: Path, story: Story, took_s: float) -> int:
    missing = sorted(EXPECTED - story.seen)
    has_landed = all(state.status is SessionStatus.LANDED for state in story.mine())
    log = _git(repository, "log", "--oneline", "main")
    is_clean = _git(repository, "status", "--porcelain") == ""
    print(f"\nmain, after {took_s:.1f} s:\n{log}")
    for one in sorted(story.seen):
        print(f"seen: {one}")
    for one in missing:
        print(f"NOT seen: {one}")
    return OK if has_landed and is_clean and not missing else FAILED


def _git(repository: Path, *words: str) -> str:
    done = subprocess.run(
        ("git", "-C", str(repository), *words), capture_output=True, text=True, check=False, timeout=GIT_LIMIT_S
    )
    return done.stdout.strip()


async def _end(paths: Paths) -> None:
    try:
        async with await Client.connect(paths.supervisor_socket) as client:
            await client.call(Down())
            async for _ in client.pushes():
                pass
    except SupervisorGone:
        pass
