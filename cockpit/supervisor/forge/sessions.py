"""What candidates would object to in the work of running sessions: in the lines that they added, and no others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cockpit.changes.types import ChangeStat
from cockpit.providers.git import GitError
from cockpit.rules.runtime.gate import Gate, language_of
from cockpit.rules.runtime.other_engines import UNTRIED, scan_change
from cockpit.rules.service.baseline import baseline_of, split
from cockpit.rules.service.gate import as_rule
from cockpit.rules.service.scope import is_meant
from cockpit.rules.types import Engine, Hit
from cockpit.rules.types.errors import RulesError
from cockpit.sessions.types import FINAL
from cockpit.state.diff import parse_diff
from cockpit.supervisor.forge.books import Books
from cockpit.supervisor.services import Services
from cockpit.types import TreeId

FILE_LIMIT_BYTES = 100_000
FILES_AT_ONCE = 40
MOST_FILES = 400
"""Changed files of one session that are looked at."""
DIFF_LIMIT_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class _Changed:
    """A file that a session changed."""

    path: str
    text: str
    added: frozenset[int]


class Workspaces:
    """Looks at every session that is not over."""

    def __init__(self, services: Services, books: Books) -> None:
        self._services, self._books = services, books

    async def look(self, gate: Gate, numbers: Sequence[int], told: Callable[[], None]) -> None:
        """Enter what candidates hit in sessions' work, and of which that is not known."""
        for number in numbers:
            book = self._books.get(number)
            if book is not None and book.candidate.engine in UNTRIED:
                self._books.uncounted(number, "sessions: nothing is run or asked here")
        for session in list(self._services.record.state.sessions.values()):
            if session.status in FINAL or session.change is None or not session.change.files:
                continue
            try:
                changed = await self._changed(session.change.base, session.change.tree)
                for number in numbers:
                    await self._hits(gate, number, session.id, changed)
                await self._of_others(gate, numbers, session.id, session.change)
            except (GitError, RulesError) as error:
                self._books.problem(f"{session.id}: {error}")
            told()

    async def _changed(self, base: TreeId, tree: TreeId) -> list[_Changed]:
        repository = self._services.repository
        text = await repository.diff(base, tree, None, 0, limit_bytes=DIFF_LIMIT_BYTES)
        found: list[_Changed] = []
        for file in parse_diff(text)[:MOST_FILES]:
            if file.status == "D" or file.is_binary or not language_of(file.path):
                continue
            added = frozenset(
                line.new_no for hunk in file.hunks for line in hunk.lines if line.sign == "+" and line.new_no
            )
            content = await repository.read_file(tree, file.path, FILE_LIMIT_BYTES)
            if added and not content.truncated:
                found.append(_Changed(file.path, content.data.decode("utf-8", "replace"), added))
        return found

    async def _hits(self, gate: Gate, number: int, where: str, changed: Sequence[_Changed]) -> None:
        book = self._books.get(number)
        if book is None or book.candidate.engine is not Engine.AST_GREP:
            return
        meant = [one for one in changed if language_of(one.path) == book.candidate.language.lower()]
        meant = [one for one in meant if is_meant(book.candidate, one.path)]
        for start in range(0, len(meant), FILES_AT_ONCE):
            part = meant[start : start + FILES_AT_ONCE]
            found = await gate.hits_in(book.candidate, [one.text for one in part])
            for place, hits in _by_file(found):
                file = part[place]
                new = [
                    hit for hit in hits if file.added & set(range(hit.line or 0, (hit.end_line or hit.line or 0) + 1))
                ]
                if new:
                    placed = [hit.model_copy(update={"path": file.path}) for hit in new]
                    self._books.struck(number, where, placed, file.text)

    async def _of_others(self, gate: Gate, numbers: Sequence[int], where: str, change: ChangeStat) -> None:
        """Enter what candidates of other engines hit in a change, and did not hit before it."""
        books = [book for number in numbers if (book := self._books.get(number)) is not None]
        rules = {
            f"candidate-{book.number}": as_rule(book.candidate, book.number)
            for book in books
            if book.candidate.engine not in (Engine.AST_GREP, *UNTRIED)
        }
        if not rules:
            return
        found: list[tuple[Hit, ...]] = []
        now: dict[str, str] = {}
        paths = [file.path for file in change.files][:MOST_FILES]
        for tree in (change.base, change.tree):
            listed = await self._services.repository.list_files(tree)
            now = await self._texts({path: str(listed[path]) for path in paths if path in listed})
            found.append(await scan_change(gate.folder, list(rules.values()), now, listed))
        for hit in split(found[1], baseline_of(found[0]))[0]:
            number = int(hit.rule.rpartition("-")[2])
            self._books.struck(number, where, [hit], now.get(hit.path, ""))

    async def _texts(self, blobs: Mapping[str, str]) -> dict[str, str]:
        raw = await self._services.repository.read_blobs(set(blobs.values()), FILE_LIMIT_BYTES)
        return {
            path: raw[blob].decode("utf-8", "replace")
            for path, blob in blobs.items()
            if blob in raw and b"\0" not in raw[blob][:8000]
        }


def _by_file(found: Sequence[tuple[int, Hit]]) -> Iterator[tuple[int, list[Hit]]]:
    for place in dict.fromkeys(at for at, _ in found):
        yield place, [hit for at, hit in found if at == place]
