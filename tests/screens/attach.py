"""Attaches this terminal to the sample host: `python -m tests.screens.attach SOCKET [OPTIONS-AS-JSON]`."""

from __future__ import annotations

import json
import sys

from cockpit.relay import run
from cockpit.screens.spawn import ensure_host


def main() -> int:
    path, options = sys.argv[1], json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}

    def respawn() -> str:
        ensure_host(path, module="tests.screens.sample_host", idle_exit_s=20)
        return path

    return run(path, {"repo": "/", "options": options}, respawn=None if "alone" in options else respawn)


if __name__ == "__main__":
    sys.exit(main())
