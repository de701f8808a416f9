"""What checks keep on disk: verdicts by the content of their inputs, raw outputs, and how long each check takes.

Shared by all workspaces and outlives every session. One file a verdict or output, written whole or not at all; the
longest unused go first when the folder grows over its limit.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
import threading
import zlib
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from cockpit.checks.types import CheckResult
from cockpit.types import TreeId

LIMIT_BYTES = 256 * 1024 * 1024
_KEPT_AFTER_EVICTION = 0.8
_NAME = re.compile(r"[0-9a-f]{16,64}")
_DURATION_WEIGHT = 0.3
_OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024


class CheckCache:
    """Verdicts and raw outputs under one folder. Blocking: call it off the event loop. Safe from many threads."""

    def __init__(
        self, folder: Path, *, limit_bytes: int = LIMIT_BYTES, redact: Callable[[str], str] = lambda text: text
    ) -> None:
        """Open (and create) the folder.

        Args:
            folder: where to keep everything.
            limit_bytes: size of all files together that is never exceeded for long.
            redact: takes secrets out of a text; everything that is kept passes through it.
        """
        self._results = folder / "results"
        self._outputs = folder / "outputs"
        self._durations_file = folder / "durations.json"
        self._limit_bytes = limit_bytes
        self._redact = redact
        self._lock = threading.Lock()
        for part in (self._results, self._outputs):
            part.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._size_bytes = sum(size for _used, size, _file in self._files())
        self._durations = self._read_durations()

    def get(self, key: str, tree: TreeId) -> CheckResult | None:
        """Return the verdict on these inputs as one on `tree`, or None when they have not been checked."""
        file = self._results / _checked(key)
        try:
            result = CheckResult.model_validate_json(file.read_bytes())
            os.utime(file)
        except FileNotFoundError:
            return None
        except ValidationError:  # written by another version, or torn by a full disk: as good as absent
            file.unlink(missing_ok=True)
            return None
        return result.model_copy(update={"tree": tree, "is_cached": True})

    def put(self, key: str, result: CheckResult) -> None:
        """Keep a verdict (already redacted) under the key of its inputs."""
        self._write(self._results / _checked(key), result.model_dump_json().encode())

    def redacted(self, result: CheckResult) -> CheckResult:
        """Return the result without secrets in what its findings and summary say."""
        findings = tuple(
            finding.model_copy(
                update={"message": self._redact(finding.message), "remediation": self._redact(finding.remediation)}
            )
            for finding in result.findings
        )
        return result.model_copy(update={"findings": findings, "summary": self._redact(result.summary)})

    def keep_output(self, raw: bytes) -> str:
        """Keep raw output without its secrets; return the id it is read by."""
        text = self._redact(raw.decode("utf-8", "replace")).encode()
        name = hashlib.sha256(text).hexdigest()
        file = self._outputs / name
        if file.exists():
            with contextlib.suppress(FileNotFoundError):  # evicted in between: written again below
                os.utime(file)
                return name
        self._write(file, zlib.compress(text, 1))
        return name

    def output(self, name: str) -> str | None:
        """Return the raw output kept under an id; None when it has made room for newer ones."""
        try:
            packed = (self._outputs / _checked(name)).read_bytes()
            return zlib.decompressobj().decompress(packed, _OUTPUT_LIMIT_BYTES).decode("utf-8", "replace")
        except (FileNotFoundError, zlib.error):
            return None

    def durations_s(self) -> dict[str, float]:
        """Return how many seconds each check takes, by name, as measured lately."""
        with self._lock:
            return dict(self._durations)

    def record_duration(self, check: str, seconds: float) -> None:
        """Remember how long a check took; recent runs weigh more."""
        with self._lock:
            known = self._durations.get(check, seconds)
            self._durations[check] = round(known + _DURATION_WEIGHT * (seconds - known), 3)
            text = json.dumps(self._durations)
        self._replace(self._durations_file, text.encode())

    def _read_durations(self) -> dict[str, float]:
        try:
            kept = json.loads(self._durations_file.read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        return {name: float(value) for name, value in kept.items()} if isinstance(kept, dict) else {}

    def _write(self, file: Path, content: bytes) -> None:
        self._replace(file, content)
        with self._lock:
            self._size_bytes += len(content)
            if self._size_bytes > self._limit_bytes:
                self._evict()

    def _replace(self, file: Path, content: bytes) -> None:
        descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=".new-")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
            Path(temporary).replace(file)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _evict(self) -> None:
        """Remove the longest unused files until there is room again. The lock is held."""
        files = sorted(self._files())
        self._size_bytes = sum(size for _used, size, _file in files)
        for _used, size, file in files:
            if self._size_bytes <= self._limit_bytes * _KEPT_AFTER_EVICTION:
                return
            file.unlink(missing_ok=True)
            self._size_bytes -= size

    def _files(self) -> list[tuple[float, int, Path]]:
        found = []
        for folder in (self._results, self._outputs):
            for entry in os.scandir(folder):
                with contextlib.suppress(FileNotFoundError):  # another process evicts too
                    status = entry.stat(follow_symlinks=False)
                    found.append((status.st_mtime, status.st_size, Path(entry.path)))
        return found


def _checked(name: str) -> str:
    """Return a name that is a digest and nothing else, so that it stays in its folder."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"not an id of something kept: {name[:80]!r}")
    return name
