"""From the fleet to the forge and back: what the cursor is on becomes a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.protocol.client import CommandFailed, SupervisorGone
from cockpit.protocol.forge import DropDraft, GetDrafts
from cockpit.providers.text import Safe, clean_line
from cockpit.rules.types.forging import DraftInfo, Offence
from widgets.pane import Trouble
from widgets.viewpane import ViewPane

if TYPE_CHECKING:
    from textual.widget import Widget

    from cockpit.screens.deciding import DecidingScreen
    from cockpit.screens.forge.accepting import Accepting
    from cockpit.screens.forge.screen import ForgeScreen


class Forging:
    """Opens the forge for the fleet screen."""

    def __init__(self, screen: DecidingScreen) -> None:
        self._screen = screen

    def open(self, focused: Widget | None) -> None:
        """Open the forge on the line under the cursor of the pane with the focus, else on the row of the list."""
        row = self._screen.item_row
        if row is not None and row.is_mistake and not _in_pane(focused):
            self._screen.later(self._of_mistake(row.item.mistake))
            return
        self._begin(self._offences(focused))

    async def _of_mistake(self, fingerprint: str) -> None:
        """Open the forge on all that is known of a mistake."""
        offences = await self._screen.mistaking.offences(fingerprint)
        if offences is not None:
            self._begin(offences)

    def _begin(self, offences: list[Offence]) -> None:
        from cockpit.screens.forge.screen import ForgeScreen  # a screen of its own, made when it is first wanted

        if not offences:
            words = "Nothing here can become a rule."
            hint = "Put the cursor on a line of the diff, a finding, a comment or the transcript."
            self._screen.tell(Trouble(words, next=hint))
            return
        self._show(ForgeScreen(offences, self._screen.link.call, self._screen.keyboard))

    def open_draft(self, draft: str) -> None:
        """Open the forge on a rule that somebody began to write."""
        from cockpit.screens.forge.screen import ForgeScreen  # as above

        self._show(ForgeScreen((), self._screen.link.call, self._screen.keyboard, draft=draft))

    async def drafts(self) -> list[DraftInfo]:
        """Return the rules that somebody began to write; none while nobody can say."""
        try:
            found = await self._screen.link.call(GetDrafts())
        except (CommandFailed, SupervisorGone):
            return []
        return [DraftInfo.model_validate(one) for one in found.get("drafts", ())]

    def drop_draft(self, draft: DraftInfo) -> None:
        """Throw a draft away."""
        self._screen.later(self._drop(draft))

    async def _drop(self, draft: DraftInfo) -> None:
        if await self._screen.send(DropDraft(draft=draft.id)) is not None:
            self._screen.say(Safe(f"The draft {clean_line(draft.name)} is thrown away"))

    def _show(self, shown: ForgeScreen) -> None:
        def ended(rule: str | None) -> None:
            self._ended(rule, shown.accepting)

        self._screen.app.push_screen(shown, ended)

    def _offences(self, focused: Widget | None) -> list[Offence]:
        from cockpit.screens.forge.pointing import on_whole, pointed_at  # as the screen

        session, state = self._screen.subject, self._screen.store.state
        if session is None:
            return []
        if (pane := _in_pane(focused)) is not None:
            return pointed_at(pane, session, state)
        row = self._screen.item_row
        request = session.requests.get(row.item.request) if row is not None and row.item.request else None
        return on_whole(session, request, state)

    def _ended(self, rule: str | None, accepted: Accepting) -> None:
        if rule:
            undo = self._screen.keyboard.first("fleet.undo")
            told = f"Rule {clean_line(rule)} is in force: it {accepted.does}{accepted.let_be}"
            self._screen.say(Safe(f"{told}; {undo} takes it back"))


def _in_pane(focused: Widget | None) -> ViewPane | None:
    """Return the pane that the focus is in; None: it is elsewhere."""
    ancestors = focused.ancestors_with_self if focused is not None else ()
    return next((one for one in ancestors if isinstance(one, ViewPane)), None)
