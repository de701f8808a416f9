"""The forge's gate: from a key press to its first result, through a tree, and back through 200 accepted commits."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
import time
from pathlib import Path

from cockpit.providers.git.run import Git
from cockpit.rules.runtime.gate import Gate, Question
from cockpit.rules.runtime.history import History
from cockpit.rules.runtime.tree_scan import Tree
from cockpit.rules.service.gate import examples_of
from cockpit.rules.types.forge import Candidate, HistoryDone, Judged, News, Pair, Stopped, Struck, TreeDone
from tests.bench.figures import below, figure, heading, percentile
from tests.bench.rules.corpora import corpus

PAIRS = (
    Pair(bad="x = json.loads(body)", good="x = parse(body)"),
    Pair(bad="return json.loads(path.read_text())", good="return parse(path.read_text())"),
)
COMMITS = 200
ROOT = Path(__file__).parent.parent.parent


def main(quick: bool) -> None:
    """Measure; `quick` takes this repository for the tree in place of Django."""
    asyncio.run(_main(ROOT if quick else corpus("django")))


async def _main(root: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        async with Gate(Path(place)) as gate:
            started = time.perf_counter()
            await gate.warm_up()
            heading(f"the gate on {root.name}")
            below("opening the workshop", (time.perf_counter() - started) * 1000, 500, "ms")
            started = time.perf_counter()
            made = await gate.proposals(PAIRS, "python")
            below("two pairs of examples to candidates", (time.perf_counter() - started) * 1000, 200, "ms")
            tree = Tree("main", root)
            shown = await gate.ranked(made, "python", tree)
            candidates = [Candidate(language="python", body=one.body, says=one.says) for one in shown]
            await _key_presses(gate, candidates)
            await _whole(gate, candidates, tree)


async def _key_presses(gate: Gate, candidates: list[Candidate]) -> None:
    """One more letter each time, as typed: most of them no rule at all."""
    pattern, times = "json.loads($A)", []
    for length in range(1, len(pattern) + 1):
        typed = Candidate(language="python", body={"rule": {"pattern": pattern[:length]}}, says="typed")
        first = await _first(gate, Question([typed, *candidates], examples_of(PAIRS)), Judged)
        times.append(first * 1000)
    below("key press to first gate result, p50", percentile(times, 0.5), 200, "ms")
    below("key press to first gate result, worst", max(times), 200, "ms")


async def _first(gate: Gate, question: Question, kind: type[News]) -> float:
    started = time.perf_counter()
    seen: list[float] = []

    def tell(news: News) -> None:
        if isinstance(news, kind) and not seen:
            seen.append(time.perf_counter() - started)

    await gate.judge(question, tell)
    return seen[0]


async def _whole(gate: Gate, candidates: list[Candidate], tree: Tree) -> None:
    started = time.perf_counter()
    told: list[tuple[float, News]] = []
    history = History(Git(ROOT / ".git"), "HEAD", COMMITS)
    question = Question(candidates, examples_of(PAIRS), trees=[tree], history=history)
    await gate.judge(question, lambda news: told.append((time.perf_counter() - started, news)))
    for what, kind, limit in (
        ("first hit in the tree", Struck, 1.0),
        ("whole tree", TreeDone, 3.0),
        ("first commit that would have been stopped", Stopped, 2.0),
        (f"back-test over {COMMITS} commits of this repository", HistoryDone, 5.0),
    ):
        times = [at for at, news in told if isinstance(news, kind)]
        if times:
            below(what, times[0], limit, "s", 2)
        else:
            figure(what, "none")
    done = next(news for _, news in told if isinstance(news, HistoryDone))
    commits = subprocess.run(["git", "rev-list", "--count", "HEAD"], cwd=ROOT, capture_output=True, check=True)
    figure("commits looked at / in all", f"{done.commits} / {int(commits.stdout)}")
    figure("commits each candidate would have stopped", str(list(done.counts)))
