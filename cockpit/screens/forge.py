"""The forge: what a person pointed at becomes a rule. Candidates side by side, each shown at work before it is one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from cockpit.protocol.client import CommandFailed, SupervisorGone
from cockpit.protocol.forge import CloseForge, FollowForge, GiveFix, MarkHit, OpenForge, SetScope
from cockpit.protocol.types import Command
from cockpit.providers.text import Safe, clean_line
from cockpit.rules.types.forging import Book, ForgeView, Offence, Progress
from cockpit.screens.forge_accepting import Accepting
from cockpit.screens.forge_writing import Writing
from cockpit.screens.keys import Context, Keyboard, bindings
from widgets.bar import Bar
from widgets.example_pane import ExamplePane
from widgets.footer import KeyFooter
from widgets.forge_lines import Spot, book_lines, example_words, table_lines
from widgets.lines import LinesView
from widgets.rule_editor import RuleEditor
from widgets.viewpane import PromptLine

PAUSE_S = 0.1
"""Between two looks at a forge that is busy."""
WIDE = 110
"""Columns from which on the examples stand beside what is read or written."""

_NOT_WHILE_TYPING = frozenset(
    {"accept", "edit", "mark", "good", "line", "page", "candidate", "state", "scope", "examples", "begin", "drop_draft"}
)

Call = Callable[[Command], Awaitable[dict[str, Any]]]


class Candidates(LinesView):
    """The table of candidates; its cursor says which one is read."""

    DEFAULT_CSS = "Candidates { height: auto; min-height: 3; max-height: 9; }"


class Reading(LinesView):
    """Everything about the chosen candidate."""


class ForgeScreen(Screen[str]):
    """Ends with the id of the rule that was accepted, or with an empty text: nothing was."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Context.FORGE))
    AUTO_FOCUS = "Candidates"
    DEFAULT_CSS = """
    ForgeScreen { background: $background; }
    ForgeScreen #work { height: 1fr; }
    ForgeScreen #sides { height: 1fr; }
    ForgeScreen #head { background: $panel; }
    ForgeScreen Candidates { border-bottom: solid $faint; }
    ForgeScreen Reading { height: 1fr; }
    ForgeScreen RuleEditor { display: none; }
    ForgeScreen ExamplePane { display: none; width: 2fr; }
    ForgeScreen #main { width: 3fr; }
    ForgeScreen.-examples ExamplePane { display: block; }
    ForgeScreen.-editing RuleEditor { display: block; }
    ForgeScreen.-editing Reading { height: 8; border-top: solid $faint; }
    ForgeScreen.-narrow #sides { layout: vertical; }
    ForgeScreen.-narrow ExamplePane { width: 1fr; height: 1fr; }
    ForgeScreen.-narrow #main { width: 1fr; height: 1fr; }
    ForgeScreen.-narrow.-editing Reading { height: 4; }
    ForgeScreen.-narrow.-editing ExamplePane { display: none; }
    """

    def __init__(self, offences: Sequence[Offence], call: Call, keyboard: Keyboard, *, draft: str = "") -> None:
        super().__init__()
        self._offences, self._call, self.keyboard, self._draft = tuple(offences), call, keyboard, draft
        self.forge = ""
        """Its id; empty: it is not open yet."""
        self._view = ForgeView()
        self._chosen = 0
        """Number of the candidate that is read."""
        self._shown: tuple[object, ...] = ()
        self._told = 0
        """Problems that have been told."""
        self.accepting = Accepting(self, self._offences)
        self.writing = Writing(self)
        self.table = Candidates()
        self.reading = Reading()
        self.editor = RuleEditor()
        self.examples = ExamplePane()
        self.prompt = PromptLine()

    def compose(self) -> ComposeResult:
        """Put the candidates over what is read."""
        yield Bar(id="head")
        yield Bar(id="about")
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

    def on_mount(self) -> None:
        """Open the forge, and follow it."""
        self._follow_anew()

    @property
    def book(self) -> Book | None:
        """The candidate that is read."""
        return self._view.book(self._chosen)

    # --- following

    def _follow_anew(self) -> None:
        self.run_worker(self._follow(), group="forge", exclusive=True)

    async def _follow(self) -> None:
        try:
            opened = await self._call(OpenForge(offences=self._offences, draft=self._draft))
            self.forge = str(opened["forge"])
            while True:
                said = await self._call(FollowForge(forge=self.forge, after=self._view.version))
                self.take(ForgeView.model_validate(said))
                await asyncio.sleep(PAUSE_S)
        except (CommandFailed, SupervisorGone) as error:
            self.say(clean_line(str(error)), is_bad=True)

    def begin_anew(self, words: Safe) -> None:
        """Close the forge and open it again on the same."""

        async def again() -> None:
            await self.end(is_done=True)
            self.forge, self._view, self._chosen, self._told, self._draft = "", ForgeView(), 0, 0, ""
            self._follow_anew()
            self.say(words)

        self.run_worker(again(), group="close", exclusive=True)

    def take(self, view: ForgeView) -> None:
        """Show a newer state of the forge."""
        is_first = not self._view.version
        self._view = view
        if view.book(self._chosen) is None:
            self._chosen = view.books[0].number if view.books else 0
        if is_first and view.is_draft:
            keys = self.keyboard
            more = f"{keys.first('forge.edit')} goes on with it, {keys.first('forge.drop')} throws it away"
            self.say(Safe(f"this is what you left here: {more}"))
        self._draw()

    def on_resize(self) -> None:
        """Draw for the new width."""
        self.set_class(self.size.width < WIDE, "-narrow")
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        view, width = self._view, self.table.columns
        if not self.is_mounted or not width:
            return
        head = self.query_one("#head", Bar)
        state = {Progress.GATHERING: "reading the examples…", Progress.JUDGING: "judging…", Progress.JUDGED: "judged"}
        about_what = self._offences[0].said if self._offences else ""
        words = f" forge  {example_words(view) or clean_line(about_what)}"
        right = f"{state[view.progress]} · {self.accepting.words} "
        head.say([(words, head.look["title"])], [(right, head.look["dim"])])
        about = self.query_one("#about", Bar)
        bad, good = len(view.pairs), sum(bool(pair.good) for pair in view.pairs) + len(view.fine)
        told = f" {bad} bad, {good} good examples" + (f"  fix: {clean_line(view.remedy)}" if view.remedy else "")
        about.say([(told, about.look["dim"])])
        numbers = [book.number for book in view.books]
        cursor = numbers.index(self._chosen) + 1 if self._chosen in numbers else 0
        self.table.replace(table_lines(view, width), cursor=cursor)
        self.examples.show(view.examples, view.language)
        if len(view.problems) > self._told:
            self._told = len(view.problems)
            self.say(clean_line(view.problems[-1]), is_bad=True)
        self._read()

    def _read(self) -> None:
        book, view = self.book, self._view
        shown = (book, view.commits, view.advice, view.scopes)
        if shown == self._shown:
            return
        before = self._shown[0] if self._shown else None
        is_same = isinstance(before, Book) and book is not None and before.number == book.number
        self._shown = shown
        lines = book_lines(book, view)
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
        self._draw()

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

    # --- examples and scope

    def action_mark(self, mark: str) -> None:
        """Say that the hit under the cursor is fine, or bad as well."""
        line = self.reading.cursor_line
        spot = line.mark if line is not None else None
        if not self.reading.has_focus or not isinstance(spot, Spot) or spot.hit is None:
            self.say(
                Safe(f"{self.keyboard.first('forge.read')} goes to the hits; marks are for one of them"), is_bad=True
            )
            return
        kind: Any = mark
        command = MarkHit(forge=self.forge, candidate=spot.book, place=spot.hit, mark=kind)
        self.send(command, Safe("taken as an example; a new candidate comes beside this one"))

    def action_examples(self) -> None:
        """Show the examples and go to them; hide them from there."""
        if self.has_class("-examples") and self.examples.has_focus:
            self._hide_examples()
        else:
            self.add_class("-examples")
            self.examples.focus()

    def _hide_examples(self) -> None:
        self.remove_class("-examples")
        self.table.focus()

    @on(ExamplePane.Wanted)
    def example_wanted(self, wanted: ExamplePane.Wanted) -> None:
        """Write, turn or remove an example."""
        self.writing.example(wanted)

    def action_good(self) -> None:
        """Say how the first bad example should be."""
        if not self._view.pairs:
            self.say(Safe(f"there is no bad example: {self.keyboard.first('forge.examples')} adds one"), is_bad=True)
            return
        pair = self._view.pairs[0]
        begin = pair.good or pair.bad
        if "\n" in begin:
            self.action_examples()
            self.say(Safe(f"it has several lines: {self.keyboard.first('examples.good')} writes a good example"))
            return
        self.prompt.ask("fix", "how it should be", clean_line(begin))

    def ask_engine(self, engines: Sequence[str]) -> None:
        """Ask which engine a rule by hand is for."""
        self.prompt.ask("engine", f"engine: {', '.join(engines)}")

    @on(PromptLine.Ended)
    def prompt_ended(self, ended: PromptLine.Ended) -> None:
        """Take the good example, or the engine."""
        ended.stop()
        self.table.focus()
        if not ended.is_meant:
            return
        if ended.prompt.purpose == "engine":
            self.run_worker(self.writing.begin_engine(ended.text), group="begin", exclusive=True)
        elif ended.text.strip():
            self.send(GiveFix(forge=self.forge, text=ended.text), Safe("taken as the good example"))

    def action_scope(self) -> None:
        """Let the candidate look at fewer files; after the fewest come all."""
        if (book := self.book) is not None:
            self.send(SetScope(forge=self.forge, candidate=book.number), Safe("it looks elsewhere now; judging it"))

    # --- writing by hand

    def action_edit(self) -> None:
        """Write the rule by hand."""
        self.writing.begin(self.book, self._view)

    def action_begin(self) -> None:
        """Begin a rule of another engine by hand."""
        self.ask_engine([one for one in ("ast-grep", "regex", "size", "naming", "path", "layers", "command", "judge")])

    def action_drop_draft(self) -> None:
        """Throw away what was written by hand."""
        self.run_worker(self.writing.drop(), group="close", exclusive=True)

    def open_editor(self) -> None:
        """Show the editor and give it the keys."""
        self.add_class("-editing")
        self.editor.focus()

    @on(RuleEditor.Typed)
    def typed(self, typed: RuleEditor.Typed) -> None:
        """Try what was typed, once the person pauses."""
        self.try_soon(typed.text_typed)

    def try_soon(self, text: str) -> None:
        """Have a rule judged as it is typed."""
        self.run_worker(self.writing.tried(text), group="typing", exclusive=True)

    # --- deciding

    def action_state(self) -> None:
        """Choose whether it blocks, warns or is only counted."""
        self.accepting.step()
        self._draw()

    def action_accept(self) -> None:
        """Put the chosen candidate into force."""
        self.accepting.accept(self.book, self._view)

    def action_leave(self) -> None:
        """End the editor, then the examples; from the candidates: close. What was written by hand is kept."""
        if self.has_class("-editing"):
            self.run_worker(self._end_editor(), group="editor", exclusive=True)
        elif self.examples.has_focus:
            self._hide_examples()
        else:
            self.run_worker(self._close(), group="close", exclusive=True)

    async def _end_editor(self) -> None:
        if await self.writing.end():
            self.remove_class("-editing")
            (self.examples if self.has_class("-examples") else self.table).focus()

    async def _close(self) -> None:
        await self.writing.flush()
        await self.end()
        self.dismiss("")

    async def end(self, *, is_done: bool = False) -> None:
        """Close the forge; what was written by hand is kept unless it is done with."""
        self.workers.cancel_group(self, "forge")
        if self.forge:
            with contextlib.suppress(CommandFailed, SupervisorGone):
                await self._call(CloseForge(forge=self.forge, is_done=is_done))

    def send(self, command: Command, done: Safe) -> None:
        """Send a command, and say when it was taken."""

        async def sent() -> None:
            if await self.asked(command) is not None:
                self.say(done)

        self.run_worker(sent())

    async def asked(self, command: Command) -> dict[str, Any] | None:
        """Return the answer to a command; None: it was refused, and the person was told."""
        try:
            return await self._call(command)
        except (CommandFailed, SupervisorGone) as error:
            self.say(clean_line(str(error)), is_bad=True)
            return None
