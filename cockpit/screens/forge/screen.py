"""The forge: what a person pointed at becomes a rule. Candidates side by side, each shown at work before it is one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from textual import on

from cockpit.protocol.client import CommandFailed, SupervisorGone
from cockpit.protocol.forge import CloseForge, FollowForge, GiveFix, MarkHit, OpenForge, SetScope, StopDrafting
from cockpit.protocol.types import Command
from cockpit.providers.text import Safe, clean_line
from cockpit.rules.types.forging import ForgeView, Offence
from cockpit.screens.forge.accepting import Accepting
from cockpit.screens.forge.views import ForgeViews
from cockpit.screens.forge.writing import ENGINES, Writing
from cockpit.screens.keys import Keyboard
from widgets.example_pane import ExamplePane
from widgets.forge_lines import Spot
from widgets.rule_editor import RuleEditor
from widgets.viewpane import PromptLine

PAUSE_S = 0.1
"""Between two looks at a forge that is busy."""
AGAIN_S = 1.0
"""Before a forge that went away, with the supervisor or by itself, is opened again."""

Call = Callable[[Command], Awaitable[dict[str, Any]]]


class ForgeScreen(ForgeViews):
    """Ends with the id of the rule that was accepted, or with an empty text: nothing was."""

    def __init__(self, offences: Sequence[Offence], call: Call, keyboard: Keyboard, *, draft: str = "") -> None:
        super().__init__(keyboard, clean_line(offences[0].said) if offences else Safe("a draft"))
        self._offences, self._call, self._draft = tuple(offences), call, draft
        self.forge = ""
        """Its id; empty: it is not open yet."""
        self.accepting = Accepting(self, self._offences)
        self.writing = Writing(self)
        self.accepts_as = self.accepting.words

    def on_mount(self) -> None:
        """Open the forge, and follow it."""
        self._follow_anew()

    # --- following

    def _follow_anew(self) -> None:
        self.run_worker(self._follow(), group="forge", exclusive=True)

    async def _follow(self) -> None:
        """Follow the forge; one that went away is opened again, and what was typed is in its draft."""
        while True:
            try:
                opened = await self._call(OpenForge(offences=self._offences, draft=self._draft))
                self.forge = str(opened["forge"])
                await self._follow_one()
            except CommandFailed as error:
                if not self.forge:
                    self.say(clean_line(str(error)), is_bad=True)
                    return
            except SupervisorGone:
                pass
            self.forge = ""
            self.say(Safe("the forge is away; what was written is kept. Opening it again…"), is_bad=True)
            await asyncio.sleep(AGAIN_S)

    async def _follow_one(self) -> None:
        version = 0
        while True:
            view = ForgeView.model_validate(await self._call(FollowForge(forge=self.forge, after=version)))
            if not version and view.is_draft:
                keys = self.keyboard
                more = f"{keys.first('forge.edit')} goes on with it, {keys.first('forge.drop')} throws it away"
                self.say(Safe(f"this is what you left here: {more}"))
            version = view.version
            self.take(view)
            await asyncio.sleep(PAUSE_S)

    async def begin_anew(self, words: Safe) -> None:
        """Close the forge and open it again on the same; without anything to open it on, leave."""
        await self.end(is_done=True)
        self.forge = self._draft = ""
        if not self._offences:
            self.dismiss("")
            return
        self.take(ForgeView())
        self._follow_anew()
        self.say(words)

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
        book = self.view.book(spot.book)
        seen = book.hits[spot.hit].hit.text if book is not None and spot.hit < len(book.hits) else ""
        command = MarkHit(forge=self.forge, candidate=spot.book, place=spot.hit, mark=kind, seen=seen)
        self.send(command, Safe("taken as an example; a new candidate comes beside this one"))

    @on(ExamplePane.Wanted)
    def example_wanted(self, wanted: ExamplePane.Wanted) -> None:
        """Write, turn or remove an example."""
        self.writing.example(wanted)

    def action_good(self) -> None:
        """Say how the first bad example should be."""
        if not self.view.pairs:
            self.say(Safe(f"there is no bad example: {self.keyboard.first('forge.examples')} adds one"), is_bad=True)
            return
        pair = self.view.pairs[0]
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
        self.writing.begin(self.book, self.view)

    def action_begin(self) -> None:
        """Begin a rule of another engine by hand."""
        self.ask_engine(ENGINES)

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
        self.accepts_as = self.accepting.words
        self.draw()

    def action_accept(self) -> None:
        """Put the chosen candidate into force."""
        self.accepting.accept(self.book, self.view)

    def action_leave(self) -> None:
        """End the editor, the examples, or the agent that drafts; else close. What was written by hand is kept."""
        if self.has_class("-editing"):
            self.run_worker(self._end_editor(), group="editor", exclusive=True)
        elif self.examples.has_focus:
            self.hide_examples()
        elif self.drafting.can_stop:
            self.drafting.stop()
            self.send(StopDrafting(forge=self.forge), Safe("the agent is stopped; what it drafted stays"))
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
