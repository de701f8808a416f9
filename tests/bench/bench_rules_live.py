"""From the moment a person accepts a rule until it is enforced in every one of 50 sessions at work.

Run it with `python -m tests.bench.bench_rules_live [sessions]`. Each session has a change that is against the rule, and
an agent (a fake one) in the middle of its turn. Enforced means: the offence was found and is with the agent.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from cockpit.journal.types import FindingsSent
from cockpit.protocol.rules import AcceptRule
from cockpit.sessions.types import Task
from tests.bench.figures import below, figure, heading
from tests.supervisor import fake_driver
from tests.supervisor.test_rules import accepting
from tests.supervisor.world import S, make_repository, open_world

SESSIONS = 50
CONFIG = """
default_agent = "fake"
[agents.fake]
driver = "native"
[sessions]
max_parallel = {sessions}
"""
FILES = 8


def main(_quick: bool = False) -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else SESSIONS
    with tempfile.TemporaryDirectory(prefix="bench-rules-") as folder:
        os.environ["COCKPIT_HOME"] = str(Path(folder, "home"))
        fake_driver.register()
        asyncio.run(_measure(Path(folder), count))


async def _measure(folder: Path, count: int) -> None:
    repository = make_repository(folder / "repo", CONFIG.format(sessions=count))
    gate = folder / "gate"
    writes = "\n".join(f"write m{n}.py print({n})" for n in range(FILES))
    async with open_world(repository) as world:
        ana = await world.start()
        tasks = [Task(prompt=f"{writes}\nwait {gate}", title=f"work {n}") for n in range(count)]
        sessions = await ana.tasks(*tasks)
        await ana.until(lambda: all(_is_measured(ana.session(one).change) for one in sessions), 600)
        heading(f"a rule for {count} sessions at work, {FILES} offences each")
        began = time.perf_counter()
        command: AcceptRule = accepting()
        await ana.call(command)
        committed = time.perf_counter()

        def with_the_agent() -> int:
            return len({e.session for e in ana.events if isinstance(e.event, FindingsSent)})

        await ana.until(with_the_agent, 60)
        first = time.perf_counter()
        await ana.until(lambda: with_the_agent() == count, 60)
        ended = time.perf_counter()
        figure("proven and on the branch", f"{committed - began:.3f} s")
        figure("with the first agent", f"{first - began:.3f} s")
        below(f"with all {count} agents", ended - began, 2.0, "s")
        assert all(ana.session(one).status is S.WORKING for one in sessions)


def _is_measured(change: object) -> bool:
    return len(getattr(change, "files", ())) == FILES


if __name__ == "__main__":
    main()
