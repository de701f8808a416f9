"""The terminal agent's process: messages are typed, the screen is shown, and what the program does is told from it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
import uuid

import cockpit
from agents.assignment import Assignment
from agents.confinement import Confinement
from agents.environment import expand
from agents.terminal.door import opened
from agents.terminal.keys import sequence
from agents.terminal.program import Program, in_terminal
from agents.terminal.settings import TerminalSettings
from agents.terminal.watch import Doing, ScreenWatch
from agents.terminal.window import Window
from agents.turns import Agent, Ending, Message, TurnRecord
from agents.wire import Wire
from cockpit.providers.sandbox import Sandbox, SandboxError
from cockpit.providers.text import clean, clean_line
from cockpit.sessions.types import (
    AgentMessage,
    AgentNotice,
    AgentReady,
    Answer,
    AnswerDecision,
    Keys,
    RequestKind,
    RequestRaised,
    RequestResolved,
    Send,
    Steer,
    Steered,
    SteerOutcome,
    TurnReason,
)

LOOK_S = 0.1
"""Least time between two looks at what the screen says."""
LEAVE_S = 3.0
"""How long the program may take to leave when it was asked to."""
CALM_S = 1.5
"""How long each means of an interrupt is given: the keys, the keys again, TERM, KILL."""
_WORDS_CHARS = 2
_WAITS = "It waits at its own prompt; attach to its terminal to answer"


class TerminalAgent(Agent):
    """Types messages into a program and watches its screen."""

    def __init__(self, wire: Wire, assignment: Assignment, settings: TerminalSettings, program: Program) -> None:
        """Drive `program`."""
        super().__init__(wire, TurnRecord(assignment.memory / "turns.json"))
        self.record.end()  # what was cut is not typed again: whoever resumes says what is wanted
        self._settings = settings
        self._memory = assignment.memory
        self._program = program
        self._window = Window(wire, program, settings.columns, settings.rows, self._person_typed)
        self._watch = ScreenWatch(settings, time.monotonic())
        self._news = asyncio.Event()
        self._is_over = asyncio.Event()
        self._impatient: asyncio.Event | None = None
        self._request = ""
        self._told = ""

    # --- the life of the process

    async def live(self, ready: AgentReady) -> int | None:
        """Say `ready` and serve until told to stop, or until the program ends by itself; returns its status then."""
        async with asyncio.TaskGroup() as group, opened(self._memory, self._window.act):
            self.wire.emit(ready)
            reading = group.create_task(self._window.read())
            others = [group.create_task(self._window.show()), group.create_task(self._look())]
            serving = group.create_task(self.serve())
            ended = group.create_task(self._program.wait())
            await asyncio.wait({serving, ended}, return_when=asyncio.FIRST_COMPLETED)
            status: int | None = None
            if serving.done():
                await self._leave()
            else:
                status = ended.result()
                await self._wind_up(reading)
            for task in (reading, *others, serving, ended):
                task.cancel()
        self._tell_screen()
        return status

    async def _wind_up(self, reading: asyncio.Task[None]) -> None:
        """The program has ended: take what it said last, and end the turn."""
        await asyncio.wait({reading}, timeout=1)  # something it left behind may keep the terminal open
        self._queue.clear()  # these messages are kept, and typed into the next one
        self._news.set()
        if self.is_working:
            await self._is_over.wait()
        self._window.emit()

    async def _leave(self) -> None:
        if self._settings.leave and self._program.exit_status is None:
            await self._window.press(self._settings.leave)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LEAVE_S):
                    await self._program.wait()

    def _person_typed(self) -> None:
        if not self.is_working and not self._queue:
            # What a person has it do is a turn, too: its end is checked like that of any other.
            self._enqueue(Send(id=f"typed-{uuid.uuid4().hex[:10]}", text=""))

    # --- what the program does

    async def _look(self) -> None:
        """Look at the screen when it has changed, and when time alone may have changed what it means."""
        while True:
            wait_s = max(0.0, min(self._watch.due_at() - time.monotonic(), 3600.0))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._window.changed.wait()
            self._window.changed.clear()
            before = self._watch.doing
            if self._watch.look(self._window.text, time.monotonic()) is not before:
                self._news.set()
            self._follow_request()
            await asyncio.sleep(LOOK_S)

    def _follow_request(self) -> None:
        """Raise what the program waits for, and take it back when it no longer does."""
        is_wanted = self._watch.doing is Doing.WAITING and self.is_working
        if is_wanted and not self._request:
            self._request = f"prompt-{uuid.uuid4().hex[:10]}"
            shown = "\n".join(line for line in self._window.text.split("\n") if line.strip())
            self.wire.emit(
                RequestRaised(
                    request=self._request,
                    kind=RequestKind.QUESTION,
                    title=_WAITS,
                    detail=clean(shown[-4000:]),
                )
            )
        elif self._request and not is_wanted:
            self._resolve("it no longer waits")

    def _resolve(self, outcome: str) -> None:
        if self._request:
            self.wire.emit(RequestResolved(request=self._request, outcome=outcome))
            self._request = ""

    # --- commands

    async def work(self, message: Message, *, is_resumed: bool) -> Ending:
        """Type a message and wait until the program has settled; interrupted, calm it down."""
        self._is_over.clear()
        self._follow_request()
        try:
            if message.text:
                await self._ready_for_message()
                await self._window.send(message.text, self._settings.submit)
            self._watch.began(time.monotonic())
            self._window.changed.set()
            await self._settled()
            return self._ending()
        except asyncio.CancelledError:
            if not self._is_stopping:
                await self._calm_down()
            raise
        finally:
            self._resolve("the turn is over")
            self._tell_screen()
            self._is_over.set()

    async def _ready_for_message(self) -> None:
        """Wait until the program takes a message: never while it asks something, else not for ever."""
        until = time.monotonic() + self._settings.start_s
        while self._program.exit_status is None and self._watch.doing is not Doing.IDLE:
            if time.monotonic() > until and self._watch.doing is not Doing.WAITING:
                self.wire.emit(AgentNotice(level="warning", text="the program never came to rest; typed all the same"))
                return
            await self._next_news(min(1.0, self._settings.start_s))

    async def _settled(self) -> None:
        """Wait until the program is idle and no person has the keyboard, or until it has ended."""
        while self._program.exit_status is None:
            is_held = self._window.is_held
            if self._watch.doing is Doing.IDLE and not is_held:
                return
            await self._next_news(0.5 if is_held else 60.0)

    async def _next_news(self, within_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._news.wait()
        self._news.clear()

    def _ending(self) -> Ending:
        status = self._program.exit_status
        last = _last_words(self._window.text)
        if status is None:
            return Ending(TurnReason.COMPLETED, summary=last)
        if status == 0:
            return Ending(TurnReason.COMPLETED, summary="the program has ended")
        return Ending(TurnReason.FAILED, error=f"the program ended with status {status}: {last}")

    async def _calm_down(self) -> None:
        """Press the keys that interrupt, again where that was not enough, then end what has the terminal."""
        self._impatient = asyncio.Event()
        try:
            for means in (None, None, signal.SIGTERM, signal.SIGKILL):
                self._watch.began(time.monotonic())
                if means is None:
                    await self._window.press(self._settings.interrupt)
                else:
                    self._program.signal_foreground(means)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(CALM_S):
                        await self._rested()
                        return
        finally:
            self._impatient = None

    async def _rested(self) -> None:
        """Wait until the program is idle or has ended; whoever interrupts again does not want to wait."""
        assert self._impatient is not None
        while self._program.exit_status is None and self._watch.doing is not Doing.IDLE:
            if self._impatient.is_set():
                self._impatient.clear()
                raise TimeoutError
            self._window.changed.set()
            await self._next_news(LOOK_S)

    def interrupt(self) -> None:
        """End the running turn; said again, by harder means."""
        if self._impatient is not None:
            self._impatient.set()
        else:
            super().interrupt()

    def steer(self, command: Steer) -> None:
        """Queue a redirect: without a protocol nothing can be put into a running turn."""
        self._enqueue(command)
        how = "this program has no way to be redirected; it is typed after the turn"
        self.wire.emit(Steered(command=command.id, outcome=SteerOutcome.QUEUED, how=how))

    def answer(self, command: Answer) -> None:
        """Type a person's words at the prompt that the program waits at."""
        if command.request != self._request:
            super().answer(command)
            return
        if command.decision is AnswerDecision.DENY:
            self.wire.emit(AgentNotice(level="warning", text="a denial means nothing to this program; stop it instead"))
        elif command.text:
            self._window.act(Keys(data=command.text, is_paste=True))
            self._window.act(Keys(data="".join(sequence(self._settings.submit))))
        self._resolve(str(command.decision))
        self._watch.began(time.monotonic())

    def _tell_screen(self) -> None:
        """Leave the screen's text where it can be read later."""
        text = clean(self._window.text)
        if text.strip() and text != self._told:
            self._told = text
            self.wire.emit(AgentMessage(item=f"screen-{uuid.uuid4().hex[:10]}", text=text))


