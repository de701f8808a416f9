"""What a forge shows, as lines: its candidates side by side, and everything about one of them for reading."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cockpit.providers.text import Safe, clean, clean_line
from cockpit.rules.types import Engine, Example, ExampleKind
from cockpit.rules.types.forge import Verdict
from cockpit.rules.types.forging import Book, ForgeView, Placed, Progress
from widgets.cells import fit
from widgets.highlight import spans_of
from widgets.sourceline import Bit, Flow, Line, TextLine

_NUMBERS = (("examples", 10), ("checkout", 10), ("sessions", 10), ("stopped", 9))
_LEAST_WORDS = 16
_LONGEST_EXAMPLE_LINES = 16


@dataclass(frozen=True, slots=True)
class Spot:
    """What a line of a forge belongs to."""

    book: int = 0
    hit: int | None = None
    """Place in the candidate's list of hits."""


def table_lines(view: ForgeView, width: int) -> list[Line]:
    """Return one line for each candidate, with what it does in columns; a head before them."""
    shown = [(name, size) for name, size in _NUMBERS if width >= 60 or name != "examples"]
    room = max(_LEAST_WORDS, width - 6 - sum(size for _, size in shown))
    head: list[Bit] = [(fit(Safe(name), size, is_right=True), "dim") for name, size in shown]
    lines: list[Line] = [_row(fit(Safe("candidates"), room), "dim", [("     ", "")], head, Spot())]
    for place, book in enumerate(view.books, 1):
        cells = [
            (fit(Safe(text), size, is_right=True), ink)
            for (text, ink), (_, size) in zip(_cells(book, shown), shown, strict=True)
        ]
        sign, ink = _sign(book)
        lead: list[Bit] = [(f" {place} ", "dim"), (f"{sign} ", ink)]
        lines.append(_row(fit(_title(book), room), "ink", lead, cells, Spot(book.number)))
    if not view.books:
        words = "looking at the examples…" if view.progress is not Progress.JUDGED and not view.problems else "none"
        lines.append(TextLine(Safe(words), "dim", lead=(("   ", ""),)))
    return lines


def book_lines(book: Book | None, view: ForgeView) -> list[Line]:
    """Return everything about a candidate: why it may be wrong, its examples, and its hits with their code."""
    lines: list[Line] = []
    if view.advice:
        lines.append(TextLine(clean_line(view.advice), "badge", lead=((" ! ", "badge"),)))
    if book is None:
        return lines
    for problem in filter(None, (book.problem, *book.doubts)):
        ink = "failed" if problem == book.problem else "badge"
        lines.append(TextLine(clean_line(problem), ink, lead=((" ! ", ink),), mark=Spot(book.number)))
    for missing in book.uncounted:
        words = clean_line(f"not counted in {missing}")
        lines.append(TextLine(words, "badge", lead=((" ? ", "badge"),), mark=Spot(book.number)))
    lines += _where(book, view)
    lines += _heading("examples", "bad ones must be hit, good ones must not")
    for verdict in book.verdicts:
        lines += _example(verdict, book, view.language)
    if book.own:
        lines += _heading(f"examples of {book.by}", "given with the rule, and right as well")
        for example in book.own:
            lines += _own(example, book, view.language)
    counted = (
        f"{book.in_tree} in the checkout, {book.in_sessions} in sessions, {book.stopped} of {view.commits} commits"
    )
    if book.outside:
        counted += f"; {book.outside} more where it does not look"
    lines += _heading("hits", counted + (", and more" if book.is_cut else ""))
    if not book.hits:
        lines.append(TextLine(Safe("none" if book.is_judged else "looking…"), "dim", lead=((" ", ""),)))
    for place, placed in enumerate(book.hits):
        lines += _hit(place, placed, book)
    return lines


def where_words(book: Book) -> Safe:
    """Return in which files a candidate looks."""
    looks = ", ".join(book.candidate.files) or "everywhere"
    aside = f" but {', '.join(book.candidate.ignores)}" if book.candidate.ignores else ""
    return clean_line(looks + aside)


def example_words(view: ForgeView) -> Safe:
    """Return in one line what the forge is about."""
    return clean_line(f"{view.name}: {view.message}" if view.message else view.name)


def _where(book: Book, view: ForgeView) -> Iterator[Line]:
    lead: tuple[Bit, ...] = ((" where  ", "dim"),)
    others = len(view.scopes) - 1 if book.scope >= 0 else 0
    words = where_words(book)
    if others:
        words = Safe(f"{words}  ({book.scope + 1} of {others + 1}, the narrowest first)")
    yield TextLine(words, "ink", lead=lead, mark=Spot(book.number))
    if book.is_judged and book.in_tree:
        places = f"{book.in_tree} place{'s' if book.in_tree > 1 else ''}{' or more' if book.is_cut else ''}"
        let_be = Safe(f"{places} in the checkout now: let be when it is accepted, only new code is stopped")
        yield TextLine(let_be, "dim", lead=(("        ", ""),), mark=Spot(book.number))


