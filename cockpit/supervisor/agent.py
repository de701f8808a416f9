"""The supervisor's end of one session's agent: starts it under the runner, follows its spool, hands it commands.

The agent belongs to its machine. If this process dies, the agent goes on; whoever comes next follows the spool from the
offset that the journal holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from agents.base import Driver, LaunchContext
from agents.registry import driver as find_driver
from cockpit.journal.types import AgentLaunched, AgentSaid, CommandSent, Event, Noted
from cockpit.providers.sandbox import scrubbed_env
from cockpit.sessions.runtime import runner
from cockpit.sessions.runtime.spool import Spool, SpoolEnd, SpoolLine
from cockpit.sessions.types import (
    AgentCommand,
    AgentEvent,
    AgentExited,
    AgentNotice,
    Answer,
    Close,
    MessageDelta,
    ReasoningDelta,
    RequestRaised,
    RequestResolved,
    Steered,
    ToolOutput,
    TurnEnded,
    TurnReason,
    TurnStarted,
    WorkspaceInfo,
    is_progress,
)
from cockpit.state.model import SessionState
from cockpit.supervisor.fork import thread_of
from cockpit.supervisor.programs import missing_program
from cockpit.supervisor.services import Services
from cockpit.supervisor.spending import Pricer, agent_name
from cockpit.types import SessionId

PACE_S = 0.05
"""Rest between two batches of one spool: chatty agents are read in larger pieces, not more often."""
UNWATCHED_PACE_S = 0.2
"""The same while nobody looks at the session: screens get its chatter summed up, and no more often than this."""
EVENT_LIMIT_BYTES = 1 << 20
"""A longer line is no event of a well-behaved agent: it stays in the spool, and the journal says so."""
_STDERR_TAIL_BYTES = 2000
_TURNING_POINTS = (TurnStarted, TurnEnded, RequestRaised, RequestResolved, Steered, AgentExited)
_NETWORK_VARIABLES = tuple(
    spelling for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY") for spelling in (name, name.lower())
)

Heard = Callable[[Sequence[AgentEvent], int], None]
"""Is told in which run the agent said something that the session's course depends on. Chatter is not among it."""


