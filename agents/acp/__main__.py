"""The bridge to an ACP agent as a program: `python -m agents.acp`, started by its driver."""

from __future__ import annotations

import sys

from agents.acp.agent import serve
from agents.start import start

if __name__ == "__main__":
    sys.exit(start(serve))
