"""The line in which the list is filtered."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.widgets import Input


class FilterBox(Input):
    """Hidden until it is wanted; says what is typed with every key."""

    DEFAULT_CSS = """
    FilterBox { display: none; height: 1; border: none; padding: 0 1; background: $panel; color: $ink; }
    FilterBox:focus { border: none; background: $panel; }
    FilterBox.-shown { display: block; }
    """

    class Left(Message):
        """Enter or escape was pressed; `is_kept` says whether the filter stays."""

        def __init__(self, *, is_kept: bool) -> None:
            super().__init__()
            self.is_kept = is_kept

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(placeholder="filter: words of name, state, agent or number", id=id, compact=True)

    def on_key(self, event: events.Key) -> None:
        """End with enter (kept) or escape (gone)."""
        if event.key in ("enter", "escape"):
            event.stop()
            event.prevent_default()
            self.post_message(self.Left(is_kept=event.key == "enter"))
        elif event.key in ("down", "up"):
            event.stop()
            self.post_message(self.Left(is_kept=True))
