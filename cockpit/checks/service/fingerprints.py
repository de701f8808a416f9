"""What makes two findings the same mistake (fingerprint), and the same occurrence of it (instance)."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from cockpit.checks.types import Finding

LinesOf = Callable[[str], Sequence[str]]
"""Gives the lines of a file of the workspace; none when it cannot be read."""

_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|`[^`\n]*`")
_TOKEN = re.compile(r"[\w.@~/+-]+")
_NUMBER = re.compile(r"\d+")
_NAME = re.compile(r"\w[._]\w|[a-z][A-Z]")


def normalised(message: str) -> str:
    """Return what is left of a message without the names, paths and numbers of the one occurrence."""
    masked = _TOKEN.sub(_mask, _QUOTED.sub("\0", message))
    return " ".join(masked.replace("\0", "<quoted>").split()).lower()


def _mask(found: re.Match[str]) -> str:
    token = found[0]
    if "/" in token:
        return "<path>"
    if token.startswith("0x"):
        return "<n>"
    token = _NUMBER.sub("<n>", token)
    return "<name>" if _NAME.search(token) else token


def identified(findings: Iterable[Finding], lines_of: LinesOf) -> tuple[Finding, ...]:
    """Return the findings with fingerprint and instance filled in.

    An instance is made of what stands on the line, not of its number: it survives code moving up and down. Equal lines
    with equal findings are told apart by their order.
    """
    seen: Counter[str] = Counter()
    result = []
    for finding in findings:
        mark = fingerprint(finding)
        place = f"{mark}\0{finding.path}\0{_line_text(finding, lines_of)}"
        seen[place] += 1
        instance = _digest(f"{place}\0{seen[place]}")
        result.append(finding.model_copy(update={"fingerprint": mark, "instance": instance}))
    return tuple(result)


def fingerprint(finding: Finding) -> str:
    """Return `check:code`, or `check:` and a digest of the normalised message where the tool has no codes."""
    return f"{finding.check}:{finding.code or _digest(normalised(finding.message))}"


def _line_text(finding: Finding, lines_of: LinesOf) -> str:
    """Return what identifies the place: the line's text, else the message (it says the rest)."""
    if finding.path and finding.line is not None:
        lines = lines_of(finding.path)
        if finding.line <= len(lines) and (text := " ".join(lines[finding.line - 1].split())):
            return text
    return normalised(finding.message)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
