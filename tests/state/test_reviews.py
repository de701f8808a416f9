"""What a reviewing agent objects to is remembered with its place; what else it says is not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cockpit.journal import types as ev
from cockpit.rules.types.mistakes import RemarkKind
from cockpit.sessions.types import AgentCommand, Review, Send, Task, TurnEnded, TurnReason, WorkspaceInfo
from cockpit.state.fold import fold
from cockpit.state.model import State
from cockpit.state.reviews import MOST_FINDINGS, Objection, objections
from cockpit.types import CommitId, SessionId

ONE = SessionId("s1")
TEXT = """\
The change works, but one call can hang.

Full review comments:

- [P1] Give the call a timeout — /trees/s1/shop/tea.py:5-7
  Without one, a server that never answers
  stops the worker.

- [P2] Name the magic number — shop/salt.py:12
  What is 86400?

That is all.
  And this is no finding.
"""


def reviewed(summary: str, *commands: AgentCommand) -> State:
    workspace = WorkspaceInfo(session=ONE, path="/trees/s1", branch="b", base="main", base_commit=CommitId("a" * 40))
    events: list[ev.Event] = [
        ev.SessionCreated(task=Task(prompt="x")),
        ev.WorkspaceReady(workspace=workspace),
        *(ev.CommandSent(command=command, author="ana") for command in commands),
        ev.AgentSaid(said=TurnEnded(turn=1, reason=TurnReason.DONE, summary=summary)),
        ev.AgentSaid(said=TurnEnded(turn=2, reason=TurnReason.DONE, summary=summary)),
    ]
    return fold(ev.Envelope(seq=seq, at=float(seq), session=ONE, event=event) for seq, event in enumerate(events, 1))


def test_findings_of_a_review_are_remembered_once_with_their_places() -> None:
    state = reviewed(TEXT, Review(id="r"))
    first, second = state.remarks.values()
    assert (first.id, first.kind, first.session) == ("r/0", RemarkKind.REVIEW, ONE)
    assert (first.path, first.line) == ("shop/tea.py", 5)
    assert first.text == "Give the call a timeout\nWithout one, a server that never answers\nstops the worker."
    assert (second.text, second.path, second.line) == ("Name the magic number\nWhat is 86400?", "shop/salt.py", 12)


def test_a_turn_that_is_no_review_leaves_nothing() -> None:
    assert not reviewed(TEXT).remarks
    assert not reviewed(TEXT, Review(id="r"), Send(id="s", text="go on")).remarks
    assert not reviewed("It looks good.", Review(id="r")).remarks


def test_a_flood_of_findings_is_cut() -> None:
    text = "\n".join(f"- Bad {number} — a.py:{number}" for number in range(1, 500))
    assert len(objections(text, "")) == MOST_FINDINGS


@given(st.text("-—* :1aP[]\n\t", max_size=80))
def test_no_words_break_the_reading(text: str) -> None:
    assert all(isinstance(one, Objection) and one.line >= 0 for one in objections(text, "/w"))
