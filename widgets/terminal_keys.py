"""Keys as Textual names them, as the bytes that a terminal would have sent for them."""

from __future__ import annotations

from textual.events import Key

_PLAIN = {
    "enter": "\r",
    "return": "\r",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "escape": "\x1b",
    "space": " ",
    "backspace": "\x7f",
    "ctrl+@": "\x00",
    "ctrl+space": "\x00",
    "ctrl+backslash": "\x1c",
    "ctrl+right_square_bracket": "\x1d",
    "ctrl+circumflex_accent": "\x1e",
    "ctrl+underscore": "\x1f",
}
_LETTERED = {"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}
_NUMBERED = {"insert": 2, "delete": 3, "pageup": 5, "pagedown": 6} | {
    f"f{number}": code for number, code in enumerate((11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 23, 24), start=1)
}
_MODIFIERS = {"shift": 1, "alt": 2, "ctrl": 4}


def typed(event: Key) -> str:
    """Return what a terminal sends for a key; empty where it sends nothing."""
    if event.is_printable and event.character and "+" not in event.key:
        return event.character
    if event.key in _PLAIN:
        return _PLAIN[event.key]
    *modifiers, last = event.key.split("+") if event.key != "+" else ["+"]
    held = sum(_MODIFIERS.get(modifier, 0) for modifier in set(modifiers))
    if last in _LETTERED:
        return f"\x1b[1;{held + 1}{_LETTERED[last]}" if held else f"\x1b[{_LETTERED[last]}"
    if last in _NUMBERED:
        return f"\x1b[{_NUMBERED[last]};{held + 1}~" if held else f"\x1b[{_NUMBERED[last]}~"
    return _with_modifiers(event, set(modifiers), last)


def _with_modifiers(event: Key, modifiers: set[str], last: str) -> str:
    text = _PLAIN.get(last, last if len(last) == 1 else "")
    if not text and event.character and event.character.isprintable():
        text = event.character
    if "ctrl" in modifiers:
        text = chr(ord(text) & 0x1F) if len(text) == 1 and text.isascii() and text.isalpha() else ""
    elif "shift" in modifiers:
        text = text.upper()
    return f"\x1b{text}" if "alt" in modifiers and text else text
