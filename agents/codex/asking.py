"""What codex asks a human, in the words of our requests, and what an answer means to codex. Without input or output."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.codex import items
from agents.codex.bounds import head_and_tail, one_line
from agents.codex.items import Item
from agents.codex.shell import unwrap
from cockpit.sessions.types import RequestKind, RequestRaised

Params = dict[str, Any]

MCP_NAME = "cockpit"
"""What our own tools are called in codex's configuration."""

_NAME = "-"  # whoever raises a request names it


def command(params: Params) -> RequestRaised:
    """Return the request to run a command, to connect to a host, or to type into a running command.

    Each may leave the sandbox, and codex does not say which do: some are asked for to that end, and one that begins in
    it (mode `untrusted`) codex runs once more without it, unasked because it was allowed, when the sandbox stops it.
    """
    network = params.get("networkApprovalContext")
    line = unwrap(params.get("command") or "")
    shared = {
        "request": _NAME,
        "reason": str(params.get("reason") or ""),
        "cwd": str(params.get("cwd") or ""),
        "escalates": True,
    }
    if network:
        host = str(network.get("host", ""))
        title = f"connect to {host} ({network.get('protocol', 'network')})"
        return RequestRaised(kind=RequestKind.NETWORK, title=title, host=host, detail=line.text, **shared)
    more = params.get("additionalPermissions")
    detail = f"it also asks for: {_json(more)}" if more else ""
    if params.get("kind") == "writeStdin":
        title = f"type into a running command: {line.text}"
        # No words of a command: a line that allows one does not allow to type it into whatever runs.
        return RequestRaised(kind=RequestKind.COMMAND, title=title, detail=detail, **shared)
    return RequestRaised(
        kind=RequestKind.COMMAND,
        title=line.text or "(codex does not say which command)",
        argv=line.argv,
        shell=line.shell,
        detail=detail,
        **shared,
    )


def file_change(params: Params, item: Item, workspace: Path) -> RequestRaised:
    """Return the request to change files; `item` is the change as codex announced it."""
    paths = [str(workspace / path) for path in items.paths_of(item)]
    if params.get("grantRoot"):
        paths.append(str(workspace / str(params["grantRoot"])))
    shown = ", ".join(items.within(path, workspace) for path in paths)
    return RequestRaised(
        request=_NAME,
        kind=RequestKind.EDIT,
        title=f"change {shown}" if shown else "change files (codex does not say which)",
        reason=str(params.get("reason") or ""),
        cwd=str(workspace),
        paths=tuple(paths),
        detail=head_and_tail(items.diff_of(item)),
    )


@dataclass(frozen=True, slots=True)
class Part:
    """One of several permissions that codex asks for at once, and what grants it."""

    request: RequestRaised
    granted: Params


def permissions(params: Params) -> list[Part]:
    """Return what codex asks for, part by part: an answer about files must not open the network."""
    asked = params.get("permissions") or {}
    cwd, reason = Path(str(params.get("cwd") or "/")), str(params.get("reason") or "")
    parts = []
    files, network = asked.get("fileSystem"), asked.get("network")
    if files:
        written = [str(cwd / str(path)) for path in files.get("write") or []]
        written += [_entry(entry, cwd) for entry in files.get("entries") or [] if entry.get("access") == "write"]
        title = f"write to {', '.join(written)}" if written else f"read {', '.join(map(str, files.get('read') or []))}"
        request = RequestRaised(
            request=_NAME,
            kind=RequestKind.EDIT,
            title=one_line(f"{title} until the turn ends", 2000),
            reason=reason,
            cwd=str(cwd),
            paths=tuple(written),
            detail=head_and_tail(_json(files)),
            escalates=True,
        )
        parts.append(Part(request, {"fileSystem": files}))
    if network and network.get("enabled"):
        request = RequestRaised(
            request=_NAME,
            kind=RequestKind.NETWORK,
            title="use the network until the turn ends",
            reason=reason,
            cwd=str(cwd),
            escalates=True,
        )
        parts.append(Part(request, {"network": network}))
    return parts


def _entry(entry: Params, cwd: Path) -> str:
    path = entry.get("path") or {}
    return str(cwd / str(path["path"])) if "path" in path else _json(path)


