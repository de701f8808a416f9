"""The forge: what a person pointed at becomes a rule. Candidates side by side, each shown at work before it is one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import Screen

from cockpit.protocol.client import CommandFailed, SupervisorGone
from cockpit.protocol.forge import CloseForge, FollowForge, GetRuleFiles, GiveFix, JudgeRule, MarkHit, OpenForge
from cockpit.protocol.rules import AcceptRule
from cockpit.protocol.types import Command
from cockpit.providers.text import Safe, clean_line
from cockpit.rules.types.forging import Book, ForgeView, Offence, Progress
from cockpit.screens.keys import Context, Keyboard, bindings
from widgets.bar import Bar
from widgets.footer import KeyFooter
from widgets.forge_lines import Spot, book_lines, example_words, table_lines
from widgets.lines import LinesView
from widgets.rule_editor import RuleEditor
from widgets.viewpane import PromptLine

PAUSE_S = 0.1
"""Between two looks at a forge that is busy."""
TYPED_S = 0.25

_NOT_WHILE_TYPING = ("accept", "edit", "mark", "good", "line", "page", "candidate")

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
    ForgeScreen #head { background: $panel; }
    ForgeScreen Candidates { border-bottom: solid $faint; }
    ForgeScreen Reading { height: 1fr; }
    ForgeScreen RuleEditor { display: none; }
    ForgeScreen.-editing RuleEditor { display: block; }
    ForgeScreen.-editing Reading { height: 8; border-top: solid $faint; }
    """

    def __init__(self, offences: Sequence[Offence], call: Call, keyboard: Keyboard) -> None:
        super().__init__()
        self._offences, self._call, self._keyboard = tuple(offences), call, keyboard
        self._forge = ""
        self._view = ForgeView()
        self._chosen = 0
        """Number of the candidate that is read."""
        self._shown: tuple[object, ...] = ()
        self._is_accepting = False
        self.table = Candidates()
        self.reading = Reading()
        self.editor = RuleEditor()
        self.prompt = PromptLine()

    def compose(self) -> ComposeResult:
        """Put the candidates over what is read."""
        yield Bar(id="head")
        yield Bar(id="about")
        with Vertical(id="work"):
            yield self.table
            yield self.editor
            yield self.reading
        yield self.prompt
        yield Bar(id="trouble")
        yield KeyFooter(self._keyboard)

    def on_mount(self) -> None:
        """Open the forge, and follow it."""
        self.run_worker(self._follow(), group="forge", exclusive=True)

    @property
    def book(self) -> Book | None:
        """The candidate that is read."""
        return self._view.book(self._chosen)

    # --- following

    async def _follow(self) -> None:
        try:
            opened = await self._call(OpenForge(offences=self._offences))
            self._forge = str(opened["forge"])
            while True:
                said = await self._call(FollowForge(forge=self._forge, after=self._view.version))
                self.take(ForgeView.model_validate(said))
                await asyncio.sleep(PAUSE_S)
        except (CommandFailed, SupervisorGone) as error:
            self._say(clean_line(str(error)), is_bad=True)

    def take(self, view: ForgeView) -> None:
        """Show a newer state of the forge."""
        self._view = view
        if view.book(self._chosen) is None:
            self._chosen = view.books[0].number if view.books else 0
        self._draw()

    def on_resize(self) -> None:
        """Draw for the new width."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        view, width = self._view, self.table.columns
        if not self.is_mounted or not width:
            return
        head = self.query_one("#head", Bar)
        state = {Progress.GATHERING: "reading the examples…", Progress.JUDGING: "judging…", Progress.JUDGED: "judged"}
        words = f" forge  {example_words(view) or clean_line(self._offences[0].said)}"
        head.say([(words, head.look["title"])], [(f"{state[view.progress]} ", head.look["dim"])])
        about = self.query_one("#about", Bar)
        bad, good = len(view.pairs), sum(bool(pair.good) for pair in view.pairs) + len(view.fine)
        told = f" {bad} bad, {good} good examples" + (f"  fix: {clean_line(view.remedy)}" if view.remedy else "")
        about.say([(told, about.look["dim"])])
        numbers = [book.number for book in view.books]
        cursor = numbers.index(self._chosen) + 1 if self._chosen in numbers else 0
        self.table.replace(table_lines(view, width), cursor=cursor)
        if view.problems:
            self._say(clean_line(view.problems[-1]), is_bad=True)
        self._read()

    def _read(self) -> None:
        book = self.book
        shown = (book, self._view.commits)
        if shown == self._shown:
            return
        is_same = (
            bool(self._shown)
            and isinstance(self._shown[0], Book)
            and book is not None
            and self._shown[0].number == book.number
        )
        self._shown = shown
        lines = book_lines(book, self._view) if book is not None else []
        cursor = self.reading.cursor if is_same else 0
        self.reading.replace(lines, cursor=cursor, top=self.reading.scroll_offset.y if is_same else 0)
        self.refresh_bindings()

    def _say(self, words: Safe, *, is_bad: bool = False) -> None:
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

    def action_line(self, step: int) -> None:
        """Move in what has the focus."""
        self._focused_view.action_line(step)

    def action_page(self, step: int) -> None:
        """Move by half a page in what is read."""
        self.reading.action_page(step)

    def action_other_side(self) -> None:
        """Go from the candidates to what is read, or back."""
        (self.table if self.reading.has_focus else self.reading).focus()

    def action_candidate(self, step: int) -> None:
        """Read the next or previous candidate."""
        self.table.action_line(step)

    @property
    def _focused_view(self) -> LinesView:
        return self.reading if self.reading.has_focus else self.table

    # --- deciding

    def action_mark(self, mark: str) -> None:
        """Say that the hit under the cursor is fine, or bad as well."""
        line = self.reading.cursor_line
        spot = line.mark if line is not None else None
        if not self.reading.has_focus or not isinstance(spot, Spot) or spot.hit is None:
            self._say(
                Safe(f"{self._keyboard.first('forge.read')} goes to the hits; marks are for one of them"), is_bad=True
            )
            return
        kind: Any = mark
        command = MarkHit(forge=self._forge, candidate=spot.book, place=spot.hit, mark=kind)
        self.run_worker(self._send(command, Safe("taken as an example; a new candidate comes beside this one")))

    def action_good(self) -> None:
        """Say how the first bad example should be."""
        bad = self._view.pairs[0].bad if self._view.pairs else ""
        known = self._view.pairs[0].good if self._view.pairs else ""
        begin = known or bad
        self.prompt.ask("fix", "how it should be", "" if "\n" in begin else clean_line(begin))

    @on(PromptLine.Ended)
    def good_given(self, ended: PromptLine.Ended) -> None:
        """Take it as the good example."""
        ended.stop()
        self.table.focus()
        if ended.is_meant and ended.text.strip():
            command = GiveFix(forge=self._forge, text=ended.text)
            self.run_worker(self._send(command, Safe("taken as the good example")))

    def action_edit(self) -> None:
        """Write the rule by hand."""
        book = self.book
        text = book.text if book is not None else ""
        self.editor.begin(text, book.number if book is not None else 0)
        self.add_class("-editing")
        self.editor.focus()

    @on(RuleEditor.Typed)
    def typed(self, typed: RuleEditor.Typed) -> None:
        """Try what was typed, once the person pauses."""
        self.run_worker(self._try(typed.text_typed), group="typing", exclusive=True)

    async def _try(self, text: str) -> None:
        await asyncio.sleep(TYPED_S)
        command = JudgeRule(forge=self._forge, candidate=self.editor.number, text=text)
        result = await self._asked(command)
        if result is None:
            return
        problem = str(result["problem"])
        line = result["line"] if isinstance(result["line"], int) else None
        self.editor.show_error(line if problem else None)
        where = f"line {line}: " if line else ""
        self._say(clean_line(where + problem) if problem else Safe("read; judging it"), is_bad=bool(problem))
        if not problem:
            self._chosen = self.editor.number = int(result["candidate"])

    def action_accept(self) -> None:
        """Put the chosen candidate into force."""
        book = self.book
        if book is None or self._is_accepting:
            return
        if not any(pair.good for pair in self._view.pairs) and not self._view.fine:
            key = self._keyboard.first("forge.good")
            self._say(Safe(f"there is no good example yet: {key} says how it should be"), is_bad=True)
            return
        if not book.is_proven:
            self._say(Safe("its examples do not come out right yet: change it, or choose another"), is_bad=True)
            return
        self.run_worker(self._accept(book), group="accept")

    async def _accept(self, book: Book) -> None:
        self._is_accepting = True
        try:
            made = await self._asked(GetRuleFiles(forge=self._forge, candidate=book.number))
            if made is None:
                return
            rule = str(made["rule"])
            self._say(Safe(f"accepting {rule}…"))
            mistakes = tuple(dict.fromkeys(one.mistake for one in self._offences if one.mistake))
            if await self._asked(AcceptRule(rule=rule, files=made["files"], mistakes=mistakes)) is None:
                return
            await self._leave("")
            self.dismiss(rule)
        finally:
            self._is_accepting = False

    def action_leave(self) -> None:
        """End the editor; from the candidates: close, and keep what was written by hand as a draft."""
        if self.has_class("-editing"):
            self.remove_class("-editing")
            self.table.focus()
            return
        own = [book.text for book in self._view.books if book.source == "person"]
        self.run_worker(self._close(own[-1] if own else ""), group="close", exclusive=True)

    async def _close(self, draft: str) -> None:
        await self._leave(draft)
        self.dismiss("")

    async def _leave(self, draft: str) -> None:
        self.workers.cancel_group(self, "forge")
        if self._forge:
            with contextlib.suppress(CommandFailed, SupervisorGone):
                await self._call(CloseForge(forge=self._forge, draft=draft))

    async def _send(self, command: Command, done: Safe) -> None:
        if await self._asked(command) is not None:
            self._say(done)

    async def _asked(self, command: Command) -> dict[str, Any] | None:
        try:
            return await self._call(command)
        except (CommandFailed, SupervisorGone) as error:
            self._say(clean_line(str(error)), is_bad=True)
            return None
