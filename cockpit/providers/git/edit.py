"""Trees made from other trees, without a work tree: reading many contents at once, and putting files in their place."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from cockpit.providers.git.errors import GitError
from cockpit.providers.git.owned import Places
from cockpit.providers.git.run import Git
from cockpit.providers.git.trees import checked
from cockpit.providers.git.types import TreeId

_MODE = "100644"


async def read_blobs(git: Git, blobs: Iterable[str], limit_bytes: int) -> dict[str, bytes]:
    """Return the contents of files by their ids; what is larger than `limit_bytes` is left out.

    Raises:
        GitError: One of them is not there.
    """
    wanted = sorted({checked(blob) for blob in blobs})
    if not wanted:
        return {}
    listed = "".join(f"{blob}\n" for blob in wanted).encode()
    sizes = (await git.run("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=listed)).stdout.split(b"\n")
    small = [name.decode() for name, _, size in (line.partition(b" ") for line in sizes) if _fits(size, limit_bytes)]
    said = (await git.run("cat-file", "--batch", stdin="".join(f"{blob}\n" for blob in small).encode())).stdout
    found: dict[str, bytes] = {}
    at = 0
    while at < len(said):
        end = said.index(b"\n", at)
        words = said[at:end].split(b" ")
        if len(words) != 3 or words[1] != b"blob":
            raise GitError(f"Git has no content {words[0].decode('ascii', 'replace')}.", next="Run `git fsck`.")
        size = int(words[2])
        found[words[0].decode()] = said[end + 1 : end + 1 + size]
        at = end + 2 + size
    return found


def _refuse_strange(path: str) -> None:
    if any(part in ("", ".", "..") or part.casefold() == ".git" for part in path.split("/")) or "\0" in path:
        raise GitError(f"{path!r} is not a possible path in a tree.")


def _fits(size: bytes, limit_bytes: int) -> bool:
    return size.isdigit() and int(size) <= limit_bytes


async def with_files(git: Git, places: Places, tree: str, files: Mapping[str, bytes | None]) -> TreeId:
    """Return a tree like another one but for these files: their content, or None for those that are to be gone.

    Raises:
        GitError: A path is not possible in a tree.
    """
    with tempfile.TemporaryDirectory(dir=places.owned / "indexes", prefix="edit-") as folder:
        index = Path(folder) / "index"
        await git.run("read-tree", checked(tree), index=index)
        lines: list[bytes] = []
        for path, content in files.items():
            _refuse_strange(path)  # git would pass over it in silence
            if content is None:
                entry = f"0 {'0' * len(tree)}"
            else:
                blob = (await git.run("hash-object", "-w", "--stdin", stdin=content)).text
                entry = f"{_MODE} {blob}"
            lines.append(f"{entry}\t".encode() + os.fsencode(path))
        await git.run("update-index", "-z", "--index-info", index=index, stdin=b"\0".join([*lines, b""]))
        return TreeId((await git.run("write-tree", index=index)).text)
