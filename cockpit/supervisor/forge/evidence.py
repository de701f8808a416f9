"""What is remembered of the mistake behind what a person points at: earlier offences and their fixes, as examples."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from cockpit.protocol.mistakes import GetMistake
from cockpit.protocol.server import CommandRefused
from cockpit.rules.service.offence import statement_at
from cockpit.rules.types.forging import Offence, Pointed
from cockpit.rules.types.mistakes import Remark
from cockpit.state.model import State
from cockpit.supervisor.services import Services

MOST_OFFENCES = 20
"""Offences of one forge, those that were pointed at included."""


async def remembered(offences: Sequence[Offence], services: Services, person: str) -> list[Offence]:
    """Return the offences of the same mistakes that the journal knows, those with a fix first; bounded."""
    state = services.record.state
    found: list[Offence] = []
    for fingerprint in mistakes_of(offences, state):
        try:
            answer = await services.memory.carry_out(GetMistake(fingerprint=fingerprint), person)
        except CommandRefused:
            continue  # it was forgotten meanwhile
        found += [Offence.model_validate(one) for one in answer["offences"]]
    known = {(one.snippet, one.fix) for one in offences}
    fresh = [_narrowed(one) for one in found if (one.snippet, one.fix) not in known]
    fresh.sort(key=lambda one: not one.fix)
    return fresh[: max(0, MOST_OFFENCES - len(offences))]


def mistakes_of(offences: Sequence[Offence], state: State) -> list[str]:
    """Return the fingerprints of the mistakes that offences belong to, as far as they are known."""
    named: dict[str, None] = {}
    for one in offences:
        session = state.sessions.get(one.session)
        if one.mistake:
            named.setdefault(one.mistake)
        elif one.kind is Pointed.DIFF_LINE and session is not None and one.side == "new":
            found = [each for each in session.findings if (each.path, each.line) == (one.path, one.line)]
            named |= dict.fromkeys(each.fingerprint for each in found)
        for remark in state.remarks.values():
            if remark.mistake and _is_about(remark, one):
                named.setdefault(remark.mistake)
    return [fingerprint for fingerprint in named if fingerprint in state.mistakes]


def _is_about(remark: Remark, offence: Offence) -> bool:
    if remark.session != offence.session:
        return False
    is_place = bool(remark.path) and (remark.path, remark.line) == (offence.path, offence.line)
    said = offence.said.strip()
    return is_place or bool(said and said in (remark.text.strip(), remark.subject.strip()))


def _narrowed(offence: Offence) -> Offence:
    """Return an offence with the statements that its fix changed alone: what stood around them is no part of it."""
    bad, good = offence.snippet.split("\n"), offence.fix.split("\n")
    if not offence.fix or bad == good:
        return offence
    shorter = min(len(bad), len(good))
    head = next((at for at in range(shorter) if bad[at] != good[at]), shorter)
    tail = next((at for at in range(shorter - head) if bad[-1 - at] != good[-1 - at]), shorter - head)
    if head >= len(bad) - tail:  # lines came, none went
        return offence
    narrow = statement_at(bad, head + 1)
    fixed = statement_at(good, head + 1) if head < len(good) - tail else ""
    if len(bad) - tail - head > len(narrow.split("\n")):  # more than one statement went
        narrow = textwrap.dedent("\n".join(bad[head : len(bad) - tail]))
        fixed = textwrap.dedent("\n".join(good[head : len(good) - tail]))
    if not narrow.strip() or narrow == fixed:
        return offence
    return offence.model_copy(update={"snippet": narrow, "fix": fixed or offence.fix})
