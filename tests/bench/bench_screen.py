"""From what an agent writes to where a person reads it: spool, supervisor, journal, socket, screen host, relay, pty.

    python -m tests.bench.bench_screen [--quick]

A line is appended to the spool of the session whose transcript is open, and is there when its words have come out of
the pty. The other sessions are quiet, or all of them talk.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time

from tests.bench.bench_keys import until_silent
from tests.bench.bench_load import RATE_PER_S
from tests.bench.figures import figure, heading, middle
from tests.bench.stage import COCKPIT, Stage
from tests.bench.terminal import Terminal

FACTS = 0.2
_PAUSE_S = 0.3


def measure(sessions: int, lines: int, *, are_talking: bool) -> None:
    """Measure with so many sessions."""
    with Stage() as stage:
        stage.seed(sessions)
        stage.start_talkers()
        stage.start_supervisor()
        with Terminal([COCKPIT, "attach"], stage.repository) as terminal:
            terminal.until(lambda seen: b"0001" in seen)
            terminal.press(b"]")
            terminal.rest(2.0)
            if are_talking:
                stage.talk(RATE_PER_S, FACTS, lines * _PAUSE_S + 4)
                terminal.rest(1.0)
            how = f"all talk, {RATE_PER_S} events/s each" if are_talking else "quiet"
            heading(f"From an agent's write to the screen, {sessions} sessions, {how}")
            took_ms = _write_and_read(stage, terminal, lines)
            figure("write to screen, p50 / p95", f"{middle(took_ms)} ms")
        if are_talking:
            asyncio.run(until_silent(stage))


def _write_and_read(stage: Stage, terminal: Terminal, lines: int) -> list[float]:
    dice = random.Random(11)
    took_ms: list[float] = []
    spool = os.open(stage.spool(stage.sessions[0]) / "out", os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    try:
        for number in range(lines):
            mark = f"mark{number:05}".encode()
            line = b'{"type":"message","item":"' + mark + b'","text":"' + mark + b'"}\n'
            terminal.rest(_PAUSE_S * (0.5 + dice.random()))
            wrote_s = time.perf_counter()
            os.write(spool, line)
            took_ms.append((terminal.until(lambda seen, mark=mark: mark in seen) - wrote_s) * 1000)  # type: ignore[misc]
    finally:
        os.close(spool)
    return took_ms


def main(quick: bool) -> None:
    """Quiet, then among many that talk."""
    lines = 40 if quick else 150
    measure(10, lines, are_talking=False)
    measure(50, lines, are_talking=True)


if __name__ == "__main__":
    main("--quick" in sys.argv)
