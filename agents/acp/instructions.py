"""What an agent is told besides a person's words: its role, the place it works in, and what went before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from agents.assignment import Assignment

_ROLES = Path(__file__).parent.parent / "roles"
_EARLIER_CHARS = 8_000


def instructions(assignment: Assignment) -> str:
    """Return role and place."""
    parts = [assignment.role_text or _packaged_role(assignment.task.role), _place(assignment), _checks(assignment)]
    return "\n\n".join(part.strip() for part in parts if part.strip())


def go_on(words: str) -> str:
    """Return how to go on with a turn that was cut off; whether the agent had heard of it nobody knows."""
    return f"You were cut off in the middle of your work. Look at what is done already, and go on with this:\n\n{words}"


def opening(told: str, earlier: Sequence[str], words: str) -> str:
    """Return the first prompt of a conversation: what the agent must know, then what it is asked."""
    parts = [told]
    if earlier:
        before = "\n\n---\n\n".join(earlier)[-_EARLIER_CHARS:]
        parts.append(
            f"# What you were told before (the conversation about it is lost; its work is in place)\n\n{before}"
        )
    if any(parts):
        parts.append("# What is asked of you now")
    return "\n\n".join(part for part in (*parts, words) if part)


def _packaged_role(role: str) -> str:
    path = _ROLES / f"{role}.md"
    is_ours = path.parent == _ROLES and path.is_file()
    return path.read_text(encoding="utf-8") if is_ours else ""


def _place(assignment: Assignment) -> str:
    lines = [
        "# Where you work",
        f"- Workspace: {assignment.workspace} (a git worktree of your own; the cockpit commits, you do not)",
        f"- Temporary files: {assignment.scratch} ($TMPDIR)",
    ]
    if assignment.mcp is not None:
        lines.append("- The tools of the MCP server `cockpit` are yours: `done` means its tool `report_done`")
    leases = ", ".join(f"{name}={value}" for name, value in sorted(assignment.env.items()) if "PORT" in name)
    if leases:
        lines.append(f"- Your own ports: {leases}")
    return "\n".join(lines)


def _checks(assignment: Assignment) -> str:
    if not assignment.checks:
        return ""
    lines = ["# Checks that must pass (they are run after your turn)"]
    for check in assignment.checks:
        command = check.command if isinstance(check.command, str) else " ".join(check.command)
        lines.append(f"- {check.name}: `{command}`" + (f" (in {check.cwd})" if check.cwd else ""))
    return "\n".join(lines)
