"""What people do by hand in a forge: examples, where a rule looks, drafts; and what goes along when it is accepted."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cockpit.protocol.forge import (
    BeginRule,
    ChangeExample,
    CloseForge,
    DropDraft,
    FollowForge,
    GetDrafts,
    GetRuleFiles,
    JudgeRule,
    OpenForge,
    SetScope,
)
from cockpit.protocol.server import CommandRefused
from cockpit.rules.repo.baseline import parse_baseline
from cockpit.rules.repo.places import BASELINE
from cockpit.rules.repo.reading import read_rules
from cockpit.rules.runtime.scan import Scanner
from cockpit.rules.runtime.sources import Sources
from cockpit.rules.service.baseline import baseline_of
from cockpit.rules.types import Engine, ExampleKind
from cockpit.rules.types.forge import Pair
from cockpit.rules.types.forging import ForgeView, Offence, Pointed
from cockpit.supervisor.forge.evidence import _narrowed
from cockpit.supervisor.forge.forges import Forges
from cockpit.supervisor.forge.samples import MOST, ForgeRefused, Samples
from cockpit.supervisor.forge.shelf import Draft, Shelf
from cockpit.types import SessionId
from tests.supervisor.smithy import MISTAKE, WITHIN_S, Smithy, is_judged, on_line, open_smithy, opened, until
from tests.supervisor.world import git

BAD, GOOD = ExampleKind.BAD, ExampleKind.GOOD
MINE = "id: mine\nlanguage: python\nrule: {pattern: requests.get($$$A)}\n"


@pytest.fixture
async def smithy(tmp_path: Path) -> Smithy:
    return await open_smithy(tmp_path)


async def judged(forges: Forges, forge: str) -> ForgeView:
    view = ForgeView()
    async with asyncio.timeout(WITHIN_S):
        while not is_judged(view):
            view = ForgeView.model_validate(await forges(FollowForge(forge=forge, after=view.version), "ana"))
    return view


def texts(samples: Samples) -> list[tuple[str, str]]:
    return [(one.kind.value, one.text) for one in samples.listed()]


def test_examples_are_added_mended_turned_and_taken_away() -> None:
    samples = Samples()
    samples.put(None, GOOD, "fine()")
    samples.put(None, BAD, "bad()")
    samples.put(None, GOOD, "better()")
    assert texts(samples) == [("bad", "bad()"), ("good", "better()"), ("good", "fine()")]
    assert samples.pairs == [Pair(bad="bad()", good="better()")]
    samples.put(0, BAD, "worse()\n")
    samples.switch(1)
    assert texts(samples) == [("bad", "worse()"), ("bad", "better()"), ("good", "fine()")]
    samples.switch(0)
    samples.remove(0)
    assert texts(samples) == [("good", "fine()"), ("good", "worse()")]
    assert [one.whose for one in samples.listed()] == ["person", "person"]


def test_a_bad_example_that_goes_leaves_its_fix_as_a_good_one() -> None:
    samples = Samples()
    samples.found([Pair(bad="bad()", path="a.py"), Pair(bad="bad()", good="ok()", path="a.py")])
    assert samples.pairs == [Pair(bad="bad()", good="ok()", path="a.py")]
    samples.remove(0)
    assert texts(samples) == [("good", "ok()")]


def test_an_example_twice_an_empty_one_and_too_many_are_refused() -> None:
    samples = Samples()
    samples.put(None, BAD, "bad()")
    for kind, text in ((GOOD, "bad()"), (BAD, " \n")):
        with pytest.raises(ForgeRefused):
            samples.put(None, kind, text)
    with pytest.raises(ForgeRefused):
        samples.remove(7)
    for number in range(MOST - 1):
        samples.put(None, BAD, f"bad({number})")
    with pytest.raises(ForgeRefused):
        samples.put(None, BAD, "one more")


def test_of_an_earlier_fix_only_the_statements_that_changed_are_an_example() -> None:
    bad = "def f(url):\n    log(url)\n    x = get(\n        url,\n    )\n    return x"
    good = bad.replace("        url,\n", "        url,\n        timeout=3,\n").replace("x = get", "y = get")
    narrow = _narrowed(Offence(kind=Pointed.MISTAKE, snippet=bad, fix=good))
    assert narrow.snippet == "x = get(\n    url,\n)"
    assert narrow.fix == "y = get(\n    url,\n    timeout=3,\n)"


async def test_typed_examples_make_candidates_where_there_was_no_code(smithy: Smithy) -> None:
    async with opened(smithy) as forges:
        offence = Offence(kind=Pointed.TRANSCRIPT, said="I pass shell=True")
        forge = str((await forges(OpenForge(offences=(offence,)), "ana"))["forge"])
        for kind, text in ((BAD, "run(cmd, shell=True)"), (GOOD, "run(cmd)")):
            await forges(ChangeExample(forge=forge, do="put", kind=kind, text=text), "ana")
        view = await judged(forges, forge)
        assert view.language == "python"
        assert view.books[0].is_proven
        with pytest.raises(CommandRefused):
            await forges(ChangeExample(forge=forge, do="put", kind=GOOD, text="run(cmd)"), "ana")
        await forges(CloseForge(forge=forge), "ana")
        again = str((await forges(OpenForge(offences=(offence,)), "ana"))["forge"])
        view = await judged(forges, again)
        assert view.is_draft
        assert [one.text for one in view.examples] == ["run(cmd, shell=True)", "run(cmd)"]


async def test_a_rule_looks_at_fewer_files_step_by_step(smithy: Smithy) -> None:
    text = MISTAKE.partition("def second")[2]
    session = await smithy.session("one", {"app/users/a.py": f"import requests\n\n\ndef second{text}"})
    offence = Offence(kind=Pointed.DIFF_LINE, session=session, path="app/users/a.py", line=5)
    async with opened(smithy) as forges:
        forge = str((await forges(OpenForge(offences=(offence,)), "ana"))["forge"])
        view = await judged(forges, forge)
        number = view.books[0].number
        assert view.scopes == (("app/users/**",), ("app/**",), ())
        assert view.books[0].candidate.ignores == ("**/tests/**", "**/test_*.py", "**/conftest.py")
        wide = view.books[0].in_tree + view.books[0].outside
        assert (await forges(SetScope(forge=forge, candidate=number), "ana"))["files"] == ["app/**"]
        view = await judged(forges, forge)
        book = view.book(number)
        assert book is not None
        assert "files:\n- app/**\n" in book.text
        assert (book.in_tree, book.outside, book.in_sessions) == (0, wide, 1)
        assert all(one.is_outside for one in book.hits if one.where == "checkout")
        made = await forges(JudgeRule(forge=forge, text=MINE), "ana")
        with pytest.raises(CommandRefused):
            await forges(SetScope(forge=forge, candidate=made["candidate"]), "ana")


async def test_what_the_forge_counted_goes_along_as_the_baseline(smithy: Smithy, tmp_path: Path) -> None:
    session = await smithy.session("one", {"calls.py": MISTAKE})
    async with opened(smithy) as forges:
        forge = str((await forges(OpenForge(offences=(on_line(session, 9),)), "ana"))["forge"])
        await judged(forges, forge)
        number = int((await forges(JudgeRule(forge=forge, text=MINE), "ana"))["candidate"])
        await judged(forges, forge)
        given = (await forges(GetRuleFiles(forge=forge, candidate=number, state="warn"), "ana"))["files"]
        rules = read_rules({path: text for path, text in given.items() if path != BASELINE})
        assert rules.rules[0].metadata.state.value == "warn"
        paths = git(smithy.root, "ls-files").split()
        scan = await Scanner(tmp_path / "scan").scan(rules, Sources(smithy.root, paths))
        assert len(scan.hits) == 2
        assert set(parse_baseline(given[BASELINE]).known) == set(baseline_of(scan.hits).known)
        (smithy.root / "old.py").write_text("import requests\n\nx = requests.get(somewhere_else)\n")
        given = (await forges(GetRuleFiles(forge=forge, candidate=number), "ana"))["files"]
        assert BASELINE not in given


async def test_a_hit_that_is_bad_as_well_makes_another_candidate_beside(smithy: Smithy) -> None:
    session = await smithy.session("one", {"calls.py": MISTAKE})
    async with smithy.forge(on_line(session, 9, fix="requests.get(url, headers={'key': key}, timeout=3)")) as forge:
        await until(forge, is_judged)
        number = forge.rework(0, MINE)
        view = await until(forge, lambda seen: is_judged(seen) and seen.book(number) is not None)
        broad = next(one for one in view.books if one.number == number)
        place = next(at for at, one in enumerate(broad.hits) if one.hit.path == "old.py")
        seen = broad.hits[place].hit.text
        with pytest.raises(ForgeRefused):
            forge.mark(number, place, "also_bad", "what is there no more")
        forge.mark(number, len(broad.hits) + 3, "also_bad", seen)
        view = await until(forge, lambda now: is_judged(now) and len(now.pairs) == 2)
    assert view.pairs[1] == Pair(bad=seen, path="old.py")
    assert [one.whose for one in view.examples if one.text == seen] == ["mark"]
    numbers = [one.number for one in view.books]
    new = view.books[numbers.index(number) + 1]
    assert new.source == "mark"
    assert new.is_proven
    assert new.in_tree


async def test_other_engines_are_counted_in_what_sessions_changed(smithy: Smithy) -> None:
    session = await smithy.session(
        "one", {"calls.py": MISTAKE, "old.py": "import requests\n\nx = requests.get(there)\n"}
    )
    async with smithy.forge(on_line(session, 9)) as forge:
        await until(forge, is_judged)
        text = "id: no-get\nengine: regex\nregex: {pattern: 'requests\\.get\\('}\nexamples: {bad: ['requests.get(']}\n"
        number = forge.rework(0, text)
        view = await until(forge, lambda seen: is_judged(seen) and seen.book(number) is not None)
        book = view.book(number)
        assert book is not None
        assert (book.in_tree, book.in_sessions, book.stopped) == (2, 2, 1)
        assert {one.hit.line for one in book.hits if one.where == "one"} == {9, 3}
        number = forge.rework(0, "id: ask\nengine: judge\njudge: {prompt: Is it good?}\n")
        view = await until(forge, lambda seen: is_judged(seen) and seen.book(number) is not None)
        book = view.book(number)
        assert book is not None
        assert book.is_untried
        assert sorted(one.partition(":")[0] for one in book.uncounted) == ["checkout", "commits", "sessions"]


async def test_every_engine_can_be_begun_by_hand(smithy: Smithy) -> None:
    session = await smithy.session("one", {"calls.py": MISTAKE})
    async with opened(smithy) as forges:
        forge = str((await forges(OpenForge(offences=(on_line(session, 9),)), "ana"))["forge"])
        await judged(forges, forge)
        for engine in Engine:
            text = (await forges(BeginRule(forge=forge, engine=engine), "ana"))["text"]
            made = await forges(JudgeRule(forge=forge, text=text), "ana")
            assert made["problem"] == "", engine


async def test_half_a_rule_outlives_the_supervisor_is_listed_and_can_be_thrown_away(smithy: Smithy) -> None:
    session = await smithy.session("one", {"calls.py": MISTAKE})
    opening = OpenForge(offences=(on_line(session, 9, said="no bare calls"),))
    half = "id: mine\nlanguage: ["
    async with opened(smithy) as forges:
        forge = str((await forges(opening, "ana"))["forge"])
        assert (await forges(JudgeRule(forge=forge, text=half), "ana"))["line"] is not None
    async with opened(smithy) as forges:  # it was killed: nobody closed the forge
        (draft,) = (await forges(GetDrafts(), "ana"))["drafts"]
        assert draft["about"] == "no bare calls"
        forge = str((await forges(OpenForge(draft=draft["id"]), "ana"))["forge"])
        view = await judged(forges, forge)
        assert (view.draft, view.is_draft) == (half, True)
        await forges(DropDraft(forge=forge), "ana")
        await forges(CloseForge(forge=forge), "ana")
        assert (await forges(GetDrafts(), "ana"))["drafts"] == []
        with pytest.raises(CommandRefused):
            await forges(OpenForge(draft=draft["id"]), "ana")


def test_the_shelf_keeps_the_latest_and_reads_no_broken_draft(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    for number in range(55):
        offence = Offence(kind=Pointed.COMMENT, session=SessionId("one"), said=f"n{number}")
        shelf.put(Draft(offences=(offence,), text="x", at=float(number)))
    assert len(shelf.all()) == 50
    assert {one.name for one in shelf.all()} >= {"n54", "n20"}
    for file in tmp_path.iterdir():
        file.write_text("{")
    assert shelf.all() == []
    assert shelf.get("../../etc/passwd") is None
