"""Which panes the detail side has, in the order of their tabs."""

from __future__ import annotations

from collections.abc import Mapping

from textual.widget import Widget

from cockpit.screens.store import Store
from widgets.overview import Overview
from widgets.pane import Supervisor
from widgets.transcript import TranscriptPane


def make_panes(_store: Store, supervisor: Supervisor) -> Mapping[str, Widget]:
    """Return the panes by name; each is a widget and a `widgets.pane.Pane`."""
    return {"Overview": Overview(), "Transcript": TranscriptPane(supervisor)}
