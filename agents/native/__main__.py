"""The native agent's process: `python -m agents.native`, started by its driver."""

from __future__ import annotations

import sys

from agents.native.agent import serve
from agents.start import start

if __name__ == "__main__":
    sys.exit(start(serve))
