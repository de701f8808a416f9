"""Mistakes that need a person: what is known of them is asked for when somebody looks, and they can be let be."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cockpit.protocol.client import CommandFailed, SupervisorGone
from cockpit.protocol.types import DismissMistake, GetMistake
from cockpit.providers.text import Safe, clean_line
from cockpit.rules.types.forging import Offence
from cockpit.rules.types.mistakes import Evidence, Mistake
from cockpit.sessions.types import AttentionItem
from widgets.attention import AttentionRow
from widgets.mistake_lines import MistakeSight
from widgets.pane import Trouble

if TYPE_CHECKING:
    from cockpit.screens.deciding import DecidingScreen

_KEPT = 20


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read of a mistake, as it was then."""

    stamp: Hashable
    evidence: tuple[Evidence, ...] = ()
    offences: tuple[Offence, ...] = ()
    problem: str = ""


class Mistaking:
    """Reads about mistakes for a screen, and dismisses them."""

    def __init__(self, screen: DecidingScreen) -> None:
        self._screen = screen
        self._known: dict[str, _Known] = {}
        self._asked: dict[str, Hashable] = {}

    def sight_of(self, row: AttentionRow | None) -> MistakeSight | None:
        """Return what is known of the mistake of a row; what is missing is asked for. None: it is about none."""
        state = self._screen.store.state
        mistake = state.mistakes.get(row.item.mistake) if row is not None and row.is_mistake else None
        if mistake is None:
            return None
        stamp = _stamp(mistake)
        known = self._known.get(mistake.fingerprint)
        if (known is None or known.stamp != stamp) and self._asked.get(mistake.fingerprint) != stamp:
            self._asked[mistake.fingerprint] = stamp
            self._screen.later(self._read(mistake))
        sessions = [state.sessions[one] for one in mistake.sessions if one in state.sessions]
        return MistakeSight(
            mistake,
            numbers={one.id: one.number for one in sessions},
            names={one.id: one.name for one in sessions},
            evidence=known.evidence if known is not None else (),
            is_read=known is not None,
            problem=known.problem if known is not None else "",
            stamp=(stamp, mistake.standing, known.stamp if known is not None else None),
        )

    async def offences(self, fingerprint: str) -> list[Offence] | None:
        """Return what a forge can make a rule of; None: it could not be read, and the person was told."""
        mistake = self._screen.store.state.mistakes.get(fingerprint)
        if mistake is None:
            return []
        known = self._known.get(fingerprint)
        if known is None or known.problem or known.stamp != _stamp(mistake):
            known = await self._read(mistake)
        if known.problem:
            self._screen.tell(Trouble(known.problem, "Nothing was changed.", "Try again."))
            return None
        return list(known.offences)

    def dismiss(self, item: AttentionItem) -> None:
        """Let a mistake be until it is made again."""
        self._screen.later(self._dismiss(item))

    async def _dismiss(self, item: AttentionItem) -> None:
        cost = self._screen.cost_of_item(item)
        mistake = self._screen.store.state.mistakes.get(item.mistake)
        seen = mistake.count if mistake is not None else 0
        command = DismissMistake(fingerprint=item.mistake, count=seen, looked_s=cost.looked_s, keys=cost.keys)
        if await self._screen.send(command) is not None:
            undo = self._screen.keyboard.first("fleet.undo")
            self._screen.say(Safe(f"Let be until it is made again; {undo} takes it back"))

    async def _read(self, mistake: Mistake) -> _Known:
        stamp = _stamp(mistake)
        try:
            said = await self._screen.link.call(GetMistake(fingerprint=mistake.fingerprint))
        except (CommandFailed, SupervisorGone) as error:
            known = _Known(stamp, problem=clean_line(str(error)))
        else:
            evidence = tuple(Evidence.model_validate(one) for one in said["evidence"])
            known = _Known(stamp, evidence, tuple(Offence.model_validate(one) for one in said["offences"]))
        self._known[mistake.fingerprint] = known
        for name in list(self._known)[:-_KEPT]:
            self._known.pop(name)
            self._asked.pop(name, None)
        return known


def _stamp(mistake: Mistake) -> Hashable:
    """Return what the evidence depends on."""
    return mistake.count, tuple((one.session, one.seq, one.fixed_seq) for one in mistake.occurrences)
