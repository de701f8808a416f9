"""What people decide about rules: accepted, retired, taken back; each a commit on the branch that changes land on.

A decision is on disk before the branch moves, with the commit that it is about: after a crash it is carried out, once.
The branch moves like for a landing: by compare-and-swap, a clean checkout follows, one with work in the way stops it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from cockpit.journal.errors import JournalError
from cockpit.journal.types import DecisionMade
from cockpit.journal.types.rules import RuleDecided, RuleRefused
from cockpit.protocol.rule_life import ChangeRule, DeleteRule, JudgeFinding, RemoveProse
from cockpit.protocol.rules import AcceptRule, GetRules, JudgeChange, RetireRule, RuleCommand
from cockpit.protocol.server import CommandRefused
from cockpit.providers.git import CheckoutBlocked, GitError, Landed
from cockpit.providers.uncut import to_its_end
from cockpit.sessions.types import Decision, DecisionKind
from cockpit.supervisor.agent_life import new_id
from cockpit.supervisor.rules.outcomes import KINDS, event_of, spreads, taking_back
from cockpit.types import CommitId, SessionId, TreeId

if TYPE_CHECKING:
    from cockpit.rules.types import Rule
    from cockpit.supervisor.services import Services

log = logging.getLogger(__name__)

_TRIES = 5
What = Literal["accept", "retire", "change", "judge", "prose"]
Files = Mapping[str, bytes | None]
Edit = Callable[[CommitId], Awaitable[Files]]
"""Says which files are to be what, on top of a commit."""


class RuleDecisions:
    """Carries out what people decide about rules, one decision at a time."""

    def __init__(self, services: Services, spread: Callable[..., None]) -> None:
        """Call `spread` (see `RuleNews`) with the rule and the branch when one was accepted."""
        self._services, self._spread = services, spread
        self._turn = asyncio.Lock()

    async def __call__(self, command: RuleCommand, person: str) -> dict[str, Any]:
        """Return the result. Raises `CommandRefused` or `GitError`."""
        match command:
            case AcceptRule():
                return await self._accept(command, person)
            case RetireRule():
                return await self._change(ChangeRule(rule=command.rule, state="retired", target=command.target), person)
            case ChangeRule():
                return await self._change(command, person)
            case DeleteRule():
                return await self._delete(command, person)
            case JudgeFinding():
                return await self._judge(command, person)
            case RemoveProse():
                return await self._remove(command, person)
            case JudgeChange():
                from cockpit.supervisor.rules.judges import judge_change

                return await judge_change(self._services, command, person)
            case GetRules():
                from cockpit.supervisor.rules.listing import listed

                return await listed(self._services, await self._branch(command.target))

    async def take_up(self) -> None:
        """Carry out what a crash cut off. What cannot be is told, and leaves no rule behind."""
        state = self._services.record.state
        unheard = {rule for session in state.sessions.values() for rule in session.rule_news}
        latest = {done.rule: done.target for done in state.rules.done.values() if done.rule in unheard}
        for rule, target in latest.items():
            self._spread(rule, target, is_again=True)
        for decided in list(self._services.record.state.rules.under_way.values()):
            try:
                async with self._turn:
                    await to_its_end(self._again(decided))
            except JournalError:
                raise
            except Exception as error:  # the edge of one decision
                log.warning("the decision on rule %s", decided.rule, exc_info=True)
                self._refuse(decided, str(error))

    async def undo(self, decision: Decision, person: str) -> dict[str, Any]:
        """Take back a decision on a rule, unless something else was built on it. Raises `CommandRefused`."""
        done = self._services.record.state.rules.done.get(decision.id)
        if done is None:
            raise CommandRefused("This decision on a rule was not carried out.", "Nothing was undone.")
        wanted = taking_back(done, new_id(), person)
        if done.commit:
            words = f"Take back: {done.what} {done.rule}"
            await self._carry_out(wanted, DecisionKind.UNDO, self._restoring(done), words)
        else:
            await self._tell(wanted, DecisionKind.UNDO)
        return {"undone": decision.kind, "session": done.of_session, "rule": done.rule}

    # --- what is decided --------------------------------------------------------------------------------------------

    async def _accept(self, command: AcceptRule, person: str) -> dict[str, Any]:
        from cockpit.supervisor.rules.files import Proposal, proposal

        services = self._services
        target = await self._branch(command.target)
        found: Proposal = await proposal(services, command, target)
        wanted = self._wanted("accept", found.rule, target, person)
        wanted = wanted.model_copy(update={"mistakes": command.mistakes})
        text = f"Rule {found.rule.id}: {_line(found.rule.message)}\n\n{found.rule.note}".rstrip() + "\n"
        return await self._carry_out(wanted, DecisionKind.RULE, found.edit, text)

    async def _change(self, command: ChangeRule, person: str) -> dict[str, Any]:
        from cockpit.rules.types import RuleState
        from cockpit.supervisor.rules.life import changing

        target, state = await self._branch(command.target), RuleState(command.state)
        rule, edit = await changing(self._services, command.rule, state, target)
        is_retired = state is RuleState.RETIRED
        wanted = self._wanted("retire" if is_retired else "change", rule, target, person)
        wanted = wanted.model_copy(update={"state": state.value, "was": rule.metadata.state.value})
        text = f"Retire rule {rule.id}\n" if is_retired else f"Rule {rule.id}: {rule.metadata.state} -> {state}\n"
        return await self._carry_out(wanted, KINDS[wanted.what], edit, text)

    async def _delete(self, command: DeleteRule, person: str) -> dict[str, Any]:
        from cockpit.supervisor.rules.life import deleting

        target = await self._branch(command.target)
        rule, edit = await deleting(self._services, command.rule, target)
        wanted = self._wanted("retire", rule, target, person)
        return await self._carry_out(wanted, DecisionKind.RETIRE, edit, f"Delete rule {rule.id}\n")

    async def _judge(self, command: JudgeFinding, person: str) -> dict[str, Any]:
        from cockpit.supervisor.rules.life import letting_by

        session = self._services.record.state.sessions.get(command.session)
        base = session.workspace.base if session is not None and session.workspace is not None else ""
        target = await self._branch(base)
        rule, edit = await letting_by(self._services, command, target)
        wanted = self._wanted("judge", rule, target, person)
        wanted = wanted.model_copy(update={"of_session": command.session, "instance": command.instance})
        if edit is not None:
            text = f"Let a finding of {rule.id} by: judged not useful\n"
            return await self._carry_out(wanted, DecisionKind.JUDGE, edit, text)
        await self._tell(wanted, DecisionKind.JUDGE)
        return {"decision": wanted.decision, "rule": rule.id, "commit": "", "branch": ""}

    async def _remove(self, command: RemoveProse, person: str) -> dict[str, Any]:
        from cockpit.supervisor.rules.life import removing

        target = await self._branch(command.target)
        rule, edit = await removing(self._services, command, target)
        wanted = self._wanted("prose", rule, target, person).model_copy(update={"path": command.path})
        text = f"Take out of {command.path} what the rule {rule.id} holds\n"
        return await self._carry_out(wanted, DecisionKind.PROSE, edit, text)

    def _wanted(self, what: What, rule: Rule, target: str, person: str) -> RuleDecided:
        from cockpit.rules.service.findings import remediation

        return RuleDecided(
            decision=new_id(),
            what=what,
            rule=rule.id,
            target=target,
            base=CommitId(""),
            commit=CommitId(""),
            message=rule.message,
            remediation=remediation(rule),
            by=person,
        )

    async def _tell(self, wanted: RuleDecided, kind: DecisionKind) -> None:
        """Tell of a decision that needs no commit."""
        decided = DecisionMade(decision=self._decision(wanted, kind))
        await self._services.record.add(None, decided, wanted, event_of(wanted, CommitId("")))

    async def _branch(self, target: str) -> str:
        config = self._services.config
        named = target or config.merge.target or await self._services.repository.current_branch()
        if not named:
            raise CommandRefused("No branch is checked out.", "Nothing was changed.", "Name one: [merge] target.")
        return named

    def _restoring(self, done: RuleDecided) -> Edit:
        async def restored(tip: CommitId) -> Files:
            repository = self._services.repository
            before = await repository.resolve(f"{done.commit}^")
            paths = [one.path for one in await repository.diff_stat(before, done.commit)]
            was, then, now = [await repository.list_files(one) for one in (before, done.commit, tip)]
            if any(then.get(path) != now.get(path) for path in paths):
                raise CommandRefused(
                    f"Something else was built on rule {done.rule} since.", "Nothing was undone.", "Retire the rule."
                )
            texts = await repository.read_blobs([was[path] for path in paths if path in was], 64 << 20)
            return {path: texts[was[path]] if path in was else None for path in paths}

        return restored

    # --- on the branch ----------------------------------------------------------------------------------------------

    async def _carry_out(self, wanted: RuleDecided, kind: DecisionKind, edit: Edit, message: str) -> dict[str, Any]:
        async with self._turn:
            return await to_its_end(self._land(wanted, kind, edit, message))

    async def _land(self, wanted: RuleDecided, kind: DecisionKind, edit: Edit, message: str) -> dict[str, Any]:
        """Put a commit with the edit on the branch, anew where somebody else moves it meanwhile."""
        repository, record = self._services.repository, self._services.record
        branch = await self._committed_on(wanted.target)
        decision: list[DecisionMade] = [DecisionMade(decision=self._decision(wanted, kind))]
        for _attempt in range(_TRIES):
            tip = await repository.branch_tip(branch)
            if tip is None:
                raise CommandRefused(f"There is no branch {branch}.", "Nothing was changed.", "Create it first.")
            tree = await repository.tree_of(tip)
            try:
                edited = await repository.with_files(tree, await edit(tip))
                if edited == tree:
                    raise CommandRefused(f"{branch} holds exactly this already.", "Nothing was changed.")
            except (CommandRefused, GitError) as error:
                if not decision:  # on disk since the branch was tried before
                    self._refuse(wanted, str(error))
                raise
            commit = await repository.commit_tree(edited, (tip,), message)
            decided = wanted.model_copy(update={"target": branch, "base": tip, "commit": commit})
            await record.add(None, *decision, decided)
            decision = []
            if await self._moved(decided, tip, commit):
                return {"decision": wanted.decision, "rule": wanted.rule, "commit": commit, "branch": branch}
        self._refuse(wanted, f"{branch} is being moved by somebody else")
        raise CommandRefused(f"{branch} is being moved by somebody else.", "Nothing was changed.", "Try again.")

    async def _moved(self, decided: RuleDecided, tip: CommitId, commit: CommitId) -> bool:
        """Move the branch and tell of it. Returns False where it was moved meanwhile. Raises `CommandRefused`."""
        try:
            outcome = await self._services.repository.land(decided.target, tip, commit)
        except GitError as error:
            if not await self._has_landed(decided.target, commit):
                self._refuse(decided, str(error))
                raise
            outcome = Landed(commit)
        if isinstance(outcome, CheckoutBlocked):
            reason = f"the checkout at {outcome.path} {outcome.reason}"
            self._refuse(decided, reason)
            raise CommandRefused(f"Not committed: {reason}.", "Nothing was changed.", "Put it in order and try again.")
        if not isinstance(outcome, Landed):
            return False
        await self._landed(decided, commit)
        return True

    async def _landed(self, decided: RuleDecided, commit: CommitId) -> None:
        await self._services.record.add(None, event_of(decided, commit))
        if (rule := spreads(decided)) is not None:
            self._spread(rule, decided.target)

    async def _has_landed(self, branch: str, commit: CommitId) -> bool:
        """Return whether a branch holds a commit. Raises `GitError` where git cannot tell: it is asked again later."""
        repository = self._services.repository
        tip = await repository.branch_tip(branch)
        return tip is not None and await repository.merge_base(commit, tip) == commit

    async def _again(self, decided: RuleDecided) -> None:
        """Find out whether a commit has landed before the crash; let it land now where it has not."""
        repository = self._services.repository
        tip = await repository.branch_tip(decided.target)
        if tip is None:
            raise CommandRefused(f"there is no branch {decided.target} any more")
        if await self._has_landed(decided.target, decided.commit):
            if tip == decided.commit:  # a checkout that was left half-way is brought along
                await repository.land(decided.target, decided.base, decided.commit)
            await self._landed(decided, decided.commit)
            return
        commit = decided.commit
        if tip != decided.base:
            merged = await repository.merge_trees(tip, decided.commit)
            if merged.tree is None:
                raise CommandRefused(f"{decided.target} has changed the same files since")
            commit = await repository.commit_tree(TreeId(merged.tree), (tip,), f"Rule {decided.rule}: {decided.what}\n")
        if not await self._moved(decided, tip, commit):
            raise CommandRefused(f"{decided.target} is being moved by somebody else")

    async def _committed_on(self, target: str) -> str:
        """Return the branch that rules are committed on, created where it does not exist."""
        branch = self._services.config.rules.branch or target
        repository = self._services.repository
        if branch != target and not await repository.branch_exists(branch):
            await repository.create_branch(branch, await repository.resolve(target))
        return branch

    def _decision(self, wanted: RuleDecided, kind: DecisionKind) -> Decision:
        return Decision(
            id=wanted.decision,
            kind=kind,
            session=SessionId(wanted.of_session),
            by=wanted.by,
            at=self._services.clock.now(),
            text=wanted.rule,
            undoes=wanted.undoes,
        )

    def _refuse(self, decided: RuleDecided, reason: str) -> None:
        refused = RuleRefused(decision=decided.decision, rule=decided.rule, reason=reason)
        self._services.record.add(None, refused)


def _line(text: str) -> str:
    return " ".join(text.split())[:100]
