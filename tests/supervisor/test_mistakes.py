"""The same finding in two sessions is a mistake with its evidence; what people say is remembered and found again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cockpit.journal.types import FindingsSeen, RemarkKept
from cockpit.protocol.client import CommandFailed
from cockpit.protocol.rules import AcceptRule
from cockpit.protocol.types import (
    AnswerRequest,
    AnswerRequests,
    Approve,
    ConfirmSame,
    DismissMistake,
    FindSimilar,
    GetMistake,
    OpenRequest,
    Redirect,
    Reject,
    Undo,
)
from cockpit.rules.types.forging import Offence, Pointed
from cockpit.rules.types.mistakes import RemarkKind
from cockpit.sessions.types import AnswerDecision, AttentionKind, DecisionKind, LineComment
from tests.supervisor.world import CONFIG, S, make_repository, open_world

CHECK = r"""
[checks.tidy]
command = ["/bin/sh", "-c", "! grep -Hn BAD *.py"]
parser = "regex"
pattern = '^(?P<path>[^:\n]+):(?P<line>\d+):.*(?P<code>BAD).*$'
"""
BAD, GOOD = "answer = get(url)  # BAD", "answer = get(url, timeout=5)"


async def test_the_same_finding_in_a_second_session_is_a_mistake_with_its_evidence(tmp_path: Path, home: Path) -> None:
    async with open_world(make_repository(tmp_path / "repo", CONFIG + CHECK)) as world:
        ana = await world.start()
        first = await ana.task(f"write a.py {BAD}", f"write a.py {GOOD}")
        await ana.status(first, S.READY)
        assert not any(one.is_repeated for one in ana.state.mistakes.values())
        second = await ana.task(f"write b.py {BAD}", f"write b.py still {BAD}", f"write b.py {GOOD}")
        await ana.status(second, S.READY)

        (mistake,) = ana.state.mistakes.values()
        assert mistake.fingerprint == "tidy:BAD"
        assert (mistake.count, mistake.sessions, mistake.standing) == (2, (first, second), ())
        told = await ana.call(GetMistake(fingerprint=mistake.fingerprint))
        assert told["title"] == "second time: BAD, sessions 1, 2"
        pairs = [(one["session"], one["path"], one["bad"]) for one in told["evidence"]]
        assert pairs == [(first, "a.py", BAD), (second, "b.py", BAD)]
        assert told["evidence"][0]["good"] == GOOD
        offence = Offence.model_validate(told["offences"][0])
        assert (offence.kind, offence.path, offence.snippet, offence.fix) == (Pointed.MISTAKE, "a.py", BAD, GOOD)
        rounds = await ana.kind(second, FindingsSeen, 3)
        assert [fix.good for one in rounds for fix in one.fixes][-1] == GOOD
        with pytest.raises(CommandFailed):
            await ana.call(GetMistake(fingerprint="tidy:GOOD"))


async def test_a_finding_that_is_back_after_it_was_fixed_is_a_mistake(tmp_path: Path, home: Path) -> None:
    async with open_world(make_repository(tmp_path / "repo", CONFIG + CHECK)) as world:
        ana = await world.start()
        one = await ana.task(f"write a.py {BAD}", f"write a.py {GOOD}", f"write a.py {BAD}", f"write a.py {GOOD}")
        await ana.status(one, S.READY)
        assert ana.state.mistakes["tidy:BAD"].count == 1
        await ana.call(Redirect(session=one, text="go on"))
        await ana.until(lambda: ana.session(one).turn == 4 and ana.session(one).status is S.READY)
        assert ana.state.mistakes["tidy:BAD"].count == 2
        assert ana.state.mistakes["tidy:BAD"].sessions == (one,)


async def test_what_a_person_says_is_remembered_with_the_diffs_and_found_again(tmp_path: Path, home: Path) -> None:
    async with open_world(make_repository(tmp_path / "repo", CONFIG + CHECK)) as world:
        ana = await world.start()
        first = await ana.task("write a.py answer = get(url)", f"write a.py {GOOD}")
        await ana.status(first, S.READY)
        comment = LineComment(path="a.py", line=1, text="Calls need a timeout", snippet="answer = get(url)")
        await ana.call(Redirect(session=first, comments=(comment,)))
        before, after = await ana.kind(first, RemarkKept, 2)
        assert (before.side, after.side) == ("before", "after")
        assert "+answer = get(url)\n" in before.diff
        assert f"-answer = get(url)\n+{GOOD}\n" in after.diff

        other = await ana.task("write c.py print(1)")
        await ana.status(other, S.READY)
        await ana.call(Reject(session=other, reason="Use the logger, never print"))
        assert (await ana.kind(other, RemarkKept))[0].side == "before"
        second = await ana.task("write b.py reply = post(url)", "write b.py reply = post(url, timeout=9)")
        await ana.status(second, S.READY)
        await ana.call(Redirect(session=second, text="again no timeout on an outgoing call"))
        await ana.kind(second, RemarkKept, 2)

        by_kind = {one.kind: one for one in ana.state.remarks.values()}
        assert set(by_kind) == {RemarkKind.COMMENT, RemarkKind.REJECT, RemarkKind.REDIRECT}
        asked = by_kind[RemarkKind.REDIRECT]
        found = await ana.call(FindSimilar(remark=asked.id))
        assert not found["problem"]
        assert found["similar"][0]["remark"]["id"] == by_kind[RemarkKind.COMMENT].id
        assert found["similar"][0]["by_fix"] > 0.2
        by_code = await ana.call(FindSimilar(path="x.py", bad="a = put(u)", good="a = put(u, timeout=1)"))
        assert by_code["similar"][0]["by_fix"] > 0.2

        same = await ana.call(ConfirmSame(remark=asked.id, of=by_kind[RemarkKind.COMMENT].id))
        assert same["count"] == 2
        told = await ana.call(GetMistake(fingerprint=same["fingerprint"]))
        assert told["title"] == "second time: Calls need a timeout, sessions 1, 3"
        assert GOOD in told["evidence"][0]["after"]
        assert [one["snippet"] for one in told["offences"]] == ["answer = get(url)", "reply = post(url)"]
        with pytest.raises(CommandFailed):
            await ana.call(ConfirmSame(remark=asked.id, of="nobody"))


async def test_a_repeated_mistake_waits_for_a_person_until_it_is_let_be(tmp_path: Path, home: Path) -> None:
    async with open_world(make_repository(tmp_path / "repo", CONFIG + CHECK)) as world:
        ana = await world.start()
        first = await ana.task(f"write a.py {BAD}", f"write a.py {GOOD}")
        await ana.status(first, S.READY)
        second = await ana.task(f"write b.py {BAD}", f"write b.py {GOOD}")
        await ana.status(second, S.READY)
        item = ana.state.attention["mistake:tidy:BAD"]
        assert (item.kind, item.title) == (AttentionKind.MISTAKE, "second time: BAD, sessions 1, 2")
        await ana.call(Reject(session=second, reason="no"))
        await ana.call(Approve(session=first))
        await ana.status(first, S.LANDED)
        assert list(ana.state.attention) == [item.id], "it outlives the sessions that made it"

        await ana.call(DismissMistake(fingerprint=item.mistake, looked_s=2.0, keys=4))
        await ana.until(lambda: not ana.state.attention)
        assert (ana.state.decisions[-1].kind, ana.state.stats.keys) == (DecisionKind.DISMISS, 4)
        with pytest.raises(CommandFailed):
            await ana.call(DismissMistake(fingerprint=item.mistake))
        undone = await ana.call(Undo())
        assert undone == {"undone": "dismiss", "session": "", "mistake": "BAD"}
        await ana.until(lambda: item.id in ana.state.attention)
        await ana.call(DismissMistake(fingerprint=item.mistake))
        await world.kill()

        ana = await world.start()
        assert not ana.state.attention
        third = await ana.task(f"write c.py {BAD}", f"write c.py {GOOD}")
        await ana.status(third, S.READY)
        assert ana.state.attention[item.id].title == "third time: BAD, sessions 1, 2, 3"
        assert ana.session(third).status is S.READY
        told = await ana.call(GetMistake(fingerprint=item.mistake))
        assert {one["mistake"] for one in told["offences"]} == {item.mistake}


async def test_what_a_person_says_names_its_remarks_and_is_likened_to_earlier_ones(tmp_path: Path, home: Path) -> None:
    async with open_world(make_repository(tmp_path / "repo", CONFIG + CHECK)) as world:
        ana = await world.start()
        one, two = [await ana.task(f"write {name}.py x = 1", f"write {name}.py x = 2") for name in "ab"]
        await ana.status(one, S.READY)
        await ana.status(two, S.READY)
        comments = tuple(LineComment(path="a.py", line=1, text=text) for text in ("Calls need a timeout", "Bad name"))
        (first, *_) = said = (await ana.call(Redirect(session=one, text="Put this right", comments=comments)))[
            "remarks"
        ]
        assert said == [first, f"{first}/0", f"{first}/1"]
        assert not (await ana.call(FindSimilar(remark=first, only_likely=True)))["similar"]

        (again,) = (await ana.call(Reject(session=two, reason="again a call without a timeout")))["remarks"]
        likely = (await ana.call(FindSimilar(remark=again, only_likely=True)))["similar"]
        assert likely[0]["remark"]["id"] == f"{first}/0"
        await ana.call(ConfirmSame(remark=again, of=f"{first}/0"))
        titles = [one.title for one in ana.state.attention.values() if one.kind is AttentionKind.MISTAKE]
        assert titles == ["second time: Calls need a timeout, sessions 1, 2"]
        found = (await ana.call(FindSimilar(remark=again)))["similar"]
        assert f"{first}/0" not in [each["remark"]["id"] for each in found], "it counts as the same already"
        assert not (await ana.call(FindSimilar(remark=f"{first}/1", besides=(again,))))["similar"]


async def test_a_denial_is_likened_to_earlier_ones_but_not_to_those_of_the_same_breath(
    tmp_path: Path, home: Path
) -> None:
    async with open_world(make_repository(tmp_path / "repo", CONFIG)) as world:
        ana = await world.start()
        asked = f"request r {json.dumps({'shell': 'npm install left-pad'})}"
        one, two, three = [await ana.task(asked) for _ in range(3)]
        await ana.until(lambda: all(ana.session(session).requests for session in (one, two, three)))
        deny = AnswerDecision.DENY
        (first,) = (await ana.call(AnswerRequest(session=one, request="r", decision=deny, text="No new packages")))[
            "remarks"
        ]
        both = tuple(OpenRequest(session=session, request="r") for session in (two, three))
        said = (await ana.call(AnswerRequests(requests=both, decision=deny, text="we add no packages")))["remarks"]
        assert len(said) == 2
        found = await ana.call(FindSimilar(remark=said[1], besides=tuple(said), only_likely=True))
        assert [one["remark"]["id"] for one in found["similar"]] == [first]


RULE = """\
id: get-timeout
language: python
severity: error
message: a call without a timeout
note: pass timeout=
rule:
  pattern: get(url)
