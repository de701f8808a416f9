"""Runs the benchmarks: `python -m tests.bench [--quick] [NAME ...]`, such as `python -m tests.bench load keys`.

Each runs in a process of its own, one after the other, and prints figures with the aim beside them; none is judged by
the exit status unless it could not be measured at all.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

NAMES = tuple(sorted(file.stem.removeprefix("bench_") for file in Path(__file__).parent.glob("bench_*.py")))


def main() -> int:
    """Run what was asked for; return how many could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure the cockpit.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which (default: all): {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="smaller loads: minutes instead of half an hour")
    options = parser.parse_args()
    if unknown := sorted(set(options.names) - set(NAMES)):
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are: {', '.join(NAMES)}")
    failed = 0
    for name in options.names or NAMES:
        print(f"\n=== {name}", flush=True)
        call = f"from tests.bench.bench_{name} import main; main({options.quick})"
        failed += subprocess.run([sys.executable, "-c", call], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
