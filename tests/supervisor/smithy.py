"""A repository with sessions' work in it, and forges on it without a whole supervisor."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from cockpit.changes.types import ChangeStat, FileStat
from cockpit.config.model import Config
from cockpit.providers.clock import SystemClock
from cockpit.providers.git import Repository
from cockpit.rules.runtime.gate import Gate
from cockpit.rules.types.forging import Book, ForgeView, Offence, Pointed, Progress
from cockpit.sessions.types import SessionStatus, Task
from cockpit.state.model import SessionState, State
from cockpit.supervisor.forge.forge import Forge
from cockpit.supervisor.forge.forges import Forges
from cockpit.supervisor.services import Services
from cockpit.types import CommitId, SessionId
from tests.supervisor.world import git

BASE = "import requests\n\n\ndef first(url):\n    return requests.get(url, timeout=3)\n"
MISTAKE = (
    BASE + "\n\ndef second(url, key):\n    return requests.get(\n        url,\n        headers={'key': key},\n    )\n"
)
WITHIN_S = 15.0


@dataclass(slots=True)
class Smithy:
    """A repository with sessions, and what forges need of a supervisor."""

    root: Path
    services: Services
    repository: Repository
    state: State

    async def session(self, name: str, files: dict[str, str]) -> SessionId:
        """Let a session have changed these files."""
        git(self.root, "checkout", "-q", "-b", name, "main")
        for path, text in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text)
        git(self.root, "add", "-A")
        git(self.root, "commit", "-q", "-m", name)
        base, tip = (CommitId(git(self.root, "rev-parse", ref)) for ref in ("main", name))
        git(self.root, "checkout", "-q", "main")
        trees = [await self.repository.tree_of(one) for one in (base, tip)]
        change = ChangeStat(base=trees[0], tree=trees[1], files=tuple(FileStat(path=path) for path in files))
        session = SessionState(
            id=SessionId(name), number=len(self.state.sessions) + 1, task=Task(prompt=name), created_at=0.0
        )
        session.status, session.change = SessionStatus.WORKING, change
        self.state.sessions[session.id] = session
        return session.id

    @contextlib.asynccontextmanager
    async def forge(self, *offences: Offence) -> AsyncIterator[Forge]:
        """Open a forge, and close it."""
        forge = Forge("1", self.services, offences, "ana")
        async with Gate(self.services.paths.state / "forge-cache") as gate:
            running = asyncio.create_task(forge.run(gate))
            try:
                yield forge
            finally:
                running.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await running


async def open_smithy(tmp_path: Path) -> Smithy:
    """Make the repository: one good call, one bad one."""
    root = tmp_path / "repo"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "user.name", "Ana")
    git(root, "config", "user.email", "ana@localhost")
    (root / "calls.py").write_text(BASE)
    (root / "old.py").write_text("import requests\n\nx = requests.get(where)\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "fetch things")
    repository = await Repository.open(root, tmp_path / "own")
    state = State(target="main")
    parts: dict[str, Any] = {
        "repository": repository,
        "record": SimpleNamespace(state=state),
        "paths": SimpleNamespace(state=tmp_path / "state"),
        "clock": SystemClock(),
        "config": Config(),
    }
    return Smithy(root, cast("Services", SimpleNamespace(**parts)), repository, state)


async def until(forge: Forge, condition: Callable[[ForgeView], bool]) -> ForgeView:
    """Follow a forge until something is so."""
    view = forge.view()
    async with asyncio.timeout(WITHIN_S):
        while not condition(view):
            view = await forge.follow(view.version)
    return view


def is_judged(view: ForgeView) -> bool:
    return view.progress is Progress.JUDGED and bool(view.books) and all(one.is_judged for one in view.books)


def on_line(session: SessionId, line: int, **said: Any) -> Offence:
    return Offence(kind=Pointed.DIFF_LINE, session=session, path="calls.py", line=line, **said)


def good_one(view: ForgeView) -> Book:
    """Return the best candidate that objects to calls without a timeout."""
    return next(one for one in view.books if one.is_proven and one.in_sessions)


@contextlib.asynccontextmanager
async def opened(smithy: Smithy) -> AsyncIterator[Forges]:
    """Have forges as long as a supervisor runs."""
    ended = asyncio.Event()

    async def run(ready: asyncio.Future[Forges]) -> None:
        async with asyncio.TaskGroup() as tasks:
            ready.set_result(Forges(smithy.services, tasks))
            await ended.wait()

    ready: asyncio.Future[Forges] = asyncio.get_running_loop().create_future()
    running = asyncio.create_task(run(ready))
    try:
        yield await ready
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
