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

    def take(self, update: Mapping[str, Any]) -> str:
        """Take what a message says of it. Returns the output that is new."""
        self.kind = text(update.get("kind")) or self.kind
        self.title = text(update.get("title")) or self.title
        self.input = mapping(update.get("rawInput")) or self.input
        self.name = text(deep(update, "_meta", "claudeCode", "toolName")) or self.name
        for location in mappings(update.get("locations")):
            if self.kind in ("edit", "delete", "move") and text(location.get("path")):
                gone = "deleted" if self.kind == "delete" else "modified"
                self.changes.setdefault(text(location["path"]), "deleted" if gone == "deleted" else "modified")
        self._take_exit(update)
        return self._take_meta_output(update) + self._take_content(update.get("content"), update.get("rawOutput"))

    def _take_content(self, content: object, raw: object) -> str:
        pieces: list[str] = []
        for part in mappings(content):
            if part.get("type") == "diff" and text(part.get("path")):
                is_new = part.get("oldText") is None or deep(part, "_meta", "kind") == "add"
                self.changes[text(part["path"])] = "added" if is_new else "modified"
            elif part.get("type") == "content":
                pieces.append(block_text(mapping(part.get("content"))))
        whole = _without_fence("\n".join(piece for piece in pieces if piece)) or _raw_output(raw)
        if not whole or whole == self.shown:
            return ""
        new = whole.removeprefix(self.shown) if whole.startswith(self.shown) else whole
        self.shown = whole
        return "" if self.streamed is not None else new

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
        return bool(self.input) or self.kind not in ("", "execute", "edit", "other")

    @property
    def command(self) -> str | tuple[str, ...]:
        """The command it runs: one line for a shell, or words; empty where it runs none or does not say."""
        if self.kind and self.kind != "execute":
            return ""
        given = self.input.get("command") or self.input.get("cmd")
        return text(given) or words(given)

    @property
    def mcp(self) -> tuple[str, str]:
        """Server and tool, where it is one of an MCP server and says so; empty texts otherwise."""
        if self.kind in ("execute", "edit", "delete", "move", "read", "search"):
            return "", ""
        server, tool = text(self.input.get("server")), text(self.input.get("tool"))
        if server and tool:
            return server, tool
        for name in (self.name, self.title):
            if found := _MCP_NAME.fullmatch(name):
                return found["server"], found["tool"]
        if found := _OURS.fullmatch(self.name or self.title):
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
        return next((name for name in (self.name, self.title) if _PLAIN_NAME.fullmatch(name)), self.kind or "tool")

    def heading(self, workspace: Path) -> str:
        """Return one line for people: the command, the file, or what the agent calls it."""
        command = self.command
        line = command if isinstance(command, str) else " ".join(command)
        if not line and self.mcp[0]:
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
