"""Reading commits and trees: which there are, what is in them and how they differ. No work tree is looked at."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from cockpit.providers.git.errors import CommandFailed, GitError, UnknownRevision
from cockpit.providers.git.run import Git
from cockpit.providers.git.types import BlobId, CommitId, FileContent, FileStat, TreeId

_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_DIFF = ("diff-tree", "-r", "--no-ext-diff", "--no-textconv", "--no-color", "-M", "-l1000", "--ignore-submodules=dirty")
_CUT = "\n[cut here: the diff is larger than {limit:,} bytes]\n"
DIFF_LIMIT_BYTES = 8_000_000
"""How much of a diff is read unless told otherwise."""


def checked(name: str) -> str:
    """Return an object id unchanged, having made sure that git can only read it as one.

    Raises:
        UnknownRevision: It is not a full object id.
    """
    if not _ID.fullmatch(name):
        raise UnknownRevision(f"{name!r} is not a full object id.", next="Resolve the name to a commit first.")
    return name


async def resolve(git: Git, revision: str) -> CommitId:
    """Return the commit that a ref, tag or abbreviated id stands for."""
    try:
        found = await git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except (CommandFailed, ValueError) as error:
        raise UnknownRevision(
            f"There is no commit called {revision!r}.", next="Check the spelling, or fetch it first."
        ) from error
    return CommitId(found.text)


async def tree_of(git: Git, commit: str) -> TreeId:
    """Return the tree of a commit; of a tree, itself."""
    try:
        return TreeId((await git.run("rev-parse", "--verify", "--quiet", f"{checked(commit)}^{{tree}}")).text)
    except CommandFailed as error:
        raise UnknownRevision(f"There is no commit or tree {commit}.") from error


async def branch_tip(git: Git, branch: str) -> CommitId | None:
    """Return the commit a branch is at, or None when there is no such branch."""
    found = await git.run("rev-parse", "--verify", "--quiet", f"{branch_ref(branch)}^{{commit}}", ok=(0, 1, 128))
    return CommitId(found.text) if found.code == 0 else None


def branch_ref(branch: str) -> str:
    """Return the full ref name of a branch.

    Raises:
        GitError: The name is not one git allows.
    """
    parts = branch.split("/")
    bad_part = any(not part or part.startswith(".") or part.endswith((".", ".lock")) for part in parts)
    if bad_part or branch.startswith("-") or re.search(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{", branch) or branch == "@":
        raise GitError(f"{branch!r} is not a possible branch name.", next="Use letters, digits, '-', '_' and '/'.")
    return f"refs/heads/{branch}"


async def merge_base(git: Git, one: str, other: str) -> CommitId | None:
    """Return the best common ancestor of two commits, or None when their histories share nothing."""
    found = await git.run("merge-base", checked(one), checked(other), ok=(0, 1))
    return CommitId(found.text) if found.code == 0 else None


async def is_ancestor(git: Git, ancestor: str, commit: str) -> bool:
    """Return whether `commit` builds on `ancestor` (or is it)."""
    return (await git.run("merge-base", "--is-ancestor", checked(ancestor), checked(commit), ok=(0, 1))).code == 0


async def diff(
    git: Git, base: str, tree: str, paths: Sequence[str] | None, context: int, limit_bytes: int = DIFF_LIMIT_BYTES
) -> str:
    """Return the difference of two trees as unified text, cut with a note at `limit_bytes`."""
    # A text file of many megabytes is declared binary: diffing it line by line could take minutes and gigabytes.
    sized = ("-c", "core.bigFileThreshold=16m")
    chosen = () if paths is None else ("--", *paths)
    words = (*_DIFF, "-p", f"-U{context}", "--src-prefix=a/", "--dst-prefix=b/", checked(base), checked(tree), *chosen)
    if paths is not None and not paths:
        return ""
    found = await git.run(*words, limit_bytes=limit_bytes, config=sized)
    text = found.stdout.decode("utf-8", "replace")
    return text + _CUT.format(limit=limit_bytes) if found.truncated else text


async def diff_stat(git: Git, base: str, tree: str) -> list[FileStat]:
    """Return how every differing file differs, in the order of paths."""
    found = await git.run(*_DIFF, "--raw", "--numstat", "-z", checked(base), checked(tree))
    fields = iter(os.fsdecode(found.stdout).split("\0")[:-1])
    changes: dict[str, tuple[str, str, str | None]] = {}
    stats: list[FileStat] = []
    for field in fields:
        if field.startswith(":"):
            mode, status, path, old_path = _raw_entry(field, fields)
            changes[path] = mode, status, old_path
            continue
        added, removed, path = field.split("\t", 2)
        if not path:  # a rename: both names follow as fields of their own
            next(fields)
            path = next(fields)
        mode, status, old_path = changes[path]
        stats.append(FileStat(path, _count(added), _count(removed), status, old_path, mode))
    return sorted(stats, key=lambda stat: stat.path)


def _raw_entry(field: str, fields: Iterator[str]) -> tuple[str, str, str, str | None]:
    """Read `:old-mode new-mode old-id new-id status` and the names that follow."""
    words = field.split(" ")
    mode, status = words[1], words[4][:1]
    path = next(fields)
    return (mode, status, next(fields), path) if status in "RC" else (mode, status, path, None)


def _count(field: str) -> int | None:
    return None if field == "-" else int(field)


async def read_file(git: Git, tree: str, path: str, limit_bytes: int) -> FileContent:
    """Return the beginning of a file in a tree or commit; of a symlink, where it leads."""
    try:
        found = await git.run("cat-file", "blob", f"{checked(tree)}:{path}", limit_bytes=limit_bytes)
    except CommandFailed as error:
        raise UnknownRevision(f"There is no file {path!r} in {tree[:12]}.") from error
    return FileContent(found.stdout, found.truncated)


async def list_files(git: Git, tree: str, under: str = "") -> dict[str, BlobId]:
    """Return the content id of every file and symlink in a tree, or in one folder; a submodule has none."""
    found = await git.run("ls-tree", "-r", "-z", "--full-tree", checked(tree), *([f"{under}/"] if under else []))
    files: dict[str, BlobId] = {}
    for entry in os.fsdecode(found.stdout).split("\0")[:-1]:
        meta, path = entry.split("\t", 1)
        _mode, kind, blob = meta.split(" ")
        if kind == "blob":
            files[path] = BlobId(blob)
    return files
