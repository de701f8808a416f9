"""The supervisor: one process per user and repository that composes everything and outlives every screen."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from cockpit import __version__
from cockpit.checks.repo import CheckCache
from cockpit.checks.runtime import CheckRunner, Confine
from cockpit.checks.runtime.rule_bases import bases_of
from cockpit.checks.runtime.runner import RunProcess
from cockpit.config import USER_CONFIG, Config, ConfigError, load
from cockpit.costs.types import FLEET_USED_UP
from cockpit.journal.errors import JournalError
from cockpit.journal.repo import Journal
from cockpit.journal.types import (
    CommandSent,
    ConfigBroken,
    ConfigLoaded,
    DecisionMade,
    Envelope,
    FleetExtended,
    Noted,
    SessionCreated,
    StatusChanged,
    SupervisorStarted,
    SupervisorStopped,
)
from cockpit.protocol.server import Server
from cockpit.providers.clock import SystemClock
from cockpit.providers.git import Repository
from cockpit.providers.paths import Paths, refuse_network_filesystem
from cockpit.providers.process import Completed, run
from cockpit.providers.process_tree import kill_marked
from cockpit.providers.sandbox import Policy, Sandbox
from cockpit.providers.secrets import redact, secret_values
from cockpit.sessions.runtime.spool_watch import SpoolWatcher, open_watcher
from cockpit.sessions.service import next_to_start, session_id
from cockpit.sessions.types import ACTIVE, FINAL, SessionStatus, Task
from cockpit.supervisor.approvals import Approvals
from cockpit.supervisor.approver import Approver
from cockpit.supervisor.commands import Commands
from cockpit.supervisor.drafter import end_leftovers
from cockpit.supervisor.landing import Landing
from cockpit.supervisor.memory import Memory
from cockpit.supervisor.mistakes import keep_diffs_quietly, lacks_diff
from cockpit.supervisor.programs import missing_agents
from cockpit.supervisor.record import Record
from cockpit.supervisor.rules.decisions import RuleDecisions
from cockpit.supervisor.rules.in_force import RulesInForce
from cockpit.supervisor.rules.news import RuleNews
from cockpit.supervisor.second_look import SecondLook
from cockpit.supervisor.senses import open_senses
from cockpit.supervisor.services import OWNER_MARKER, Services, owner
from cockpit.supervisor.session import SessionLoop
from cockpit.supervisor.signals import MayGoOn, Signal, Start, TakenDown, Tick
from cockpit.supervisor.spending import budgets_of, day_of, fleet_used_up
from cockpit.supervisor.watch import reload_config, watch_config, watch_workspaces
from cockpit.types import SessionId

log = logging.getLogger(__name__)

TICK_S = 2.0
DOWN_WITHIN_S = 30.0
"""How long sessions may take to end when the supervisor is taken down."""
THREADS = 48
"""Blocking work at the same time: an agent that does not read its input holds one for seconds."""


class AlreadyRunning(Exception):
    """Another supervisor serves this repository."""


class Supervisor:
    """Composes sessions, merge queues, watchers and the socket, and owns every task of them."""

    def __init__(self, services: Services, server: Server, tasks: asyncio.TaskGroup) -> None:
        """Nothing runs yet; `begin` takes up what the journal holds."""
        self.services, self.server, self.tasks = services, server, tasks
        self.loops: dict[SessionId, SessionLoop] = {}
        self.is_over = asyncio.Event()
        self.keeps_agents = False
        services.landing = Landing(services, self.post, tasks)
        services.memory = Memory(services)
        self._second_look = SecondLook(services.record, services.memory)
        services.rules = RulesInForce(services)
        services.rule_decisions = RuleDecisions(services, RuleNews(services, tasks, self.loops.values).spread)
        services.approvals = Approvals(services, Approver(services, tasks, self.post), partial(reload_config, self))

    async def begin(self) -> None:
        """Take up every session where it was left."""
        record = self.services.record
        self.services.senses = await open_senses(self.services, self.loops.get, self.post)
        self.tasks.create_task(self.services.senses.serve(), name="tools for agents")
        offsets = await record.journal.spool_offsets()
        for session in list(record.state.sessions.values()):
            if session.status not in FINAL:
                self._begin_loop(session.id, offsets.get(f"{session.id}/{session.run}", 0))
        await self.services.rule_decisions.take_up()
        self.services.landing.take_up()
        self.start_queued()
        self.tasks.create_task(self._second_look.run(), name="second look at remarks")
        self.tasks.create_task(self._tick(), name="ticks")

    def create(self, tasks: tuple[Task, ...], person: str) -> list[SessionId]:
        """Make a session of each task. They begin as places get free."""
        created: list[SessionId] = []
        for task in tasks:
            number = len(self.services.record.state.sessions) + 1
            session = session_id(task.headline(), number)
            self.services.record.add(session, SessionCreated(task=task, by=person))
            self._begin_loop(session)
            created.append(session)
        self.start_queued()
        return created

    def start_queued(self) -> None:
        """Let queued sessions begin where places are free. While the fleet may not go on, one of them asks for all."""
        sessions = self.services.record.state.sessions.values()
        due = next_to_start(sessions, self.services.config.sessions.max_parallel)
        if self.services.fleet_used_up:
            due = [] if self._paused_by_fleet() else due[:1]
        for session in due:
            self.post(session, Start())

    def judge_fleet(self) -> None:
        """See what day it is and whether the fleet may go on: those that wait for it go on, or learn that they wait."""
        services = self.services
        if begun := day_of(services):
            services.record.add(None, *begun)
        services.fleet_used_up = fleet_used_up(services.record.state)
        reason = FLEET_USED_UP if services.fleet_used_up else ""
        if not reason:
            for session in self._paused_by_fleet():
                if loop := self.loops.get(session):
                    loop.post(MayGoOn())
        for waiting in services.record.state.sessions.values():
            is_told = waiting.reason == reason or waiting.reason not in ("", FLEET_USED_UP)
            if waiting.status is SessionStatus.QUEUED and not is_told:
                services.record.add(waiting.id, StatusChanged(status=SessionStatus.QUEUED, reason=reason))

    def _paused_by_fleet(self) -> list[SessionId]:
        sessions = self.services.record.state.sessions.values()
        return [s.id for s in sessions if s.status is SessionStatus.PAUSED and s.reason.startswith(FLEET_USED_UP)]

    def post(self, session: SessionId, signal: Signal) -> None:
        """Hand something to a session."""
        if loop := self.loops.get(session) or self._reopened(session):
            loop.post(signal)

    def loop_of(self, session: SessionId) -> SessionLoop | None:
        """Return a session's loop; one that was over is opened again, for an undo."""
        return self.loops.get(session) or self._reopened(session)

    async def stop_agents(self) -> None:
        """End every agent; their sessions can be resumed."""
        ending: list[asyncio.Event] = []
        for loop in self.loops.values():
            ending.append(asyncio.Event())
            loop.post(TakenDown(ending[-1]))
        try:
            async with asyncio.timeout(DOWN_WITHIN_S):
                for done in ending:
                    await done.wait()
        except TimeoutError:
            log.warning("%d sessions did not end in time", sum(not done.is_set() for done in ending))

    def happened(self, envelope: Envelope, _body: bytes) -> None:
        """Fill a place as soon as it gets free, let all go on as soon as they may (see `Record.listen`)."""
        self._second_look.happened(envelope)
        match envelope.event:
            case StatusChanged(status=status) if status not in ACTIVE:
                self.start_queued()
            case FleetExtended():
                asyncio.get_running_loop().call_soon(self.judge_fleet)
            case DecisionMade() | CommandSent() if envelope.session is not None:
                if lacks_diff(self.services, envelope.session):
                    keeping = keep_diffs_quietly(self.services, envelope.session)
                    self.tasks.create_task(keeping, name="diff of a remark")
            case _:
                pass

    async def tell_config(self) -> None:
        """Journal what cockpit.toml says now, as far as screens show it."""
        config = self.services.config
        event = ConfigLoaded(
            target=config.merge.target or await self.services.repository.current_branch() or "",
            agents=tuple(config.agents),
            default_agent=config.default_agent,
            checks=tuple(check.name for check in config.checks),
            max_parallel=config.sessions.max_parallel,
            missing_agents=await asyncio.to_thread(missing_agents, config),
            fleet_budget=config.budget.fleet,
            budgets=budgets_of(config),
        )
        self.services.record.add(None, event)
        self.judge_fleet()

    def _begin_loop(self, session: SessionId, offset: int = 0) -> SessionLoop:
        loop = SessionLoop(self.services, session, self.tasks, offset)
        self.loops[session] = loop
        self.tasks.create_task(loop.run(), name=f"session {session}")
        return loop

    def _reopened(self, session: SessionId) -> SessionLoop | None:
        return self._begin_loop(session) if session in self.services.record.state.sessions else None

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self.judge_fleet()
            for loop in self.loops.values():
                loop.post(Tick())
            self.start_queued()


