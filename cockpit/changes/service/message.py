"""What the merge queue writes: the message of the commit that lands, and what people and agents read when it cannot."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from cockpit.changes.types import QueueEntry
from cockpit.checks.types import Finding
from cockpit.providers.git.types import CheckoutBlocked, Conflict
from cockpit.providers.text import clean, clean_line
from cockpit.sessions.types import Task

SUBJECT_LIMIT = 72
"""Characters of a subject line; git's own tools cut longer ones."""

_BODY_LIMIT = 4000
_NAMED_FILES = 5


def landing_message(task: Task, entry: QueueEntry, checks: Iterable[str]) -> str:
    """Return the message of the one commit that a change lands as; its trailers say where it is from."""
    headline = clean_line(task.headline()).strip() or f"Change of session {entry.session}"
    subject = textwrap.shorten(headline, SUBJECT_LIMIT, placeholder="...")
    if len(subject) < 4 < len(headline):  # one word longer than the line: there is no blank to break at
        subject = headline[: SUBJECT_LIMIT - 3] + "..."
    prompt = clean(task.prompt).strip()
    if len(prompt) > _BODY_LIMIT:
        prompt = prompt[:_BODY_LIMIT] + "\n[cut here]"
    # trailers are the last paragraph only, so nothing in a prompt can pass for one
    body = [] if prompt == subject else [prompt]
    last = [f"Cockpit-Session: {entry.session}", f"Cockpit-Change: {entry.commit}"]
    last += [f"Cockpit-Checks: {', '.join(checks) or 'none'}"]
    return "\n\n".join([subject, *body, "\n".join(last)]) + "\n"


def conflict_findings(target: str, conflicts: Iterable[Conflict]) -> tuple[Finding, ...]:
    """Return one finding for each path that the change and the target disagree about."""
    findings = []
    for conflict in conflicts:
        path = clean_line(conflict.path)
        excerpt = clean(conflict.excerpt) or "both sides changed it, and there is no text to show"
        findings.append(
            Finding(
                check="merge",
                code="conflict",
                path=path,
                message=f"conflicts with {target}:\n{excerpt}",
                remediation=f"merge the current {target} into your change: resolve {path} so that it does what both "
                "sides intend, commit, and run the checks again",
            )
        )
    return tuple(findings)


def conflict_reason(target: str, conflicts: Iterable[Conflict]) -> str:
    """Return the one line that says why a change does not merge."""
    return f"conflicts with {target} in {_listed(conflict.path for conflict in conflicts)}"


def blocked_reason(target: str, blocked: CheckoutBlocked) -> str:
    """Return what is in the way of landing, and what the person can do about it."""
    place = clean_line(str(blocked.path))
    files = f": {_listed(blocked.files)}" if blocked.files else ""
    return (
        f"tested and clean, but the checkout at {place} {clean_line(blocked.reason)}{files}. "
        f"Commit, stash or move this away there, or switch it off {target}; it then lands by itself."
    )


def _listed(paths: Iterable[str]) -> str:
    every = [clean_line(path) for path in paths]
    more = f" and {len(every) - _NAMED_FILES} more" if len(every) > _NAMED_FILES else ""
    return ", ".join(every[:_NAMED_FILES]) + more
