"""A real terminal for tests: a shell in tmux, real keys in, the real screen out."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_SHELL = "PS1='shell> ' exec bash --noprofile --norc -i"
POLL_S = 0.05
WITHIN_S = 20.0
_NAMES = {
    "enter": "Enter",
    "escape": "Escape",
    "space": "Space",
    "tab": "Tab",
    "backspace": "BSpace",
    "ctrl+\\": "C-\\",
}


class NotSeenError(AssertionError):
    """What was expected did not come; the message holds the last screen."""


class Terminal:
    """One window of a tmux server of its own, with a shell in it."""

    def __init__(self, server: TerminalServer, window: str) -> None:
        self._server, self._window = server, window

    # --- keys

    def press(self, *keys: str) -> Terminal:
        """Press keys by name: `j`, `enter`, `ctrl+p`, `escape`."""
        for key in keys:
            if len(key) == 1:
                self._tmux("send-keys", "-l", "--", key if key != ";" else "\\;")
            else:
                self._tmux("send-keys", _NAMES.get(key) or key.replace("ctrl+", "C-").capitalize())
        return self

    def type(self, text: str) -> Terminal:
        """Type a text as it is."""
        self._tmux("send-keys", "-l", "--", text)
        return self

    def enter(self, line: str) -> Terminal:
        """Type a line and press enter."""
        return self.type(line).press("enter")

    # --- the screen

    def screen(self) -> str:
        """Return what is on the screen, one line for each row."""
        return self._tmux("capture-pane", "-p")

    def coloured(self) -> str:
        """Return what is on the screen with its colours as escape sequences."""
        return self._tmux("capture-pane", "-p", "-e")

    def expect(self, *texts: str, within_s: float = WITHIN_S) -> str:
        """Wait until all texts are on the screen together, and return it."""
        return self.until(lambda screen: all(text in screen for text in texts), repr(texts), within_s)

    def expect_match(self, pattern: str, within_s: float = WITHIN_S) -> re.Match[str]:
        """Wait until a regular expression matches the screen, and return the match."""
        found = re.search(pattern, self.until(lambda screen: bool(re.search(pattern, screen)), pattern, within_s))
        assert found is not None
        return found

    def expect_gone(self, text: str, within_s: float = WITHIN_S) -> str:
        """Wait until a text is no longer on the screen, and return the screen."""
        return self.until(lambda screen: text not in screen, f"no {text!r}", within_s)

    def until(self, holds: Callable[[str], bool], what: str, within_s: float = WITHIN_S) -> str:
        """Wait until something holds of the screen, and return it.

        Raises:
            NotSeenError: it did not hold in time.
        """
        deadline_s = time.monotonic() + within_s
        while not holds(screen := self.screen()):
            if time.monotonic() > deadline_s:
                raise NotSeenError(f"not seen within {within_s:g} s: {what}. The screen:\n{screen}")
            time.sleep(POLL_S)
        return screen

    @property
    def title(self) -> str:
        """The title that the program gave the terminal."""
        return self._tmux("display-message", "-p", "#{pane_title}").rstrip("\n")

    def resize(self, columns: int, rows: int) -> Terminal:
        """Change the size of the terminal."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))
        return self

    @contextmanager
    def recorded(self, file: Path) -> Iterator[None]:
        """Write every byte that the programs send to the terminal into a file meanwhile."""
        self._tmux("pipe-pane", "-O", f"cat >>{shlex.quote(str(file))}")
        try:
            yield
        finally:
            self._tmux("pipe-pane")

    def settings(self) -> str:
        """Return how the terminal's line discipline stands: `stty -a` without speed and size."""
        tty = self._tmux("display-message", "-p", "#{pane_tty}").strip()
        option = "-F" if os.uname().sysname == "Linux" else "-f"
        said = subprocess.run(("stty", option, tty, "-a"), capture_output=True, text=True, check=True).stdout
        return re.sub(r"^.*columns[^;]*;", "", said)

    def modes(self) -> str:
        """Return the modes that a program may leave behind: alternate screen, mouse, keypad, cursor."""
        names = "alternate_on mouse_any_flag mouse_sgr_flag keypad_flag keypad_cursor_flag cursor_flag wrap_flag"
        return self._tmux("display-message", "-p", " ".join(f"{one}=#{{{one}}}" for one in names.split())).strip()

    def _tmux(self, verb: str, *words: str) -> str:
        return self._server.run(verb, "-t", self._window, *words)


class TerminalServer:
    """A tmux server of one test, apart from the person's own."""

    def __init__(self, env: Mapping[str, str]) -> None:
        """Nothing is started yet; `TMUX_TMPDIR` of the environment says where its socket is."""
        self._env = dict(env)
        self._windows = 0

    def open(self, folder: Path, columns: int = 160, rows: int = 48) -> Terminal:
        """Open a terminal with a plain shell in a folder."""
        self._windows += 1
        window = f"w{self._windows}"
        size = ("-x", str(columns), "-y", str(rows))
        self.run("new-session", "-d", "-s", window, "-c", str(folder), *size, _SHELL)
        terminal = Terminal(self, window)
        terminal.expect("shell>")
        return terminal

    def run(self, *words: str) -> str:
        """Run one tmux command and return what it says."""
        done = subprocess.run(
            ("tmux", "-L", "e2e", "-f", "/dev/null", *words),
            env=self._env,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"tmux {shlex.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def close(self) -> None:
        """End the server and every program in it."""
        if self._windows:
            self.run("kill-server")
