"""What is asked about mistakes and remarks: the evidence of one, what was said before, and that two are the same."""

from __future__ import annotations

import asyncio
import logging
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
    SimilarPassed,
)
from cockpit.protocol.mistakes import (
    ConfirmSame,
    DismissMistake,
    FindSimilar,
    GetMistake,
    MistakeCommand,
    PassSimilar,
)
from cockpit.protocol.server import CommandRefused
from cockpit.rules.types.forging import Offence, Pointed
from cockpit.rules.types.mistakes import Likely, Mistake, Occurrence, Remark
from cockpit.sessions.types import Decision, DecisionKind
from cockpit.state.mistake_items import item_id, title
from cockpit.state.mistakes import SAID
from cockpit.state.model import State
from cockpit.state.said_before import breath_of
from cockpit.supervisor.agent_life import new_id
from cockpit.supervisor.record import envelope_of
from cockpit.types import SessionId

if TYPE_CHECKING:
    from cockpit.rules.service.similar import Likeness, Remembered
    from cockpit.state.diff import FileDiff, Hunk
    from cockpit.supervisor.services import Services

log = logging.getLogger(__name__)

_PLACES_EACH = 3
"""Changed places of one fix that become examples."""
_MOST_OFFENCES = 20
_WORTH_READING = 0.1
"""Likeness from which on an earlier remark is worth being read beside one that is likely the same."""
_CODE_LIMIT = 8_000


class Memory:
    """Answers what is asked about mistakes and remarks."""

    def __init__(self, services: Services) -> None:
        """Nothing is read before it is asked for."""
        self._services = services
        self._features: dict[str, frozenset[str]] = {}
        self._learning = asyncio.Lock()

    async def carry_out(self, command: MistakeCommand, person: str) -> dict[str, Any]:
        """Return the result of a command. Raises `CommandRefused`."""
        match command:
            case GetMistake():
                return await self._mistake(command.fingerprint)
            case FindSimilar():
                return await self._similar(command)
            case ConfirmSame():
                return await self._confirm(command, person)
            case PassSimilar():
                return await self._pass(command, person)
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

    async def likely_since_fixed(self, remark: Remark) -> tuple[Likely, ...] | None:
        """Return up to three earlier remarks that are likely the same, by words and fixes; none: the first is not.

        None: fixes could not be compared. Those of which no fix is known are left out: their words were compared when
        the remark was made.
        """
        from cockpit.rules.service.similar import is_likely

        fixed = [one for one in self._earlier(remark) if one.after_seq is not None]
        found, problem = await self._alike(remark, "", None, fixed)
        if problem:
            log.warning("remark %s: %s", remark.id, problem)
            return None
        known = [one for one in found if one.by_fix is not None and one.score >= _WORTH_READING]
        if not known or not is_likely(known[0]):
            return ()
        return tuple(Likely(remark=one.id, score=round(one.score, 3)) for one in known)

    async def _similar(self, command: FindSimilar) -> dict[str, Any]:
        from cockpit.rules.service.similar import is_likely

        remarks = self._services.record.state.remarks
        asked = remarks.get(command.remark)
        if command.remark and asked is None:
            raise CommandRefused("This remark is not remembered, or no longer.")
        if asked is None and not (command.text.strip() or command.bad):
            raise CommandRefused("There is nothing to look for.", next="Give the words of a remark, or some code.")
        earlier = [one for one in self._earlier(asked) if one.id not in command.besides]
        change = (command.path, command.bad, command.good) if command.good and asked is None else None
        likely, problem = await self._alike(asked, command.text, change, earlier)
        if command.only_likely and (not likely or not is_likely(likely[0])):
            likely = []
        remarks = self._services.record.state.remarks
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

    def _earlier(self, asked: Remark | None) -> list[Remark]:
        """Return what was said before a remark; of none that is remembered, all."""
        remarks = self._services.record.state.remarks.values()
        return [one for one in remarks if asked is None or _is_earlier(one, asked)]

    async def _alike(
        self, asked: Remark | None, text: str, change: tuple[str, str, str] | None, earlier: Sequence[Remark]
    ) -> tuple[list[Likeness], str]:
        """Return what is most like a remark, or like words and a change; and why no fixes were compared, for people."""
        from cockpit.rules.service.mistakes import remembered_text
        from cockpit.rules.service.similar import Remembered, most_similar

        wanted = [*earlier, asked] if asked is not None else earlier
        async with self._learning:  # what two ask for is learnt once
            fix, problem = await self._learn(wanted, change)
        if asked is None:
            given = Remembered("", text, fix)
        else:
            given = Remembered(asked.id, remembered_text(asked), self._features.get(asked.id, frozenset()))
        known = [_remembered(one, remembered_text(one), self._features) for one in earlier]
        return await asyncio.to_thread(most_similar, given, known), problem

    async def _learn(
        self, remarks: Collection[Remark], asked: tuple[str, str, str] | None
    ) -> tuple[frozenset[str], str]:
        """Learn what the fixes of remarks removed and added, and that of the change that is asked about.

        Returns the features of the latter, and why there are none, for people.
        """
        from cockpit.rules.runtime.workshop import Workshop, WorkshopError

        unknown = [one for one in remarks if one.after_seq is not None and one.id not in self._features]
        await self._services.record.journal.flushed()
        fixes = [fix_of(one, await self._kept(one, "after")) for one in unknown]
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

    async def _pass(self, command: PassSimilar, person: str) -> dict[str, Any]:
        remark = self._services.record.state.remarks.get(command.remark)
        if remark is None:
            raise CommandRefused("This remark is not remembered, or no longer.", "Nothing was kept.")
        if not remark.is_passed:
            await self._services.record.add(remark.session, SimilarPassed(remark=remark.id, by=person))
        return {"remark": remark.id}

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
    return not is_same and breath_of(one.id) != breath_of(asked.id) and one.at <= asked.at


def _remembered(remark: Remark, text: str, features: dict[str, frozenset[str]]) -> Remembered:
    from cockpit.rules.service.similar import Remembered

    return Remembered(remark.id, text, features.get(remark.id, frozenset()))


def fix_of(remark: Remark, diff: str) -> list[tuple[str, str, str]]:
    """Return the changed places that put right what a remark is about: of a line, those around it, if there are any."""
    from cockpit.state.diff import parse_diff

    if not remark.path or remark.line is None:
        return _changes(diff)
    files = [file for file in parse_diff(diff) if file.old_path == remark.path or file.path == remark.path]
    at_line = [
        _change(file, hunk)
        for file in files
        for hunk in file.hunks
        if any(line.old_no == remark.line for line in hunk.lines)
    ]
    return at_line or _changes(diff)


def _changes(diff: str) -> list[tuple[str, str, str]]:
    """Return the changed places of a diff: path, text before, text after."""
    from cockpit.state.diff import parse_diff

    return [_change(file, hunk) for file in parse_diff(diff) for hunk in file.hunks]


def _change(file: FileDiff, hunk: Hunk) -> tuple[str, str, str]:
    before, after = ("\n".join(line.text for line in hunk.lines if line.sign in signs) for signs in (" -", " +"))
    return file.path, before, after
