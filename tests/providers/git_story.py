"""A small world for the git tests: a repository with two commits, opened, and an agent's work tree in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cockpit.providers.git import CommitId, Repository, TreeId, Worktree

PLAIN = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.org",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.org",
}


def git(where: Path, *args: str, check: bool = True) -> str:
    """Run a person's or an agent's own git."""
    done = subprocess.run(
        ["git", *args], cwd=where, env=PLAIN, check=check, capture_output=True, text=True, errors="surrogateescape"
    )
    return done.stdout


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def make_repository(root: Path, *init: str) -> Path:
    root.mkdir(parents=True)
    git(root, "init", "-q", "-b", "main", *init)
    git(root, "config", "user.name", "Ann")
    git(root, "config", "user.email", "ann@example.org")
    write(root, {"f.txt": "a\n", "g.bin": "b\n", "pkg/one.py": "one = 1\n", "pkg/two.py": "two = 2\n"})
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Begin")
    write(root, {"f.txt": "a\nc\n"})
    git(root, "commit", "-qam", "Go on")
    return root


@dataclass(frozen=True)
class Story:
    """The repository, and an agent at work in it."""

    root: Path
    repo: Repository
    work: Worktree
    base: CommitId
    folder: Path

    def edit(self, **files: str) -> None:
        write(self.work.path, {name.replace("__", "/"): text for name, text in files.items()})

    async def commit(self, files: dict[str, str], message: str = "Change") -> CommitId:
        write(self.work.path, files)
        return await self.work.commit(message, await self.work.snapshot())

    async def names(self, tree: TreeId | CommitId) -> set[str]:
        return set(await self.repo.list_files(tree))


@asynccontextmanager
async def story(template: Path, folder: Path) -> AsyncIterator[Story]:
    root = folder / "r"
    shutil.copytree(template, root, symlinks=True)
    repo = await Repository.open(root, folder / "state")
    base = await repo.resolve("HEAD")
    work = await repo.add_worktree("ag", folder / "w", "cockpit/ag", base)
    yield Story(root, repo, work, base, folder)
