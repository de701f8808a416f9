"""Once it is known what an agent changed upon a remark, what was said before is looked for again and kept as a fact."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from agents.base import Abilities
from cockpit.journal.types import RemarkKept, SimilarFound
from cockpit.protocol.client import CommandFailed
from cockpit.protocol.rules import AcceptRule
from cockpit.protocol.types import AnswerRequest, ConfirmSame, Down, FindSimilar, PassSimilar, Redirect, ReviewChange
from cockpit.rules.types.mistakes import Likely, Remark, RemarkKind
from cockpit.sessions.types import AnswerDecision, AttentionKind
from cockpit.state.said_before import offer_of
from cockpit.supervisor import second_look
from cockpit.supervisor.memory import Memory, fix_of
from cockpit.types import SessionId
from tests.supervisor.fake_driver import FakeDriver
from tests.supervisor.test_crash import Child
from tests.supervisor.test_mistakes import RULE_FILES
from tests.supervisor.world import CONFIG, Person, S, World, make_repository, open_world

FIRST, AGAIN = "this call has no timeout", "an outgoing call with no bound: what if it never answers?"


async def put_right(ana: Person, name: str, bad: str, good: str, said: str) -> SessionId:
    """Let a session do something, a person say something about it, and the agent put it right."""
    session = await ana.task(f"write {name} {bad}", f"write {name} {good}")
    await ana.status(session, S.READY)
    turn = ana.session(session).turn
    await ana.call(Redirect(session=session, text=said))
    await ana.until(lambda: ana.session(session).turn > turn and ana.session(session).status is S.READY)
    return session


async def repeated(ana: Person) -> tuple[SessionId, SessionId]:
    """Let two sessions do the same in other words, and a third something else in between."""
    first = await put_right(ana, "a.py", "r = requests.get(url)", "r = requests.get(url, timeout=10)", FIRST)
    await put_right(ana, "c.py", "print('done', n)", "logger.info('done', n)", "use the logger please")
    second = await put_right(ana, "b.py", "x = httpx.post(u, json=b)", "x = httpx.post(u, json=b, timeout=5)", AGAIN)
    return first, second


def mistakes(ana: Person) -> list[str]:
    return [one.title for one in ana.state.attention.values() if one.kind is AttentionKind.MISTAKE]


async def test_the_same_kind_of_fix_in_other_words_is_offered_and_confirmed_it_is_a_mistake(
    tmp_path: Path, home: Path
) -> None:
    async with open_world(make_repository(tmp_path / "repo", CONFIG)) as world:
        ana = await world.start()
        first, second = await repeated(ana)
        await ana.until(lambda: offer_of(ana.state, second) is not None)
        offer = offer_of(ana.state, second)
        assert offer is not None
        remark, (likely, *_) = offer
        assert (remark.text, ana.state.remarks[likely.remark].text) == (AGAIN, FIRST)
        assert not (await ana.call(FindSimilar(remark=remark.id, besides=(likely.remark,), only_likely=True)))[
            "similar"
        ]
        assert offer_of(ana.state, first) is None, "nothing was said before it"
        assert not mistakes(ana), "an offer is no item"

        late = await world.person()
        assert offer_of(late.state, second) == offer, "whoever attaches sees it"
        await ana.call(ConfirmSame(remark=remark.id, of=likely.remark))
        await ana.until(lambda: bool(mistakes(ana)))
        assert mistakes(ana) == [f"second time: {FIRST}, sessions 1, 3"]
        assert offer_of(ana.state, second) is None
        assert len(await ana.kind(second, SimilarFound)) == 1, "it is looked for once"


async def test_what_is_passed_is_never_offered_again(tmp_path: Path, home: Path) -> None:
    async with open_world(make_repository(tmp_path / "repo", CONFIG)) as world:
        ana = await world.start()
        _, second = await repeated(ana)
        await ana.until(lambda: offer_of(ana.state, second) is not None)
        (found,) = await ana.kind(second, SimilarFound)
        await ana.call(PassSimilar(remark=found.remark))
        await ana.call(PassSimilar(remark=found.remark))
        await ana.until(lambda: offer_of(ana.state, second) is None)
        await world.kill()
        ana = await world.start()
        assert offer_of(ana.state, second) is None
        assert (await ana.call(FindSimilar(remark=found.remark)))["similar"], "by hand it is found"
        with pytest.raises(CommandFailed):
            await ana.call(PassSimilar(remark="nobody"))


async def test_a_supervisor_that_ended_before_it_had_looked_looks_later(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(make_repository(tmp_path / "repo", CONFIG)) as world:
        ana = await world.start()
        with monkeypatch.context() as patched:
            patched.setattr("cockpit.supervisor.second_look.SecondLook.happened", lambda *_: None)
            _, second = await repeated(ana)
            await ana.kind(second, RemarkKept, 2)
            assert not [one for one in ana.state.remarks.values() if one.is_likened]
            await world.kill()
        ana = await world.start()
        await ana.until(lambda: offer_of(ana.state, second) is not None)
        remarks = [one for one in ana.state.remarks.values() if one.after_seq is not None]
        assert len(remarks) == 3
        assert all(one.is_likened for one in remarks)


async def test_no_offer_is_made_of_a_mistake_that_a_rule_holds_off(tmp_path: Path, home: Path) -> None:
    async with open_world(make_repository(tmp_path / "repo", CONFIG)) as world:
        ana = await world.start()
        first, second = await repeated(ana)
        await ana.until(lambda: offer_of(ana.state, second) is not None)
        ids = {one.session: one.id for one in ana.state.remarks.values()}
        counted = await ana.call(ConfirmSame(remark=ids[second], of=ids[first]))
        await ana.call(AcceptRule(rule="get-timeout", files=RULE_FILES, mistakes=(counted["fingerprint"],)))
        third = await put_right(ana, "d.py", "y = requests.put(url)", "y = requests.put(url, timeout=3)", FIRST)
        (found,) = await ana.kind(third, SimilarFound)
        assert found.likely, "it is like the others"
        assert offer_of(ana.state, third) is None, "but a rule sees to it"


async def test_looking_that_fails_ends_nothing_and_is_tried_again(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []
    likely_since_fixed = Memory.likely_since_fixed

    async def fails_at_first(memory: Memory, remark: Remark) -> tuple[Likely, ...] | None:
        tried.append(remark.id)
        match len(tried):
            case 1:
                raise RuntimeError("no workshop here")
            case 2:
                return None  # the workshop fell
            case _:
                return await likely_since_fixed(memory, remark)

    monkeypatch.setattr(Memory, "likely_since_fixed", fails_at_first)
    monkeypatch.setattr(second_look, "AGAIN_AFTER_S", 0.01)
    async with open_world(make_repository(tmp_path / "repo", CONFIG)) as world:
        ana = await world.start()
        one = await put_right(ana, "a.py", "r = get(url)", "r = get(url, timeout=10)", FIRST)
        (found,) = await ana.kind(one, SimilarFound)
        assert tried == [found.remark] * 3
        assert "no workshop here" in (world.paths.logs / "supervisor.log").read_text()


async def test_an_objection_of_a_review_is_offered_as_well(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeDriver, "abilities", Abilities(continues_turn=True, reviews=True))
    async with open_world(make_repository(tmp_path / "repo", CONFIG)) as world:
        ana = await world.start()
        await put_right(ana, "a.py", "r = requests.get(url)", "r = requests.get(url, timeout=10)", FIRST)
        turns = (
            "write b.py x = httpx.post(u)",
            "say the review comes instead",
            "write b.py x = httpx.post(u, timeout=5)",
        )
        second = await ana.task(*turns)
        await ana.status(second, S.READY)
        objects = "- [P1] An outgoing call waits forever: no timeout is given — b.py:1"
        await ana.call(ReviewChange(session=second, instructions=f"\n!summary {objects}"))
        await ana.until(lambda: ana.session(second).turn == 2 and ana.session(second).status is S.READY)
        await ana.call(Redirect(session=second, text="Do what the review says"))
        await ana.until(lambda: offer_of(ana.state, second) is not None)
        offer = offer_of(ana.state, second)
        assert offer is not None
        assert (offer[0].kind, ana.state.remarks[offer[1][0].remark].text) == (RemarkKind.REVIEW, FIRST)


async def test_a_denial_is_found_by_its_decision(tmp_path: Path, home: Path) -> None:
    async with open_world(make_repository(tmp_path / "repo", CONFIG)) as world:
        ana = await world.start()
        one = await ana.task(f"request r {json.dumps({'shell': 'npm install left-pad'})}")
        await ana.until(lambda: one in ana.state.sessions and bool(ana.session(one).requests))
        denial = AnswerRequest(session=one, request="r", decision=AnswerDecision.DENY, text="No new packages")
        said = (await ana.call(denial))["remarks"]
        assert said == [ana.state.decisions[-1].id]


TWO_PLACES = """\
diff --git a/a.py b/a.py
--- a/a.py
+++ b/a.py
@@ -1,3 +1,3 @@
 import requests
