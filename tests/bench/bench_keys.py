"""From a key to its frame, through the real thing: pty, relay, screen host, supervisor, journal, socket.

    python -m tests.bench.bench_keys [--quick]

A key moves the cursor in the list of sessions while all of them talk; it is answered when the bytes that show the
cursor on its new row have come out of the pty. Presses are spread at random, so that no timer is met in step.
"""

from __future__ import annotations

import asyncio
import random
import re
import sys
import time

from tests.bench.bench_load import RATE_PER_S
from tests.bench.figures import below, figure, heading, middle, none_of, percentile
from tests.bench.stage import COCKPIT, Meter, Stage, events_journaled, until
from tests.bench.terminal import Terminal

FACTS = 0.2
QUIET = 20
"""Sessions in the list when none of them talks."""
_CURSOR = re.compile(rb"\x1b\[(\d+);1H(?:\x1b\[[\d;]*m)*\xe2\x96\x8c")
_FIRST_S, _ANSWER_S = 2.5, 20.0


def press_all(terminal: Terminal, presses: int, rest_s: float) -> tuple[list[float], list[int]]:
    """Walk down and up the list; return milliseconds to the frame, and bytes until the next press, of each key."""
    dice = random.Random(7)
    took_ms: list[float] = []
    costs: list[int] = []
    here = 0
    for number in range(presses):
        key = b"j" if number % 20 < 10 else b"k"
        before, pressed_s = terminal.received, terminal.press(key)
        row = 0

        def moved(seen: bytes, here: int = here) -> bool:
            nonlocal row
            row = next((int(found) for found in reversed(_CURSOR.findall(seen)) if int(found) != here), 0)
            return row > 0

        took_ms.append((terminal.until(moved, _ANSWER_S) - pressed_s) * 1000)
        here = row
        terminal.rest(rest_s * (0.6 + 0.8 * dice.random()))
        costs.append(terminal.received - before)
    return took_ms[1:], costs[1:]


def measure(sessions: int, presses: int, idle_ms: float | None) -> float:
    """Measure with so many chatty sessions; return the median."""
    chatty = f"{sessions} chatty sessions" if sessions else f"{QUIET} quiet sessions"
    with Stage() as stage:
        stage.seed(sessions or QUIET)
        stage.start_talkers()
        supervisor = stage.start_supervisor()
        with Terminal([COCKPIT, "attach"], stage.repository) as terminal:
            terminal.until(lambda seen: b"0001" in seen)
            terminal.rest(1.0)
            before = asyncio.run(_count(stage))
            seconds = _FIRST_S + presses * 0.25 + 2
            if sessions:
                stage.talk(RATE_PER_S, FACTS, seconds)
                terminal.rest(_FIRST_S)
            heading(f"Key to frame, {chatty}" + f" x {RATE_PER_S} events/s, {FACTS:.0%} facts" * bool(sessions))
            meters = Meter(supervisor), Meter(stage.host())
            flow, since = terminal.received, time.perf_counter()
            took_ms, costs = press_all(terminal, presses, 0.15 if sessions else 0.35)
            flow_kb = (terminal.received - flow) / (time.perf_counter() - since) / 1000
            shares = [meter.share() for meter in meters]
            _tell(sessions, took_ms, costs, idle_ms)
            figure("supervisor / screen host", f"{shares[0]:.0f} / {shares[1]:.0f} % of a core")
            figure("bytes to the terminal", f"{flow_kb:.0f} kB/s")
            if sessions:
                asyncio.run(_nothing_lost(stage, before))
    return percentile(took_ms, 0.5)


def _tell(sessions: int, took_ms: list[float], costs: list[int], idle_ms: float | None) -> None:
    figure("key to frame, p50 / p95", f"{middle(took_ms)} ms")
    if sessions == 200:
        below("p50 at 200 sessions", percentile(took_ms, 0.5), 8, "ms")
        below("p95 at 200 sessions", percentile(took_ms, 0.95), 50, "ms")
    if idle_ms is not None:
        ratio = percentile(took_ms, 0.5) / idle_ms
        is_met = ratio < 2 if sessions == 1000 else None
        figure("p50 against idle", f"{ratio:.1f} x", "< 2 x at 1000 sessions", is_met=is_met)
    if not sessions:
        below("bytes for a cursor move in the list, median", percentile(costs, 0.5), 500, "B", 0)


async def _count(stage: Stage) -> int:
    async with await stage.client() as client:
        return await events_journaled(client)


async def _nothing_lost(stage: Stage, before: int) -> None:
    written = await stage.talked()
    async with await stage.client() as client:
        start = time.perf_counter()
        while (found := await events_journaled(client) - before) < written["facts"]:
            if time.perf_counter() - start > 120:
                break
            await asyncio.sleep(0.1)
    none_of("facts lost", written["facts"] - found)
    figure("behind when the agents fall silent", f"{time.perf_counter() - start:.1f} s")


def slow_link(sessions: int, presses: int, bytes_per_s: float = 50_000) -> None:
    """Measure on a line that carries little."""
    with Stage() as stage:
        stage.seed(sessions)
        stage.start_talkers()
        stage.start_supervisor()
        with Terminal([COCKPIT, "attach"], stage.repository, bytes_per_s=bytes_per_s) as terminal:
            terminal.until(lambda seen: b"0001" in seen)
            terminal.rest(1.0)
            stage.talk(RATE_PER_S, FACTS, _FIRST_S + presses * 0.6)
            terminal.rest(_FIRST_S)
            heading(f"Key to frame on a line of {bytes_per_s / 1000:.0f} kB/s, {sessions} chatty sessions")
            took_ms, _ = press_all(terminal, presses, 0.25)
            figure("key to frame, p50 / p95", f"{middle(took_ms)} ms")
            below("p95", percentile(took_ms, 0.95), 400, "ms", 0)
        asyncio.run(until_silent(stage))


async def until_silent(stage: Stage) -> None:
    """Wait for the end of the talk."""
    await until(lambda: stage.done.exists())


def main(quick: bool) -> None:
    """Idle, then more and more chatty sessions, then a slow line."""
    presses = 20 if quick else 60
    idle_ms = measure(0, presses, None)
    for sessions in (50,) if quick else (50, 200, 1000):
        measure(sessions, presses, idle_ms)
    slow_link(50 if quick else 200, presses // 2)


if __name__ == "__main__":
    main("--quick" in sys.argv)
