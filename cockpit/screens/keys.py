"""The one table of keys. Dispatcher, footer, palette and help are all made from it, and so is the table in the docs.

A key is looked up from the focused widget outwards, so an entry acts in its context and in every context inside it.
No key has two meanings on one such way: `choose_keys` refuses a person's own keys that would give it two.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from string import punctuation

from textual.binding import Binding
from textual.keys import Keys, _character_to_key

from cockpit.screens.key import WAYS as _WAYS
from cockpit.screens.key import Context as Context
from cockpit.screens.key import Key as Key
from cockpit.screens.key import row as _k

TABLE: tuple[Key, ...] = (
    _k(Context.APP, "app.detach", "ctrl+q", "detach", "Detach; the agents go on", priority=True),
    _k(Context.APP, "app.palette", "ctrl+p", "command_palette", "Find any command or session", priority=True),
    _k(Context.APP, "app.help", "? f1", "show_keys", "Show all keys", "help"),
    _k(Context.APP, "app.how_to_leave", "ctrl+c", "how_to_leave", "Say how to leave"),
    # --- fleet
    _k(Context.FLEET, "fleet.dispatch", "n", "dispatch", "Write a new task", "new task"),
    _k(Context.FLEET, "fleet.next_waiting", "w", "next_waiting", "Go to the next thing that needs you", "next waiting"),
    _k(Context.FLEET, "session.redirect", "r", "redirect", "Redirect the agent, now or after its turn", "redirect"),
    _k(Context.FLEET, "session.fork", "F", "fork", "Fork: begin another session from its work"),
    _k(Context.FLEET, "session.review", "E", "review", "Have the agent review its change"),
    _k(Context.FLEET, "session.stop", "x", "stop", "Stop the agent; it can be resumed", "stop"),
    _k(Context.FLEET, "session.resume", "P", "resume", "Resume, or go on past a used-up budget"),
    _k(Context.FLEET, "rule.forge", "R", "forge", "Make a rule of the line, finding, request or mistake", "rule"),
    _k(Context.FLEET, "said.same", "=", "said_same", "You said this before: it is the same mistake", "the same"),
    _k(Context.FLEET, "said.read", '"', "said_read", "Read what was said before that is like it"),
    _k(Context.FLEET, "said.pass", "-", "said_pass", "Nothing said before is the same: it is not offered again"),
    _k(Context.FLEET, "fleet.rules", "B", "rules", "Show the rules, their books and the curve of repeated mistakes"),
    _k(Context.FLEET, "fleet.undo", "u", "undo", "Take back your last decision", "undo"),
    _k(Context.FLEET, "fleet.diff", "d", "tab('Diff')", "Show the diff", "diff"),
    _k(Context.FLEET, "tab.next", "] tab", "step_tab(1)", "Next tab"),
    _k(Context.FLEET, "tab.previous", "[ shift+tab", "step_tab(-1)", "Previous tab"),
    _k(Context.FLEET, "file.next", "}", "step_file(1)", "Next file"),
    _k(Context.FLEET, "file.previous", "{", "step_file(-1)", "Previous file"),
    _k(Context.FLEET, "fleet.zoom", "z", "zoom", "Give the detail the whole screen, or take it back", "zoom"),
    _k(Context.FLEET, "fleet.filter", "/", "filter", "Filter the sessions", "filter"),
    _k(Context.FLEET, "fleet.wall", "W", "wall", "Show many sessions at once"),
    _k(Context.FLEET, "fleet.back", "escape", "back", "Back to the list; again: end filter and zoom"),
    _k(Context.FLEET, "fleet.detach", "q", "app.detach", "Detach; the agents go on", "detach"),
    # --- list
    _k(Context.LIST, "list.up", "k up", "cursor(-1)", "Up"),
    _k(Context.LIST, "list.down", "j down", "cursor(1)", "Down"),
    _k(Context.LIST, "list.top", "g home", "edge(-1)", "First"),
    _k(Context.LIST, "list.bottom", "G end", "edge(1)", "Last"),
    _k(Context.LIST, "list.page_up", "ctrl+u pageup", "page(-1)", "Half a page up"),
    _k(Context.LIST, "list.page_down", "ctrl+d pagedown", "page(1)", "Half a page down"),
    _k(Context.LIST, "list.open", "enter l right", "open", "Into the detail", "open"),
    _k(Context.LIST, "list.peek", "space", "peek", "Peek at it, and reply", "peek"),
    _k(Context.LIST, "session.reject", "D", "refuse", "Reject the change, deny the request, or let the mistake be"),
    # --- needs you
    _k(Context.CARD, "card.approve", "a", "approve", "Approve the change, allow once, or answer", "approve"),
    _k(Context.CARD, "card.allow_session", "s", "allow('session')", "Allow for this session"),
    _k(Context.CARD, "card.allow_always", "A", "allow('always')", "Allow always: becomes a line of the policy"),
    _k(
        Context.CARD,
        "card.apart",
        "o",
        "apart",
        "Show one by one what several ask alike, or as one",
        "each alone",
    ),
    _k(Context.CARD, "card.down", "J", "scroll_card(3)", "Scroll a long question down"),
    _k(Context.CARD, "card.up", "K", "scroll_card(-3)", "Scroll a long question up"),
    # --- detail
    _k(Context.PANE, "pane.up", "k up", "line(-1)", "Up"),
    _k(Context.PANE, "pane.down", "j down", "line(1)", "Down"),
    _k(Context.PANE, "pane.top", "g home", "edge(-1)", "Beginning"),
    _k(Context.PANE, "pane.bottom", "G end", "edge(1)", "End"),
    _k(Context.PANE, "pane.page_up", "ctrl+u pageup", "page(-1)", "Half a page up"),
    _k(Context.PANE, "pane.page_down", "ctrl+d pagedown", "page(1)", "Half a page down"),
    _k(Context.PANE, "pane.leave", "h left", "screen.leave", "Back to the list", "list"),
    _k(Context.TEXT, "text.find", "/", "find", "Search in what is shown", "search", over="fleet.filter"),
    _k(Context.TEXT, "text.next_match", "n", "find_step(1)", "Next match of the search", over="fleet.dispatch"),
    _k(Context.TEXT, "text.previous_match", "N", "find_step(-1)", "Previous match of the search"),
    _k(Context.TRANSCRIPT, "transcript.expand", "enter o", "expand", "Show or fold long output", "expand"),
    _k(Context.DIFF, "diff.comment", "c", "comment", "Comment on the line", "comment"),
    _k(Context.DIFF, "diff.send", "C S", "send_comments", "Send the comments to the agent", "send comments"),
    _k(Context.DIFF, "diff.drop", "backspace", "drop_comment", "Drop the comment on the line"),
    _k(Context.DIFF, "diff.reviewed", "m", "review_file", "Mark the file as reviewed", "reviewed"),
    _k(
        Context.DIFF,
        "diff.next_unreviewed",
        "M",
        "next_unreviewed",
        "Next file that is not reviewed",
        "next unreviewed",
    ),
    _k(Context.DIFF, "diff.split", "v b", "split", "Side by side, or unified", "side by side"),
    _k(Context.DIFF, "diff.next_hunk", "J", "step_hunk(1)", "Next hunk"),
    _k(Context.DIFF, "diff.previous_hunk", "K", "step_hunk(-1)", "Previous hunk"),
    _k(Context.DIFF, "diff.fold", "enter o", "fold", "Fold or unfold the file"),
    _k(Context.CHECKS, "checks.output", "enter o", "output", "Show the raw output", "output"),
    _k(Context.CHECKS, "checks.judge", "f", "judge", "The rule's finding is not useful: let it by", "not useful"),
    # --- terminal
    _k(Context.TERMINAL, "terminal.attach", "i enter", "attach", "Type into the program", "type into it"),
    _k(
        Context.TERMINAL,
        "terminal.detach",
        "ctrl+right_square_bracket",
        "release",
        "Take the keys back from the program",
        "take the keys back",
        priority=True,
    ),
    _k(Context.TERMINAL, "terminal.fit", "f", "fit", "Give the program's screen the size of the pane", "fit"),
    # --- wall
    _k(Context.WALL, "wall.up", "k up", "move(0,-1)", "Up"),
    _k(Context.WALL, "wall.down", "j down", "move(0,1)", "Down"),
    _k(Context.WALL, "wall.left", "h left", "move(-1,0)", "Left"),
    _k(Context.WALL, "wall.right", "l right", "move(1,0)", "Right"),
    _k(Context.WALL, "wall.open", "enter", "open", "Open the session", "open"),
    _k(Context.WALL, "wall.close", "escape W q", "close", "Back to the fleet", "fleet"),
    # --- dispatch box
    _k(Context.DISPATCH, "dispatch.send", "enter", "send", "Dispatch the task", "dispatch"),
    _k(Context.DISPATCH, "dispatch.agent", "ctrl+t", "other_agent", "Give it to another agent", "other agent"),
    _k(Context.DISPATCH, "dispatch.newline", "ctrl+j alt+enter shift+enter", "newline", "New line", "new line"),
    # --- dialogs
    _k(Context.WORDS, "dialog.confirm", "enter", "confirm", "Send what was typed", "send"),
    _k(Context.WORDS, "dialog.newline", "ctrl+j alt+enter shift+enter", "newline", "New line", "new line"),
    _k(Context.DIALOG, "dialog.other", "ctrl+t", "other", "Choose the other way to send", "other way"),
    _k(Context.DIALOG, "dialog.confirm_other", "ctrl+enter", "confirm_other", "Send at once the other way"),
    _k(Context.DIALOG, "dialog.cancel", "escape", "cancel", "Close; what was typed is kept", "close"),
    # --- always
    _k(Context.SHEET, "always.write", "enter", "write", "Write the line, and allow what is asked", "write"),
    _k(Context.SHEET, "always.close", "escape", "cancel", "Leave everything as it was", "close"),
    _k(Context.SHEET, "always.broader", "j down", "choose(1)", "A broader line", "broader"),
    _k(Context.SHEET, "always.narrower", "k up", "choose(-1)", "A narrower line"),
    _k(Context.SHEET, "always.place", "tab", "place", "Write it into the other file", "where"),
    _k(Context.SHEET, "always.once", "a", "allow('once')", "Allow this once only", "once"),
    _k(Context.SHEET, "always.session", "s", "allow('session')", "Allow for this session only", "session"),
    # --- said before
    _k(Context.SAID, "before.same", "enter =", "confirm", "It is the same mistake: count them as one", "the same"),
    _k(Context.SAID, "before.go", "o", "go", "Go to the session that it was said to", "session"),
    _k(Context.SAID, "before.down", "j down", "line(1)", "Down"),
    _k(Context.SAID, "before.up", "k up", "line(-1)", "Up"),
    _k(Context.SAID, "before.close", "escape", "leave", "Close; nothing is counted", "close"),
    # --- forge
    _k(Context.FORGE, "forge.accept", "enter", "accept", "Accept the rule: it is enforced at once", "accept"),
    _k(Context.FORGE, "forge.state", "s", "state", "Accept it to block, to warn, or only to count", "how"),
    _k(Context.FORGE, "forge.edit", "e", "edit", "Write the rule by hand", "write it"),
    _k(
        Context.FORGE,
        "forge.scope",
        "w",
        "scope",
        "Let the rule look at fewer files; after the fewest come all",
        "where",
    ),
    _k(Context.FORGE, "forge.examples", "x", "examples", "Show the examples and change them, or hide them", "examples"),
    _k(Context.FORGE, "forge.good", "g", "good", "Say how the bad example should be", "the fix"),
    _k(Context.FORGE, "forge.read", "tab", "other_side", "From the candidates to the hits, or back", "hits"),
    _k(Context.FORGE, "forge.fine", "f", "mark('fine')", "The hit is fine: another candidate comes", "fine"),
    _k(Context.FORGE, "forge.bad", "b", "mark('also_bad')", "The hit is bad as well", "also bad"),
    _k(Context.FORGE, "forge.begin", "n", "begin", "Begin a rule of another engine by hand", "new by hand"),
    _k(Context.FORGE, "forge.drop", "D", "drop_draft", "Throw away what was written here by hand"),
    _k(Context.FORGE, "forge.down", "j down", "line(1)", "Down"),
    _k(Context.FORGE, "forge.up", "k up", "line(-1)", "Up"),
    _k(Context.FORGE, "forge.page_down", "ctrl+d pagedown", "page(1)", "Half a page down in the hits"),
    _k(Context.FORGE, "forge.page_up", "ctrl+u pageup", "page(-1)", "Half a page up in the hits"),
    _k(Context.FORGE, "forge.next", "J", "candidate(1)", "Next candidate"),
    _k(Context.FORGE, "forge.previous", "K", "candidate(-1)", "Previous candidate"),
    _k(Context.FORGE, "forge.close", "escape", "leave", "Close; what was written by hand is kept", "close"),
    # --- examples of a forge
    _k(Context.EXAMPLES, "examples.edit", "enter", "change", "Mend the example", "mend", over="forge.accept"),
    _k(Context.EXAMPLES, "examples.bad", "a", "add('bad')", "Add a bad example", "add bad"),
    _k(Context.EXAMPLES, "examples.good", "A", "add('good')", "Add a good example", "add good"),
    _k(Context.EXAMPLES, "examples.turn", "t", "turn", "Make a bad example good, or a good one bad", "bad/good"),
    _k(Context.EXAMPLES, "examples.remove", "backspace delete", "remove", "Take the example away", "remove"),
    # --- rules
    _k(Context.RULES, "rules.carry_out", "enter", "carry_out", "Do what is proposed", "as proposed"),
    _k(Context.RULES, "rules.more", "+", "step_state(1)", "Let the rule do more: shadow, warn, block", "more"),
    _k(Context.RULES, "rules.less", "-", "step_state(-1)", "Let the rule do less", "less"),
    _k(Context.RULES, "rules.judge", "f", "judge", "The firing is not useful: counted, and let by", "not useful"),
    _k(Context.RULES, "rules.read", "tab", "other_side", "From the list to the rule, or back", "read"),
    _k(Context.RULES, "rules.close", "escape q B", "close", "Back to the fleet", "fleet"),
    _k(Context.RULES, "rules.retire", "x", "retire", "Retire the rule, or bring it back", "retire"),
    _k(Context.RULES, "rules.undo", "u", "undo", "Take back your last decision", "undo"),
    _k(Context.RULES, "rules.filter", "/", "filter", "Filter the rules", "filter"),
    _k(Context.RULES, "rules.down", "j down", "line(1)", "Down"),
    _k(Context.RULES, "rules.up", "k up", "line(-1)", "Up"),
    _k(Context.RULES, "rules.page_down", "ctrl+d pagedown", "page(1)", "Half a page down"),
    _k(Context.RULES, "rules.page_up", "ctrl+u pageup", "page(-1)", "Half a page up"),
    _k(Context.RULES, "rules.top", "g home", "edge(-1)", "First"),
    _k(Context.RULES, "rules.bottom", "G end", "edge(1)", "Last"),
)

_BY_ID = {key.id: key for key in TABLE}
_NAMES = frozenset(key.value for key in Keys) | {_character_to_key(character) for character in punctuation} | {"space"}
_MODIFIERS = frozenset({"ctrl", "alt", "shift", "super", "meta", "hyper"})
_SIGNS = {
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "backspace": "⌫",
    "right_square_bracket": "]",
}


def bindings(*contexts: Context) -> list[Binding]:
    """Return the bindings of some contexts for a widget's or screen's `BINDINGS`."""
    return [
        Binding(
            ",".join(key.keys),
            key.action,
            key.text,
            id=key.id,
            show=bool(key.short),
            priority=key.is_priority,
            group=None,
        )
        for key in TABLE
        if key.context in contexts
    ]


def find(name: str) -> Key:
    """Return the row of the table with this id. Raises `KeyError`."""
    return _BY_ID[name]


def sign(key: str) -> str:
    """Return how a key is written for people: `ctrl+q` as `^q`, `up` as `↑`."""
    *modifiers, last = key.split("+") if key != "+" else ["+"]
    shown = _SIGNS.get(last, last)
    if modifiers == ["ctrl"] and len(shown) == 1:
        return f"^{shown}"
    return "+".join([*modifiers, shown])


class Keyboard:
    """The table with a person's own keys laid over it.

    Attributes:
        rows: the table as it is in force.
        problems: what was wrong with the person's keys; those rows keep their defaults.
    """

    def __init__(self, own: Mapping[str, Iterable[str]] | None = None) -> None:
        self.problems: list[str] = []
        rows = dict(_BY_ID)
        for name, keys in (own or {}).items():
            if (row := self._checked(name, tuple(keys))) is not None:
                rows[name] = row
        for name in [name for name, row in rows.items() if row is not _BY_ID[name]]:
            if clash := _clash_of(rows[name], rows.values()):
                key, other = clash
                self.problems.append(
                    f"ui.keys: {sign(key)!r} would mean both {name} and {other}; {name} keeps its default keys"
                )
                rows[name] = _BY_ID[name]
        self.rows: tuple[Key, ...] = tuple(rows.values())
        self._rows = rows

    def take(self, other: Keyboard) -> None:
        """Become another one; whoever draws keys from this one follows."""
        self.problems, self.rows, self._rows = other.problems, other.rows, other._rows

    def keymap(self) -> dict[str, str]:
        """Return what `App.set_keymap` takes: the rows that differ from the table."""
        return {name: ",".join(row.keys) for name, row in self._rows.items() if row is not _BY_ID[name]}

    def signs(self, name: str) -> str:
        """Return the keys of a row for people: `k ↑`."""
        return " ".join(sign(key) for key in self._rows[name].keys)

    def first(self, name: str) -> str:
        """Return the first key of a row for people."""
        return sign(self._rows[name].keys[0])

    def _checked(self, name: str, keys: tuple[str, ...]) -> Key | None:
        row = _BY_ID.get(name)
        if row is None:
            near = difflib.get_close_matches(name, _BY_ID, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            self.problems.append(f"ui.keys: there is no action {name!r}{hint}")
            return None
        bad = [key for key in keys if not _is_key(key)]
        if bad or not keys:
            what = f"{bad[0]!r} is no key" if bad else "no key is given"
            self.problems.append(f"ui.keys: {name}: {what}; it keeps its default keys")
            return None
        return replace(row, keys=keys)


def clashes(rows: Iterable[Key]) -> list[tuple[str, str, str]]:
    """Return every `(key, id, id)` that has two meanings at one moment."""
    found = []
    seen: list[Key] = []
    for row in rows:
        if clash := _clash_of(row, seen):
            found.append((clash[0], clash[1], row.id))
        seen.append(row)
    return found


def _clash_of(row: Key, others: Iterable[Key]) -> tuple[str, str] | None:
    keys = {_normal(key): key for key in row.keys}
    for other in others:
        if other.id == row.id or not _meet(row.context, other.context):
            continue
        if other.id == row.over or row.id == other.over:
            continue
        for key in other.keys:
            if _normal(key) in keys:
                return key, other.id
    return None


def _meet(one: Context, two: Context) -> bool:
    return any(one in way and two in way for way in _WAYS)


def _normal(key: str) -> str:
    return _character_to_key(key) if len(key) == 1 else key


def _is_key(key: str) -> bool:
    if len(key) == 1:
        return key.isprintable() and key != " "
    *modifiers, last = key.split("+")
    known = last in _NAMES or (len(last) == 1 and last.isprintable())
    return known and all(part in _MODIFIERS for part in modifiers)
