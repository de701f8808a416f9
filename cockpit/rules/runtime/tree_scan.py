"""All candidates through one tree at once, by ast-grep's own program: hits are told as they come, and it can be cut."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit.providers.git.run import find_program as find_git
from cockpit.providers.hardening import HARDENING
from cockpit.providers.process import Completed, ProcessError, run
from cockpit.rules.runtime.program import find_program
from cockpit.rules.runtime.sources import FILE_LIMIT_BYTES
from cockpit.rules.service.baseline import snippet
from cockpit.rules.service.history import words_of
from cockpit.rules.service.scope import is_meant
from cockpit.rules.service.synthesis.languages import LANGUAGE_OF_SUFFIX, name_of
from cockpit.rules.types import Engine, Hit, RuleId
from cockpit.rules.types.errors import ScanError
from cockpit.rules.types.forge import Candidate, Judged, News, Struck, TreeDone

MOST_HITS = 2_000
"""Hits of one candidate, after which a person has seen enough and the scan is cut."""

TIMEOUT_S = 60.0
_REFUSED = re.compile(r"Cannot parse rule .*?(\d+)\.yml")
_CAUSE = re.compile(r"^\s*╰▻ (.+)$", re.MULTILINE)
_ARGUMENTS_LIMIT_BYTES = 100_000
_BATCH = 50
_TEXT_LIMIT = 400


@dataclass(frozen=True, slots=True)
class Tree:
    """A checkout or workspace to try candidates on."""

    name: str
    root: Path
    paths: tuple[str, ...] | None = None
    """Its files; None: everything that git does not ignore."""

    def files(self) -> list[str]:
        """Return its files. Blocking."""
        if self.paths is not None:
            return list(self.paths)
        command = (find_git(), *HARDENING, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        environment = {"PATH": os.defpath, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            said = subprocess.run(
                command, cwd=self.root, env=environment, capture_output=True, timeout=TIMEOUT_S, check=True
            ).stdout
            return [os.fsdecode(path) for path in said.split(b"\0") if path]
        return [str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file()]

    def lines_of(self, language: str) -> int:
        """Return how many lines of a language there are, an estimate by size beyond a few thousand files. Blocking."""
        suffixes = tuple(
            suffix for suffix, name in LANGUAGE_OF_SUFFIX.items() if not language or name == name_of(language)
        )
        size = 0
        for path in self.files():
            if path.endswith(suffixes):
                with contextlib.suppress(OSError):
                    size += os.lstat(self.root / path).st_size
        return size // _BYTES_A_LINE


_BYTES_A_LINE = 36


async def scan_tree(candidates: Sequence[Candidate], tree: Tree, tell: Callable[[News], None]) -> TreeDone:
    """Look for ast-grep candidates in a tree; those of other engines are left out.

    A candidate that ast-grep's program refuses is told as judged with that problem; the others are looked for all the
    same.

    Raises:
        ScanError: ast-grep could not be run, or not to its end.
    """
    stream = _Stream(candidates, tree.name, tell)
    left = [number for number, one in enumerate(candidates) if one.engine is Engine.AST_GREP]
    while left:
        done = await _run(candidates, left, tree, stream)
        if done is None or done.exit_code in (0, 1):
            break
        said = done.stderr.decode(errors="replace")
        blamed = _REFUSED.search(said)
        if blamed is None or int(blamed[1]) not in left:
            raise ScanError(f"ast-grep failed (exit code {done.exit_code}): {said[:400]}")
        left.remove(int(blamed[1]))
        why = ": ".join(_CAUSE.findall(said)) or said.strip()
        tell(Judged(candidate=int(blamed[1]), problem=f"ast-grep cannot read it: {why[:400]}"))
    stream.flush()
    return TreeDone(tree=tree.name, counts=tuple(stream.counts), is_cut=stream.enough.is_set())


async def _run(
    candidates: Sequence[Candidate], numbers: Sequence[int], tree: Tree, stream: _Stream
) -> Completed | None:
    """Return how the program ended; None when enough was seen before it did."""
    with tempfile.TemporaryDirectory(prefix="cockpit-gate-") as place:
        folder = Path(place)
        project = folder / "sgconfig.yml"
        await asyncio.to_thread(_write, folder, candidates, numbers)
        paths = await asyncio.to_thread(_worth_looking_at, [candidates[number] for number in numbers], tree)
        command = [str(find_program()), "scan", "-c", str(project), "--json=stream", "--", *(paths or [str(project)])]
        environment = {"PATH": os.defpath, "NO_COLOR": "1", "HOME": place}
        running = run(
            command,
            cwd=tree.root,
            env=environment,
            timeout_s=TIMEOUT_S,
            output_limit_bytes=4096,
            on_output=stream.take,
        )
        scanning = asyncio.ensure_future(running)
        enough = asyncio.ensure_future(stream.enough.wait())
        try:
            await asyncio.wait([scanning, enough], return_when=asyncio.FIRST_COMPLETED)
            if not scanning.done():
                return None
            done = scanning.result()
        except ProcessError as error:
            raise ScanError(str(error)) from error
        finally:
            enough.cancel()
            scanning.cancel()
            await asyncio.wait([scanning, enough])
    if done.timed_out:
        raise ScanError(f"ast-grep did not finish within {TIMEOUT_S:g} s")
    return done


def _worth_looking_at(candidates: Sequence[Candidate], tree: Tree) -> list[str]:
    """Return the files that contain the words of some candidate; the whole folder where that is no help. Blocking."""
    words = [tuple(word.encode() for word in words_of(one.body)) for one in candidates]
    languages = {name_of(one.language) for one in candidates}
    suffixes = tuple(suffix for suffix, name in LANGUAGE_OF_SUFFIX.items() if name in languages)
    if not all(words) or not languages <= set(LANGUAGE_OF_SUFFIX.values()):
        return ["."]
    found: list[str] = []
    size = 0
    for path in tree.files():
        texts = _text(tree.root / path) if path.endswith(suffixes) else ()
        if any(all(word in text for word in some) for text in texts for some in words):
            found.append(f"./{path}")
            size += len(path) + 3
            if size > _ARGUMENTS_LIMIT_BYTES:
                return ["."]
    return found


def _text(file: Path) -> Iterator[bytes]:
    with contextlib.suppress(OSError):
        if file.lstat().st_size <= FILE_LIMIT_BYTES and not file.is_symlink():
            yield file.read_bytes()


class _Stream:
    """Takes ast-grep's output piece by piece."""

    def __init__(self, candidates: Sequence[Candidate], tree: str, tell: Callable[[News], None]) -> None:
        self._candidates = candidates
        self._tree = tree
        self._tell = tell
        self._rest = b""
        self._batches: list[list[tuple[Hit, str]]] = [[] for _ in candidates]
        self._outside: list[list[Hit]] = [[] for _ in candidates]
        self.counts = [0] * len(candidates)
        self.enough = asyncio.Event()

    def take(self, piece: bytes) -> None:
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            if line.startswith(b"{") and not self.enough.is_set():
                self._hit(line)

    def flush(self) -> None:
        for number, batch in enumerate(self._batches):
            if batch:
                self._tell_batch(number)
            if self._outside[number]:
                self._tell_outside(number)

    def _hit(self, line: bytes) -> None:
        try:
            said = json.loads(line)
            number = int(said["ruleId"].rpartition("-")[2])
        except ValueError:
            return
        path = said["file"].removeprefix("./")
        start, end = said["range"]["start"], said["range"]["end"]
        text = said["text"]
        hit = Hit(
            rule=RuleId(said["ruleId"]),
            path=path,
            line=start["line"] + 1,
            column=start["column"] + 1,
            end_line=end["line"] + 1,
            end_column=end["column"] + 1,
            text=text[:_TEXT_LIMIT],
        )
        if not is_meant(self._candidates[number], path):
            self._take_outside(number, hit)
            return
        mark = snippet(hit if len(text) <= _TEXT_LIMIT else hit.model_copy(update={"text": text}))
        self._batches[number].append((hit, mark))
        self.counts[number] += 1
        if self.counts[number] == 1 or len(self._batches[number]) >= _BATCH:
            self._tell_batch(number)
        if self.counts[number] >= MOST_HITS:
            self.enough.set()

    def _take_outside(self, number: int, hit: Hit) -> None:
        self._outside[number].append(hit)
        if len(self._outside[number]) >= _BATCH:
            self._tell_outside(number)

    def _tell_outside(self, number: int) -> None:
        hits = tuple(self._outside[number])
        self._tell(Struck(candidate=number, tree=self._tree, hits=hits, is_outside=True))
        self._outside[number].clear()

    def _tell_batch(self, number: int) -> None:
        batch = self._batches[number]
        hits, marks = tuple(hit for hit, _ in batch), tuple(mark for _, mark in batch)
        self._tell(Struck(candidate=number, tree=self._tree, hits=hits, marks=marks))
        batch.clear()


def _write(folder: Path, candidates: Sequence[Candidate], numbers: Iterable[int]) -> None:
    (folder / "rules").mkdir()
    (folder / "sgconfig.yml").write_text("ruleDirs: [rules]\n", encoding="utf-8")
    for number in numbers:
        one = candidates[number]
        said = {**one.body, "id": f"candidate-{number}", "language": one.language, "severity": "hint"}
        (folder / "rules" / f"{number}.yml").write_text(json.dumps(said), encoding="utf-8")
