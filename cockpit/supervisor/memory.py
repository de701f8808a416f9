"""What is asked about mistakes and remarks: the evidence of one, what was said before, and that two are the same."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cockpit.journal.types import (
    DecisionMade,
    Event,
    FindingsSeen,
    MistakeDismissed,
    MistakeRecalled,
    RemarkKept,
    SameConfirmed,
)
from cockpit.protocol.mistakes import ConfirmSame, DismissMistake, FindSimilar, GetMistake, MistakeCommand
from cockpit.protocol.server import CommandRefused
from cockpit.rules.types.forging import Offence, Pointed
from cockpit.rules.types.mistakes import Mistake, Occurrence, Remark
from cockpit.sessions.types import Decision, DecisionKind
from cockpit.state.mistake_items import item_id, title
from cockpit.state.mistakes import SAID
from cockpit.state.model import State
from cockpit.supervisor.agent_life import new_id
from cockpit.supervisor.record import envelope_of
from cockpit.types import SessionId

if TYPE_CHECKING:
    from cockpit.rules.service.similar import Remembered
    from cockpit.supervisor.services import Services


_PLACES_EACH = 3
"""Changed places of one fix that become examples."""
_MOST_OFFENCES = 20
_CODE_LIMIT = 8_000


class Memory:
    """Answers what is asked about mistakes and remarks."""

    def __init__(self, services: Services) -> None:
        """Nothing is read before it is asked for."""
        self._services = services
        self._features: dict[str, frozenset[str]] = {}

    async def carry_out(self, command: MistakeCommand, person: str) -> dict[str, Any]:
        """Return the result of a command. Raises `CommandRefused`."""
        match command:
            case GetMistake():
                return await self._mistake(command.fingerprint)
            case FindSimilar():
                return await self._similar(command)
            case ConfirmSame():
                return await self._confirm(command, person)
            case DismissMistake():
                return await self._dismiss(command, person)

    async def recall(self, decision: Decision, person: str) -> dict[str, Any]:
        """Take back that a mistake was dismissed. Raises `CommandRefused`."""
        record = self._services.record
        mistake = record.state.mistakes.get(decision.text)
        if mistake is None:
            raise CommandRefused("This mistake is not known any more.", "Nothing was undone.")
        undoing = self._decision(DecisionKind.UNDO, person, decision.text, undoes=decision.id)
        back = MistakeRecalled(decision=undoing.id, fingerprint=decision.text, by=person)
        await record.add(None, DecisionMade(decision=undoing), back)
        return {"undone": decision.kind, "session": "", "mistake": mistake.title}

    # --- one mistake ------------------------------------------------------------------------------------------------

    async def _mistake(self, fingerprint: str) -> dict[str, Any]:
        state = self._services.record.state
        mistake = state.mistakes.get(fingerprint)
        if mistake is None:
            raise CommandRefused("This mistake is not known, or no longer.")
        numbers = {session.id: session.number for session in state.sessions.values()}
        await self._services.record.journal.flushed()
        evidence = [one for made in mistake.occurrences for one in await self._evidence(mistake, made)]
        return {
            "mistake": mistake.model_dump(mode="json"),
            "title": title(mistake, numbers),
            "evidence": evidence,
            "offences": [one.model_dump(mode="json") for one in _offences(fingerprint, evidence)],
        }

    async def _evidence(self, mistake: Mistake, made: Occurrence) -> list[dict[str, Any]]:
        same = {"session": made.session, "at": made.at, "remark": made.remark, "before": "", "after": ""}
        if made.remark:
            remark = self._services.record.state.remarks.get(made.remark)
            diffs = {"before": await self._kept(remark, "before"), "after": await self._kept(remark, "after")}
            said = remark.text if remark is not None else mistake.title
            place = {"path": made.path, "line": made.line, "message": said, "bad": "", "good": ""}
            return [{**same, **diffs, **place}]
        seen, fixed = await self._event(made.seq), await self._event(made.fixed_seq)
        fixes = {one.instance: one for one in fixed.fixes} if isinstance(fixed, FindingsSeen) else {}
        found = [
            one
            for one in (seen.seen if isinstance(seen, FindingsSeen) else ())
            if one.fingerprint == mistake.fingerprint
        ]
        evidence = []
        for one in found:
            fix = fixes.get(one.instance)
            texts = {"bad": fix.bad, "good": fix.good} if fix is not None else {"bad": one.snippet, "good": ""}
            evidence.append({**same, "path": one.path, "line": one.line, "message": one.message, **texts})
        return evidence

    async def _event(self, seq: int | None) -> Event | None:
        if not seq:
            return None
        rows = await self._services.record.journal.read(seq - 1, 1)
        return envelope_of(rows[0]).event if rows and rows[0].seq == seq else None

    async def _kept(self, remark: Remark | None, side: str) -> str:
        if remark is None:
            return ""
        event = await self._event(remark.before_seq if side == "before" else remark.after_seq)
        return event.diff if isinstance(event, RemarkKept) else ""

    # --- what was said before ---------------------------------------------------------------------------------------

    async def _similar(self, command: FindSimilar) -> dict[str, Any]:
        from cockpit.rules.service.mistakes import remembered_text
        from cockpit.rules.service.similar import LIKELY, Remembered, most_similar

        remarks = self._services.record.state.remarks
        asked = remarks.get(command.remark)
        if command.remark and asked is None:
            raise CommandRefused("This remark is not remembered, or no longer.")
        if asked is None and not (command.text.strip() or command.bad):
            raise CommandRefused("There is nothing to look for.", next="Give the words of a remark, or some code.")
        others = (one for one in remarks.values() if one.id not in command.besides)
        earlier = [one for one in others if asked is None or _is_earlier(one, asked)]
        wanted = [*earlier, asked] if asked is not None else earlier
        change = (command.path, command.bad, command.good) if command.good and asked is None else None
        asked_fix, problem = await self._learn(wanted, change)
        given = (
            Remembered("", command.text, asked_fix)
            if asked is None
            else Remembered(asked.id, remembered_text(asked), self._features.get(asked.id, frozenset()))
        )
        known = [_remembered(one, remembered_text(one), self._features) for one in earlier]
        likely = await asyncio.to_thread(most_similar, given, known)
        if command.only_likely and (not likely or likely[0].score < LIKELY):
            likely = []
        found = [
            {
                "remark": remarks[one.id].model_dump(mode="json"),
                "score": round(one.score, 3),
                "by_text": round(one.by_text, 3),
                "by_fix": None if one.by_fix is None else round(one.by_fix, 3),
            }
            for one in likely
            if one.id in remarks
        ]
        return {"similar": found, "problem": problem}

    async def _learn(
        self, remarks: Collection[Remark], asked: tuple[str, str, str] | None
    ) -> tuple[frozenset[str], str]:
        """Learn what the fixes of remarks removed and added, and that of the change that is asked about.

        Returns the features of the latter, and why there are none, for people.
        """
        from cockpit.rules.runtime.workshop import Workshop, WorkshopError

        unknown = [one for one in remarks if one.after_seq is not None and one.id not in self._features]
        await self._services.record.journal.flushed()
        fixes = [_changes(await self._kept(one, "after")) for one in unknown]
        if asked is not None:
            fixes.append([asked])
        if not fixes:
            return frozenset(), ""
        try:
            async with Workshop() as workshop:
                learnt = await workshop.call("fixes", {"fixes": fixes})
        except (WorkshopError, OSError) as error:
            return frozenset(), f"Fixes were not compared: {error}"
        for remark, features in zip(unknown, learnt, strict=False):
            self._features[remark.id] = frozenset(features)
        kept = self._services.record.state.remarks
        self._features = {id_: features for id_, features in self._features.items() if id_ in kept}
        return (frozenset(learnt[-1]) if asked is not None else frozenset()), ""

    async def _confirm(self, command: ConfirmSame, person: str) -> dict[str, Any]:
        state = self._services.record.state
        remark = state.remarks.get(command.remark)
        if remark is None:
            raise CommandRefused("This remark is not remembered, or no longer.", "Nothing was kept.")
        if command.remark == command.of or (command.of not in state.remarks and command.of not in state.mistakes):
            raise CommandRefused("There is no such other remark or mistake.", "Nothing was kept.")
        ours, theirs = remark.mistake, _mistake_of(command.of, state)
        if ours != theirs and all(one in state.mistakes and not one.startswith(SAID) for one in (ours, theirs)):
            raise CommandRefused("Each counts as something that a check finds already; these stay two.")
        same = SameConfirmed(remark=command.remark, of=command.of, by=person)
        await self._services.record.add(remark.session, same)
        counted = state.mistakes.get(state.remarks[command.remark].mistake)
        if counted is None:
            raise CommandRefused("It is remembered no longer.")
        return {"fingerprint": counted.fingerprint, "count": counted.count}

    async def _dismiss(self, command: DismissMistake, person: str) -> dict[str, Any]:
        record = self._services.record
        mistake = record.state.mistakes.get(command.fingerprint)
        if mistake is None or item_id(command.fingerprint) not in record.state.attention:
            raise CommandRefused("This mistake needs nobody any more.", "Nothing was changed.")
        decision = self._decision(DecisionKind.DISMISS, person, command.fingerprint)
        cost = command.model_dump(include={"count", "looked_s", "keys"})
        let_be = MistakeDismissed(decision=decision.id, fingerprint=command.fingerprint, by=person, **cost)
        await record.add(None, DecisionMade(decision=decision), let_be)
        return {"fingerprint": command.fingerprint, "count": mistake.count}

    def _decision(self, kind: DecisionKind, person: str, fingerprint: str, undoes: str = "") -> Decision:
        at = self._services.clock.now()
        nobody = SessionId("")
        return Decision(id=new_id(), kind=kind, session=nobody, by=person, at=at, text=fingerprint, undoes=undoes)


def _offences(fingerprint: str, evidence: Sequence[Mapping[str, Any]]) -> list[Offence]:
    """Return what a forge can make a rule of. The code is that of the time, so no line names a place of today."""
    found: list[Offence] = []
    for one in evidence:
        places = [(one["path"], one["bad"], one["good"])] if one["bad"] else _changes(one["after"])[:_PLACES_EACH]
        found += [
            Offence(
                kind=Pointed.MISTAKE,
                session=one["session"],
                path=path,
                snippet=bad[:_CODE_LIMIT],
                fix=good[:_CODE_LIMIT],
                said=one["message"],
                mistake=fingerprint[:300],
            )
            for path, bad, good in places
        ]
    if not found:  # no code is known: the words are all there is
        found = [
            Offence(kind=Pointed.MISTAKE, session=one["session"], said=one["message"], mistake=fingerprint[:300])
            for one in evidence
        ]
    return found[:_MOST_OFFENCES]


def _mistake_of(name: str, state: State) -> str:
    return state.remarks[name].mistake if name in state.remarks else name


def _is_earlier(one: Remark, asked: Remark) -> bool:
    """Return whether it was said before, and does not count as the same already."""
    is_same = bool(asked.mistake) and one.mistake == asked.mistake
    return not is_same and one.id.partition("/")[0] != asked.id.partition("/")[0] and one.at <= asked.at


def _remembered(remark: Remark, text: str, features: dict[str, frozenset[str]]) -> Remembered:
    from cockpit.rules.service.similar import Remembered

    return Remembered(remark.id, text, features.get(remark.id, frozenset()))


def _changes(diff: str) -> list[tuple[str, str, str]]:
    """Return the changed places of a diff: path, text before, text after."""
    from cockpit.state.diff import parse_diff

    return [
        (
            file.path,
            "\n".join(line.text for line in hunk.lines if line.sign in " -"),
            "\n".join(line.text for line in hunk.lines if line.sign in " +"),
        )
        for file in parse_diff(diff)
        for hunk in file.hunks
    ]
