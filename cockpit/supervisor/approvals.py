"""What agents ask is judged by the policy first, and only then put before a human; what a human says for good is kept.

An agent hears *once* or *deny*, nothing else. That something holds for a session, or always, is this side's to know: so
it is in the journal, survives any crash, and means the same for every agent.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit.approvals.config import PolicyConfig
from cockpit.approvals.repo import PolicyNotWritten, add_line
from cockpit.approvals.service.likeness import likeness
from cockpit.approvals.service.lines import Line, Policy, Ruling, rule
from cockpit.approvals.service.offers import offered_lines, offers
from cockpit.approvals.service.place import Place
from cockpit.approvals.service.reading import Reading, read_request, reasons
from cockpit.approvals.types import Answerer, PolicyPlace, Section
from cockpit.config import USER_CONFIG
from cockpit.config.load import FILE_NAME, verify
from cockpit.journal.types import AttentionRaised, Event, Noted, PolicyAdded, RequestAutoAnswered, SessionAllowed
from cockpit.protocol.server import CommandRefused
from cockpit.protocol.types import AnswerRequest
from cockpit.sessions.service import item_of_request
from cockpit.sessions.types import Answer, AnswerDecision, AttentionKind, RequestRaised, SessionStatus
from cockpit.supervisor.agent_life import new_id
from cockpit.supervisor.approver import Approver
from cockpit.supervisor.asked_before import AskedBefore
from cockpit.supervisor.services import Services
from cockpit.supervisor.signals import Reviewed

if TYPE_CHECKING:
    from cockpit.supervisor.session import SessionLoop

AUTHOR = "policy"
"""Who is behind an answer that no human gave."""


class Approvals:
    """What all sessions share of this: the lines in force, the files they are kept in, and what was asked before."""

    def __init__(self, services: Services, approver: Approver, reload: Callable[[], Awaitable[None]]) -> None:
        """Take the lines from the configuration; `reload` reads it again after a line was written."""
        self._services, self.approver, self._reload = services, approver, reload
        self.asked_before = AskedBefore(services.record, services.paths.workspaces)
        self._policy = Policy()
        self._of: PolicyConfig | None = None

    @property
    def policy(self) -> Policy:
        """The lines in force."""
        config = self._services.config.policy
        if config is not self._of:
            self._policy, self._of = policy_of(config), config
        return self._policy

    async def write(self, section: Section, line: str, where: PolicyPlace) -> None:
        """Write a line down and let it be in force. Raises `PolicyNotWritten` with a message for people."""
        file, within = self._file(where)
        is_personal = where == "user"
        await asyncio.to_thread(
            add_line, file, section, line, within=within, check=lambda text: verify(file, text, is_personal=is_personal)
        )
        await self._reload()

    def _file(self, where: PolicyPlace) -> tuple[Path, Path]:
        """Return the file of a policy, and the folder that no link may lead it out of."""
        if where == "repository":
            root = self._services.repository.root
            return root / FILE_NAME, root
        folder, home = self._services.paths.config, Path.home()
        return folder / USER_CONFIG, home if folder.is_relative_to(home) else folder


def policy_of(config: PolicyConfig) -> Policy:
    """Return the lines that a configuration holds, each with whose it is."""

    def lines(part: object, *, is_denied: bool) -> tuple[Line, ...]:
        return tuple(
            Line(section, text, config.owner(section, text, is_denied=is_denied))
            for section in Section
            for text in getattr(part, section.value, ())  # what is denied is denied in the sandbox and outside
        )

    return Policy(allow=lines(config, is_denied=False), deny=lines(config.deny, is_denied=True))


async def consider(loop: SessionLoop, request: RequestRaised) -> None:
    """Answer a request by what was allowed or refused before, or wait for a human's answer."""
    if is_answered(loop, request.request):
        return
    reading = await read(loop, request)
    if auto := judge(loop, request, reading):
        await _answer(loop, auto)
        return
    if not loop.services.approvals.approver.begin(loop.state, request, reading):
        await _ask_human(loop, request, reading)


async def _ask_human(loop: SessionLoop, request: RequestRaised, reading: Reading) -> None:
    item = item_of_request(loop.state, request, loop.services.clock.now(), likeness(reading, _place(loop)))
    await loop.move(SessionStatus.WAITING, request.title, AttentionRaised(item=item))


async def reviewed(loop: SessionLoop, verdict: Reviewed) -> None:
    """Do what the approver said of a request that is still open: answer it, or put it before a human."""
    request = loop.state.requests.get(verdict.request)
    is_asked = loop.items.has(AttentionKind.REQUEST, verdict.request)
    if request is None or is_asked or is_answered(loop, verdict.request):
        return
    if verdict.is_allowed:
        auto = RequestAutoAnswered(
            request=request.request, title=request.title, decision="once", by=Answerer.APPROVER, reason=verdict.reason
        )
        await _answer(loop, auto)
        return
    loop.services.record.add(loop.id, Noted(text=f"the approver leaves it to a person: {verdict.reason}"))
    await _ask_human(loop, request, await read(loop, request))


async def reconsider(loop: SessionLoop) -> None:
    """Judge again what waits for a human: the policy says something else now."""
    for request in list(loop.state.requests.values()):
        if loop.items.has(AttentionKind.REQUEST, request.request) and not is_answered(loop, request.request):
            auto = judge(loop, request, await read(loop, request))
            if auto is not None:
                await _answer(loop, auto, *loop.items.resolved(AttentionKind.REQUEST, AUTHOR, request.request))


