"""The life of a session's agent: started when needed, followed while it speaks, retired, and ended when it is deaf."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable

from cockpit.journal.errors import JournalError
from cockpit.journal.types import Event
from cockpit.sessions.types import AgentCommand, Close, Interrupt
from cockpit.state.model import SessionState
from cockpit.supervisor.agent import AgentLink
from cockpit.supervisor.services import Services
from cockpit.supervisor.signals import Heard, Lost, Signal
from cockpit.supervisor.workspace import Workspace
from cockpit.types import SessionId

log = logging.getLogger(__name__)

INTERRUPT_GRACE_S = 8.0
"""How long an agent may take to end its turn, or itself, before it is ended."""
STOP_GRACE_S = 2.0
"""How long an agent that is ended may take after TERM."""


class AgentLife:
    """Owns the tasks that follow and end one session's agent."""

    def __init__(
        self,
        services: Services,
        session: SessionId,
        workspace: Workspace,
        tasks: asyncio.TaskGroup,
        post: Callable[[Signal], None],
    ) -> None:
        """Nothing is started yet; what the agent says is put into the session's inbox with `post`."""
        self._services, self._session, self._workspace = services, session, workspace
        self._tasks, self._post = tasks, post
        self._link = AgentLink(services, session)
        self._following: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """Which agent of cockpit.toml works on the task."""
        return self._link.agent_name()

    @property
    def is_running(self) -> bool:
        """Whether there is an agent to speak to; one that was told to close is none."""
        return self._link.is_running

    @property
    def goes_on_by_itself(self) -> bool:
        """Whether the agent that was started last goes on with the turn that its end cut off."""
        return self._state.is_turn_cut and self._link.continues_turn

    @property
    def _state(self) -> SessionState:
        return self._services.record.state.sessions[self._session]

    @property
    def has_forked_thread(self) -> bool:
        """Whether the agent, when it is first started, begins with a copy of another session's conversation."""
        return bool(self._link.forked_thread())

    async def take_up(self, offset: int) -> bool:
        """Take over the run that the journal knows of, and follow it from `offset`. Returns whether there is one."""
        if self._state.has_exited or not await self._link.adopt():
            return False
        self._follow(offset)
        return True

    async def ensure(self) -> None:
        """Start the agent, going on with its conversation, unless it runs.

        Raises `WorkspaceError`, `GitError`, `RunnerError` or `ValueError`, each with a message for people.
        """
        if self._link.is_running:
            return
        await self._stop_following()
        info = await self._workspace.ready()
        await self._link.launch(info, self._workspace.env(info), is_resume=self._state.run > 0)
        self._follow(0)

    async def send(self, command: AgentCommand, author: str = "cockpit", *with_it: Event) -> bool:
        """Put a command, and what belongs to it, on disk, then hand it over. Returns whether the agent may have it."""
        return await self._link.send(command, author, *with_it)

    async def deliver(self, command: AgentCommand) -> bool:
        """Hand over a command that is on disk already. Returns whether the agent may have it."""
        return await self._link.deliver(command)

    async def send_again(self) -> None:
        """Hand over what a crash may have kept from the agent."""
        if self._link.is_running:
            await self._link.send_again()

    async def retire(self) -> None:
        """Let an agent that has nothing to do end; its conversation is kept, and it is started again when needed."""
        if self._link.is_running:
            await self._link.send(Close(id=new_id()))
            self._watch_over(self._state.run)

    async def end_turn(self) -> None:
        """Ask the agent to end its turn; one that does not is ended, with everything it started."""
        if self._link.is_running:
            turn = self._state.turn
            await self._link.send(Interrupt(id=new_id()))
            self._watch_over(self._state.run, turn)

    async def stop(self) -> None:
        """End the agent and everything it started, now."""
        await self._link.stop(STOP_GRACE_S)

    def _follow(self, offset: int) -> None:
        run = self._state.run
        self._following = self._tasks.create_task(self._followed(offset, run), name=f"follow {self._session}")

    async def _followed(self, offset: int, run: int) -> None:
        try:
            await self._link.follow(offset, lambda said, of_run: self._post(Heard(said, of_run)))
        except JournalError:
            raise
        except Exception as error:  # the edge of a follower: nobody would hear this agent any more, so it is ended
            log.exception("session %s: its agent cannot be followed", self._session)
            await self._link.stop(STOP_GRACE_S)
            self._link.lose()
            self._post(Lost(run, f"what its agent prints cannot be followed: {error}"))

    async def _stop_following(self) -> None:
        """Wait for the end of an agent that was told to close; one that does not is ended."""
        following, self._following = self._following, None
        if following is None or following.done():
            return
        _, pending = await asyncio.wait({following}, timeout=INTERRUPT_GRACE_S)
        if pending:
            await self._link.stop(STOP_GRACE_S)
            await asyncio.wait({following})

    def _watch_over(self, run: int, turn: int | None = None) -> None:
        work = self._end_if_deaf(run, turn)
        self._tasks.create_task(work, name=f"end {self._session} if it is deaf")

    async def _end_if_deaf(self, run: int, turn: int | None) -> None:
        await asyncio.sleep(INTERRUPT_GRACE_S)
        state = self._state
        if state.run != run or state.has_exited:
            return
        # One that has not even taken the interrupt off its input is as deaf as one that goes on with its turn.
        is_in_turn = state.turn == turn and state.turn_started_at is not None
        if turn is None or is_in_turn or any(isinstance(one, Interrupt) for one in state.commands.values()):
            await self._link.stop(STOP_GRACE_S)


def new_id() -> str:
    """Return an id for a command or decision."""
    return uuid.uuid4().hex[:16]
