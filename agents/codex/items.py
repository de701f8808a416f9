"""Codex's items in the words of our events: what begins, what ends, and what of it people want to see."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from agents.codex.bounds import head_and_tail, message, one_line
from agents.codex.shell import unwrap
from cockpit.sessions.types import (
    AgentEvent,
    AgentMessage,
    AgentNotice,
    FileChanged,
    ToolEnded,
    ToolStarted,
)

Item = dict[str, Any]
_CHANGES: dict[str, Literal["added", "modified", "deleted"]] = {"add": "added", "delete": "deleted"}
_GOOD = frozenset({"completed", ""})


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as it is announced."""

    name: str
    title: str


def tool_of(item: Item, workspace: Path) -> Tool | None:
    """Return the tool that an item is the use of; None where it is no tool's."""
    match item.get("type"):
        case "commandExecution":
            return Tool(_command_tool(item), one_line(unwrap(item.get("command") or "").text))
        case "fileChange":
            return Tool("edit", one_line(", ".join(within(path, workspace) for path in paths_of(item))))
        case "mcpToolCall":
            return Tool(f"{item.get('server', '')}/{item.get('tool', '')}", _arguments(item))
        case "dynamicToolCall":
            return Tool(str(item.get("tool", "")), _arguments(item))
        case "collabAgentToolCall":
            return Tool(f"agents/{item.get('tool', '')}", one_line(item.get("prompt") or ""))
        case "webSearch":
            return Tool("search", one_line(_searched(item)))
        case "imageView":
            return Tool("read", one_line(within(str(item.get("path", "")), workspace)))
        case "imageGeneration":
            return Tool("image", one_line(str(item.get("revisedPrompt") or "")))
        case _:
            return None


def started(item: Item, tool: Tool) -> ToolStarted:
    """Return the event of a tool's beginning."""
    return ToolStarted(item=str(item["id"]), tool=tool.name, title=tool.title)


def ended(item: Item, workspace: Path) -> list[AgentEvent]:
    """Return the events of a tool's end; of an edit also which files changed."""
    name = str(item["id"])
    is_ok = (item.get("status") or "") in _GOOD
    duration_s = round((item.get("durationMs") or 0) / 1000, 3)
    match item["type"]:
        case "commandExecution":
            output, code = item.get("aggregatedOutput") or "", item.get("exitCode")
            if item.get("status") == "declined":
                output = output or "not carried out: it was not allowed"
            ok = is_ok and code in (0, None)
            return [ToolEnded(item=name, ok=ok, output=head_and_tail(output), exit_code=code, duration_s=duration_s)]
        case "fileChange":
            ended = ToolEnded(item=name, ok=is_ok, output=head_and_tail(diff_of(item)))
            return [ended, *(_changed(item, workspace) if is_ok else ())]
        case "mcpToolCall":
            is_ok = is_ok and not item.get("error")
            return [ToolEnded(item=name, ok=is_ok, output=head_and_tail(_returned(item)), duration_s=duration_s)]
        case "dynamicToolCall":
            is_ok = is_ok and item.get("success") is not False
            output = _texts(item.get("contentItems") or [])
            return [ToolEnded(item=name, ok=is_ok, output=head_and_tail(output), duration_s=duration_s)]
        case _:
            return [ToolEnded(item=name, ok=is_ok, duration_s=duration_s)]


def said(item: Item) -> list[AgentEvent]:
    """Return the events of an item that is no tool's, once it is complete."""
    name = str(item.get("id", ""))
    match item.get("type"):
        case "agentMessage" | "plan":
            return [AgentMessage(item=name, text=message(item.get("text") or ""))]
        case "reasoning":
            text = "\n\n".join(item.get("summary") or item.get("content") or [])
            return [AgentMessage(item=name, text=message(text), is_reasoning=True)] if text.strip() else []
        case "enteredReviewMode":
            return [AgentNotice(text=f"codex reviews: {one_line(str(item.get('review') or ''))}")]
        case "exitedReviewMode":
            return [AgentMessage(item=name, text=message(str(item.get("review") or "")))]
        case "contextCompaction":
            return [AgentNotice(text="codex shortened its conversation to make room")]
        case _:
            return []


def paths_of(item: Item) -> list[str]:
    """Return the paths that a file change names, as codex gives them."""
    found: list[str] = []
    for change in item.get("changes") or []:
        kind = change.get("kind") or {}
        moved = kind.get("move_path") if isinstance(kind, dict) else None
        found += [str(path) for path in (change.get("path"), moved) if path]
    return found


def diff_of(item: Item) -> str:
    """Return what a file change does, as one text."""
    parts = []
    for change in item.get("changes") or []:
        kind = (change.get("kind") or {}).get("type", "update")
        text = str(change.get("diff") or "").rstrip("\n")
        parts.append(f"{kind} {change.get('path', '')}\n{text}")
    return "\n".join(parts)


def within(path: str, workspace: Path) -> str:
    """Return a path as seen from the workspace, where it lies in it."""
    given = Path(path)
    return str(given.relative_to(workspace)) if given.is_relative_to(workspace) else path


def _changed(item: Item, workspace: Path) -> list[AgentEvent]:
    events: list[AgentEvent] = []
    for change in item.get("changes") or []:
        kind = change.get("kind") or {}
        path, moved = within(str(change.get("path", "")), workspace), kind.get("move_path")
        if moved:
            events.append(FileChanged(path=path, change="deleted"))
            events.append(FileChanged(path=within(str(moved), workspace), change="added"))
        else:
            events.append(FileChanged(path=path, change=_CHANGES.get(kind.get("type", ""), "modified")))
    return events


def _command_tool(item: Item) -> str:
    kinds = {action.get("type") for action in item.get("commandActions") or []}
    if kinds and kinds <= {"read", "listFiles"}:
        return "read"
    return "search" if kinds == {"search"} else "run"


def _arguments(item: Item) -> str:
    arguments = item.get("arguments")
    return one_line(arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False))


def _searched(item: Item) -> str:
    action = item.get("action") or {}
    queries = action.get("queries") or []
    return str(item.get("query") or action.get("query") or action.get("url") or ", ".join(map(str, queries)))


def _returned(item: Item) -> str:
    error = item.get("error")
    if error:
        return str(error.get("message") or error) if isinstance(error, dict) else str(error)
    result = item.get("result") or {}
    return _texts(result.get("content") or [])


def _texts(parts: list[Any]) -> str:
    shown = (part for part in parts if isinstance(part, dict))
    return "\n".join(str(part["text"]) if "text" in part else f"[{part.get('type', 'something')}]" for part in shown)
