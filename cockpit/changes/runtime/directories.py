"""A few reusable folders that trees are tested in: filling one again rewrites only what differs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


class DirectoryPool:
    """Lends folders `0`, `1`, ... under one folder, each to one test at a time, the last used ones first.

    There are as many folders as tests have ever run at once; the window of the queue bounds that.
    """

    def __init__(self, folder: Path) -> None:
        """Lend folders under `folder`, which is created when first needed."""
        self._folder = folder
        self._free: list[Path] = []
        self._made = 0

    @asynccontextmanager
    async def take(self) -> AsyncIterator[Path]:
        """Lend one folder, with whatever its last user left in it."""
        if self._free:
            path = self._free.pop()
        else:
            path = self._folder / str(self._made)
            self._made += 1
        try:
            await asyncio.to_thread(path.mkdir, mode=0o700, parents=True, exist_ok=True)
            yield path
        finally:
            self._free.append(path)
