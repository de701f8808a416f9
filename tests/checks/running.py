"""What tests of running checks share: a workspace with files, and a counter of what really ran."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from cockpit.checks.config import CheckConfig
from cockpit.checks.runtime import Target
from cockpit.providers.process import Completed, run
from cockpit.types import TreeId

PYTHON = sys.executable
TOOLS = str(Path(sys.executable).parent)


def make(root: Path, files: Mapping[str, str]) -> Path:
    """Write files under a folder."""
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def target(root: Path, tool_roots: Iterable[Path] = ()) -> Target:
    """Return a folder as the target of checks, with the tools of this environment on its PATH."""
    files = {
        str(file.relative_to(root)): hashlib.sha1(file.read_bytes()).hexdigest()
        for file in sorted(root.rglob("*"))
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(root).parts)
    }
    tree = TreeId(hashlib.sha1(repr(files).encode()).hexdigest())
    env = {"PATH": os.pathsep.join([TOOLS, os.environ["PATH"]])}
    return Target(root=root, tree=tree, files=files, env=env, tool_roots=tuple(tool_roots))


def check(name: str, command: str | Sequence[str], **options: object) -> CheckConfig:
    """Return a check."""
    return CheckConfig.model_validate({"name": name, "command": command, **options})


class CountingRun:
    """Runs real processes and remembers which."""

    def __init__(self) -> None:
        self.started: list[Sequence[str]] = []
        self.running = 0
        self.most_running = 0

    async def __call__(
        self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout_s: float, output_limit_bytes: int
    ) -> Completed:
        """Run it."""
        self.started.append(argv)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            return await run(argv, cwd=cwd, env=env, timeout_s=timeout_s, output_limit_bytes=output_limit_bytes)
        finally:
            self.running -= 1
