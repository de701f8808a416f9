"""What a program prints, cut into text, controls and sequences, and carried out on a terminal in memory.

pyte's own parser is not used: it draws the content of strings it does not know, takes private sequences for plain ones,
waits for ever for the end of a string, and raises on parameters it did not expect. Here whatever is not understood does
nothing, and nothing is kept longer than a short sequence needs.
"""

from __future__ import annotations

import codecs
import re

from agents.terminal.screen import TerminalMemory

_SEQUENCE_CHARS = 256
"""A longer one is no sequence of a sane program."""
_STRING_CHARS = 1 << 20
"""A string (title, clipboard, image) that does not end within so much has no end."""
_MOST = 9999

_TOKEN = re.compile(
    "(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    "|\x1b\\[(?P<prefix>[<-?]?)(?P<parameters>[0-;]*)(?P<between>[ -/]*)(?P<final>[@-~])"
    "|\x1b(?P<string>[\\]PX^_])"
    "|\x1b(?P<escape>[ -/]*[0-OQ-WYZ\\\\`-~])"
    "|(?P<partial>\x1b(?:\\[[0-?]*[ -/]*|[ -/]*)\\Z)"
    "|(?P<control>[\x00-\x1f\x7f-\x9f])"
)
_STRING_END = re.compile("\x07|\x1b\\\\|\x9c|[\x18\x1a]|\x1b(?!\\\\|\\Z)")
_PLAIN_FLOOD = re.compile(rb"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\xc2]*")

_COLOURS = {
    # Programs ask whether they are on a dark ground. They are told so: what they then draw is readable on a light one,
    # too, because the pane sees to it, and the same whoever looks.
    "]10;?": "\x1b]10;rgb:d8d8/d8d8/e0e0\x1b\\",
    "]11;?": "\x1b]11;rgb:1515/1818/2020\x1b\\",
}

_CONTROLS = {
    "\x08": "backspace",
    "\t": "tab",
    "\n": "linefeed",
    "\x0b": "linefeed",
    "\x0c": "linefeed",
    "\r": "carriage_return",
    "\x0e": "shift_out",
    "\x0f": "shift_in",
}
_ESCAPES = {
    "D": "index",
    "M": "reverse_index",
    "H": "set_tab_stop",
    "7": "save_cursor",
    "8": "restore_cursor",
    "c": "reset",
}
_COUNTED = {
    "A": "cursor_up",
    "B": "cursor_down",
    "C": "cursor_forward",
    "D": "cursor_back",
    "E": "cursor_down1",
    "F": "cursor_up1",
    "G": "cursor_to_column",
    "`": "cursor_to_column",
    "d": "cursor_to_line",
    "a": "cursor_forward",
    "e": "cursor_down",
    "@": "insert_characters",
    "P": "delete_characters",
    "L": "insert_lines",
    "M": "delete_lines",
    "X": "erase_characters",
    "S": "scroll_up",
    "T": "scroll_down",
    "Z": "back_tab",
    "b": "repeat",
}


class Parser:
    """Feeds one terminal in memory with bytes, however cut."""

    def __init__(self, screen: TerminalMemory) -> None:
        """Carry out on `screen`."""
        self._screen = screen
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self._string_chars = 0
        """How much of a string was skipped; 0: outside of one."""
        self._string_head = ""
        """How the string begins: enough to know a question about colours."""

    def feed(self, data: bytes) -> None:
        """Take what the program printed."""
        text = self._held + self._decoder.decode(data)
        self._held = ""
        place = 0
        while place < len(text):
            if self._string_chars:
                place = self._skip_string(text, place)
                continue
            found = _TOKEN.match(text, place)
            assert found is not None  # the last alternatives take any character
            if found["partial"] and len(text) - place < _SEQUENCE_CHARS:
                self._held = text[place:]
                return
            place = place + 1 if found["partial"] else found.end()
            self._carry_out(found)

    def without_flood(self, data: bytes) -> bytes:
        """Return what of the next output is worth feeding: lines that leave the screen unseen are not."""
        if self._held or self._string_chars or _PLAIN_FLOOD.fullmatch(data) is None:
            return data
        lines = data.split(b"\n")
        kept = 2 * self._screen.lines
        if len(lines) <= kept + 1 or self._screen.margins is not None:
            return data
        return lines[0] + b"\r\n" + b"\n".join(lines[-kept:])

    def _skip_string(self, text: str, place: int) -> int:
        found = _STRING_END.search(text, place)
        if found is None and text.endswith("\x1b"):
            self._held, text = "\x1b", text[:-1]
        end = found.start() if found is not None else len(text)
        self._string_head = (self._string_head + text[place : min(end, place + 8)])[:8]
        if found is not None:
            self._string_chars = 0
            if (colour := _COLOURS.get(self._string_head)) is not None:
                self._screen.write_process_input(colour)
            # An ESC that does not end the string begins what comes next.
            return found.start() if found.group() == "\x1b" else found.end()
        self._string_chars += len(text) - place
        if self._string_chars > _STRING_CHARS:
            self._string_chars = 0
        return len(text) + 1

    def _carry_out(self, found: re.Match[str]) -> None:
        match found.lastgroup:
            case "text":
                self._screen.draw(found["text"])
            case "control":
                if name := _CONTROLS.get(found["control"]):
                    getattr(self._screen, name)()
            case "escape":
                self._escape(found["escape"])
            case "string":
                self._string_chars, self._string_head = 1, found["string"]
            case "final":
                self._sequence(found["prefix"], found["parameters"], found["between"], found["final"])
            case _:
                pass

    def _escape(self, code: str) -> None:
        if code in _ESCAPES:
            getattr(self._screen, _ESCAPES[code])()
        elif code == "E":
            self._screen.carriage_return()
            self._screen.index()
        elif code[0] in "()" and code[1:] in ("0", "B"):
            self._screen.define_charset(code[1:], mode=code[0])

    def _sequence(self, prefix: str, parameters: str, between: str, final: str) -> None:
        numbers = [min(int(word[:6] or 0), _MOST) if word[:6].isdigit() else 0 for word in parameters.split(";")[:32]]
        first = numbers[0]
        screen = self._screen
        if prefix or between:
            self._private(prefix, numbers, between + final)
        elif final == "m":
            screen.restyle(parameters)
        elif final in _COUNTED:
            getattr(screen, _COUNTED[final])(first or 1)
        elif final in "Hf":
            screen.cursor_position(first or 1, numbers[1] if len(numbers) > 1 else 1)
        elif final in "JK":
            self._erase(final, first)
        elif final == "r":
            self._margins(numbers)
        elif final in "hl":
            if 4 in numbers:  # inserting
                (screen.set_mode if final == "h" else screen.reset_mode)(4)
        else:
            self._other(final, first)

    def _other(self, final: str, first: int) -> None:
        screen = self._screen
        match final:
            case "g":
                screen.clear_tab_stop(first)
            case "n":
                screen.report_device_status(first)
            case "c" if first == 0:
                screen.write_process_input("\x1b[?62;22c")
            case "s":
                screen.save_cursor()
            case "u":
                screen.restore_cursor()
            case _:
                pass

    def _private(self, prefix: str, numbers: list[int], final: str) -> None:
        screen = self._screen
        match prefix, final:
            case "?", "h" | "l":
                screen.switch(numbers, is_on=final == "h")
            case "?", "J" | "K":
                self._erase(final, numbers[0])
            case "?", "n" if numbers[0] == 6:
                screen.write_process_input(f"\x1b[?{screen.cursor.y + 1};{screen.cursor.x + 1}R")
            case "?", "$p":
                screen.write_process_input(f"\x1b[?{numbers[0]};{screen.state_of(numbers[0])}$y")
            case ">", "c" if numbers[0] == 0:
                screen.write_process_input("\x1b[>0;0;0c")
            case "", "!p":
                screen.margins = None
                screen.switched_on.clear()
                screen.restyle("0")
            case _:
                pass

    def _erase(self, final: str, how: int) -> None:
        if how <= 3 and final == "J":
            self._screen.erase_in_display(min(how, 2))
        elif how <= 2:
            self._screen.erase_in_line(how)

    def _margins(self, numbers: list[int]) -> None:
        top = numbers[0] or 1
        bottom = (numbers[1] if len(numbers) > 1 else 0) or self._screen.lines
        if top < bottom:
            self._screen.set_margins(top, min(bottom, self._screen.lines))
