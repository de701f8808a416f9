"""What a person decides on the fleet screen: each decision becomes one command, with what it cost in attention."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from textual import on
from textual.screen import Screen

from cockpit.costs.types import FLEET_LIKENESS
from cockpit.protocol.client import CommandFailed, SupervisorGone
from cockpit.protocol.types import (
    Approve,
    Attention,
    Command,
    CreateTasks,
    Redirect,
    Reject,
    Resume,
    ReviewChange,
    Stop,
    Undo,
)
from cockpit.providers.text import Safe, clean_line
from cockpit.screens.answering import Answering
from cockpit.screens.dialogs import AskDialog, Asked, Question
from cockpit.screens.forge.opening import Forging
from cockpit.screens.keys import Keyboard
from cockpit.screens.link import Link
from cockpit.screens.looking import Looking
from cockpit.screens.mistaking import Mistaking
from cockpit.screens.said_before import SaidBefore
from cockpit.screens.store import Store
from cockpit.screens.tasks import UnknownAgent, task_of
from cockpit.sessions.types import AnswerDecision, AttentionItem, AttentionKind, LineComment, SessionStatus
from cockpit.state.model import SessionState
from cockpit.types import SessionId
from widgets.abilities import cannot
from widgets.attention import AttentionRow
from widgets.dispatch import DispatchBox
from widgets.fleetlist import Wanted
from widgets.pane import Commented, CommentsWritten, Trouble

_HARMLESS = ("open", "peek", "apart")
_IN_TURN = (SessionStatus.WORKING, SessionStatus.WAITING)
_RESUMED = (AttentionKind.PAUSED, AttentionKind.FAILED, AttentionKind.INTERRUPTED)


class DecidingScreen(Screen[None]):
    """The deciding half of the fleet screen. The other half says what the subject is."""

    def __init__(self, store: Store, link: Link, keyboard: Keyboard) -> None:
        super().__init__()
        self.store, self.link, self.keyboard = store, link, keyboard
        self.looking = Looking()
        self.answering = Answering(self)
        self.forging = Forging(self)
        self.mistaking = Mistaking(self)
        self.said_before = SaidBefore(self)
        self.drafts: dict[str, str] = {}
        """Words begun in a dialog and not sent, by what they are for."""

    @property
    def subject(self) -> SessionState | None:
        """The session that the screen is turned to."""
        raise NotImplementedError

    @property
    def item_row(self) -> AttentionRow | None:
        """The attention item under the cursor of the list."""
        raise NotImplementedError

    def lone(self) -> SessionState | None:
        """Return the session that a key is for; where several ask the same, say how to take one of them."""
        row = self.item_row
        if row is not None and row.is_mistake:
            self.say(Safe("This is about a mistake; the number of a session goes there."))
            return None
        if row is None or not row.is_folded:
            return self.subject
        self.say(Safe(f"{len(row.askers)} sessions ask this; {self.keyboard.first('card.apart')} shows each alone."))
        return None

    def is_seen(self, row: AttentionRow) -> bool:
        """Return whether the item is in front of the person."""
        raise NotImplementedError

    # --- sending

    async def send(self, command: Command) -> dict[str, Any] | None:
        """Carry a command to the supervisor; what goes wrong is shown, and None returned."""
        try:
            result = await self.link.call(command)
            self.said_before.heard(result)
            return result
        except CommandFailed as error:
            self.tell(Trouble(error.info.what, error.info.kept, error.info.next))
        except SupervisorGone:
            self.tell(
                Trouble("The supervisor is not connected.", "Nothing was sent.", "Try again when the header is quiet.")
            )
        return None

    def tell(self, trouble: Trouble) -> None:
        """Show what happened, what was kept and what to do next."""
        lines = [clean_line(part) for part in (trouble.kept, trouble.next) if part]
        self.notify("\n".join(lines) or " ", title=clean_line(trouble.what), severity="error", markup=False, timeout=12)

    def say(self, text: Safe) -> None:
        """Show that something was done."""
        self.notify(text, markup=False, timeout=4)

    def later(self, work: Coroutine[Any, Any, object]) -> None:
        """Do something that waits for the supervisor, without holding up the keys."""
        self.run_worker(work, group="decisions", exit_on_error=True)

    def on_trouble(self, trouble: Trouble) -> None:
        """Show what a pane reports."""
        self.tell(trouble)

    # --- new tasks

    @on(DispatchBox.Sent)
    def dispatch_task(self, sent: DispatchBox.Sent) -> None:
        """Begin a session with what was typed; the text stays until it is one."""
        self.later(self._dispatch(sent.box, sent.text_sent))  # type: ignore[arg-type]  # only the dispatch box sends this

    async def _dispatch(self, box: DispatchBox, text: str) -> None:
        try:
            task = task_of(text, self.store.state.agents, box.fork.session if box.fork is not None else "")
        except UnknownAgent as error:
            self.tell(Trouble(str(error), "Your text is kept.", f"There are: {', '.join(self.store.state.agents)}."))
            return
        if await self.send(CreateTasks(tasks=(task,))) is not None and box.text == text:
            box.clear()
            box.end_fork()

    # --- yes

    @on(Wanted)
    def decide(self, wanted: Wanted) -> None:
        """Do what the row under the cursor allows."""
        row = self.item_row
        if row is not None and wanted.what not in _HARMLESS and not self.is_seen(row):
            self.say(Safe("This is what it asks; press again to decide."))
            return
        match wanted.what:
            case "approve" if row is not None:
                self._approve(row)
            case "session" if row is not None:
                self.answering.answer(row, AnswerDecision.SESSION)
            case "always" if row is not None:
                self.answering.always(row)
            case "refuse":
                self._refuse(row)
            case _:
                pass

    def _approve(self, row: AttentionRow) -> None:
        item = row.item
        if item.kind is AttentionKind.REQUEST:
            self.answering.once(row)
        elif item.kind is AttentionKind.READY:
            self._approve_change(row)
        elif item.kind in _RESUMED:
            self.later(self._resume_all(row))
        else:
            self.tell(Trouble(f"A {item.kind.value} session has nothing to approve.", next="Its card names the keys."))

    def _approve_change(self, row: AttentionRow) -> None:
        session = row.session
        if session.receipt is None or not session.commit:
            self.tell(Trouble("There is no receipt yet.", "Nothing was approved.", "It comes when the checks pass."))
            return
        command = Approve(session=session.id, commit=session.commit, attention=self.cost_of_item(row.item))
        self.later(self._sent(command, Safe(f"Approved {session.number}: it lands when its checks pass on the target")))

    # --- no

    def _refuse(self, row: AttentionRow | None) -> None:
        if row is not None and row.item.request:
            self.answering.deny(row)
            return
        if row is not None and row.is_mistake:
            self.mistaking.dismiss(row.item)
            return
        session = self.lone()
        if session is None:
            return
        title = Safe(f"Reject session {session.number}; its branch is kept")
        hint = Safe("the reason; may stay empty")
        question = Question(f"reject:{session.id}", title, session.name, hint=hint)

        async def reject(asked: Asked) -> bool:
            cost = self.cost_of_item(row.item) if row is not None else Attention()
            return await self.send(Reject(session=session.id, reason=asked.text, attention=cost)) is not None

        self.ask(question, reject)

    # --- otherwise

    def action_redirect(self) -> None:
        """Say something to the agent."""
        if (session := self.lone()) is not None:
            self._redirect(session, ())

    def on_comments_written(self, written: CommentsWritten) -> None:
        """Ask for the words around line comments, then send them as one message."""
        session = self.store.session(written.session)
        if session is not None:
            self._redirect(session, written.comments)

    def _redirect(self, session: SessionState, comments: tuple[LineComment, ...]) -> None:
        row = self.item_row
        with_comments = f" with {len(comments)} line comment{'s' if len(comments) > 1 else ''}" if comments else ""
        limit = cannot(session, "steers") if session.status in _IN_TURN else Safe("")
        question = Question(
            f"redirect:{session.id}",
            Safe(f"Redirect session {session.number}{with_comments}"),
            session.name,
            hint=Safe("what it should do instead"),
            choice=None if limit else (Safe("now, into the running turn"), Safe("after the turn")),
            note=Safe(f"{limit}: it gets this after its turn") if limit else limit,
            needs_text=not comments,
        )

        async def redirect(asked: Asked) -> bool:
            command = Redirect(
                session=session.id,
                text=asked.text,
                comments=comments,
                after_turn=asked.is_other or bool(limit),
                attention=self.cost_of_item(row.item) if row is not None else Attention(),
            )
            if await self.send(command) is None:
                return False
            if comments:
                for pane in self.query("*"):
                    if isinstance(pane, Commented):
                        pane.discard_comments(session.id)
            return True

        self.ask(question, redirect)

    def action_stop(self) -> None:
        """Interrupt the agent."""
        if (session := self.lone()) is not None:
            self.later(self._sent(Stop(session=session.id), Safe(f"Stopping session {session.number}")))

    def action_review(self) -> None:
        """Have the agent look over what it changed."""
        session = self.lone()
        if session is None:
            return
        if reason := cannot(session, "reviews"):
            self.tell(Trouble(reason, "Nothing was sent.", "Redirect it with what it should look at."))
            return
        command = ReviewChange(session=session.id)
        self.later(self._sent(command, Safe(f"Session {session.number} reviews its change")))

    def action_resume(self) -> None:
        """Go on with a session that stands still."""
        if (session := self.lone()) is not None:
            row = self.item_row
            self.later(self._resume(session.id, self.cost_of_item(row.item) if row is not None else Attention()))

    def action_forge(self) -> None:
        """Make a rule of what is under the cursor."""
        self.forging.open(self.focused)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Confirm only what is offered."""
        if action in ("said_same", "said_pass"):
            return self.said_before.offered is not None
        return super().check_action(action, parameters)

    def action_said_same(self) -> None:
        """Count what is offered as the same mistake as what was said before."""
        self.said_before.confirm()

    def action_said_pass(self) -> None:
        """What is offered is not the same; it is not offered again."""
        self.said_before.decline()

    def action_said_read(self) -> None:
        """Read what was said before that is like it."""
        self.said_before.read(self.focused)

    def open_session(self, session: SessionId | None) -> None:
        """Put the cursor on a session."""
        raise NotImplementedError

    def action_undo(self) -> None:
        """Take back the last decision, and say which it was."""
        self.later(self._undo())

    async def _undo(self) -> None:
        result = await self.send(Undo())
        if result is not None:
            session = self.store.session(SessionId(str(result.get("session", ""))))
            whose = f" of session {session.number}, {clean_line(session.name)}" if session else ""
            whose = f" of a mistake: {clean_line(str(result['mistake']))}" if "mistake" in result else whose
            self.say(Safe(f"Undone: {clean_line(str(result.get('undone', 'decision')))}{whose}"))

    async def _resume_all(self, row: AttentionRow) -> None:
        """Let every session of a row go on; what it cost is charged once."""
        cost = self.cost_of_item(row.item)
        # Whoever lets one go on that waits for the fleet's budget lets all of them.
        askers = row.askers[:1] if row.item.likeness == FLEET_LIKENESS else row.askers
        for asker in askers:
            await self._resume(asker.session.id, cost)
            cost = Attention()

    async def _resume(self, session: SessionId, cost: Attention) -> None:
        await self.send(Resume(session=session, attention=cost))

    async def _sent(self, command: Command, done: Safe | None = None) -> None:
        if await self.send(command) is not None and done is not None:
            self.say(done)

    def ask(self, question: Question, then: AskDialog.Then) -> None:
        """Open a dialog; a draft of the same name is in it, and what is not sent stays a draft."""
        self.app.push_screen(AskDialog(question, then, self.drafts, self.keyboard))

    def cost_of(self, session: SessionId) -> Attention:
        """Return what the item under the cursor has cost, if it is this session's."""
        row = self.item_row
        return (
            self.cost_of_item(row.item)
            if row is not None and not row.is_mistake and row.session.id == session
            else Attention()
        )

    def cost_of_item(self, item: AttentionItem) -> Attention:
        """Return what an item has cost so far."""
        return self.looking.spent(item.id)
