"""The fleet screen: what needs you and every session, the chosen one beside them, and a box for new tasks."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical

from cockpit.providers.text import Safe
from cockpit.screens.deciding import DecidingScreen
from cockpit.screens.digits import Digits
from cockpit.screens.keys import Context, Keyboard, bindings
from cockpit.screens.link import Link
from cockpit.screens.panes import make_panes
from cockpit.screens.store import Store
from cockpit.state.model import SessionState
from cockpit.types import SessionId
from widgets.attention import AttentionRow, fold_name, own_of, queue_of, sessions_of, waiting_of
from widgets.bar import Bar
from widgets.card import Card
from widgets.detail import Detail
from widgets.dispatch import Choice, DispatchBox, Fork
from widgets.filterbox import FilterBox
from widgets.fleetlist import CardScrolled, FleetList, Wanted, lesson_of
from widgets.footer import KeyFooter
from widgets.header import Header
from widgets.pane import Trouble
from widgets.rows import Row, RowList
from widgets.sessions import HeadingRow, SessionRow, grouped, matches

FLUSH_S = 0.1
WIDE_COLUMNS = 80
"""From this width on, list and detail stand side by side."""
VERY_WIDE_COLUMNS = 150
"""From this width on, the list has half of it, and more columns."""
SMALLEST = (40, 10)
JOINED_S = 0.5
"""A key so soon after another session joined a card was meant for those before it: it has to be pressed again."""
_RESTED_S = 0.08
"""The detail waits until the cursor has rested so long: a key held down scrolls the list and nothing else."""


class FleetScreen(DecidingScreen):
    """Composes the fleet, follows the store, and moves about; what is decided is in `DecidingScreen`."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Context.FLEET))
    AUTO_FOCUS = "FleetList"
    DEFAULT_CSS = """
    FleetScreen { background: $background; layers: base over; }
    #body { height: 1fr; }
    #side { width: 2fr; min-width: 36; }
    #side FleetList { height: 1fr; }
    #right { width: 3fr; border-left: solid $faint; }
    FleetScreen.-very-wide #side { width: 3fr; }
    FleetScreen.-narrow #body { layout: vertical; }
    FleetScreen.-narrow #side { width: 1fr; height: 1fr; min-width: 0; }
    FleetScreen.-narrow #right { width: 1fr; height: 1fr; border-left: none; border-top: solid $faint; }
    FleetScreen.-zoomed #side { display: none; }
    FleetScreen.-zoomed #right { border: none; }
    #small { display: none; height: 1fr; content-align: center middle; }
    FleetScreen.-small > * { display: none; }
    FleetScreen.-small > #small { display: block; }
    """

    def __init__(self, store: Store, link: Link, keyboard: Keyboard, repository: str) -> None:
        super().__init__(store, link, keyboard)
        self._repository = repository
        self._shape: tuple[object, ...] = ()
        self._digits = Digits()
        self._offered: tuple[object, ...] = ()
        """What the keys of the row depend on."""
        self._apart: set[str] = set()
        """Names of the folds whose items are shown one by one, too."""
        self._moved_at = 0.0
        self.list = FleetList(keyboard)
        self.detail = Detail(make_panes(store, link, keyboard), id="detail")
        self.box = DispatchBox(placeholder="what should be done? @agent in front chooses who does it", id="dispatch")
        self.card = Card(keyboard, id="card")
        self.filter_box = FilterBox(id="filter")

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield Header(self._repository, id="header")
        with Horizontal(id="body"):
            with Vertical(id="side"):
                yield self.list
            with Vertical(id="right"):
                yield self.card
                yield self.detail
        yield self.said_before.bar
        yield self.box
        yield KeyFooter(self.keyboard, id="footer")
        yield Bar(id="small")

    def on_mount(self) -> None:
        """Begin to follow the store."""
        self.set_interval(FLUSH_S, self.flush)

    # --- following the store

    @property
    def subject(self) -> SessionState | None:
        """The session under the cursor."""
        row = self.list.row
        return row.session if isinstance(row, AttentionRow | SessionRow) else None

    @property
    def item_row(self) -> AttentionRow | None:
        """The attention item under the cursor."""
        return self.list.row if isinstance(self.list.row, AttentionRow) else None

    def flush(self) -> None:
        """Bring everything that is seen up to date."""
        now = time.time()
        wanted = self.filter_box.value
        shape = (self.store.shape, wanted, self.store.link, frozenset(self._apart))
        if shape != self._shape:
            self._shape = shape
            before, subject = self.list.row, self.subject
            rows = fleet_rows(self.store, wanted, self._apart)
            self.list.set_rows(rows, lesson_of(self.store.link, self.keyboard, wanted))
            if subject is not None and _is_gone(before, self.list.row):
                # What was asked is answered, or something new is: a key meant for this session must not meet another.
                self._turn_to(subject.id, is_alone=False)
            self.looking.forget(set(self.store.state.attention))
        self.list.flush(now)
        self.query_one(Header).flush(self.store)
        state = self.store.state
        self.box.offer(Choice(state.agents, state.default_agent, state.missing_agents))
        if time.monotonic() - self._moved_at >= _RESTED_S:
            self._look(now)

    def _look(self, now: float) -> None:
        """Turn detail, card and the measure of attention to the subject."""
        row, subject = self.item_row, self.subject
        sight, offer = self.mistaking.sight_of(row), self.said_before.stand(row)
        self.card.show(row, now, is_active=self.list.has_focus, sight=sight, offer=offer)
        is_looking = row is not None and self.app.app_focus and not self.box.has_focus
        self.looking.turn_to(row.item.id if row is not None and is_looking else None)
        self.link.watch([subject.id] if subject is not None else [])
        self.detail.show(subject.id if subject is not None else None)
        self.detail.flush(self.store)

    @on(RowList.Moved)
    def follow_cursor(self) -> None:
        """Offer the keys of the row; card and detail follow at the next flush, so that moving costs two lines."""
        self._moved_at = time.monotonic()
        row = self.item_row
        offered = (row.item.kind, row.kind_word, row.is_folded, row.is_apart) if row is not None else ()
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()

    def is_seen(self, row: AttentionRow) -> bool:
        """Return whether the card shows this item; if not yet, show it."""
        if self.card.items == row.items:
            return time.monotonic() - self.card.grown_at >= JOINED_S
        self._look(time.time())
        return False

    def on_card_scrolled(self, scrolled: CardScrolled) -> None:
        """Scroll the card."""
        self.card.scroll_lines(scrolled.step)

    # --- moving about

    async def action_tab(self, name: str) -> None:
        """See a pane by name."""
        await self.detail.choose(name)
        self.detail.flush(self.store)

    async def action_step_tab(self, step: int) -> None:
        """See the next or previous pane."""
        await self.detail.step(step)
        self.detail.flush(self.store)

    def action_step_file(self, step: int) -> None:
        """Go to another file in the pane."""
        self.detail.step_file(step)

    def action_zoom(self) -> None:
        """Give the detail the whole screen, or take it back."""
        if self.toggle_class("-zoomed").has_class("-zoomed"):
            self.detail.pane.focus()
        else:
            self.list.focus()

    def action_dispatch(self) -> None:
        """Go to the box for new tasks."""
        self.box.focus()

    def action_fork(self) -> None:
        """Write a task that begins from the session."""
        session = self.lone()
        if session is not None and session.workspace is None:
            self.tell(Trouble(f"Session {session.number} has no work to begin from.", next="Begin a new task instead."))
        elif session is not None:
            self.box.begin_fork(Fork.of(session))
            self.box.focus()

    async def action_filter(self) -> None:
        """Filter the list."""
        if not self.filter_box.is_attached:
            await self.query_one("#side").mount(self.filter_box)
        self.filter_box.add_class("-shown")
        self.filter_box.focus()

    def action_back(self) -> None:
        """Pass what is offered, else back to the list; from the list: end the zoom, then the filter."""
        if self.said_before.offer is not None:
            self.said_before.decline()
            return
        if self.box.has_focus and not self.box.text.strip():
            self.box.end_fork()
        if not self.list.has_focus and self.list.display and not self.has_class("-zoomed"):
            self.list.focus()
        elif self.has_class("-zoomed"):
            self.remove_class("-zoomed")
            self.list.focus()
        elif self.filter_box.has_class("-shown"):
            self._end_filter(is_kept=False)

    def action_leave(self) -> None:
        """Back from a pane to the list."""
        self.remove_class("-zoomed")
        self.list.focus()

    def action_next_waiting(self) -> None:
        """Go to the next thing that needs a person, round and round."""
        queue = queue_of(waiting_of(self.store.state))
        if not queue:
            self.say(Safe("Nothing needs you."))
            return
        if self.filter_box.value:
            self._end_filter(is_kept=False)
        ids = [row.id for row in queue]
        here = self.list.row.id if self.list.row is not None else ""
        self.list.select(ids[(ids.index(here) + 1) % len(ids)] if here in ids else ids[0])
        self.remove_class("-zoomed")
        self.list.focus()

    def action_wall(self) -> None:
        """Show many sessions at once."""
        from cockpit.screens.wall import WallScreen  # a screen of its own, made when it is first wanted

        self.app.push_screen(WallScreen(self.store, self.keyboard, self.subject), self.open_session)

    def action_rules(self) -> None:
        """Show the rules with their books."""
        from cockpit.screens.rules import RulesScreen  # as the wall

        self.app.push_screen(RulesScreen(self.store, self.link.call, self.keyboard))

    def open_session(self, session: SessionId | None) -> None:
        """Put the cursor on a session (on what it needs a decision for, if that is so)."""
        if session is None:
            return
        if not self._turn_to(session):
            self._end_filter(is_kept=False)
            self.flush()
            self._turn_to(session)
        self.list.focus()

    def _turn_to(self, session: SessionId, *, is_alone: bool = True) -> bool:
        """Put the cursor on what a session needs a decision for, else on the session; False when neither is listed.

        Where it asks the same as others, `is_alone` takes it apart from them.
        """
        mine = own_of(self.store.state, session)
        if mine and self.list.select(f"item:{mine[0].item.id}"):
            return True
        if mine and self.list.select(fold_name(mine[0])):
            if is_alone and isinstance(self.list.row, AttentionRow) and self.list.row.is_folded:
                self._take_apart(self.list.row.id)
                self.list.select(f"item:{mine[0].item.id}")
            return True
        return self.list.select(f"session:{session}")

    def _take_apart(self, fold: str) -> None:
        self._apart.add(fold)
        self.flush()

    @on(Wanted)
    def take_apart(self, wanted: Wanted) -> None:
        """Show what several sessions ask alike one by one, or as one again."""
        row = self.item_row
        if wanted.what != "apart" or row is None:
            return
        name = fold_name(row.askers[0])
        if name in self._apart:
            self._apart.discard(name)
            self.flush()
            self.list.select(name)
        elif row.is_folded:
            self._take_apart(name)
            self.list.select(f"item:{row.item.id}")

    @on(Wanted)
    def go_or_peek(self, wanted: Wanted) -> None:
        """Go into the detail, or peek at the session."""
        if wanted.what == "open":
            self.detail.pane.focus()
        elif wanted.what == "peek" and self.subject is not None:
            from cockpit.screens.peek import PeekScreen  # as the wall

            self.app.push_screen(PeekScreen(self, self.subject.id))

    @on(RowList.Opened)
    def open_clicked(self) -> None:
        """Go into the detail of what was clicked twice."""
        self.detail.pane.focus()

    @on(FilterBox.Changed)
    def filter_changed(self) -> None:
        """Show what matches."""
        self.flush()

    @on(FilterBox.Left)
    def filter_left(self, left: FilterBox.Left) -> None:
        """Back to the list."""
        self._end_filter(is_kept=left.is_kept and bool(self.filter_box.value))

    def _end_filter(self, *, is_kept: bool) -> None:
        if not is_kept:
            self.filter_box.value = ""
            self.filter_box.remove_class("-shown")
        self.list.focus()

    def on_key(self, event: events.Key) -> None:
        """Take digits as the number of a session."""
        numbers = {session.number: session.id for session in self.store.state.sessions.values()}
        if (number := self._digits.typed(event.character, numbers)) is not None:
            self.open_session(numbers.get(number))

    def on_resize(self, event: events.Resize) -> None:
        """Choose the layout for the width."""
        columns, rows = event.size
        self.set_class(columns < WIDE_COLUMNS, "-narrow")
        self.set_class(columns >= VERY_WIDE_COLUMNS, "-very-wide")
        self.set_class(columns < SMALLEST[0] or rows < SMALLEST[1], "-small")
        small = self.query_one("#small", Bar)
        small.say([(f" {columns}x{rows} is too small: {SMALLEST[0]}x{SMALLEST[1]} at least", small.look["badge"])])


def _is_gone(before: Row | None, row: Row | None) -> bool:
    """Return whether the cursor stands elsewhere; where a mistake stood it stays, which was of no session alone."""
    if before is None or (isinstance(before, AttentionRow) and before.is_mistake):
        return False
    return row is None or row.id != before.id


def fleet_rows(store: Store, wanted: str, apart: Collection[str] = ()) -> list[Row]:
    """Return the rows of the list: what needs a person first, every other session by its state.

    Args:
        store: what there is.
        wanted: the filter; empty: everything.
        apart: names of folds whose items are listed one by one below them.
    """
    state = store.state
    askers = [asker for asker in waiting_of(state) if not wanted or matches(asker.session, wanted)]
    queue = queue_of(askers, apart)
    waiting = sessions_of(queue)
    others = (s for s in state.sessions.values() if s.id not in waiting and (not wanted or matches(s, wanted)))
    rows: list[Row] = []
    if queue:
        rows.append(HeadingRow("Needs you", len(askers), "question"))
        rows.extend(queue)
    rows.extend(grouped(others))
    return rows
