"""Appending to a file that is believed after a crash: a record is whole on disk, or not there at all."""

from __future__ import annotations

import os


def append(descriptor: int, record: bytes) -> None:
    """Append a record; it is on disk when this returns. Blocks.

    Raises:
        OSError: it could not be written, usually because the disk is full; the file is as it was before.
    """
    before = os.fstat(descriptor).st_size
    rest = memoryview(record)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, before)  # a torn record would spoil the next one
        raise
