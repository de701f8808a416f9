"""The bridge's process: `python -m agents.codex`, started by its driver."""

from __future__ import annotations

import sys

from agents.codex.agent import serve
from agents.start import start

if __name__ == "__main__":
    sys.exit(start(serve))
