"""Finds what a person's pattern matches in a tool's output, in a process of its own that can be ended.

A pattern may take for ever on some text, the text is up to agents, and Python's engine lets nothing else run meanwhile.
Standard library only, so that such a process starts in a few milliseconds.
"""

from __future__ import annotations

import itertools
import json
import re
import sys
from pathlib import Path

TIMEOUT_S = 10.0
_LINE_LIMIT = 2_000
_MATCHES_KEPT = 5_000


def command(pattern: str, output: Path) -> list[str]:
    """Return the command that applies `pattern` to the file `output` and prints what `find` returns."""
    return [sys.executable, "-I", "-S", "-X", "utf8", str(Path(__file__).resolve()), pattern, str(output)]


def find(pattern: str, output: bytes) -> bytes:
    """Return one line of JSON a match: its named groups, and the whole of it under the empty name."""
    text = "\n".join(line[:_LINE_LIMIT] for line in output.decode("utf-8", "replace").splitlines())
    matches = itertools.islice(re.finditer(pattern, text, re.MULTILINE), _MATCHES_KEPT)
    lines = ({name: (value or "")[:_LINE_LIMIT] for name, value in _groups(match).items()} for match in matches)
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def _groups(match: re.Match[str]) -> dict[str, str | None]:
    return {"": match[0], **match.groupdict()}


if __name__ == "__main__":
    sys.stdout.buffer.write(find(sys.argv[1], Path(sys.argv[2]).read_bytes()))
