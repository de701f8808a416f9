"""A change that does not merge: the target is brought into the workspace, with markers for the agent to resolve."""

from __future__ import annotations

from cockpit.changes.types import ChangeStat
from cockpit.checks.types import Finding
from cockpit.providers.git import Repository
from cockpit.state.model import SessionState
from cockpit.types import TreeId

CHECK = "conflict-markers"
_READ_LIMIT_BYTES = 2 << 20
_MARKERS = ("<<<<<<< ", ">>>>>>> ")


async def leftover_markers(repository: Repository, session: SessionState, stat: ChangeStat) -> tuple[Finding, ...]:
    """Return a finding for each file that still holds conflict markers of ours, once a merge had left some."""
    if not any(finding.check == CHECK for finding in session.findings):
        return ()
    conflicted = {finding.path for finding in session.findings if finding.check == CHECK}
    found: list[Finding] = []
    for file in stat.files:
        if file.path in conflicted and file.status != "D" and file.added is not None:
            found += await _markers_in(repository, stat.tree, file.path)
    return tuple(found)


async def _markers_in(repository: Repository, tree: TreeId, path: str) -> list[Finding]:
    content = await repository.read_file(tree, path, _READ_LIMIT_BYTES)
    lines = content.data.decode(errors="replace").splitlines()
    marked = [number for number, line in enumerate(lines, 1) if line.startswith(_MARKERS)]
    return [conflict(path, marked[0])] if marked else []


def conflict(path: str, line: int | None = None, excerpt: str = "") -> Finding:
    """Return the finding for a file that two changes disagree about."""
    return Finding(
        check=CHECK,
        path=path,
        line=line,
        code="conflict",
        message="conflict with what landed meanwhile" + (f":\n{excerpt}" if excerpt else ""),
        remediation="Keep what both sides need, then remove the lines <<<<<<<, ======= and >>>>>>>.",
        fingerprint=CHECK,
        instance=f"{CHECK}:{path}",
    )
