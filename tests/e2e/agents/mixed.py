"""Different real agents side by side in one repository, one task each, seen on one real screen."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

from cockpit.sessions.types import Task
from cockpit.types import SessionId
from tests.e2e.agents.bed import Bed, holding, is_held
from tests.e2e.agents.crew import CREW, Hand
from tests.e2e.fleet import Fleet
from tests.e2e.model import Rule, done, rule, run, say

CHECK = """
[checks.tests]
command = ["sh", "-c", "! grep -rn FIXME --include=*.md --include=*.txt ."]
inputs = ["**"]
"""
HELD = "held"
FILES = {
    "prices.txt": "tea 500\nmilk 120\n",
    ".gitignore": "*.waits\n*.opened\n",
    "tests.sh": f"{holding(HELD)}; echo 12 passed\n",
}
TITLES = {
    "codex": "codex: round tax",
    "claude": "claude: CSV names",
    "gemini": "gemini: explain",
    "opencode": "opencode: sort",
    "codex_acp": "codex-acp: units",
}


@dataclass(frozen=True, slots=True)
class Worker:
    """One agent with its task."""

    hand: Hand
    session: SessionId

    @property
    def title(self) -> str:
        """What its row on the screen says."""
        return TITLES[self.hand.name]

    @property
    def file(self) -> str:
        """What it writes."""
        return f"notes/{self.hand.name}.md"


def rules() -> list[Rule]:
    """Return the script: each task looks around, waits in a command until all are at work, and writes a file."""
    return [_rule(hand.name, TITLES[hand.name]) for hand in CREW]


def _rule(name: str, title: str) -> Rule:
    note = {"tool": "write", "arguments": {"path": f"notes/{name}.md", "text": f"# {title}\n"}}
    steps = [{"text": "Look at the prices", "status": "done"}, {"text": title, "status": "running"}]
    return rule(
        name,
        say("I look at the price list first.", {"tool": "read", "arguments": {"path": "prices.txt"}}),
        say("", {"tool": "plan", "arguments": {"steps": [*steps, {"text": "Run the tests", "status": "pending"}]}}),
        say("The tests take a moment.", run(f"sh tests.sh {name}")),
        say("They pass. I write it down.", note),
        done(f"{title}: done."),
        task=title,
    )


def settle(bed: Bed) -> None:
    """Commit the repository's first state, with every agent in its cockpit.toml."""
    head = 'default_agent = "codex"\n[sessions]\nmax_parallel = 8\n'
    sections = "\n".join(hand.settings(bed.model) for hand in CREW)
    bed.place.commit({**FILES, "cockpit.toml": f"{head}\n{sections}\n{CHECK}"})


@contextlib.asynccontextmanager
async def at_work(bed: Bed) -> AsyncIterator[list[Worker]]:
    """Begin a task for each agent, and yield when all of them are in the middle of a command at the same time."""
    person = await bed.start()
    tasks = [Task(prompt=f"{TITLES[hand.name]}.", title=TITLES[hand.name], agent=hand.name) for hand in CREW]
    workers = [Worker(hand, one) for hand, one in zip(CREW, await person.tasks(*tasks), strict=True)]
    async with contextlib.AsyncExitStack() as stack:
        for worker in workers:
            await stack.enter_async_context(bed.answering(worker.session))
        for worker in workers:
            is_there = partial(is_held, bed.workspace(worker.session), HELD)
            await bed.until(worker.session, is_there, f"{worker.title}: in a command", within_s=120)
        yield workers


def screen(bed: Bed, columns: int = 160, rows: int = 48) -> Fleet:
    """Open the cockpit in a real terminal."""
    return Fleet.attach(bed.place.terminal(columns, rows))
