"""What `cockpit doctor` looks at: the machine, the repository, the agents. Remarks come back; nothing is mended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a remark matters."""

    OK = "ok"
    WARN = "warn"  # works, with less
    FAIL = "fail"  # does not work until it is mended


@dataclass(frozen=True, slots=True)
class Remark:
    """What was found at one place, in one line."""

    subject: str
    level: Level
    found: str
    advice: str = ""
    """What to do about it; empty when there is nothing to do."""


def ok(subject: str, found: str) -> Remark:
    """Return a remark that all is well."""
    return Remark(subject, Level.OK, found)


def warn(subject: str, found: str, advice: str) -> Remark:
    """Return a remark on what works, but with less."""
    return Remark(subject, Level.WARN, found, advice)


def fail(subject: str, found: str, advice: str) -> Remark:
    """Return a remark on what has to be mended first."""
    return Remark(subject, Level.FAIL, found, advice)
