"""The terminal agent's process: `python -m agents.terminal`, started by its driver."""

from __future__ import annotations

import sys

from agents.start import start
from agents.terminal.agent import serve

if __name__ == "__main__":
    sys.exit(start(serve))
