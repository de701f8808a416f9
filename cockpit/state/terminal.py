"""The screen of an agent's terminal, put together from its frames."""

from __future__ import annotations

from dataclasses import dataclass, field

from cockpit.sessions.types import TerminalScreen

Runs = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Glass:
    """What the terminal shows, as far as its frames came."""

    columns: int = 0
    rows: int = 0
    """Zero: nothing was shown yet."""
    cursor: tuple[int, int] | None = None
    lines: dict[int, Runs] = field(default_factory=dict)
    """Rows that are not blank."""
    frame: int = 0
    is_whole: bool = False
    """Whether no frame is missing; until then a whole screen should be asked for."""
    version: int = 0

    def take(self, screen: TerminalScreen) -> None:
        """Take a frame."""
        if screen.is_whole:
            self.lines.clear()
            self.is_whole = True
        elif screen.frame != self.frame + 1:
            self.is_whole = False
        self.frame = screen.frame
        self.columns, self.rows, self.cursor = screen.columns, screen.rows, screen.cursor
        for line in screen.lines:
            if line.runs:
                self.lines[line.y] = line.runs
            else:
                self.lines.pop(line.y, None)
        self.version += 1

    def text(self) -> str:
        """Return its text, row by row."""
        rows = ("".join(text for text, _ in self.lines.get(y, ())) for y in range(self.rows))
        return "\n".join(rows).rstrip("\n")