async def serve(repo_root: Path, *, log_level: int = logging.INFO) -> None:
    """Be the supervisor of a repository until told to end. Raises `AlreadyRunning`, `JournalError` or `GitError`."""
    paths = Paths.for_repo(repo_root)
    await asyncio.to_thread(paths.ensure)
    _log_to(paths.logs / "supervisor.log", log_level)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="work"))
    with _only_one(paths.state / "supervisor.lock"):
        await _end_orphans(paths)
        async with (
            await Journal.open(paths.journal, refuse=refuse_network_filesystem) as journal,
            open_watcher() as spools,
        ):
            await _run(paths, journal, spools)


async def _end_orphans(paths: Paths) -> None:
    """End what a supervisor that crashed had running. Agents are not its own, and go on; those that draft are."""
    try:
        await asyncio.to_thread(end_leftovers, paths)
        killed = await asyncio.to_thread(kill_marked, owner(paths), marker=OWNER_MARKER)
    except (TimeoutError, OSError) as error:
        log.warning("processes of an earlier supervisor do not end: %s", error)
    else:
        if killed:
            log.info("ended %d processes that an earlier supervisor left behind", killed)


def _marking(paths: Paths) -> RunProcess:
    """Return `run`, for processes that are found again by whom they belong to."""
    mark = {OWNER_MARKER: owner(paths)}

    async def run_marked(
        argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout_s: float, output_limit_bytes: int
    ) -> Completed:
        marked = {**env, **mark}
        return await run(argv, cwd=cwd, env=marked, timeout_s=timeout_s, output_limit_bytes=output_limit_bytes)

    return run_marked


