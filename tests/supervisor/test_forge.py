"""The forge on a real repository with sessions' work in it: examples, candidates, books, marks and rules by hand."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cockpit.protocol.forge import CloseForge, FollowForge, GetRuleFiles, JudgeRule, OpenForge
from cockpit.protocol.server import CommandRefused
from cockpit.rules.types import Engine
from cockpit.rules.types.errors import RuleFileError
from cockpit.rules.types.forging import ForgeView, Offence, Pointed
from cockpit.supervisor.forge.samples import ForgeRefused
from tests.supervisor.smithy import (
    BASE,
    MISTAKE,
    WITHIN_S,
    Smithy,
    good_one,
    is_judged,
    on_line,
    open_smithy,
    opened,
    until,
)


@pytest.fixture
async def smithy(tmp_path: Path) -> Smithy:
    return await open_smithy(tmp_path)


async def test_a_line_becomes_an_example_and_candidates_with_books(smithy: Smithy) -> None:
    one = await smithy.session("one", {"calls.py": MISTAKE})
    await smithy.session("two", {"calls.py": BASE + "\n\ny = requests.get(there)\n"})
    fix = "requests.get(\n    url,\n    headers={'key': key},\n    timeout=3,\n)"
    offence = on_line(one, 10, fix=f"return {fix}", said="outbound call without a timeout", remedy="pass timeout=")
    async with smithy.forge(offence) as forge:
        view = await until(forge, is_judged)
    assert view.language == "python"
    assert view.name == "outbound-call-without-timeout"
    (pair,) = view.pairs
    assert pair.bad == "return requests.get(\n    url,\n    headers={'key': key},\n)"
    assert 1 <= len(view.books) <= 4
    best = good_one(view)
    assert not view.problems
    assert "note: pass timeout=" in best.text
    assert {hit.where for hit in best.hits} >= {"one"}
    assert all(hit.code for hit in best.hits)
    assert view.commits == 1


async def test_hits_of_sessions_are_in_lines_they_added(smithy: Smithy) -> None:
    touched = "import requests\n\nx = requests.get(where)\nz = 1\n"
    session = await smithy.session("one", {"old.py": touched, "calls.py": MISTAKE})
    async with smithy.forge(on_line(session, 10)) as forge:
        view = await until(forge, is_judged)
        text = view.books[0].text.partition("rule:")[0] + "rule:\n  pattern: requests.get($$$A)\n"
        number = forge.rework(view.books[0].number, text)
        view = await until(forge, lambda seen: is_judged(seen) and seen.book(number) is not None)
    book = view.book(number)
    assert book is not None
    assert book.source == "person"
    assert (book.in_tree, book.in_sessions, book.stopped) == (2, 1, 1)
    assert book.hits[0].code


async def test_a_mark_puts_another_candidate_beside(smithy: Smithy) -> None:
    session = await smithy.session("one", {"calls.py": MISTAKE})
    async with smithy.forge(on_line(session, 9, said="no bare calls")) as forge:
        view = await until(forge, is_judged)
        text = "id: no-bare-calls\nlanguage: python\nrule: {pattern: requests.get($$$A)}\n"
        number = forge.rework(view.books[0].number, text)
        view = await until(forge, lambda seen: is_judged(seen) and seen.book(number) is not None)
        broad = next(one for one in view.books if one.number == number)
        place = next(at for at, hit in enumerate(broad.hits) if "timeout" in hit.hit.text)
        forge.mark(broad.number, place, "fine")
        view = await until(forge, lambda seen: bool(seen.fine) and is_judged(seen))
    assert view.fine == (broad.hits[place].hit.text,)
    numbers = [one.number for one in view.books]
    new = view.books[numbers.index(broad.number) + 1]
    old = view.book(broad.number)
    assert old is not None
    assert not old.is_proven
    assert new.source == "mark"
    assert new.is_proven
    assert all("timeout" not in hit.hit.text for hit in new.hits)


async def test_a_rule_by_hand_that_is_none_is_refused_with_its_line(smithy: Smithy) -> None:
    session = await smithy.session("one", {"calls.py": MISTAKE})
    async with smithy.forge(on_line(session, 9)) as forge:
        view = await until(forge, is_judged)
        with pytest.raises(RuleFileError) as refused:
            forge.rework(view.books[0].number, "id: x\nlanguage: python\nrule:\n  pattern: [\n")
        assert refused.value.line is not None
        number = forge.rework(view.books[0].number, "id: no-x\nlanguage: python\nrule: {nonsense: 1}\n")
        view = await until(forge, lambda seen: is_judged(seen) and seen.book(number) is not None)
        book = view.book(number)
        assert book is not None
        assert book.problem
        with pytest.raises(ForgeRefused):
            forge.mark(number, 0, "fine")


async def test_a_fix_that_a_person_gives_makes_candidates_anew(smithy: Smithy) -> None:
    session = await smithy.session("one", {"calls.py": MISTAKE})
    fix = "return requests.get(url, headers={'key': key}, timeout=3)"
    async with smithy.forge(on_line(session, 9)) as forge:
        before = await until(forge, is_judged)
        with pytest.raises(ForgeRefused):
            forge.give_fix(before.pairs[0].bad)
        forge.give_fix(fix)
        view = await until(forge, lambda seen: bool(seen.pairs[0].good) and is_judged(seen))
    assert view.pairs[0].good == fix
    assert {one.number for one in view.books}.isdisjoint(one.number for one in before.books)
    best = good_one(view)
    assert len(best.verdicts) == 2
    assert all("timeout" not in hit.hit.text for hit in best.hits)


async def test_an_accepted_candidate_is_files_that_ast_grep_reads(smithy: Smithy) -> None:
    session = await smithy.session("one", {"calls.py": MISTAKE})
    async with smithy.forge(on_line(session, 9, code="S113")) as forge:
        view = await until(forge, is_judged)
        files = forge.words.files_of(view.books[0].number)
    assert list(files) == [".cockpit/rules/s113.yml", ".cockpit/rule-tests/s113-test.yml"]
    assert "requests.get(" in files[".cockpit/rule-tests/s113-test.yml"]


async def test_text_that_no_grammar_reads_gets_a_rule_of_another_engine(smithy: Smithy) -> None:
    session = await smithy.session("one", {"notes.txt": "all good\nBAD token here\n"})
    offence = Offence(kind=Pointed.DIFF_LINE, session=session, path="notes.txt", line=2, said="no tokens in notes")
    async with smithy.forge(offence) as forge:
        view = await until(forge, is_judged)
    (text,) = [one for one in view.books if one.candidate.engine is Engine.REGEX]
    assert text.is_proven


async def test_where_there_is_no_code_a_person_is_told(smithy: Smithy) -> None:
    async with smithy.forge(Offence(kind=Pointed.APPROVAL, said="never push by force")) as forge:
        view = await until(forge, lambda seen: bool(seen.problems))
    assert view.books == ()
    assert view.name == "never-push-by-force"


async def test_commands_of_a_screen_open_follow_and_close_it_with_a_draft(smithy: Smithy) -> None:
    session = await smithy.session("one", {"calls.py": MISTAKE})
    async with opened(smithy) as forges:
        opening = OpenForge(offences=(on_line(session, 9),))
        forge = str((await forges(opening, "ana"))["forge"])
        view = ForgeView()
        async with asyncio.timeout(WITHIN_S):
            while not is_judged(view):
                view = ForgeView.model_validate(await forges(FollowForge(forge=forge, after=view.version), "ana"))
        written = "id: mine\nlanguage: python\nrule: {pattern: requests.get($$$A)}\n"
        assert (await forges(JudgeRule(forge=forge, text="id: ["), "ana"))["line"] is not None
        made = await forges(JudgeRule(forge=forge, text=written), "ana")
        files = await forges(GetRuleFiles(forge=forge, candidate=made["candidate"]), "ana")
        assert files["rule"] == "mine"
        await forges(CloseForge(forge=forge, draft=written), "ana")
        with pytest.raises(CommandRefused):
            await forges(FollowForge(forge=forge), "ana")
        again = str((await forges(opening, "ana"))["forge"])
        first = ForgeView.model_validate(await forges(FollowForge(forge=again), "ana"))
        assert [book.text for book in first.books] == [written]
        await forges(CloseForge(forge=again), "ana")
