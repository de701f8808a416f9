"""What `cockpit check` costs on Django (160,000 lines) with 100 rules, beside ast-grep alone on the same.

Run it with `python -m tests.bench.bench_check [rounds]`. Django comes from the package index, into a cache folder. CPU
seconds are of the whole process tree; on a busy machine they are what two runs can be compared by. The least of all
rounds is printed beside the median: the machine was in nobody else's hands then.

Warm means: the same rules were carried out before, and of all files but the changed one the content was looked at.
"once started" is the same command in a process that has imported everything, git and ast-grep included; "process start
included" is a fresh process, from its start to its end.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cockpit.cli import main as cockpit
from cockpit.rules.repo.reading import read_rules
from cockpit.rules.runtime.program import find_program
from cockpit.rules.runtime.scan import Scanner
from cockpit.rules.runtime.sources import Sources
from tests.bench.figures import below, figure, heading
from tests.bench.rules.corpora import corpus
from tests.providers.git_story import git

ROUNDS = 7
RULES = 100
TOUCHED = "django/db/models/query.py"
VERBS = ("get", "set", "load", "open", "read", "send", "drop", "lock", "spawn", "parse")
NOUNS = ("page", "file", "token", "query", "model", "cache", "mail", "form", "field", "attr")
LAYERS = """\
id: layers
engine: layers
severity: error
layers:
  domains: [django]
  order: [utils, dispatch, core, db, forms, http, template, views, contrib]
