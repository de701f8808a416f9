"""The diff pane: what a session changed, read file by file, with comments on lines and marks on reviewed files."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from cockpit.changes.types import FileStat
from cockpit.protocol.client import CommandFailed, SupervisorGone
from cockpit.protocol.types import GetDiff, ReviewFile
from cockpit.providers.text import Safe, clean_line
from cockpit.screens.keys import Context, bindings
from cockpit.screens.store import Store
from cockpit.sessions.types import LineComment
from cockpit.state.model import SessionState
from cockpit.types import SessionId
from widgets.diff_document import Document, file_list_lines, overview_line, read_document, section_lines
from widgets.diff_place import nearest, next_file, next_hunk, next_unreviewed, place_of
from widgets.diff_rows import Place
from widgets.diff_state import Seen, SeenDiffs
from widgets.lines import LinesView
from widgets.pane import CommentsWritten, Supervisor, Trouble
from widgets.sourceline import Line, TextLine
from widgets.viewpane import ViewPane

FILE_LIST_COLUMNS = 110
"""From this width on, the files are listed at the left."""


class DiffPane(ViewPane):
    """A `Pane` with `Files`, and `Commented`. The diff follows the workspace while the agent types."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Context.PANE, Context.TEXT, Context.DIFF))
    DEFAULT_CSS = """
    DiffPane > Horizontal { height: 1fr; }
    DiffPane #files { width: 30; display: none; border-right: solid $faint; }
    DiffPane.-wide #files { display: block; }
    DiffPane #lines { width: 1fr; }
    """

    def __init__(self, supervisor: Supervisor) -> None:
        super().__init__()
        self._supervisor = supervisor
        self._diffs = SeenDiffs()
        self._seen: Seen | None = None
        self._is_split = False
        self._session: SessionState | None = None
        self._reviewed: tuple[int, object, object] = (0, None, None)
        self._current = -1
        self._asked = Place()
        """The line that is being commented on."""
        self.view.id = "lines"
        self.files = LinesView(id="files")
        self.files.can_focus = False

    def compose(self) -> ComposeResult:
        """Put the files at the left of the lines."""
        with Horizontal():
            yield self.files
            yield self.view
        yield self.prompt

    def show(self, session: SessionId | None) -> None:
        """Turn to a session: at once to where it was left, when it is one of the last ones."""
        if session == self.subject:
            return
        if self._seen is not None:
            self._seen.cursor, self._seen.top = self.view.cursor, self.view.scroll_offset.y
            self._seen.is_loading = False
        self.workers.cancel_node(self)
        self.prompt.remove_class("-shown")
        self.subject, self._session = session, None
        self._seen = self._diffs.get(session) if session is not None else None
        self._show_all(*((self._seen.cursor, self._seen.top) if self._seen is not None else (0, 0)))

    def flush(self, store: Store) -> None:
        """Fetch the diff when the workspace has changed, and follow reviewed marks."""
        self.set_class(self.size.width >= FILE_LIST_COLUMNS, "-wide")
        session, seen = store.session(self.subject), self._seen
        self._session = session
        if session is None or seen is None or not self.view.columns:
            return
        if seen.is_due(session):
            if session.change is None or not session.change.files:
                self._take(seen, Document())
            else:
                seen.is_loading = True
                self.run_worker(self._fetch(seen), group="diff", exclusive=True)
        self._follow_marks(session, seen)
        self.view.settle()

    def discard_comments(self, session: SessionId) -> None:
        """Forget the comments of a session: they were sent."""
        seen = self._diffs.get(session)
        seen.comments.clear()
        if seen is self._seen:
            self._redraw()

    async def _fetch(self, seen: Seen) -> None:
        try:
            result = await self._supervisor.call(GetDiff(session=seen.session))
        except (CommandFailed, SupervisorGone) as error:
            seen.failed(f"not loaded: {error}")
            if seen is self._seen and seen.document is None:
                self._show_all(0, 0)
            return
        document = await asyncio.to_thread(
            read_document,
            str(result.get("text", "")),
            str(result.get("tree", "")),
            seen.document,
            is_truncated=bool(result.get("is_truncated")),
            is_split=self._is_split,
        )
        seen.is_loading, seen.trouble = False, ""
        if seen is self._seen:
            self._take(seen, document)

    def _take(self, seen: Seen, document: Document) -> None:
        """Show another version of the diff."""
        is_first = seen.document is None
        seen.document = document
        self._mark(document)
        if is_first:
            self._show_all(seen.cursor, seen.top)
        else:
            self._redraw()

    def _mark(self, document: Document) -> list[int]:
        session = self._session
        if session is None:
            return []
        stats: dict[str, FileStat] = {f.path: f for f in session.change.files} if session.change is not None else {}
        self._reviewed = (id(document), session.reviewed, session.change)
        return document.review(stats, session.reviewed)

    def _follow_marks(self, session: SessionState, seen: Seen) -> None:
        document = seen.document
        if document is None or self._reviewed == (id(document), session.reviewed, session.change):
            return
        for place in self._mark(document):
            self._redraw_section(document, place)
        self._draw_sums(document)

    def _lines(self) -> list[Line]:
        seen = self._seen
        if seen is None:
            return []
        if seen.document is None:
            said = clean_line(seen.trouble or "loading…")
            return [TextLine(said, "failed" if seen.trouble else "dim", lead=((" ", ""),), mark=Place(kind="overview"))]
        return seen.document.lines(seen.comments, self.size.width, is_split=self._is_split)

    def _show_all(self, cursor: int, top: int) -> None:
        self._show(self._lines(), cursor, top)

    def _show(self, lines: list[Line], cursor: int, top: int | None) -> None:
        self.view.replace(lines, cursor=cursor, top=top if top is not None else self.view.scroll_offset.y)
        self._current = -1
        self._follow_cursor()

    def _redraw(self) -> None:
        """Draw everything anew; the cursor stays with its code, on the same row of the screen."""
        if self._seen is None or self._seen.document is None:
            return
        row = self.view.top_of(self.view.cursor) - self.view.scroll_offset.y
        before = place_of(self.view.cursor_line)
        lines = self._lines()
        cursor = nearest(before, lines, self._seen.document, is_split=self._is_split)
        self._show(lines, cursor, None)
        self.view.go(cursor, top=row)

    def _redraw_section(self, document: Document, place: int) -> None:
        comments = self._seen.comments if self._seen is not None else []
        lines = section_lines(document.sections[place], comments, is_split=self._is_split)
        start = document.start_of(place)
        self.view.splice(start, start + document.sizes[place], lines)
        document.sizes[place] = len(lines)

    def _draw_sums(self, document: Document) -> None:
        comments = self._seen.comments if self._seen is not None else []
        self.view.splice(0, 1, [overview_line(document, comments, self.size.width, is_split=self._is_split)])
        self._current = -1
        self._follow_cursor()

    @on(LinesView.Moved, "#lines")
    def _follow_cursor(self) -> None:
        """Let the list of files say in which one the cursor is."""
        document = self._seen.document if self._seen is not None else None
        current = document.find(place_of(self.view.cursor_line).path) if document is not None else None
        if document is None or (current is not None and current == self._current):
            if document is None:
                self.files.replace([])
            return
        self._current = current if current is not None else 0
        self.files.replace(
            file_list_lines(document, self._current), cursor=self._current, top=self.files.scroll_offset.y
        )
        self.files.go(self._current)

    @on(LinesView.Moved, "#files")
    def file_clicked(self, moved: LinesView.Moved) -> None:
        """Go to the file that was clicked."""
        moved.stop()
        if self.files.cursor != self._current:
            self._go_to_file(self.files.cursor)

    def step_file(self, step: int) -> None:
        """Go to the next or previous file, round and round."""
        document = self._seen.document if self._seen is not None else None
        if document is not None and document.sections:
            self._go_to_file(next_file(document, place_of(self.view.cursor_line), step))

    def action_step_hunk(self, step: int) -> None:
        """Go to the next or previous hunk."""
        place = next_hunk(self.view.lines, self.view.cursor, step)
        if place is not None:
            self.view.go(place)

    def action_next_unreviewed(self) -> None:
        """Go to the next file that nobody has reviewed."""
        document = self._seen.document if self._seen is not None else None
        if document is None or not document.sections:
            return
        place = next_unreviewed(document, document.find(place_of(self.view.cursor_line).path))
        if place is not None:
            self._go_to_file(place)
            return
        self.view.say("every file is reviewed")

    def _go_to_file(self, place: int) -> None:
        document = self._seen.document if self._seen is not None else None
        if document is not None:
            self.view.go(document.start_of(place), top=0)

    def action_split(self) -> None:
        """Show both sides, or one."""
        self.run_worker(self._split(not self._is_split), group="split", exclusive=True)

    async def _split(self, is_split: bool) -> None:
        document = self._seen.document if self._seen is not None else None
        if document is not None:
            await asyncio.to_thread(document.prepare, is_split=is_split)
        self._is_split = is_split
        self._redraw()

    def action_fold(self) -> None:
        """Fold or unfold the file; on the overview: send the comments."""
        document = self._seen.document if self._seen is not None else None
        here = place_of(self.view.cursor_line)
        if here.kind == "overview":
            self.action_send_comments()
        elif document is not None and (place := document.find(here.path)) is not None:
            document.sections[place].is_open = not document.sections[place].is_open
            self._redraw_section(document, place)
            self.view.go(document.start_of(place))

    def action_comment(self) -> None:
        """Write a comment on the line, or change the one that is there."""
        seen, here = self._seen, place_of(self.view.cursor_line)
        if seen is None or here.kind not in ("code", "comment"):
            self.view.say("comments go on lines of code")
            return
        self._asked = here
        known = seen.comment_on(here)
        name = clean_line(here.path.rpartition("/")[2])
        self.prompt.ask(
            "comment",
            f"comment on {name}:{here.number}; enter keeps it, C sends all",
            seen.comments[known].text if known is not None else "",
        )

    def action_drop_comment(self) -> None:
        """Drop the comment on the line."""
        seen = self._seen
        known = seen.comment_on(place_of(self.view.cursor_line)) if seen is not None else None
        if seen is not None and known is not None:
            del seen.comments[known]
            self._redraw()

    def action_send_comments(self) -> None:
        """Hand the comments over; they stay until they were sent."""
        seen = self._seen
        if seen is None or not seen.comments:
            self.view.say("no comments to send")
            return
        self.post_message(CommentsWritten(seen.session, tuple(seen.comments)))

    def action_review_file(self) -> None:
        """Mark the file as reviewed, or take the mark back."""
        seen = self._seen
        document = seen.document if seen is not None else None
        place = document.find(place_of(self.view.cursor_line).path) if document is not None else None
        if seen is None or document is None or place is None:
            return
        section = document.sections[place]
        command = ReviewFile(
            session=seen.session, path=section.path, blob=section.blob, is_reviewed=not section.is_reviewed
        )
        self.run_worker(self._send(command), group="review")

    async def _send(self, command: ReviewFile) -> None:
        try:
            await self._supervisor.call(command)
        except CommandFailed as error:
            self.post_message(Trouble(error.info.what, error.info.kept, error.info.next))
        except SupervisorGone:
            self.post_message(Trouble("The supervisor is not connected.", "The mark was not set.", "Try again."))

    def answered(self, purpose: str, text: str) -> None:
        """Keep a comment."""
        seen, here = self._seen, self._asked
        if seen is None or purpose != "comment":
            return
        known = seen.comment_on(here)
        said = Safe(clean_line(text).strip())
        if known is not None:
            old = seen.comments[known]
            seen.comments[known : known + 1] = [old.model_copy(update={"text": said})] if said else []
        elif said:
            seen.comments.append(
                LineComment(path=here.path, line=here.number, side=here.side, text=said, snippet=here.snippet)
            )
        self._redraw()
