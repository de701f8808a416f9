"""The books of a forge's candidates: what the gate tells goes in, what a screen shows comes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from cockpit.providers.text import clean
from cockpit.rules.types import Hit
from cockpit.rules.types.forge import (
    Candidate,
    Doubted,
    HistoryDone,
    Judged,
    News,
    Stopped,
    Struck,
    TreeDone,
    Uncounted,
)
from cockpit.rules.types.forging import Book, Placed

TREE = "checkout"
"""What the person's own checkout is called among the places of hits."""
KEPT_HITS = 80
"""Hits of one candidate that are kept for reading; all are counted."""
KEPT_OUTSIDE = 10
"""Hits that a candidate's `files` leave out, of those that are kept."""
AROUND = 2
"""Lines shown before and after a hit."""
_EXCERPT_LINES = 14
_FILE_LIMIT_BYTES = 1 << 20


class Books:
    """The candidates of one forge, in the order in which they are shown."""

    def __init__(self) -> None:
        self._books: dict[int, Book] = {}
        self._order: list[int] = []
        self._last = 0
        self._marks: dict[int, Counter[tuple[str, str]]] = {}
        self._is_partial: set[int] = set()
        self.commits = 0
        self.problems: list[str] = []

    def all(self) -> tuple[Book, ...]:
        """Return the books in order."""
        return tuple(self._books[number] for number in self._order)

    def get(self, number: int) -> Book | None:
        """Return one."""
        return self._books.get(number)

    def add(self, book: Book, *, beside: int | None = None) -> int:
        """Add a candidate at the end, or beside another; return its number."""
        self._last += 1
        self._books[self._last] = book.model_copy(update={"number": self._last})
        at = self._order.index(beside) + 1 if beside in self._order else len(self._order)
        self._order.insert(at, self._last)
        return self._last

    def replace(self, number: int, book: Book) -> None:
        """Put another candidate in the place of one."""
        self._books[number] = book.model_copy(update={"number": number})

    def drop(self, numbers: Iterable[int]) -> None:
        """Take candidates away."""
        for number in list(numbers):
            del self._books[number]
            self._order.remove(number)
            self._marks.pop(number, None)

    def begin(self, numbers: Sequence[int]) -> None:
        """Forget what was counted of some, because they are judged anew."""
        for number in numbers:
            if book := self._books.get(number):
                same = {"number", "candidate", "text", "source", "by", "note", "own", "scope", "is_untried"}
                self._books[number] = Book(**{name: getattr(book, name) for name in same})
                self._marks[number] = Counter()
                self._is_partial.discard(number)

    def rank(self) -> None:
        """Put candidates first that are proven, those without doubts before the others.

        Once there is one that a person wrote or asked for, all stay where they are.
        """
        if all(book.source == "made" for book in self._books.values()):
            self._order.sort(key=lambda number: (not self._books[number].is_proven, bool(self._books[number].doubts)))

    def marks_of(self, number: int) -> Counter[tuple[str, str]] | None:
        """Return how often each violation stands in the checkout, by path and digest; None: not all were seen."""
        return None if number in self._is_partial else self._marks.get(number)

    def judged(self, numbers: Sequence[int]) -> None:
        """Say that everything about some is known."""
        for number in numbers:
            self._change(number, is_judged=True)

    def candidates(self, numbers: Sequence[int]) -> list[Candidate]:
        """Return the candidates of some books."""
        return [self._books[number].candidate for number in numbers]

    def take(self, news: News, numbers: Sequence[int]) -> None:
        """Enter what the gate tells of the candidates that it was asked about."""
        match news:
            case Judged():
                self._change(numbers[news.candidate], verdicts=news.verdicts, problem=news.problem)
            case Struck():
                self._counted(numbers[news.candidate], news)
            case Stopped():
                book = self._books[numbers[news.candidate]]
                placed = [
                    Placed(where=news.commit[:10], hit=hit, code=hit.text, first_line=hit.line or 1)
                    for hit in news.hits
                ]
                self._change(book.number, stopped=book.stopped + 1, hits=_kept(book.hits, placed))
            case Doubted():
                book = self._books[numbers[news.candidate]]
                self._change(book.number, doubts=(*book.doubts, news.message))
            case TreeDone():
                self._tree_done(news, numbers)
            case Uncounted():
                self.uncounted(numbers[news.candidate], f"{news.where}: {news.why}")
            case HistoryDone():
                self.commits = news.commits
                if news.problem:
                    self.problem(f"history: {news.problem}")

    def _tree_done(self, news: TreeDone, numbers: Sequence[int]) -> None:
        if news.problem:
            self.problem(f"{news.tree}: {news.problem}")
        if news.is_cut or news.problem:
            self._is_partial.update(numbers)
        for number in numbers if news.is_cut else ():
            self._change(number, is_cut=True)

    def _counted(self, number: int, news: Struck) -> None:
        if news.is_outside:
            self._outside(number, news)
            return
        self.struck(number, news.tree, news.hits)
        marks = self._marks.setdefault(number, Counter())
        marks.update((hit.path, mark) for hit, mark in zip(news.hits, news.marks, strict=False))
        if len(news.marks) != len(news.hits):
            self._is_partial.add(number)

    def struck(self, number: int, where: str, hits: Sequence[Hit], text: str = "") -> None:
        """Enter hits in the checkout or in a session; `text`: the file that all of them are in, where it is at hand."""
        book = self._books[number]
        lines = text.split("\n") if text else []
        placed = [_placed(where, hit, lines) for hit in hits[:KEPT_HITS]]
        counted = "in_tree" if where == TREE else "in_sessions"
        self._change(number, **{counted: getattr(book, counted) + len(hits)}, hits=_kept(book.hits, placed))

    def uncounted(self, number: int, what: str) -> None:
        """Enter where hits of a candidate are not counted, and why."""
        if (book := self._books.get(number)) is not None and what not in book.uncounted:
            self._change(number, uncounted=(*book.uncounted, what))

    def _outside(self, number: int, news: Struck) -> None:
        book = self._books[number]
        shown = sum(one.is_outside for one in book.hits)
        placed = [Placed(where=news.tree, hit=hit, is_outside=True) for hit in news.hits[: KEPT_OUTSIDE - shown]]
        self._change(number, outside=book.outside + len(news.hits), hits=(*book.hits, *placed))

    def problem(self, what: str) -> None:
        """Keep what went wrong, once."""
        if what not in self.problems:
            self.problems.append(what)

    def illustrate(self, root: Path) -> dict[int, tuple[Placed, ...]]:
        """Return the hits in the checkout with the code around them. Blocking; `illustrated` takes the answer."""
        files: dict[str, list[str]] = {}
        found: dict[int, tuple[Placed, ...]] = {}
        for book in list(self._books.values()):
            if any(not one.code and one.where == TREE for one in book.hits):
                found[book.number] = tuple(_with_code(one, root, files) for one in book.hits)
        return found

    def illustrated(self, found: dict[int, tuple[Placed, ...]]) -> None:
        """Take code around hits; hits that came meanwhile stay."""
        for number, hits in found.items():
            if book := self._books.get(number):
                self._change(number, hits=(*hits, *book.hits[len(hits) :]))

    def _change(self, number: int, **update: object) -> None:
        if book := self._books.get(number):
            self._books[number] = book.model_copy(update=update)


