"""Scripts for the model that stands in for a paid one, written as short Python."""

from __future__ import annotations

from typing import Any

Rule = dict[str, Any]
Step = dict[str, Any]


def rule(name: str, *steps: Step, task: str = "", latest: str = "") -> Rule:
    """Return a rule: what the model answers, step by step, where the task (and the latest message) matches."""
    when = {key: pattern for key, pattern in (("task", task), ("latest", latest)) if pattern}
    return {"name": name, "when": when, "steps": list(steps)}


def say(text: str, *calls: dict[str, Any]) -> Step:
    """Return a reply with words, and tool calls after them."""
    return {"text": text, "calls": list(calls)}


def run(command: str, **more: Any) -> dict[str, Any]:
    """Return a call of the `run` tool."""
    return {"tool": "run", "arguments": {"command": command, **more}}


def ask(question: str, *options: str) -> dict[str, Any]:
    """Return a call of the `ask` tool."""
    return {"tool": "ask", "arguments": {"question": question, "options": list(options)}}


def done(summary: str) -> Step:
    """Return a reply that ends the turn."""
    return {"text": "", "calls": [{"tool": "done", "arguments": {"summary": summary}}]}


def writes(path: str, text: str) -> dict[str, Any]:
    """Return a call that writes a small file."""
    return run(f"mkdir -p $(dirname {path}) && cat >{path} <<'END'\n{text}END")
