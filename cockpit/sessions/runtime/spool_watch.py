"""Tells the followers of spools when there is something new: one watcher for all of them, idle when they are.

Linux has inotify, through ctypes because the standard library lacks it; elsewhere one task looks, less often the
longer nothing happens.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import os
import struct
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

_IN_MODIFY, _IN_CLOSE_WRITE, _IN_MOVED_TO, _IN_ONLYDIR, _IN_Q_OVERFLOW = 0x2, 0x8, 0x80, 0x1000000, 0x4000
_EVENT = struct.Struct("iIII")
_WATCHED_NAMES = frozenset((b"out", b"exit", b"pid"))

_LEAST_PAUSE_S = 0.005
_PAUSE_PER_SPOOL_S = 0.0005
_MOST_PAUSE_S = 0.05


class Watch:
    """One follower's view of a run's folder: `changed` is set whenever something may be new."""

    __slots__ = ("changed", "directory")

    def __init__(self, directory: Path) -> None:
        """Start as changed, so that what is already there is read."""
        self.directory = directory
        self.changed = asyncio.Event()
        self.changed.set()


class SpoolWatcher(Protocol):
    """Watches any number of runs' folders."""

    def add(self, directory: Path) -> Watch:
        """Start watching a folder.

        Raises:
            OSError: it does not exist, or the system has no watch left.
        """
        ...

    def remove(self, watch: Watch) -> None:
        """Stop watching."""
        ...


@contextlib.asynccontextmanager
async def open_watcher() -> AsyncIterator[SpoolWatcher]:
    """Open the best watcher this system has. One is enough for all spools of an event loop."""
    async with InotifyWatcher() if sys.platform.startswith("linux") else PollingWatcher() as watcher:
        yield watcher


class InotifyWatcher:
    """Watches through one inotify descriptor, read by the event loop.

    After a burst it pauses for 5 to 50 ms, longer the more spools were in it: a thousand small writes then cost a few
    wake-ups, while the first line of a quiet agent is seen at once.
    """

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = -1
        self._watches: defaultdict[int, set[Watch]] = defaultdict(set)
        self._numbers: dict[Watch, int] = {}
        self._pause: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> InotifyWatcher:
        self._descriptor = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._descriptor < 0:
            raise _last_error("inotify_init1")
        self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        if self._pause is not None:
            self._pause.cancel()
        os.close(self._descriptor)
        self._descriptor = -1

    def add(self, directory: Path) -> Watch:
        """Start watching a folder."""
        mask = _IN_MODIFY | _IN_CLOSE_WRITE | _IN_MOVED_TO | _IN_ONLYDIR
        number = self._libc.inotify_add_watch(self._descriptor, os.fsencode(directory), mask)
        if number < 0:
            raise _last_error(str(directory))
        watch = Watch(directory)
        self._watches[number].add(watch)
        self._numbers[watch] = number
        return watch

    def remove(self, watch: Watch) -> None:
        """Stop watching."""
        number = self._numbers.pop(watch)
        self._watches[number].discard(watch)
        if not self._watches[number]:
            del self._watches[number]
            if self._descriptor >= 0:
                self._libc.inotify_rm_watch(self._descriptor, number)

    def _listen(self) -> None:
        self._pause = None
        asyncio.get_running_loop().add_reader(self._descriptor, self._read)

    def _read(self) -> None:
        woken: set[int] = set()
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._descriptor, 65536):
                self._collect(data, woken)
        for number in woken:
            for watch in self._watches.get(number, ()):
                watch.changed.set()
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._descriptor)
        pause_s = min(max(_LEAST_PAUSE_S, len(woken) * _PAUSE_PER_SPOOL_S), _MOST_PAUSE_S)
        self._pause = loop.call_later(pause_s, self._listen)

    def _collect(self, data: bytes, woken: set[int]) -> None:
        at = 0
        while at < len(data):
            number, mask, _, length = _EVENT.unpack_from(data, at)
            name = data[at + _EVENT.size : at + _EVENT.size + length].rstrip(b"\0")
            at += _EVENT.size + length
            if mask & _IN_Q_OVERFLOW:
                woken.update(self._watches)  # the kernel lost count: everybody looks
            elif name in _WATCHED_NAMES:
                woken.add(number)


class PollingWatcher:
    """Looks at the size of every spool from one task: every 20 ms while they grow, every second when all are still."""

    _SHORTEST_S, _LONGEST_S = 0.02, 1.0

    def __init__(self) -> None:
        self._seen: dict[Watch, tuple[int, bool]] = {}
        self._task: asyncio.Task[None] | None = None
        self._added = asyncio.Event()

    async def __aenter__(self) -> PollingWatcher:
        self._task = asyncio.create_task(self._look_for_ever(), name="spool-polling")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def add(self, directory: Path) -> Watch:
        """Start watching a folder."""
        directory.lstat()
        watch = Watch(directory)
        self._seen[watch] = (-1, False)
        self._added.set()
        return watch

    def remove(self, watch: Watch) -> None:
        """Stop watching."""
        del self._seen[watch]

    async def _look_for_ever(self) -> None:
        pause_s = self._SHORTEST_S
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._added.wait()
            self._added.clear()
            is_due = pause_s >= self._LONGEST_S
            has_changed = self._look(is_due)
            pause_s = self._SHORTEST_S if has_changed else min(pause_s * 1.5, self._LONGEST_S)

    def _look(self, wake_all: bool) -> bool:
        """Wake the followers of what has changed; `wake_all` lets them see a keeper that died without a word."""
        has_changed = False
        for watch, before in self._seen.items():
            now = (_size(watch.directory / "out"), _size(watch.directory / "exit") > 0)
            if now != before:
                self._seen[watch] = now
                has_changed = True
            if wake_all or now != before:
                watch.changed.set()
        return has_changed


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _last_error(what: str) -> OSError:
    number = ctypes.get_errno()
    hint = "; raise fs.inotify.max_user_watches or max_user_instances" if number in (errno.ENOSPC, errno.EMFILE) else ""
    return OSError(number, os.strerror(number) + hint, what)