async def _run(paths: Paths, journal: Journal, spools: SpoolWatcher) -> None:
    clock = SystemClock()
    clean = partial(redact, values=secret_values(os.environ))
    record = await Record.resume(journal, clock, clean)
    repository = await Repository.open(paths.repo, paths.git)
    sandbox = await asyncio.to_thread(Sandbox.detect)
    config, problem = _load(repository.root, paths.config / USER_CONFIG)
    cache = CheckCache(paths.artifacts / "checks", redact=clean)
    run_process = _marking(paths)
    commands = Commands()
    server = Server(record.state, commands, last_words=lambda: str(journal.failure or ""))
    services = Services(
        record=record,
        config=config,
        repository=repository,
        paths=paths,
        clock=clock,
        sandbox=sandbox,
        checks=CheckRunner(run_process, cache, os.cpu_count() or 1, confine=_confine(sandbox, paths)),
        spools=spools,
        outputs=cache,
        run=run_process,
        progress=server.progress,
        is_watched=server.is_watched,
    )
    started = SupervisorStarted(
        pid=os.getpid(),
        version=__version__,
        repository=str(repository.root),
        sandbox=sandbox.describe() if sandbox.is_active else "",
    )
    record.add(None, started)
    if record.skipped:
        text = f"{record.skipped} events of a newer version of Cockpit were skipped"
        record.add(None, Noted(text=text, level="warning"))
    await _supervise(services, server, commands, problem)


async def _supervise(services: Services, server: Server, commands: Commands, problem: str) -> None:
    ready = asyncio.Event()
    stack = contextlib.ExitStack()
    stack.callback(services.record.listen(server.happened))
    try:
        async with asyncio.TaskGroup() as tasks:
            supervisor = Supervisor(services, server, tasks)
            commands.supervisor = supervisor
            await supervisor.tell_config()
            if problem:
                services.record.add(None, ConfigBroken(error=problem))
            stack.callback(services.record.listen(supervisor.happened))
            await supervisor.begin()
            tasks.create_task(server.serve(services.paths.supervisor_socket, ready.set), name="socket")
            tasks.create_task(watch_config(supervisor), name="watch cockpit.toml")
            tasks.create_task(watch_workspaces(supervisor), name="watch workspaces")
            tasks.create_task(_fail_with(services.record.journal), name="journal")
            await supervisor.is_over.wait()
            if not supervisor.keeps_agents:
                await supervisor.stop_agents()
            raise _Over
    except* _Over:
        log.info("ended in good order")
    except* JournalError as errors:
        raise _first(errors) from None
    finally:
        stack.close()
        with contextlib.suppress(JournalError):
            await services.record.add(None, SupervisorStopped())
            await services.record.save_snapshot()


class _Over(Exception):
    """Ends the task group in good order."""


async def _fail_with(journal: Journal) -> None:
    """End the supervisor when the journal takes no more: nothing may happen that is not on disk."""
    failure = await journal.failed()
    log.critical("the journal takes no more, so nothing may happen any more: %s", failure)
    raise failure


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error inside groups of groups."""
    first = errors.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def _load(root: Path, user_file: Path) -> tuple[Config, str]:
    try:
        return load(root, user_file), ""
    except ConfigError as error:
        return Config(), str(error)


def _confine(sandbox: Sandbox, paths: Paths) -> Confine | None:
    def confine(argv: Sequence[str], *, root: Path, scratch: Path, network: bool) -> Sequence[str]:
        policy = Policy(
            workspace=root,
            writable=(scratch,),
            read_only=(bases_of(paths),),
            hidden=(paths.state, paths.workspaces),
            network=network,
        )
        return sandbox.wrap(argv, policy)

    return confine if sandbox.is_active else None


@contextlib.contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Hold the lock that makes this the only supervisor; it goes with the process, however that ends."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"another supervisor holds {lock}") from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)


def _log_to(path: Path, level: int) -> None:
    logging.basicConfig(
        filename=path, level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )
    logging.getLogger("watchfiles").setLevel(logging.WARNING)
