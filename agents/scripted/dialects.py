"""The script's tool calls in the dialect of the agent that asks: which one it is, the tools it offers tell.

The names and arguments are those of codex 0.169, claude-agent-acp 0.101, gemini 0.61, opencode 1.18 and qwen 0.24.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from agents.scripted.request import Offered, Request, ToolUse
from agents.scripted.script import Call

_FOLDER = re.compile(r"(?i)(?:working|current) directory(?: is)?:?\s*[`\"']?(/[^\s`\"'<]+)")
_FOLDER_OF_GEMINI = re.compile(r"(?i)working in the director(?:y|ies):?\s*(?:- )?(/[^\s<]+)")
_OUR_OWN = {"ask": "ask_human"}
"""Tools of the native agent that others have from the cockpit's MCP server."""

_SERVER = "mcp__cockpit"

Arguments = dict[str, Any]
Said = tuple[str, Arguments | str]


def render(calls: tuple[Call, ...], request: Request) -> tuple[str, tuple[ToolUse, ...]]:
    """Return calls as the agent knows them, and what is said in words because it has no tool for it."""
    speech, uses = "", []
    offered = {tool.name: tool for tool in request.tools}
    say = _dialect(offered, _folder(request.context))
    for call in calls:
        if call.raw is not None:
            uses.append(ToolUse(offered.get(call.tool) or Offered(call.tool), call.raw))
        elif call.tool == "done" and "done" not in offered:
            speech = str(call.arguments.get("summary", ""))
        elif call.mcp or (call.tool in _OUR_OWN and call.tool not in offered):
            uses.append(_mcp(call.mcp or _OUR_OWN[call.tool], call.arguments, request))
        else:
            uses.append(_use(*say(call.tool, call.arguments), offered))
    return speech, _in_code(uses) if _speaks_code(request.tools) else tuple(uses)


def _use(name: str, arguments: Arguments | str, offered: dict[str, Offered]) -> ToolUse:
    tool = offered.get(name) or Offered(name)
    if isinstance(arguments, str):
        return ToolUse(Offered(tool.name, tool.namespace, takes_text=True), arguments)
    return ToolUse(tool, json.dumps(arguments))


def _mcp(name: str, arguments: Arguments, request: Request) -> ToolUse:
    """Return the call of an MCP tool x, offered as x, server_x, mcp_server_x, mcp__server__x or in a namespace."""
    found = [tool for tool in request.tools if tool.name == name]
    found += [tool for tool in request.tools if tool.name.endswith(f"_{name}")]
    if not found:  # there, but to be looked for: claude names such tools to begin with, codex has a search for them
        found = [Offered(one) for one in re.findall(rf"\bmcp__\w+__{re.escape(name)}\b", request.context)]
        found += [Offered(name, _SERVER) for tool in request.tools if tool.name == "exec_command"]
    return ToolUse(found[0] if found else Offered(name), json.dumps(arguments))


def _folder(context: str) -> PurePosixPath | None:
    found = _FOLDER.search(context) or _FOLDER_OF_GEMINI.search(context)
    return PurePosixPath(found[1]) if found else None


def _dialect(offered: dict[str, Offered], folder: PurePosixPath | None) -> Callable[[str, Arguments], Said]:
    def absolute(path: str) -> str:
        return str(folder / path) if folder else path

    if "Bash" in offered:
        return lambda name, given: _claude(name, given, absolute)
    if "run_shell_command" in offered:
        return lambda name, given: _gemini(name, given, absolute, "edit" if "edit" in offered else "replace")
    if "bash" in offered:
        return lambda name, given: _opencode(name, given, absolute)
    if "exec_command" in offered or _speaks_code(tuple(offered.values())):
        return _codex
    return _native


def _native(name: str, given: Arguments) -> Said:
    if name in ("edit", "write") and "patch" not in given:
        return "edit", {"patch": _patch(name, given)}
    return name, given


