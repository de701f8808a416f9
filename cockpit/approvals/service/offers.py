"""What *always* may mean for a request: lines from narrow to broad, and how often each would have spared a human."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cockpit.approvals.service.danger import named
from cockpit.approvals.service.lines import REST, covers, is_filter
from cockpit.approvals.service.reading import Reading, reasons
from cockpit.approvals.service.shell import Form
from cockpit.approvals.types import LineOffer, Offers, Section
from cockpit.sessions.types import RequestKind

_EXAMPLES = 3
_EXAMPLE_LENGTH = 200
_BROADEST = 4
"""Leading words that are offered at most."""
_SHORTEST: dict[tuple[str, ...], int] = {
    **{(name, "run"): 3 for name in named("uv poetry pdm hatch rye pipenv npm pnpm yarn bun")},
    **{(name, "-m"): 3 for name in named("python python3")},
    ("npm", "run-script"): 3,
    ("bundle", "exec"): 3,
    **{(name,): 2 for name in named("git npm pnpm yarn bun uv cargo go make just rake task dotnet bundle poetry pdm")},
    **{(name,): 2 for name in named("hatch rye pipenv npx python python3 node sh bash ruby perl php mvn gradle")},
}
"""How many words a line needs after such a beginning: fewer would cover things of quite another kind."""
_FEW = named("rm mv cp ln chmod tee touch install unlink truncate find fd sed tar")
"""Programs whose arguments are all that matters: no beginning of theirs is offered."""
_LOOKING = named("ps pgrep lsof ss netstat df uptime free date uname id which")
"""Programs that tell about the machine, and run and read nothing of the workspace.

Outside the sandbox a beginning is offered of these alone.
"""
_GLOB = re.compile(r"([*?\[{])")


@dataclass(frozen=True, slots=True)
class Past:
    """A request of the journal, as it is compared with lines."""

    title: str
    reading: Reading


def offers(reading: Reading, past: Sequence[Past]) -> Offers:
    """Return the lines that are offered for a request, each counted against the requests before, newest first."""
    lines, refusal = offered_lines(reading)
    section = reading.section
    if section is None or not lines:
        return Offers(refusal=refusal)
    spoken_of = [one for one in past if one.reading.section is section]
    return Offers(choices=tuple(_counted(line, section, spoken_of) for line in lines), refusal=refusal)


def offered_lines(reading: Reading) -> tuple[list[str], str]:
    """Return the lines that *always* may write for a request, and why there are none, or none that is broader."""
    section = reading.section
    if section is None:
        if reading.kind is RequestKind.QUESTION:
            return [], "A question has no answer that always holds."
        return [], "The agent does not say what exactly it asks for."
    if reading.dangers:
        return [], f"This is asked every time: {reasons(reading.dangers)}."
    if reading.form is Form.OPAQUE:
        return [], f"What it does cannot be told for sure: {reading.why}."
    candidates, refusal = _OFFER[section](reading)
    return [line for line in dict.fromkeys(candidates) if covers(section, line, reading)], refusal


def _commands(reading: Reading) -> tuple[list[str], str]:
    if reading.text.endswith(REST):
        return [], "It ends in a pattern that a line would take for “and anything after it”."
    exact = [reading.text]
    if reading.form is not Form.PLAIN:
        return exact, f"Only this very command: {reading.why}."
    parts = [part.words for part in reading.parts if not is_filter(part)]
    if len(parts) != 1:
        return exact, "Only this very list of commands: each of several needs a line of its own."
    words = parts[0]
    if words[0].rpartition("/")[2] in _FEW:
        return exact, f"Only this very command: what {words[0]} does is in its arguments."
    if "/" in words[0] and reading.folder:
        return exact, "Only this very command: in another folder its program is another."
    if reading.escalates and words[0].removeprefix("/bin/").removeprefix("/usr/bin/") not in _LOOKING:
        return exact, "Only this very command: it leaves the sandbox, and may run what the agent has written."
    lengths = range(_leading(words), _shortest(words) - 1, -1)
    broader = [shlex.join(words[:length]) + REST for length in lengths]
    return exact + broader, "" if broader else "Only this very command: its first words alone do not tell what it does."


def _shortest(words: tuple[str, ...]) -> int:
    for length in (2, 1):
        if (least := _SHORTEST.get(words[:length])) is not None:
            return least
    return 1


def _leading(words: tuple[str, ...]) -> int:
    """Return how many words tell what is done, before the first option."""
    least = _shortest(words)
    for number, word in enumerate(words[:_BROADEST]):
        if number > 0 and word.startswith("-") and number + 1 != least - 1:
            return number
    return min(len(words), _BROADEST)


def _edits(reading: Reading) -> tuple[list[str], str]:
    folders = [posixpath.dirname(path) for path in reading.paths]
    lines = [_GLOB.sub(r"[\1]", reading.paths[0])] if len(reading.paths) == 1 else []
    common = posixpath.commonpath(folders) if all(folders) else ""
    while common:
        lines.append(_GLOB.sub(r"[\1]", common) + "/**")
        common = posixpath.dirname(common)
    if any(path.startswith("!") for path in reading.paths):
        return [], "A name that begins with “!” cannot be written as a line."
    return lines, "" if len(lines) > 1 else "Nothing broader than this: it lies in no folder of its own."


def _hosts(reading: Reading) -> tuple[list[str], str]:
    return [reading.host], "Only this very host."


def _tools(reading: Reading) -> tuple[list[str], str]:
    server, slash, name = reading.tool.partition("/")
    return [reading.tool, *([f"{server}/*"] if slash and server and name else [])], ""


_OFFER: dict[Section, Callable[[Reading], tuple[list[str], str]]] = {
    Section.COMMANDS: _commands,
    Section.UNCONFINED: _commands,
    Section.EDITS: _edits,
    Section.HOSTS: _hosts,
    Section.TOOLS: _tools,
}


def _counted(line: str, section: Section, past: Sequence[Past]) -> LineOffer:
    titles = [one.title for one in past if covers(section, line, one.reading)]
    examples = tuple(dict.fromkeys(title[:_EXAMPLE_LENGTH] for title in titles))[:_EXAMPLES]
    return LineOffer(line=line, section=section, matched=len(titles), of=len(past), examples=examples)
