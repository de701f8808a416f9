"""Which panes the detail side has, in the order of their tabs."""

from __future__ import annotations

from collections.abc import Mapping

from textual.widget import Widget

from cockpit.screens.keys import Keyboard
from cockpit.screens.store import Store
from widgets.checks import ChecksPane
from widgets.diff import DiffPane
from widgets.overview import Overview
from widgets.pane import Supervisor
from widgets.terminal import TerminalPane
from widgets.timeline import TimelinePane
from widgets.transcript import TranscriptPane


def make_panes(_store: Store, supervisor: Supervisor, keyboard: Keyboard) -> Mapping[str, Widget]:
    """Return the panes by name; each is a widget and a `widgets.pane.Pane`."""
    return {
        "Overview": Overview(),
        "Terminal": TerminalPane(supervisor, keyboard),
        "Transcript": TranscriptPane(supervisor),
        "Diff": DiffPane(supervisor),
        "Checks": ChecksPane(supervisor),
        "Timeline": TimelinePane(supervisor),
    }