-NAME = 1
+NAME_S = 1
 x = 1
@@ -20,2 +20,2 @@
 y = 2
-r = get(url)
+r = get(url, timeout=1)
diff --git a/b.py b/b.py
--- a/b.py
+++ b/b.py
@@ -21 +21 @@
-old
+new
"""


@pytest.mark.parametrize(
    ("path", "line", "count"), [("a.py", 21, 1), ("a.py", 2, 1), ("a.py", 300, 3), ("c.py", 21, 3), ("", None, 3)]
)
def test_what_put_a_line_right_is_the_change_around_it_or_all_of_them(path: str, line: int | None, count: int) -> None:
    remark = Remark(
        id="r", kind=RemarkKind.COMMENT, session=SessionId("s"), by="ana", at=1, text="x", path=path, line=line
    )
    places = fix_of(remark, TWO_PLACES)
    assert len(places) == count
    if line == 21 and path == "a.py":
        assert places == [("a.py", "y = 2\nr = get(url)", "y = 2\nr = get(url, timeout=1)")]


async def test_killed_while_it_looks_it_looks_again_and_an_offer_outlives_it(tmp_path: Path, home: Path) -> None:
    world = World(make_repository(tmp_path / "repo", CONFIG))
    child = Child(world)
    ana = await child.start()
    await put_right(ana, "a.py", "r = requests.get(url)", "r = requests.get(url, timeout=10)", FIRST)
    second = await ana.task("write b.py x = httpx.post(u, json=b)", "write b.py x = httpx.post(u, json=b, timeout=5)")
    await ana.status(second, S.READY)
    await ana.call(Redirect(session=second, text=AGAIN))
    await ana.kind(second, RemarkKept, 2)
    await child.end(signal.SIGKILL)

    ana = await child.start()
    await ana.until(lambda: offer_of(ana.state, second) is not None)
    offer = offer_of(ana.state, second)
    await child.end(signal.SIGKILL)

    ana = await child.start()
    assert offer_of(ana.state, second) == offer
    await ana.status(second, S.READY)
    await ana.call(Down())
    await child.end(0)
    await world.down()