async def read(loop: SessionLoop, request: RequestRaised) -> Reading:
    """Return what a request asks for in its session's workspace. Links are followed, so it takes a thread."""
    return await asyncio.to_thread(read_request, request, _place(loop))


def _place(loop: SessionLoop) -> Place:
    info = loop.state.workspace
    if info is None:
        return Place(str(loop.services.paths.workspaces / loop.id), loop.id)
    own = (loop.workspace.env(info)["TMPDIR"],)
    return Place(info.path, loop.id, info.ports, own, lru_cache(maxsize=None)(_real))


def judge(loop: SessionLoop, request: RequestRaised, reading: Reading) -> RequestAutoAnswered | None:
    """Return the answer that needs no human; None: there is none."""
    ruling = rule(loop.services.approvals.policy, reading)
    if ruling is not None:
        return _by_line(request, ruling)
    if not reading.is_final and reading.key in loop.state.allowed:
        why = f"a person allowed it for this session{', outside the sandbox' if reading.escalates else ''}"
        return RequestAutoAnswered(
            request=request.request, title=request.title, decision="once", by=Answerer.SESSION, reason=why
        )
    return None


def _by_line(request: RequestRaised, ruling: Ruling) -> RequestAutoAnswered:
    line = ruling.line
    whose = "the repository's policy" if line.by is Answerer.REPOSITORY else "the person's policy"
    said = "allows" if ruling.is_allowed else "refuses"
    return RequestAutoAnswered(
        request=request.request,
        title=request.title,
        decision="once" if ruling.is_allowed else "deny",
        by=line.by,
        section=line.section,
        line=line.text,
        reason=f"{whose} {said} {line.section.value}: {line.text}",
    )


async def _answer(loop: SessionLoop, auto: RequestAutoAnswered, *with_it: Event) -> None:
    """Give an answer that no human gave; that it was given reaches the disk with it."""
    decision = AnswerDecision(auto.decision)
    text = f"{auto.reason}; do without it" if decision is AnswerDecision.DENY else ""
    answer = Answer(id=new_id(), request=auto.request, decision=decision, text=text)
    await loop.agent.send(answer, AUTHOR, *with_it, auto)


def is_answered(loop: SessionLoop, request: str) -> bool:
    """Return whether the agent has been sent an answer that it has not taken yet."""
    commands = loop.state.commands.values()
    return any(isinstance(command, Answer) and command.request == request for command in commands)


def _real(path: str) -> str:
    """Return where a path really leads; one that no file can have leads out of everything."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return "/"


# --- what a human says for longer than once -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Grant:
    """What an answer means beyond the one request."""

    decision: AnswerDecision
    """What the agent hears."""
    events: tuple[Event, ...] = ()
    """What reaches the disk with the answer."""
    section: Section | None = None
    line: str = ""
    """To be written into the policy; empty: nothing is."""


async def granted(loop: SessionLoop, request: RequestRaised, command: AnswerRequest, person: str) -> Grant:
    """Return what an answer grants. Raises `CommandRefused` when it cannot hold for as long as it says."""
    match command.decision:
        case AnswerDecision.ONCE | AnswerDecision.DENY:
            return Grant(command.decision)
        case AnswerDecision.SESSION:
            reading = await read(loop, request)
            if reading.is_final:
                raise _refused(
                    f"This is asked every time: {reasons(reading.dangers) or 'it has no answer that holds'}."
                )
            allowed = SessionAllowed(key=reading.key, title=request.title, by=person)
            return Grant(AnswerDecision.ONCE, (allowed,))
        case AnswerDecision.ALWAYS:
            reading = await read(loop, request)
            lines, refusal = offered_lines(reading)
            if not lines:
                raise _refused(refusal)
            if command.line and command.line not in lines:
                raise _refused("This line covers something else than what was offered for the request.")
            return Grant(AnswerDecision.ONCE, (), reading.section, command.line or lines[0])


async def keep(loop: SessionLoop, grant: Grant, where: PolicyPlace, person: str) -> str:
    """Write the line of a grant down. Returns what went wrong, for people; the answer has been given in any case."""
    if grant.section is None or not grant.line:
        return ""
    approvals, record = loop.services.approvals, loop.services.record
    try:
        await approvals.write(grant.section, grant.line, where)
    except PolicyNotWritten as error:
        problem = f"{error} It was allowed once."
        await record.add(loop.id, Noted(text=problem, level="warning"))
        return problem
    await record.add(loop.id, PolicyAdded(section=grant.section, line=grant.line, where=where, by=person))
    return ""


async def preview(loop: SessionLoop, name: str) -> dict[str, Any]:
    """Return what *always* could mean for an open request. Raises `CommandRefused`."""
    request = loop.state.requests.get(name)
    if request is None:
        raise CommandRefused("This request is no longer open.", "Nothing was answered.")
    reading = await read(loop, request)
    past = await loop.services.approvals.asked_before.newest_first()
    found = await asyncio.to_thread(offers, reading, past)
    return found.model_dump(mode="json")


def _refused(what: str) -> CommandRefused:
    return CommandRefused(what, "Nothing was answered.", "Answer once, or deny.")