def _last_words(text: str) -> str:
    """Return the last line of a screen that says something, not an empty prompt or a frame."""
    said = (line for line in reversed(text.split("\n")) if sum(map(str.isalnum, line)) >= _WORDS_CHARS)
    return clean_line(next(said, "").strip())[:200]


async def serve(wire: Wire, assignment: Assignment) -> None:
    """Run the program in its terminal until told to stop. Raises `OSError` when it cannot run, or failed."""
    settings = TerminalSettings.model_validate(assignment.settings)
    confinement = Confinement(assignment, await asyncio.to_thread(Sandbox.detect))
    has_resume = assignment.resume and bool(settings.resume)
    command = settings.resume if has_resume else settings.command
    argv = in_terminal(command)
    if settings.confine:
        writable = [folder.expanduser() for folder in settings.writable]
        try:
            argv = confinement.wrap(argv, assignment.workspace, network=settings.network, writable=writable)
        except SandboxError as error:
            raise ValueError(f"agent settings: writable: {error}") from error
    env = {**confinement.env, "TERM": "xterm-256color", "COLORTERM": "truecolor", **expand(settings.env)}
    if assignment.mcp is not None:
        env |= {"COCKPIT_MCP_URL": assignment.mcp.url, "COCKPIT_MCP_TOKEN": assignment.mcp.token}
    program = await Program.start(argv, cwd=assignment.workspace, env=env, columns=settings.columns, rows=settings.rows)
    try:
        agent = TerminalAgent(wire, assignment, settings, program)
        sandbox = confinement.description if settings.confine else ""
        ready = AgentReady(agent=f"{command[0]} in a terminal of cockpit {cockpit.__version__}", sandbox=sandbox)
        if assignment.resume and not has_resume:
            wire.emit(AgentNotice(text="the program begins anew: no command is set that resumes it"))
        status = await agent.live(ready)
    finally:
        await program.stop()
    if status:
        raise OSError(f"the program ended with status {status}")
