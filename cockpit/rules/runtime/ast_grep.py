"""Runs ast-grep's own program: its cost hardly grows with the number of rules, and it knows suppressions."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cockpit.providers.process import Completed, ProcessError, run
from cockpit.rules.service.documents import Document
from cockpit.rules.types import ScanProblem
from cockpit.rules.types.errors import ScanError

OUTPUT_LIMIT_BYTES = 64 << 20
_ARGUMENTS_LIMIT_BYTES = 640 * 1024
_PROJECTS_KEPT = 24
_IN_USE_S = 3600.0
"""A scan may still read what was used so lately."""

_BAD_RULES_LIMIT = 50
_UNREADABLE = re.compile(r"Cannot parse rule (?P<file>.+)")
_CAUSE = re.compile(r"^\s*╰▻ (?P<why>.+)$", re.MULTILINE)
_UNUSED = "unused-suppression"


@dataclass(frozen=True, slots=True)
class Match:
    """One match, as ast-grep tells it; lines and columns count from 0."""

    id: str
    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    text: str
    message: str
    note: str


@dataclass(slots=True)
class Matches:
    """What one scan said."""

    matches: list[Match] = field(default_factory=list)
    unused: list[tuple[str, int]] = field(default_factory=list)
    """Path and line (from 1) of comments that suppressed nothing."""
    problems: list[ScanProblem] = field(default_factory=list)


def find_program() -> Path:
    """Return ast-grep's program: the one installed with us, else the one on the PATH.

    Raises:
        ScanError: there is none.
    """
    beside = Path(sys.executable).with_name("ast-grep")
    if os.access(beside, os.X_OK):
        return beside
    found = shutil.which("ast-grep")
    if found is None:
        raise ScanError("ast-grep is not installed: install the package ast-grep-cli")
    return Path(found)


class AstGrep:
    """Runs scans. What it is told is written to a folder of ours, never taken from the folder that is scanned.

    So a repository's own `sgconfig.yml`, which could name libraries to load, is not read at all.
    """

    def __init__(self, folder: Path, program: Path | None = None) -> None:
        """Keep what it is told under `folder`. Raises `ScanError` when there is no ast-grep."""
        self._folder = folder
        self._program = program or find_program()

    async def scan(
        self,
        root: Path,
        documents: Sequence[Document],
        utils: Mapping[str, str],
        paths: Sequence[str],
        timeout_s: float,
    ) -> Matches:
        """Look for all documents in the files at `paths`, relative to `root`.

        A document that ast-grep cannot read becomes a problem; the others are looked for all the same.

        Raises:
            ScanError: it could not be run, or not to its end.
        """
        found = Matches()
        wanted = list(documents)
        for batch in _batches(paths):
            if not wanted:
                break
            wanted = await self._scan_batch(root, wanted, utils, batch, timeout_s, found)
        return found

    async def _scan_batch(
        self,
        root: Path,
        documents: list[Document],
        utils: Mapping[str, str],
        paths: Sequence[str],
        timeout_s: float,
        found: Matches,
    ) -> list[Document]:
        """Scan some paths; return the documents that could be read."""
        for _attempt in range(_BAD_RULES_LIMIT):
            project = await asyncio.to_thread(self._project, documents, utils)
            done = await self._run(root, project, paths, timeout_s)
            bad = _unreadable(done, documents)
            if bad is None:
                await asyncio.to_thread(_take, done, found)
                return documents
            document, why = bad
            found.problems.append(ScanProblem(message=why, rule=document.rule.id, path=document.rule.source))
            documents = [one for one in documents if one.rule.id != document.rule.id]
            if not documents:
                return []
        raise ScanError(f"more than {_BAD_RULES_LIMIT} rules cannot be read by ast-grep")

    async def _run(self, root: Path, project: Path, paths: Sequence[str], timeout_s: float) -> Completed:
        argv = [str(self._program), "scan", "-c", str(project / "sgconfig.yml"), "--json=stream", "--", *paths]
        environment = {"PATH": os.defpath, "NO_COLOR": "1", "HOME": str(project)}
        try:
            done = await run(
                argv, cwd=root, env=environment, timeout_s=timeout_s, output_limit_bytes=OUTPUT_LIMIT_BYTES
            )
        except ProcessError as error:
            raise ScanError(str(error)) from error
        if done.timed_out:
            raise ScanError(f"ast-grep did not finish within {timeout_s:g} s: raise [rules] timeout_s")
        if done.truncated:
            raise ScanError(f"the rules hit more than {OUTPUT_LIMIT_BYTES >> 20} MB of code: make them narrower")
        return done

    def _project(self, documents: Sequence[Document], utils: Mapping[str, str]) -> Path:
        """Return the folder with the documents as files; written once for each set of them."""
        texts = [json.dumps(dict(document.said), sort_keys=True) for document in documents]
        digest = hashlib.sha256("\0".join([*texts, *utils, *utils.values()]).encode("utf-8", "replace")).hexdigest()
        project = self._folder / digest[:24]
        with contextlib.suppress(FileNotFoundError):
            os.utime(project)
            return project
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._forget_old()
        fresh = Path(tempfile.mkdtemp(dir=self._folder, prefix=".new-"))
        try:
            (fresh / "rules").mkdir()
            (fresh / "utils").mkdir()
            for number, text in enumerate(texts):
                (fresh / "rules" / f"{number}.yml").write_text(text, encoding="utf-8")
            for number, text in enumerate(utils.values()):
                (fresh / "utils" / f"{number}.yml").write_text(text, encoding="utf-8")
            (fresh / "sgconfig.yml").write_text("ruleDirs: [rules]\nutilDirs: [utils]\n", encoding="utf-8")
            try:
                fresh.rename(project)
            except OSError:
                if not project.is_dir():
                    raise
                shutil.rmtree(fresh)
        except OSError as error:
            shutil.rmtree(fresh, ignore_errors=True)
            raise ScanError(f"{project} cannot be written: {error.strerror}") from error
        return project

    def _forget_old(self) -> None:
        known: list[tuple[float, str]] = []
        for entry in os.scandir(self._folder):
            with contextlib.suppress(FileNotFoundError):  # another process tidies up too
                known.append((entry.stat(follow_symlinks=False).st_mtime, entry.path))
        for used, old in sorted(known, reverse=True)[_PROJECTS_KEPT:]:
            if time.time() - used > _IN_USE_S:
                shutil.rmtree(old, ignore_errors=True)


def _batches(paths: Sequence[str]) -> list[list[str]]:
    """Return the paths in parts, each of which fits on a command line."""
    batches: list[list[str]] = [[]]
    size = 0
    for path in paths:
        size += len(path.encode("utf-8", "surrogateescape")) + 9
        if size > _ARGUMENTS_LIMIT_BYTES and batches[-1]:
            batches.append([])
            size = 0
        batches[-1].append(path)
    return [batch for batch in batches if batch]


def _unreadable(done: Completed, documents: Sequence[Document]) -> tuple[Document, str] | None:
    """Return the document that ast-grep could not read, and why; None when it has read them all.

    Raises:
        ScanError: it failed for another reason.
    """
    if done.exit_code in (0, 1):
        return None
    said = done.stderr.decode("utf-8", "replace")
    blamed = _UNREADABLE.search(said)
    causes = [found["why"].strip() for found in _CAUSE.finditer(said)]
    why = ": ".join(cause.rstrip(".") for cause in causes if "Fail to parse" not in cause) or said.strip()[:400]
    number = Path(blamed["file"].strip()).stem if blamed else ""
    if not number.isdecimal() or int(number) >= len(documents):
        raise ScanError(f"ast-grep failed (exit code {done.exit_code}): {why[:600]}")
    return documents[int(number)], f"ast-grep cannot read it: {why[:600]}"


def _take(done: Completed, found: Matches) -> None:
    for line in done.stdout.splitlines():
        said: dict[str, Any] = json.loads(line)
        start, end = said["range"]["start"], said["range"]["end"]
        path = said["file"]
        if said["ruleId"] == _UNUSED:
            found.unused.append((path, start["line"] + 1))
            continue
        found.matches.append(
            Match(
                id=said["ruleId"],
                path=path,
                line=start["line"],
                column=start["column"],
                end_line=end["line"],
                end_column=end["column"],
                text=said["text"],
                message=said.get("message") or "",
                note=said.get("note") or "",
            )
        )
