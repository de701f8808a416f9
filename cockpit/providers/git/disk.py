"""How much disk a folder takes."""

from __future__ import annotations

import os
from pathlib import Path

from cockpit.providers.git.types import DiskUse

_BLOCK_BYTES = 512


def disk_use(folder: Path) -> DiskUse:
    """Return what a folder takes on disk, symlinks not followed. Blocking: call it in a thread."""
    size = files = 0
    for parent, _folders, names in os.walk(folder, onerror=None):
        for name in names:
            try:
                size += os.lstat(os.path.join(parent, name)).st_blocks * _BLOCK_BYTES  # noqa: PTH118 - a hot loop
            except OSError:  # it was deleted meanwhile
                continue
            files += 1
    return DiskUse(size, files)
