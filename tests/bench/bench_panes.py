"""What the detail panes cost: scrolling 100,000 lines, the first paint of a 20,000-line diff, text that streams in.

Run it as `python -m tests.bench.bench_panes`; it prints medians, and ratios to a yardstick loop of the same machine.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable

from textual.pilot import Pilot

from cockpit.changes.types import FileStat
from cockpit.sessions import types as said
from tests.widgets.diffs import Workspace
from tests.widgets.harness import PaneApp, settled
from tests.widgets.stories import FakeSupervisor, Journal, push, store_of, stream
from widgets.diff import DiffPane
from widgets.history import PAGE
from widgets.transcript import TranscriptPane

SIZE = (160, 48)
LINES = 100_000
DIFF_LINES = 20_000


def yardstick() -> float:
    """Return the milliseconds of a fixed loop."""
    began = time.perf_counter()
    total = 0
    for number in range(1_000_000):
        total += number % 7
    return (time.perf_counter() - began) * 1000


async def median_ms(
    times: int, act: Callable[[], Awaitable[None]], clock: Callable[[], float] = time.perf_counter
) -> float:
    """Return the median duration of an act."""
    taken = []
    for _ in range(times):
        began = clock()
        await act()
        taken.append((clock() - began) * 1000)
    return statistics.median(taken)


def say(name: str, value_ms: float, unit: float) -> None:
    """Print one figure."""
    print(f"{name:<58} {value_ms:9.2f} ms   {value_ms / unit:7.3f} yardsticks", flush=True)


async def transcript(unit: float) -> None:
    """Scroll, search and stream in a transcript of many lines."""
    journal = Journal()
    store = store_of(journal)
    pane = TranscriptPane(FakeSupervisor(journal))
    app = PaneApp(pane, store)
    text = "\n".join(f"line {n} of a message that says what was done and why, at some length" for n in range(200))
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot)
        began = time.process_time()
        for number in range(LINES // 200):
            push(store, journal.add(said.AgentMessage(item=f"m{number}", text=f"{number} {text}")))
            if number % PAGE == PAGE - 1 or number == LINES // 200 - 1:
                app.flush()
        say(f"fill {len(pane.view.lines)} lines (CPU)", (time.process_time() - began) * 1000, unit)
        await pilot.pause()
        await scrolling(pane, pilot, unit)
        await streaming(app, pane, pilot)


async def scrolling(pane: TranscriptPane, pilot: Pilot[None], unit: float) -> None:
    """Move in it, with every frame painted."""
    view = pane.view

    async def move(act: Callable[[int], None], step: int) -> None:
        act(step)
        await pilot.pause()

    pane.action_edge(-1)
    await pilot.pause()
    cpu = time.process_time
    pane.view.go(len(view.lines) // 2, top=view.size.height - 1)
    say("scroll by a row, painted (CPU)", await median_ms(40, lambda: move(pane.action_line, 1), cpu), unit)
    say("scroll by half a page, painted (CPU)", await median_ms(40, lambda: move(pane.action_page, 1), cpu), unit)

    def draw() -> None:
        view._drawn.clear()
        for row in range(view.size.height):
            view.render_line(row)

    began = time.perf_counter()
    for _ in range(40):
        draw()
    say("draw a whole window anew", (time.perf_counter() - began) * 1000 / 40, unit)
    began = time.perf_counter()
    view._index.measure(view.lines, 120)
    say("measure every line for another width", (time.perf_counter() - began) * 1000, unit)
    view._index.measure(view.lines, view.columns)


async def streaming(app: PaneApp, pane: TranscriptPane, pilot: Pilot[None]) -> None:
    """Let text arrive at 100 pieces a second for three seconds, at the end and scrolled up."""
    for name, edge in (("at the end", 1), ("scrolled up", -1)):
        pane.action_edge(edge)
        await pilot.pause()
        drawn, cpu, began, pieces = pane.view.drawn_rows, time.process_time(), time.perf_counter(), 0
        while time.perf_counter() - began < 3:
            stream(app.store, said.MessageDelta(item=f"s{edge}", text=f"piece {pieces} of text\n"[: 16 + pieces % 8]))
            pieces += 1
            if pieces % 10 == 0:
                app.flush()
            await asyncio.sleep(0.01)
        share = (time.process_time() - cpu) / (time.perf_counter() - began)
        print(f"streaming {name}: {share:.0%} of a core, {(pane.view.drawn_rows - drawn) / 3:.0f} rows/s", flush=True)


def big_diff() -> str:
    """Return a diff of many lines of Python in four files."""
    parts = []
    for file in range(4):
        parts.append(f"diff --git a/src/m{file}.py b/src/m{file}.py\n--- a/src/m{file}.py\n+++ b/src/m{file}.py\n")
        for hunk in range(DIFF_LINES // 4 // 50):
            start = hunk * 80 + 1
            parts.append(f"@@ -{start},40 +{start},40 @@ def production_{hunk}(self):\n")
            for line in range(50):
                sign = "+-   "[line % 5]
                parts.append(f'{sign}    value_{line} = self.parse("token {line}", {line})  # step {hunk}\n')
    return "".join(parts)


async def diff(unit: float) -> None:
    """Show a large diff, from the answer to the paint."""
    files = tuple(FileStat(path=f"src/m{n}.py", added=2, removed=2, blob=f"b{n}") for n in range(4))
    taken, cpu = [], []
    for _ in range(5):
        workspace = Workspace(big_diff(), files)
        pane = DiffPane(workspace.supervisor)
        app = PaneApp(pane, workspace.store)
        async with app.run_test(size=SIZE) as pilot:
            await pilot.pause()
            began, used = time.perf_counter(), time.process_time()
            app.flush()
            while len(pane.view.lines) < DIFF_LINES:
                await asyncio.sleep(0.002)
            await pilot.pause()
            taken.append((time.perf_counter() - began) * 1000)
            cpu.append((time.process_time() - used) * 1000)
            if len(taken) == 5:
                say(f"first paint of a diff of {DIFF_LINES} lines", statistics.median(taken), unit)
                say(f"first paint of a diff of {DIFF_LINES} lines (CPU)", statistics.median(cpu), unit)

                say("a page that was never coloured (CPU)", await paging(pane, pilot), unit)


async def paging(pane: DiffPane, pilot: Pilot[None]) -> float:
    """Turn pages."""

    async def page() -> None:
        pane.action_page(1)
        await pilot.pause()

    return await median_ms(40, page, time.process_time)


async def measure() -> None:
    """Measure it all."""
    unit = statistics.median(yardstick() for _ in range(5))
    print(f"yardstick: {unit:.1f} ms")
    await transcript(unit)
    await diff(unit)


def main(_quick: bool = False) -> None:
    """Measure it all; it takes seconds either way."""
    asyncio.run(measure())


if __name__ == "__main__":
    main()
