from __future__ import annotations

from tests.supervisor.conftest import home, world

__all__ = ["home", "world"]
