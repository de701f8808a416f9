"""What codex costs: ten conversations in ten processes, and the same ten in one. `python -m tests.bench.bench_codex`.

Each conversation has carried out a turn with one command. A scripted model stands in for the paid one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil

from agents.child import Child
from agents.codex.home import prepare
from agents.codex.process import program
from agents.codex.rpc import Params, Peer, RpcError
from agents.codex.settings import CodexSettings
from agents.scripted.script import parse
from agents.scripted.server import ScriptedModel
from agents.trace import Trace
from tests.bench.figures import figure, heading
from tests.e2e.agents.bed import programs

CONVERSATIONS = 10
LIMIT_S = 60.0
SCRIPT = """
rules:
- name: one command
  steps:
  - calls: [{tool: exec_command, arguments: {cmd: echo done}}]
  - text: Done.
"""
_MB = 1 << 20


class Ear:
    """Hears when a turn of codex's ends."""

    def __init__(self) -> None:
        self.ended: dict[str, asyncio.Event] = {}

    def notified(self, method: str, params: Params) -> None:
        if method == "turn/completed":
            self.ended[params["threadId"]].set()

    async def requested(self, method: str, params: Params) -> Params:
        raise RpcError(f"nobody answers {method}")

    def puzzled(self, problem: str) -> None:
        raise AssertionError(problem)


class Process:
    """One codex."""

    def __init__(self, child: Child, peer: Peer, ear: Ear) -> None:
        self.child, self.peer, self.ear = child, peer, ear

    async def converse(self, workspace: Path) -> None:
        """Begin a conversation and carry out a turn."""
        begun = await self.ask("thread/start", cwd=str(workspace), model="gpt-5.5", sandbox="workspace-write")
        thread = begun["thread"]["id"]
        self.ear.ended[thread] = asyncio.Event()
        await self.ask("turn/start", threadId=thread, input=[{"type": "text", "text": "go", "text_elements": []}])
        async with asyncio.timeout(LIMIT_S):
            await self.ear.ended[thread].wait()

    async def ask(self, method: str, **params: Any) -> Params:
        return await self.peer.request(method, params, timeout_s=LIMIT_S)


@asynccontextmanager
async def codex(argv: tuple[str, ...], env: Mapping[str, str], folder: Path) -> AsyncIterator[Process]:
    """Run a codex that was greeted."""
    child = await Child.start((*argv, "app-server"), cwd=folder, env=env, errors=folder / "codex.log")
    trace = Trace(folder / f"trace-{child.pid}.jsonl")
    ear = Ear()
    peer = Peer(child, trace, ear)
    reading = asyncio.create_task(peer.run())
    try:
        process = Process(child, peer, ear)
        client = {"name": "bench", "title": "Bench", "version": "0"}
        await process.ask("initialize", clientInfo=client, capabilities={"experimentalApi": True})
        await peer.notify("initialized")
        yield process
    finally:
        await child.stop()
        await reading
        trace.close()


def memory(processes: Iterable[Process]) -> str:
    """Return what the processes and what they started take, in MB."""
    family = [one for process in processes for one in _family(process.child.pid)]
    infos = [one.memory_full_info() for one in family]
    shared = " · ".join(
        f"{name.upper()} {sum(getattr(info, name) for info in infos) / _MB:.0f}"
        for name in ("rss", "pss", "uss")
        if all(hasattr(info, name) for info in infos)
    )
    return f"{shared} MB in {len(family)} processes"


def _family(pid: int) -> list[psutil.Process]:
    first = psutil.Process(pid)
    return [first, *first.children(recursive=True)]


async def _measure() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(prefix="bench-codex-") as name:
        folder = Path(name)
        for made in ("work", "tmp"):
            (folder / made).mkdir()
        async with ScriptedModel(parse(SCRIPT)) as model:
            settings = CodexSettings(command=str(programs() / "codex"), base_url=model.url)
            home = folder / "home"
            prepare(home, settings, {"HOME": str(folder)})
            path = f"{programs()}:{os.environ['PATH']}"
            env = {"PATH": path, "HOME": str(folder), "CODEX_HOME": str(home), "TMPDIR": str(folder / "tmp")}
            native = program(settings, env)
            heading(f"{CONVERSATIONS} conversations with codex")
            for label, argv in (("launched by npm's program", settings.argv()), ("the program itself", native)):
                began = time.monotonic()
                async with contextlib.AsyncExitStack() as stack:
                    processes = []
                    for _ in range(CONVERSATIONS):
                        processes.append(await stack.enter_async_context(codex(argv, env, folder)))
                        await processes[-1].converse(folder / "work")
                    figure(f"a process each, {label}", f"{memory(processes)}, {time.monotonic() - began:.1f} s")
            began = time.monotonic()
            async with codex(native, env, folder) as one:
                for _ in range(CONVERSATIONS):
                    await one.converse(folder / "work")
                figure("one process for all", f"{memory([one])}, {time.monotonic() - began:.1f} s")


def main(_quick: bool = False) -> None:
    """Measure."""
    asyncio.run(_measure())


if __name__ == "__main__":
    main()
