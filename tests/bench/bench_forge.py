"""The forge as a supervisor runs it: from the key press to the first result of the gate, cold and warm."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from cockpit.config.model import Config
from cockpit.protocol.forge import CloseForge, FollowForge, OpenForge
from cockpit.providers.clock import SystemClock
from cockpit.providers.git import Repository
from cockpit.rules.types.forging import ForgeView, Offence, Pointed, Progress
from cockpit.state.model import State
from cockpit.supervisor.services import Services
from tests.bench.figures import below, figure, heading, percentile
from tests.bench.rules.corpora import corpus

ROOT = Path(__file__).parent.parent.parent
OFFENCE = Offence(
    kind=Pointed.FINDING,
    path="app/views.py",
    snippet="data = json.loads(request.body)",
    fix="data = parse(request.body)",
    said="parse at the boundary",
)
TIMES = 7
BLOCKED_EVERY_S = 0.002


def main(quick: bool) -> None:
    """Measure; `quick` measures on this repository in place of Django."""
    asyncio.run(_main(ROOT if quick else corpus("django")))


async def _main(tree: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        root = tree if (tree / ".git").exists() else await asyncio.to_thread(_as_repository, tree, Path(place) / "tree")
        heading(f"the forge on {tree.name}")
        below("loading the forge in a thread", await _loading(), 1000, "ms")
        async with _forges(root, Path(place)) as forges:
            cold = await _once(forges)
            below("key press to first gate result, cold", cold["first"], 1000, "ms")
            warm = [await _once(forges) for _ in range(TIMES)]
            firsts = [one["first"] for one in warm]
            below("key press to first gate result, warm, p50", percentile(firsts, 0.5), 200, "ms")
            below("key press to first gate result, warm, worst", max(firsts), 200, "ms")
            below(
                "key press to everything judged, warm, p50", percentile([one["all"] for one in warm], 0.5), 5000, "ms"
            )
            worst = max(one["blocked"] for one in [cold, *warm])
            below("the loop was blocked at most", worst, 100, "ms")
            figure("candidates / commits looked at", f"{int(cold['books'])} / {int(cold['commits'])}")


async def _loading() -> float:
    """Return how long the modules take to load in a process that has none of them."""
    code = (
        "import time, cockpit.supervisor.daemon\nbegun = time.perf_counter()\n"
        "import cockpit.supervisor.forge.forges\nprint(time.perf_counter() - begun)"
    )
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return float(done.stdout) * 1000


@contextlib.asynccontextmanager
async def _forges(root: Path, place: Path) -> AsyncIterator[Callable[[Any], Any]]:
    from cockpit.supervisor.forge.forges import Forges

    repository = await Repository.open(root, place / "own")
    parts: dict[str, Any] = {
        "repository": repository,
        "record": SimpleNamespace(state=State(target=await repository.current_branch() or "main")),
        "paths": SimpleNamespace(state=place / "state"),
        "clock": SystemClock(),
        "config": Config(),
    }
    ended = asyncio.Event()
    opened: asyncio.Future[Forges] = asyncio.get_running_loop().create_future()

    async def run() -> None:
        async with asyncio.TaskGroup() as tasks:
            opened.set_result(Forges(cast("Services", SimpleNamespace(**parts)), tasks))
            await ended.wait()

    running = asyncio.create_task(run())
    forges = await opened
    try:
        yield lambda command: forges(command, "ana")
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def _once(forges: Callable[[Any], Any]) -> dict[str, float]:
    watching = asyncio.create_task(_blocked())
    started = time.perf_counter()
    forge = (await forges(OpenForge(offences=(OFFENCE,))))["forge"]
    view, first = ForgeView(), 0.0
    while view.progress is not Progress.JUDGED:
        view = ForgeView.model_validate(await forges(FollowForge(forge=forge, after=view.version)))
        if not first and any(book.verdicts for book in view.books):
            first = time.perf_counter() - started
    whole = time.perf_counter() - started
    watching.cancel()
    await forges(CloseForge(forge=forge))
    with contextlib.suppress(asyncio.CancelledError):
        await watching
    told = {"first": first * 1000, "all": whole * 1000, "blocked": max(_GAPS) * 1000}
    _GAPS.clear()
    return {**told, "books": len(view.books), "commits": view.commits}


_GAPS: list[float] = []


async def _blocked() -> None:
    """Note how late the loop wakes."""
    while True:
        before = time.perf_counter()
        await asyncio.sleep(BLOCKED_EVERY_S)
        _GAPS.append(time.perf_counter() - before - BLOCKED_EVERY_S)


def _as_repository(tree: Path, root: Path) -> Path:
    """Copy a tree into a repository with one commit. Blocking."""
    subprocess.run(["cp", "-r", str(tree), str(root)], check=True)
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        identity = ["-c", "user.name=Ana", "-c", "user.email=ana@localhost"]
        subprocess.run(["git", *identity, *words], cwd=root, check=True)
    return root
