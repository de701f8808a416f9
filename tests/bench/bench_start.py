"""How long a person waits until there is something to see, and what has been imported by then.

python -m tests.bench.bench_start [--quick]
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from itertools import cycle

from cockpit.journal.repo import Journal
from cockpit.journal.repo.row import Row
from cockpit.journal.types import AgentSaid, Envelope
from cockpit.screens.live import REST_AFTER_S, SPARE_AFTER_S
from cockpit.sessions.types import AgentMessage, ToolEnded, ToolStarted, UsageReported
from cockpit.state.fold import apply
from cockpit.state.model import STATE
from cockpit.supervisor.record import SNAPSHOT_EVERY, envelope_of
from tests.bench.figures import below, figure, heading, none_of, percentile
from tests.bench.stage import COCKPIT, ROOT, Stage, row
from tests.bench.terminal import Terminal

HEAVY = ("textual", "rich", "openai", "git", "asyncssh", "pydantic", "asyncio")
PATHS = {
    "relay (`cockpit attach`)": ("cockpit.cli", "cockpit.cli.attach", "cockpit.relay", "cockpit.screens.spawn"),
    "headless (`cockpit run --headless`)": ("cockpit.cli", "cockpit.cli.headless", "cockpit.cli.follow"),
    "supervisor": ("cockpit.supervisor.daemon",),
}
_ALLOWED = {
    "relay (`cockpit attach`)": (),
    "headless (`cockpit run --headless`)": ("pydantic", "asyncio"),
    "supervisor": ("pydantic", "asyncio"),
}
_FRAME = b"new task"
"""Is on the first frame: the title of the box for new tasks."""


def timed(command: list[str]) -> tuple[float, float]:
    """Run a command; return wall and CPU milliseconds."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=ROOT)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return (time.perf_counter() - start) * 1000, (used.ru_utime + used.ru_stime) * 1000


def version(repeats: int) -> None:
    """Time the smallest command against the interpreter alone."""
    heading("`cockpit --version`")
    bare = [timed([sys.executable, "-c", "pass"]) for _ in range(repeats)]
    ours = [timed([COCKPIT, "--version"]) for _ in range(repeats)]
    figure("the interpreter alone, wall / CPU", f"{_middle(bare, 0):.0f} / {_middle(bare, 1):.0f} ms")
    figure("CPU", f"{_middle(ours, 1):.0f} ms")
    below("wall, median", _middle(ours, 0), 60, "ms", 0)


def _middle(times: list[tuple[float, float]], which: int) -> float:
    return percentile([one[which] for one in times], 0.5)


def imports() -> None:
    """Say how many modules each path loads, and which of the heavy ones."""
    heading("Imports")
    for path, modules in PATHS.items():
        code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
        loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
        offenders = [name for name in HEAVY if name in loaded and name not in _ALLOWED[path]]
        figure(path, f"{len(loaded)} modules", f"none of {', '.join(sorted(set(HEAVY) - set(_ALLOWED[path])))}",
               is_met=not offenders)  # fmt: skip
        if offenders:
            figure("  loads", ", ".join(offenders))


def attach(stage: Stage) -> tuple[float, float]:
    """Attach once; return milliseconds to the first frame, and to the sessions on it."""
    with Terminal([COCKPIT, "attach"], stage.repository) as terminal:
        seen = b""

        def has_frame(data: bytes) -> bool:
            nonlocal seen
            seen = data
            return _FRAME in data

        framed = terminal.until(has_frame)
        listed = framed if b"0001" in seen else terminal.until(lambda data: b"0001" in data)
        terminal.rest(0.2)
        return (framed - terminal.started_s) * 1000, (listed - terminal.started_s) * 1000