metadata:
  state: block
"""
RULE_FILES = {
    ".cockpit/rules/get-timeout.yml": RULE,
    ".cockpit/rule-tests/get-timeout-test.yml": (
        "id: get-timeout\nvalid: ['answer = get(url, timeout=5)']\ninvalid: ['answer = get(url)']\n"
    ),
}


async def test_a_rule_made_of_a_mistake_takes_it_off_the_queue_until_it_is_taken_back(
    tmp_path: Path, home: Path
) -> None:
    async with open_world(make_repository(tmp_path / "repo", CONFIG + CHECK)) as world:
        ana = await world.start()
        for name in "ab":
            session = await ana.task(f"write {name}.py {BAD}", f"write {name}.py {GOOD}")
            await ana.status(session, S.READY)
        assert "mistake:tidy:BAD" in ana.state.attention
        await ana.call(AcceptRule(rule="get-timeout", files=RULE_FILES, mistakes=("tidy:BAD",)))
        await ana.until(lambda: "mistake:tidy:BAD" not in ana.state.attention)
        assert ana.state.mistakes["tidy:BAD"].rule == "get-timeout"
        await world.kill()

        ana = await world.start()
        third = await ana.task(f"write c.py {BAD}", f"write c.py {GOOD}")
        await ana.status(third, S.READY)
        fourth = await ana.task(f"write d.py {BAD}", f"write d.py {GOOD}")
        await ana.status(fourth, S.READY)
        counts = {name: one.count for name, one in ana.state.mistakes.items()}
        assert counts == {"tidy:BAD": 4, "rules:get-timeout": 2}
        assert not [one for one in ana.state.attention.values() if one.kind is AttentionKind.MISTAKE], "it is enforced"
        await ana.call(Undo())
        await ana.until(lambda: "mistake:tidy:BAD" in ana.state.attention)
        assert ana.state.attention["mistake:tidy:BAD"].title == "fourth time: BAD, sessions 1, 2, 3, 4"


async def test_what_was_put_right_somewhere_else_is_no_example_of_a_fix(tmp_path: Path, home: Path) -> None:
    check = CHECK.replace("! grep -Hn BAD *.py", "test -e fine.txt || ! grep -Hn BAD *.py")
    async with open_world(make_repository(tmp_path / "repo", CONFIG + check)) as world:
        ana = await world.start()
        one = await ana.task(f"write a.py {BAD}", "write fine.txt yes")
        await ana.status(one, S.READY)
        rounds = await ana.kind(one, FindingsSeen, 2)
        assert rounds[1].gone == ("tidy:BAD",)
        assert not rounds[1].fixes
