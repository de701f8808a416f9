"""What a person should hear of without having asked: a broken configuration, and notes of the supervisor."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.providers.text import Safe, clean
from cockpit.screens.store import LinkStatus, Store


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of news."""

    title: str
    text: Safe
    is_bad: bool = False


class News:
    """Compares the store with what was told before. What had been noted when the screen attached is not told again."""

    def __init__(self) -> None:
        self._config_error = ""
        self._notes: list[str] | None = None

    def follow(self, store: Store) -> list[Item]:
        """Return what is new."""
        if store.link is LinkStatus.CONNECTING:
            return []
        state, news = store.state, []
        if state.config_error != self._config_error:
            self._config_error = state.config_error
            if state.config_error:
                text = f"{clean(state.config_error)}\nThe last good configuration stays in force."
                news.append(Item("cockpit.toml cannot be used", Safe(text), is_bad=True))
            else:
                news.append(Item("cockpit.toml", Safe("It can be read again, and is in force.")))
        if self._notes is not None:
            news += [Item("Note", clean(note)) for note in _after(self._notes, state.notes)]
        self._notes = list(state.notes)
        return news


def _after(before: list[str], now: list[str]) -> list[str]:
    """Return what was appended; the beginning of `before` may have been cut off meanwhile."""
    for cut in range(len(before) + 1):
        if before[cut:] == now[: len(before) - cut]:
            return now[len(before) - cut :]
    return now
