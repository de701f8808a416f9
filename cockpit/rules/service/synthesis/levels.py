"""How far to generalise: what may stand in the holes of a pattern, from the very names that were seen to anything."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from cockpit.rules.service.synthesis.families import family_of
from cockpit.rules.service.synthesis.languages import RECEIVERS, is_name, is_prose
from cockpit.rules.service.synthesis.terms import Term

_NAME = re.compile(r"[\w.]{1,60}")
_WORD = re.compile(r"[A-Za-z]{3,}")
_SHAPES = (
    ("SCREAMING_CASE", r"^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$"),
    ("camelCase", r"^_*[a-z]\w*[A-Z]\w*$"),
    ("PascalCase", r"^_*([A-Z][a-z0-9]+)+$"),
    ("snake_case", r"^_*[a-z][a-z0-9]*(_[a-z0-9]+)+$"),
)

_DUNDER = r"^__[a-z][a-z0-9_]*__$"

WIDER = {_SHAPES[1][1]: r"^_*[a-z]\w*[A-Z]", _SHAPES[2][1]: r"^_*[A-Z]"}
"""Of some shapes the mere mark by which they are told from other names."""


@dataclass(frozen=True, slots=True)
class Level:
    """One degree of generality."""

    name: str
    constraints: Mapping[str, Any]
    bonus: float
    """How much more or less plausible a rule gets by it."""
    says: str = ""
    is_kept: bool = False
    """It names what the fixes kept."""


def levels_of(
    holes: Mapping[str, Term],
    weight: int,
    interpolation: str = "",
    kept: Set[str] = frozenset(),
    lacking: Mapping[str, Any] = MappingProxyType({}),
) -> list[Level]:
    """Return the ways to fill a pattern's holes.

    Args:
        holes: by the names of their metavariables.
        weight: how many letters the pattern itself says.
        interpolation: as in `any_kind`.
        kept: holes in which the fixes left what was there while they changed something else: hardly what is meant.
        lacking: rules of holes whose names lack what every fix added to them.
    """
    every_name = {name: _listed(hole) for name, hole in holes.items() if _is_listable(hole)}
    listed = {name: rule for name, rule in every_name.items() if name not in kept}
    kinds = {name: rule for name, hole in holes.items() if (rule := _kinds(hole, interpolation))}
    shared = {name: rule for name, hole in holes.items() if (rule := _shared(hole))}
    wider = {name: rule for name, hole in holes.items() if (rule := _wider(hole))}
    others = {name: _NOT_SELF for name, hole in holes.items() if _is_other(hole)}
    words = ", ".join(sorted({text for name in listed for _, text in holes[name].samples}))
    found = _beyond(holes, kinds, {**listed, **shared}, lacking)
    if shared:
        naming = _SHAPED if wider else 0.0
        found.append(Level("shared", {**kinds, **listed, **shared}, 0.9 + naming, _names(shared)))
        free = {**kinds, **shared}
        if others and (apart := {**others, **free}) != free:
            found.append(Level("shared, of others", apart, 0.8, "of another object"))
        if listed.keys() - shared.keys():
            found.append(Level("shared, else open", free, 0.6, _names(shared)))
        if shared != free:
            found.append(Level("shared alone", shared, 0.4, _names(shared)))
    if wider:
        found.append(Level("shared, wider", {**kinds, **wider}, 0.85 + _SHAPED, _names(wider)))
        if wider.keys() != {**kinds, **wider}.keys():
            found.append(Level("shared alone, wider", wider, 0.7 + _SHAPED, _names(wider)))
    if listed:
        found.append(Level("listed", {**kinds, **listed}, 0.7, f"one of {words}"))
        if kinds.keys() - listed.keys():
            found.append(Level("listed alone", listed, 0.4, f"one of {words}"))
    if every_name != listed:
        names = ", ".join(sorted({text for name in every_name for _, text in holes[name].samples}))
        found.append(Level("kept names, too", {**kinds, **every_name}, 0.7 - _KEPT, f"one of {names}", is_kept=True))
    every = {name: any_kind(seen, interpolation) for name, hole in holes.items() if (seen := _kinds_seen(hole))}
    if every != kinds and weight < 8:
        bonus = _NAMES_TOO[weight > 4] if kinds else -0.1
        found.append(Level("kinds, names too", {**every, **listed}, bonus, _kinds_said(holes, every)))
    if kinds:
        found.append(Level("kinds", kinds, 0.5 if weight >= 3 or not listed else -1.5, _kinds_said(holes, kinds)))
    found.append(Level("open", {}, _openness(weight, is_listed=bool(listed))))
    return found


def _beyond(
    holes: Mapping[str, Term], kinds: Mapping[str, Any], named: Mapping[str, Any], lacking: Mapping[str, Any]
) -> list[Level]:
    """Return the levels that mean more names than were seen: whole families, and all that lack what fixes add."""
    found = []
    if lacking:
        found.append(Level("lacking", {**kinds, **lacking}, 0.9 + _SHAPED, "that lacks what the fixes added"))
    families = {
        name: _one_of(family)
        for name, hole in holes.items()
        if _is_listable(hole) and (family := family_of(_texts(hole)))
    }
    if families:
        said = ", ".join(f"${name} like {' and '.join(_texts(holes[name])[:2])}" for name in families)
        bonus = _FAMILY + (_AND_SHARED if named.keys() - families.keys() else 0.0)
        found.append(Level("family", {**kinds, **named, **families}, bonus, said))
    return found


_NAMES_TOO = (0.6, 0.25)
"""That names stood there says more where a pattern says little itself."""
_KEPT = 0.8
_AND_SHARED = 0.2
_FAMILY = 0.75
"""Two of a family seen is hardly chance."""
_SHAPED = 0.7
"""A shape that all names have which were changed is what names must not have."""

_NOT_SELF = {"not": {"regex": f"^({'|'.join(sorted(RECEIVERS))})\\b"}}


def _openness(weight: int, *, is_listed: bool) -> float:
    if weight >= 3 and not is_listed:
        return 0.0
    return -0.4 if weight >= 4 else -3.0


def _texts(hole: Term) -> list[str]:
    return sorted({text for _, text in hole.samples})


def _is_listable(hole: Term) -> bool:
    texts = _texts(hole)
    is_one_kind = len({kind for kind, _ in hole.samples}) == 1
    return hole.role in ("callee", "member") and is_one_kind and len(texts) <= 8 and all(map(_NAME.fullmatch, texts))


def _listed(hole: Term) -> dict[str, Any]:
    return _one_of(_texts(hole))


def _one_of(names: Sequence[str]) -> dict[str, Any]:
    return {"regex": f"^({'|'.join(map(re.escape, names))})$"}


def _kinds_said(holes: Mapping[str, Term], names: Mapping[str, Any]) -> str:
    """Return in words what stands in holes, such as `$B lambda`."""
    seen = {name: sorted({kind for kind, _ in holes[name].samples}) for name in names}
    said = {
        name: " or ".join(kind.replace(">", " with ").replace("_", " ") for kind in kinds)
        for name, kinds in seen.items()
    }
    return ", ".join(f"${name} {kinds}" for name, kinds in said.items())


def _kinds(hole: Term, interpolation: str) -> dict[str, Any]:
    kinds = sorted({kind for kind, _ in hole.samples})
    if not 0 < len(kinds) <= 3 or any(is_name(kind) or kind in _PATHS for kind in kinds):
        return {}
    return any_kind(kinds, interpolation)


_PATHS = frozenset({"attribute", "member_expression", "selector_expression", "field_expression", "call"})


def _kinds_seen(hole: Term) -> list[str]:
    kinds = sorted({kind for kind, _ in hole.samples})
    return kinds if len(kinds) <= 3 else []


def any_kind(kinds: Sequence[str], interpolation: str = "") -> dict[str, Any]:
    """Return the rule that matches nodes of one of the kinds.

    Args:
        kinds: as `terms.full_kind` says them.
        interpolation: kind of what stands in texts that are put together, when texts of the same kind may be plain.
    """
    rules = [
        _of_kind(kind, kinds, interpolation) for kind in kinds if ">" in kind and kind.partition(">")[0] not in kinds
    ]
    rules += [_of_kind(kind, kinds, interpolation) for kind in kinds if ">" not in kind]
    return rules[0] if len(rules) == 1 else {"any": rules}


def _of_kind(kind: str, kinds: Sequence[str], interpolation: str) -> dict[str, Any]:
    whole, _, part = kind.partition(">")
    if part:
        return {"kind": whole, "has": {"kind": part}}
    if interpolation and whole == "string" and f"{whole}>{interpolation}" not in kinds:
        return {"kind": whole, "not": {"has": {"kind": interpolation}}}
    return {"kind": whole}


def _is_other(hole: Term) -> bool:
    texts = _texts(hole)
    return hole.role == "receiver" and bool(texts) and not any(re.split(r"\W", text)[0] in RECEIVERS for text in texts)


def _shared(hole: Term) -> dict[str, Any]:
    """Say what the names seen have in common: a mark at the beginning, the last part of a path, a word, a shape."""
    texts = _texts(hole)
    if len(hole.samples) > 1 and all(is_prose(kind) for kind, _ in hole.samples):
        return {"regex": word} if (word := words_in(texts)) else {}
    if not hole.samples or not all(map(_NAME.fullmatch, texts)) or (len(texts) < 2 and len(hole.samples) < 2):
        return {}
    if all(re.match(r"_[^_]", text) for text in texts):
        return {"regex": "^_[^_]"}
    if all(re.fullmatch(_DUNDER, text) for text in texts):
        return {"regex": _DUNDER}
    last = {text.split(".")[-1] for text in texts}
    if len(last) == 1 and any("." in text for text in texts):
        return {"regex": rf"(^|\.){re.escape(last.pop())}$"}
    if hole.role and len(word := shared_word(texts)) >= 3:
        return {"regex": f"(?i){re.escape(word)}"}
    return {"regex": shape} if hole.role == "name" and (shape := shape_of(texts)) else {}


def _wider(hole: Term) -> dict[str, Any]:
    """Say only the first thing that is peculiar in how the names seen are written."""
    if hole.role != "name" or len(hole.samples) < 2 or not all(map(_NAME.fullmatch, _texts(hole))):
        return {}
    return {"regex": wide} if (wide := WIDER.get(shape_of(_texts(hole)), "")) else {}


def _names(shared: Mapping[str, Any]) -> str:
    return "named like " + ", ".join(sorted(rule["regex"].removeprefix("(?i)") for rule in shared.values()))


def shared_word(texts: Sequence[str]) -> str:
    """Return the longest word, or beginning of words, that all names have in common; empty: they have none."""
    shortest = min(texts, key=len)
    for length in range(len(shortest), 2, -1):
        for start in range(len(shortest) - length + 1):
            word = shortest[start : start + length]
            if all(_begins_word(text, word) for text in texts):
                return word.strip("_.")
    return ""


def words_in(texts: Sequence[str]) -> str:
    """Return the regular expression of the longest word that all texts contain; empty: there is none of 3 letters."""
    shared = set.intersection(*(set(_WORD.findall(text)) for text in texts)) if len(texts) > 1 else set()
    return rf"\b{max(sorted(shared), key=len)}\b" if shared else ""


def _begins_word(text: str, word: str) -> bool:
    for found in re.finditer(re.escape(word), text, re.IGNORECASE):
        at = found.start()
        if at == 0 or not text[at - 1].isalnum() or (text[at].isupper() and not text[at - 1].isupper()):
            return True
    return False


def shape_of(texts: Sequence[str]) -> str:
    """Return the regular expression of the way in which all names are written; empty: they differ in that."""
    return next((shape for _, shape in _SHAPES if all(re.match(shape, text) for text in texts)), "")