def paint(repeats: int) -> None:
    """Time an attach with everything running, with only the supervisor running, and from cold."""
    with Stage() as stage:
        stage.seed(25, are_talking=False)
        stage.start_supervisor()
        attach(stage)
        heading("Attach: 25 sessions, supervisor and screen host running")
        at_once = [attach(stage) for _ in range(repeats)]
        figure("first frame, with no screen kept ready", f"{_middle(at_once, 0):.0f} ms")
        ready = []
        for _ in range(repeats):
            time.sleep(SPARE_AFTER_S + REST_AFTER_S + 1.0)
            ready.append(attach(stage))
        figure("sessions on the screen, median", f"{_middle(ready, 1):.0f} ms")
        below("first frame, median", _middle(ready, 0), 60, "ms", 0)
        figure("first frame, fastest", f"{min(ready)[0]:.0f} ms")
        heading("Attach from cold: neither running")
        cold = []
        for _ in range(max(3, repeats // 3)):
            stage.stop_host()
            stage.stop_supervisor()
            cold.append(attach(stage))
        figure("sessions on the screen, median", f"{_middle(cold, 1):.0f} ms")
        below("first frame, median", _middle(cold, 0), 600, "ms", 0)


async def _fill(stage: Stage, events: int) -> None:
    """Append chatter through the journal, with the snapshots that the supervisor would have saved."""
    said = (
        AgentSaid(said=ToolStarted(item="t", tool="run", title="pytest -q tests/test_cart.py")),
        AgentSaid(said=ToolEnded(item="t", ok=True, output="1 passed " * 30, exit_code=0)),
        AgentSaid(said=AgentMessage(item="m", text="The discount is rounded in the wrong place. " * 4)),
        AgentSaid(said=UsageReported(input_tokens=900, output_tokens=40)),
    )
    async with await Journal.open(stage.paths.journal) as journal:
        envelopes = [envelope_of(one) for one in await journal.read(0, 100_000)]
        state = STATE.validate_python({})
        for envelope in envelopes:
            apply(state, envelope)
        sessions = cycle(stage.sessions)
        plain = [row(None, one) for one in said]
        left = events - journal.last_seq()
        snapshot_at = events - SNAPSHOT_EVERY + 1
        while left > 0:
            await journal.room()
            first, at, rows = journal.last_seq() + 1, time.time(), []
            for seq in range(first, first + min(left, 500)):
                session = next(sessions)
                one = plain[seq % 4]
                rows.append(Row(at, one.kind, one.version, one.body, session))
                if seq <= snapshot_at:
                    apply(state, Envelope.model_construct(seq=seq, at=at, session=session, event=said[seq % 4]))
            journal.append(rows)
            left -= len(rows)
        await journal.snapshot_save(state.seq, STATE.dump_json(state))


def long_journal(events: int) -> None:
    """Time starting and attaching to a journal of so many events."""
    with Stage() as stage:
        stage.seed(200, are_talking=False)
        start = time.perf_counter()
        asyncio.run(_fill(stage, events))
        size = f"{stage.paths.journal.stat().st_size / 1e6:.0f} MB, written in {time.perf_counter() - start:.0f} s"
        heading(f"A journal of {events:,} events, 200 sessions ({size}; {SNAPSHOT_EVERY:,} after the last snapshot)")
        attach_cold = attach(stage)
        figure("supervisor, host and attach from cold: first frame", f"{attach_cold[0]:.0f} ms")
        figure("supervisor, host and attach from cold: sessions", f"{attach_cold[1]:.0f} ms")
        starts = []
        for _ in range(3):
            stage.stop_supervisor()
            start = time.perf_counter()
            stage.start_supervisor()
            starts.append((time.perf_counter() - start) * 1000)
        figure("supervisor start alone, median", f"{percentile(starts, 0.5):.0f} ms")
        warm = [attach(stage) for _ in range(5)]
        below("attach: sessions on the screen, median", _middle(warm, 1), 1000, "ms", 0)
        none_of("events missing after the start", events - min(events, asyncio.run(_seq(stage))))


async def _seq(stage: Stage) -> int:
    from tests.bench.stage import events_journaled

    async with await stage.client() as client:
        return await events_journaled(client)


def main(quick: bool) -> None:
    """All of it."""
    version(7 if quick else 21)
    imports()
    paint(5 if quick else 15)
    long_journal(100_000 if quick else 1_000_000)


if __name__ == "__main__":
    main("--quick" in sys.argv)
