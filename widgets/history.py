"""Panes over a session's events: the newest are fetched first, older ones as somebody scrolls up; live ones follow."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import Protocol

from pydantic import TypeAdapter
from textual import on

from cockpit.journal.types import Envelope
from cockpit.protocol.client import CommandFailed, SupervisorGone
from cockpit.protocol.types import GetEvents
from cockpit.providers.text import Safe, clean_line
from cockpit.screens.store import Store, Watched
from cockpit.types import SessionId
from widgets.lines import LinesView
from widgets.pane import Supervisor
from widgets.sourceline import Flow, Line, TextLine
from widgets.viewpane import ViewPane

PAGE = 500
"""Events asked for at once."""
KEPT_STORIES = 20
_RETRY_S = 2.0
_ENVELOPES = TypeAdapter(list[Envelope])


class Story(Protocol):
    """What a pane makes of one session's events: lines, changed in place through the view that shows them."""

    lines: list[Line]

    def take(self, envelopes: list[Envelope]) -> None:
        """Let events happen."""
        ...

    def hear(self, watched: Watched) -> None:
        """Take text that is still being written."""
        ...

    def prepend(self, envelopes: list[Envelope], view: LinesView) -> None:
        """Put an older page before everything; the first line of the view is not the story's."""
        ...

    def draw(self, view: LinesView) -> int:
        """Bring the view up to date. Returns how many entries are new."""
        ...


class Told:
    """A story with what is known about its sources."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.first_seq = self.last_seq = 0
        self.is_start = False
        self.basis: tuple[Watched, int] | None = None
        """The watch whose tail follows on what was fetched, and its gap; None: nothing was fetched yet."""
        self.version = -1
        self.is_loading = False
        self.retry_at = 0.0
        self.trouble = ""
        self.news = 0
        self.place: tuple[int, int] | None = None
        """Cursor and top row when the pane turned away; None: it followed the end."""
        story.lines.append(_head_line("loading…"))

    def stands_on(self, watched: Watched) -> bool:
        """Return whether nothing was missed since the last fetch."""
        return self.basis is not None and self.basis[0] is watched and self.basis[1] == watched.gap

    def newer(self, watched: Watched) -> list[Envelope]:
        """Return the events of the tail that have not been told yet."""
        found: list[Envelope] = []
        for envelope in reversed(watched.tail):
            if envelope.seq <= self.last_seq:
                break
            found.append(envelope)
        found.reverse()
        return found

    def take(self, envelopes: list[Envelope]) -> None:
        """Let events happen."""
        if envelopes:
            self.first_seq = self.first_seq or envelopes[0].seq
            self.last_seq = envelopes[-1].seq
            self.story.take(envelopes)

    def head(self) -> str:
        """Return what the first line says."""
        if self.trouble:
            return self.trouble
        if self.is_loading or self.basis is None:
            return "loading…" if self.basis is None else "loading earlier…"
        return "" if self.is_start else "↑ earlier"


class HistoryPane(ViewPane):
    """A `Pane` that tells a session's events from the end. The last sessions' stories are kept."""

    def __init__(self, supervisor: Supervisor, *, is_following: bool) -> None:
        super().__init__(is_following=is_following)
        self._supervisor = supervisor
        self._kept: OrderedDict[SessionId, Told] = OrderedDict()
        self._told: Told | None = None
        self._watched: Watched | None = None

    def new_story(self) -> Story:
        """Return an empty story."""
        raise NotImplementedError

    def show(self, session: SessionId | None) -> None:
        """Turn to a session: at once to where it was left, when it is one of the last ones."""
        if session == self.subject:
            return
        if self._told is not None:
            view = self.view
            self._told.place = None if view.is_following else (view.cursor, view.scroll_offset.y)
            self._told.is_loading = False
        self.workers.cancel_node(self)
        self.subject, self._watched = session, None
        if session is None:
            self._told = None
            self.view.replace([])
            return
        self._told = told = self._kept.pop(session, None) or Told(self.new_story())
        self._kept[session] = told
        while len(self._kept) > KEPT_STORIES:
            self._kept.popitem(last=False)
        cursor, top = told.place or (None, 0)
        self.view.replace(told.story.lines, cursor=cursor, top=top)
        self.view.say("")

    def flush(self, store: Store) -> None:
        """Take what is new."""
        told, watched = self._told, store.watched(self.subject)
        if told is None or watched is None or not self.view.columns:
            return
        self._watched = watched
        if not told.stands_on(watched):
            self._load(None)
        elif told.version != watched.version:
            told.version = watched.version
            told.take(told.newer(watched))
            told.story.hear(watched)
        self._draw(told)
        if self.view.is_at_top:
            self._load_older()

    @on(LinesView.Moved)
    def moved(self) -> None:
        """Fetch what is older when the top is reached; nothing is new any more at the end."""
        if self._told is None:
            return
        if self.view.is_following:
            self._told.news = 0
            self.view.say("")
        if self.view.is_at_top:
            self._load_older()

    def _draw(self, told: Told) -> None:
        told.news += told.story.draw(self.view)
        if self.view.is_following:
            told.news = 0
        if not self._needle:
            self.view.say(f"↓ {told.news} new" if told.news else "")
        self._draw_head(told)
        self.view.settle()

    def _draw_head(self, told: Told) -> None:
        text = told.head()
        if self.view.lines and self.view.lines[0].text != text:
            self.view.splice(0, 1, [_head_line(text)])

    def _load_older(self) -> None:
        told = self._told
        if told is not None and not told.is_start and told.basis is not None and told.first_seq > 1:
            self._load(told.first_seq)

    def _load(self, before: int | None) -> None:
        told, watched, session = self._told, self._watched, self.subject
        if told is None or watched is None or session is None or told.is_loading or time.monotonic() < told.retry_at:
            return
        told.is_loading = True
        self._draw_head(told)
        self.run_worker(self._fetch(session, told, watched, before), group="history", exclusive=True)

    async def _fetch(self, session: SessionId, told: Told, watched: Watched, before: int | None) -> None:
        gap = watched.gap
        try:
            result = await self._supervisor.call(GetEvents(session=session, before=before, limit=PAGE))
            envelopes = await asyncio.to_thread(_ENVELOPES.validate_python, result.get("envelopes", []))
        except (CommandFailed, SupervisorGone) as error:
            told.is_loading, told.retry_at = False, time.monotonic() + _RETRY_S
            told.trouble = clean_line(f"not loaded: {error}")
            self._draw_head(told)
            return
        told.is_loading, told.trouble = False, ""
        if told is not self._told:
            return
        is_start = bool(result.get("is_start", True))
        if before is not None:
            told.is_start = is_start
            told.first_seq = envelopes[0].seq if envelopes else told.first_seq
            told.story.prepend(envelopes, self.view)
        else:
            told = self._newest(told, envelopes, is_start=is_start)
            told.basis, told.version = (watched, gap), -1
        self._draw(told)

    def _newest(self, told: Told, envelopes: list[Envelope], *, is_start: bool) -> Told:
        """Take the newest page; when too much was missed to join it, begin anew with it."""
        if told.last_seq and envelopes and envelopes[0].seq > told.last_seq and not is_start:
            told = Told(self.new_story())
            if self.subject is not None:
                self._kept[self.subject] = told
            self._told = told
            self.view.replace(told.story.lines)
        if not told.last_seq:
            told.is_start = is_start
        told.take([envelope for envelope in envelopes if envelope.seq > told.last_seq])
        return told


def _head_line(text: str) -> TextLine:
    return TextLine(Safe(text), "dim", lead=(("   ", ""),), flow=Flow.CUT)
