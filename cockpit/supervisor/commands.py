"""What clients may ask of the supervisor, and where each command is carried out."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cockpit import __version__
from cockpit.journal.types import FileReviewed
from cockpit.protocol import types as cmd
from cockpit.protocol.rules import RuleCommand
from cockpit.protocol.server import CommandRefused
from cockpit.providers.git import GitError
from cockpit.sessions.types import AnswerDecision, DecisionKind
from cockpit.state.model import Stats
from cockpit.state.rule_curve import points
from cockpit.supervisor.approvals import preview
from cockpit.supervisor.garbage import collect
from cockpit.supervisor.record import envelope_of, is_known
from cockpit.supervisor.rules.outcomes import KINDS as OF_RULES
from cockpit.supervisor.signals import Asked, Human, Undone
from cockpit.supervisor.spending import used
from cockpit.supervisor.terminal import pass_on
from cockpit.types import SessionId

if TYPE_CHECKING:
    from cockpit.supervisor.daemon import Supervisor
    from cockpit.supervisor.forge.forges import Forges
    from cockpit.supervisor.session import SessionLoop

DIFF_LIMIT_BYTES = 16 << 20
_UNDOABLE = (DecisionKind.APPROVE, DecisionKind.REJECT)


class Commands:
    """Carries out the commands of clients."""

    supervisor: Supervisor
    _forges: Forges | None = None

    async def __call__(self, command: cmd.Command, person: str) -> dict[str, Any]:
        """Return the result. Raises `CommandRefused`."""
        try:
            return await self._carry_out(command, person)
        except GitError as error:
            raise CommandRefused(error.what, error.kept, error.next) from error

    async def _carry_out(self, command: cmd.Command, person: str) -> dict[str, Any]:
        match command:
            case (
                cmd.Approve()
                | cmd.Reject()
                | cmd.Redirect()
                | cmd.AnswerRequest()
                | cmd.Stop()
                | cmd.Resume()
                | cmd.ReviewChange()
            ):
                return await self._heard(self._human(command, person), person)
            case cmd.AnswerRequests():
                return await self._heard(self._answer_all(command, person), person)
            case cmd.CreateTasks():
                return await self._create(command, person)
            case cmd.Undo():
                return await self._undo(person)
            case cmd.Down():
                return self._down(command)
            case _ if isinstance(command, cmd.ForgeCommand):
                return await self._forge(command, person)
            case _:
                return await self._look(command, person)

    async def _look(self, command: cmd.Command, person: str) -> dict[str, Any]:
        match command:
            case cmd.Hello():
                return self._hello()
            case cmd.PreviewAlways():
                return await preview(self._loop(command.session), command.request)
            case cmd.GetDiff():
                return await self._diff(command)
            case cmd.GetOutput():
                return await self._output(command)
            case cmd.GetEvents():
                return await self._events(command)
            case cmd.ReviewFile():
                return await self._review(command, person)
            case cmd.TypeKeys() | cmd.ResizeTerminal() | cmd.ShowTerminal():
                memory = self.supervisor.services.paths.spool / command.session / "memory"
                await pass_on(command, self._loop(command.session).state, memory)
                return {}
            case _ if isinstance(command, cmd.MistakeCommand):
                return await self.supervisor.services.memory.carry_out(command, person)
            case _ if isinstance(command, RuleCommand):
                return await self.supervisor.services.rule_decisions(command, person)
            case cmd.GetStats():
                return self._stats()
            case cmd.CollectGarbage():
                return await collect(self.supervisor, is_dry_run=command.is_dry_run)
            case _:
                raise CommandRefused(f"“{command.cmd}” cannot be asked here.")

    # --- decisions --------------------------------------------------------------------------------------------------

    async def _heard(self, decided: Awaitable[dict[str, Any]], person: str) -> dict[str, Any]:
        """Add to the result of a decision which remarks of the person came with it."""
        known = frozenset(self.supervisor.services.record.state.remarks)
        result = await decided
        remarks = self.supervisor.services.record.state.remarks.values()
        said = [one.id for one in remarks if one.by == person and one.id not in known]
        return {**result, "remarks": said} if said else result

    async def _human(self, command: Human, person: str) -> dict[str, Any]:
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._loop(command.session).post(Asked(command, person, answer))
        result = await answer
        self.supervisor.start_queued()
        return result

    async def _answer_all(self, command: cmd.AnswerRequests, person: str) -> dict[str, Any]:
        """Give one answer to each; the first that is still open bears what it cost, and has the line written."""
        gone: list[dict[str, str]] = []
        problem = ""
        waiting = list(dict.fromkeys(command.requests))
        count = len(waiting)
        were_open = {one for one in waiting if self._is_open(one)}
        same = command.model_dump(include={"decision", "text", "line", "where"})
        while waiting:
            one = waiting.pop(0)
            try:
                answer = cmd.AnswerRequest(
                    session=one.session, request=one.request, attention=command.attention, **same
                )
                problem = (await self._human(answer, person))["problem"]
                break
            except CommandRefused as error:
                gone.append({**one.model_dump(), "what": str(error)})
        if command.decision is AnswerDecision.ALWAYS:
            same["decision"] = AnswerDecision.ONCE
        rest = [cmd.AnswerRequest(session=one.session, request=one.request, **same) for one in waiting]
        for one, outcome in zip(waiting, await self._all_of(rest, person), strict=True):
            by_the_line = command.decision is AnswerDecision.ALWAYS and not problem and one in were_open
            if outcome is not None and not by_the_line:
                gone.append({**one.model_dump(), "what": outcome})
        return {"answered": count - len(gone), "gone": gone, "problem": problem}

    def _is_open(self, one: cmd.OpenRequest) -> bool:
        loop = self.supervisor.loop_of(one.session)
        return loop is not None and one.request in loop.state.requests

    async def _all_of(self, answers: list[cmd.AnswerRequest], person: str) -> list[str | None]:
        """Give answers at the same time. Returns for each what spoke against it; None: nothing."""

        async def give(answer: cmd.AnswerRequest) -> str | None:
            try:
                await self._human(answer, person)
            except CommandRefused as error:
                return str(error)
            return None

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(give(answer)) for answer in answers]
        return [task.result() for task in tasks]

    async def _undo(self, person: str) -> dict[str, Any]:
        state = self.supervisor.services.record.state
        undone = {decision.undoes for decision in state.decisions if decision.undoes}
        mine = [d for d in reversed(state.decisions) if d.by == person and d.kind is not DecisionKind.UNDO]
        last = next((d for d in mine if d.id not in undone), None)
        if last is None:
            raise CommandRefused("There is no decision of yours to take back.")
        if last.kind in OF_RULES.values():
            return await self.supervisor.services.rule_decisions.undo(last, person)
        if last.kind is DecisionKind.DISMISS:
            return await self.supervisor.services.memory.recall(last, person)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._loop(last.session).post(Undone(last, person, answer))
        return await answer

    async def _create(self, command: cmd.CreateTasks, person: str) -> dict[str, Any]:
        known = self.supervisor.services.config.agents
        for task in command.tasks:
            if task.agent and task.agent not in known:
                raise CommandRefused(
                    f"There is no agent “{task.agent}”; there are: {', '.join(sorted(known))}.",
                    "No task was begun.",
                    "Name one of these, or add it under [agents] in cockpit.toml.",
                )
            if task.fork and SessionId(task.fork) not in self.supervisor.services.record.state.sessions:
                raise CommandRefused(f"There is no session “{task.fork}” to fork.", "No task was begun.")
        created = self.supervisor.create(command.tasks, person)
        await self.supervisor.services.record.journal.flushed()
        return {"sessions": created}

    def _down(self, command: cmd.Down) -> dict[str, Any]:
        self.supervisor.keeps_agents = command.keep_agents
        asyncio.get_running_loop().call_soon(self.supervisor.is_over.set)
        return {"pid": os.getpid()}

    async def _forge(self, command: cmd.ForgeCommand, person: str) -> dict[str, Any]:
        if self._forges is None:
            forges = await asyncio.to_thread(_load_forges)
            self._forges = self._forges or forges(self.supervisor.services, self.supervisor.tasks)
        return await self._forges(command, person)

    # --- looking ----------------------------------------------------------------------------------------------------

    def _hello(self) -> dict[str, Any]:
        services = self.supervisor.services
        return {
            "protocol": cmd.PROTOCOL,
            "version": __version__,
            "repository": str(services.repository.root),
            "pid": os.getpid(),
        }

    async def _diff(self, command: cmd.GetDiff) -> dict[str, Any]:
        state = self._loop(command.session).state
        services = self.supervisor.services
        if state.change is None or not state.change.files:
            return {"text": "", "tree": "", "base": "", "is_truncated": False}
        text = await services.repository.diff(
            state.change.base, state.change.tree, context=command.context, limit_bytes=DIFF_LIMIT_BYTES
        )
        return {
            "text": text,
            "tree": state.change.tree,
            "base": state.change.base,
            "is_truncated": len(text) >= DIFF_LIMIT_BYTES,
        }

    async def _output(self, command: cmd.GetOutput) -> dict[str, Any]:
        text = await asyncio.to_thread(self.supervisor.services.outputs.output, command.output)
        if text is None:
            raise CommandRefused("This output is no longer kept.", next="Run the check again.")
        return {"text": text}

    async def _events(self, command: cmd.GetEvents) -> dict[str, Any]:
        journal = self.supervisor.services.record.journal
        await journal.flushed()
        before = command.before if command.before is not None else journal.last_seq() + 1
        rows = await journal.read_backwards(command.session, before, command.limit)
        envelopes = [envelope_of(row).model_dump(mode="json") for row in rows if is_known(row)]
        return {"envelopes": envelopes, "is_start": len(rows) < command.limit}

    async def _review(self, command: cmd.ReviewFile, person: str) -> dict[str, Any]:
        self._loop(command.session)
        event = FileReviewed(path=command.path, blob=command.blob, is_reviewed=command.is_reviewed, by=person)
        await self.supervisor.services.record.add(command.session, event)
        return {}

    def _stats(self) -> dict[str, Any]:
        state = self.supervisor.services.record.state
        counts: dict[str, int] = {}
        for session in state.sessions.values():
            counts[session.status] = counts.get(session.status, 0) + 1
        fields = {name: getattr(state.stats, name) for name in Stats.__dataclass_fields__}
        return {
            **fields,
            "sessions": counts,
            "clients": self.supervisor.server.clients,
            "dropped_progress": self.supervisor.server.dropped_progress,
            "events": state.seq,
            "used": used(state),
            "curve": [asdict(point) for point in points(state.rules.steps)],
        }

    def _loop(self, session: SessionId) -> SessionLoop:
        loop = self.supervisor.loop_of(session)
        if loop is None:
            raise CommandRefused(f"There is no session “{session}”.")
        return loop


def _load_forges() -> type[Forges]:
    """Return what few want, and what brings every engine: loading it takes too long for the loop. Blocking."""
    from cockpit.supervisor.forge.forges import Forges

    return Forges
