"""Textual's process-wide habits, made safe for many Apps in one process.

Stock Textual expects a process of its own: it redirects standard output, reads colours from the process's environment,
caches colours as if there were one terminal, and suspends by stopping the process. `close_traps` undoes what is
process-wide, once; `dress` gives one App the colours and the error output of its own client.
"""

from __future__ import annotations

import io
from contextlib import nullcontext
from typing import Any, Literal

import textual.app
from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style
from textual.app import App
from textual.filter import Monochrome
from textual.strip import Strip

from cockpit.screens.driver import RelayDriver
from cockpit.screens.wire import Hello

_ColorSystem = Literal["standard", "256", "truecolor"]
_TRUECOLOR_TERMS = ("direct", "kitty", "ghostty", "alacritty", "wezterm", "foot", "iterm")


def close_traps() -> None:
    """Replace what is process-wide; calling it again changes nothing."""
    # Redirections nest wrongly when Apps start and stop in any order: standard output would end up in a dead App.
    textual.app.redirect_stdout = _no_redirect  # type: ignore[attr-defined, assignment]  # the name is Textual's own import
    textual.app.redirect_stderr = _no_redirect  # type: ignore[attr-defined, assignment]  # the name is Textual's own import
    Strip.render = _render_strip  # type: ignore[method-assign, assignment]  # strips are shared by Apps of different colours
    App.action_suspend_process = _suspend_terminal  # type: ignore[method-assign, assignment]  # stock stops the whole process


def _no_redirect(_target: object) -> nullcontext[None]:
    return nullcontext()


def _suspend_terminal(app: App[Any]) -> None:
    if isinstance(driver := app._driver, RelayDriver):
        app._suspend_signal()
        driver.suspend_terminal()


def _render_strip(strip: Strip, console: Console) -> str:
    """Render for this console's colours; stock keeps the escape codes of whichever terminal came first."""
    system = console._color_system or ColorSystem.TRUECOLOR
    if system is not ColorSystem.TRUECOLOR:
        return "".join(_render_segment(text, style, system) for text, style, _ in strip._segments)
    if strip._render_cache is None:
        strip._render_cache = "".join(_render_segment(text, style, system) for text, style, _ in strip._segments)
    return strip._render_cache


def _render_segment(text: str, style: Style | None, system: ColorSystem) -> str:
    if style is None:
        return text
    codes = Strip.render_ansi(style, system)
    rendered = f"\x1b[{codes}m{text}\x1b[0m" if codes else text
    if style._link:
        return f"\x1b]8;id={style._link_id};{style._link}\x1b\\{rendered}\x1b]8;;\x1b\\"
    return rendered


def dress(app: App[Any], hello: Hello) -> io.StringIO:
    """Give an App, before it runs, the colours of its client's terminal.

    Returns:
        What the App would have printed on standard error when it ends: its exit message or traceback, as plain text.
    """
    app.console = Console(
        color_system=color_system_of(hello),
        file=textual.app._NullFile(),  # type: ignore[arg-type]  # a file that swallows everything, as stock has it
        width=hello.columns,
        height=hello.rows,
        markup=True,
        highlight=False,
        emoji=False,
        legacy_windows=False,
        force_terminal=True,
        safe_box=False,
        soft_wrap=False,
        _environ={"TERM": hello.term},
    )
    app.no_color = hello.no_color
    # The constructor has already looked at the host's own NO_COLOR, which `main` removes.
    if hello.no_color:
        app._filters.append(Monochrome())
    last_words = io.StringIO()
    app.error_console = Console(
        file=last_words,
        width=max(40, hello.columns),
        color_system=None,
        markup=False,
        highlight=False,
        legacy_windows=False,
        _environ={},
    )
    return last_words


def color_system_of(hello: Hello) -> _ColorSystem:
    """Return how many colours a client's terminal has, as far as its environment says."""
    if hello.colorterm.strip().lower() in {"truecolor", "24bit"}:
        return "truecolor"
    term = hello.term.strip().lower()
    if any(name in term for name in _TRUECOLOR_TERMS):
        return "truecolor"
    return "256" if "256color" in term else "standard"
