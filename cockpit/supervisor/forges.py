"""The forges that are open, and the commands of their screens. Loaded when the first one is opened."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, assert_never

from cockpit.protocol import forge as cmd
from cockpit.protocol.server import CommandRefused
from cockpit.rules.types.errors import RuleFileError
from cockpit.rules.types.forging import Offence
from cockpit.supervisor.forge import Forge, ForgeRefused
from cockpit.supervisor.services import Services

log = logging.getLogger(__name__)

MOST_OPEN = 8
"""Each has a process of its own for the parser."""
ABANDONED_S = 90.0
_CHECK_S = 5.0
DRAFT_LIMIT_BYTES = 256 << 10


class Forges:
    """Carries out the commands of forges' screens."""

    def __init__(self, services: Services, tasks: asyncio.TaskGroup) -> None:
        """Nothing is open yet; `tasks` owns what runs."""
        self._services, self._tasks = services, tasks
        self._open: dict[str, tuple[Forge, asyncio.Task[None]]] = {}
        self._ids = itertools.count(1)

    async def __call__(self, command: cmd.ForgeCommand, person: str) -> dict[str, Any]:
        """Return the result. Raises `CommandRefused`."""
        try:
            match command:
                case cmd.OpenForge():
                    return await self._begin(command.offences, person)
                case cmd.FollowForge():
                    return (await self._forge(command.forge).follow(command.after)).model_dump(mode="json")
                case cmd.JudgeRule():
                    return self._judge(command)
                case cmd.MarkHit():
                    self._forge(command.forge).mark(command.candidate, command.place, command.mark)
                    return {}
                case cmd.GiveFix():
                    self._forge(command.forge).give_fix(command.text)
                    return {}
                case cmd.GetRuleFiles():
                    files = self._forge(command.forge).file_of(command.candidate)
                    return {"rule": Path(next(iter(files))).stem, "files": files}
                case cmd.CloseForge():
                    return await self._close(command)
                case _:
                    assert_never(command)
        except ForgeRefused as error:
            raise CommandRefused(str(error), "Nothing was changed.") from error

    async def _begin(self, offences: Sequence[Offence], person: str) -> dict[str, Any]:
        if len(self._open) >= MOST_OPEN:
            raise CommandRefused(f"{MOST_OPEN} forges are open.", "None was opened.", "Close one.")
        name = str(next(self._ids))
        forge = Forge(name, self._services, offences, person)
        draft = await asyncio.to_thread(self._draft_of, offences)
        if draft:
            with contextlib.suppress(RuleFileError):  # it was kept half written: it is begun anew
                forge.rework(0, draft)
        self._open[name] = forge, self._tasks.create_task(self._run(forge), name=f"forge {name}")
        return {"forge": name}

    def _judge(self, command: cmd.JudgeRule) -> dict[str, Any]:
        try:
            number = self._forge(command.forge).rework(command.candidate, command.text)
        except RuleFileError as error:
            return {"candidate": command.candidate, "problem": str(error), "line": error.line}
        return {"candidate": number, "problem": "", "line": None}

    async def _close(self, command: cmd.CloseForge) -> dict[str, Any]:
        forge, running = self._found(command.forge)
        running.cancel()
        await asyncio.wait([running])
        await asyncio.to_thread(self._keep_draft, forge.offences, command.draft)
        return {}

    async def _run(self, forge: Forge) -> None:
        """Let a forge work until it is closed, or nobody has followed it for long."""
        working = asyncio.create_task(forge.run())
        try:
            while not working.done():
                await asyncio.wait([working], timeout=_CHECK_S)
                if self._services.clock.now() - forge.followed_at > ABANDONED_S:
                    return
            if error := working.exception():
                log.error("a forge broke", exc_info=error)
        finally:
            del self._open[forge.id]
            working.cancel()
            await asyncio.wait([working])

    def _forge(self, name: str) -> Forge:
        return self._found(name)[0]

    def _found(self, name: str) -> tuple[Forge, asyncio.Task[None]]:
        if name not in self._open:
            raise CommandRefused("This forge is not open any more.", "Nothing was changed.", "Open it again.")
        return self._open[name]

    # --- drafts

    def _draft_file(self, offences: Sequence[Offence]) -> Path:
        first = offences[0]
        key = "\0".join((first.session, first.path, str(first.line), first.snippet or first.said))
        return self._services.paths.state / "drafts" / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.yml"

    def _draft_of(self, offences: Sequence[Offence]) -> str:
        try:
            with self._draft_file(offences).open("rb") as stream:
                return stream.read(DRAFT_LIMIT_BYTES).decode("utf-8", "replace")
        except OSError:
            return ""

    def _keep_draft(self, offences: Sequence[Offence], text: str) -> None:
        file = self._draft_file(offences)
        try:
            if text:
                file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            else:
                file.unlink(missing_ok=True)
        except OSError as error:
            raise CommandRefused(f"The draft cannot be kept: {error.strerror}.") from error
