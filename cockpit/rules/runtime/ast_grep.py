"""Runs ast-grep's own program: its cost hardly grows with the number of rules, and it knows suppressions."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from cockpit.providers.blocking import Begun
from cockpit.rules.runtime.ahead import HeadStart, Order
from cockpit.rules.runtime.program import command, environment, find_program
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
        import asyncio

        from cockpit.providers.process import ProcessError, run

        found = Matches()
        steps = self._steps(documents, utils, paths, timeout_s, found)
        order = await asyncio.to_thread(_next, steps, None)
        while order is not None:
            try:
                done = await run(
                    command(self._program, order.project, order.paths),
                    cwd=root,
                    env=environment(order.project),
                    timeout_s=timeout_s,
                    output_limit_bytes=OUTPUT_LIMIT_BYTES,
                )
            except ProcessError as error:
                raise ScanError(str(error)) from error
            order = await asyncio.to_thread(_next, steps, done)
        return found

    @contextlib.contextmanager
    def begun(
        self,
        root: Path,
        documents: Sequence[Document],
        utils: Mapping[str, str],
        paths: Sequence[str],
        timeout_s: float,
        ahead: HeadStart | None = None,
    ) -> Iterator[Callable[[], Matches]]:
        """Do what `scan` does for as long as the block lasts, without an event loop.

        What it gives waits for the end and returns what was found. It raises `ScanError`.

        Args:
            root: the folder that is scanned.
            documents: what to look for.
            utils: shared matchers.
            paths: where to look.
            timeout_s: seconds until it is stopped.
            ahead: a run that began before; it is made use of if it is the one that is wanted.
        """
        found = Matches()
        steps = self._steps(documents, utils, paths, timeout_s, found)
        order = _next(steps, None)
        with contextlib.ExitStack() as stack:
            wanted = ahead is not None and ahead.order == order
            running = ahead.running if ahead is not None and wanted else self._begin(root, order, stack)

            def end() -> Matches:
                begun = running
                while begun is not None:
                    following = _next(steps, begun.end(timeout_s, OUTPUT_LIMIT_BYTES))
                    begun = self._begin(root, following, stack)
                return found

            yield end

    def _begin(self, root: Path, order: Order | None, stack: contextlib.ExitStack) -> Begun | None:
        if order is None:
            return None
        try:
            argv = command(self._program, order.project, order.paths)
            return stack.enter_context(Begun(argv, cwd=root, env=environment(order.project)))
        except OSError as error:
            raise ScanError(f"{self._program} cannot be started: {error.strerror}") from error

    def _steps(
        self,
        documents: Sequence[Document],
        utils: Mapping[str, str],
        paths: Sequence[str],
        timeout_s: float,
        found: Matches,
    ) -> Generator[Order, _Done, None]:
        """Yield what is to be run, one after the other; take how it ended."""
        wanted = list(documents)
        for batch in _batches(paths):
            for _attempt in range(_BAD_RULES_LIMIT):
                if not wanted:
                    return
                done = yield Order(self.project(wanted, utils), tuple(batch))
                if done.timed_out:
                    raise ScanError(f"ast-grep did not finish within {timeout_s:g} s: raise [rules] timeout_s")
                if done.truncated:
                    raise ScanError(
                        f"the rules hit more than {OUTPUT_LIMIT_BYTES >> 20} MB of code: make them narrower"
                    )
                bad = _unreadable(done, wanted)
                if bad is None:
                    _take(done, found)
                    break
                document, why = bad
                found.problems.append(ScanProblem(message=why, rule=document.rule.id, path=document.rule.source))
                wanted = [one for one in wanted if one.rule.id != document.rule.id]
            else:
                raise ScanError(f"more than {_BAD_RULES_LIMIT} rules cannot be read by ast-grep")

    def project(self, documents: Sequence[Document], utils: Mapping[str, str]) -> Path:
        """Return the folder with the documents as files; written once for each set of them."""
        texts = [json.dumps(dict(document.said), sort_keys=True, default=str) for document in documents]
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


class _Done(Protocol):
    """How a run ended, with or without an event loop."""

    @property
    def exit_code(self) -> int: ...
    @property
    def stdout(self) -> bytes: ...
    @property
    def stderr(self) -> bytes: ...
    @property
    def timed_out(self) -> bool: ...
    @property
    def truncated(self) -> bool: ...


def _next(steps: Generator[Order, _Done, None], done: _Done | None) -> Order | None:
    try:
        return next(steps) if done is None else steps.send(done)
    except StopIteration:
        return None


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


def _unreadable(done: _Done, documents: Sequence[Document]) -> tuple[Document, str] | None:
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


def _take(done: _Done, found: Matches) -> None:
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
