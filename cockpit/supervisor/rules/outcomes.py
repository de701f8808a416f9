"""What a decision on a rule becomes once its commit is on the branch, and what takes it back."""

from __future__ import annotations

from typing import assert_never

from cockpit.journal.types.rule_life import FindingJudged, ProseRemoved, RuleChanged
from cockpit.journal.types.rules import RuleAccepted, RuleDecided, RuleEvent, RuleRetired
from cockpit.sessions.types import DecisionKind
from cockpit.state.rule_life import BLOCKS, TOLD
from cockpit.types import CommitId, SessionId

KINDS = {
    "accept": DecisionKind.RULE,
    "retire": DecisionKind.RETIRE,
    "change": DecisionKind.CHANGE,
    "judge": DecisionKind.JUDGE,
    "prose": DecisionKind.PROSE,
}
"""What a person did, by what was decided."""


def event_of(decided: RuleDecided, commit: CommitId) -> RuleEvent:
    """Return the event that tells of a decision that was carried out."""
    same = decided.model_dump(include={"decision", "rule", "target", "by"})
    told = decided.model_dump(include={"message", "remediation"})
    is_undo = bool(decided.undoes)
    match decided.what:
        case "accept":
            return RuleAccepted(**same, **told, commit=commit, mistakes=decided.mistakes)
        case "retire":
            return RuleRetired(**same, commit=commit)
        case "change":
            return RuleChanged(**same, **told, commit=commit, state=decided.state, was=decided.was)
        case "judge":
            whose = SessionId(decided.of_session)
            return FindingJudged(**same, commit=commit, of_session=whose, instance=decided.instance, is_useful=is_undo)
        case "prose":
            return ProseRemoved(**same, commit=commit, path=decided.path, is_back=is_undo)
        case _:
            assert_never(decided.what)


def taking_back(done: RuleDecided, decision: str, person: str) -> RuleDecided:
    """Return the decision that takes back one that was carried out."""
    turned = {"accept": "retire", "retire": "accept"}.get(done.what, done.what)
    return done.model_copy(
        update={
            "decision": decision,
            "what": turned,
            "base": done.commit,
            "by": person,
            "undoes": done.decision,
            "state": done.was,
            "was": done.state,
        }
    )


def spreads(decided: RuleDecided) -> str | None:
    """Return the rule that every session is looked at for; empty: none, but what waits to land is tested anew.

    None: no other rules are in force than before.
    """
    is_more = decided.what == "accept" or (
        decided.what == "change" and decided.state in TOLD and (decided.was not in TOLD or decided.state == BLOCKS)
    )
    if decided.what == "prose":
        return None
    return decided.rule if is_more else ""
