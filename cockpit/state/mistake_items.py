"""Mistakes in the attention queue, as part of the fold: one item each, there for as long as a person may want a rule.

No event raises such an item: it follows from what is counted, so that nothing can be lost between the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cockpit.journal.types import MistakeDismissed
from cockpit.rules.types.mistakes import Mistake
from cockpit.sessions.types import AttentionItem, AttentionKind
from cockpit.state.model import State
from cockpit.types import SessionId

ENFORCED = "rules:"
"""What fingerprints begin with of what a rule in force finds: that needs no other rule."""
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_NAMED = 8


def title(mistake: Mistake, numbers: Mapping[SessionId, int]) -> str:
    """Return a mistake in one line: how often, what, and in which sessions, by their numbers."""
    times = _ORDINALS[mistake.count - 1] if 0 < mistake.count <= len(_ORDINALS) else _ordinal(mistake.count)
    known = [str(numbers[one]) for one in mistake.sessions if one in numbers][-_NAMED:]
    where = f", session{'s' if len(known) > 1 else ''} {', '.join(known)}" if known else ""
    return f"{times} time: {what(mistake)}{where}"


def what(mistake: Mistake) -> str:
    """Return what is done wrong, in one line."""
    return mistake.title.strip().partition("\n")[0].rstrip(".")


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def item_id(fingerprint: str) -> str:
    """Return the id of a mistake's item."""
    return f"mistake:{fingerprint}"


def needs_person(mistake: Mistake, state: State) -> bool:
    """Return whether a person may want a rule of it: made again, not let be since, and held off by no rule."""
    return mistake.is_repeated and mistake.count > mistake.dismissed and not is_held_off(mistake, state)


def is_held_off(mistake: Mistake, state: State) -> bool:
    """Return whether a rule in force holds a mistake off."""
    book = state.rules.books.get(mistake.rule)
    is_in_force = bool(mistake.rule) and (book is None or not book.is_retired)
    return is_in_force or mistake.fingerprint.startswith(ENFORCED)


def settle(state: State, at: float) -> None:
    """Bring the items up to date with the mistakes."""
    wanted = {item_id(name): one for name, one in state.mistakes.items() if needs_person(one, state)}
    for id_ in [one.id for one in state.attention.values() if one.kind is AttentionKind.MISTAKE]:
        if id_ not in wanted:
            del state.attention[id_]
    for id_, mistake in wanted.items():
        known = state.attention.get(id_)
        numbers = {one: state.sessions[one].number for one in mistake.sessions if one in state.sessions}
        words = title(mistake, numbers)
        if known is None or known.title != words:
            state.attention[id_] = AttentionItem(
                id=id_,
                session=mistake.sessions[-1],
                kind=AttentionKind.MISTAKE,
                title=words,
                detail=what(mistake),
                mistake=mistake.fingerprint,
                since=known.since if known is not None else at,
            )


def ruled(state: State, rule: str, fingerprints: Iterable[str], at: float) -> None:
    """Let the mistakes that a rule was made of need nobody: from now on it holds them off."""
    for name in fingerprints:
        if name in state.mistakes:
            _leave(state, name, at)
            state.mistakes[name] = state.mistakes[name].model_copy(update={"rule": rule})
    settle(state, at)


def unruled(state: State, rule: str, at: float, *, is_undone: bool) -> None:
    """Let mistakes count again whose rule is in force no longer.

    Where the rule was taken back they need a person as before; where it was retired, once they are made again. They
    stay the rule's, which may come back.
    """
    for name, one in state.mistakes.items():
        if one.rule == rule and not is_undone:
            state.mistakes[name] = one.model_copy(update={"dismissed": one.count})
    settle(state, at)


def dismissed(state: State, event: MistakeDismissed, at: float) -> None:
    """Let a mistake be until it is made again; it may have been while the person decided."""
    if (mistake := state.mistakes.get(event.fingerprint)) is not None:
        _leave(state, mistake.fingerprint, at, event.looked_s, event.keys)
        seen = min(event.count or mistake.count, mistake.count)
        state.mistakes[mistake.fingerprint] = mistake.model_copy(update={"dismissed": seen})
        settle(state, at)


def recalled(state: State, fingerprint: str, at: float) -> None:
    """Let a dismissed mistake need a person again."""
    if (mistake := state.mistakes.get(fingerprint)) is not None:
        state.mistakes[fingerprint] = mistake.model_copy(update={"dismissed": 0})
        settle(state, at)


def _leave(state: State, fingerprint: str, at: float, looked_s: float = 0.0, keys: int = 0) -> None:
    """Count what an item has cost that a person is done with."""
    item = state.attention.get(item_id(fingerprint))
    if item is None:
        return
    state.stats.attention_items += 1
    state.stats.waited_s += max(0.0, at - item.since)
    state.stats.looked_s += looked_s
    state.stats.keys += keys
