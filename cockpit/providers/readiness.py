"""Waits until a long-running command is ready, by asking it instead of by sleeping."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, assert_never
from urllib.parse import urlsplit

_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.02, 0.25
_ATTEMPT_S = 5.0
_LOG_TAIL_BYTES = 2000
_LOG_SCAN_BYTES = 4 << 20
_LINE_LIMIT = 2_000


@dataclass(frozen=True, slots=True)
class TcpProbe:
    """Ready when a connection to the port is accepted."""

    port: int
    host: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class HttpProbe:
    """Ready when the http or https URL answers with a status below 500."""

    url: str


@dataclass(frozen=True, slots=True)
class LogProbe:
    """Ready when the pattern is found in a line of the command's log."""

    pattern: re.Pattern[str]


Probe = TcpProbe | HttpProbe | LogProbe


class Runs(Protocol):
    """What is needed of a running command; `process.Running` is one."""

    @property
    def log(self) -> Path:
        """Gets its output."""
        ...

    @property
    def exit_code(self) -> int | None:
        """Its exit status, or None while it runs."""
        ...


class NotReadyError(Exception):
    """The command ended, or did not become ready in time."""

    def __init__(self, reason: str, log_tail: str) -> None:
        """Keep the reason and the end of the command's log."""
        super().__init__(f"{reason}\n{log_tail}".strip())
        self.reason = reason
        self.log_tail = log_tail


async def wait_ready(running: Runs, probe: Probe, timeout_s: float) -> None:
    """Wait until `probe` succeeds.

    Raises:
        NotReadyError: the command ended first, or `timeout_s` passed.
    """
    pause_s = _SHORTEST_PAUSE_S
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            while not await _is_ready(running, probe):
                if running.exit_code is not None:
                    raise NotReadyError(f"it ended with status {running.exit_code} before it was ready", _tail(running))
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)
            return
    raise NotReadyError(f"it was not ready within {timeout_s:g} s ({probe})", _tail(running))


async def _is_ready(running: Runs, probe: Probe) -> bool:
    match probe:
        case TcpProbe(port, host):
            return await _accepts(host, port)
        case HttpProbe(url):
            return await asyncio.to_thread(_answers, url)
        case LogProbe(pattern):
            return await asyncio.to_thread(_says, running.log, pattern)
        case _:
            assert_never(probe)


async def _accepts(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "127.0.0.1", parts.port, timeout=_ATTEMPT_S)
    try:
        connection.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _says(log: Path, pattern: re.Pattern[str]) -> bool:
    """Look line by line, and not at all of a long one: the time of a pattern grows with what it is tried on."""
    return any(pattern.search(line[:_LINE_LIMIT]) for line in _read_end(log, _LOG_SCAN_BYTES).splitlines(keepends=True))


def _tail(running: Runs) -> str:
    return _read_end(running.log, _LOG_TAIL_BYTES)


def _read_end(path: Path, size_bytes: int) -> str:
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - size_bytes))
            return log.read().decode(errors="replace")
    except OSError:
        return ""
