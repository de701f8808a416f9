"""`cockpit doctor`: one line on each thing that has to be right, and what to do where it is not."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict

from cockpit.cli import NEEDS_HUMAN, OK
from cockpit.cli.arguments import Arguments, UsageError
from cockpit.cli.diagnosis import Level, Remark, machine, repository, warn
from cockpit.cli.repository import find_repository
from cockpit.providers.paths import Paths
from cockpit.providers.text import clean_line

_GLYPHS = {Level.OK: "✓", Level.WARN: "!", Level.FAIL: "✗"}
_COLOURS = {Level.OK: "32", Level.WARN: "33", Level.FAIL: "31"}


def doctor(arguments: Arguments) -> int:
    """Examine the machine and the repository; 0 when nothing fails, else 1."""
    remarks = []
    for remark in _examine(arguments):
        remarks.append(remark)
        if not arguments.json:
            print(_line(remark), flush=True)
    if arguments.json:
        print(json.dumps([asdict(remark) for remark in remarks], indent=2))
    failed = sum(remark.level is Level.FAIL for remark in remarks)
    if failed and not arguments.json:
        print(f"\n{failed} to mend.")
    return NEEDS_HUMAN if failed else OK


def _examine(arguments: Arguments) -> Iterator[Remark]:
    yield from machine.examine()
    try:
        root = find_repository(arguments.repo)
    except UsageError as error:
        yield warn("repository", str(error).partition(". ")[0], "Go to one, or name one with -C, to have it looked at.")
        return
    yield from repository.examine(Paths.for_repo(root), is_online=arguments.online)


def _line(remark: Remark) -> str:
    glyph = _GLYPHS[remark.level]
    if not (sys.stdout.encoding or "").lower().startswith("utf"):
        glyph = remark.level.value
    elif sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        glyph = f"\x1b[{_COLOURS[remark.level]}m{glyph}\x1b[0m"
    advice = f"  → {clean_line(remark.advice)}" if remark.advice else ""
    if advice and not (sys.stdout.encoding or "").lower().startswith("utf"):
        advice = advice.replace("→", "->")
    return f"{glyph} {remark.subject:<11} {clean_line(remark.found)}{advice}"
