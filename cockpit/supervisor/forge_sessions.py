"""What candidates would object to in the work of running sessions: in the lines that they added, and no others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from cockpit.providers.git import GitError
from cockpit.providers.globs import matching
from cockpit.rules.runtime.gate import Gate, language_of
from cockpit.rules.types import Engine, Hit
from cockpit.rules.types.errors import RulesError
from cockpit.sessions.types import FINAL
from cockpit.state.diff import parse_diff
from cockpit.supervisor.forge_books import Books
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
        """Enter what ast-grep candidates hit in sessions' work; other engines look at whole trees only."""
        for session in list(self._services.record.state.sessions.values()):
            if session.status in FINAL or session.change is None or not session.change.files:
                continue
            try:
                changed = await self._changed(session.change.base, session.change.tree)
                for number in numbers:
                    await self._hits(gate, number, session.id, changed)
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
        if book.candidate.files:
            kept = set(matching([one.path for one in meant], book.candidate.files))
            meant = [one for one in meant if one.path in kept]
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


def _by_file(found: Sequence[tuple[int, Hit]]) -> Iterator[tuple[int, list[Hit]]]:
    for place in dict.fromkeys(at for at, _ in found):
        yield place, [hit for at, hit in found if at == place]
