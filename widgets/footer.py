"""The footer: the keys of what has focus, from the table of keys."""

from __future__ import annotations

from textual.screen import Screen

from cockpit.screens.keys import Context, Keyboard, find
from widgets.bar import Bar
from widgets.rows import Parts

_NEAREST_FIRST = (
    Context.EXAMPLES,
    Context.CARD,
    Context.LIST,
    Context.TERMINAL,
    Context.TRANSCRIPT,
    Context.DIFF,
    Context.CHECKS,
    Context.TIMELINE,
    Context.PANE,
    Context.TEXT,
)
_ORDER = {context: place for place, context in enumerate(_NEAREST_FIRST)}


class KeyFooter(Bar):
    """As many of the active keys as fit, the nearest to the focus first."""

    DEFAULT_CSS = "KeyFooter { background: $panel; }"

    def __init__(self, keyboard: Keyboard, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self.keyboard = keyboard

    def on_mount(self) -> None:
        """Follow the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self._follow)

    def on_resize(self) -> None:
        """Show as many as fit now."""
        self._follow(self.screen)

    def _follow(self, screen: Screen[object]) -> None:
        if self.size.width:
            self.say(*footer_parts(self, screen))


def footer_parts(footer: KeyFooter, screen: Screen[object]) -> tuple[Parts, Parts]:
    """Return the keys of the focused thing at the left; at the right, in any case, the way out and help."""
    look = footer.look
    active = {active.binding.id for active in screen.active_bindings.values() if active.enabled}
    rows = [row for row in footer.keyboard.rows if row.id in active and row.short]
    if screen.focused is not None and screen.focused.check_consume_key("a", "a"):
        rows = [row for row in rows if len(row.keys[0]) > 1]  # a box takes every character for itself
    if getattr(screen.focused, "takes_every_key", False):
        rows = [row for row in rows if row.is_priority]  # no other key is ours
        active.discard("app.help")
    rows.sort(key=lambda row: _ORDER.get(row.context, len(_ORDER)))
    out = next((row for row in rows if row.keys[0] == "escape"), None)
    at_right = [row for row in (out, find("app.help") if "app.help" in active else None) if row is not None]
    right = [part for row in at_right for part in _shown(footer, row.id, row.short)]
    left: Parts = [(" ", look["dim"])]
    used = 1 + sum(len(text) for text, _ in right)
    for row in rows:
        if row in at_right:
            continue
        key = _shown(footer, row.id, f"{row.short}  ")
        used += sum(len(text) for text, _ in key)
        if used > footer.size.width:
            break
        left += key
    return left, right


def _shown(footer: KeyFooter, row: str, said: str) -> Parts:
    return [(footer.keyboard.first(row), footer.look["accent"]), (f" {said} ", footer.look["dim"])]
