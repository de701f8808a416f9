"""Stands in for `codex app-server` behind the real bridge: idle, then talking, then asking, as a benchmark wants.

    python -S codex_peer.py app-server        (started by the bridge)

The message that begins its turn is `bench FOLDER MESSAGES_PER_S REQUESTS`. It is idle until `FOLDER/talk` exists, talks
until `FOLDER/ask` exists, then asks one thing after the other and writes when each answer came to `FOLDER/<pid>`.
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.agents.codex.peer import Peer

_LOOK_S = 0.2


class BenchPeer(Peer):
    """Codex, as far as figures need it."""

    def do_bench(self, folder: str, rate: str, requests: str) -> bool:
        """Do what the benchmark wants, in three parts."""
        self.wait_for(Path(folder, "talk"))
        rest_s = 1 / float(rate)
        time.sleep(random.uniform(0, rest_s))
        while not Path(folder, "ask").exists():
            self.say(f"@{time.time():.6f} reading the tests first, then the cart")
            time.sleep(rest_s)
        with Path(folder, str(os.getpid())).open("w", encoding="utf-8") as answered:
            for number in range(int(requests)):
                title = f"make ready-{os.getpid()}-{number}"
                self.ask("item/commandExecution/requestApproval", command=title, cwd="/", reason="to measure")
                answered.write(f"{title} {time.time():.6f}\n")
                answered.flush()
        while True:
            self.meanwhile(self.read())

    def wait_for(self, file: Path) -> None:
        """Wait until a file is there."""
        while not file.exists():
            time.sleep(_LOOK_S)


if __name__ == "__main__":
    BenchPeer(sys.argv[1:]).serve()
