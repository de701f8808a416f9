"""What a screen, the screen host, the supervisor and a session cost in memory.

    python -m tests.bench.bench_memory [--quick]

Differences are of private memory (USS) where the system tells it.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time

import psutil

from tests.bench.figures import below, figure, heading
from tests.bench.stage import COCKPIT, Stage, rss_mb
from tests.bench.terminal import Terminal


def private_mb(process: psutil.Process) -> float:
    """Return the memory that would be free without this process, in MB (RSS where the system does not tell)."""
    with contextlib.suppress(AttributeError, psutil.Error):
        return float(process.memory_full_info().uss) / 1e6
    return rss_mb(process)


def screens(sessions: int, extra: int) -> None:
    """Attach some more screens to one host."""
    with Stage() as stage, contextlib.ExitStack() as attached:
        stage.seed(sessions, are_talking=False)
        stage.start_supervisor()
        terminals: list[Terminal] = []

        def one_more() -> None:
            terminal = attached.enter_context(Terminal([COCKPIT, "attach"], stage.repository))
            terminal.until(lambda seen: b"0001" in seen)
            terminals.append(terminal)
            for each in terminals:
                each.rest(0.2)
            for _ in range(5):
                terminal.press(b"j")
                terminal.rest(0.1)

        one_more()
        host = stage.host()
        heading(f"Screens: {sessions} sessions")
        below("screen host with one screen, RSS", rss_mb(host), 70, "MB")
        before = private_mb(host)
        for _ in range(extra):
            one_more()
        below(f"each of {extra} more screens", (private_mb(host) - before) / extra, 3, "MB", 2)
        relays = [one for one in psutil.process_iter(["cmdline"]) if _is_relay(one)]
        if relays:
            figure("a relay, private", f"{min(private_mb(one) for one in relays):.1f} MB")


def _is_relay(process: psutil.Process) -> bool:
    command = process.info["cmdline"] or []
    return COCKPIT in command and "attach" in command


def supervisor(sessions: int, seconds: float) -> None:
    """Compare the supervisor without sessions, with idle ones, and after a load."""
    with Stage() as stage:
        process = stage.start_supervisor()
        time.sleep(1.0)
        empty = private_mb(process)
    with Stage() as stage:
        stage.seed(sessions)
        stage.start_talkers()
        process = stage.start_supervisor()
        time.sleep(2.0)
        heading(f"Supervisor: {sessions} sessions at work")
        below("RSS, idle", rss_mb(process), 150, "MB")
        below("an idle session", (private_mb(process) - empty) / sessions * 1000, 100, "kB", 0)
        stage.talk(50, 0.2, seconds)
        asyncio.run(stage.talked())
        below(f"RSS, after {seconds:.0f} s of load", rss_mb(process), 150, "MB")


def main(quick: bool) -> None:
    """Screens, then sessions."""
    screens(25 if quick else 200, 4 if quick else 10)
    supervisor(200, 5.0 if quick else 30.0)


if __name__ == "__main__":
    main("--quick" in sys.argv)
