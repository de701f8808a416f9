"""What the forge shows: candidates over what is read of one of them, the editor, and the examples beside it."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from cockpit.providers.text import Safe, clean_line
from cockpit.rules.types.forging import Book, ForgeView, Progress
from cockpit.screens.keys import Context, Keyboard, bindings
from widgets.bar import Bar
from widgets.drafting_bar import DraftingBar
from widgets.example_pane import ExamplePane
from widgets.footer import KeyFooter
from widgets.forge_lines import Spot, book_lines, example_words, table_lines
from widgets.lines import LinesView
from widgets.rule_editor import RuleEditor
from widgets.sourceline import Line, TextLine
from widgets.viewpane import PromptLine

WIDE = 110
"""Columns from which on the examples stand beside what is read or written."""

_NOT_WHILE_TYPING = frozenset(
    {"accept", "edit", "mark", "good", "line", "page", "candidate", "state", "scope", "examples", "begin", "drop_draft"}
)


class Candidates(LinesView):
    """The table of candidates; its cursor says which one is read."""

    DEFAULT_CSS = "Candidates { height: auto; min-height: 3; max-height: 9; }"


class Reading(LinesView):
    """Everything about the chosen candidate."""


class ForgeViews(Screen[str]):
    """The views of a forge, and moving in them. What its keys ask for is carried out by `ForgeScreen`."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Context.FORGE))
    AUTO_FOCUS = "Candidates"
    DEFAULT_CSS = """
    ForgeViews { background: $background; }
    ForgeViews #work { height: 1fr; }
    ForgeViews #sides { height: 1fr; }
    ForgeViews #head { background: $panel; }
    ForgeViews Candidates { border-bottom: solid $faint; }
    ForgeViews Reading { height: 1fr; }
    ForgeViews RuleEditor { display: none; }
    ForgeViews ExamplePane { display: none; width: 2fr; }
    ForgeViews #main { width: 3fr; }
    ForgeViews.-examples ExamplePane { display: block; }
    ForgeViews.-editing RuleEditor { display: block; }
    ForgeViews.-editing Reading { height: 8; border-top: solid $faint; }
    ForgeViews.-narrow #sides { layout: vertical; }
    ForgeViews.-narrow ExamplePane { width: 1fr; height: 1fr; }
    ForgeViews.-narrow #main { width: 1fr; height: 1fr; }
    ForgeViews.-narrow.-editing Reading { height: 4; }
    ForgeViews.-narrow.-editing ExamplePane { display: none; }
    """

    def __init__(self, keyboard: Keyboard, about: Safe) -> None:
        super().__init__()
        self.keyboard = keyboard
        self.view = ForgeView()
        """The forge as it was told last."""
        self.accepts_as = Safe("")
        """What accepting would do, in a few words."""
        self._about = about
        self._chosen = 0
        """Number of the candidate that is read."""
        self._shown: tuple[object, ...] = ()
        self._told = 0
        """Problems that have been told."""
        self.table = Candidates()
        self.reading = Reading()
        self.drafting = DraftingBar()
        self.editor = RuleEditor()
        self.examples = ExamplePane()
        self.prompt = PromptLine()

    def compose(self) -> ComposeResult:
        """Put the candidates over what is read."""
        yield Bar(id="head")
        yield Bar(id="about")
        yield self.drafting
        with Vertical(id="work"):
            yield self.table
            with Horizontal(id="sides"):
                with Vertical(id="main"):
                    yield self.editor
                    yield self.reading
                yield self.examples
        yield self.prompt
        yield Bar(id="trouble")
        yield KeyFooter(self.keyboard)

    @property
    def book(self) -> Book | None:
        """The candidate that is read."""
        return self.view.book(self._chosen)

    # --- showing

    def take(self, view: ForgeView) -> None:
        """Show a newer state of the forge."""
        self.view = view
        if not view.version:
            self._chosen = self._told = 0
        if view.book(self._chosen) is None:
            self._chosen = view.books[0].number if view.books else 0
        self._mark_problem()
        self.draw()

    def _mark_problem(self) -> None:
        """Mark in the editor what the gate says of the very text that stands there."""
        book, text = self.view.book(self.editor.number), self.editor.text
        if not self.has_class("-editing") or book is None or book.text != text or not book.problem:
            return
        key = "language:" if "SgLang" in book.problem else "rule:"
        lines = text.split("\n")
        line = next(
            (number for number, one in enumerate(lines, 1) if one.startswith((key, f"{book.candidate.engine.value}:"))),
            1,
        )
        self.editor.show_error(line, "no such language" if key == "language:" else book.problem)

    def on_resize(self) -> None:
        """Draw for the new width."""
        self.set_class(self.size.width < WIDE, "-narrow")
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Draw anew, as far as something is another."""
        view, width = self.view, self.table.columns
        if not self.is_mounted or not width:
            return
        head = self.query_one("#head", Bar)
        state = {Progress.GATHERING: "reading the examples…", Progress.JUDGING: "judging…", Progress.JUDGED: "judged"}
        words = f" forge  {example_words(view) or self._about}"
        right = f"{state[view.progress]} · {self.accepts_as} "
        head.say([(words, head.look["title"])], [(right, head.look["dim"])])
        about = self.query_one("#about", Bar)
        bad, good = len(view.pairs), sum(bool(pair.good) for pair in view.pairs) + len(view.fine)
        told = f" {bad} bad, {good} good examples" + (f"  fix: {clean_line(view.remedy)}" if view.remedy else "")
        about.say([(told, about.look["dim"])])
        self.drafting.tell(view.drafting, clean_line(self.keyboard.first("forge.close")))
        numbers = [book.number for book in view.books]
        cursor = numbers.index(self._chosen) + 1 if self._chosen in numbers else 0
        self.table.replace(table_lines(view, width), cursor=cursor)
        self.examples.show(view.examples, view.language)
        if len(view.problems) > self._told:
            self._told = len(view.problems)
            self.say(clean_line(view.problems[-1]), is_bad=True)
        self._read()

    def _read(self) -> None:
        book, view = self.book, self.view
        shown = (book, view.commits, view.advice, view.scopes, view.progress is Progress.JUDGED)
        if shown == self._shown:
            return
        before = self._shown[0] if self._shown else None
        is_same = isinstance(before, Book) and book is not None and before.number == book.number
        self._shown = shown
        lines = book_lines(book, view)
        if book is None and view.progress is Progress.JUDGED:
            lines += guidance(self.keyboard)
        cursor = self.reading.cursor if is_same else 0
        self.reading.replace(lines, cursor=cursor, top=self.reading.scroll_offset.y if is_same else 0)
        self.refresh_bindings()

    def say(self, words: Safe, *, is_bad: bool = False) -> None:
        """Say something over the footer."""
        bar = self.query_one("#trouble", Bar)
        bar.say([(f" {words}" if words else "", bar.look["failed" if is_bad else "ready"])])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave every key but the one that closes to the editor while something is written there."""
        is_typing = self.editor.has_focus or self.prompt.has_focus
        if is_typing and action in _NOT_WHILE_TYPING:
            return False
        return super().check_action(action, parameters)

    # --- moving

    @on(LinesView.Moved)
    def chosen(self, moved: LinesView.Moved) -> None:
        """Read the candidate under the cursor."""
        line = self.table.cursor_line
        if moved.view is self.table and line is not None and isinstance(line.mark, Spot) and line.mark.book:
            self._chosen = line.mark.book
            self._read()

    def choose(self, number: int) -> None:
        """Read another candidate."""
        self._chosen = number
        self.draw()

    def action_line(self, step: int) -> None:
        """Move in what has the focus."""
        self._focused_view.action_line(step)

    def action_page(self, step: int) -> None:
        """Move by half a page in what is read."""
        (self.examples if self.examples.has_focus else self.reading).action_page(step)

    def action_other_side(self) -> None:
        """Go from the candidates to what is read, to the examples where they are shown, and back."""
        views = [self.table, self.reading, *([self.examples] if self.has_class("-examples") else [])]
        at = next((place for place, view in enumerate(views) if view.has_focus), 0)
        views[(at + 1) % len(views)].focus()

    def action_candidate(self, step: int) -> None:
        """Read the next or previous candidate."""
        self.table.action_line(step)

    @property
    def _focused_view(self) -> LinesView:
        return next((view for view in (self.reading, self.examples) if view.has_focus), self.table)

    def action_examples(self) -> None:
        """Show the examples and go to them; hide them from there."""
        if self.has_class("-examples") and self.examples.has_focus:
            self.hide_examples()
        else:
            self.add_class("-examples")
            self.examples.focus()

    def hide_examples(self) -> None:
        """Hide the examples and go back to the candidates."""
        self.remove_class("-examples")
        self.table.focus()


def guidance(keyboard: Keyboard) -> list[Line]:
    """Return what to do where there is no candidate."""
    first = keyboard.first
    said = (
        f"{first('forge.examples')} {first('examples.bad')}  add a bad example",
        f"{first('forge.examples')} {first('examples.good')}  add a good one: from both, candidates are made",
        f"{first('forge.begin')}    begin a rule by hand, of any engine",
        f"{first('forge.close')}  close",
    )
    return [TextLine(Safe(words), "dim", lead=((" ", ""),)) for words in said]
