"""Reading `git log -p`: which lines each accepted commit brought in, so that a rule can be asked about them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LOG_FORMAT = "%x00%H %s"
"""For `--format`: a mark that no diff line begins with, the commit's id, its subject."""

_HUNK = re.compile(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@")
_INDEX = re.compile(r"index ([0-9a-f]+)\.\.([0-9a-f]+)")
_NAME_IN_PATTERN = re.compile(r"(?<![$\w])[A-Za-z_]\w{2,}")
_METAVARIABLE = re.compile(r"\${1,3}\w*")


@dataclass(slots=True)
class Added:
    """The lines that a commit brought into one file."""

    path: str
    blob: str
    before: str = ""
    """The content that it had before; only noughts: it is new."""
    ranges: list[tuple[int, int]] = field(default_factory=list)

    @property
    def is_new(self) -> bool:
        """Return whether the commit brought the file in."""
        return not self.before.strip("0")

    def meets(self, line: int, end_line: int) -> bool:
        """Return whether any of the lines was brought in."""
        return any(first <= end_line and line <= last for first, last in self.ranges)


@dataclass(slots=True)
class Accepted:
    """One accepted commit."""

    commit: str
    subject: str
    added: list[Added] = field(default_factory=list)


def accepted_in(log: str) -> list[Accepted]:
    """Read a log made with `LOG_FORMAT`, `-p`, `-U0` and `--full-index`."""
    found: list[Accepted] = []
    before, blob, file = "", "", None
    for line in log.split("\n"):
        if line.startswith("\0"):
            commit, _, subject = line[1:].partition(" ")
            found.append(Accepted(commit, subject))
            file = None
        elif index := _INDEX.match(line):
            before, blob = index[1], index[2]
        elif line.startswith("diff --git "):
            file = None
        elif line.startswith("+++ b/") and file is None and found:
            file = Added(line[6:].rstrip("\t"), blob, before)
            found[-1].added.append(file)
        elif file is not None and (hunk := _HUNK.match(line)):
            first, count = int(hunk[1]), int(hunk[2] or 1)
            if count:
                file.ranges.append((first, first + count - 1))
    return found


def words_of(body: Mapping[str, Any]) -> frozenset[str]:
    """Return words that any code which a rule hits must contain; few rather than wrong ones."""
    return _words(body.get("rule", {}))


def may_hit(words: frozenset[str], text: str) -> bool:
    """Return whether a text contains all words."""
    return all(word in text for word in words)


def _words(rule: Any) -> frozenset[str]:
    if not isinstance(rule, Mapping):
        return frozenset()
    found: frozenset[str] = frozenset()
    pattern = rule.get("pattern")
    if isinstance(pattern, str):
        found |= frozenset(_NAME_IN_PATTERN.findall(_METAVARIABLE.sub(" ", _without_texts(pattern))))
    if isinstance(rule.get("all"), Sequence):
        found = found.union(*map(_words, rule["all"]))
    if isinstance(rule.get("any"), Sequence) and rule["any"]:
        found |= frozenset.intersection(*map(_words, rule["any"]))
    return found


def _without_texts(pattern: str) -> str:
    return re.sub(r"\"[^\"]*\"|'[^']*'|`[^`]*`", " ", pattern)
