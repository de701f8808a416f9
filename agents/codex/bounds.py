"""How much of what codex says is passed on."""

from __future__ import annotations

TITLE_CHARS = 400
MESSAGE_CHARS = 200_000
_HEAD_CHARS, _TAIL_CHARS = 12_000, 20_000


def head_and_tail(text: str, head: int = _HEAD_CHARS, tail: int = _TAIL_CHARS) -> str:
    """Return the text; of a long one its beginning and its end, saying how much is missing between them."""
    missing = len(text) - head - tail
    if missing <= 0:
        return text
    return f"{text[:head]}\n[... {missing} characters left out ...]\n{text[-tail:] if tail else ''}"


def one_line(text: str, limit: int = TITLE_CHARS) -> str:
    """Return the text as one line for people."""
    line = " ".join(text[: 4 * limit].split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def message(text: str) -> str:
    """Return a message at the length that one event can carry."""
    return head_and_tail(text, MESSAGE_CHARS // 2, MESSAGE_CHARS // 2)
