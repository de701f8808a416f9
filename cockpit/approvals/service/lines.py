"""Lines of a policy: what each covers, and what they say together of a request.

`commands`: a command means itself; one that ends in ` *` covers every command that begins with its words. It stays in
the agent's sandbox: `unconfined` speaks, in the same words, of those that leave it. `edits`: a glob relative to the
workspace. `hosts`: `host`, `host:port` or `*.domain`. `tools`: `server/tool` or `server/*`.
A line that denies is read generously, one that allows is read narrowly, and none allows a dangerous shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from cockpit.approvals.service.hosts import is_covered_host
from cockpit.approvals.service.reading import Reading, read_line
from cockpit.approvals.service.shell import Form, Part
from cockpit.approvals.types import Answerer, Section
from cockpit.providers.globs import matches_in_any_spelling, surely_matches

REST = " *"
"""Ends a line that covers a command with more words after its own."""

_ROUGH_WORDS = re.compile(r"[A-Za-z0-9_./:=@,+%~-]+")
_FILTER_ARGUMENTS = re.compile(r"-n|-c|-l|-w|-lc|-wl|-r|-u|-nr|-rn|[+-]?\d+|-[nc]\d+")
_FILTERS = frozenset(("head", "tail", "wc", "cat", "sort", "uniq"))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a policy and whose it is."""

    section: Section
    text: str
    by: Answerer


@dataclass(frozen=True, slots=True)
class Policy:
    """All lines in force."""

    allow: tuple[Line, ...] = ()
    deny: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a policy says of a request."""

    is_allowed: bool
    line: Line


def rule(policy: Policy, reading: Reading) -> Ruling | None:
    """Return what the policy says; None: nothing, a human is asked. What denies comes first."""
    for line in policy.deny:
        if denies(line.section, line.text, reading):
            return Ruling(False, line)
    for line in policy.allow:
        if covers(line.section, line.text, reading):
            return Ruling(True, line)
    return None


def covers(section: Section, line: str, reading: Reading) -> bool:
    """Return whether a line allows what is asked for."""
    if reading.section is not section or reading.dangers or reading.form is Form.OPAQUE:
        return False
    match section:
        case Section.COMMANDS | Section.UNCONFINED:
            return _covers_command(line, reading)
        case Section.EDITS:
            return bool(reading.paths) and all(_covers_path(line, path) for path in reading.paths)
        case Section.HOSTS:
            return is_covered_host(reading.host, line)
        case Section.TOOLS:
            return _covers_tool(line, reading.tool)


def denies(section: Section, line: str, reading: Reading) -> bool:
    """Return whether a line refuses what is asked for; of a command whether it stays in the sandbox or not."""
    match section:
        case Section.COMMANDS | Section.UNCONFINED:
            return _denies_command(line, reading)
        case Section.EDITS:
            return any(matches_in_any_spelling(path, (line,)) for path in reading.paths)
        case Section.HOSTS:
            return is_covered_host(reading.host, line) or is_covered_host(reading.host.partition(":")[0], line)
        case Section.TOOLS:
            return _covers_tool(line.casefold(), reading.tool.casefold())


@lru_cache(maxsize=1024)
def leading_words(line: str) -> tuple[str, ...] | None:
    """Return the words that commands covered by a ` *` line begin with; None: it is no such line, or cannot be read."""
    if not line.endswith(REST):
        return None
    found = _line(line.removesuffix(REST))
    is_simple = found.form is Form.PLAIN and len(found.parts) == 1 and not found.folder
    return found.parts[0].words if is_simple else None


def is_filter(part: Part) -> bool:
    """Return whether a part only shortens, counts or sorts what it is fed."""
    arguments = part.words[1:]
    return part.is_fed and part.words[0] in _FILTERS and all(_FILTER_ARGUMENTS.fullmatch(word) for word in arguments)


@lru_cache(maxsize=1024)
def _line(text: str) -> Reading:
    return read_line(text)


def _covers_command(line: str, reading: Reading) -> bool:
    if not line.endswith(REST):
        found = _line(line)
        return found.form is reading.form and found.text == reading.text
    if reading.form is not Form.PLAIN:
        return False
    words = leading_words(line)
    return words is not None and _begin_with(words, reading)


def _begin_with(words: tuple[str, ...], reading: Reading) -> bool:
    """Whether each command of a list begins with these words, but for filters; one that is a file means that file."""
    program = words[0]
    if "/" in program and not program.startswith("/") and reading.folder:
        return False
    parts = [part for part in reading.parts if not is_filter(part)]
    return bool(parts) and all(part.words[: len(words)] == words for part in parts)


def _covers_path(line: str, path: str) -> bool:
    """Whether a glob covers a path. What is hidden is covered only by a glob that spells it out."""
    if line.startswith("!") or not surely_matches(path, (line,)):
        return False
    spelled = line.split("/")
    return all(component in spelled for component in path.split("/") if component.startswith("."))


def _covers_tool(line: str, tool: str) -> bool:
    if not tool:
        return False
    server, slash, name = line.partition("/")
    return line == tool or (name == "*" and bool(server) and tool.startswith(server + slash))


def _denies_command(line: str, reading: Reading) -> bool:
    found = _line(line.removesuffix(REST))
    words = found.parts[0].words if len(found.parts) == 1 else ()
    if not words:
        return found.text == reading.text
    told = [part.words for part in reading.parts] or [tuple(_ROUGH_WORDS.findall(reading.text))]
    return any(_holds(words, candidate) for candidate in told)


def _holds(words: tuple[str, ...], told: Iterable[str]) -> bool:
    """Whether the words stand somewhere in a row, a program with or without its folder."""
    row = tuple(told)
    plain = tuple(word.rpartition("/")[2] if word.startswith("/") else word for word in row)
    length = len(words)
    return any(words in (row[at : at + length], plain[at : at + length]) for at in range(len(row) - length + 1))
