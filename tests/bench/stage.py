"""A stage for benchmarks: a scratch home, a repository, a seeded journal, and the real processes over it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from cockpit.journal.repo import Journal
from cockpit.journal.repo.row import Row
from cockpit.journal.types import AgentLaunched, AgentSaid, Event, SessionCreated, StatusChanged
from cockpit.protocol.client import Client
from cockpit.protocol.types import GetStats, Hello
from cockpit.providers.paths import Paths
from cockpit.providers.resident import accepts, ensure_listening
from cockpit.sessions.runtime import runner
from cockpit.sessions.types import AgentReady, SessionStatus, Task, TurnStarted
from cockpit.types import SessionId

ROOT = Path(__file__).parents[2]
COCKPIT = str(Path(sys.executable).with_name("cockpit"))
_SETTINGS = "[sessions]\nmax_parallel = 5000\nstall_minutes = 600\n[budget]\nminutes = 0\n"
_FIRST_WORDS = ("amber", "birch", "coral", "delta", "ember", "fjord", "grove", "haven", "inlet", "jetty")


class Stage:
    """Everything that one benchmark runs on; a context manager that leaves no process and no file behind."""

    def __init__(self, settings: str = _SETTINGS) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ckb-"))
        os.environ["COCKPIT_HOME"] = str(self.folder / "h")
        self.repository = self.folder / "shop"
        self.repository.mkdir()
        (self.repository / "cockpit.toml").write_text(settings)
        (self.repository / "cart.py").write_text("percent = 15\n" * 40)
        for words in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-qm", "Begin")):
            identity = ("-c", "user.name=Bench", "-c", "user.email=bench@localhost")
            subprocess.run(("git", "-C", str(self.repository), *identity, *words), check=True)
        self.paths = Paths.for_repo(self.repository)
        self.paths.ensure()
        self.sessions: list[SessionId] = []
        self._ids = itertools.count()
        self._order = self.folder / "order.json"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in (self._found("cockpit.supervisor"), self._found("cockpit.screens.host")):
            if process is not None:
                end(process)
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- sessions

    def seed(self, count: int, *, are_talking: bool = True) -> None:
        """Write sessions at work into the journal; `start_talkers` makes their spools."""
        self.sessions = [SessionId(f"{_FIRST_WORDS[n % 10]}-{n + 1}") for n in range(count)]
        asyncio.run(self._seed(are_talking))

    async def _seed(self, are_talking: bool) -> None:
        status = SessionStatus.WORKING if are_talking else SessionStatus.INTERRUPTED
        async with await Journal.open(self.paths.journal) as journal:
            for number, session in enumerate(self.sessions):
                task = Task(prompt=f"{_FIRST_WORDS[number % 10]} {number + 1:04} of the shop", base="main")
                events: list[Event] = [
                    SessionCreated(task=task, by="bench"),
                    AgentLaunched(run=1, driver="native", agent="native"),
                    StatusChanged(status=status),
                    AgentSaid(said=AgentReady(agent="native", model="none")),
                ]
                if are_talking:
                    events.append(AgentSaid(said=TurnStarted(turn=1)))
                await journal.room()
                journal.append([row(session, event) for event in events])
            await journal.flushed()

    def spool(self, session: SessionId) -> Path:
        """Return the folder of a session's run."""
        return self.paths.spool / session / "1"

    def start_talkers(self) -> None:
        """Start the process that writes all spools, under the real runner; each spool names it as its keeper."""
        self._order.write_text(json.dumps({"spools": [str(self.spool(session)) for session in self.sessions]}))
        first = self.spool(self.sessions[0])
        for session in self.sessions[1:]:
            folder = self.spool(session)
            folder.mkdir(mode=0o700, parents=True)
            os.mkfifo(folder / "in", 0o600)
            (folder / "out").touch(0o600)
        first.mkdir(mode=0o700, parents=True)
        (first / "out").touch(0o600)
        argv = [sys.executable, "-m", "tests.bench.talkers", str(self._order)]
        runner.start(first, argv, env=dict(os.environ), cwd=ROOT)
        for session in self.sessions[1:]:
            shutil.copy(first / "pid", self.spool(session) / "pid")

    def talk(self, rate: float, facts: float, seconds: float) -> None:
        """Let them talk; returns at once. `talked` waits for the end."""
        self.done.unlink(missing_ok=True)
        line = f"talk {rate} {facts} {seconds}".encode()
        sent = runner.send(self.spool(self.sessions[0]), f"talk-{next(self._ids)}", line)
        assert sent.outcome == "sure", sent

    async def talked(self) -> dict[str, Any]:
        """Wait until they are silent, and return what they wrote."""
        while not self.done.exists():
            await asyncio.sleep(0.05)
        said: dict[str, Any] = json.loads(self.done.read_text())
        return said

    @property
    def done(self) -> Path:
        """The file that is there once the talk is over."""
        return Path(f"{self._order}.done")

    # -- processes

    def start_supervisor(self) -> psutil.Process:
        """Return the supervisor, started if need be."""
        log = self.paths.logs / "supervisor-start.log"
        ensure_listening(str(self.paths.supervisor_socket), "cockpit.supervisor", [str(self.repository)], str(log))
        process = self._found("cockpit.supervisor")
        assert process is not None
        return process

    def host(self) -> psutil.Process:
        """Return the screen host that an attach has started."""
        process = self._found("cockpit.screens.host")
        assert process is not None
        return process

    def stop_supervisor(self) -> None:
        """End the supervisor; agents go on."""
        process = self._found("cockpit.supervisor")
        if process is not None:
            end(process)

    def stop_host(self) -> None:
        """End the screen host."""
        process = self._found("cockpit.screens.host")
        if process is not None:
            end(process)

    def processes(self) -> list[psutil.Process]:
        """Return every process but this one that was started on this stage, by its environment."""
        home, found = os.environ["COCKPIT_HOME"], []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get("COCKPIT_HOME") == home and process.pid != os.getpid():
                    found.append(process)
        return found

    def _found(self, module: str) -> psutil.Process | None:
        sign = str(self.folder)
        for process in psutil.process_iter(["cmdline"]):
            command = process.info["cmdline"] or []
            if module in command and any(sign in word for word in command):
                return process
        return None

    async def client(self) -> Client:
        """Connect with the supervisor."""
        client = await Client.connect(self.paths.supervisor_socket)
        await client.call(Hello(client="bench"))
        return client


