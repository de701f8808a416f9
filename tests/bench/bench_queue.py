"""What the merge queue is worth: changes landed per hour, serial against a window against batches that are bisected.

    python -m tests.bench.bench_queue

Serial and windows are the real queue in simulated time (a test takes ten minutes, a rerun of one failed check a fifth
of that); bisected batches are played by the textbook. A share of the changes is bad. Tests that were stopped half-way
count as tests. No clock is involved: the figures are the same on every machine, and only their ratios mean something.
"""

from __future__ import annotations

import heapq
from random import Random
from statistics import median

from cockpit.changes.service.queue import Trial
from tests.changes.queue_world import World

CHANGES = 120
SEEDS = range(5)
TEST_S, RERUN_S = 600.0, 120.0

Figures = tuple[float, float]
"""Landed per hour, and tests run for each landed change."""


class TimedWorld(World):
    """A world in which every test takes its time; tests that are no longer wanted are stopped."""

    now_s = 0.0

    def play(self) -> Figures:
        """Let everything land that can, and return the figures."""
        started: dict[object, float] = {}
        begun = 0
        for name in range(CHANGES):
            self.enter(f"s{name:03}")
        while True:
            self.advance()
            if not self.queue.entries:
                return len(self.landed) / (self.now_s / 3600), begun / len(self.landed)
            begun += len(self.running.keys() - started.keys())
            started = {key: started.get(key, self.now_s) for key in self.running}
            ends = [(started[key] + _duration(trial), key) for key, trial in self.running.items()]
            heapq.heapify(ends)
            self.now_s, key = ends[0]
            self.finish(self.running.pop(key))

    def finish(self, trial: Trial) -> None:
        """End one test."""
        self.running = {(trial.tree, trial.only): trial}
        self.finish_test()


def _duration(trial: Trial) -> float:
    return RERUN_S if trial.only else TEST_S


def window(size: int, breakage: float, seed: int) -> Figures:
    """Play the real queue."""
    random = Random(seed)
    bad = {f"s{name:03}" for name in range(CHANGES) if random.random() < breakage}
    world = TimedWorld(Random(seed), size, bad=bad)
    world.is_disturbed = False
    return world.play()


def bisect(size: int, breakage: float, seed: int) -> Figures:
    """Test whole batches, and halve the ones that fail: one test at a time."""
    random = Random(seed)
    is_bad = [random.random() < breakage for _ in range(CHANGES)]
    runs = 0

    def test(batch: list[bool]) -> None:
        nonlocal runs
        runs += 1
        if any(batch) and len(batch) > 1:
            half = len(batch) // 2
            test(batch[:half])
            test(batch[half:])

    for start in range(0, CHANGES, size):
        test(is_bad[start : start + size])
    landed = CHANGES - sum(is_bad)
    return landed / (runs * TEST_S / 3600), runs / landed


def main(_quick: bool = False) -> None:
    """Print one table for each share of bad changes; in simulated time it is always quick."""
    for breakage in (0.02, 0.1, 0.3):
        serial = _middle([window(1, breakage, seed) for seed in SEEDS])
        print(f"\n{breakage:.0%} of the changes are bad      landed/h   x serial   tests per landed")
        _row("serial", serial, serial)
        for size in (2, 4, 8):
            _row(f"window {size}", _middle([window(size, breakage, seed) for seed in SEEDS]), serial)
        for size in (4, 8):
            _row(f"batches of {size}, bisected", _middle([bisect(size, breakage, seed) for seed in SEEDS]), serial)


def _middle(figures: list[Figures]) -> Figures:
    return median(one[0] for one in figures), median(one[1] for one in figures)


def _row(name: str, figures: Figures, serial: Figures) -> None:
    print(f"  {name:<28}{figures[0]:10.1f}{figures[0] / serial[0]:11.1f}{figures[1]:19.2f}")


if __name__ == "__main__":
    main()
