"""Light Markdown for agents' messages: line by line, so that a message can be shown while it is being written.

Every complete line is styled once. What a person needs to read at ease is styled (headings, lists, quotes, code, bold);
everything else is shown as it was written. The source is cleaned here, line by line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from cockpit.providers.text import Safe, clean_line
from widgets.highlight import spans_of
from widgets.sourceline import Bit, Flow, Span, TextLine

# No two repeats in a row may match the same characters: the text is hostile, and matching stays linear.
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,}) ?([\w+#.-]{0,30})[^`]{0,200}$")
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(\S.*)$")
_ITEM = re.compile(r"^(\s*)([-*+]|\d{1,4}[.)])\s+(?:\[([ xX])\]\s+)?")
_QUOTE = re.compile(r"^ {0,3}>\s?")
_RULE = re.compile(r"^ {0,3}([-*_])(?:\s*\1){2,}\s*$")
_INLINE = re.compile(
    r"(?<!`)(`{1,3})(?!`)(?P<code>[^`]+)\1(?!`)"
    r"|\*\*(?P<bold>[^*\s](?:[^*]*[^*\s])?)\*\*"
    r"|(?<![\w*])\*(?P<italic>[^*\s](?:[^*]*[^*\s])?)\*(?![\w*])"
)


class Markdown:
    """Turns source text into lines as it grows.

    Args:
        lead: what stands before the first line.
        hang: what stands before all others, as wide as the lead.
        mark: what the lines belong to.
        back: their background.
    """

    def __init__(self, lead: Sequence[Bit], hang: Sequence[Bit], mark: object, back: str = "") -> None:
        self._lead, self._hang, self._mark, self._back = lead, hang, mark, back
        self._begin()

    def _begin(self) -> None:
        self._done: list[TextLine] = []
        self._fence = ""
        self._language = ""
        self._code: list[Safe] = []
        self._source = ""
        """What of the source is in `_done`."""

    def lines(self, source: str, *, is_whole: bool) -> list[TextLine]:
        """Return the lines of the source so far; those that did not change are the same objects as last time.

        Args:
            source: the whole text so far; when it does not begin with the former one, everything is styled anew.
            is_whole: nothing will be added.
        """
        if not source.startswith(self._source):
            self._begin()
        end = source.rfind("\n") + 1
        if end > len(self._source):
            for line in source[len(self._source) : end - 1].split("\n"):
                self._take(line)
            self._source = source[:end]
        tail = source[end:]
        if is_whole:
            self._take(tail)
            self._close()
        elif tail.strip():
            return [*self._done, self._code_line(_cleaned(tail)) if self._fence else self._styled(_cleaned(tail))]
        return list(self._done)

    def _take(self, source: str) -> None:
        """Style a complete line."""
        text = _cleaned(source)
        if self._fence:
            if text.strip().startswith(self._fence) and not text.strip().strip(self._fence[0]):
                self._close()
            else:
                self._code.append(text)
                self._done.append(self._code_line(text))
        elif found := _FENCE.match(text):
            self._fence, self._language, self._code = found[1], found[2], []
        elif text.strip() or (self._done and self._done[-1].text):
            self._done.append(self._styled(text))

    def _close(self) -> None:
        """End a fence: its code gets colours."""
        if self._fence and self._code and self._language:
            first = len(self._done) - len(self._code)
            for place, spans in enumerate(spans_of(self._code, self._language, is_file=False)):
                if spans:
                    line = self._code_line(self._code[place], spans)
                    line.lead = self._done[first + place].lead
                    self._done[first + place] = line
        self._fence, self._code = "", []

    def _line(
        self,
        text: Safe,
        meaning: str = "ink",
        spans: Sequence[Span] = (),
        own: Sequence[Bit] = (),
        flow: Flow = Flow.WORDS,
    ) -> TextLine:
        before = self._hang if self._done else self._lead
        indent = " " * sum(len(bit) for bit, _ in own)
        return TextLine(
            text,
            meaning,
            spans,
            lead=(*before, *own),
            hang=(*self._hang, (indent, "")),
            flow=flow,
            back=self._back,
            mark=self._mark,
        )

    def _code_line(self, text: Safe, spans: Sequence[Span] = ()) -> TextLine:
        return self._line(text, "ink", spans, own=(("│ ", "faint"),), flow=Flow.HARD)

    def _styled(self, text: Safe) -> TextLine:
        if _RULE.match(text):
            return self._line(Safe("─" * 24), "faint")
        if found := _HEADING.match(text):
            return self._line(Safe(found[1].rstrip("# ")), "heading")
        if found := _QUOTE.match(text):
            return self._line(*_inline(Safe(text[found.end() :]), "quote"), own=(("▎ ", "faint"),))
        if found := _ITEM.match(text):
            sign = found[2] if found[2][0].isdigit() else "•"
            if found[3]:
                sign = "☐" if found[3] == " " else "☑"
            own = ((f"{found[1][:16]}{sign} ", "dim"),)
            return self._line(*_inline(Safe(text[found.end() :])), own=own)
        return self._line(*_inline(text))


def _cleaned(source: str) -> Safe:
    return clean_line(source.removesuffix("\r"))


def _inline(text: Safe, meaning: str = "ink") -> tuple[Safe, str, list[Span]]:
    """Take the signs of inline Markdown out of a text and return the inks in their place."""
    if "`" not in text and "*" not in text:
        return text, meaning, []
    pieces: list[str] = []
    spans: list[Span] = []
    at = size = 0
    for found in _INLINE.finditer(text):
        kind = str(found.lastgroup)
        before, inner = text[at : found.start()], found[kind]
        spans.append((size + len(before), size + len(before) + len(inner), kind))
        pieces += [before, inner]
        size += len(before) + len(inner)
        at = found.end()
    return Safe("".join([*pieces, text[at:]])), meaning, spans