def row(session: SessionId | None, event: Event) -> Row:
    """Return the row of an event that happens now."""
    return Row(time.time(), event.kind, event.v, event.model_dump_json(), session)


def end(process: psutil.Process) -> None:
    """End a process that is not our child."""
    try:
        process.send_signal(signal.SIGTERM)
        process.wait(15)
    except psutil.TimeoutExpired:
        process.kill()
    except psutil.NoSuchProcess:
        return


def is_up(paths: Paths) -> bool:
    """Whether the supervisor listens."""
    return accepts(str(paths.supervisor_socket))


class Meter:
    """CPU share and memory of a process since the meter was made."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self._at, self._cpu = time.perf_counter(), self._cpu_s()

    def _cpu_s(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def cpu_s(self) -> float:
        """Seconds of CPU used."""
        return self._cpu_s() - self._cpu

    def share(self) -> float:
        """Return how much of one core was used, in per cent."""
        return 100 * self.cpu_s() / (time.perf_counter() - self._at)


def rss_mb(process: psutil.Process) -> float:
    """Return the resident memory, in MB."""
    return float(process.memory_info().rss) / 1e6


async def until(condition: Callable[[], bool], within_s: float = 60.0) -> float:
    """Wait for a condition; return how long it took, in seconds."""
    start = time.perf_counter()
    while not condition():
        if time.perf_counter() - start > within_s:
            raise TimeoutError
        await asyncio.sleep(0.01)
    return time.perf_counter() - start


async def events_journaled(client: Client) -> int:
    """Return how many events the supervisor has let happen."""
    return int((await client.call(GetStats()))["events"])


async def read_all(paths: Paths, kinds: Sequence[str]) -> list[Row]:
    """Return all events of some kinds; no supervisor may run."""
    rows: list[Row] = []
    async with await Journal.open(paths.journal) as journal:
        while page := await journal.read(rows[-1].seq if rows else 0, 50_000, kinds=kinds):
            rows += page
    return rows
