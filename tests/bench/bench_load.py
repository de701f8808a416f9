"""Load: many chatty sessions for a minute. What is lost, what it costs, how late a screen hears of it.

    python -m tests.bench.bench_load [--quick]

The supervisor, its journal, its spools and its socket are the real ones. One process writes the spools of all agents,
appending what each would print: 200 agents of our own would need 15 GB and more cores than are measured here.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from cockpit.protocol.client import Client
from cockpit.protocol.types import Happened, Subscribe, Watch
from cockpit.sessions.types import AgentMessage
from tests.bench.figures import below, figure, heading, middle, none_of, percentile
from tests.bench.stage import Meter, Stage, events_journaled, read_all, rss_mb

RATE_PER_S = 50
WATCHED = 4


async def _listen(client: Client, late_ms: list[float]) -> None:
    async for push in client.pushes():
        match push:
            case Happened(envelope=envelope):
                said = getattr(envelope.event, "said", None)
                if isinstance(said, AgentMessage) and said.text.startswith("@"):
                    late_ms.append((time.time() - float(said.text[1:].split()[0])) * 1000)
            case _:
                pass


async def _measure(stage: Stage, facts: float, seconds: float) -> dict[str, Any]:
    supervisor = stage.start_supervisor()
    late_ms: list[float] = []
    async with await stage.client() as client:
        await client.call(Subscribe())
        await client.call(Watch(sessions=tuple(stage.sessions[:WATCHED])))
        listening = asyncio.create_task(_listen(client, late_ms))
        idle = Meter(supervisor)
        await asyncio.sleep(3.0)
        said = {"idle": idle.share(), "rss_idle": rss_mb(supervisor), "before": await events_journaled(client)}
        meter = Meter(supervisor)
        stage.talk(RATE_PER_S, facts, seconds)
        written = await stage.talked()
        said |= {"cpu": meter.share(), "rss": rss_mb(supervisor), **written}
        start = time.perf_counter()
        while await events_journaled(client) - said["before"] < written["facts"] and time.perf_counter() - start < 120:
            await asyncio.sleep(0.1)
        said |= {"drain_s": time.perf_counter() - start, "events": await events_journaled(client) - said["before"]}
        said |= {"cpu_s": meter.cpu_s(), "rss_after": rss_mb(supervisor), "talker_cpu": written["cpu_s"]}
        listening.cancel()
    return said | {"late": late_ms}


async def _lost(stage: Stage, each: list[int]) -> tuple[int, int]:
    """Return how many facts are missing from the journal, and how many are there twice or out of order."""
    last = dict.fromkeys(stage.sessions, 0)
    wrong = found = 0
    for one in await read_all(stage.paths, ["agent"]):
        said = json.loads(one.body)["said"]
        number = said.get("context_used") or said.get("item")
        if number is None or one.session is None:
            continue
        found += 1
        session = type(stage.sessions[0])(one.session)
        wrong += int(number) != last[session] + 1
        last[session] = int(number)
    return sum(each) - found, wrong


def _tell(stage: Stage, said: dict[str, Any], facts: float, lost: tuple[int, int]) -> None:
    journal = sum(file.stat().st_size for file in stage.paths.state.glob("journal.sqlite3*"))
    figure("lines written by agents", f"{said['lines']:,} in {said['took_s']:.0f} s")
    figure(f"of them facts ({facts:.0%}), to be journaled", f"{said['facts']:,}")
    figure("events journaled", f"{said['events']:,}")
    none_of("facts lost", lost[0])
    none_of("facts twice or out of order", lost[1])
    figure("supervisor, idle", f"{said['idle']:.1f} % of a core")
    figure("supervisor, under load", f"{said['cpu']:.0f} % of a core")
    figure("CPU for each line / each fact", f"{said['cpu_s'] / said['lines'] * 1e6:.0f} / "
           f"{said['cpu_s'] / said['facts'] * 1e6:.0f} us")  # fmt: skip
    figure("behind when the agents fall silent", f"{said['drain_s']:.1f} s")
    below("supervisor RSS, at the end of the load", said["rss"], 150, "MB")
    figure("supervisor RSS before", f"{said['rss_idle']:.0f} MB")
    figure("journal on disk", f"{journal / 1e6:.0f} MB, {journal / max(1, said['events']):.0f} B/event")
    late = said["late"]
    figure("written -> at a subscribed client, p50 / p95", f"{middle(late)} ms")
    figure("the latest", f"{percentile(late, 1.0):,.0f} ms of {len(late):,}")
    figure("the writer of the spools itself", f"{100 * said['talker_cpu'] / said['took_s']:.0f} % of a core")


def load(sessions: int, seconds: float, facts: float) -> None:
    """Run one load and print its figures."""
    what = f"{sessions} sessions x {RATE_PER_S} events/s for {seconds:.0f} s, {facts:.0%} facts, the rest deltas"
    heading(f"Load: {what}; spools written by one process")
    with Stage() as stage:
        stage.seed(sessions)
        stage.start_talkers()
        said = asyncio.run(_measure(stage, facts, seconds))
        stage.stop_supervisor()
        lost = asyncio.run(_lost(stage, said["each"]))
        _tell(stage, said, facts, lost)


def main(quick: bool) -> None:
    """A lifelike mix, then facts alone."""
    sessions, seconds = (50, 8.0) if quick else (200, 60.0)
    load(sessions, seconds, 0.2)
    load(sessions, seconds if quick else 30.0, 1.0)


if __name__ == "__main__":
    main("--quick" in sys.argv)
