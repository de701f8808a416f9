"""How figures are printed: one a line, with the aim beside it and the state of the machine above them."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Sequence


def heading(text: str) -> None:
    """Print what the next figures are about, and what else the machine does meanwhile."""
    print(f"\n{text}\n  ({os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, yardstick {yardstick_ms():.0f} ms)")


def figure(what: str, value: str, aim: str = "", *, is_met: bool | None = None) -> None:
    """Print one figure; `is_met` says how it stands to its aim."""
    verdict = {None: "", True: "  ok", False: "  MISSED"}[is_met]
    print(f"  {what:<52}{value:>22}   {'aim ' + aim if aim else ''}{verdict}", flush=True)


def below(what: str, value: float, limit: float, unit: str, digits: int = 1) -> None:
    """Print a figure that should be below its aim."""
    figure(what, f"{value:,.{digits}f} {unit}", f"< {limit:g} {unit}", is_met=value < limit)


def none_of(what: str, count: int) -> None:
    """Print a count that must be nought."""
    figure(what, f"{count}", "0", is_met=count == 0)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def middle(values: Sequence[float]) -> str:
    """Return `p50 / p95`."""
    return f"{percentile(values, 0.5):,.1f} / {percentile(values, 0.95):,.1f}"


def yardstick_ms() -> float:
    """Return the CPU time of a fixed loop in milliseconds, so that figures of two machines can be compared."""
    times = []
    for _ in range(3):
        before, total = time.process_time(), 0
        for number in range(500_000):
            total += number * number & 7
        times.append((time.process_time() - before) * 1000)
    return statistics.median(times)
