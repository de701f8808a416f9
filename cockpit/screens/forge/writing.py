"""Writing by hand in the forge: rules, tried while they are typed, and examples. What was typed is never lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cockpit.protocol.forge import BeginRule, ChangeExample, DropDraft, JudgeRule
from cockpit.providers.text import Safe, clean_line
from cockpit.rules.types import Engine, ExampleKind
from cockpit.rules.types.forging import Book, ForgeView

if TYPE_CHECKING:
    from cockpit.screens.forge.screen import ForgeScreen
    from widgets.example_pane import ExamplePane

TYPED_S = 0.25
ENGINES = tuple(one.value for one in Engine)


class Writing:
    """What is under way in the editor: a rule, or one example."""

    def __init__(self, screen: ForgeScreen) -> None:
        self._screen = screen
        self._example: tuple[int | None, ExampleKind, str] | None = None
        """The example that is written: its place, its kind, and its text before."""
        self._waiting = ""
        """Text of a rule that was typed and not sent yet."""

    # --- a rule

    def begin(self, book: Book | None, view: ForgeView) -> None:
        """Write on the chosen candidate, or go on with what was left half written."""
        editor = self._screen.editor
        is_open = bool(view.draft) and all(one.text != view.draft for one in view.books)
        own = next((one.number for one in view.books if one.source == "person"), 0)
        self._example = None
        if is_open:
            editor.begin(view.draft, own, title="your rule")
            self._screen.try_soon(view.draft)
        elif book is not None:
            editor.begin(book.text, book.number)
        else:
            self._screen.ask_engine(ENGINES)
            return
        self._screen.open_editor()

    async def begin_engine(self, named: str) -> None:
        """Begin a rule of an engine from its skeleton."""
        near = [one for one in ENGINES if one.startswith(named.strip().lower())] if named.strip() else ["ast-grep"]
        if not near:
            self._screen.say(Safe(f"engines: {', '.join(ENGINES)}"), is_bad=True)
            return
        result = await self._screen.asked(BeginRule(forge=self._screen.forge, engine=Engine(near[0])))
        if result is not None:
            self._example = None
            self._screen.editor.begin(str(result["text"]), 0, title=f"new {near[0]} rule")
            self._screen.open_editor()
            self._screen.try_soon(str(result["text"]))

    async def tried(self, text: str) -> None:
        """Have the text judged once the person pauses."""
        if self._example is not None:
            return
        self._waiting = text
        await asyncio.sleep(TYPED_S)
        await self._judge(text)

    async def _judge(self, text: str) -> None:
        screen = self._screen
        result = await screen.asked(JudgeRule(forge=screen.forge, candidate=screen.editor.number, text=text))
        if result is None:
            return
        if self._waiting == text:
            self._waiting = ""
        problem = str(result["problem"])
        line = result["line"] if isinstance(result["line"], int) else None
        screen.editor.show_error((line or 1) if problem else None, problem)
        where = f"line {line}: " if line else ""
        screen.say(clean_line(where + problem) if problem else Safe("read; judging it"), is_bad=bool(problem))
        if not problem:
            screen.choose(int(result["candidate"]))
            screen.editor.number = int(result["candidate"])

    async def flush(self) -> None:
        """Hand over what was typed last, before the editor goes."""
        self._screen.workers.cancel_group(self._screen, "typing")
        if self._waiting:
            await self._judge(self._waiting)

    async def drop(self) -> None:
        """Throw away what was written by hand."""
        self._waiting = ""
        if await self._screen.asked(DropDraft(forge=self._screen.forge)) is not None:
            await self._screen.begin_anew(Safe("what was written by hand is thrown away"))

    # --- an example

    def example(self, wanted: ExamplePane.Wanted) -> None:
        """Write an example, or carry out what needs no writing."""
        screen = self._screen
        if wanted.change != "put":
            said = "turned round" if wanted.change == "switch" else "taken away"
            command = ChangeExample(forge=screen.forge, do=wanted.change, place=wanted.place)
            screen.send(command, Safe(f"{said}; the candidates are made anew"))
            return
        samples = wanted.pane.samples
        text = samples[wanted.place].text if wanted.place is not None else ""
        self._example = wanted.place, wanted.kind, text
        title = f"{wanted.kind.value} example" if wanted.place is not None else f"new {wanted.kind.value} example"
        screen.editor.begin(text, title=title)
        screen.open_editor()

    async def end(self) -> bool:
        """Take what the editor holds; return whether the editor may go."""
        screen, text = self._screen, self._screen.editor.text
        if self._example is None:
            await self.flush()
            if screen.editor.wrong_line is not None:
                key = screen.keyboard.first("forge.edit")
                screen.say(Safe(f"what you wrote is kept, though it is no rule yet: {key} goes on with it"))
            return True
        place, kind, before = self._example
        if text.strip() and text.strip("\n") != before.strip("\n"):
            command = ChangeExample(forge=screen.forge, do="put", place=place, kind=kind, text=text)
            if await screen.asked(command) is None:
                return False
            screen.say(Safe("taken as an example; the candidates are made anew"))
        self._example = None
        return True