def _row(words: str, ink: str, lead: Sequence[Bit], right: Sequence[Bit], mark: Spot) -> TextLine:
    return TextLine(Safe(words), ink, lead=lead, right=right, flow=Flow.CUT, mark=mark)


def _title(book: Book) -> Safe:
    whose = {"made": "", "mark": "from your mark: ", "person": "yours: ", "agent": f"drafted by {book.by}: "}[
        book.source
    ]
    engine = "" if book.candidate.engine is Engine.AST_GREP else f"{book.candidate.engine.value}: "
    return clean_line(whose + engine + book.candidate.says)


def _sign(book: Book) -> tuple[str, str]:
    if book.problem or (book.verdicts and not book.is_proven):
        return "✗", "failed"
    return ("✓", "ready") if book.is_proven else ("·", "dim")


def _cells(book: Book, shown: Sequence[tuple[str, int]]) -> list[tuple[str, str]]:
    right = sum(one.is_right for one in book.verdicts)
    more = "+" if book.is_cut else ""
    dim = "dim" if not book.is_judged else "ink"
    unknown = {one.partition(":")[0] for one in book.uncounted}
    tried = "not tried" if book.is_untried else f"{right}/{len(book.verdicts)}"
    cells = {
        "examples": (tried, "ready" if book.is_proven else "badge" if book.is_untried else "failed"),
        "checkout": ("?", "badge") if "checkout" in unknown else (f"{book.in_tree}{more}", dim),
        "sessions": ("?", "badge") if "sessions" in unknown else (f"{book.in_sessions}", dim),
        "stopped": ("?", "badge") if "commits" in unknown else (f"{book.stopped}", dim),
    }
    return [cells[name] for name, _ in shown]


def _heading(words: str, about: str) -> Iterator[Line]:
    yield TextLine(Safe(""))
    yield TextLine(clean_line(f"{words}  {about}"), "dim", spans=((0, len(words), "title"),), lead=((" ", ""),))


def _example(verdict: Verdict, book: Book, language: str) -> Iterator[Line]:
    is_bad = verdict.example.kind is ExampleKind.BAD
    sign = "✓" if verdict.is_right else "✗"
    wanted = "bad" if is_bad else "good"
    happened = "hit" if verdict.hits else "not hit"
    lead: tuple[Bit, ...] = ((f" {sign} ", "ready" if verdict.is_right else "failed"),)
    yield TextLine(
        Safe(f"{wanted}, {happened}"), "ink" if verdict.is_right else "failed", lead=lead, mark=Spot(book.number)
    )
    yield from _code(verdict.example, book, language)


def _own(example: Example, book: Book, language: str) -> Iterator[Line]:
    words = "bad, hit" if example.kind is ExampleKind.BAD else "good, not hit"
    yield TextLine(Safe(words), "ink", lead=((" ✓ ", "ready"),), mark=Spot(book.number))
    yield from _code(example, book, language)


def _code(example: Example, book: Book, language: str) -> Iterator[Line]:
    is_bad = example.kind is ExampleKind.BAD
    texts = [clean_line(text) for text in example.text.split("\n")[:_LONGEST_EXAMPLE_LINES]]
    back = "removed-back" if is_bad else "added-back"
    for text, spans in zip(texts, spans_of(texts, example.path or language, is_file=bool(example.path)), strict=True):
        yield TextLine(text, spans=spans, lead=(("   │ ", "faint"),), back=back, mark=Spot(book.number), flow=Flow.HARD)


def _hit(place: int, placed: Placed, book: Book) -> Iterator[Line]:
    hit = placed.hit
    where = clean_line(f"{hit.path}:{hit.line}" if hit.line else hit.path or hit.text)
    mark = Spot(book.number, place)
    told = f"{placed.where}, left out" if placed.is_outside else placed.where
    ink = "dim" if placed.is_outside else "accent"
    yield TextLine(where, ink, lead=((" ", ""),), right=((clean_line(told), "dim"),), flow=Flow.CUT, mark=mark)
    texts = [clean_line(text) for text in clean(placed.code).split("\n")] if placed.code else []
    first, last = hit.line or 0, hit.end_line or hit.line or 0
    for offset, (text, spans) in enumerate(zip(texts, spans_of(texts, hit.path), strict=True)):
        number = placed.first_line + offset
        back = "removed-back" if first <= number <= last else ""
        yield TextLine(text, spans=spans, lead=((f"{number:>5} │ ", "faint"),), back=back, mark=mark, flow=Flow.HARD)
