"""The forges that are open, and the commands of their screens. Loaded when the first one is opened."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from pathlib import Path
from typing import Any, assert_never

from cockpit.protocol import forge as cmd
from cockpit.protocol.server import CommandRefused
from cockpit.rules.repo.places import BASELINE
from cockpit.rules.types import RuleState
from cockpit.rules.types.errors import RuleFileError
from cockpit.supervisor.forge.forge import Forge
from cockpit.supervisor.forge.gates import Gates
from cockpit.supervisor.forge.samples import ForgeRefused
from cockpit.supervisor.forge.shelf import Draft, Shelf
from cockpit.supervisor.services import Services

log = logging.getLogger(__name__)

MOST_OPEN = 8
"""Each has a process of its own for the parser."""
ABANDONED_S = 90.0
_CHECK_S = 5.0


class Forges:
    """Carries out the commands of forges' screens."""

    def __init__(self, services: Services, tasks: asyncio.TaskGroup) -> None:
        """Nothing is open yet; `tasks` owns what runs."""
        self._services, self._tasks = services, tasks
        self._open: dict[str, tuple[Forge, asyncio.Task[None]]] = {}
        self._ids = itertools.count(1)
        self._gates = Gates(services.paths.state / "forge-cache", tasks)
        self._shelf = Shelf(services.paths.state / "drafts")

    async def __call__(self, command: cmd.ForgeCommand, person: str) -> dict[str, Any]:
        """Return the result. Raises `CommandRefused`."""
        try:
            match command:
                case cmd.OpenForge():
                    return await self._begin(command, person)
                case cmd.FollowForge():
                    return (await self._forge(command.forge).follow(command.after)).model_dump(mode="json")
                case cmd.GetRuleFiles():
                    return await self._files(command)
                case cmd.BeginRule():
                    return {"text": self._forge(command.forge).words.begun(command.engine)}
                case cmd.GetDrafts():
                    drafts = await asyncio.to_thread(self._shelf.all)
                    return {"drafts": [one.model_dump(mode="json") for one in drafts]}
                case cmd.DropDraft():
                    return await self._drop(command)
                case cmd.StopDrafting():
                    return {"was_drafting": self._forge(command.forge).drafts.stop()}
                case cmd.CloseForge():
                    return await self._close(command)
                case _:
                    return await self._change(command)
        except ForgeRefused as error:
            raise CommandRefused(str(error), "Nothing was changed.") from error

    async def _change(
        self, command: cmd.JudgeRule | cmd.MarkHit | cmd.GiveFix | cmd.ChangeExample | cmd.SetScope
    ) -> dict[str, Any]:
        """Carry out what changes candidates or examples; what a person did is on disk when it is answered."""
        forge = self._forge(command.forge)
        result: dict[str, Any] = {}
        match command:
            case cmd.JudgeRule():
                result = self._judge(forge, command)
            case cmd.MarkHit():
                forge.mark(command.candidate, command.place, command.mark, command.seen)
            case cmd.GiveFix():
                forge.give_fix(command.text)
            case cmd.ChangeExample():
                forge.change_example(command.do, command.place, command.kind, command.text)
            case cmd.SetScope():
                return {"files": list(forge.set_scope(command.candidate, command.step))}
            case _:
                assert_never(command)
        await self._keep(forge)
        return result

    async def _begin(self, command: cmd.OpenForge, person: str) -> dict[str, Any]:
        if len(self._open) >= MOST_OPEN:
            raise CommandRefused(f"{MOST_OPEN} forges are open.", "None was opened.", "Close one.")
        key = command.draft or (self._shelf.key_of(command.offences) if command.offences else "")
        draft = await asyncio.to_thread(self._shelf.get, key) if key else None
        offences = command.offences or (draft.offences if draft is not None else ())
        if not offences:
            raise CommandRefused("There is no such draft any more.", "No forge was opened.")
        name = str(next(self._ids))
        forge = Forge(name, self._services, offences, person)
        if draft is not None:
            _go_on(forge, draft)
        self._open[name] = forge, self._tasks.create_task(self._run(forge), name=f"forge {name}")
        return {"forge": name}

    def _judge(self, forge: Forge, command: cmd.JudgeRule) -> dict[str, Any]:
        try:
            number = forge.rework(command.candidate, command.text)
        except RuleFileError as error:
            return {"candidate": command.candidate, "problem": str(error), "line": error.line}
        return {"candidate": number, "problem": "", "line": None}

    async def _files(self, command: cmd.GetRuleFiles) -> dict[str, Any]:
        forge = self._forge(command.forge)
        files = forge.words.files_of(command.candidate, RuleState(command.state))
        rule = Path(next(iter(files))).stem
        if (known := await forge.words.baseline_of(command.candidate, rule)) is not None:
            files[BASELINE] = known
        return {"rule": rule, "files": files}

    async def _drop(self, command: cmd.DropDraft) -> dict[str, Any]:
        key = command.draft
        if command.forge:
            forge = self._forge(command.forge)
            key = self._shelf.key_of(forge.offences)
            forge.typed, forge.samples.is_touched = "", False
        if not await asyncio.to_thread(self._shelf.drop, key):
            raise CommandRefused("There is no such draft any more.")
        return {}

    async def _close(self, command: cmd.CloseForge) -> dict[str, Any]:
        forge, running = self._found(command.forge)
        forge.over.set()
        await asyncio.wait([running])
        if command.is_done:
            await asyncio.to_thread(self._shelf.drop, self._shelf.key_of(forge.offences))
        else:
            forge.typed = command.draft or forge.typed
            await self._keep(forge)
        return {}

    async def _keep(self, forge: Forge) -> None:
        """Keep what a person wrote. Raises `CommandRefused`."""
        touched = forge.samples.is_touched
        if not forge.typed and not touched:
            return
        draft = Draft(
            offences=forge.offences,
            text=forge.typed,
            pairs=tuple(forge.samples.pairs) if touched else None,
            fine=tuple(forge.samples.fine),
            name=forge.name,
            by=forge.person,
            at=self._services.clock.now(),
        )
        try:
            await asyncio.to_thread(self._shelf.put, draft)
        except OSError as error:
            raise CommandRefused(f"The draft cannot be kept: {error.strerror}.") from error

    async def _run(self, forge: Forge) -> None:
        """Let a forge work until it is closed, or nobody has followed it for long."""
        try:
            async with self._gates.gate() as gate:
                working = asyncio.create_task(forge.run(gate))
                closing = asyncio.create_task(forge.over.wait())
                try:
                    while not working.done() and not closing.done():
                        await asyncio.wait([working, closing], timeout=_CHECK_S, return_when=asyncio.FIRST_COMPLETED)
                        if self._services.clock.now() - forge.followed_at > ABANDONED_S:
                            return
                    if working.done() and (error := working.exception()):
                        log.error("a forge broke", exc_info=error)
                finally:
                    working.cancel()
                    closing.cancel()
                    await asyncio.wait([working, closing])
        finally:
            del self._open[forge.id]

    def _forge(self, name: str) -> Forge:
        return self._found(name)[0]

    def _found(self, name: str) -> tuple[Forge, asyncio.Task[None]]:
        if name not in self._open:
            raise CommandRefused("This forge is not open any more.", "Nothing was changed.", "Open it again.")
        return self._open[name]


def _go_on(forge: Forge, draft: Draft) -> None:
    """Put into a forge what was left."""
    forge.is_draft = True
    if draft.pairs is not None:
        forge.samples.restore(draft.pairs, draft.fine)
    if draft.text:
        with contextlib.suppress(RuleFileError):  # it was left half written, and is there to go on with
            forge.rework(0, draft.text)
