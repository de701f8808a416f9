"""What a look at an agent's tree costs: GitPython in a thread against our own process.

Run it with `python -m tests.bench.bench_git [files]`. Prints medians in milliseconds, their ratio, and how long the
event loop was held up at most while twenty looks ran four at a time.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from cockpit.providers.git import CommitId, Repository, TreeId, Worktree
from cockpit.providers.hardening import HARDENING
from tests.providers.git_story import git, write

ROUNDS = 21


class InThread:
    """The same commands through `git.Git.execute`, each in a thread."""

    def __init__(self, repo: Repository, work: Worktree) -> None:
        import git as gitpython

        self._git = gitpython.Git(work.path)
        owned = repo.places.owned
        self._start = ["git", *HARDENING, f"--git-dir={owned}", f"--work-tree={work.path}"]
        self._env = {"GIT_INDEX_FILE": str(owned / "indexes" / "ag")}

    async def run(self, *args: str) -> bytes:
        def execute() -> bytes:
            said = self._git.execute([*self._start, *args], env=self._env, stdout_as_string=False)
            return said if isinstance(said, bytes) else b""

        return await asyncio.to_thread(execute)

    async def look(self) -> None:
        """What a snapshot starts when nothing changed."""
        await asyncio.gather(
            self.run("diff-files", "--name-status", "-z", "--ignore-submodules=dirty"),
            self.run("ls-files", "--others", "--exclude-standard", "-z"),
        )

    async def stat(self, base: str, tree: str) -> None:
        await self.run("diff-tree", "-r", "-M", "-l1000", "--raw", "--numstat", "-z", base, tree)


async def timed_ms(act: Callable[[], Awaitable[object]]) -> float:
    start = time.perf_counter()
    await act()
    return (time.perf_counter() - start) * 1000


async def median_ms(act: Callable[[], Awaitable[object]], before: Callable[[int], None] | None = None) -> float:
    times = []
    for number in range(ROUNDS):
        if before is not None:
            before(number)
        times.append(await timed_ms(act))
    return statistics.median(times)


async def compare(what: str, direct: Callable[[], Awaitable[object]], thread: Callable[[], Awaitable[object]]) -> None:
    """Print both medians; the two take turns, so that other work on the machine slows both alike."""
    times = [(await timed_ms(direct), await timed_ms(thread)) for _ in range(ROUNDS)]
    row(what, statistics.median(one for one, _ in times), statistics.median(other for _, other in times))


async def stall_ms(act: Callable[[], Awaitable[object]]) -> float:
    worst = 0.0

    async def tick() -> None:
        nonlocal worst
        while True:
            start = time.perf_counter()
            await asyncio.sleep(0.001)
            worst = max(worst, (time.perf_counter() - start) * 1000 - 1)

    async def four_at_a_time(slots: asyncio.Semaphore) -> None:
        async with slots:
            await act()

    ticking = asyncio.create_task(tick())
    slots = asyncio.Semaphore(4)
    await asyncio.gather(*(four_at_a_time(slots) for _ in range(20)))
    ticking.cancel()
    return worst


def row(what: str, direct: float, thread: float) -> None:
    print(f"{what:34} {direct:8.1f} {thread:10.1f} {thread / direct:7.2f}x")


async def measure(files: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "r"
        root.mkdir()
        git(root, "init", "-q", "-b", "main")
        write(root, {f"d{number % 50}/f{number}.py": f"value = {number}\n" * 40 for number in range(files)})
        git(root, "add", "-A")
        git(root, "commit", "-qm", "Begin")
        start = time.perf_counter()
        repo = await Repository.open(root, Path(folder) / "state")
        opened = (time.perf_counter() - start) * 1000
        base: CommitId = await repo.resolve("HEAD")
        start = time.perf_counter()
        work = await repo.add_worktree("ag", Path(folder) / "w", "cockpit/ag", base)
        added = (time.perf_counter() - start) * 1000
        thread = InThread(repo, work)
        tree = await work.snapshot()

        def edit(number: int) -> None:
            for at in range(5):
                path = work.path / f"d{at}" / f"f{at}.py"
                path.write_text(f"value = {number}\n" * 41)

        print(f"{files} files, {os.cpu_count()} cores; open {opened:.0f} ms, add worktree {added:.0f} ms")
        print(f"{'median ms':34} {'ours':>8} {'GitPython':>10}")
        await compare("look at a clean tree", work.snapshot, thread.look)
        edited = await median_ms(work.snapshot, edit)
        print(f"{'snapshot with 5 edits (whole)':34} {edited:8.1f}")
        tree = await work.snapshot()
        await compare("diff_stat of 5 edits", lambda: repo.diff_stat(base, tree), lambda: thread.stat(base, tree))
        row("loop held up at most, 20 looks", await stall_ms(lambda: repo.diff_stat(base, tree)),
            await stall_ms(lambda: thread.stat(base, tree)))  # fmt: skip
        target = Path(folder) / "m"
        first = time.perf_counter()
        await repo.materialise(base, target)
        print(f"{'materialise into an empty folder':34} {(time.perf_counter() - first) * 1000:8.1f}")
        trees: list[CommitId | TreeId] = [base, tree]
        again = await median_ms(lambda: repo.materialise(trees.pop(0), target), lambda _: trees.append(trees[0]))
        print(f"{'materialise again, 5 files differ':34} {again:8.1f}")


def main(quick: bool) -> None:
    """Measure on a small or a middling repository."""
    asyncio.run(measure(500 if quick else 2000))


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