class AgentLink:
    """One session's agent."""

    def __init__(self, services: Services, session: SessionId) -> None:
        """Nothing is started or followed yet."""
        self._services = services
        self._session = session
        self._pricer = Pricer(services, session)
        self._driver: Driver | None = None
        self._is_alive = False
        self._is_closing = False

    @property
    def is_running(self) -> bool:
        """Whether there is an agent to speak to; one that was told to close is none."""
        return self._is_alive and not self._is_closing

    @property
    def _state(self) -> SessionState:
        return self._services.record.state.sessions[self._session]

    @property
    def _directory(self) -> Path:
        return self._services.paths.spool / self._session / str(self._state.run)

    def agent_name(self) -> str:
        """Return which agent of cockpit.toml works on this task."""
        return agent_name(self._services, self._state)

    @property
    def continues_turn(self) -> bool:
        """Whether the agent, once resumed, goes on by itself with a turn that its end cut off."""
        return self._driver is not None and self._driver.abilities.continues_turn

    async def launch(self, workspace: WorkspaceInfo, env: Mapping[str, str], *, is_resume: bool) -> None:
        """Start the agent's next run. Raises `ValueError` or `RunnerError`, with a message for people."""
        name = self.agent_name()
        config = self._services.config.agents.get(name)
        if config is None:
            known = ", ".join(sorted(self._services.config.agents))
            raise ValueError(f"there is no agent {name!r} in cockpit.toml; there are: {known}")
        if problem := await asyncio.to_thread(missing_program, config):
            raise ValueError(f"agent {name}: {problem}")
        self._driver = find_driver(config.driver)
        context = self._context(workspace, env, is_resume, config.settings)
        for folder in (context.memory, context.home):
            await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        launch = self._driver.launch(context)
        event = AgentLaunched(
            run=self._state.run + 1,
            driver=config.driver,
            agent=name,
            is_resume=is_resume,
            abilities=self._driver.abilities.names(),
        )
        await self._services.record.add(self._session, event)
        full_env = {**agent_env(self._driver.variables(config.settings)), **env, **launch.env}
        directory = self._directory
        await asyncio.to_thread(runner.start, directory, launch.argv, env=full_env, cwd=Path(workspace.path))
        self._is_alive, self._is_closing = True, False

    def forked_thread(self) -> str:
        """Return the conversation of another session that this one begins with a copy of; empty: none."""
        config = self._services.config.agents.get(self.agent_name())
        if config is None:
            return ""
        return thread_of(self._services, self._state, self.agent_name(), find_driver(config.driver))

    async def adopt(self) -> bool:
        """Take over the run that the journal knows of. Returns whether it was ever started."""
        if self._state.run == 0:
            return False
        config = self._services.config.agents.get(self.agent_name())
        self._driver = find_driver(config.driver if config else "native")
        status = await asyncio.to_thread(runner.status, self._directory)
        self._is_alive, self._is_closing = status.alive, False
        return status.started

    def lose(self) -> None:
        """Say that the run is over for us, whatever became of it: the next command needs a new one."""
        self._is_alive = False

    async def follow(self, offset: int, heard: Heard) -> None:
        """Follow the current run from a byte offset until it has ended; everything is journaled, then `heard`."""
        key = self.spool_key
        directory = self._directory
        async with contextlib.aclosing(Spool(directory, self._services.spools).follow(offset)) as batches:
            async for batch in batches:
                if isinstance(batch, SpoolEnd):
                    await self._ended(key, directory, batch, heard)
                    return
                await self._take(key, batch, heard)
                await asyncio.sleep(PACE_S if self._services.is_watched(self._session) else UNWATCHED_PACE_S)

    @property
    def spool_key(self) -> str:
        """Names the current run's spool in the journal."""
        return f"{self._session}/{self._state.run}"

    async def send(self, command: AgentCommand, author: str = "cockpit", *with_it: Event) -> bool:
        """Put a command on disk, then hand it to the agent, at most once whatever happens in between.

        `with_it` are events that reach the disk together with it. Returns whether the agent may have it.
        """
        questions = self._services.senses.questions
        if isinstance(command, Answer) and questions.is_open(self._session, command.request):
            await questions.answer(self._session, command, *with_it)
            return True
        await self._services.record.add(self._session, *with_it, CommandSent(command=command, author=author))
        return await self.deliver(command)

    async def deliver(self, command: AgentCommand) -> bool:
        """Hand over a command that is on disk already; one that the agent has is not repeated."""
        self._is_closing = self._is_closing or isinstance(command, Close)
        driver = self._driver
        if driver is None:
            return False
        try:
            line = driver.encode(command).rstrip(b"\n")
            sent = await asyncio.to_thread(runner.send, self._directory, command.id, line)
            problem = "" if sent.outcome in ("sure", "dup") else sent.detail or sent.outcome
            may_have_it = sent.outcome != "error"
        except (runner.RunnerError, OSError, ValueError) as error:
            problem, may_have_it = str(error), False
        if problem and not isinstance(command, Close):
            text = f"the agent may not have received “{command.op}”: {problem}"
            self._services.record.add(self._session, Noted(text=text, level="warning"))
        return may_have_it

    async def send_again(self) -> None:
        """Hand over the commands that a crash may have kept from the agent; those it has are not repeated."""
        for command in list(self._state.commands.values()):
            await self.deliver(command)

    async def stop(self, grace_s: float = 5.0) -> None:
        """End the run and everything it started."""
        if self._state.run:
            try:
                await asyncio.to_thread(runner.stop, self._directory, grace_s)
            except (runner.RunnerError, OSError) as error:
                text = f"the agent could not be ended: {error}"
                self._services.record.add(self._session, Noted(text=text, level="warning"))

    async def _take(self, key: str, lines: list[SpoolLine], heard: Heard) -> None:
        assert self._driver is not None
        facts: list[AgentEvent] = []
        deltas: list[AgentEvent] = []
        for line in lines:
            for said in self._decoded(self._driver, line):
                (deltas if is_progress(said) else facts).append(said)
        for delta in _merge(deltas):
            self._services.progress(self._session, delta)
        if facts:
            await self._services.record.journal.room()
            facts = [self._as_reported(said) for said in facts]
            self._services.record.add(self._session, *self._pricer.events(facts), spool=(key, lines[-1].end_offset))
            if told := [said for said in facts if isinstance(said, _TURNING_POINTS)]:
                heard(told, self._state.run)

    @staticmethod
    def _decoded(driver: Driver, line: SpoolLine) -> list[AgentEvent]:
        if line.is_cut or len(line.data) > EVENT_LIMIT_BYTES:
            text = f"the agent printed a line that is no event ({len(line.data):,} bytes); its spool has it"
            return [AgentNotice(level="warning", text=text)]
        # What only the runner's exit file may say is not believed when the agent says it.
        return [said for said in driver.decode(line.data) if not isinstance(said, AgentExited)]

    def _as_reported(self, said: AgentEvent) -> AgentEvent:
        """Return the end of a turn as *done* where the agent said before, through our tools, that the task is."""
        report = self._state.report
        if not isinstance(said, TurnEnded) or said.reason is not TurnReason.COMPLETED or report is None:
            return said
        done = {"reason": TurnReason.DONE, "summary": report.summary}
        return said.model_copy(update=done) if self._state.has_reported else said

    async def _ended(self, key: str, directory: Path, end: SpoolEnd, heard: Heard) -> None:
        self._is_alive = False
        error = await asyncio.to_thread(_tail, directory / "err") if end.exit_status != 0 else ""
        await asyncio.to_thread(runner.stop, directory, 0.0)  # what the agent started does not outlive it
        exited = AgentExited(exit_code=end.exit_status, error=error)
        self._services.record.add(self._session, AgentSaid(said=exited), spool=(key, end.end_offset))
        heard([exited], self._state.run)

    def _context(
        self, workspace: WorkspaceInfo, env: Mapping[str, str], is_resume: bool, settings: Mapping[str, object]
    ) -> LaunchContext:
        services = self._services
        memory = services.paths.spool / self._session / "memory"
        return LaunchContext(
            session=self._session,
            task=self._state.task,
            workspace=Path(workspace.path),
            scratch=Path(env["TMPDIR"]),
            memory=memory,
            home=services.paths.homes / self.agent_name(),
            settings=settings,
            env=env,
            hidden=(services.paths.state, services.paths.workspaces),
            checks=tuple(check.model_dump(mode="json") for check in services.config.checks),
            resume=is_resume,
            thread=self._state.thread if is_resume else "",
            fork=self.forked_thread(),
            mcp=services.senses.access(self._session),
        )


def agent_env(variables: Iterable[str], env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return what an agent's process sees of our environment: no secret but those of its own, named by its driver."""
    names = (*_NETWORK_VARIABLES, *variables)
    return scrubbed_env({name: env[name] for name in names if name in env}, env)


def _merge(deltas: list[AgentEvent]) -> list[AgentEvent]:
    """Join neighbouring deltas of one item."""
    merged: list[AgentEvent] = []
    for delta in deltas:
        last = merged[-1] if merged else None
        if (
            isinstance(delta, MessageDelta | ReasoningDelta | ToolOutput)
            and isinstance(last, MessageDelta | ReasoningDelta | ToolOutput)
            and last.type == delta.type
            and last.item == delta.item
        ):
            merged[-1] = last.model_copy(update={"text": last.text + delta.text})
        else:
            merged.append(delta)
    return merged


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _STDERR_TAIL_BYTES))
            return file.read().decode(errors="replace").strip()
    except OSError:
        return ""