def _codex(name: str, given: Arguments) -> Said:
    match name:
        case "run":
            # Long enough that a command ends before codex gives it a session of its own.
            return "exec_command", {"cmd": given["command"], "yield_time_ms": 30_000, **_escalation(given)}
        case "read":
            return "exec_command", {"cmd": f"cat {given['path']}"}
        case "edit" | "write":
            return "apply_patch", given["patch"] if "patch" in given else _patch(name, given)
        case "plan":
            words = {"running": "in_progress", "done": "completed"}
            steps = [{"step": s["text"], "status": words.get(s["status"], s["status"])} for s in given["steps"]]
            return "update_plan", {"plan": steps}
    return name, given


def _escalation(given: Arguments) -> Arguments:
    if not (given.get("needs_network") or given.get("writable")):
        return {}
    return {"sandbox_permissions": "require_escalated", "justification": given.get("reason", "")}


def _claude(name: str, given: Arguments, absolute: Callable[[str], str]) -> Said:
    match name:
        case "run":
            return "Bash", {"command": given["command"], "description": given.get("reason") or "Run a command"}
        case "read":
            return "Read", {"file_path": absolute(given["path"])}
        case "write":
            return "Write", {"file_path": absolute(given["path"]), "content": given["text"]}
        case "edit":
            changed = {"old_string": given["old"], "new_string": given["new"]}
            return "Edit", {"file_path": absolute(given["path"]), **changed}
        case "plan":
            return "TodoWrite", {"todos": [{**todo, "activeForm": todo["content"]} for todo in _todos(given)]}
    return name, given


def _gemini(name: str, given: Arguments, absolute: Callable[[str], str], edit: str) -> Said:
    match name:
        case "run":
            return "run_shell_command", {
                "command": given["command"],
                "description": "Run a command",
                "is_background": False,
            }
        case "read":
            return "read_file", {"file_path": absolute(given["path"])}
        case "write":
            return "write_file", {"file_path": absolute(given["path"]), "content": given["text"]}
        case "edit":
            changed = {"old_string": given["old"], "new_string": given["new"]}
            return edit, {"file_path": absolute(given["path"]), "instruction": "Change it as asked.", **changed}
        case "plan":
            return "write_todos", {
                "todos": [{"description": t["content"], "status": t["status"]} for t in _todos(given)]
            }
    return name, given


def _opencode(name: str, given: Arguments, absolute: Callable[[str], str]) -> Said:
    match name:
        case "run":
            return "bash", {"command": given["command"], "description": given.get("reason") or "Run a command"}
        case "read":
            return "read", {"filePath": absolute(given["path"])}
        case "write":
            return "write", {"filePath": absolute(given["path"]), "content": given["text"]}
        case "edit":
            changed = {"oldString": given["old"], "newString": given["new"]}
            return "edit", {"filePath": absolute(given["path"]), **changed}
        case "plan":
            return "todowrite", {"todos": [{**todo, "priority": "medium"} for todo in _todos(given)]}
    return name, given


def _todos(given: Arguments) -> list[dict[str, str]]:
    words = {"running": "in_progress", "done": "completed"}
    return [{"content": s["text"], "status": words.get(s["status"], s["status"])} for s in given["steps"]]


def _patch(name: str, given: Arguments) -> str:
    def lines(sign: str, text: str) -> str:
        return "".join(f"{sign}{line}\n" for line in text.splitlines())

    if name == "write":
        return f"*** Begin Patch\n*** Add File: {given['path']}\n{lines('+', given['text'])}*** End Patch"
    changed = lines("-", given["old"]) + lines("+", given["new"])
    return f"*** Begin Patch\n*** Update File: {given['path']}\n@@\n{changed}*** End Patch"


def _speaks_code(tools: tuple[Offered, ...]) -> bool:
    """Return whether tools are called from a program that the model writes (codex's code mode)."""
    names = {tool.name for tool in tools if not tool.namespace.startswith("mcp")}
    return "exec" in names and "exec_command" not in names


def _in_code(uses: list[ToolUse]) -> tuple[ToolUse, ...]:
    def program(use: ToolUse) -> str:
        arguments = json.dumps(use.arguments) if use.tool.takes_text else use.arguments
        name = f"{use.tool.namespace}__{use.tool.name}" if use.tool.namespace else use.tool.name
        return f"text(JSON.stringify(await tools.{name}({arguments})));"

    return tuple(ToolUse(Offered("exec", takes_text=True), program(use)) for use in uses)
