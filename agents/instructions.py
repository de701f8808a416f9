"""What every agent is told before it begins, in whatever way its protocol has for that: role, place, checks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from agents.assignment import Assignment

_ROLES = Path(__file__).parent / "roles"


def instructions(assignment: Assignment, *about_the_place: str) -> str:
    """Return what an agent that is a foreign program is told; `about_the_place` are further lines on where it works."""
    lines = [f"- Workspace: {assignment.workspace} (a git worktree of your own; the cockpit commits, you need not)"]
    if assignment.mcp is not None:
        lines.append("- The tools of the MCP server `cockpit` are yours: `done` means its tool `report_done`")
    return joined(role(assignment), place(assignment, (*lines, *about_the_place)), checks(assignment))


def joined(*parts: str) -> str:
    """Return the parts that say something, one paragraph each."""
    return "\n\n".join(part.strip() for part in parts if part.strip())


def role(assignment: Assignment) -> str:
    """Return the text of the task's role: the repository's own, else the packaged one."""
    if assignment.role_text:
        return assignment.role_text
    path = _ROLES / f"{assignment.task.role}.md"
    # The name comes from a task, which may come from a file: it names a role and leads nowhere else.
    is_ours = path.parent == _ROLES and path.name == f"{assignment.task.role}.md" and path.is_file()
    return path.read_text(encoding="utf-8") if is_ours else ""


def place(assignment: Assignment, lines: Iterable[str]) -> str:
    """Return where the agent works: `lines`, its temporary folder and its own ports."""
    leases = ", ".join(f"{name}={value}" for name, value in sorted(assignment.env.items()) if "PORT" in name)
    ports = (f"- Your own ports: {leases}",) if leases else ()
    return "\n".join(("# Where you work", *lines, f"- Temporary files: {assignment.scratch} ($TMPDIR)", *ports))


def checks(assignment: Assignment) -> str:
    """Return which checks the change is held to."""
    if not assignment.checks:
        return ""
    lines = ["# Checks that must pass (they are run after your turn)"]
    for check in assignment.checks:
        command = check.command if isinstance(check.command, str) else " ".join(check.command)
        lines.append(f"- {check.name}: `{command}`" + (f" (in {check.cwd})" if check.cwd else ""))
    return "\n".join(lines)
