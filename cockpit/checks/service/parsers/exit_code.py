"""Any command: its exit code is the verdict, the end of its output the message."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.checks.service.parsers.report import Claim, Source
from cockpit.providers.text import clean

_LINES_TOLD = 30


def parse(output: bytes, source: Source) -> Iterator[Claim]:
    """Yield one claim when the command failed: the end of what it printed, where tools say what is wrong."""
    if source.exit_code == 0:
        return
    lines = clean(output[-20_000:].decode("utf-8", "replace")).strip().splitlines()
    tail = "\n".join(line[:400] for line in lines[-_LINES_TOLD:])
    yield Claim(message=f"exit code {source.exit_code}\n{tail}".strip())
