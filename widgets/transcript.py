"""The transcript pane: what was said and done in a session, as it happens."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from cockpit.journal.types import Envelope
from cockpit.providers.text import Safe
from cockpit.screens.keys import Context, bindings
from cockpit.screens.store import Watched
from cockpit.state.entries import Entry, EntryKind, Progress
from cockpit.state.transcript import Transcript
from widgets.history import HistoryPane
from widgets.lines import LinesView
from widgets.markdown import Markdown
from widgets.pane import Supervisor
from widgets.sourceline import Line, TextLine
from widgets.transcript_lines import can_open, lines_of, needs_air, prose_of

_HEAD = 1
"""Lines before the first entry: the pane's own."""


class TranscriptStory:
    """A transcript and its lines. Only entries that changed are drawn again, and of a growing one only its end."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.transcript = Transcript()
        self.opened: set[int] = set()
        self._counts: list[int] = []
        """Lines of each entry, with the air before it."""
        self._kinds: list[EntryKind] = []
        self._prose: dict[int, Markdown] = {}

    def take(self, envelopes: list[Envelope]) -> None:
        """Let events happen."""
        self.transcript.take(envelopes)

    def hear(self, watched: Watched) -> None:
        """Take messages and outputs that are still being written."""
        self.transcript.hear(watched.live, watched.kinds)

    def prepend(self, envelopes: list[Envelope], view: LinesView) -> None:
        """Put an older page before everything. Entries that began in it are joined with their ends."""
        self.draw(view)
        before = {entry.key: place for place, entry in enumerate(self.transcript.entries)}
        more = self.transcript.prepend(envelopes)
        gone = before.keys() - {entry.key for entry in self.transcript.entries}
        for place in sorted((before[key] for key in gone), reverse=True):
            start = self._start_of(place)
            view.splice(start, start + self._counts[place], [])
            del self._counts[place], self._kinds[place]
        drawn: list[Line] = []
        counts, kinds = [], []
        for place in range(more):
            lines = self._drawn(place)
            drawn += lines
            counts.append(len(lines))
            kinds.append(self.transcript.entries[place].kind)
        head = view.lines[:_HEAD]
        view.splice(0, _HEAD, [])
        view.splice(0, 0, [*head, *drawn])
        self._counts[:0], self._kinds[:0] = counts, kinds
        self.transcript.changed.clear()
        if more < len(self._counts):
            self._redraw(more, view)

    def draw(self, view: LinesView) -> int:
        """Draw what changed. Returns how many entries are new."""
        entries, changed = self.transcript.entries, self.transcript.changed
        if not changed:
            return 0
        known = len(self._counts)
        wanted = set(changed)
        wanted -= {entry.key for entry in entries[known:]}
        place = known - 1
        while wanted and place >= 0:
            if entries[place].key in wanted:
                wanted.discard(entries[place].key)
                self._redraw(place, view)
            place -= 1
        added: list[Line] = []
        for place in range(known, len(entries)):
            lines = self._drawn(place)
            added += lines
            self._counts.append(len(lines))
            self._kinds.append(entries[place].kind)
        if added:
            view.splice(len(view.lines), len(view.lines), added)
        changed.clear()
        return len(entries) - known

    def toggle(self, key: int, view: LinesView) -> None:
        """Show all of an entry, or fold it again; the cursor goes to its first line."""
        for place in range(len(self._counts) - 1, -1, -1):
            entry = self.transcript.entries[place]
            if entry.key == key:
                if can_open(entry):
                    self.opened ^= {key}
                    self._redraw(place, view)
                    view.go(self._start_of(place) + self._has_air(place))
                return

    def _redraw(self, place: int, view: LinesView) -> None:
        start, count = self._start_of(place), self._counts[place]
        lines = self._drawn(place)
        same = 0
        while same < min(count, len(lines)) and lines[same] is view.lines[start + same]:
            same += 1
        view.splice(start + same, start + count, lines[same:])
        self._counts[place], self._kinds[place] = len(lines), self.transcript.entries[place].kind

    def _start_of(self, place: int) -> int:
        if place > len(self._counts) // 2:
            return len(self.lines) - sum(self._counts[place:])
        return _HEAD + sum(self._counts[:place])

    def _drawn(self, place: int) -> list[Line]:
        entry = self.transcript.entries[place]
        air: list[Line] = [_AIR] if self._has_air(place) else []
        return [*air, *self._entry_lines(entry)]

    def _has_air(self, place: int) -> bool:
        entries = self.transcript.entries
        return needs_air(entries[place - 1].kind if place else None, entries[place].kind)

    def _entry_lines(self, entry: Entry) -> list[TextLine]:
        if entry.kind is EntryKind.AGENT and entry.progress is Progress.RUNNING:
            prose = self._prose.get(entry.key)
            if prose is None:
                prose = self._prose[entry.key] = prose_of(entry)
            return prose.lines(entry.text.lstrip("\n"), is_whole=False)
        self._prose.pop(entry.key, None)
        return lines_of(entry, is_open=entry.key in self.opened)


class TranscriptPane(HistoryPane):
    """A `Pane`: follows the end unless somebody scrolled up."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Context.PANE, Context.TEXT, Context.TRANSCRIPT))

    def __init__(self, supervisor: Supervisor) -> None:
        super().__init__(supervisor, is_following=True)

    def new_story(self) -> TranscriptStory:
        """Return an empty transcript."""
        return TranscriptStory()

    @property
    def decision(self) -> str:
        """The id of the decision under the cursor; empty: there is none."""
        line, story = self.view.cursor_line, self._told.story if self._told is not None else None
        if line is None or not isinstance(story, TranscriptStory):
            return ""
        entries = story.transcript.entries
        place = next((place for place, one in enumerate(entries) if one.key == line.mark), None)
        if place is None:
            return ""
        near = [entries[place]]
        if near[0].kind is EntryKind.HUMAN:  # the words stand below the decision that they belong to
            near = [one for one in reversed(entries[max(0, place - _NEAR) : place]) if one.text in near[0].text]
        return next((one.decision.id for one in near if one.decision is not None), "")

    def action_expand(self) -> None:
        """Show or fold what is under the cursor."""
        line = self.view.cursor_line
        told = self._told
        if told is not None and line is not None and isinstance(line.mark, int):
            story = told.story
            if isinstance(story, TranscriptStory):
                story.toggle(line.mark, self.view)


_AIR = TextLine(Safe(""))
_NEAR = 4
"""Entries between a decision and its words, at most."""
