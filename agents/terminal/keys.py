"""Keys by name as the bytes that a terminal sends: `ctrl+c`, `enter`, `/exit enter`."""

from __future__ import annotations

import re

_NAMED = {
    "enter": "\r",
    "tab": "\t",
    "escape": "\x1b",
    "space": " ",
    "backspace": "\x7f",
    "shift+tab": "\x1b[Z",
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "delete": "\x1b[3~",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "ctrl+@": "\x00",
    "ctrl+[": "\x1b",
    "ctrl+\\": "\x1c",
    "ctrl+]": "\x1d",
    "ctrl+^": "\x1e",
    "ctrl+_": "\x1f",
}
_WITH_CTRL = re.compile(r"ctrl\+([a-z])")
_WITH_ALT = re.compile(r"alt\+(.+)")
_CURSOR_KEY = re.compile(r"\x1b\[([ABCDHF])")
_NOT_TYPED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_PASTE_BEGINS, _PASTE_ENDS = "\x1b[200~", "\x1b[201~"


def sequence(words: str) -> tuple[str, ...]:
    """Return what is typed for each word; one that names no key is typed as it is.

    Raises:
        ValueError: a word looks like a key and is none.
    """
    return tuple(_typed(word) for word in words.split())


def _typed(word: str) -> str:
    if word in _NAMED:
        return _NAMED[word]
    if found := _WITH_CTRL.fullmatch(word):
        return chr(ord(found[1]) & 0x1F)
    if word.startswith("ctrl+"):
        raise ValueError(f"{word!r} is no key")
    if found := _WITH_ALT.fullmatch(word):
        return "\x1b" + _typed(found[1])
    return word


def for_program(keys: str, *, has_application_cursor: bool) -> str:
    """Return keys the way a program wants them that has switched the cursor keys to their other spelling."""
    return _CURSOR_KEY.sub("\x1bO\\1", keys) if has_application_cursor else keys


def pasted(text: str, *, is_bracketed: bool) -> str:
    """Return a text as a terminal pastes it; nothing in it can act as a key or end the paste."""
    text = _NOT_TYPED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if is_bracketed:
        return f"{_PASTE_BEGINS}{text}{_PASTE_ENDS}"
    # Where it is no paste, a tab would complete and a newline is the enter key.
    return text.replace("\t", "    ").replace("\n", "\r")
