"""How characters look: SGR parameters to the attributes of a character, and those to the style of a run."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pyte.screens import Char

_PLAIN = Char(" ")
_FLAGS: dict[int, dict[str, bool | str]] = {
    # pyte's characters know no *dim* and nothing blinks here: the one stands in the other's place
    1: {"bold": True},
    2: {"blink": True},
    3: {"italics": True},
    4: {"underscore": True},
    7: {"reverse": True},
    9: {"strikethrough": True},
    21: {"underscore": True},
    22: {"bold": False, "blink": False},
    23: {"italics": False},
    24: {"underscore": False},
    27: {"reverse": False},
    29: {"strikethrough": False},
    39: {"fg": "default"},
    49: {"bg": "default"},
}
_MOST_PARAMETERS = 32


@lru_cache(maxsize=4096)
def restyled(attributes: Char, parameters: str) -> Char:
    """Return attributes changed by SGR parameters, `1;38;5;208`; what is not understood changes nothing."""
    changes: dict[str, Any] = {}
    groups = [group.split(":") for group in parameters.split(";")[:_MOST_PARAMETERS]]
    place = 0
    while place < len(groups):
        first, *subs = groups[place]
        code = _number(first)
        place += 1
        if code == 0:
            changes = _PLAIN._replace(data=attributes.data)._asdict()
        elif code in (38, 48):
            if not subs:
                subs, place = _separate(groups, place)
            if (colour := _colour(subs)) is not None:
                changes["fg" if code == 38 else "bg"] = colour
        elif code == 4 and subs:
            changes["underscore"] = subs[0] != "0"
        elif code in _FLAGS:
            changes.update(_FLAGS[code])
        else:
            changes.update(_basic(code))
    return attributes._replace(**changes)


def _basic(code: int) -> dict[str, str]:
    for base, key, offset in ((30, "fg", 0), (40, "bg", 0), (90, "fg", 8), (100, "bg", 8)):
        if base <= code < base + 8:
            return {key: str(code - base + offset)}
    return {}


def _separate(groups: list[list[str]], place: int) -> tuple[list[str], int]:
    """Return a colour that is written with semicolons, and where what follows it begins."""
    kind = groups[place][0] if place < len(groups) else ""
    size = {"5": 2, "2": 4}.get(kind, 1)
    return [group[0] for group in groups[place : place + size]], place + size


def _colour(words: list[str]) -> str | None:
    numbers = [_number(word) for word in words]
    if len(numbers) == 2 and numbers[0] == 5 and numbers[1] < 256:
        return str(numbers[1])
    if len(numbers) in (4, 5) and numbers[0] == 2 and max(numbers[-3:]) < 256:
        return "#{:02x}{:02x}{:02x}".format(*numbers[-3:])
    return None


def _number(word: str) -> int:
    return int(word) if word.isascii() and word.isdigit() and len(word) < 6 else 0


@lru_cache(maxsize=4096)
def style_of(char: Char) -> str:
    """Return the style of a run as `TerminalScreen` has it; call it with `data` taken out."""
    flags = "".join(
        flag
        for flag, is_on in (
            ("b", char.bold),
            ("d", char.blink),
            ("i", char.italics),
            ("u", char.underscore),
            ("s", char.strikethrough),
            ("r", char.reverse),
        )
        if is_on
    )
    ink, ground = ("" if colour == "default" else colour for colour in (char.fg, char.bg))
    return f"{flags}|{ink}|{ground}" if flags or ink or ground else ""
