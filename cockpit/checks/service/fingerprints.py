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
_CLOSING = ")]}"
_COMMENTS = ("#", "//", "/*", "*", "--")
_DEEPEST = 40
"""Lines that a place is told by: itself, and what encloses it."""
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

    An instance is made of what stands on the line and of the lines that enclose it, not of its number: it survives code
    moving up and down, with what it stands in. Equal places with equal findings are told apart by their order.
    """
    seen: Counter[str] = Counter()
    enclosing: dict[str, Sequence[int]] = {}
    result = []
    for finding in findings:
        mark = fingerprint(finding)
        place = f"{mark}\0{finding.path}\0{_snippet(finding, lines_of, enclosing)}"
        seen[place] += 1
        instance = _digest(f"{place}\0{seen[place]}")
        result.append(finding.model_copy(update={"fingerprint": mark, "instance": instance}))
    return tuple(result)


def fingerprint(finding: Finding) -> str:
    """Return `check:code`, or `check:` and a digest of the normalised message where the tool has no codes."""
    return f"{finding.check}:{finding.code or _digest(normalised(finding.message))}"


def _snippet(finding: Finding, lines_of: LinesOf, enclosing: dict[str, Sequence[int]]) -> str:
    """Return what identifies the place: the line in what encloses it, else the message (it says the rest)."""
    if not finding.path or finding.line is None:
        return normalised(finding.message)
    lines = lines_of(finding.path)
    at = finding.line - 1
    if not 0 <= at < len(lines) or not lines[at].strip():
        return normalised(finding.message)
    if finding.path not in enclosing:
        enclosing[finding.path] = enclosed_by(lines)
    chain: list[str] = []
    while at >= 0 and len(chain) < _DEEPEST:
        chain.append(" ".join(lines[at].split()))
        at = enclosing[finding.path][at]
    return "\n".join(reversed(chain))


def enclosed_by(lines: Sequence[str]) -> Sequence[int]:
    """Return for each line (from 0) which one it stands in, by indentation; -1: in none.

    A line that begins with a closing bracket goes on with what it closes: what follows stands in both. In a comment
    stands nothing.
    """
    result: list[int] = []
    opened: list[tuple[int, int]] = []  # depth and number of what may enclose the next line, outermost first
    for number, line in enumerate(lines):
        text = line.lstrip()
        if not text:
            result.append(-1)
            continue
        depth = len(line) - len(text)
        if text.startswith(_COMMENTS):
            result.append(next((at for above, at in reversed(opened) if above < depth), -1))
            continue
        while opened and (opened[-1][0] > depth or (opened[-1][0] == depth and text[0] not in _CLOSING)):
            opened.pop()
        result.append(opened[-1][1] if opened else -1)
        opened.append((depth, number))
    return result


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
