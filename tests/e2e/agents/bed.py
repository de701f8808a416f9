"""Real agents at work: their programs from npm, a supervisor of its own, a scripted model, and a person at the socket.

The agents know nothing of the tests: they run their own programs and speak their own protocols, to a model server on
this machine that follows a script. What reached that server is the best witness of what an agent did.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import psutil

from cockpit.journal.types import AgentSaid
from cockpit.protocol.client import Client, CommandFailed
from cockpit.protocol.types import AnswerRequest, Subscribe
from cockpit.sessions.types import AnswerDecision, RequestKind, RequestRaised, SessionStatus, Steered
from cockpit.state.model import SessionState
from cockpit.types import SessionId
from tests.e2e.place import Place
from tests.supervisor.world import Person

ROOT = Path(__file__).parents[3]
WITHIN_S = 60.0
POLL_S = 0.1
_STANDING_STILL = (SessionStatus.FAILED, SessionStatus.INTERRUPTED, SessionStatus.PAUSED)


@cache
def programs() -> Path:
    """Return the folder with the commands of the real agents; they are installed where they are missing."""
    said = subprocess.run((ROOT / "tests/setup/agents.sh",), capture_output=True, text=True, timeout=600, check=False)
    assert said.returncode == 0, said.stderr
    return Path(said.stdout.strip().splitlines()[-1])


class AgentsPlace(Place):
    """A place where the real agents are on PATH, and whose person has no log-in for any of them."""

    @property
    def env(self) -> dict[str, str]:
        """The environment of everything that is started here."""
        home = self.folder / "person"
        home.mkdir(exist_ok=True)
        env = super().env
        return {**env, "PATH": f"{programs()}:{env['PATH']}", "HOME": str(home)}


class Model:
    """The scripted model as a process of its own."""

    def __init__(self, place: Place, rules: Iterable[dict[str, Any]]) -> None:
        """Start it; it serves until `close`."""
        self._log = place.folder / "model.jsonl"
        command = (sys.executable, "-m", "agents.scripted", "--script", place.script(list(rules)), "--log", self._log)
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().split()[-1]
        self.origin = self.url.removesuffix("/v1")

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def requests(self, rule: str = "") -> list[dict[str, Any]]:
        """Return the requests that came so far, oldest first; with `rule` those that this rule answered."""
        return [entry["body"] for entry in self.entries() if rule in ("", entry["rule"])]

    def entries(self) -> list[dict[str, Any]]:
        """Return the log so far: time, path, rule and body of each request."""
        whole = self._log.read_text(encoding="utf-8").rpartition("\n")[0] if self._log.exists() else ""
        return [json.loads(line) for line in whole.splitlines()]

    def heard(self, words: str, rule: str = "") -> bool:
        """Return whether a request held these words."""
        return any(words in json.dumps(body, ensure_ascii=False) for body in self.requests(rule))

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(timeout=10)
        assert self._process.stdout is not None
        self._process.stdout.close()


class Answered:
    """What was asked and answered."""

    def __init__(self) -> None:
        self.requests: dict[str, RequestRaised] = {}

    def about(self, kind: RequestKind, words: str) -> RequestRaised:
        """Return the request of a kind that contains these words. Raises `AssertionError` where nobody made it."""
        found = [one for one in self.requests.values() if one.kind == kind and words in what_is_asked(one)]
        assert found, f"nobody asked for {kind} {words!r}, but for {list(self.requests.values())}"
        return found[0]


class Bed:
    """One repository, its supervisor, the scripted model and a person."""

    def __init__(self, place: Place, model: Model) -> None:
        """Take over a place and a model; nothing runs for the cockpit yet."""
        self.place = place
        self.model = model
        self.person: Person | None = None

    # --- the supervisor

    async def start(self) -> Person:
        """Start the supervisor, or find it running; return a new person at its socket."""
        said = await asyncio.to_thread(self.place.cockpit, "up")
        assert said.returncode == 0, said.stderr
        await self.leave()
        self.person = Person(await Client.connect(self.place.paths.supervisor_socket))
        await self.person.call(Subscribe(everything=True))
        await self.person.until(lambda: self.at.state.seq)
        return self.person

    @property
    def at(self) -> Person:
        """The person at the socket."""
        assert self.person is not None, "nobody has started the supervisor"
        return self.person

    async def leave(self) -> None:
        """Let the person go."""
        if self.person is not None:
            person, self.person = self.person, None
            await person.close()

    async def kill_supervisor(self) -> None:
        """End the supervisor without a word (SIGKILL): its agents go on."""
        found = [one for one in self.place.processes("cockpit.supervisor") if "-c" not in one.cmdline()]
        assert len(found) == 1, [one.cmdline() for one in found]
        found[0].kill()
        await asyncio.to_thread(psutil.wait_procs, found, timeout=10)
        await self.leave()

    async def cut_power(self) -> None:
        """End everything that runs for the repository without a word, as a power cut does."""
        # Again and again: what was being started while the first ones were killed goes too.
        while found := [one for one in self.place.processes() if one.pid != self.model.pid]:
            for process in found:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            await asyncio.to_thread(psutil.wait_procs, found, timeout=10)
        await self.leave()

    # --- sessions

    def workspace(self, session: SessionId) -> Path:
        """Return the work tree of a session."""
        return self.place.paths.workspaces / session

    def memory(self, session: SessionId) -> Path:
        """Return the folder that the bridge of a session writes to."""
        return self.place.paths.spool / session / "memory"

    @contextlib.asynccontextmanager
    async def answering(self, session: SessionId, denied: str = "", reason: str = "") -> AsyncIterator[Answered]:
        """Answer whatever a session asks meanwhile: allowed once, but what contains `denied`."""
        answered = Answered()
        task = asyncio.create_task(self._answer(session, denied, reason, answered))
        try:
            yield answered
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _answer(self, session: SessionId, denied: str, reason: str, answered: Answered) -> None:
        while True:
            requests = await self._unanswered(session, answered)
            for request in requests:
                answered.requests[request.request] = request
                is_denied = bool(denied) and denied in what_is_asked(request)
                said = (AnswerDecision.DENY, reason) if is_denied else (AnswerDecision.ONCE, "")
                answer = AnswerRequest(session=session, request=request.request, decision=said[0], text=said[1])
                with contextlib.suppress(CommandFailed):  # withdrawn meanwhile
                    await self.at.call(answer)

    async def _unanswered(self, session: SessionId, answered: Answered) -> list[RequestRaised]:
        def found() -> list[RequestRaised]:
            known = self.at.state.sessions.get(session)
            requests = known.requests.values() if known else ()
            return [one for one in requests if one.request not in answered.requests]

        await self.at.until(found, within_s=3600)
        return found()

    async def status(self, session: SessionId, *wanted: SessionStatus, within_s: float = WITHIN_S) -> SessionState:
        """Wait until a session is in one of these states."""

        def is_there() -> bool:
            known = self.at.state.sessions.get(session)
            return known is not None and known.status in wanted

        try:
            await self.at.until(is_there, within_s)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.account(session)}") from None
        return self.at.session(session)

    async def until(self, session: SessionId, holds: Callable[[], Any], what: str, within_s: float = WITHIN_S) -> None:
        """Wait until something holds that no event tells of: a file, a process, a request to the model."""
        stood_still = self._stands_still(session)
        try:
            async with asyncio.timeout(within_s):
                while not await asyncio.to_thread(holds):
                    await asyncio.sleep(POLL_S)
                    assert stood_still or not self._stands_still(session), f"{what}:\n{self.account(session)}"
        except TimeoutError:
            raise AssertionError(f"not within {within_s:g} s: {what}\n{self.account(session)}") from None

    def _stands_still(self, session: SessionId) -> bool:
        known = self.at.state.sessions.get(session)
        return known is not None and known.status in _STANDING_STILL

    def account(self, session: SessionId) -> str:
        """Return what happened so far, for whoever reads a failure."""
        lines = [envelope.event.model_dump_json() for envelope in self.at.events if envelope.session == session]
        lines += [f"model: {entry['path']} {entry['rule']}" for entry in self.model.entries()]
        for name in ("trace.jsonl", "stderr"):
            file = self.memory(session) / name
            if file.exists():
                lines += [f"{name}: {line}" for line in file.read_text(errors="replace").splitlines()[-12:]]
        return "\n".join(line[:400] for line in lines[-120:])

    def has_taken(self, session: SessionId, words: str) -> bool:
        """Return whether a redirect was handed to the agent by its bridge, or waits there for the end of the turn."""
        trace = self.memory(session) / "trace.jsonl"
        said = [envelope.event for envelope in self.at.events if envelope.session == session]
        is_queued = any(isinstance(one, AgentSaid) and isinstance(one.said, Steered) for one in said)
        return is_queued or (trace.exists() and words in trace.read_text(encoding="utf-8"))

    # --- processes

    def running(self, words: str) -> list[str]:
        """Return the command lines of this place's processes that contain these words."""
        lines = []
        for process in self.place.processes():
            try:
                line = " ".join(process.cmdline())
            except psutil.NoSuchProcess:
                continue
            if words in line:
                lines.append(line)
        return lines


def what_is_asked(request: RequestRaised) -> str:
    """Return all words of a request that say what it is about."""
    return " ".join((request.title, request.shell, *request.argv, *request.paths, request.detail))


def holding(name: str) -> str:
    """Return a command that says that it runs, and then waits until `open_gate` lets it go on."""
    return f"touch {name}.waits; until [ -e {name}.opened ]; do sleep 0.2; done; rm {name}.*; echo {name}-went-on"


def open_gate(workspace: Path, name: str) -> None:
    """Let a command of `holding` go on."""
    (workspace / f"{name}.opened").touch()


def is_held(workspace: Path, name: str) -> bool:
    """Return whether a command of `holding` waits."""
    return (workspace / f"{name}.waits").exists()
