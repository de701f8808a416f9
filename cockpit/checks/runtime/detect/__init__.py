"""The brain of `cockpit init`: looks at a repository, proposes checks, tries them, writes the first cockpit.toml.

`propose` and `propose_setup` look (blocking; call them off the event loop), `try_out` runs, `render` writes.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from cockpit.checks.runtime.detect import compiled, node, python
from cockpit.checks.runtime.detect.facts import Proposal, Setup
from cockpit.checks.runtime.detect.render import render
from cockpit.checks.runtime.detect.trial import Trial, try_out

_LOCAL_FILES = (".env", ".env.local", ".env.development.local", ".env.test.local", ".envrc")


def propose(root: Path) -> tuple[Proposal, ...]:
    """Return the checks that suit a repository; in a mixed one, those of all its languages, with different names."""
    found: dict[str, Proposal] = {}
    for language, proposals in (
        ("python", python.propose(root)),
        ("node", node.propose(root)),
        ("rust", compiled.propose_rust(root)),
        ("go", compiled.propose_go(root)),
    ):
        for proposal in proposals:
            check = proposal.check
            if check.name in found:
                check = check.model_copy(update={"name": f"{language}-{check.name}"})
            found[check.name] = Proposal(check=check, because=proposal.because)
    return tuple(found.values())


def propose_setup(root: Path, tracked: Collection[str] = ()) -> Setup:
    """Return what new workspaces need: dependencies by the lock file, and local files that git does not keep."""
    commands = [one.command for one in (python.setup(root), node.setup(root)) if one.command]
    command = commands[0] if commands else None
    if len(commands) > 1:
        command = ("bash", "-c", " && ".join(" ".join(argv) for argv in commands))
    copy = tuple(name for name in _LOCAL_FILES if name not in tracked and (root / name).is_file())
    return Setup(command=command, copy=copy)


__all__ = ["Proposal", "Setup", "Trial", "propose", "propose_setup", "render", "try_out"]
