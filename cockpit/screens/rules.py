"""The Rules screen: every rule with its books, what should become of it, and the curve of repeated mistakes on top."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.screen import Screen

from cockpit.protocol.client import CommandFailed, SupervisorGone
from cockpit.protocol.rule_life import ChangeRule, DeleteRule, JudgeFinding, RemoveProse
from cockpit.protocol.rules import GetRules
from cockpit.protocol.types import Command, Undo
from cockpit.providers.text import Safe, clean_line
from cockpit.rules.types.books import RuleProposal, RulesView, RuleView
from cockpit.screens.keys import Context, Keyboard, bindings
from cockpit.screens.store import Store
from cockpit.types import SessionId
from widgets.bar import Bar
from widgets.footer import KeyFooter
from widgets.lines import LinesView
from widgets.rule_lines import Place, curve_lines, rule_lines, table_head, table_lines
from widgets.sourceline import Line, TextLine
from widgets.viewpane import PromptLine

_FOLLOW_S = 0.25
_WIDE_COLUMNS = 140
"""From this width on, the rule that is read stands beside the list."""
_TALL_ROWS = 36
_ORDER = ("shadow", "warn", "block")
_OF_A_RULE = ("step_state", "retire", "judge", "other_side")

Call = Callable[[Command], Awaitable[dict[str, Any]]]


class Curve(LinesView, can_focus=False):
    """The curve; nothing to move in."""

    DEFAULT_CSS = "Curve { height: auto; max-height: 12; scrollbar-size-vertical: 0; }"


class Rules(LinesView):
    """A line for each rule."""


class Reading(LinesView):
    """Everything about the rule under the cursor."""


class RulesScreen(Screen[None]):
    """Shows what the supervisor says of the rules, and asks for it again whenever any of it changed."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings(Context.RULES))
    AUTO_FOCUS = "Rules"
    DEFAULT_CSS = """
    RulesScreen { background: $background; }
    RulesScreen #head { background: $panel; }
    RulesScreen #work { height: 1fr; layout: vertical; }
    RulesScreen #side { height: 2fr; width: 1fr; min-height: 4; }
    RulesScreen Rules { height: 1fr; }
    RulesScreen Reading { height: 3fr; width: 1fr; border-top: solid $faint; }
    RulesScreen.-wide #work { layout: horizontal; }
    RulesScreen.-wide #side { height: 1fr; width: 3fr; }
    RulesScreen.-wide Reading { height: 1fr; width: 2fr; border-top: none; border-left: solid $faint; }
    """

    def __init__(self, store: Store, call: Call, keyboard: Keyboard) -> None:
        super().__init__()
        self._store, self._call, self._keyboard = store, call, keyboard
        self._view: RulesView | None = None
        self._asked = -1
        """Version of the rules' state that was asked for last."""
        self._chosen = ""
        self._wanted = ""
        """The filter."""
        self._shown: object = None
        self.curve, self.table, self.reading, self.prompt = Curve(), Rules(), Reading(), PromptLine()

    def compose(self) -> ComposeResult:
        """Put the curve over the rules, and what is read below or beside them."""
        yield Bar(id="head")
        yield self.curve
        with Container(id="work"):
            with Vertical(id="side"):
                yield Bar(id="columns")
                yield self.table
            yield self.reading
        yield self.prompt
        yield Bar(id="trouble")
        yield KeyFooter(self._keyboard)

    def on_mount(self) -> None:
        """Begin to follow the store."""
        self.set_interval(_FOLLOW_S, self.follow)
        self.follow()

    # --- following

    def follow(self) -> None:
        """Ask again when any of it changed."""
        version = self._store.state.rules.version
        if version != self._asked:
            self._asked = version
            self.run_worker(self._fetch(), group="rules", exclusive=True)

    async def _fetch(self) -> None:
        try:
            self._view = RulesView.model_validate(await self._call(GetRules()))
        except (CommandFailed, SupervisorGone) as error:
            self._say(clean_line(str(error)), is_bad=True)
            return
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """Choose the layout for the width."""
        self.set_class(event.size.width >= _WIDE_COLUMNS, "-wide")
        self.call_after_refresh(self._draw)

    @property
    def rules(self) -> list[RuleView]:
        """Those that the filter lets through: proposed first, then the most lately seen."""
        view = self._view
        found = [rule for rule in view.rules if _matches(rule, self._wanted)] if view is not None else []
        return sorted(found, key=lambda rule: (not rule.proposals, rule.state == "retired", -rule.last_seen, rule.id))

    @property
    def rule(self) -> RuleView | None:
        """The rule that is read."""
        return next((rule for rule in self.rules if rule.id == self._chosen), None)

    def _draw(self) -> None:
        view, width = self._view, self.table.columns
        if view is None or not self.is_mounted or not width:
            return
        now, rules = time.time(), self.rules
        height = 6 if self.size.height >= _TALL_ROWS else 2
        self.curve.replace(curve_lines(view, self.size.width, height))
        self._draw_head(view, len(rules))
        ids = [rule.id for rule in rules]
        if self._chosen not in ids:
            self._chosen = ids[min(self.table.cursor, len(ids) - 1)] if ids else ""
        columns = self.query_one("#columns", Bar)
        columns.say([(table_head(width) if rules else "", columns.look["dim"])])
        cursor = ids.index(self._chosen) if ids else 0
        lines = table_lines(rules, width, now) if rules else self._lesson(view)
        self.table.replace(lines, cursor=cursor, top=self.table.scroll_offset.y)
        self.table.go(cursor)
        self._read()

    def _draw_head(self, view: RulesView, count: int) -> None:
        head = self.query_one("#head", Bar)
        proposed = sum(bool(rule.proposals) for rule in view.rules)
        shown = f"{count} of " * bool(self._wanted) + f"{len(view.rules)} rule{'' if len(view.rules) == 1 else 's'}"
        right = [(f"{proposed} proposed ", head.look["badge"])] if proposed else []
        head.say([(f" rules of {clean_line(view.branch)}  ", head.look["title"]), (shown, head.look["dim"])], right)
        if view.problems:
            self._say(clean_line(f"cannot be read: {view.problems[0]}"), is_bad=True)

    def _lesson(self, view: RulesView) -> list[Line]:
        if view.rules:
            words = ["No rule matches the filter; escape ends it."]
        else:
            key = self._keyboard.first("rule.forge")
            words = [
                "No rules yet. A rule is a mistake that cannot land again: checked in every session and at the merge.",
                f"{key} on a finding, a line of a diff, a comment or a mistake makes one of it, shown at work first.",
                "`cockpit rules add` in a shell shows rules to begin with: layers, size, naming, logging, parsing.",
            ]
        return [TextLine(Safe(text), "dim", lead=(("  ", ""),)) for text in words]

    def _read(self) -> None:
        rule = self.rule
        if rule == self._shown and rule is not None:
            return
        is_same = isinstance(self._shown, RuleView) and rule is not None and self._shown.id == rule.id
        self._shown = rule
        lines = rule_lines(rule, self._keyboard.first("rules.carry_out"), time.time()) if rule is not None else []
        kept = (self.reading.cursor, self.reading.scroll_offset.y) if is_same else (0, 0)
        self.reading.replace(lines, cursor=kept[0], top=kept[1])
        self.refresh_bindings()

    def _say(self, words: Safe, *, is_bad: bool = False) -> None:
        bar = self.query_one("#trouble", Bar)
        bar.say([(f" {words}" if words else "", bar.look["failed" if is_bad else "ready"])])

    # --- moving

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what the rule under the cursor allows; while a filter is typed, nothing but its own keys."""
        if self.prompt.has_focus and action not in ("close", "app.detach"):
            return False
        rule = self.rule
        if action == "carry_out":
            return bool(rule and rule.proposals)
        if action in _OF_A_RULE and rule is None:
            return False
        return super().check_action(action, parameters)

    @on(LinesView.Moved)
    def moved(self, moved: LinesView.Moved) -> None:
        """Read the rule under the cursor."""
        line = self.table.cursor_line
        if moved.view is self.table and line is not None and isinstance(line.mark, Place):
            self._chosen = line.mark.rule
            self._read()

    def action_line(self, step: int) -> None:
        """Move in what has the focus."""
        self._focused_view.action_line(step)

    def action_page(self, step: int) -> None:
        """Move by half a page in what has the focus."""
        self._focused_view.action_page(step)

    def action_edge(self, step: int) -> None:
        """Go to the beginning or the end of what has the focus."""
        self._focused_view.action_edge(step)

    def action_other_side(self) -> None:
        """Go from the list to what is read, or back."""
        (self.table if self.reading.has_focus else self.reading).focus()

    @property
    def _focused_view(self) -> LinesView:
        return self.reading if self.reading.has_focus else self.table

    def action_filter(self) -> None:
        """Filter the rules."""
        self.prompt.ask("filter", "filter: part of a name, a message, a state; or proposed", self._wanted)

    @on(PromptLine.Changed)
    def filter_typed(self, changed: PromptLine.Changed) -> None:
        """Show what matches while it is typed."""
        self._wanted = changed.value.strip()
        self._draw()

    @on(PromptLine.Ended)
    def filter_ended(self, ended: PromptLine.Ended) -> None:
        """Keep the filter, or end it."""
        ended.stop()
        if not ended.is_meant:
            self._wanted = ""
        self.table.focus()
        self._draw()

    def action_close(self) -> None:
        """End the filter; without one, go back to the fleet."""
        if self._wanted:
            self._wanted = ""
            self._draw()
        elif self.reading.has_focus:
            self.table.focus()
        else:
            self.dismiss(None)

    # --- acting

    def action_step_state(self, step: int) -> None:
        """Let the rule do more, or less."""
        rule = self.rule
        if rule is None:
            return
        at = _ORDER.index(rule.state) if rule.state in _ORDER else -1
        if step < 0 and at <= 0:
            key = self._keyboard.first("rules.retire")
            self._say(Safe(f"less than shadow is retired: {key} does that"), is_bad=True)
        elif step > 0 and at == len(_ORDER) - 1:
            self._say(Safe("it blocks already: there is no more"), is_bad=True)
        else:
            self._change(rule, _ORDER[at + step])

    def action_retire(self) -> None:
        """Take the rule out of force, or bring it back."""
        rule = self.rule
        if rule is not None:
            self._change(rule, "shadow" if rule.state == "retired" else "retired")

    def action_carry_out(self) -> None:
        """Do what is proposed: under the cursor, else first."""
        rule = self.rule
        if rule is None or not rule.proposals:
            return
        line = self.reading.cursor_line if self.reading.has_focus else None
        place = line.mark if line is not None else None
        number = place.proposal if isinstance(place, Place) and place.proposal is not None else 0
        proposal = rule.proposals[number]
        match proposal.kind:
            case "demote":
                self._change(rule, proposal.state)
            case "delete":
                self._send(DeleteRule(rule=rule.id), f"{rule.id} is deleted")
            case "prose":
                self._remove(rule, proposal)

    def _remove(self, rule: RuleView, proposal: RuleProposal) -> None:
        prose = proposal.prose
        if prose is not None:
            command = RemoveProse(rule=rule.id, path=prose.path, line=prose.line, text=prose.text)
            self._send(command, f"taken out of {prose.path}: {rule.id} holds it")

    def action_judge(self) -> None:
        """Say that the firing under the cursor is not useful."""
        rule = self.rule
        line = self.reading.cursor_line
        place = line.mark if line is not None else None
        if rule is None or not self.reading.has_focus or not isinstance(place, Place) or place.firing is None:
            key = self._keyboard.first("rules.read")
            self._say(Safe(f"{key} goes to the last firings; this is for one of them"), is_bad=True)
            return
        firing = rule.firings[place.firing]
        command = JudgeFinding(session=SessionId(firing.session), rule=rule.id, instance=firing.instance)
        lets_by = firing.fate == "open" and rule.state in ("warn", "block")
        done = "not useful: counted, and let by (in the baseline of the branch)" if lets_by else "not useful: counted"
        self._send(command, done)

    def action_undo(self) -> None:
        """Take back your last decision."""
        self._send(Undo(), "")

    def _change(self, rule: RuleView, state: str) -> None:
        self._send(ChangeRule.model_validate({"rule": rule.id, "state": state}), f"{rule.id}: {rule.state} → {state}")

    def _send(self, command: Command, done: str) -> None:
        self._say(Safe("…"))
        self.run_worker(self._sent(command, done), group="acts")

    async def _sent(self, command: Command, done: str) -> None:
        try:
            said = await self._call(command)
        except (CommandFailed, SupervisorGone) as error:
            self._say(clean_line(str(error)), is_bad=True)
            return
        key = self._keyboard.first("rules.undo")
        what = (
            f"{done}. {key} takes it back." if done else f"taken back: {said.get('undone', '')} {said.get('rule', '')}"
        )
        self._say(clean_line(what))


def _matches(rule: RuleView, wanted: str) -> bool:
    text = f"{rule.id} {rule.state} {rule.engine} {rule.message} {'proposed' if rule.proposals else ''}".casefold()
    return all(word in text for word in wanted.casefold().split())
