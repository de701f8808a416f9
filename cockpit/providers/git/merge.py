"""Merging two commits without a work tree, and making commits of trees."""

from __future__ import annotations

import os
from collections.abc import Sequence

from cockpit.providers.git.errors import UnknownRevision
from cockpit.providers.git.run import Git
from cockpit.providers.git.trees import checked, read_file
from cockpit.providers.git.types import Author, CommitId, Conflict, MergeResult, TreeId

_READ_LIMIT_BYTES = 1_000_000
_EXCERPT_LINES = 40
_AROUND_LINES = 3
_OPENING, _CLOSING = "<<<<<<< ", ">>>>>>> "


async def merge_trees(git: Git, target: str, change: str) -> MergeResult:
    """Merge `change` into `target` and return the tree, or what they disagree about."""
    found = await git.run("merge-tree", "--write-tree", "-z", "--messages", checked(target), checked(change), ok=(0, 1))
    if found.code == 0:
        tree = TreeId(os.fsdecode(found.stdout).split("\0", 1)[0])
        return MergeResult(tree, marked=tree)
    fields = os.fsdecode(found.stdout).split("\0")
    if "" not in fields[1:]:  # git says 1 for a commit that is not there, too
        raise UnknownRevision(f"One of the commits {target[:12]} and {change[:12]} is gone.")
    end = fields.index("", 1)
    paths = dict.fromkeys(entry.split("\t", 1)[1] for entry in fields[1:end])
    messages = _messages(fields[end + 1 :])
    conflicts = [
        Conflict(path, await _excerpt(git, fields[0], path, entries=fields[1:end]) or messages.get(path, ""))
        for path in paths
    ]
    return MergeResult(None, tuple(conflicts), marked=TreeId(fields[0]))


def _messages(fields: list[str]) -> dict[str, str]:
    """Read `count path... kind text` records and return git's messages by path."""
    messages: dict[str, str] = {}
    rest = iter(fields)
    for count in rest:
        if not count.strip().isdigit():
            break
        paths = [next(rest, "") for _ in range(int(count))]
        next(rest, "")
        text = next(rest, "").strip()
        for path in paths:
            messages[path] = f"{messages[path]}\n{text}" if path in messages else text
    return messages


async def _excerpt(git: Git, tree: str, path: str, *, entries: Sequence[str]) -> str:
    sides = [entry for entry in entries if entry.split("\t", 1)[1] == path]
    if len(sides) < 2 or any(entry.startswith(("160000", "120000")) for entry in sides):
        return ""
    content = await read_file(git, tree, path, _READ_LIMIT_BYTES)
    if b"\0" in content.data[:8000]:
        return ""
    return _around_markers(content.data.decode("utf-8", "replace").splitlines())


def _around_markers(lines: list[str]) -> str:
    kept: list[str] = []
    shown = 0  # lines before this one are already in the excerpt
    for number, line in enumerate(lines):
        if not line.startswith(_OPENING):
            continue
        close = next((at for at in range(number, len(lines)) if lines[at].startswith(_CLOSING)), len(lines) - 1)
        start = max(shown, number - _AROUND_LINES)
        if start >= close:
            continue
        shown = min(len(lines), close + 1 + _AROUND_LINES)
        kept += [f"@@ line {start + 1} @@", *lines[start:shown]]
        if len(kept) > _EXCERPT_LINES:
            return "\n".join([*kept[:_EXCERPT_LINES], "[cut here]"])
    return "\n".join(kept)


async def commit_tree(
    git: Git, tree: str, parents: Sequence[str], message: str, author: Author | None = None
) -> CommitId:
    """Make a commit of a tree and return it; no branch moves."""
    env = {} if author is None else {"GIT_AUTHOR_NAME": author.name, "GIT_AUTHOR_EMAIL": author.email}
    words = [word for parent in parents for word in ("-p", checked(parent))]
    data = message.encode("utf-8", "surrogateescape")
    return CommitId((await git.run("commit-tree", checked(tree), *words, "-F", "-", stdin=data, env=env)).text)