metadata: {state: warn}
"""


@dataclass(frozen=True)
class Cost:
    """What one command took."""

    wall_s: float
    cpu_s: float


def main(_quick: bool = False) -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    with tempfile.TemporaryDirectory(prefix="bench-check-") as folder:
        root = _repository(Path(folder, "django"))
        state = Path(folder, "home")
        size = f"{_lines(root):,} lines in {len(_paths(root)):,} files"
        heading(f"cockpit check, {RULES} rules, {size}, median of {rounds}")
        _changed(root, state, rounds)
        _everything(root, state, rounds)
        asyncio.run(_layers(root, Path(folder, "layers"), rounds))


def _changed(root: Path, state: Path, rounds: int) -> None:
    """One changed file, all others as they were."""
    file = root / TOUCHED
    untouched = file.read_text()
    _check(root, state, "--changed")
    costs = []
    for number in range(rounds):
        file.write_text(f"{untouched}# {number}\n")
        costs.append(_check(root, state, "--changed")[0])
    again = [_check(root, state, "--changed")[0] for _ in range(rounds)]
    inside_s = list(_started(root, state, file, untouched, rounds))
    file.write_text(untouched)
    below("one changed file, once started", 1000 * statistics.median(inside_s), 150, "ms", 0)
    figure("  least of all rounds", f"{1000 * min(inside_s):,.0f} ms")
    below("one changed file, process start included", 1000 * _wall(costs), 400, "ms", 0)
    figure("  least of all rounds", f"{1000 * min(cost.wall_s for cost in costs):,.0f} ms")
    figure("  of which CPU", f"{1000 * _cpu(costs):,.0f} ms")
    figure("the same content once more", f"{1000 * _wall(again):,.0f} ms, CPU {1000 * _cpu(again):,.0f} ms")


def _started(root: Path, state: Path, file: Path, untouched: str, rounds: int) -> Iterator[float]:
    """Yield how long the command takes in this process, which has done it before."""
    os.environ["COCKPIT_HOME"] = str(state)
    for number in range(rounds + 1):
        file.write_text(f"{untouched}# started {number}\n")
        began = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            status = cockpit(["check", "--changed", "-C", str(root)])
        if status != 0:
            raise SystemExit(f"cockpit check ended with {status}")
        if number:
            yield time.perf_counter() - began


def _everything(root: Path, state: Path, rounds: int) -> None:
    """Every file, nothing known, in turns with ast-grep alone: both see the same load of the machine."""
    argv = [str(find_program()), "scan", "-c", ".cockpit/sgconfig.yml", "--json=stream"]
    cold, bare = [], []
    for _ in range(rounds):
        shutil.rmtree(state, ignore_errors=True)
        cold.append(_check(root, state, "--all")[0])

        bare.append(_timed(lambda: subprocess.run(argv, cwd=root, capture_output=True, text=True))[0])
    warm = [_check(root, state, "--all")[0] for _ in range(rounds)]
    figure("ast-grep alone, every file", f"{_wall(bare):.2f} s, CPU {_cpu(bare):.2f} s")
    figure("cockpit check --all, nothing known", f"{_wall(cold):.2f} s, CPU {_cpu(cold):.2f} s")
    below("  times ast-grep alone, by the clock", _wall(cold) / _wall(bare), 1.3, "x", 2)
    below("  times ast-grep alone, by CPU", _cpu(cold) / _cpu(bare), 1.3, "x", 2)
    figure("cockpit check --all, nothing new", f"{_wall(warm):.2f} s, CPU {_cpu(warm):.2f} s")


async def _layers(root: Path, state: Path, rounds: int) -> None:
    rules = read_rules({".cockpit/invariants/layers.yml": LAYERS})
    paths = _paths(root)
    scanner = Scanner(state)
    first = await scanner.scan(rules, Sources(root, paths))
    if first.problems:
        raise SystemExit(first.problems[0].message)
    took_s = []
    for _ in range(rounds):
        began = time.perf_counter()
        await scanner.scan(rules, Sources(root, paths))
        took_s.append(time.perf_counter() - began)
    below(f"layers of Django, warm ({len(first.hits)} direct imports upward)", statistics.median(took_s), 0.3, "s", 2)
    figure("  least of all rounds", f"{min(took_s):.2f} s")


def _repository(root: Path) -> Path:
    shutil.copytree(_package(corpus("django")), root / "django")
    rules = root / ".cockpit" / "rules"
    rules.mkdir(parents=True)
    (root / ".cockpit" / "sgconfig.yml").write_text("ruleDirs: [rules]\n")
    for number, (verb, noun) in enumerate((verb, noun) for verb in VERBS for noun in NOUNS):
        assert number < RULES
        (rules / f"{verb}-{noun}.yml").write_text(_rule(verb, noun))
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Begin")
    return root


def _rule(verb: str, noun: str) -> str:
    return (
        f"id: {verb}-{noun}\nlanguage: python\nseverity: warning\nmessage: {verb}_{noun} without a timeout\n"
        "note: Pass timeout=settings.timeout_s.\n"
        f"rule:\n  any:\n    - pattern: {verb}_{noun}($$$ARGS)\n    - pattern: $OBJECT.{verb}_{noun}($$$ARGS)\n"
        "  not: {has: {kind: keyword_argument, regex: '^timeout', stopBy: end}}\nmetadata: {state: warn}\n"
    )


def _package(folder: Path) -> Path:
    return next(path.parent for path in sorted(folder.rglob("django/__init__.py")))


def _paths(root: Path) -> list[str]:
    return git(root, "ls-files", "-z").split("\0")[:-1]


def _lines(root: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in root.rglob("*.py"))


def _check(root: Path, state: Path, scope: str) -> tuple[Cost, str]:
    argv = [str(Path(sys.executable).with_name("cockpit")), "check", scope, "--format", "json"]
    # As installed: compiled once, whatever this machine says about that.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"COCKPIT_HOME": str(state), "PYTHONPYCACHEPREFIX": str(root.parent / "compiled")}
    cost, done = _timed(lambda: subprocess.run(argv, cwd=root, env=environment, capture_output=True, text=True))
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return cost, done.stdout


def _timed(act: Callable[[], subprocess.CompletedProcess[str]]) -> tuple[Cost, subprocess.CompletedProcess[str]]:
    with _measured() as cost:
        done = act()
    return cost(), done


@contextmanager
def _measured() -> Iterator[Callable[[], Cost]]:
    def spent_s() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    began, before_s = time.perf_counter(), spent_s()
    yield lambda: Cost(time.perf_counter() - began, spent_s() - before_s)


def _wall(costs: list[Cost]) -> float:
    return statistics.median(cost.wall_s for cost in costs)


def _cpu(costs: list[Cost]) -> float:
    return statistics.median(cost.cpu_s for cost in costs)


if __name__ == "__main__":
    main()
