"""What every event is made of."""

from __future__ import annotations

from cockpit.types import Model


class BaseEvent(Model):
    """Base of the events: `v` is the version of a kind's meaning."""

    v: int = 1
