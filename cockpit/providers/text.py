"""The one door through which text from outside passes before a person sees it.

What an agent, a repository or a network sends may contain sequences that drive the terminal, hide text from the
reader or turn its order round. `clean` makes such text harmless for display, `show_escaped` makes every character of
it visible where a person approves exactly these bytes. Both return `Safe`, which is what widgets accept.
"""

from __future__ import annotations

import re
from typing import NewType

Safe = NewType("Safe", str)
"""Text that has passed `clean`, `clean_line` or `show_escaped`, or that we wrote ourselves."""

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_INVISIBLE = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_HARMFUL = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff" + _BIDI + _INVISIBLE
_MARKS = "\u0300-\u034e\u0350-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_SYMBOLS = "#*0-9\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff"

_MARKS_KEPT = 8
_SEQUENCE = (
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI
    # OSC, DCS, APC, SOS, PM: gone with their content only when they end; else nothing but the introducer is taken out,
    # so that text after a sequence never closed is not hidden. No introducer inside: the scan stays linear.
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\n\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"  # every other escape sequence
)
_CLEAN = re.compile(
    rf"(?P<sequence>{_SEQUENCE})"
    rf"|(?P<newline>\r(?=\n))"
    # Emoji glue: terminals disagree on its width, and without it the emoji still reads.
    rf"|(?P<glue>(?<=[{_SYMBOLS}])[\ufe0e\ufe0f]|(?<=[{_SYMBOLS}\ufe0f])\u200d(?=[{_SYMBOLS}]))"
    rf"|(?P<harmful>[{_HARMFUL}])"
    rf"|(?P<marks>[{_MARKS}]{{{_MARKS_KEPT + 1},}})"
)
_NEEDS_WORK_ASCII = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_NEEDS_WORK = re.compile(f"[{_HARMFUL}{_MARKS}]")

_LONG_GAP = 32
_ESCAPED = re.compile(rf" {{{_LONG_GAP},}}|\n{{4,}}|[^\n]")
_NAMES = {"\x1b": "ESC", "\t": "TAB", "\r": "CR", "\x00": "NUL", "\x08": "BS", "\x07": "BEL", "\x7f": "DEL"}
_ALWAYS_ESCAPED = re.compile(f"[⟨{_HARMFUL}\t{_MARKS}\u2800]")

# Letters of other scripts (and their full-width and mathematical twins) that pass for a Latin letter.
_LOOKALIKE = (
    "АВЕЅІЈКМНОРСТҮХаеосрухѕіјһԁԛԝүѵӏ"
    "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονικυρχϲϳ"
    "ՕՍօսհոռցքᎪᎬᎻᎫᎳᎷᏀᏃᏆᏒᏚᏟᏢᏴ"
    "\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7ff"
)
_MIXED_WORD = re.compile(
    rf"(?<!\w)(?=\w*[A-Za-z\u00c0-\u024f])(?=\w*[{_LOOKALIKE}])\w+",
)
_LOOKALIKE_FOUND = re.compile(f"[{_LOOKALIKE}]")


def clean(text: str) -> Safe:
    r"""Return `text` unable to drive a terminal or to deceive its reader. Newlines and tabs are kept.

    Escape sequences are taken out whole; every other control, bidi or invisible character and every lone surrogate
    becomes a visible placeholder (`␛`, `⟨U+202E⟩`). `\r\n` becomes `\n`. Cleaning twice changes nothing more.
    """
    if text.isascii():
        if _NEEDS_WORK_ASCII.search(text) is None:
            return Safe(text)
    elif _NEEDS_WORK.search(text) is None:
        return Safe(text)
    return Safe(_CLEAN.sub(_replace, text))


def clean_line(text: str) -> Safe:
    """Clean `text` for a place that is one line high: newlines become spaces, tabs are expanded."""
    cleaned = clean(text)
    if "\n" in cleaned:
        cleaned = Safe(cleaned.strip("\n").replace("\n", " "))
    return Safe(cleaned.expandtabs(4)) if "\t" in cleaned else cleaned


def show_escaped(text: str) -> Safe:
    """Show every character of `text`, for a person who approves exactly this text. Nothing is taken out.

    What could not be seen is written as `⟨ESC⟩` or `⟨U+202E⟩`, and so is `⟨` itself: two different texts never look
    the same. Gaps long enough to push text out of sight (32 spaces, 4 newlines) are counted: `⟨40 spaces⟩`.
    """
    if text.isascii() and text.isprintable() and " " * _LONG_GAP not in text:
        return Safe(text)
    return Safe(_ESCAPED.sub(_escape, text))


def confusable(text: str) -> tuple[Safe, ...]:
    """Return the words of `text` that mix Latin letters with lookalikes of another script, as in `pаypal`."""
    if text.isascii() or _LOOKALIKE_FOUND.search(text) is None:
        return ()
    return tuple(clean_line(word) for word in dict.fromkeys(_MIXED_WORD.findall(text)))


def _replace(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "harmful":
            return _placeholder(found.group())
        case "marks":
            run = found.group()
            return f"{run[:_MARKS_KEPT]}⟨+{len(run) - _MARKS_KEPT} marks⟩"
        case _:
            return ""


def _placeholder(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"⟨U+{code:04X}⟩"


def _escape(found: re.Match[str]) -> str:
    run = found.group()
    if len(run) > 1:
        return f"⟨{len(run)} spaces⟩" if run[0] == " " else f"\n⟨{len(run)} newlines⟩\n"
    if run.isprintable() and _ALWAYS_ESCAPED.match(run) is None:
        return run
    return f"⟨{_NAMES.get(run) or f'U+{ord(run):04X}'}⟩"
