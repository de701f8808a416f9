"""Stands in for many chatty agents: appends to their spools what they would print, from one process.

    python -m tests.bench.talkers ORDER        (under the runner, as an agent is)

ORDER is a JSON file with the list of `spools`. On standard input comes `talk RATE FACTS SECONDS` (lines a second for
each spool, share of facts in them) and `quit`. What was written is told in ORDER with the ending `.done`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

BEAT_S = 0.1
"""Each spool grows by one write in each beat; the spools take turns within it."""
SLOTS = 10
_WORDS = "reading the tests first then the cart because the discount is rounded in the wrong place "


class Talker:
    """One agent's spool."""

    def __init__(self, folder: Path) -> None:
        self.facts = self.lines = 0
        self._out = os.open(folder / "out", os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        self._owed = 0.0

    def talk(self, lines: int, share: float) -> None:
        """Write so many lines, `share` of them facts."""
        pieces = []
        for _ in range(lines):
            self._owed += share
            if self._owed >= 1.0 - 1e-9:
                self._owed -= 1.0
                pieces.append(self._fact())
            elif self.lines % 2:
                pieces.append(
                    f'{{"type":"message_delta","item":"m{self.facts}","text":"{_WORDS[: 20 + self.lines % 40]}"}}'
                )
            else:
                pieces.append(f'{{"type":"tool_output","item":"t{self.facts}","text":"{_WORDS}"}}')
            self.lines += 1
        if pieces:
            os.write(self._out, ("\n".join(pieces) + "\n").encode())

    def _fact(self) -> str:
        self.facts += 1
        number = self.facts
        match number % 4:
            case 0:
                return (
                    f'{{"type":"tool_started","item":"{number}","tool":"run","title":"pytest tests/test_{number}.py"}}'
                )
            case 1:
                return f'{{"type":"tool_ended","item":"{number}","ok":true,"exit_code":0,"output":"{_WORDS * 4}"}}'
            case 2:
                return f'{{"type":"message","item":"{number}","text":"@{time.time():.6f} {_WORDS * 2}"}}'
            case _:
                return f'{{"type":"usage","input_tokens":900,"output_tokens":40,"context_used":{number}}}'


def talk(talkers: list[Talker], rate: float, share: float, seconds: float) -> None:
    """Let all of them talk at a steady rate; one that is behind catches up."""
    start, cpu = time.monotonic(), time.process_time()
    slots = [talkers[slot::SLOTS] for slot in range(SLOTS)]
    owed = 0.0
    for beat in range(round(seconds / BEAT_S)):
        owed += rate * BEAT_S
        lines, owed = int(owed), owed - int(owed)
        for slot, mine in enumerate(slots):
            due_s = start + (beat + slot / SLOTS) * BEAT_S
            time.sleep(max(0.0, due_s - time.monotonic()))
            for talker in mine:
                talker.talk(lines, share)
    _report(talkers, time.monotonic() - start, time.process_time() - cpu)


def _report(talkers: list[Talker], took_s: float, cpu_s: float) -> None:
    said = {
        "took_s": took_s,
        "cpu_s": cpu_s,
        "lines": sum(talker.lines for talker in talkers),
        "facts": sum(talker.facts for talker in talkers),
        "each": [talker.facts for talker in talkers],
    }
    done = Path(sys.argv[1] + ".done")
    done.with_suffix(".new").write_text(json.dumps(said))
    done.with_suffix(".new").replace(done)


def main() -> None:
    """Do what is said on standard input."""
    order: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())
    talkers = [Talker(Path(folder)) for folder in order["spools"]]
    for line in sys.stdin:
        word, *values = line.split()
        if word == "quit":
            return
        rate, share, seconds = map(float, values)
        talk(talkers, rate, share, seconds)


if __name__ == "__main__":
    main()
