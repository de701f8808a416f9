"""What is known of one use of a tool, gathered from the messages about it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from agents.acp.shape import block_text, deep, mapping, mappings, number, text, words
from agents.process import BoundedOutput

MCP_SERVER = "cockpit"
"""The name under which an agent is given the cockpit's own tools."""

_TITLE_CHARS = 300
_RAW_CHARS = 8_000
_WORDS_OF_KIND = {
    "execute": "run",
    "read": "read",
    "search": "search",
    "edit": "edit",
    "delete": "edit",
    "move": "edit",
    "fetch": "fetch",
    "think": "think",
    "switch_mode": "mode",
}
_MCP_NAME = re.compile(r"mcp__(?P<server>.+?)__(?P<tool>\w+)")
_OURS = re.compile(
    rf"(?:{MCP_SERVER}[_/.](?P<flat>\w+)|(?P<named>\w+) \({MCP_SERVER} MCP Server\))(?:: .*)?", re.DOTALL
)
_OPENS_FENCE = re.compile(r"\A```[\w-]*\n")
_PLAIN_NAME = re.compile(r"[\w./-]{1,80}")


@dataclass(slots=True)
class Tool:
    """One use of a tool."""

    call: str
    started_at: float
    kind: str = ""
    title: str = ""
    first_title: str = ""
    is_marked_mcp: bool = False
    input: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    """The agent's own name of the tool, where it gives one."""
    shown: str = ""
    """Output so far, as its content has it."""
    streamed: BoundedOutput | None = None
    """Output that came in pieces outside the content."""
    exit_code: int | None = None
    changes: dict[str, Literal["added", "modified", "deleted"]] = field(default_factory=dict)
    is_announced: bool = False
    title_is_command: bool = False
    """Where the agent says no more of a command than its title, that is the command."""

    def take(self, update: Mapping[str, Any], *, has_output: bool = True) -> str:
        """Take what a message says of it. Returns the output that is new; a question about it has none."""
        self.kind = text(update.get("kind")) or self.kind
        self.title = text(update.get("title")) or self.title
        self.first_title = self.first_title or self.title
        self.is_marked_mcp = self.is_marked_mcp or deep(update, "_meta", "is_mcp_tool_call") is True
        self.input = mapping(update.get("rawInput")) or self.input
        self.name = text(deep(update, "_meta", "claudeCode", "toolName")) or self.name
        for location in mappings(update.get("locations")):
            if self.kind in ("edit", "delete", "move") and text(location.get("path")):
                gone = "deleted" if self.kind == "delete" else "modified"
                self.changes.setdefault(text(location["path"]), "deleted" if gone == "deleted" else "modified")
        self._take_exit(update)
        whole = self._take_content(update.get("content"))
        if not has_output:
            return ""
        piece = self._take_meta_output(update)
        if not self.shown and self.streamed is None:
            whole = whole or _raw_output(update.get("rawOutput"))
        if not whole or whole == self.shown:
            return piece
        new = whole.removeprefix(self.shown) if whole.startswith(self.shown) else whole
        self.shown = whole
        return piece if self.streamed is not None else new

    def _take_content(self, content: object) -> str:
        """Take the files that its content speaks of; return its text."""
        pieces: list[str] = []
        for part in mappings(content):
            if part.get("type") == "diff" and text(part.get("path")):
                is_new = not part.get("oldText") or deep(part, "_meta", "kind") == "add"
                self.changes[text(part["path"])] = "added" if is_new else "modified"
            elif part.get("type") == "content":
                pieces.append(block_text(mapping(part.get("content"))))
        return _without_fence("\n".join(piece for piece in pieces if piece))

    def _take_meta_output(self, update: Mapping[str, Any]) -> str:
        meta = mapping(update.get("_meta"))
        piece = text(deep(meta, "terminal_output_delta", "data")) or text(deep(meta, "terminal_output", "data"))
        if piece:
            self.streamed = self.streamed or BoundedOutput()
            self.streamed.add(piece.encode("utf-8", "replace"))
        return piece

    def _take_exit(self, update: Mapping[str, Any]) -> None:
        raw = update.get("rawOutput")
        found = (
            deep(update, "_meta", "terminal_exit", "exit_code"),
            *(deep(raw, name) for name in ("exit_code", "exitCode", "exit")),
            deep(raw, "metadata", "exit"),
        )
        code = next((number(one) for one in found if number(one) is not None), None)
        self.exit_code = int(code) if code is not None else self.exit_code

    @property
    def is_told(self) -> bool:
        """Whether enough is known to show it: some agents begin with an empty message and follow with the rest."""
        match self.kind:
            case "execute":
                return bool(self.command)
            case "edit" | "delete" | "move":
                return bool(self.changes)
            case "" | "other":
                return bool(self.input)
            case _:
                return True

    @property
    def command(self) -> str | tuple[str, ...]:
        """The command it runs: one line for a shell, or words; empty where it runs none or does not say."""
        if self.kind and self.kind != "execute":
            return ""
        given = self.input.get("command") or self.input.get("cmd")
        if not self.input and self.title_is_command and self.kind == "execute":
            return self.title
        return text(given) or words(given)

    @property
    def mcp(self) -> tuple[str, str]:
        """Server and tool, where it is one of an MCP server and says so; empty texts otherwise.

        Only what the agent's program says is believed, not what its model can write: arguments, titles made of them.
        """
        if self.is_marked_mcp and not self.command:
            return text(self.input.get("server")), text(self.input.get("tool"))
        if self.kind in _WORDS_OF_KIND:
            return "", ""
        name = self.name or self.first_title
        if found := _MCP_NAME.fullmatch(name):
            return found["server"], found["tool"]
        if found := _OURS.fullmatch(name):
            return MCP_SERVER, found["flat"] or found["named"]
        return "", ""

    @property
    def word(self) -> str:
        """What it does, in the words that screens know, or its own name."""
        server, tool = self.mcp
        if server:
            return f"{server}/{tool}"
        if self.kind in _WORDS_OF_KIND:
            return _WORDS_OF_KIND[self.kind]
        return next(
            (name for name in (self.name, self.first_title) if _PLAIN_NAME.fullmatch(name)), self.kind or "tool"
        )

    def heading(self, workspace: Path) -> str:
        """Return one line for people: the command, the file, or what the agent calls it."""
        command = self.command
        line = command if isinstance(command, str) else " ".join(command)
        if self.mcp[0]:
            arguments = self.input.get("arguments", self.input)
            line = json.dumps(arguments, ensure_ascii=False) if arguments else self.title
        if not line and self.word == "edit" and len(self.changes) == 1:
            line = relative(next(iter(self.changes)), workspace)
        return " ".join((line or self.title or self.word).split())[:_TITLE_CHARS]

    def output(self) -> str:
        """Return what it printed, of long output head and tail."""
        if self.streamed is not None:
            return self.streamed.text()
        kept = BoundedOutput()
        kept.add(self.shown.encode("utf-8", "replace"))
        return kept.text()


def relative(path: str, workspace: Path) -> str:
    """Return a path as seen from the workspace, where it lies in it."""
    try:
        return str(Path(path).relative_to(workspace))
    except ValueError:
        return path


def _without_fence(shown: str) -> str:
    opening = _OPENS_FENCE.match(shown)
    if opening is None or not shown.rstrip().endswith("```"):
        return shown
    return shown.rstrip()[opening.end() : -3]


def _raw_output(raw: object) -> str:
    if isinstance(raw, str):
        return raw
    for name in ("formatted_output", "aggregated_output", "output", "stdout", "error"):
        if found := text(deep(raw, name)):
            return found
    return json.dumps(raw, ensure_ascii=False)[:_RAW_CHARS] if raw else ""