def _kept(known: tuple[Placed, ...], more: Sequence[Placed]) -> tuple[Placed, ...]:
    kept = (*known, *more[: max(0, KEPT_HITS - len(known))])
    return tuple(sorted(kept, key=lambda one: one.is_outside))


def _placed(where: str, hit: Hit, lines: Sequence[str]) -> Placed:
    if not lines or hit.line is None:
        return Placed(where=where, hit=hit)
    first = max(1, hit.line - AROUND)
    last = min(len(lines), (hit.end_line or hit.line) + AROUND, first + _EXCERPT_LINES - 1)
    return Placed(where=where, hit=hit, code=clean("\n".join(lines[first - 1 : last])), first_line=first)


def _with_code(placed: Placed, root: Path, files: dict[str, list[str]]) -> Placed:
    if placed.code or placed.where != TREE:
        return placed
    path = placed.hit.path
    if path not in files:
        files[path] = _read(root, path)
    return _placed(placed.where, placed.hit, files[path] or placed.hit.text.split("\n"))


def _read(root: Path, path: str) -> list[str]:
    """Return the lines of a file of the checkout; none when it leads out of it or is too large."""
    file = root / path
    try:
        if not file.resolve().is_relative_to(root.resolve()) or file.stat().st_size > _FILE_LIMIT_BYTES:
            return []
        return file.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return []