def question(asked: Params) -> RequestRaised:
    """Return one question of the agent's."""
    options = asked.get("options") or []
    described = [f"{option['label']}: {option['description']}" for option in options if option.get("description")]
    return RequestRaised(
        request=_NAME,
        kind=RequestKind.QUESTION,
        title=str(asked.get("question") or asked.get("header") or ""),
        reason=str(asked.get("header") or ""),
        detail=head_and_tail("\n".join(described)),
        options=tuple(str(option.get("label", "")) for option in options),
    )


def is_own_tool(params: Params) -> bool:
    """Return whether an elicitation asks to use one of the cockpit's own tools."""
    return params.get("serverName") == MCP_NAME and is_tool_approval(params)


def is_tool_approval(params: Params) -> bool:
    """Return whether an elicitation is codex's question whether a tool of another server may be used."""
    meta = params.get("_meta")
    return isinstance(meta, dict) and meta.get("codex_approval_kind") == "mcp_tool_call"


def tool(params: Params) -> RequestRaised:
    """Return the request to use a tool of somebody's MCP server."""
    meta = params.get("_meta") or {}
    name = str(meta.get("tool_name") or meta.get("tool_title") or "")
    where = f"{params.get('serverName', '')}/{name}" if name else str(params.get("serverName", ""))
    return RequestRaised(
        request=_NAME,
        kind=RequestKind.TOOL,
        title=one_line(str(params.get("message") or f"use {where}"), 2000),
        reason=str(meta.get("tool_description") or ""),
        tool=where,
        detail=head_and_tail(_json(meta["tool_params"])) if "tool_params" in meta else "",
    )


def link(params: Params) -> RequestRaised:
    """Return the request of a server that a person open a page."""
    return RequestRaised(
        request=_NAME,
        kind=RequestKind.TOOL,
        title=one_line(f"{params.get('message', '')} {params.get('url', '')}", 2000),
        reason="open the page, then allow; or deny",
        tool=str(params.get("serverName", "")),
        detail=str(params.get("url", "")),
    )


@dataclass(frozen=True, slots=True)
class FormField:
    """One thing that a server wants to know."""

    name: str
    kind: str
    is_required: bool
    request: RequestRaised

    def value(self, text: str) -> Any:
        """Return an answer in the type that the server wants. Raises `ValueError` when it cannot be one."""
        match self.kind:
            case "boolean":
                return text.strip().lower() in ("yes", "y", "true", "1")
            case "integer":
                return int(text)
            case "number":
                return float(text)
            case "array":
                return [part.strip() for part in text.split(",") if part.strip()]
            case _:
                return text


def form(params: Params) -> list[FormField]:
    """Return what a server's form asks for, in its order."""
    schema = params.get("requestedSchema") or {}
    required = schema.get("required") or []
    fields = []
    for name, wanted in (schema.get("properties") or {}).items():
        kind = str(wanted.get("type", "string"))
        label = str(wanted.get("title") or name)
        options = _choices(wanted) or (("yes", "no") if kind == "boolean" else ())
        request = RequestRaised(
            request=_NAME,
            kind=RequestKind.QUESTION,
            title=one_line(f"{params.get('message', '')} ({label})", 2000),
            reason=str(wanted.get("description") or f"asked by {params.get('serverName', '')}"),
            options=options,
        )
        fields.append(FormField(str(name), kind, name in required, request))
    return fields


def _choices(wanted: Params) -> tuple[str, ...]:
    inner = wanted.get("items") if isinstance(wanted.get("items"), dict) else wanted
    listed = (inner or {}).get("enum") or [one.get("const") for one in (inner or {}).get("oneOf") or []]
    return tuple(str(value) for value in listed)


def legacy_command(params: Params) -> RequestRaised:
    """Return the request to run a command, as older versions of codex put it."""
    return command({**params, "command": params.get("command") or []})


def legacy_patch(params: Params, workspace: Path) -> RequestRaised:
    """Return the request to change files, as older versions of codex put it."""
    changes = [
        {
            "path": path,
            "kind": {"type": change.get("type"), "move_path": change.get("move_path")},
            "diff": change.get("unified_diff") or change.get("content") or "",
        }
        for path, change in (params.get("fileChanges") or {}).items()
    ]
    return file_change(params, {"changes": changes}, workspace)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)
