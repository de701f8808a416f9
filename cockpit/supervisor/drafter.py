"""One agent at work apart from all sessions: in an empty folder, under the runner, through its own driver.

It has no worktree of the repository, no tools of ours and no person to ask: what it requests is denied at once. It
belongs to who asks it and ends with that; what a crash of ours leaves behind, the next supervisor ends.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from types import TracebackType

from agents.base import Driver, LaunchContext
from agents.registry import driver as find_driver
from cockpit.journal.types import AgentSaid
from cockpit.journal.types.rules import DraftPaid
from cockpit.providers.paths import Paths
from cockpit.providers.text import clean_line
from cockpit.providers.uncut import to_its_end
from cockpit.sessions.config import AgentConfig
from cockpit.sessions.runtime import runner
from cockpit.sessions.runtime.spool import Spool, SpoolEnd, SpoolLine
from cockpit.sessions.types import (
    AgentCommand,
    AgentEvent,
    AgentExited,
    AgentMessage,
    AgentReady,
    Answer,
    AnswerDecision,
    RequestRaised,
    Send,
    Task,
    TurnEnded,
    TurnReason,
    Usage,
    UsageReported,
)
from cockpit.state.usage import add_call
from cockpit.supervisor.agent import EVENT_LIMIT_BYTES, PACE_S, agent_env
from cockpit.supervisor.agent_life import new_id
from cockpit.supervisor.programs import missing_program
from cockpit.supervisor.services import Services
from cockpit.supervisor.spending import CallPrices
from cockpit.types import SessionId

ROLE = "drafter"
GRACE_S = 6.0
"""How long it may take to end in good order: its driver first ends the agent's own program and that one's sandboxes."""
ANSWER_LIMIT = 200_000
"""Characters of one answer that are kept."""
SPOOL_LIMIT_BYTES = 32 << 20
"""An agent that says more than this about one rule is not thinking of it."""
_ERROR_CHARS = 300
_NOBODY = "Nobody can allow this here. Answer with text alone."
_FOLDERS = "drafting"


class DrafterFailed(Exception):
    """The agent gave no answer; the message says why."""


class Drafter:
    """An agent that answers messages. An async context manager: it lives as long as that."""

    def __init__(
        self,
        services: Services,
        name: str,
        person: str,
        is_ready: Callable[[AgentReady], None] = lambda _said: None,
        *,
        role: str = ROLE,
        session: SessionId | None = None,
    ) -> None:
        """Use an agent for somebody.

        Args:
            services: what sessions share.
            name: the agent's in cockpit.toml.
            person: for whom it is asked.
            is_ready: hears who it says it is.
            role: what it is told to be.
            session: the one whose change it is asked about, which pays for it; None: it is nobody's.
        """
        self._services, self._name, self._person, self._is_ready = services, name, person, is_ready
        self._role, self._session = role, session
        self._id = f"draft-{new_id()}"
        self._driver: Driver | None = None
        self._config = AgentConfig()
        self._prices = CallPrices(services)
        self._model = ""
        self._batches: AsyncGenerator[list[SpoolLine] | SpoolEnd, None] | None = None
        self.usage = Usage()
        """What it has used so far."""

    async def __aenter__(self) -> Drafter:
        """Start it. Raises `DrafterFailed`."""
        config = self._services.config.agents.get(self._name)
        if config is None:
            raise DrafterFailed(f"there is no agent {self._name!r} in cockpit.toml")
        if problem := await asyncio.to_thread(missing_program, config):
            raise DrafterFailed(problem)
        self._config, self._model = config, config.model
        try:
            await self._start(config)
        except (runner.RunnerError, OSError, ValueError) as error:
            await to_its_end(self._end())
            raise DrafterFailed(str(error)) from error
        except asyncio.CancelledError:
            await to_its_end(self._end())
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it and everything it started, and throw its folder away."""
        await to_its_end(self._end())

    async def ask(self, text: str) -> str:
        """Say something to it and return what it answers; later questions go on with the same conversation.

        Raises:
            DrafterFailed: it gave no answer, ended, or used up what it may use.
        """
        await self._send(Send(id=new_id(), text=text))
        answer: list[str] = []
        assert self._batches is not None
        async for batch in self._batches:
            if isinstance(batch, SpoolEnd):
                raise DrafterFailed(await asyncio.to_thread(self._last_words, batch.exit_status))
            for said in self._said(batch):
                if isinstance(said, TurnEnded):
                    return self._whole(answer, said)
                await self._hear(said, answer)
            await asyncio.sleep(PACE_S)
        raise DrafterFailed("it ended without an answer")

    async def _hear(self, said: AgentEvent, answer: list[str]) -> None:
        match said:
            case AgentReady():
                self._model = said.model or self._model
                self._is_ready(said)
            case AgentMessage(author="agent", is_reasoning=False) if sum(map(len, answer)) < ANSWER_LIMIT:
                answer.append(said.text[:ANSWER_LIMIT])
            case RequestRaised():
                denial = Answer(id=new_id(), request=said.request, decision=AnswerDecision.DENY, text=_NOBODY)
                await self._send(denial)
            case UsageReported():
                self._pay(said)
            case _:
                pass

    def _pay(self, said: UsageReported) -> None:
        """Journal what a call cost. Raises `DrafterFailed` when that was the last one that it may make."""
        services = self._services
        call = self._prices.priced(self._config, self._model, said)
        self.usage = add_call(self.usage, call)
        if self._session is None:
            services.record.add(None, DraftPaid(agent=self._name, model=self._model, call=call, by=self._person))
        else:
            # Its context is not that of the session's own agent.
            apart = call.model_copy(update={"context_used": None, "context_window": None})
            services.record.add(self._session, AgentSaid(said=apart))
        budget = self._config.budget or services.config.budget
        if budget.tokens is not None and self.usage.tokens > budget.tokens:
            raise DrafterFailed(f"its budget of {budget.tokens:,} tokens is used up")
        if budget.cost_usd is not None and (self.usage.cost_usd or 0.0) > budget.cost_usd:
            raise DrafterFailed(f"its budget of ${budget.cost_usd:.2f} is used up")
        if services.fleet_used_up:
            raise DrafterFailed(services.fleet_used_up)

    @staticmethod
    def _whole(answer: list[str], end: TurnEnded) -> str:
        if end.reason in (TurnReason.FAILED, TurnReason.INTERRUPTED):
            raise DrafterFailed(clean_line(end.error)[:_ERROR_CHARS] or "its turn was cut off")
        return "\n\n".join(answer) or end.summary

    def _said(self, lines: list[SpoolLine]) -> list[AgentEvent]:
        assert self._driver is not None
        if lines[-1].end_offset > SPOOL_LIMIT_BYTES:
            raise DrafterFailed(f"it said more than {SPOOL_LIMIT_BYTES >> 20} MiB")
        whole = [line.data for line in lines if not line.is_cut and len(line.data) <= EVENT_LIMIT_BYTES]
        found = [said for data in whole for said in self._driver.decode(data)]
        return [said for said in found if not isinstance(said, AgentExited)]

    async def _send(self, command: AgentCommand) -> None:
        assert self._driver is not None
        line = self._driver.encode(command).rstrip(b"\n")
        try:
            sent = await asyncio.to_thread(runner.send, self._run, command.id, line)
        except (runner.RunnerError, OSError) as error:
            raise DrafterFailed(str(error)) from error
        if sent.outcome not in ("sure", "dup"):
            why = await asyncio.to_thread(self._last_words, runner.exit_status(self._run))
            raise DrafterFailed(why if "not running" in sent.detail else f"it does not listen: {sent.detail}")

    # --- its process

    @property
    def _spool(self) -> Path:
        return self._services.paths.spool / self._id

    @property
    def _run(self) -> Path:
        return self._spool / "1"

    @property
    def _place(self) -> Path:
        return _places(self._services.paths) / self._id

    async def _start(self, config: AgentConfig) -> None:
        paths = self._services.paths
        folder, scratch = self._place / "folder", self._place / "tmp"
        env = {"COCKPIT_SESSION": self._id, "TMPDIR": str(scratch)}
        context = LaunchContext(
            session=SessionId(self._id),
            task=Task(prompt="Answer what you are asked.", role=self._role, agent=self._name),
            workspace=folder,
            scratch=scratch,
            memory=self._spool / "memory",
            home=paths.homes / self._name,
            settings=config.settings,
            env=env,
            hidden=(paths.state, paths.workspaces),
        )
        for one in (folder, scratch, context.memory, context.home):
            await asyncio.to_thread(one.mkdir, mode=0o700, parents=True, exist_ok=True)
        self._driver = find_driver(config.driver)
        launch = self._driver.launch(context)
        full_env = {**agent_env(self._driver.variables(config.settings)), **env, **launch.env}
        await asyncio.to_thread(runner.start, self._run, launch.argv, env=full_env, cwd=folder)
        self._batches = Spool(self._run, self._services.spools).follow(0)

    async def _end(self) -> None:
        if self._batches is not None:
            await self._batches.aclose()
        await asyncio.to_thread(_clear, self._run, self._place, self._spool, GRACE_S)

    def _last_words(self, exit_status: int | None) -> str:
        try:
            text = (self._run / "err").read_bytes()[-2_000:].decode("utf-8", "replace").strip()
        except OSError:
            text = ""
        said = clean_line(text.rpartition("\n")[2])[:_ERROR_CHARS]
        how = "it vanished" if exit_status is None else f"it ended with status {exit_status}"
        return f"{how}: {said}" if said else how


def end_leftovers(paths: Paths) -> None:
    """End the drafters of a supervisor that crashed, and throw away their folders. Blocks."""
    places = _places(paths)
    for place in places.iterdir() if places.is_dir() else ():
        spool = paths.spool / place.name
        _clear(spool / "1", place, spool, 0.0)


def _places(paths: Paths) -> Path:
    return paths.data / _FOLDERS


def _clear(run: Path, place: Path, spool: Path, grace_s: float) -> None:
    if run.is_dir():
        runner.stop(run, grace_s)
    shutil.rmtree(spool, ignore_errors=True)
    shutil.rmtree(place, ignore_errors=True)
