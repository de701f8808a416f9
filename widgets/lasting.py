"""The last lines of a transcript, plain: what the peek shows."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.journal import types as ev
from cockpit.providers.text import Safe, clean, clean_line
from cockpit.sessions.types import (
    AgentEvent,
    AgentMessage,
    AgentNotice,
    RequestRaised,
    ToolEnded,
    ToolStarted,
    TurnEnded,
)
from widgets.cells import cut, wrap
from widgets.look import Look
from widgets.rows import Parts

_OUTPUT_SHOWN = 3


def last_lines(
    envelopes: Iterable[ev.Envelope], live: Iterable[str], width: int, height: int, look: Look
) -> list[Parts]:
    """Return at most `height` lines, the newest last, none wider than `width`."""
    lines: list[Parts] = []
    for envelope in envelopes:
        if isinstance(envelope.event, ev.AgentSaid):
            lines += _said(envelope.event.said, width, look)
    for text in live:
        lines += [[(line, look["ink"])] for line in wrap(clean(text[-4_000:]), width)]
    return lines[-height:]


def _said(said: AgentEvent, width: int, look: Look) -> list[Parts]:
    match said:
        case AgentMessage(text=text, author=author, is_reasoning=is_reasoning):
            style = look["dim"] if is_reasoning else look["ink"] if author == "agent" else look["accent"]
            mark = "› " if author == "human" else ""
            return [[(line, style)] for line in wrap(Safe(mark + clean(text.strip())), width)]
        case ToolStarted(tool=tool, title=title):
            return [
                [(f"{cut(clean_line(tool), 12)} ", look["working"]), (cut(clean_line(title), width - 14), look["ink"])]
            ]
        case ToolEnded(ok=is_ok, output=output):
            shown = [line for line in clean(output).splitlines() if line.strip()][-_OUTPUT_SHOWN:]
            style = look["dim"] if is_ok else look["failed"]
            return [[("  ", style), (cut(clean_line(line), width - 3), style)] for line in shown]
        case RequestRaised(title=title):
            return [[("? ", look["waiting"]), (cut(clean_line(title), width - 3), look["question"])]]
        case AgentNotice(text=text):
            return [[(cut(clean_line(text), width), look["waiting"])]]
        case TurnEnded(summary=summary, error=error) if summary or error:
            return [[(line, look["dim"])] for line in wrap(clean_line(summary or error), width)]
        case _:
            return []
