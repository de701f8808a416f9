"""Where a driver is found by the name that `driver = "..."` in cockpit.toml gives it."""

from __future__ import annotations

from collections.abc import Callable

from agents.base import Driver


def _native() -> Driver:
    from agents.native.driver import NativeDriver

    return NativeDriver()


def _mechanic() -> Driver:
    from agents.mechanic import MechanicDriver

    return MechanicDriver()


def _codex() -> Driver:
    from agents.codex.driver import CodexDriver

    return CodexDriver()


def _acp() -> Driver:
    from agents.acp.driver import AcpDriver

    return AcpDriver()


def _terminal() -> Driver:
    from agents.terminal.driver import TerminalDriver

    return TerminalDriver()


_MAKERS: dict[str, Callable[[], Driver]] = {
    "native": _native,
    "mechanic": _mechanic,
    "codex": _codex,
    "acp": _acp,
    "terminal": _terminal,
}

NAMES = tuple(sorted(_MAKERS))
"""Every driver there is."""


def driver(name: str) -> Driver:
    """Return a new driver. Raises `ValueError`, naming the known ones, for an unknown name."""
    try:
        make = _MAKERS[name]
    except KeyError:
        raise ValueError(f"there is no agent driver {name!r}; there are: {', '.join(NAMES)}") from None
    return make()
