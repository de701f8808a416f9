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
    """Return the keys of the focused thing at the left, and help at the right."""
    look = footer.look
    active = {active.binding.id for active in screen.active_bindings.values() if active.enabled}
    rows = [row for row in footer.keyboard.rows if row.id in active and row.short]
    if screen.focused is not None and screen.focused.check_consume_key("a", "a"):
        rows = [row for row in rows if len(row.keys[0]) > 1]  # a box takes every character for itself
    if getattr(screen.focused, "takes_every_key", False):
        rows = [row for row in rows if row.is_priority]  # no other key is ours
        active.discard("app.help")
    rows.sort(key=lambda row: _ORDER.get(row.context, len(_ORDER)))
    right: Parts = []
    left: Parts = [(" ", look["dim"])]
    used = 1
    if "app.help" in active:
        sign = footer.keyboard.first("app.help")
        right = [(sign, look["accent"]), (f" {find('app.help').short} ", look["dim"])]
        used += len(sign) + 7
    for row in rows:
        if row.id == "app.help":
            continue
        sign = footer.keyboard.first(row.id)
        size = len(sign) + len(row.short) + 4
        if used + size > footer.size.width:
            break
        used += size
        left += [(sign, look["accent"]), (f" {row.short}   ", look["dim"])]
    return left, right
