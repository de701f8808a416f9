"""An agent's request for permission as a request to a human, and the answer as one of the agent's options."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from agents.acp.shape import block_text, mapping, mappings, text
from agents.acp.tools import MCP_SERVER, Tool, relative
from cockpit.sessions.types import RequestKind, RequestRaised

_DETAIL_CHARS = 20_000
_TITLE_CHARS = 4_000
_PATH_NAMES = ("file_path", "filePath", "filepath", "path", "notebook_path")


def is_ours(tool: Tool) -> bool:
    """Return whether the tool is one that the cockpit itself gives the agent."""
    return tool.mcp[0] == MCP_SERVER


def option_of_kind(options: object, kind: str) -> str | None:
    """Return the id of the agent's first option of a kind; None where it offers none."""
    return next((text(one.get("optionId")) for one in mappings(options) if one.get("kind") == kind), None)


def request_of(
    name: str, params: Mapping[str, Any], tool: Tool, workspace: Path, *, is_confined: bool
) -> RequestRaised:
    """Return the request to raise under a name.

    Whether a command leaves a sandbox that an agent has of its own the protocol does not tell: it stays in one only
    where our sandbox holds the whole agent (`is_confined`).
    """
    call = mapping(params.get("toolCall"))
    command = tool.command
    shell = command if isinstance(command, str) else ""
    argv = () if isinstance(command, str) else command
    paths = tuple(dict.fromkeys(str(workspace / path) for path in _paths(tool, call)))
    host = _host(tool)
    server, own_name = tool.mcp
    kind = _kind(tool, bool(command), bool(paths), bool(host))
    return RequestRaised(
        request=name,
        kind=kind,
        title=(shell or " ".join(argv) or _title(tool, paths, workspace))[:_TITLE_CHARS],
        reason=_reason(tool),
        argv=argv,
        shell=shell,
        cwd=text(tool.input.get("cwd")) or text(tool.input.get("workdir")) or str(workspace),
        paths=paths,
        host=host,
        tool=f"{server}/{own_name}" if server else "",
        detail=_detail(tool, call, workspace),
        escalates=kind is RequestKind.COMMAND and not is_confined,
    )


def _kind(tool: Tool, has_command: bool, has_paths: bool, has_host: bool) -> RequestKind:
    if has_command or tool.kind == "execute":
        return RequestKind.COMMAND
    if tool.kind in ("edit", "delete", "move") and has_paths:
        return RequestKind.EDIT
    if tool.kind == "fetch" or has_host:
        return RequestKind.NETWORK
    return RequestKind.TOOL


def _title(tool: Tool, paths: tuple[str, ...], workspace: Path) -> str:
    server, own_name = tool.mcp
    if server:
        return f"use {own_name} of {server}"
    if tool.kind in ("edit", "delete", "move") and paths:
        verb = {"edit": "change", "delete": "delete", "move": "move"}[tool.kind]
        return f"{verb} {', '.join(relative(path, workspace) for path in paths)}"
    return tool.title or tool.word


def _reason(tool: Tool) -> str:
    for name in ("justification", "reason", "description"):
        if found := text(tool.input.get(name)):
            return found[:_TITLE_CHARS]
    return ""


def _paths(tool: Tool, call: Mapping[str, Any]) -> Iterator[str]:
    if tool.kind not in ("edit", "delete", "move"):
        return
    yield from tool.changes
    for location in mappings(call.get("locations")):
        yield text(location.get("path"))
    for name in _PATH_NAMES:
        if found := text(tool.input.get(name)):
            yield found


def _host(tool: Tool) -> str:
    if tool.kind == "execute":
        return ""
    for name in ("url", "uri", "host"):
        found = text(tool.input.get(name))
        if not found:
            continue
        try:
            parts = urlsplit(found if "//" in found else f"//{found}")
            return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or ""
        except ValueError:
            return found[:200]
    return ""


def _detail(tool: Tool, call: Mapping[str, Any], workspace: Path) -> str:
    parts: list[str] = []
    for one in mappings(call.get("content")):
        if one.get("type") == "diff":
            parts.append(_diff(one, workspace))
        elif one.get("type") == "content":
            parts.append(block_text(mapping(one.get("content"))))
    whole = "\n".join(part for part in parts if part)
    if not whole and not tool.command and tool.input:
        whole = json.dumps(tool.input, ensure_ascii=False, indent=1)
    if len(whole) > _DETAIL_CHARS:
        return f"{whole[:_DETAIL_CHARS]}\n[... {len(whole) - _DETAIL_CHARS:,} more characters]"
    return whole


def _diff(part: Mapping[str, Any], workspace: Path) -> str:
    name = relative(text(part.get("path")), workspace)
    old, new = text(part.get("oldText")), text(part.get("newText"))
    if max(len(old), len(new)) > 10 * _DETAIL_CHARS:  # comparing would take long, and nobody reads so much
        return f"--- {name}\n+++ {name}\n[{len(old):,} characters become {len(new):,}]"
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), name if old else "/dev/null", name, lineterm="")
    return "\n".join(lines)
